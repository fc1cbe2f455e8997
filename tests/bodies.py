"""Bodies of requests that fit an operation of the API and say as little as can be."""

from __future__ import annotations

import re
from typing import Any

from senlin_container.api import operation as operation_module

_CHANGES: dict[str, dict[str, Any]] = {
    "action_update": {"action": {"status": "CANCELLED"}},
    "cluster_resize": {"resize": {"max_size": 3}},
    "cluster_update": {"cluster": {"name": "x"}},
    "node_update": {"node": {"name": "x"}},
    "policy_update": {"policy": {"name": "x"}},
    "profile_update": {"profile": {"name": "x"}},
    "receiver_update": {"receiver": {"name": "x"}},
}
"""Where the smallest body that fits the schema asks for nothing."""


def path_of(operation: operation_module.Operation, identity: str) -> str:
    """Return the path of an operation with the same identity for each of its variables that stand for objects."""
    return re.sub(r"\{\w+\}", identity, operation.path.replace("{path}", "name"))


def body_of(operation: operation_module.Operation) -> Any:
    """Return a body; None for an operation that has none."""
    if operation.body is None:
        return None
    return _CHANGES.get(operation.name) or smallest(operation.body.schema())


def smallest(schema: Any) -> Any:
    """Return the smallest value that fits a schema."""
    if "enum" in schema:
        return schema["enum"][0]
    match schema["type"]:
        case "object":
            properties = schema.get("properties", {})
            document = {name: smallest(properties[name]) for name in schema.get("required", ())}
            if schema.get("minProperties") and not document:
                document = {"x": {} if schema.get("maxProperties") == 1 else "y"}
            return document
        case "array":
            return [smallest(schema["items"])]
        case "string":
            return "x"
        case "integer" | "number":
            return max(schema.get("minimum", 1), 1)
    return True
