"""The bodies and queries of actions and events."""

from __future__ import annotations

from senlin_container.api import validation
from senlin_container.api.schemas import parts
from senlin_container.domain import model

ACTION_UPDATE = validation.Wrapped("action", validation.Shape({"status": parts.NAME}, required=("status",)))
ACTION_LIST = parts.listing(
    ("name", "target", "action", "created_at", "status"),
    {
        "name": parts.TEXT,
        "target": parts.TEXT,
        "action": parts.TEXT,
        "status": parts.enum([str(status) for status in model.ActionStatus]),
        "cluster_id": parts.TEXT,
    },
    since={"cluster_id": (1, 14)},
)
ACTION_FORCE = validation.Query(validation.Shape({"force": parts.BOOLEAN}))
EVENT_LIST = parts.listing(
    ("timestamp", "level", "otype", "oname", "action", "status", "oid", "cluster_id"),
    {
        "oid": parts.TEXT,
        "otype": parts.TEXT,
        "oname": parts.TEXT,
        "cluster_id": parts.TEXT,
        "action": parts.enum([str(kind) for kind in model.ActionKind]),
        "level": parts.enum(model.EVENT_LEVELS),
    },
)
