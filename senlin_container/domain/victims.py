"""Who goes when a cluster shrinks: the inverse of placement, the unhealthy first."""

from __future__ import annotations

import collections
import heapq
from collections.abc import Sequence

from senlin_container.domain import model

_WORST_FIRST = {
    model.NodeStatus.ERROR: 0,
    model.NodeStatus.INIT: 1,
    model.NodeStatus.WARNING: 2,
}


def choose(nodes: Sequence[model.Node], count: int) -> tuple[tuple[model.Node, str], ...]:
    """Choose ``count`` nodes to delete, each with the reason.

    Nodes that are not well go first, then tainted ones; of the rest one on a host that runs most of this cluster
    (so that what remains is spread evenly), the youngest first; ties fall to the lower id.
    """
    ranked = sorted(nodes, key=_usefulness)
    poor = [node for node in ranked if _reason(node) is not None]
    chosen: list[tuple[model.Node, str]] = [(node, _reason(node) or "") for node in poor[:count]]
    if len(chosen) == count:
        return tuple(chosen)
    by_host: dict[str | None, list[model.Node]] = collections.defaultdict(list)
    for node in reversed(ranked[len(poor) :]):  # the most useful first, so that pop() takes the least useful
        by_host[node.host_id].append(node)
    heap = [(-len(crowd), _usefulness(crowd[-1]), crowd) for crowd in by_host.values()]
    heapq.heapify(heap)  # crowds are never compared: the usefulness ends with an id
    while len(chosen) < count and heap:
        crowd = heap[0][2]
        node = crowd.pop()
        chosen.append((node, "the youngest" if node.host_id is None else "on the most crowded host, the youngest"))
        if crowd:
            heapq.heapreplace(heap, (-len(crowd), _usefulness(crowd[-1]), crowd))
        else:
            heapq.heappop(heap)
    return tuple(chosen)


def _usefulness(node: model.Node) -> tuple[int, bool, float, str]:
    """Order nodes, the least useful first."""
    return (_WORST_FIRST.get(node.status, 9), not node.tainted, -node.init_at, node.id)


def _reason(node: model.Node) -> str | None:
    if node.status in _WORST_FIRST:
        return f"it is in status {node.status}"
    return "it is tainted" if node.tainted else None
