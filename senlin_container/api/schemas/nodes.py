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
            "metadata": parts.METADATA,
        },
        required=("name", "profile_id"),
    ),
)
NODE_UPDATE = parts.update(
    "node",
    validation.Shape(
        {
            "name": parts.NAME,
            "profile_id": parts.IDENTITY,
            "role": parts.TEXT,
            "metadata": parts.METADATA,
            "tainted": parts.BOOLEAN,
        },
        since={"tainted": (1, 13)},
    ),
)
_ADOPTION = {
    "identity": parts.IDENTITY,
    "type": parts.NAME,
    "overrides": parts.OBJECT,
    "snapshot": parts.BOOLEAN,
}
NODE_ADOPT = validation.Wrapped(
    None,
    validation.Shape(
        {**_ADOPTION, "name": parts.NAME, "role": parts.TEXT, "metadata": parts.METADATA},
        required=("identity", "type"),
    ),
)
NODE_ADOPT_PREVIEW = validation.Wrapped(None, validation.Shape(_ADOPTION, required=("identity", "type")))
NODE_CHECK = parts.node_action("check", validation.Shape({}, is_open=True))
NODE_RECOVER = parts.node_action("recover", validation.Shape(parts.RECOVER_PARAMETERS, since={"check": (1, 6)}))
NODE_OPERATION = validation.NamedOperation(with_filters=False)
NODE_LIST = parts.listing(
    ("name", "index", "status", "init_at", "created_at", "updated_at"),
    {
        "name": parts.TEXT,
        "status": parts.enum([str(status) for status in model.NodeStatus]),
        "host_id": parts.TEXT,
    },
    single={"cluster_id": parts.TEXT},
    since={"host_id": (1, 15)},
)
NODE_SHOW = validation.Query(validation.Shape({"show_details": parts.BOOLEAN}))
