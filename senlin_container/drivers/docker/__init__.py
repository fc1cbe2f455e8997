"""Containers on a Docker engine: over its local socket, over TCP with mutual TLS, or through SSH."""

from __future__ import annotations

from senlin_container.drivers.docker.host import DockerHost
from senlin_container.drivers.docker.options import DockerOptions

__all__ = ["DockerHost", "DockerOptions"]
