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

    Nodes that are not well go first, then tainted ones; of the rest one on the host that runs most of this cluster
    (so that what remains is spread evenly), the youngest first; ties fall to the higher id.
    """
    ranked = sorted(nodes, key=_usefulness)
    poor = [node for node in ranked if _reason(node) is not None]
    chosen: list[tuple[model.Node, str]] = [(node, _reason(node) or "") for node in poor[:count]]
    if len(chosen) == count:
        return tuple(chosen)
    by_host: dict[str | None, list[model.Node]] = collections.defaultdict(list)
    for node in reversed(ranked[len(poor) :]):  # the most useful first, so that pop() takes the least useful
        by_host[node.host_id].append(node)
    heap = [(-len(crowd), host_id is not None, host_id or "") for host_id, crowd in by_host.items()]
    heapq.heapify(heap)
    while len(chosen) < count and heap:
        size, hosted, host_id = heap[0]
        why = "on its most crowded host, the youngest" if hosted else "the youngest"
        chosen.append((by_host[host_id if hosted else None].pop(), why))
        if size == -1:
            heapq.heappop(heap)
        else:
            heapq.heapreplace(heap, (size + 1, hosted, host_id))
    return tuple(chosen)


def _usefulness(node: model.Node) -> tuple[int, bool, float, str]:
    """Order nodes, the least useful first."""
    return (_WORST_FIRST.get(node.status, 9), not node.tainted, -node.init_at, node.id)


def _reason(node: model.Node) -> str | None:
    if node.status in _WORST_FIRST:
        return f"it is in status {node.status}"
    return "it is tainted" if node.tainted else None
