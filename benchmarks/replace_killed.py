"""How long a killed container is missing.

    python -m benchmarks.replace_killed [--kills 15]

A cluster with ``health.recovery`` RECREATE on a real Docker host over TLS (which this program starts, as root). Its
containers are killed behind the service's back, one at a time and each once. Two times are taken, both from the moment
before the kill is sent: until the API has the event that says the node is in ERROR, and until the node is ACTIVE again
with another container and the engine says that this one runs.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import time
from typing import Any

import docker

from benchmarks import common, contenders
from tests import standalone

_POLL = 0.01
_REST = 0.5


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Seconds from a killed container to its replacement.")
    parser.add_argument("--kills", type=int, default=15, help="containers in the cluster, each is killed once (15)")
    given = parser.parse_args()
    with contextlib.ExitStack() as ends:
        lab = ends.enter_context(common.docker_lab(1))
        _, api = ends.enter_context(common.service())
        client = ends.enter_context(contenders.client(lab, 1, remote=True))
        api.host("one", **common.tls_properties(lab, 1))
        profile = api.container("web", host_node="one", command=list(common.COMMAND))
        api.make(
            "cluster",
            name="web",
            profile_id=profile["id"],
            desired_capacity=given.kills,
            config={"health.recovery": "RECREATE"},
        )
        nodes = api.nodes("web")
        random.shuffle(nodes)
        times = []
        for node in nodes:
            time.sleep(_REST + random.random())
            times.append(_kill(api, client, node))
    parts = {
        "seen": [seen for seen, _ in times],
        "seen to replaced": [replaced - seen for seen, replaced in times],
        "replaced": [replaced for _, replaced in times],
    }
    common.show(
        f"Seconds from docker kill, {given.kills} kills",
        ("", "median", "least", "90 %", "most"),
        [
            (name, common.median(values), min(values), common.quantile(values, 0.9), max(values))
            for name, values in parts.items()
        ],
    )


def _kill(api: standalone.Api, client: docker.APIClient, node: dict[str, Any]) -> tuple[float, float]:
    """Kill the container of a node; returns the seconds until this was seen, and until it was replaced."""
    began = time.perf_counter()
    client.kill(node["physical_id"])
    common.await_value("an event tells of it", lambda: _told(api, node), poll=_POLL)
    seen = time.perf_counter() - began
    common.await_value("it is replaced", lambda: _replaced(api, client, node), poll=_POLL)
    return seen, time.perf_counter() - began


def _told(api: standalone.Api, node: dict[str, Any]) -> bool:
    events = api.get(f"/v1/events?oid={node['id']}&limit=10&sort=timestamp:desc")
    return any(event["status"] == "error" for event in events)


def _replaced(api: standalone.Api, client: docker.APIClient, node: dict[str, Any]) -> bool:
    now = api.get(f"/v1/nodes/{node['id']}")
    if now["status"] != "ACTIVE" or now["physical_id"] == node["physical_id"]:
        return False
    return bool(client.inspect_container(now["physical_id"])["State"]["Running"])


if __name__ == "__main__":
    main()
