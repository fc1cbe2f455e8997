"""What the service itself costs: clusters of hundreds and thousands of containers on hosts that take no time.

    python -m benchmarks.simulated [--sizes 500 5000] [--hosts 8] [--rounds 3]

The hosts are simulated, without latency. For each size, ``senlin-container-standalone`` is started anew with an empty
database on disk; a cluster is created and deleted several times. Nodes per second are from the request until the
cluster is ACTIVE, or gone; the CPU seconds (user and system) and the peak of the memory are those of the service's
process: API, engine and simulated hosts together.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from benchmarks import common
from tests import standalone

_HOST = "sim://h{}?cpus=1000000&memory=1000000000"
_REST = 1.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Nodes per second, CPU and memory on simulated hosts.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[500, 5000], help="nodes of a cluster (500 5000)")
    parser.add_argument("--hosts", type=int, default=8, help="simulated hosts (8)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured (3)")
    given = parser.parse_args()
    lines = [line for size in given.sizes for line in _measure(size, given.hosts, given.rounds)]
    common.show(
        f"Simulated hosts without latency, {given.rounds} rounds, medians",
        ("", "seconds", "nodes per s", "CPU s", "CPU ms per node", "peak MiB"),
        lines,
    )


def _measure(size: int, hosts: int, rounds: int) -> list[tuple[object, ...]]:
    options = {"DEFAULT": {"max_nodes_per_cluster": size}, "simulated": {"latency": 0}}
    created, deleted = [], []
    with common.service(options) as (running, api):
        common.host_cluster(api, "hosts", [{"endpoint": _HOST.format(number)} for number in range(hosts)])
        profile = api.container("web", host_cluster="hosts")
        body = {"name": "web", "profile_id": profile["id"], "desired_capacity": size}
        for _ in range(rounds):
            created.append(_timed(running, lambda: _create(api, body)))
            time.sleep(_REST)
            deleted.append(_timed(running, lambda: _delete(api)))
            time.sleep(_REST)
        peak = common.peak_memory(running.pid)
    return [
        _line(f"{size} created", size, created, peak),
        _line(f"{size} deleted", size, deleted, peak),
    ]


def _timed(running: standalone.Standalone, work: Callable[[], float]) -> tuple[float, float]:
    """Return the seconds that some work takes, and the CPU seconds of the service meanwhile."""
    used, began = common.cpu_seconds(running.pid), time.time()
    seconds = work() - began
    return seconds, common.cpu_seconds(running.pid) - used


def _create(api: standalone.Api, body: dict[str, object]) -> float:
    answer = api.ask("POST", "/v1/clusters", {"cluster": body})
    return common.await_end(api, answer.document["cluster"]["id"], "CLUSTER_CREATE")


def _delete(api: standalone.Api) -> float:
    cluster = api.get("/v1/clusters/web")["id"]
    api.ask("DELETE", "/v1/clusters/web")
    return common.await_end(api, cluster, "CLUSTER_DELETE")


def _line(name: str, size: int, times: list[tuple[float, float]], peak: float) -> tuple[object, ...]:
    seconds, cpu = common.median([one for one, _ in times]), common.median([one for _, one in times])
    return name, seconds, round(size / seconds), cpu, 1000 * cpu / size, round(peak)


if __name__ == "__main__":
    main()
