"""Where containers go: hosts that have room, spread evenly; or why not, counted by cause."""

from __future__ import annotations

import collections
import dataclasses
import heapq
from collections.abc import Mapping, Sequence

from senlin_container.domain import model
from senlin_container.domain.plan import Refusal

_SLACK = 1e-9  # cores are floats: ten times 0.1 must fit into 1


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What one container wants promised: cores and MiB (0: nothing)."""

    cpus: float = 0.0
    memory: int = 0

    def __str__(self) -> str:
        parts = [f"{self.cpus:g} cores"] if self.cpus else []
        if self.memory:
            parts.append(f"{self.memory} MiB")
        return " and ".join(parts) or "room"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What a host has left; None means that there is no bound."""

    cpus: float
    memory: int
    containers: int | None

    def lacks(self, demand: Demand) -> str | None:
        """Name what is missing for one more container, or None when it fits."""
        if self.containers is not None and self.containers < 1:
            return "full"
        # a demand of nothing fits a host that has promised more than it has (its capacity may have been cut)
        if demand.memory > max(self.memory, 0):
            return "too little memory"
        if demand.cpus > max(self.cpus, 0.0) + _SLACK:
            return "too few cores"
        return None

    def less(self, demand: Demand) -> Room:
        """Return what is left after one more container."""
        return Room(
            cpus=self.cpus - demand.cpus,
            memory=self.memory - demand.memory,
            containers=None if self.containers is None else self.containers - 1,
        )


def room_of(host: model.Host) -> Room:
    """Return what a host has left."""
    return Room(
        cpus=host.cpus - host.used_cpus,
        memory=host.memory - host.used_memory,
        containers=None if host.max_containers is None else host.max_containers - host.used_containers,
    )


def with_more(host: model.Host, count: int, demand: Demand) -> model.Host:
    """Return a host that runs ``count`` more containers."""
    return dataclasses.replace(
        host,
        used_cpus=host.used_cpus + count * demand.cpus,
        used_memory=host.used_memory + count * demand.memory,
        used_containers=host.used_containers + count,
    )


def growth(host: model.Host, more: Demand) -> Refusal | None:
    """Say why a host cannot promise its containers so much more; None when it can."""
    room = dataclasses.replace(room_of(host), containers=None)
    if room.lacks(more) is None:
        return None
    return Refusal(
        code="no-room",
        reason=f"The new profile needs {more} more on host '{host.name}', which has {room.cpus:g} cores and "
        f"{room.memory} MiB left. Add a host, free room, or ask for less.",
    )


def place(
    count: int, demand: Demand, hosts: Sequence[model.Host], present: Mapping[str, int]
) -> tuple[str, ...] | Refusal:
    """Choose a host for each of ``count`` equal containers, spread evenly, in O(hosts + count log hosts).

    :param present: host id to the number of containers of this cluster that it runs already; the next one goes where
        fewest are, then where fewest of anybody are, then by host id
    :returns: ``count`` host ids, or a refusal that counts the hosts each cause ruled out
    """
    chosen, causes = _fill(count, demand, hosts, present)
    if len(chosen) == count:
        return chosen
    return Refusal(code="no-room", reason=_explain(count, len(chosen), demand, len(hosts), causes))


def place_most(count: int, demand: Demand, hosts: Sequence[model.Host], present: Mapping[str, int]) -> tuple[str, ...]:
    """Choose hosts as ``place`` does, for as many of the containers as there is room for."""
    return _fill(count, demand, hosts, present)[0]


def _fill(
    count: int, demand: Demand, hosts: Sequence[model.Host], present: Mapping[str, int]
) -> tuple[tuple[str, ...], Mapping[str, int]]:
    causes: collections.Counter[str] = collections.Counter()
    heap: list[tuple[int, int, str, Room]] = []
    for host in hosts:
        room = room_of(host)
        cause = "not answering" if host.state == model.HostState.DOWN else room.lacks(demand)
        if cause is not None:
            causes[cause] += 1
        else:
            heap.append((present.get(host.id, 0), host.used_containers, host.id, room))
    heapq.heapify(heap)
    chosen: list[str] = []
    while len(chosen) < count and heap:
        own, all_, host_id, room = heap[0]
        chosen.append(host_id)
        room = room.less(demand)
        cause = room.lacks(demand)
        if cause is None:
            heapq.heapreplace(heap, (own + 1, all_ + 1, host_id, room))
        else:
            heapq.heappop(heap)
            causes[cause] += 1
    return tuple(chosen), causes


def _explain(count: int, placed: int, demand: Demand, hosts: int, causes: Mapping[str, int]) -> str:
    what = f"{count} container{'s' if count != 1 else ''} need{'s' if count == 1 else ''} {demand}"
    if demand != Demand() and count > 1:
        what += " each"
    if not hosts:
        return (
            f"{what}: there is no host. Create a node of type container.host.endpoint, or add one to the host cluster."
        )
    told = ", ".join(f"{n} {cause}" for cause, n in sorted(causes.items()))
    return (
        f"{what}, and there is room for {placed}: of {hosts} host{'s' if hosts != 1 else ''}, {told}. "
        "Add a host, free room, or ask for less."
    )
