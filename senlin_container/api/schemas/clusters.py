"""The bodies and queries of clusters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from senlin_container.api import faults, validation
from senlin_container.api.schemas import parts
from senlin_container.domain import model

CLUSTER_CREATE = validation.Wrapped(
    "cluster",
    validation.Shape(
        {
            "name": parts.NAME,
            "profile_id": parts.IDENTITY,
            "min_size": parts.integer(0),
            "max_size": parts.integer(model.UNBOUNDED),
            "desired_capacity": parts.integer(0),
            "timeout": parts.integer(1),
            "metadata": parts.METADATA,
            "config": parts.METADATA,
        },
        required=("name", "profile_id"),
    ),
)
CLUSTER_UPDATE = parts.update(
    "cluster",
    validation.Shape(
        {
            "name": parts.NAME,
            "profile_id": parts.IDENTITY,
            "timeout": parts.integer(1),
            "metadata": parts.METADATA,
            "config": parts.METADATA,
            "profile_only": parts.BOOLEAN,
        },
        since={"profile_only": (1, 6)},
    ),
)

ADJUSTMENTS = ("EXACT_CAPACITY", "CHANGE_IN_CAPACITY", "CHANGE_IN_PERCENTAGE")


def _resize_rule(values: Mapping[str, Any]) -> None:
    kind, number = values.get("adjustment_type"), values.get("number")
    if kind is None and number is not None:
        raise faults.malformed("Missing adjustment_type value for size adjustment.")
    if kind is not None and number is None:
        raise faults.malformed("Missing number value for size adjustment.")
    if kind in ("EXACT_CAPACITY", "CHANGE_IN_CAPACITY") and not isinstance(number, int):
        raise faults.malformed(f"The value for number must be an integer: '{number}'.")
    if kind == "EXACT_CAPACITY" and number is not None and number < 0:
        raise faults.malformed("The value for the number field must be greater than or equal to 0.")
    low, high = values.get("min_size"), values.get("max_size")
    if low is not None and high is not None and model.UNBOUNDED < high < low:
        raise faults.malformed(f"The specified min_size ({low}) is greater than the specified max_size ({high}).")


_MOST_NODES = 1000
"""How many nodes a request may name; each is looked up."""

_NODES: parts.Schema = {
    "type": "array",
    "items": parts.IDENTITY,
    "minItems": 1,
    "maxItems": _MOST_NODES,
    "uniqueItems": True,
}


CLUSTER_ADD_NODES = parts.cluster_action("add_nodes", validation.Shape({"nodes": _NODES}, required=("nodes",)))
CLUSTER_DEL_NODES = parts.cluster_action(
    "del_nodes",
    validation.Shape(
        {"nodes": _NODES, "destroy_after_deletion": parts.BOOLEAN},
        required=("nodes",),
        since={"destroy_after_deletion": (1, 4)},
    ),
)
CLUSTER_REPLACE_NODES = parts.cluster_action(
    "replace_nodes",
    validation.Shape(
        {
            "nodes": {
                "type": "object",
                "minProperties": 1,
                "maxProperties": _MOST_NODES,
                "additionalProperties": parts.IDENTITY,
            }
        },
        required=("nodes",),
    ),
)
CLUSTER_RESIZE = parts.cluster_action(
    "resize",
    validation.Shape(
        {
            "adjustment_type": parts.enum(ADJUSTMENTS),
            "number": {"type": "number", "minimum": -parts.INT32, "maximum": parts.INT32},
            "min_size": parts.integer(0),
            "max_size": parts.integer(model.UNBOUNDED),
            "min_step": parts.integer(0),
            "strict": parts.BOOLEAN,
        }
    ),
    _resize_rule,
)
CLUSTER_SCALE_IN = parts.cluster_action("scale_in", validation.Shape({"count": parts.integer(0)}))
CLUSTER_SCALE_OUT = parts.cluster_action("scale_out", validation.Shape({"count": parts.integer(0)}))
CLUSTER_CHECK = parts.cluster_action("check", validation.Shape({}, is_open=True))
CLUSTER_RECOVER = parts.cluster_action(
    "recover",
    validation.Shape({**parts.RECOVER_PARAMETERS, "check_capacity": parts.BOOLEAN}, since={"check": (1, 6)}),
)
CLUSTER_COMPLETE_LIFECYCLE = parts.cluster_action(
    "complete_lifecycle",
    validation.Shape({"lifecycle_action_token": parts.IDENTITY}, required=("lifecycle_action_token",)),
)
CLUSTER_OPERATION = validation.NamedOperation(with_filters=True)
CLUSTER_LIST = parts.listing(
    ("name", "status", "init_at", "created_at", "updated_at"),
    {"name": parts.TEXT, "status": parts.enum([str(status) for status in model.ClusterStatus])},
)
