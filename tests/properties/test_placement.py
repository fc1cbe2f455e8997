"""Placement: against a slow reference, and what must hold whatever the reference says."""

from __future__ import annotations

import collections
import re
from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from senlin_container.domain import model, placement, plan
from senlin_container.domain.model import HostState
from tests import values
from tests.properties import strategies

PRESENT = st.dictionaries(st.sampled_from([f"h{i}" for i in range(6)]), st.integers(0, 3))


def room_for(host: model.Host, demand: placement.Demand) -> int:
    """Count the containers that a host still takes, in whole tenths of cores."""
    if host.state == HostState.DOWN:
        return 0
    bounds = [1000]
    if host.max_containers is not None:
        bounds.append(host.max_containers - host.used_containers)
    if demand.cpus:
        bounds.append(round((host.cpus - host.used_cpus) * 10) // round(demand.cpus * 10))
    if demand.memory:
        bounds.append((host.memory - host.used_memory) // demand.memory)
    return max(min(bounds), 0)


def slowly(count: int, demand: placement.Demand, hosts: Sequence[model.Host], present: Mapping[str, int]) -> list[str]:
    """Place one at a time, each where fewest of the cluster are, then fewest of all, then by id."""
    placed: collections.Counter[str] = collections.Counter()
    chosen = []
    for _ in range(count):
        free = [host for host in hosts if placed[host.id] < room_for(host, demand)]
        if not free:
            break
        best = min(
            free,
            key=lambda host: (
                present.get(host.id, 0) + placed[host.id],
                host.used_containers + placed[host.id],
                host.id,
            ),
        )
        chosen.append(best.id)
        placed[best.id] += 1
    return chosen


@given(st.integers(0, 30), strategies.demands(), strategies.hosts(), PRESENT)
def test_chooses_what_the_reference_chooses(
    count: int, demand: placement.Demand, hosts: tuple[model.Host, ...], present: dict[str, int]
) -> None:
    expected = slowly(count, demand, hosts, present)
    placed = placement.place(count, demand, hosts, present)
    assert placement.place_most(count, demand, hosts, present) == tuple(expected)
    if isinstance(placed, plan.Refusal):
        assert len(expected) < count
    else:
        assert list(placed) == expected


@given(st.integers(0, 30), strategies.demands(), strategies.hosts(least=1), PRESENT)
def test_never_more_than_asked_and_no_host_overcommitted(
    count: int, demand: placement.Demand, hosts: tuple[model.Host, ...], present: dict[str, int]
) -> None:
    placed = placement.place_most(count, demand, hosts, present)
    assert len(placed) <= count
    for host in hosts:
        number = placed.count(host.id)
        after = placement.with_more(host, number, demand)
        if number:
            assert host.state == HostState.UP
            assert not demand.cpus or after.used_cpus <= after.cpus + 1e-6
            assert not demand.memory or after.used_memory <= after.memory
            assert after.max_containers is None or after.used_containers <= after.max_containers


@given(st.integers(1, 40), st.integers(1, 9), strategies.demands())
def test_equal_hosts_differ_by_one_at_the_most(count: int, number: int, demand: placement.Demand) -> None:
    hosts = [values.host(f"h{i}", cpus=100.0, memory=10**6) for i in range(number)]
    placed = placement.place(count, demand, hosts, {})
    assert not isinstance(placed, plan.Refusal)
    each = [placed.count(host.id) for host in hosts]
    assert sum(each) == count
    assert max(each) - min(each) <= 1


@given(st.integers(1, 60), strategies.demands(), strategies.hosts(least=1), PRESENT)
def test_a_refusal_counts_every_host_once_and_the_room_there_is(
    count: int, demand: placement.Demand, hosts: tuple[model.Host, ...], present: dict[str, int]
) -> None:
    refused = placement.place(count, demand, hosts, present)
    room = sum(room_for(host, demand) for host in hosts)
    assert isinstance(refused, plan.Refusal) == (room < count)
    if not isinstance(refused, plan.Refusal):
        return
    assert refused.code == "no-room"
    told = re.search(r"there is room for (\d+): of (\d+) hosts?, (.*)\. Add a host", refused.reason)
    assert told is not None, refused.reason
    assert int(told[1]) == room
    assert int(told[2]) == len(hosts)
    causes = {cause: int(number) for number, cause in (one.split(" ", 1) for one in told[3].split(", "))}
    assert sum(causes.values()) == len(hosts)
    down = sum(host.state == HostState.DOWN for host in hosts)
    assert causes.get("not answering", 0) == down
    if not demand.memory:
        assert "too little memory" not in causes
    if not demand.cpus:
        assert "too few cores" not in causes


@given(st.permutations(range(6)), st.integers(0, 20), strategies.demands(), strategies.hosts(least=1), PRESENT)
def test_the_order_of_the_hosts_does_not_matter(
    order: list[int],
    count: int,
    demand: placement.Demand,
    hosts: tuple[model.Host, ...],
    present: dict[str, int],
) -> None:
    shuffled = [hosts[i] for i in order if i < len(hosts)]
    assert placement.place(count, demand, shuffled, present) == placement.place(count, demand, hosts, present)
