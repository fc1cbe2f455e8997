"""How work ends: what an outcome changes in nodes, hosts, parents, clusters and events, in one transaction."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from senlin_container.domain import lifecycle, model
from senlin_container.domain.model import ActionKind, ActionStatus, NodeStatus
from senlin_container.specs import registry
from senlin_container.store import catalog, clusters, history, hosts, nodes, queue, session
from senlin_container.usecases import records, scaling

DONE = "Action completed successfully."

PROMISED = "promised"
"""In the data of an update: its node's host has promised what the new profile needs, to be given back if it fails."""

PROGRESS = "progress"
"""In the data of an action: what its profile noted about work that is under way outside."""

_LEVELS = {
    ActionStatus.SUCCEEDED: records.INFO,
    ActionStatus.FAILED: records.ERROR,
    ActionStatus.CANCELLED: records.WARNING,
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one attempt at a node action ended.

    ``status`` READY means that it is to be tried again ``after`` seconds later; with ``progress`` this is no failure,
    but work that goes on outside. ``deleted`` says that the node is no more, ``host`` what the engine of a host node
    told.
    """

    action: model.Action
    status: ActionStatus
    reason: str
    node: nodes.Change = dataclasses.field(default_factory=nodes.Change)
    deleted: bool = False
    host: model.Host | None = None
    outputs: model.Json = dataclasses.field(default_factory=dict)
    after: float = 0.0
    progress: model.Json | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What came of a batch: how many outcomes counted, and how many parents became ready."""

    counted: int
    readied: int


def settle(
    tx: session.Transaction, outcomes: Sequence[Outcome], *, engine: str, new_id: Callable[[], str], now: float
) -> Settled:
    """Write a batch of outcomes, but for those of attempts that are not this engine's any more."""
    mine = queue.own(tx, {one.action.id: one.action.attempt for one in outcomes}, engine)
    # the actions as they are now: what was asked of them, or noted in them, since they were claimed counts
    live = [dataclasses.replace(one, action=mine[one.action.id]) for one in outcomes if one.action.id in mine]
    live = [_cancelled(one) if one.action.cancelling else one for one in live]
    readied = apply(tx, live, new_id=new_id, now=now)
    return Settled(counted=len(live), readied=readied)


def apply(tx: session.Transaction, outcomes: Sequence[Outcome], *, new_id: Callable[[], str], now: float) -> int:
    """Write outcomes of actions that the caller has locked; returns how many parents became ready."""
    outcomes = [one for one in outcomes if lifecycle.may_move(one.action.status, one.status)]
    if not outcomes:
        return 0
    before = nodes.by_id(tx, [one.action.target for one in outcomes], lock=True)
    outcomes = [_checked(one, before.get(one.action.target)) for one in outcomes]
    outcomes = _given_back(tx, outcomes, before)
    _apply_to_nodes(tx, outcomes, before, now)
    queue.settle(
        tx,
        [
            queue.Settlement(
                id=one.action.id,
                status=one.status,
                reason=one.reason,
                outputs=one.outputs,
                after=one.after,
                data=None if one.progress is None else {**one.action.data, PROGRESS: one.progress},
            )
            for one in outcomes
        ],
        now,
    )
    ended = [one for one in outcomes if one.status != ActionStatus.READY]
    session.note(tx, [records.ended(one.action, one.status, one.reason, now) for one in ended])
    parents = collections.Counter(one.action.parent_id for one in ended if one.action.parent_id)
    readied = queue.count_down(tx, parents, now)
    history.record(
        tx, [_event(one, before[one.action.target], new_id(), now) for one in ended if one.action.target in before]
    )
    lone = [one for one in ended if one.action.parent_id is None]
    _shrink(tx, lone, before)
    for why, cluster_ids in _clusters_by_kind(lone, before).items():
        clusters.judge_idle(tx, cluster_ids, why, now)
    return readied


def _checked(outcome: Outcome, node: model.Node | None) -> Outcome:
    """Correct an outcome by what the database says of its node now."""
    if node is None:
        return outcome
    joins = outcome.node.membership is not None and outcome.node.membership[0] is not None
    if joins and node.cluster_id is not None:
        reason = f"Node '{node.name}' is a member of cluster {node.cluster_id} by now."
        return dataclasses.replace(outcome, status=ActionStatus.FAILED, reason=reason, node=nodes.Change())
    return outcome


def _given_back(
    tx: session.Transaction, outcomes: Sequence[Outcome], before: Mapping[str, model.Node]
) -> list[Outcome]:
    """Give back what was promised to updates that failed: their nodes keep their profiles, and what these need."""
    failed = {
        one.action.target
        for one in outcomes
        if one.action.data.get(PROMISED) and one.status in (ActionStatus.FAILED, ActionStatus.CANCELLED)
    }
    kept = catalog.profiles_by_id(tx, {before[node_id].profile_id for node_id in failed if node_id in before})
    found = []
    for one in outcomes:
        node = before.get(one.action.target)
        if node is not None and node.id in failed and kept[node.profile_id].type == registry.CONTAINER:
            spec = registry.container_spec(kept[node.profile_id])
            change = dataclasses.replace(one.node, cpus=spec.cpus, memory=spec.memory)
            found.append(dataclasses.replace(one, node=change))
        else:
            found.append(one)
    return found


def _shrink(tx: session.Transaction, lone: Sequence[Outcome], before: Mapping[str, model.Node]) -> None:
    """Lower the desired capacity of clusters whose nodes were deleted one by one."""
    gone = collections.Counter(
        before[one.action.target].cluster_id for one in lone if one.deleted and one.action.target in before
    )
    for cluster_id, count in gone.items():
        cluster = clusters.get(tx, cluster_id) if cluster_id is not None else None
        if cluster is not None:
            desired = max(cluster.desired_capacity - count, cluster.min_size, 0)
            clusters.change(tx, cluster, desired_capacity=desired)


def abandon(
    tx: session.Transaction,
    actions: Sequence[model.Action],
    *,
    status: ActionStatus,
    reason: str,
    new_id: Callable[[], str],
    now: float,
) -> None:
    """End node actions that nobody will finish: cancelled before they began, or overdue."""
    outcomes = []
    for action in actions:
        unknown = action.attempt > 0 or action.kind == ActionKind.NODE_CREATE
        change = nodes.Change()
        if unknown:
            change = nodes.Change(status=NodeStatus.ERROR, status_reason=reason, updated_at=now)
        outcomes.append(Outcome(action=action, status=status, reason=reason, node=change))
    apply(tx, outcomes, new_id=new_id, now=now)


def _cancelled(outcome: Outcome) -> Outcome:
    """An action that is to end early is not tried again; what it has done is done."""
    if outcome.status != ActionStatus.READY:
        return outcome
    when = "after a failed attempt" if outcome.progress is None else "while it was under way"
    reason = f"Cancelled {when}: {outcome.reason}"
    return dataclasses.replace(
        outcome,
        status=ActionStatus.CANCELLED,
        reason=reason,
        node=dataclasses.replace(outcome.node, status=NodeStatus.ERROR, status_reason=reason),
    )


def _apply_to_nodes(
    tx: session.Transaction, outcomes: Sequence[Outcome], before: Mapping[str, model.Node], now: float
) -> None:
    promises: dict[str, hosts.Promise] = {}

    def promise(host_id: str | None, change: hosts.Promise) -> None:
        if host_id is not None:
            promises[host_id] = promises.get(host_id, hosts.Promise()).plus(change)

    deleted = []
    changes: dict[str, nodes.Change] = {}
    for one in outcomes:
        node = before.get(one.action.target)
        if node is None:
            continue
        if one.deleted:
            deleted.append(node.id)
            promise(node.host_id, hosts.given_back(node))
            continue
        changes[node.id] = one.node
        cpus = node.cpus if one.node.cpus is None else one.node.cpus
        memory = node.memory if one.node.memory is None else one.node.memory
        if (cpus, memory) != (node.cpus, node.memory):
            promise(node.host_id, hosts.Promise(cpus=cpus - node.cpus, memory=memory - node.memory))
        if one.host is not None:
            profile_id = one.node.profile_id or node.profile_id
            hosts.save(tx, one.host, profile_id=profile_id, project=node.owner.project, now=now)
        elif one.node.name is not None:
            hosts.rename(tx, node.id, one.node.name)
    nodes.change_each(tx, changes)
    nodes.delete(tx, deleted)
    hosts.adjust(tx, promises)
    if deleted:
        hosts.forget(tx, {*deleted, *promises})


def _event(outcome: Outcome, node: model.Node, id_: str, now: float) -> model.Event:
    ended = "end" if outcome.status == ActionStatus.SUCCEEDED else "error"
    return records.event(
        id_=id_,
        about=node,
        action=outcome.action.kind.value,
        status=ended,
        reason=outcome.reason,
        level=_LEVELS[outcome.status],
        now=now,
    )


def _clusters_by_kind(outcomes: Sequence[Outcome], before: Mapping[str, model.Node]) -> dict[str, set[str]]:
    """Clusters whose members were worked on outside of a cluster action, by the kind of the work."""
    found: dict[str, set[str]] = {}
    for one in outcomes:
        node = before.get(one.action.target)
        joined = one.node.membership[0] if one.node.membership else None
        for cluster_id in {node.cluster_id if node else None, joined}:
            if cluster_id is not None:
                found.setdefault(one.action.kind.value, set()).add(cluster_id)
    return found


def finish_cluster(
    tx: session.Transaction,
    action: model.Action,
    cluster: model.Cluster,
    *,
    status: ActionStatus,
    reason: str,
    new_id: Callable[[], str],
    now: float,
    **values: Any,
) -> None:
    """End a cluster action: the cluster's status follows from its nodes, and an event tells how it ended.

    An action that does nothing to nodes leaves the status as it is.
    """
    created = cluster.created_at
    if created is None and status == ActionStatus.SUCCEEDED:
        values["created_at"] = now
    if action.kind in lifecycle.CLUSTER_AT_WORK:
        clusters.judge(tx, cluster, action.kind.value, now, **values)
    if status == ActionStatus.SUCCEEDED:
        scaling.note_success(tx, action, now)
    queue.settle(tx, [queue.Settlement(id=action.id, status=status, reason=reason)], now)
    session.note(tx, [records.ended(action, status, reason, now)])
    history.record(
        tx,
        [
            records.event(
                id_=new_id(),
                about=cluster,
                action=action.kind.value,
                status="end" if status == ActionStatus.SUCCEEDED else "error",
                reason=reason,
                level=_LEVELS[status],
                now=now,
            )
        ],
    )


def cancel(
    tx: session.Transaction, action: model.Action, *, new_id: Callable[[], str], now: float, force: bool = False
) -> None:
    """End an action early: at once what has not begun, the rest when it comes to its next step.

    The children of a cluster action that have not begun are cancelled; those at work go on to their end, and then the
    cluster action ends as cancelled. With ``force`` nothing is waited for: what is at work is written off.
    """
    if not action.kind.of_cluster:
        _stop(tx, [action], "Cancelled on request.", new_id=new_id, now=now, force=force)
        return
    unfinished = queue.unfinished(tx, parent=action.id)
    why = f"Cancelled together with action {action.id[:8]}."
    _stop(tx, unfinished, why, new_id=new_id, now=now, force=force)
    queue.request_cancel(tx, [action.id], now)
    begun = action.plan is not None or action.status == ActionStatus.RUNNING
    if force or not begun:
        end_idle(tx, action, status=ActionStatus.CANCELLED, reason="Cancelled on request.", new_id=new_id, now=now)


def _stop(
    tx: session.Transaction,
    actions: Sequence[model.Action],
    reason: str,
    *,
    new_id: Callable[[], str],
    now: float,
    force: bool,
) -> None:
    idle = [action for action in actions if force or action.status in (ActionStatus.INIT, ActionStatus.READY)]
    abandon(tx, idle, status=ActionStatus.CANCELLED, reason=reason, new_id=new_id, now=now)
    gone = {action.id for action in idle}
    queue.request_cancel(tx, [action.id for action in actions if action.id not in gone], now)


def end_idle(
    tx: session.Transaction,
    action: model.Action,
    *,
    status: ActionStatus,
    reason: str,
    new_id: Callable[[], str],
    now: float,
) -> None:
    """End a cluster action that no engine is at work on."""
    cluster = clusters.get(tx, action.target)
    # one that never began says nothing of the cluster, which another may be at work on
    silent = action.attempt == 0 and action.kind != ActionKind.CLUSTER_CREATE
    if cluster is None or silent:
        queue.settle(tx, [queue.Settlement(id=action.id, status=status, reason=reason)], now)
        session.note(tx, [records.ended(action, status, reason, now)])
    else:
        finish_cluster(tx, action, cluster, status=status, reason=reason, new_id=new_id, now=now)


def expire(tx: session.Transaction, *, new_id: Callable[[], str], now: float, limit: int = 100) -> int:
    """Fail actions that are beyond their timeout; returns how many there were."""
    late = queue.overdue(tx, now, limit)
    for action in late:
        reason = f"Timed out after {action.timeout} seconds."
        if action.kind.of_cluster:
            left = queue.unfinished(tx, parent=action.id)
            why = f"Its cluster action {action.id[:8]} timed out after {action.timeout} seconds."
            abandon(tx, left, status=ActionStatus.FAILED, reason=why, new_id=new_id, now=now)
            end_idle(tx, action, status=ActionStatus.FAILED, reason=reason, new_id=new_id, now=now)
    gone = {action.id for action in late if action.kind.of_cluster}
    lone = [action for action in late if not action.kind.of_cluster and action.parent_id not in gone]
    for action in lone:
        reason = f"Timed out after {action.timeout} seconds."
        abandon(tx, [action], status=ActionStatus.FAILED, reason=reason, new_id=new_id, now=now)
    return len(late)


def is_over(action: model.Action) -> bool:
    """Whether nothing can happen to an action any more."""
    return action.status not in lifecycle.UNFINISHED
