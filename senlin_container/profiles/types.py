"""The profile types that there are, by their names."""

from __future__ import annotations

from collections.abc import Mapping

from senlin_container.profiles import base, container, host, server, stack
from senlin_container.specs import registry

_SERVER = server.ServerProfile()
_STACK = stack.StackProfile()

PROFILES: Mapping[str, base.NodeProfile] = {
    registry.CONTAINER: container.ContainerProfile(),
    registry.HOST: host.HostProfile(),
    registry.SERVER: _SERVER,
    registry.STACK: _STACK,
}
"""All of them."""

ADOPTABLE: Mapping[str, base.Adoptable] = {registry.SERVER: _SERVER, registry.STACK: _STACK}
"""Those whose things can be taken over when they are there already."""
