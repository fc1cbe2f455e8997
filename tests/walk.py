"""A walk through the whole API, on a simulated cloud and simulated hosts, with an engine at work.

Each step is one request; the steps of operations that a microversion does not have are left out.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
import time
from collections.abc import Iterator
from typing import Any

from senlin_container.api import operation as operation_module
from senlin_container.api import versions
from senlin_container.domain import model
from senlin_container.drivers import cloud as clouds
from senlin_container.specs import servers
from tests import conforming, installation
from tests.functional.api import conftest

OWNER = model.Owner(user="noauth", project="default")
UNWALKED = frozenset({"cluster_complete_lifecycle", "openapi_show", "receiver_notify"})
"""Operations that need more than there is here: an action that waits for a hook, a message queue."""

Step = tuple[str, str, dict[str, Any] | None]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and its successful answer."""

    operation: operation_module.Operation
    request: dict[str, Any] | None
    document: Any


class Walk:
    """A service to walk through.

    :param version: the microversion of all requests
    """

    def __init__(self, directory: pathlib.Path, version: str) -> None:
        self._installation = installation.Installation(directory)
        self._api = conftest.Api(f"sqlite:///{directory}/test.db", clock=time.time)
        self._api.parts = self._installation.parts
        self._api.application = self._api.build()
        self._engine = self._installation.engine()
        self._version = version

    def close(self) -> None:
        self._api.database.close()
        self._installation.close()

    def exchanges(self) -> Iterator[Exchange]:
        """Walk, and yield what was met."""
        for step in STEPS:
            yield from self._take(step)
        request = clouds.ServerRequest(
            node_id="none", cluster_id=None, name="vm", spec=servers.ServerSpec(flavor="m1.small", image="cirros")
        )
        server = self._installation.cloud(OWNER).compute.create(request, resuming=False).id
        for step in adoption(server):
            yield from self._take(step)
        (receiver,) = self._api.get("/v1/receivers")["receivers"]
        yield from self._take(("POST", f"/v1/webhooks/{receiver['id']}/trigger?V=2", {"count": 1}))
        event = self._api.get("/v1/events?action=CLUSTER_RESIZE&limit=1")["events"][0]
        action = self._api.get("/v1/actions?action=CLUSTER_RESIZE&limit=1")["actions"][0]
        yield from self._take(("GET", f"/v1/events/{event['id']}", None))
        yield from self._take(("GET", f"/v1/actions/{action['id']}", None))
        for step in END:
            yield from self._take(step)
        self._engine.stop()  # so that there is something to cancel
        answer = self._api.send("POST", "/v1/clusters/web/actions", {"check": {}})
        cancel = {"action": {"status": "CANCELLED"}}
        yield from self._take(("PATCH", f"/v1/actions/{answer.json['action']}", cancel))

    def _take(self, step: Step) -> Iterator[Exchange]:
        method, path, body = step
        raw = json.dumps(body).encode() if body is not None else b""
        operation = conforming.find(method, path, raw)
        assert operation is not None, path
        if not operation.exists_in(_parsed(self._version)):
            return
        response = self._api.send(method, path, body, version=self._version)
        assert response.status_int == operation.success, (operation.name, response.text)
        if "Location" in response.headers and operation.name != "action_update":
            action = self._ended(response.headers["Location"])
            assert action["status"] == "SUCCEEDED", (operation.name, action["status_reason"])
        yield Exchange(operation=operation, request=body, document=response.json if response.body else None)

    def _ended(self, location: str) -> dict[str, Any]:
        path = location.removeprefix("http://localhost")
        deadline = time.monotonic() + installation.PATIENCE
        while time.monotonic() < deadline:
            action: dict[str, Any] = self._api.get(path)["action"]
            if action["status"] in ("SUCCEEDED", "FAILED", "CANCELLED"):
                return action
            time.sleep(0.02)
        raise AssertionError(f"{action['name']} is {action['status']}")


def _parsed(version: str) -> versions.Version:
    return versions.negotiate(f"clustering {version}")


HOST = {
    "type": "container.host.endpoint",
    "version": "1.0",
    "properties": {"endpoint": "sim://h1?cpus=8&memory=16384"},
}
CONTAINER = {
    "type": "container.dockerinc.docker",
    "version": "1.1",
    "properties": {"image": "nginx", "host_cluster": "hosts", "ports": [{"container_port": 80}]},
}
SCALING = {
    "type": "senlin.policy.scaling",
    "version": "1.0",
    "properties": {"event": "CLUSTER_SCALE_OUT", "adjustment": {"type": "CHANGE_IN_CAPACITY", "number": 1}},
}

STEPS: tuple[Step, ...] = (
    ("GET", "/", None),
    ("GET", "/v1", None),
    ("GET", "/v1/build-info", None),
    ("GET", "/v1/services", None),
    ("GET", "/v1/profile-types", None),
    ("GET", "/v1/profile-types/container.dockerinc.docker-1.0", None),
    ("GET", "/v1/profile-types/container.dockerinc.docker-1.0/ops", None),
    ("GET", "/v1/policy-types", None),
    ("GET", "/v1/policy-types/senlin.policy.scaling-1.0", None),
    ("POST", "/v1/profiles", {"profile": {"name": "host", "spec": HOST}}),
    ("POST", "/v1/clusters", {"cluster": {"name": "hosts", "profile_id": "host"}}),
    ("POST", "/v1/nodes", {"node": {"name": "h1", "profile_id": "host", "cluster_id": "hosts"}}),
    ("POST", "/v1/profiles/validate", {"profile": {"spec": CONTAINER}}),
    ("POST", "/v1/profiles", {"profile": {"name": "web", "spec": CONTAINER, "metadata": {"tier": "front"}}}),
    ("GET", "/v1/profiles", None),
    ("GET", "/v1/profiles/web", None),
    ("PATCH", "/v1/profiles/web", {"profile": {"metadata": {"tier": "back"}}}),
    ("POST", "/v1/policies/validate", {"policy": {"spec": SCALING}}),
    ("POST", "/v1/policies", {"policy": {"name": "grow", "spec": SCALING}}),
    ("GET", "/v1/policies", None),
    ("GET", "/v1/policies/grow", None),
    ("PATCH", "/v1/policies/grow", {"policy": {"name": "growth"}}),
    (
        "POST",
        "/v1/clusters",
        {
            "cluster": {
                "name": "web",
                "profile_id": "web",
                "min_size": 1,
                "max_size": 10,
                "desired_capacity": 2,
                "timeout": 600,
                "metadata": {"team": "a"},
            }
        },
    ),
    ("POST", "/v1/clusters/web/actions", {"policy_attach": {"policy_id": "growth", "enabled": True}}),
    ("GET", "/v1/clusters/web/policies", None),
    ("GET", "/v1/clusters/web/policies/growth", None),
    ("POST", "/v1/clusters/web/actions", {"policy_update": {"policy_id": "growth", "enabled": False}}),
    ("POST", "/v1/clusters/web/actions", {"policy_detach": {"policy_id": "growth"}}),
    ("GET", "/v1/clusters", None),
    ("GET", "/v1/clusters/web", None),
    ("PATCH", "/v1/clusters/web", {"cluster": {"metadata": {"team": "b"}}}),
    ("POST", "/v1/clusters/web/actions", {"scale_out": {"count": 1}}),
    ("POST", "/v1/clusters/web/actions", {"scale_in": {"count": 1}}),
    (
        "POST",
        "/v1/clusters/web/actions",
        {"resize": {"adjustment_type": "EXACT_CAPACITY", "number": 3, "strict": True}},
    ),
    ("POST", "/v1/clusters/web/actions", {"check": {}}),
    ("POST", "/v1/clusters/web/actions", {"recover": {"operation": "RECREATE"}}),
    ("POST", "/v1/nodes", {"node": {"name": "n1", "profile_id": "web", "role": "canary"}}),
    ("POST", "/v1/nodes", {"node": {"name": "n2", "profile_id": "web"}}),
    ("GET", "/v1/nodes", None),
    ("GET", "/v1/nodes/n1", None),
    ("GET", "/v1/nodes/n1?show_details=true", None),
    ("PATCH", "/v1/nodes/n1", {"node": {"role": "member"}}),
    ("POST", "/v1/nodes/n1/actions", {"check": {}}),
    ("POST", "/v1/nodes/n1/actions", {"recover": {"operation": "RECREATE"}}),
    ("POST", "/v1/nodes/n1/ops", {"restart": {"wait_time": 1}}),
    ("POST", "/v1/clusters/web/actions", {"add_nodes": {"nodes": ["n1"]}}),
    ("POST", "/v1/clusters/web/actions", {"del_nodes": {"nodes": ["n1"]}}),
    ("POST", "/v1/clusters/web/actions", {"add_nodes": {"nodes": ["n1"]}}),
    ("POST", "/v1/clusters/web/actions", {"replace_nodes": {"nodes": {"n1": "n2"}}}),
    ("POST", "/v1/clusters/web/ops", {"restart": {"params": {"wait_time": 1}}}),
    ("GET", "/v1/clusters/web/attrs/name", None),
    (
        "POST",
        "/v1/receivers",
        {
            "receiver": {
                "name": "alarm",
                "type": "webhook",
                "cluster_id": "web",
                "action": "CLUSTER_SCALE_OUT",
                "params": {"count": 1},
            }
        },
    ),
    ("GET", "/v1/receivers", None),
    ("GET", "/v1/receivers/alarm", None),
    ("PATCH", "/v1/receivers/alarm", {"receiver": {"params": {"count": 2}}}),
    ("GET", "/v1/actions?action=CLUSTER_CREATE&limit=2", None),
    ("GET", "/v1/events?otype=CLUSTER&limit=2", None),
)
END: tuple[Step, ...] = (
    ("DELETE", "/v1/receivers/alarm", None),
    ("DELETE", "/v1/policies/growth", None),
    ("DELETE", "/v1/nodes/n1", None),
    ("POST", "/v1/profiles", {"profile": {"name": "unused", "spec": CONTAINER}}),
    ("POST", "/v1/clusters", {"cluster": {"name": "empty", "profile_id": "unused"}}),
    ("DELETE", "/v1/clusters/empty", None),
    ("DELETE", "/v1/profiles/unused", None),
)


def adoption(server: str) -> tuple[Step, ...]:
    """Return the steps that take a server which is there already."""
    type_ = "os.nova.server-1.0"
    return (
        ("POST", "/v1/nodes/adopt-preview", {"identity": server, "type": type_}),
        ("POST", "/v1/nodes/adopt", {"identity": server, "type": type_, "name": "adopted", "role": "db"}),
    )
