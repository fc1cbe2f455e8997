"""The bodies and queries of the API, as JSON Schemas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from senlin_container.api import faults, validation
from senlin_container.domain import model

_Schema = Mapping[str, Any]

_INT32 = 2**31 - 1


def _integer(minimum: int) -> _Schema:
    return {"type": "integer", "minimum": minimum, "maximum": _INT32}


_NAME: _Schema = {"type": "string", "minLength": 1, "maxLength": 255, "format": "printable"}
_IDENTITY = _NAME
_OPTIONAL_IDENTITY: _Schema = {"type": "string", "maxLength": 255}
_OBJECT: _Schema = {"type": "object"}
_BOOLEAN: _Schema = {"type": "boolean"}
_TEXT: _Schema = {"type": "string", "maxLength": 255}


def _enum(values: Sequence[str]) -> _Schema:
    return {"type": "string", "enum": list(values)}


# Profiles

PROFILE_CREATE = validation.Wrapped(
    "profile",
    validation.Shape({"name": _NAME, "spec": _OBJECT, "metadata": _OBJECT}, required=("name", "spec")),
)
PROFILE_UPDATE = validation.Wrapped("profile", validation.Shape({"name": _NAME, "metadata": _OBJECT}))
PROFILE_VALIDATE = validation.Wrapped("profile", validation.Shape({"spec": _OBJECT}, required=("spec",)))

# Clusters

CLUSTER_CREATE = validation.Wrapped(
    "cluster",
    validation.Shape(
        {
            "name": _NAME,
            "profile_id": _IDENTITY,
            "min_size": _integer(0),
            "max_size": _integer(model.UNBOUNDED),
            "desired_capacity": _integer(0),
            "timeout": _integer(1),
            "metadata": _OBJECT,
            "config": _OBJECT,
        },
        required=("name", "profile_id"),
    ),
)
CLUSTER_UPDATE = validation.Wrapped(
    "cluster",
    validation.Shape(
        {
            "name": _NAME,
            "profile_id": _IDENTITY,
            "timeout": _integer(1),
            "metadata": _OBJECT,
            "config": _OBJECT,
            "profile_only": _BOOLEAN,
        },
        since={"profile_only": (1, 6)},
    ),
)
DELETE = validation.Wrapped(None, validation.Shape({"force": _BOOLEAN}, since={"force": (1, 8)}))

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


def _action(name: str, shape: validation.Shape, rule: validation.Rule | None = None) -> validation.Wrapped:
    return validation.Wrapped(name, shape, rule=rule, may_be_null=True)


_NODES: _Schema = {"type": "array", "items": _IDENTITY, "minItems": 1, "uniqueItems": True}
_RECOVER_PARAMETERS: Mapping[str, _Schema] = {
    "operation": _NAME,
    "operation_params": _OBJECT,
    "check": _BOOLEAN,
}

CLUSTER_ADD_NODES = _action("add_nodes", validation.Shape({"nodes": _NODES}, required=("nodes",)))
CLUSTER_DEL_NODES = _action(
    "del_nodes",
    validation.Shape(
        {"nodes": _NODES, "destroy_after_deletion": _BOOLEAN},
        required=("nodes",),
        since={"destroy_after_deletion": (1, 4)},
    ),
)
CLUSTER_REPLACE_NODES = _action(
    "replace_nodes",
    validation.Shape(
        {"nodes": {"type": "object", "minProperties": 1, "additionalProperties": _IDENTITY}}, required=("nodes",)
    ),
)
CLUSTER_RESIZE = _action(
    "resize",
    validation.Shape(
        {
            "adjustment_type": _enum(ADJUSTMENTS),
            "number": {"type": "number", "minimum": -_INT32, "maximum": _INT32},
            "min_size": _integer(0),
            "max_size": _integer(model.UNBOUNDED),
            "min_step": _integer(0),
            "strict": _BOOLEAN,
        }
    ),
    _resize_rule,
)
CLUSTER_SCALE_IN = _action("scale_in", validation.Shape({"count": _integer(0)}))
CLUSTER_SCALE_OUT = _action("scale_out", validation.Shape({"count": _integer(0)}))
CLUSTER_CHECK = _action("check", validation.Shape({}))
CLUSTER_RECOVER = _action(
    "recover",
    validation.Shape({**_RECOVER_PARAMETERS, "check_capacity": _BOOLEAN}, since={"check": (1, 6)}),
)
CLUSTER_OPERATION = validation.NamedOperation(with_filters=True)

# Nodes

NODE_CREATE = validation.Wrapped(
    "node",
    validation.Shape(
        {
            "name": _NAME,
            "profile_id": _IDENTITY,
            "cluster_id": _OPTIONAL_IDENTITY,
            "role": _TEXT,
            "metadata": _OBJECT,
        },
        required=("name", "profile_id"),
    ),
)
NODE_UPDATE = validation.Wrapped(
    "node",
    validation.Shape(
        {"name": _NAME, "profile_id": _IDENTITY, "role": _TEXT, "metadata": _OBJECT, "tainted": _BOOLEAN},
        since={"tainted": (1, 13)},
    ),
)
NODE_CHECK = _action("check", validation.Shape({}))
NODE_RECOVER = _action("recover", validation.Shape(_RECOVER_PARAMETERS, since={"check": (1, 6)}))
NODE_OPERATION = validation.NamedOperation(with_filters=False)

# Actions

ACTION_UPDATE = validation.Wrapped("action", validation.Shape({"status": _NAME}, required=("status",)))

# Queries


def _listing(sort_keys: Sequence[str], filters: Mapping[str, _Schema]) -> validation.Query:
    return validation.Query(
        validation.Shape(
            {
                "limit": _integer(0),
                "marker": _IDENTITY,
                "sort": _TEXT,
                "global_project": _BOOLEAN,
                **filters,
            }
        ),
        sort_keys=sort_keys,
    )


PAGING = frozenset({"limit", "marker", "sort", "global_project"})
"""The parameters of a list that choose a page; the others are filters."""

PROFILE_LIST = _listing(("name", "type", "created_at", "updated_at"), {"name": _TEXT, "type": _TEXT})
CLUSTER_LIST = _listing(
    ("name", "status", "init_at", "created_at", "updated_at"),
    {"name": _TEXT, "status": _enum([str(status) for status in model.ClusterStatus])},
)
NODE_LIST = _listing(
    ("name", "index", "status", "init_at", "created_at", "updated_at"),
    {"cluster_id": _TEXT, "name": _TEXT, "status": _enum([str(status) for status in model.NodeStatus])},
)
NODE_SHOW = validation.Query(validation.Shape({"show_details": _BOOLEAN}))
ACTION_LIST = _listing(
    ("name", "target", "action", "created_at", "status"),
    {
        "name": _TEXT,
        "target": _TEXT,
        "action": _TEXT,
        "status": _enum([str(status) for status in model.ActionStatus]),
        "cluster_id": _TEXT,
    },
)
ACTION_FORCE = validation.Query(validation.Shape({"force": _BOOLEAN}))
EVENT_LIST = _listing(
    ("timestamp", "level", "otype", "oname", "action", "status", "oid", "cluster_id"),
    {"oid": _TEXT, "otype": _TEXT, "oname": _TEXT, "cluster_id": _TEXT, "action": _TEXT, "level": _TEXT},
)
