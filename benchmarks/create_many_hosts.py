"""From nothing to N running containers on several hosts over TLS: this service, and the bare docker SDK.

    python -m benchmarks.create_many_hosts [--hosts 4] [--count 40] [--rounds 5]

As ``create_one_engine``, on Docker hosts that this program starts (as root). The service chooses the hosts; the SDK
gives each the same number of containers, with so many threads for each host.
"""

from __future__ import annotations

import argparse
import contextlib

from benchmarks import common, contenders


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="N containers on several hosts over TLS: this service, the SDK.")
    parser.add_argument("--hosts", type=int, default=4, help="Docker hosts (4)")
    parser.add_argument("--count", type=int, default=40, help="containers in all (40)")
    parser.add_argument("--rounds", type=int, default=5, help="measured rounds (5)")
    parser.add_argument("--parallel", type=int, nargs="+", default=[1, 2, 4, 8], help="SDK threads per host (1 2 4 8)")
    given = parser.parse_args()
    numbers = range(1, given.hosts + 1)
    with contextlib.ExitStack() as ends:
        lab = ends.enter_context(common.docker_lab(given.hosts))
        _, api = ends.enter_context(common.service())
        clients = [ends.enter_context(contenders.client(lab, number, remote=True)) for number in numbers]
        common.host_cluster(api, "hosts", [common.tls_properties(lab, number) for number in numbers])
        profile = api.container("web", host_cluster="hosts", command=list(common.COMMAND))
        taking_part: list[contenders.Contender] = [contenders.Service(api, profile["id"])]
        taking_part += [contenders.Sdk(clients, parallel) for parallel in given.parallel]
        taken = contenders.alternate(taking_part, clients, count=given.count, rounds=given.rounds)
    title = f"{given.count} containers on {given.hosts} hosts over TLS, {given.rounds} rounds"
    contenders.show(title, taken, count=given.count)


if __name__ == "__main__":
    main()
