"""Making the records of a change: its action and its events."""

from __future__ import annotations

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
        name=f"{kind.value.lower()}_{target[:8]}",
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
