"""The recorded life of every resource, lived again: with containers in the place of servers.

Statuses, keys, types of values and types of errors are compared; what a value is, the recorded service knew best.
"""

from __future__ import annotations

import json
import pathlib
import re
import shutil
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from senlin_container.domain import model
from senlin_container.drivers import docker, fake, hosts
from senlin_container.engine import shared, worker
from senlin_container.store import history
from tests import recordings
from tests.functional.api import conftest

MEMBERS_ONLY = ("services as member", "profile list global as member")  # here, everybody is an administrator
OTHER_STATUS = {
    "no token": 200,  # noauth
    "method not allowed": 405,  # with Allow, where the recorded service has 404
    # There, a deletion policy destroyed the node that was taken out of its cluster; here it stays.
    "members replace": 202,
    "node delete": 202,
    "node leftovers": 202,
}
OTHER_WORDS = {
    # the names of properties differ
    "profile create missing property",
    "profile validate bad",
    # ours tell what would be right
    "profile create unknown property",
    "cluster op unknown",
    "node op unknown",
    # the statuses come in another order
    "action cancel ended",
}
OTHER_BODY = ("unknown path", "version malformed")  # another body than all other errors; here, the usual one


class Engine:
    """An API with an engine at work."""

    def __init__(self, file: pathlib.Path, directory: pathlib.Path) -> None:
        self.api = conftest.Api(f"sqlite:///{file}", clock=time.time)
        pool = hosts.HostPool(
            service="test",
            docker_options=docker.DockerOptions(),
            simulated_options=fake.SimulatedOptions(directory=str(directory)),
        )
        catalogue = shared.Catalogue(self.api.parts, pool, lambda name: hosts.read_tls(str(directory), name))
        wake = threading.Event()
        self.api.on_nudge = wake.set
        self.worker = worker.Worker(
            self.api.parts,
            catalogue,
            shared.Settings(threads=4),
            "engine",
            wake,
            lambda: None,
            lambda _ids, _gone: None,
        )
        self.worker.start()
        now = time.time()
        service = model.Service(
            id="s",
            host="h",
            binary="senlin-container-engine",
            topic="engine",
            disabled=False,
            disabled_reason=None,
            created_at=now,
            updated_at=now,
        )
        self.api.database.write(history.start_service, service)

    def ended(self, location: str) -> dict[str, Any]:
        """Wait for the end of an action and return it."""
        path = location.removeprefix("http://localhost")
        until = time.monotonic() + 30
        while time.monotonic() < until:
            action: dict[str, Any] = self.api.get(path)["action"]
            if action["status"] in ("SUCCEEDED", "FAILED", "CANCELLED"):
                return action
            time.sleep(0.02)
        raise AssertionError(f"{action['name']} did not end: {action['status']} {action['status_reason']}")


@pytest.fixture
def engine(empty_database: pathlib.Path, tmp_path: pathlib.Path) -> Iterator[Engine]:
    file = tmp_path / "api.db"
    shutil.copy(empty_database, file)
    running = Engine(file, tmp_path)
    yield running
    running.worker.stop()
    running.api.database.close()


def with_hosts(engine: Engine) -> str:
    """Make a cluster of one host and return its id."""
    engine.api.make("/v1/profiles", {"profile": {"name": "host", "spec": conftest.HOST_SPEC}})
    made = engine.api.send("POST", "/v1/clusters", {"cluster": {"name": "hosts", "profile_id": "host"}})
    engine.ended(made.headers["Location"])
    made = engine.api.send("POST", "/v1/nodes", {"node": {"name": "h", "profile_id": "host", "cluster_id": "hosts"}})
    assert engine.ended(made.headers["Location"])["status"] == "SUCCEEDED"
    hosts_id: str = engine.api.get("/v1/clusters/hosts")["cluster"]["id"]
    return hosts_id


def of_containers(document: Any, hosts_id: str) -> Any:
    """Return a recorded request with containers in the place of servers."""
    if not isinstance(document, dict):
        return document
    document = {key: of_containers(value, hosts_id) for key, value in document.items()}
    if "reboot" in document:
        return {"restart": {"params": {"wait_time": 0}} if "params" in document["reboot"] else {"wait_time": 0}}
    if document.get("type") == "os.nova.server" or "properties" in document:
        properties = {key: value for key, value in document["properties"].items() if key not in ("flavor", "networks")}
        kept = document if document["type"] == "no.such" else {"type": "container.dockerinc.docker", "version": "1.1"}
        return {**kept, "properties": properties | {"host_cluster": hosts_id}}
    return document


def filled(value: Any, variables: dict[str, str]) -> Any:
    """Return a value with ``${name}`` replaced."""
    text = json.dumps(value)
    return json.loads(re.sub(r"\$\{(\w+)\}", lambda found: variables[found[1]], text))


def saved(document: Any, path: str) -> str:
    for part in path.split("."):
        document = document[int(part)] if part.isdigit() else document[part]
    return str(document)


def comparable(message: str) -> str:
    """Return a message without what is different in every run."""
    message = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", message)
    return re.sub(r"\([0-9a-f]{8}\)", "(ID)", message).replace("os.nova.server-1.0", "container.dockerinc.docker-1.1")


def assert_like(step: dict[str, Any], response: Any) -> None:
    """Assert that an answer is like the recorded one."""
    recorded, case = step["response"], step["case"]
    assert response.status_int == OTHER_STATUS.get(case, recorded["status"]), (case, response.text)
    if case in OTHER_STATUS or case in OTHER_BODY:
        return
    if "location" in recorded["headers"]:
        assert re.fullmatch(r"http://localhost/v1/actions/[0-9a-f-]{36}", response.headers["Location"]), case
    if recorded["status"] >= 400:
        theirs, ours = recorded["body"], response.json
        assert set(ours) == set(theirs), case
        assert (ours["title"], ours["explanation"]) == (theirs["title"], theirs["explanation"]), case
        assert ours["error"]["type"] == theirs["error"]["type"], (case, ours)
        return
    if recorded["body"] is None:
        assert response.body == b"", case
        return
    assert set(response.json) == set(recorded["body"]), case
    for key, theirs in recorded["body"].items():
        ours = response.json[key]
        assert type(ours) is type(theirs), case
        if isinstance(theirs, list) and theirs and case not in ("profile types at 1.4", "profile types at 1.0"):
            assert ours, case
            ours, theirs = ours[0], theirs[0]
        if isinstance(theirs, dict) and key not in ("operations", "build_info"):
            recordings.assert_same_shape(ours, theirs)


def test_the_recorded_life_of_every_resource(engine: Engine) -> None:
    hosts_id = with_hosts(engine)
    variables = {"run": "r1"}
    done, other_words = 0, []
    for step in recordings.load():
        if step["case"] in MEMBERS_ONLY or "os.nova" in step["path"]:
            continue
        response = engine.api.send(
            step["method"],
            filled(step["path"], variables),
            filled(of_containers(step["body"], hosts_id), variables) if step.get("body") is not None else None,
            raw=step["raw"].encode() if step.get("raw") else None,
            version=step.get("version"),
        )
        assert_like(step, response)
        for name, path in (step.get("save") or {}).items():
            variables[name] = saved(response.json, path)
        if step.get("wait") and "Location" in response.headers:
            action = engine.ended(response.headers["Location"])
            if step.get("action_ended"):
                assert action["status"] == step["action_ended"], (step["case"], action)
        if response.status_int >= 400 and step["case"] not in OTHER_BODY and step["case"] not in OTHER_STATUS:
            ours, theirs = response.json["error"]["message"], step["response"]["body"]["error"]["message"]
            if comparable(ours) != comparable(theirs):
                other_words.append((step["case"], ours, theirs))
        done += 1
    assert done > 110
    assert {case for case, *_ in other_words} <= OTHER_WORDS, other_words
