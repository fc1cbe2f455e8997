"""Making the records of a change: its action and its events."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from typing import Any

from senlin_container.domain import model

REQUESTED = "RPC Request"
"""The cause of what a user asked for; the word is Senlin's."""

DERIVED = "Derived Action"
"""The cause of what follows from another action."""

HEALTH = "Health Check"
"""The cause of what the engine does by itself about a node that is not well."""

INFO = "INFO"
WARNING = "WARNING"
ERROR = "ERROR"


class Phase(enum.StrEnum):
    """How far an action is."""

    START = "start"
    END = "end"
    ERROR = "error"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An action that began or ended, as whoever listens is told of it."""

    action: model.Action
    phase: Phase
    status: model.ActionStatus
    reason: str
    at: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """An event that no action stands behind: something was found to be so."""

    event: model.Event


def started(action: model.Action, now: float) -> Change:
    """Tell of an action that begins."""
    return Change(action=action, phase=Phase.START, status=action.status, reason="", at=now)


def ended(action: model.Action, status: model.ActionStatus, reason: str, now: float) -> Change:
    """Tell of an action that is over."""
    phase = Phase.END if status == model.ActionStatus.SUCCEEDED else Phase.ERROR
    return Change(action=action, phase=phase, status=status, reason=reason, at=now)


def action(
    *,
    id_: str,
    kind: model.ActionKind,
    target: str,
    cluster_id: str | None,
    owner: model.Owner,
    timeout: int,
    now: float,
    inputs: Mapping[str, Any] | None = None,
    cause: str = REQUESTED,
    parent_id: str | None = None,
) -> model.Action:
    """Make an action that is ready to be claimed."""
    return model.Action(
        id=id_,
        name=f"{_word(kind)}_{target[:8]}",
        kind=kind,
        target=target,
        cluster_id=cluster_id,
        parent_id=parent_id,
        cause=cause,
        owner=owner,
        engine=None,
        attempt=0,
        failures=0,
        status=model.ActionStatus.READY,
        status_reason="",
        timeout=timeout,
        inputs=dict(inputs or {}),
        outputs={},
        data={},
        plan=None,
        pending=0,
        cancelling=False,
        created_at=now,
    )


def _word(kind: model.ActionKind) -> str:
    """Return what the names of actions of a kind begin with, which clients know from Senlin."""
    word = kind.value.lower()
    return word.removeprefix("cluster_") if word.endswith("_policy") else word


def event(
    *, id_: str, about: model.Cluster | model.Node, action: str, status: str, reason: str, level: str, now: float
) -> model.Event:
    """Make an event about a cluster or a node."""
    is_cluster = isinstance(about, model.Cluster)
    return model.Event(
        id=id_,
        timestamp=now,
        level=level,
        otype="CLUSTER" if is_cluster else "NODE",
        oid=about.id,
        oname=about.name,
        cluster_id=about.id if isinstance(about, model.Cluster) else about.cluster_id,
        action=action,
        status=status,
        status_reason=reason,
        owner=about.owner,
        metadata={},
    )
