"""From nothing to N running containers on one engine: this service, the bare docker SDK, Swarm.

    python -m benchmarks.create_one_engine [--count 40] [--rounds 5]

All do the same work on the same engine, a Docker host of its own that this program starts (as root), one after the
other, round by round. The service is ``senlin-container-standalone`` in a process of its own with its database on
disk, from the POST of a cluster until it is ACTIVE. The removal of the containers is not measured.
"""

from __future__ import annotations

import argparse
import contextlib

from benchmarks import common, contenders


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="N containers on one engine: this service, the docker SDK, Swarm.")
    parser.add_argument("--count", type=int, default=40, help="containers (40)")
    parser.add_argument("--rounds", type=int, default=5, help="measured rounds (5)")
    parser.add_argument("--parallel", type=int, nargs="+", default=[1, 2, 4, 8], help="threads of the SDK (1 2 4 8)")
    parser.add_argument("--no-swarm", action="store_true", help="leave Swarm out")
    given = parser.parse_args()
    with contextlib.ExitStack() as ends:
        lab = ends.enter_context(common.docker_lab(1))
        _, api = ends.enter_context(common.service())
        client = ends.enter_context(contenders.client(lab, 1, remote=False))
        api.host("one", endpoint=lab.local(1).url)
        profile = api.container("web", host_node="one", command=list(common.COMMAND))
        taking_part: list[contenders.Contender] = [contenders.Service(api, profile["id"])]
        taking_part += [contenders.Sdk([client], parallel) for parallel in given.parallel]
        if not given.no_swarm:
            taking_part.append(contenders.Swarm(client, lab.address(1)))
        taken = contenders.alternate(taking_part, [client], count=given.count, rounds=given.rounds)
    contenders.show(f"{given.count} containers on one engine, {given.rounds} rounds", taken, count=given.count)


if __name__ == "__main__":
    main()
