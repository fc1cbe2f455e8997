"""What requests to the API cost: lists, single objects and a creation, on MariaDB.

    python -m benchmarks.api_requests [--auth keystone|noauth] [--seconds 5] [--clients 1 16] [--rounds 1]

There are 100 clusters with 10 nodes each: one of simulated hosts, the others of containers on them. With Keystone each
client sends the same token, which the service keeps in its own memory once Keystone has vouched for it; Keystone has
nothing to do then. CPU is user and system time of all that serves: API and engine (one process), and MariaDB; the
client is not in it. Beside each request stands what a real Senlin 16 took, and the ratio. The floor is one bare pecan
route on the same HTTP server; it also tells how fast the machine is at the time.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from urllib import parse

from benchmarks import common, load
from tests import standalone
from tests.lab import keystone, mariadb

_CLUSTERS = 100
_NODES_EACH = 10
_WARM_UP = 1.0
_PROFILE = {
    "name": "benchmark",
    "spec": {
        "type": "container.dockerinc.docker",
        "version": "1.1",
        "properties": {"image": "busybox", "host_cluster": "c-0", "command": ["sleep", "100"]},
    },
    "metadata": {"a": "b"},
}
# Senlin 16.0.0 with MariaDB, RabbitMQ and a Keystone whose tokens are cached: CPU ms per request at 1 and 16 clients.
_SENLIN = {
    "GET clusters, 100": {1: 202.0, 16: 214.0},
    "GET nodes, 1000": {1: 249.0, 16: 253.0},
    "GET a cluster": {1: 10.5, 16: 9.7},
    "POST profile": {1: 14.5, 16: 12.2},
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """A service to load, and the processes that it consists of."""

    address: tuple[str, int]
    pids: Sequence[int]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="CPU and latency of requests to the API, on MariaDB.")
    parser.add_argument(
        "--auth", choices=("keystone", "noauth"), default="keystone", help="how requests are authenticated (keystone)"
    )
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each is measured (5)")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 16], help="at how many clients (1 16)")
    parser.add_argument("--rounds", type=int, default=1, help="how often all of it is measured (1)")
    given = parser.parse_args()
    problem = mariadb.missing()
    if problem:
        sys.exit(problem)
    lines: list[tuple[object, ...]] = []
    with _floor() as floor, _service(given.auth) as (target, requests):
        for _ in range(given.rounds):
            bare = load.Request(method="GET", path="/")
            lines += [_measure(floor, "a bare pecan route", bare, count, given.seconds) for count in given.clients]
            for name, request in requests.items():
                lines += [_measure(target, name, request, count, given.seconds) for count in given.clients]
    common.show(
        f"Requests to the API on MariaDB, {given.auth}",
        ("", "clients", "req/s", "p50 ms", "p99 ms", "CPU ms", "of it DB", "Senlin", "ratio"),
        lines,
    )


def _measure(target: _Target, name: str, request: load.Request, clients: int, seconds: float) -> tuple[object, ...]:
    load.run(target.address, request, clients=clients, seconds=_WARM_UP)
    used, began = [common.cpu_seconds(pid) for pid in target.pids], time.perf_counter()
    took = load.run(target.address, request, clients=clients, seconds=seconds)
    passed = time.perf_counter() - began
    cpu = [
        1000 * (common.cpu_seconds(pid) - before) / len(took) for pid, before in zip(target.pids, used, strict=True)
    ]
    senlin = _SENLIN.get(name, {}).get(clients)
    return (
        name,
        clients,
        round(len(took) / passed),
        1000 * common.median(took),
        1000 * common.quantile(took, 0.99),
        sum(cpu),
        sum(cpu[1:]) if cpu[1:] else "",
        senlin or "",
        f"{senlin / sum(cpu):.1f}" if senlin else "",
    )


@contextlib.contextmanager
def _floor() -> Iterator[_Target]:
    command = [sys.executable, "-m", "benchmarks.bare_pecan"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        try:
            yield _Target(address=("127.0.0.1", int(process.stdout.readline())), pids=[process.pid])
        finally:
            process.terminate()


@contextlib.contextmanager
def _service(auth: str) -> Iterator[tuple[_Target, dict[str, load.Request]]]:
    with contextlib.ExitStack() as ends:
        server = ends.enter_context(mariadb.running())
        server.run("CREATE DATABASE benchmark")
        options: dict[str, Mapping[str, object]] = {
            "DEFAULT": {"max_clusters_per_project": _CLUSTERS},
            "database": {"connection": server.url("benchmark")},
            "simulated": {"latency": 0},
        }
        token = None
        if auth == "keystone":
            cloud = keystone.Keystone()
            ends.callback(cloud.close)
            cloud.start()
            token = cloud.token(keystone.PERSONAS["alpha-admin"])
            options |= {"api": {"auth_strategy": "keystone"}, "keystone_authtoken": cloud.authtoken()}
        running, api = ends.enter_context(common.service(options, token=token))
        cluster = _fill(api)
        address = parse.urlsplit(running.url)
        assert address.hostname is not None
        assert address.port is not None
        target = _Target(address=(address.hostname, address.port), pids=[running.pid, server.pid])
        yield target, _requests(cluster, {"X-Auth-Token": token} if token else {})


def _fill(api: standalone.Api) -> str:
    """Make clusters and nodes; returns the id of one cluster."""
    hosts = [{"endpoint": f"sim://h{number}?cpus=1000000&memory=1000000000"} for number in range(_NODES_EACH)]
    common.host_cluster(api, "c-0", hosts)
    profile = api.container("web", host_cluster="c-0")
    answers = [
        api.ask(
            "POST",
            "/v1/clusters",
            {"cluster": {"name": f"c-{number}", "profile_id": profile["id"], "desired_capacity": _NODES_EACH}},
        )
        for number in range(1, _CLUSTERS)
    ]
    for answer in answers:
        api.succeed(answer, seconds=600.0)
    found = {kind: len(api.get(f"/v1/{kind}")) for kind in ("clusters", "nodes")}
    assert found == {"clusters": _CLUSTERS, "nodes": _CLUSTERS * _NODES_EACH}, found
    return str(answers[0].document["cluster"]["id"])


def _requests(cluster: str, headers: Mapping[str, str]) -> dict[str, load.Request]:
    """Return the requests that are measured, by the names that the figures of Senlin have."""
    headers = {"OpenStack-API-Version": "clustering 1.14", "Accept": "application/json", **headers}
    body = json.dumps({"profile": _PROFILE}).encode()
    return {
        "GET clusters, 100": load.Request(method="GET", path="/v1/clusters", headers=headers),
        "GET nodes, 1000": load.Request(method="GET", path="/v1/nodes", headers=headers),
        "GET a cluster": load.Request(method="GET", path=f"/v1/clusters/{cluster}", headers=headers),
        "POST profile": load.Request(method="POST", path="/v1/profiles", headers=headers, body=body),
    }


if __name__ == "__main__":
    main()
