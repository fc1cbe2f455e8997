"""The queue of actions: enqueue, claim, lease, settle, cancel.

An action at work ``holds`` its target (a unique key), and waits in line behind older ones of the same target. Who
claims one gets a lease and a new attempt number; what an engine writes later counts only while both are its own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from senlin_container.domain import lifecycle, model
from senlin_container.domain.model import ActionKind, ActionStatus
from senlin_container.store import listing, rows, session

_A = rows.ACTIONS
_ALL = sa.select(_A)
_UNFINISHED = [status.value for status in lifecycle.UNFINISHED]
_CHUNK = 500
"""Most ids in one IN list: what every database takes without complaint."""

ACTION_KEYS = {
    "name": _A.c.name,
    "target": _A.c.target,
    "action": _A.c.kind,
    "created_at": _A.c.created_at,
    "status": _A.c.status,
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """How one attempt ended. ``after`` seconds later it is tried again when the status is READY.

    With ``data``, which become those of the action, that does not count as a failure.
    """

    id: str
    status: ActionStatus
    reason: str
    outputs: model.Json = dataclasses.field(default_factory=dict)
    after: float = 0.0
    data: model.Json | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Children:
    """How the children of an action fare: numbers by status, and some that failed (node id, reason)."""

    counts: Mapping[ActionStatus, int]
    failures: tuple[tuple[str, str], ...]


def enqueue(
    tx: sa.Connection, actions: Sequence[model.Action], *, lanes: Mapping[str, str | None], now: float
) -> None:
    """Write new actions, all in one statement. ``lanes`` maps targets to the hosts that the work goes to."""
    if actions:
        tx.execute(
            sa.insert(_A),
            [rows.action_columns(action, lane=lanes.get(action.target), due_at=now) for action in actions],
        )


def claim(
    tx: sa.Connection,
    *,
    engine: str,
    of_cluster: bool,
    limit: int,
    full_lanes: Collection[str],
    now: float,
    lease: float,
) -> list[model.Action]:
    """Take over up to ``limit`` ready actions that are first in line, the oldest first.

    :param full_lanes: hosts that this engine has enough work for
    """
    query = (
        sa.select(_A.c.id)
        .where(
            _A.c.status == ActionStatus.READY.value,
            _A.c.due_at <= now,
            _A.c.of_cluster.is_(of_cluster),
            sa.not_(_behind_another()),
        )
        .order_by(_A.c.created_at, _A.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=_A)
    )
    if full_lanes:
        query = query.where(sa.or_(_A.c.lane.is_(None), _A.c.lane.not_in(full_lanes)))
    ids = list(tx.execute(query).scalars())
    if not ids:
        return []
    tx.execute(
        sa.update(_A)
        .where(_A.c.id.in_(ids), _A.c.status == ActionStatus.READY.value)
        .values(
            status=ActionStatus.RUNNING.value,
            engine=engine,
            lease_until=now + lease,
            attempt=_A.c.attempt + 1,
            holds=_A.c.target,
            start_time=sa.func.coalesce(_A.c.start_time, now),
            deadline=sa.func.coalesce(_A.c.deadline, now + _A.c.timeout),
        )
    )
    mine = sa.select(_A).where(_A.c.id.in_(ids), _A.c.engine == engine).order_by(_A.c.created_at, _A.c.id)
    return [rows.action(row) for row in tx.execute(mine)]


def _behind_another() -> sa.ColumnElement[bool]:
    """Whether an action must wait in line: behind the one at work on its target, else behind an older one.

    The one at work is first in line whatever its age: clocks of machines differ, and a clock may be set back.
    """
    other = _A.alias("other")
    return sa.exists().where(
        other.c.target == _A.c.target,
        other.c.status.in_(_UNFINISHED),
        other.c.id != _A.c.id,
        sa.or_(
            other.c.holds == _A.c.target,
            sa.and_(
                _A.c.holds.is_(None),
                sa.or_(
                    other.c.created_at < _A.c.created_at,
                    sa.and_(other.c.created_at == _A.c.created_at, other.c.id < _A.c.id),
                ),
            ),
        ),
    )


def own(tx: sa.Connection, attempts: Mapping[str, int], engine: str) -> dict[str, model.Action]:
    """Lock and return those of the actions whose present attempt is still this engine's."""
    found: dict[str, model.Action] = {}
    for ids in _chunks(attempts):
        query = (
            sa.select(_A)
            .where(_A.c.id.in_(ids), _A.c.engine == engine, _A.c.status == ActionStatus.RUNNING.value)
            .with_for_update()
        )
        for row in tx.execute(query):
            if row.attempt == attempts[row.id]:
                found[row.id] = rows.action(row)
    return found


def settle(tx: sa.Connection, settlements: Sequence[Settlement], now: float) -> None:
    """Write how actions ended, those that ended alike in one statement."""
    alike: dict[tuple[Any, ...], list[Settlement]] = {}
    for one in settlements:
        alike.setdefault((one.status, one.reason, repr(one.outputs), one.after, repr(one.data)), []).append(one)
    for group in alike.values():
        first = group[0]
        values: dict[str, Any] = {
            "status": first.status.value,
            "status_reason": first.reason[: model.REASON_LIMIT],
            "engine": None,
            "lease_until": None,
        }
        if first.status == ActionStatus.READY:
            values |= {"due_at": now + first.after, "updated_at": now}
            values |= {"failures": _A.c.failures + 1} if first.data is None else {"data": first.data}
        else:
            values |= {"holds": None, "end_time": now, "plan": None}
            if first.outputs:
                values["outputs"] = first.outputs
        for ids in _chunks([one.id for one in group]):
            tx.execute(sa.update(_A).where(_A.c.id.in_(ids)).values(values))


def park(
    tx: sa.Connection,
    action: model.Action,
    *,
    plan: model.Json,
    pending: int,
    data: model.Json,
    reason: str,
    now: float,
) -> None:
    """Let an action wait for its children.

    :raises session.Stale: when it is not this attempt's any more
    """
    _fenced(
        tx,
        action,
        status=ActionStatus.WAITING.value,
        status_reason=reason,
        engine=None,
        lease_until=None,
        plan=plan,
        pending=pending,
        data=data,
        updated_at=now,
    )


def note(tx: sa.Connection, action: model.Action, **values: Any) -> None:
    """Write columns of an action that is at work.

    :raises session.Stale: when it is not this attempt's any more
    """
    _fenced(tx, action, **values)


def _fenced(tx: sa.Connection, action: model.Action, **values: Any) -> None:
    changed = tx.execute(
        sa.update(_A)
        .where(
            _A.c.id == action.id,
            _A.c.engine == action.engine,
            _A.c.attempt == action.attempt,
            _A.c.status == ActionStatus.RUNNING.value,
        )
        .values(**values)
    )
    if changed.rowcount != 1:
        raise session.Stale


def count_down(tx: sa.Connection, finished: Mapping[str, int], now: float) -> int:
    """Tell parents how many of their children have finished; the last one readies its parent. Returns how many."""
    for parent_id, count in sorted(finished.items()):
        tx.execute(sa.update(_A).where(_A.c.id == parent_id).values(pending=_A.c.pending - count))
    readied = 0
    for ids in _chunks(sorted(finished)):
        changed = tx.execute(
            sa.update(_A)
            .where(_A.c.id.in_(ids), _A.c.pending <= 0, _A.c.status == ActionStatus.WAITING.value)
            .values(status=ActionStatus.READY.value, due_at=now)
        )
        readied += changed.rowcount
    return readied


def complete_lifecycle(tx: sa.Connection, action_id: str, now: float) -> None:
    """Make an action ready that waits for the end of its lifecycle hook; any other stays as it is."""
    tx.execute(
        sa.update(_A)
        .where(_A.c.id == action_id, _A.c.status == ActionStatus.WAITING_LIFECYCLE_COMPLETION.value)
        .values(status=ActionStatus.READY.value, due_at=now, updated_at=now)
    )


def children(tx: sa.Connection, parent_id: str) -> Children:
    """Tell how the children of an action fare."""
    counts = tx.execute(
        sa.select(_A.c.status, sa.func.count()).where(_A.c.parent_id == parent_id).group_by(_A.c.status)
    )
    by_status = {ActionStatus(status): int(number) for status, number in counts}
    failures: tuple[tuple[str, str], ...] = ()
    if by_status.get(ActionStatus.FAILED) or by_status.get(ActionStatus.CANCELLED):
        query = (
            sa.select(_A.c.target, _A.c.status_reason)
            .where(
                _A.c.parent_id == parent_id,
                _A.c.status.in_([ActionStatus.FAILED.value, ActionStatus.CANCELLED.value]),
            )
            .order_by(_A.c.status.desc(), _A.c.end_time)
            .limit(3)
        )
        failures = tuple((target, reason) for target, reason in tx.execute(query))
    return Children(counts=by_status, failures=failures)


def renew(tx: sa.Connection, engine: str, ids: Collection[str], until: float) -> None:
    """Extend the leases of what an engine is at work on; what it has lost sight of runs out."""
    for chunk in _chunks(ids):
        tx.execute(
            sa.update(_A)
            .where(_A.c.id.in_(chunk), _A.c.engine == engine, _A.c.status == ActionStatus.RUNNING.value)
            .values(lease_until=until)
        )


def release(tx: sa.Connection, *, now: float, engine: str | None = None, everybody: bool = False) -> int:
    """Put back into the queue what nobody is at work on any more; returns how many actions that were.

    Those whose lease is over; with ``engine`` those of an engine that ends in order; with ``everybody`` all.
    """
    query = sa.update(_A).where(_A.c.status == ActionStatus.RUNNING.value)
    if engine is not None:
        query = query.where(_A.c.engine == engine)
    elif not everybody:
        query = query.where(_A.c.engine.is_not(None), _A.c.lease_until < now)
    changed = tx.execute(query.values(status=ActionStatus.READY.value, engine=None, lease_until=None, due_at=now))
    return changed.rowcount


def overdue(tx: sa.Connection, now: float, limit: int) -> list[model.Action]:
    """Lock and return actions that have been at work, or waiting, beyond their timeout."""
    query = (
        sa.select(_A)
        .where(
            _A.c.deadline < now,
            _A.c.status.in_([s.value for s in (ActionStatus.RUNNING, ActionStatus.WAITING, ActionStatus.READY)]),
        )
        .order_by(_A.c.deadline)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [rows.action(row) for row in tx.execute(query)]


def unfinished(
    tx: sa.Connection,
    *,
    target: str | None = None,
    parent: str | None = None,
    cluster: str | None = None,
    node_ids: Sequence[str] | None = None,
    lock: bool = True,
) -> list[model.Action]:
    """Return the actions that can still go on, locked: of a target, a parent, a cluster with its nodes, or nodes."""
    query = sa.select(_A).where(_A.c.status.in_(_UNFINISHED)).order_by(_A.c.created_at, _A.c.id)
    if lock:
        query = query.with_for_update()
    if target is not None:
        query = query.where(_A.c.target == target)
    if parent is not None:
        query = query.where(_A.c.parent_id == parent)
    if cluster is not None:
        query = query.where(sa.or_(_A.c.target == cluster, _A.c.cluster_id == cluster))
    if node_ids is not None:
        query = query.where(_A.c.target.in_(node_ids))
    return [rows.action(row) for row in tx.execute(query)]


def count_lone(tx: sa.Connection, cluster_id: str, kind: ActionKind) -> int:
    """Count the actions of a kind on single nodes of a cluster that can still go on."""
    query = sa.select(sa.func.count()).where(
        _A.c.cluster_id == cluster_id,
        _A.c.kind == kind.value,
        _A.c.parent_id.is_(None),
        _A.c.status.in_(_UNFINISHED),
    )
    return int(tx.execute(query).scalar_one())


def request_cancel(tx: sa.Connection, ids: Sequence[str], now: float) -> None:
    """Ask that actions at work end early."""
    for chunk in _chunks(ids):
        tx.execute(sa.update(_A).where(_A.c.id.in_(chunk)).values(cancelling=True, updated_at=now))


def cancelled(tx: sa.Connection, engine: str) -> set[str]:
    """Return the ids of actions that an engine has claimed and that are to end early."""
    query = sa.select(_A.c.id).where(
        _A.c.engine == engine, _A.c.status == ActionStatus.RUNNING.value, _A.c.cancelling.is_(True)
    )
    return set(tx.execute(query).scalars())


def find(tx: sa.Connection, project: str | None, identity: str) -> model.Action:
    """Find one by id, name or short id."""
    return rows.action(listing.find(tx, _ALL, _A, "action", project, identity))


def page(tx: sa.Connection, wanted: listing.Page, filters: Mapping[str, Sequence[str]]) -> list[model.Action]:
    """Return a page of actions; filters: name, target, action, status, cluster_id."""
    columns = {key: (_A.c["kind" if key == "action" else key], values) for key, values in filters.items()}
    found = listing.page(tx, _ALL, _A, wanted, keys=ACTION_KEYS, default="created_at", filters=columns)
    return [rows.action(row) for row in found]


def dependencies(tx: sa.Connection, actions: Sequence[model.Action]) -> dict[str, list[str]]:
    """Return, by parent, the children that are not finished, for each of the actions that waits."""
    waiting = [action.id for action in actions if action.status == ActionStatus.WAITING]
    out: dict[str, list[str]] = {}
    if waiting:
        query = sa.select(_A.c.parent_id, _A.c.id).where(_A.c.parent_id.in_(waiting), _A.c.status.in_(_UNFINISHED))
        for parent_id, child_id in tx.execute(query.order_by(_A.c.id)):
            out.setdefault(parent_id, []).append(child_id)
    return out


def _chunks(ids: Collection[str]) -> list[list[str]]:
    items = list(ids)
    return [items[i : i + _CHUNK] for i in range(0, len(items), _CHUNK)]
