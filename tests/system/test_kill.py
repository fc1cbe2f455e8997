"""kill -9 of the service at random moments, on real engines over TLS: nothing is lost, nothing is there twice.

By default a short round; ``KILL_ROUNDS``, ``KILL_SIZE`` and ``KILL_SEED`` make it a long one:

    KILL_ROUNDS=20 KILL_SIZE=200 tools/test tests/system/test_kill.py
"""

from __future__ import annotations

import json
import os
import pathlib
import random
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests import standalone
from tests.lab import docker_hosts

pytestmark = pytest.mark.lab

HOSTS = 4
ROUNDS = int(os.environ.get("KILL_ROUNDS", "6"))
SIZE = int(os.environ.get("KILL_SIZE", "32"))
SEED = int(os.environ.get("KILL_SEED", "1"))
LABEL = "senlin_container.service"


def on_engines(lab: docker_hosts.DockerHosts) -> dict[str, tuple[int, str]]:
    """Return what the engines hold of ours: container id to the host's number and the state."""
    found = {}
    for number in range(1, HOSTS + 1):
        said = lab.docker(number, "ps", "-a", "--no-trunc", "--filter", f"label={LABEL}", "--format", "json")
        for line in said.splitlines():
            one = json.loads(line)
            found[one["ID"]] = (number, one["State"])
    return found


@pytest.fixture
def service(lab: docker_hosts.DockerHosts, tmp_path: pathlib.Path) -> Iterator[standalone.Standalone]:
    """A service with a cluster ``hosts`` of the lab's hosts, and a profile ``web`` on it."""
    lab.up(HOSTS)
    one = standalone.Standalone(tmp_path / "service", {"health": {"interval": 5}})
    one.start()
    api = standalone.Api(one.url)
    tls = lab.tls()
    material = {"ca_cert": tls.ca, "client_cert": tls.cert, "client_key": tls.key}
    members = [
        api.host(f"h{number}", endpoint=lab.remote(number).url, tls=material)["id"] for number in range(1, HOSTS + 1)
    ]
    api.make("cluster", name="hosts", profile_id="h1")
    api.act("clusters/hosts", "add_nodes", nodes=members)
    api.container("web", host_cluster="hosts", memory=8)
    yield one
    one.close()
    for number in range(1, HOSTS + 1):
        left = lab.docker(number, "ps", "-aq", "--filter", f"label={LABEL}").split()
        if left:
            lab.docker(number, "rm", "-f", *left)


def resize(api: standalone.Api, size: int) -> standalone.Answer:
    """Ask for a size."""
    body = {"resize": {"adjustment_type": "EXACT_CAPACITY", "number": size}}
    return api.ask("POST", "/v1/clusters/c/actions", body)


def agree(api: standalone.Api, lab: docker_hosts.DockerHosts) -> bool:
    """Whether the engines hold exactly the containers that the API lists, all of them running."""
    listed: list[Any] = api.get("/v1/nodes?cluster_id=c&limit=1000")
    held = on_engines(lab)
    return {node["physical_id"] for node in listed} == set(held) and {state for _, state in held.values()} <= {
        "running"
    }


def test_killed_at_any_moment_it_goes_on_where_it_was(
    service: standalone.Standalone, lab: docker_hosts.DockerHosts
) -> None:
    dice = random.Random(SEED)
    api = standalone.Api(service.url)
    api.make("cluster", name="c", profile_id="web", desired_capacity=0)
    last = SIZE
    for kill in range(ROUNDS):
        last = SIZE if kill % 2 == 0 else dice.randrange(SIZE // 4, SIZE)
        answer = resize(api, last)
        time.sleep(dice.uniform(0.0, SIZE / 16))
        service.kill()
        service.start()
        api.close()
        api = standalone.Api(service.url)
    api.succeed(answer, seconds=60 + 10 * SIZE)
    standalone.wait_until("API and engines agree", lambda: agree(api, lab), seconds=30)
    cluster = api.get("/v1/clusters/c")
    assert (cluster["status"], len(cluster["nodes"]), cluster["desired_capacity"]) == ("ACTIVE", last, last)
    spread = Counter(host for host, _ in on_engines(lab).values())
    assert sum(spread.values()) == last
    for action in api.get("/v1/actions?limit=1000&sort=created_at:desc"):
        assert action["status"] == "SUCCEEDED", action
    api.delete("clusters/c")
    assert not on_engines(lab)
    api.close()


def test_a_host_that_hangs_is_out_of_the_way_and_comes_back(
    service: standalone.Standalone, lab: docker_hosts.DockerHosts
) -> None:
    api = standalone.Api(service.url)
    api.container("on-h1", host_node="h1")
    api.container("on-h2", host_node="h2")
    lab.hang(1)
    try:
        body = {"cluster": {"name": "stuck", "profile_id": "on-h1", "desired_capacity": 20}}
        stuck = api.ask("POST", "/v1/clusters", body)
        time.sleep(0.5)
        started = time.monotonic()
        api.make("cluster", name="quick", profile_id="on-h2", desired_capacity=4)
        quick = time.monotonic() - started
        standalone.wait_until("the host is marked", lambda: api.get("/v1/nodes/h1")["status"] == "ERROR", seconds=90)
        assert api.get(f"/v1/actions/{stuck.location.rpartition('/')[2]}")["status"] in ("WAITING", "FAILED")
    finally:
        lab.resume(1)
    assert quick < 30  # far below the timeout of the host that hangs; it takes a second
    api.end(stuck, seconds=300)
    standalone.wait_until("the host is back", lambda: api.get("/v1/nodes/h1")["status"] == "ACTIVE", seconds=60)
    api.succeed(api.ask("POST", "/v1/clusters/stuck/actions", {"recover": {"check": True}}), seconds=120)
    assert api.get("/v1/clusters/stuck")["status"] == "ACTIVE"
    held = {host for host, _ in on_engines(lab).values()}
    assert held == {1, 2}
    standalone.wait_until("24 containers", lambda: len(on_engines(lab)) == 24)
    for name in ("stuck", "quick"):
        api.delete(f"clusters/{name}")
    standalone.wait_until("nothing is left", lambda: not on_engines(lab), seconds=60)
    api.close()


def test_a_host_without_power_loses_its_containers_to_others(
    lab: docker_hosts.DockerHosts, tmp_path: pathlib.Path, service: standalone.Standalone
) -> None:
    api = standalone.Api(service.url)
    body = {"cluster": {"name": "c", "profile_id": "web", "desired_capacity": 4}}
    body["cluster"]["config"] = {"health.recovery": "RECREATE"}  # type: ignore[assignment]
    api.succeed(api.ask("POST", "/v1/clusters", body))
    lab.off(1)
    try:
        standalone.wait_until("the host is marked", lambda: api.get("/v1/nodes/h1")["status"] == "ERROR", seconds=60)
    finally:
        lab.on(1)
    # its container died with it: seen by the listing after the boot, and made anew
    standalone.wait_until("all is well", lambda: api.get("/v1/clusters/c")["status"] == "ACTIVE", seconds=120)
    standalone.wait_until("API and engines agree", lambda: agree(api, lab), seconds=60)
    assert api.get("/v1/nodes/h1")["status"] == "ACTIVE"
    api.delete("clusters/c")
    api.close()
