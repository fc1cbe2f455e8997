"""What the tests of every command and of every method of the public clients share."""

from __future__ import annotations

import pathlib
from typing import Any

from tests import keystone_service, standalone
from tests.compat import clients
from tests.lab import keystone as keystone_lab

SERVER = {
    "type": "os.nova.server",
    "version": "1.0",
    "properties": {"name": "s", "flavor": "1", "image": "cirros", "networks": [{"network": "private"}]},
}
SCALING = {
    "type": "senlin.policy.scaling",
    "version": "1.0",
    "properties": {"event": "CLUSTER_SCALE_OUT", "adjustment": {"type": "CHANGE_IN_CAPACITY", "number": 1}},
}
REFUSED = "not authorized"
"""What those are told who may not do a thing, and what makes a refusal different from a mistake in the request."""


def login(service: keystone_service.KeystoneService, who: str) -> tuple[str, ...]:
    """Return the options by which the command line client logs in."""
    told = keystone_lab.PERSONAS[who].options(service.keystone.url) | {"region_name": "RegionOne"}
    return tuple(text for key, value in told.items() for text in (f"--os-{key.replace('_', '-')}", value))


def sdk(service: keystone_service.KeystoneService, who: str) -> clients.Sdk:
    """Return an SDK connection that asks for the newest version that Senlin published."""
    return clients.Sdk(
        auth=keystone_lab.PERSONAS[who].options(service.keystone.url),
        region_name="RegionOne",
        identity_api_version="3",
        clustering_default_microversion="1.14",
    )


def write(directory: pathlib.Path, name: str, spec: dict[str, Any]) -> str:
    """Write a spec file; returns its path."""
    lines = [f"type: {spec['type']}", f'version: "{spec["version"]}"', f"properties: {spec['properties']!r}"]
    file = directory / name
    file.write_text("\n".join(lines))
    return str(file)


def everything(api: standalone.Api) -> dict[str, list[Any]]:
    """Return all that a project has, which is the same before and after a refusal."""
    kinds = ("profiles", "policies", "clusters", "nodes", "receivers", "actions")
    return {kind: api.get(f"/v1/{kind}") for kind in kinds}


def idle(api: standalone.Api) -> None:
    """Wait until no action of a project is at work."""
    over = ("SUCCEEDED", "FAILED", "CANCELLED")
    standalone.wait_until(
        "all actions are over", lambda: all(action["status"] in over for action in api.get("/v1/actions"))
    )
