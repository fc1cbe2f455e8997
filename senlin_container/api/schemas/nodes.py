"""The bodies and queries of nodes."""

from __future__ import annotations

from senlin_container.api import validation
from senlin_container.api.schemas import parts
from senlin_container.domain import model

NODE_CREATE = validation.Wrapped(
    "node",
    validation.Shape(
        {
            "name": parts.NAME,
            "profile_id": parts.IDENTITY,
            "cluster_id": parts.OPTIONAL_IDENTITY,
            "role": parts.TEXT,
            "metadata": parts.OBJECT,
        },
        required=("name", "profile_id"),
    ),
)
NODE_UPDATE = validation.Wrapped(
    "node",
    validation.Shape(
        {
            "name": parts.NAME,
            "profile_id": parts.IDENTITY,
            "role": parts.TEXT,
            "metadata": parts.OBJECT,
            "tainted": parts.BOOLEAN,
        },
        since={"tainted": (1, 13)},
    ),
)
NODE_CHECK = parts.action("check", validation.Shape({}))
NODE_RECOVER = parts.action("recover", validation.Shape(parts.RECOVER_PARAMETERS, since={"check": (1, 6)}))
NODE_OPERATION = validation.NamedOperation(with_filters=False)
NODE_LIST = parts.listing(
    ("name", "index", "status", "init_at", "created_at", "updated_at"),
    {
        "cluster_id": parts.TEXT,
        "name": parts.TEXT,
        "status": parts.enum([str(status) for status in model.NodeStatus]),
        "host_id": parts.TEXT,
    },
    since={"host_id": (1, 15)},
)
NODE_SHOW = validation.Query(validation.Shape({"show_details": parts.BOOLEAN}))
