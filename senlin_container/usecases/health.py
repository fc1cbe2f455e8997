"""What health findings change: a node that is not well, a host that does not answer, and what follows from it."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Collection, Sequence

from senlin_container.domain import health, model
from senlin_container.domain.model import ActionKind, NodeStatus
from senlin_container.store import clusters as cluster_store
from senlin_container.store import history, hosts, nodes, queue, session
from senlin_container.usecases import clusters, context, records


class Came(enum.Enum):
    """What came of a report."""

    NOTED = "noted"
    BUSY = "busy"
    NO_NEWS = "no news"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of a report: whether recoveries were queued, and in how many seconds the next put-off one is due."""

    came: Came = Came.NOTED
    lost: int = 0
    queued: int = 0
    again: float | None = None


def report_dead(tx: session.Transaction, parts: context.Parts, node_id: str, container_id: str, reason: str) -> Report:
    """Note that the container of a node was seen dead; an attached recovery is queued.

    BUSY means that an action is at work on the node: look again when it has ended.
    """
    node = nodes.by_id(tx, [node_id]).get(node_id)
    if node is None or node.physical_id != container_id:
        return Report(came=Came.NO_NEWS)
    if queue.unfinished(tx, target=node_id):
        return Report(came=Came.BUSY)
    if node.status != NodeStatus.ACTIVE:
        return Report(came=Came.NO_NEWS)
    _mark_error(tx, parts, [node], reason)
    return _recover(tx, parts, [node])


def report_risen(tx: session.Transaction, parts: context.Parts, found: Sequence[model.Node], reason: str) -> None:
    """Note that nodes that were taken for lost are well."""
    now = parts.clock()
    present = nodes.by_id(tx, [node.id for node in found])
    busy = busy_among(tx, list(present))
    sick = (NodeStatus.ERROR, NodeStatus.WARNING)
    risen = [node for node in present.values() if node.status in sick and node.id not in busy]
    nodes.mark(tx, [node.id for node in risen], NodeStatus.ACTIVE, reason)
    _record(tx, [_event(parts, node, "end", reason, records.INFO, now) for node in risen])
    judged = {node.cluster_id for node in risen if node.cluster_id}
    cluster_store.judge_idle(tx, judged, ActionKind.NODE_CHECK.value, now)


def host_answers(tx: session.Transaction, parts: context.Parts, host_id: str) -> None:
    """Note that a host answers that was taken for silent."""
    hosts.set_state(tx, host_id, model.HostState.UP, parts.clock())
    node = nodes.by_id(tx, [host_id]).get(host_id)
    if node is not None and node.status == NodeStatus.ERROR:
        report_risen(tx, parts, [node], "The host answers again.")


def host_silent(tx: session.Transaction, parts: context.Parts, host_id: str, reason: str) -> None:
    """Note that a host does not answer."""
    now = parts.clock()
    if not hosts.set_state(tx, host_id, model.HostState.DOWN, now):
        return
    node = nodes.by_id(tx, [host_id]).get(host_id)
    if node is not None and node.status == NodeStatus.ACTIVE:
        nodes.mark(tx, [host_id], NodeStatus.ERROR, reason)
        _record(tx, [_event(parts, node, "error", reason, records.ERROR, now)])
        judged = {node.cluster_id} if node.cluster_id else set()
        cluster_store.judge_idle(tx, judged, ActionKind.NODE_CHECK.value, now)


def host_lost(tx: session.Transaction, parts: context.Parts, host_id: str, reason: str) -> Report:
    """Note that a host has been silent beyond its grace period: its containers are lost, and recovered elsewhere."""
    there = nodes.on_host(tx, host_id)
    busy = busy_among(tx, [node.id for node in there])
    idle = [node for node in there if node.id not in busy]
    lost = [node for node in idle if health.is_lost_with_host(node)]
    _mark_error(tx, parts, lost, reason)
    sick = [node for node in idle if node.status == NodeStatus.ERROR]
    return dataclasses.replace(_recover(tx, parts, [*lost, *sick]), lost=len(lost))


def busy_among(tx: session.Transaction, node_ids: Collection[str]) -> set[str]:
    """Return those of the nodes that an action is at work on, or waits for."""
    found: set[str] = set()
    ids = list(node_ids)
    for i in range(0, len(ids), 500):
        found.update(action.target for action in queue.unfinished(tx, node_ids=ids[i : i + 500], lock=False))
    return found


def recover_again(tx: session.Transaction, parts: context.Parts, host_id: str) -> Report:
    """Queue the attached recovery for nodes of a host that are in ERROR and whose last one has failed."""
    sick = [node for node in nodes.on_host(tx, host_id) if node.status == NodeStatus.ERROR]
    busy = busy_among(tx, [node.id for node in sick])
    return _recover(tx, parts, [node for node in sick if node.id not in busy])


def _mark_error(tx: session.Transaction, parts: context.Parts, found: Sequence[model.Node], reason: str) -> None:
    now = parts.clock()
    nodes.mark(tx, [node.id for node in found], NodeStatus.ERROR, reason)
    _record(tx, [_event(parts, node, "error", reason, records.ERROR, now) for node in found])
    judged = {node.cluster_id for node in found if node.cluster_id}
    cluster_store.judge_idle(tx, judged, ActionKind.NODE_CHECK.value, now)


def _recover(tx: session.Transaction, parts: context.Parts, found: Sequence[model.Node]) -> Report:
    """Queue what the clusters of dead nodes want done about them, later and later while it does not help.

    One that is put off is not queued yet, so that it stands in nobody's way.
    """
    now = parts.clock()
    configs = {
        cluster_id: cluster.config
        for cluster_id in {node.cluster_id for node in found if node.cluster_id}
        if (cluster := cluster_store.get(tx, cluster_id)) is not None
    }
    actions, lanes = [], {}
    again: float | None = None
    for node in found:
        operation = configs.get(node.cluster_id or "", {}).get(clusters.RECOVERY)
        if operation is None or operation == "NONE":
            continue
        count, last = health.recent_recoveries(node, now)
        wait = last + health.recovery_delay(count) - now
        if wait > 0:
            again = wait if again is None else min(again, wait)
            continue
        nodes.change(tx, node.id, data={**node.data, "recovery": {"count": count + 1, "at": now}})
        lanes[node.id] = node.host_id
        actions.append(
            records.action(
                id_=parts.new_id(),
                kind=ActionKind.NODE_RECOVER,
                target=node.id,
                cluster_id=node.cluster_id,
                owner=node.owner,
                timeout=parts.limits.default_action_timeout,
                now=now,
                inputs={"operation": operation},
                cause=records.HEALTH,
            )
        )
    queue.enqueue(tx, actions, lanes=lanes, now=now)
    return Report(queued=len(actions), again=again)


def _record(tx: session.Transaction, events: Sequence[model.Event]) -> None:
    history.record(tx, events)
    session.note(tx, [records.Finding(event=event) for event in events])


def _event(parts: context.Parts, node: model.Node, status: str, reason: str, level: str, now: float) -> model.Event:
    return records.event(
        id_=parts.new_id(),
        about=node,
        action=ActionKind.NODE_CHECK.value,
        status=status,
        reason=reason,
        level=level,
        now=now,
    )
