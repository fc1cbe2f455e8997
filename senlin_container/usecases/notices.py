"""What others are told of what happened: small documents without secrets, and without a version.

Keys may be added to them, and none will change its meaning.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from senlin_container.domain import model
from senlin_container.drivers import notifier
from senlin_container.usecases import records

DATABASE = "database"
MESSAGE = "message"

_PRIORITIES = {records.INFO: "info", records.WARNING: "warn", records.ERROR: "error"}


def listener(put: Callable[[Iterable[notifier.Notice]], None], *, events: bool) -> Callable[[Sequence[object]], None]:
    """Return what the database tells of each commit.

    :param put: takes the notices
    :param events: whether event records are sent as well
    """

    def listen(things: Sequence[object]) -> None:
        found = (_notice(thing, events=events) for thing in things)
        put([one for one in found if one is not None])

    return listen


def _notice(thing: object, *, events: bool) -> notifier.Notice | None:
    match thing:
        case records.Change():
            return _of_change(thing)
        case records.Finding():
            return _of_event(thing.event, "")
        case model.Event() if events:
            return _of_event(thing, "event.")
    return None


def _of_change(change: records.Change) -> notifier.Notice:
    action = change.action
    priority = "info"
    if change.phase == records.Phase.ERROR:
        priority = "warn" if change.status == model.ActionStatus.CANCELLED else "error"
    payload = {
        "action": action.kind.value,
        "action_id": action.id,
        "cause": action.cause,
        "cluster_id": action.cluster_id,
        "name": action.name,
        "parent_id": action.parent_id,
        "status": change.status.value,
        "status_reason": change.reason[: model.REASON_LIMIT],
        "target": action.target,
        "timestamp": _time(change.at),
        **_owner(action.owner),
    }
    return notifier.Notice(kind=_kind(action.kind.value, change.phase.value), priority=priority, payload=payload)


def _of_event(event: model.Event, prefix: str) -> notifier.Notice:
    payload = {
        "action": event.action,
        "cluster_id": event.cluster_id,
        "event_id": event.id,
        "level": event.level,
        "oid": event.oid,
        "oname": event.oname,
        "otype": event.otype,
        "status": event.status,
        "status_reason": event.status_reason[: model.REASON_LIMIT],
        "timestamp": _time(event.timestamp),
        **_owner(event.owner),
    }
    kind = prefix + _kind(event.action, event.status)
    return notifier.Notice(kind=kind, priority=_PRIORITIES.get(event.level, "info"), payload=payload)


def _kind(action: str, phase: str) -> str:
    """Return, for example, ``cluster.scale_out.end``."""
    what, _, verb = action.lower().partition("_")
    return f"{what}.{verb}.{phase}"


def _owner(owner: model.Owner) -> dict[str, Any]:
    return {"domain": owner.domain, "project": owner.project, "user": owner.user}


def _time(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat(timespec="milliseconds")
