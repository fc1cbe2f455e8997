"""What a listing of a host's containers says about the nodes that should be on it."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence

from senlin_container.domain import model

BACKOFF = 1.0
BACKOFF_MOST = 300.0
CALM = 600.0
"""Seconds without a recovery after which a node's recoveries are counted from none again."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A container in a listing."""

    container_id: str
    node_id: str
    well: bool


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What is not as it should be.

    ``suspects`` are nodes that seem to be unwell, ``risen`` nodes taken for lost that are well, ``strays`` the ids of
    containers that belong to no node (any more).
    """

    suspects: tuple[model.Node, ...]
    risen: tuple[model.Node, ...]
    strays: tuple[str, ...]


def compare(host_id: str, seen: Sequence[Seen], nodes: Mapping[str, model.Node], busy: Collection[str]) -> Findings:
    """Compare a listing with the nodes that it names, and those that the host should run.

    :param nodes: by id; a container whose node is not among them has none
    :param busy: ids of nodes that an action is at work on, about which a listing proves nothing
    """
    by_container = {one.container_id: one for one in seen}
    suspects, risen = [], []
    for node in nodes.values():
        if node.host_id != host_id or node.id in busy or node.physical_id is None:
            continue
        found = by_container.get(node.physical_id)
        well = found is not None and found.well
        if node.status == model.NodeStatus.ACTIVE and not well:
            suspects.append(node)
        elif node.status in (model.NodeStatus.ERROR, model.NodeStatus.WARNING) and well:
            risen.append(node)
    strays = [
        one.container_id for one in seen if one.node_id not in busy and _is_stray(one, nodes.get(one.node_id), host_id)
    ]
    return Findings(suspects=tuple(suspects), risen=tuple(risen), strays=tuple(strays))


def _is_stray(seen: Seen, node: model.Node | None, host_id: str) -> bool:
    if node is None or node.physical_id != seen.container_id:
        return True
    # One whose node was moved would run twice when the node is brought back where it is now. A node that is well is
    # left alone: the same engine may have been registered as two hosts.
    return node.host_id != host_id and node.status != model.NodeStatus.ACTIVE


def is_lost_with_host(node: model.Node) -> bool:
    """Whether a node is taken for lost when its host is: not one that its owner has stopped."""
    if node.status == model.NodeStatus.WARNING:
        return node.details.get("status") in ("running", "paused", "restarting")
    return node.status == model.NodeStatus.ACTIVE


def recovery_delay(recoveries: int) -> float:
    """Return after how many seconds a node that was recovered so many times lately is recovered again."""
    return 0.0 if recoveries == 0 else min(BACKOFF * 2.0 ** min(recoveries, 10), BACKOFF_MOST)


def recent_recoveries(node: model.Node, now: float) -> tuple[int, float]:
    """Return how many times a node was recovered lately, and when for the last time."""
    told = node.data.get("recovery") or {}
    last = float(told.get("at", 0.0))
    return (0, last) if now - last > CALM else (int(told.get("count", 0)), last)
