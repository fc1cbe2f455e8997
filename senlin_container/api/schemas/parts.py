"""What the schemas of bodies and queries are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from senlin_container.api import validation, versions

Schema = Mapping[str, Any]

INT32 = 2**31 - 1


def integer(minimum: int) -> Schema:
    """Return the schema of an integer that every database can hold."""
    return {"type": "integer", "minimum": minimum, "maximum": INT32}


NAME: Schema = {"type": "string", "minLength": 1, "maxLength": 255, "format": "printable"}
IDENTITY = NAME
OPTIONAL_IDENTITY: Schema = {"type": "string", "maxLength": 255}
OBJECT: Schema = {"type": "object"}
METADATA: Schema = {"type": "object", "maxProperties": 1000, validation.MAX_BYTES: 65536}
"""Names and values that are shown in every list, so there is a bound to what all of them take."""
BOOLEAN: Schema = {"type": "boolean"}
TEXT: Schema = {"type": "string", "maxLength": 255}
_VALUES = 100
"""How often a filter may be given, which is as many parameters as a query may have."""


def enum(values: Sequence[str]) -> Schema:
    """Return the schema of one of a few words."""
    return {"type": "string", "enum": list(values)}


def update(key: str, shape: validation.Shape) -> validation.Wrapped:
    """Return the body of an update, ``{"KEY": {...}}``."""
    return validation.Wrapped(key, shape, missing="Malformed request data, missing '{key}' key in request body.")


def cluster_action(name: str, shape: validation.Shape, rule: validation.Rule | None = None) -> validation.Wrapped:
    """Return the body of an action on a cluster, ``{"NAME": {...}}``; null stands for no parameters."""
    return validation.Wrapped(name, shape, rule=rule, may_be_null=True, no_object="The data provided is not a map")


def node_action(name: str, shape: validation.Shape) -> validation.Wrapped:
    """Return the body of an action on a node, ``{"NAME": {...}}``; null stands for no parameters."""
    return validation.Wrapped(name, shape, may_be_null=True, no_object="The params provided is not a map.")


RECOVER_PARAMETERS: Mapping[str, Schema] = {
    "operation": NAME,
    "operation_params": OBJECT,
    "check": BOOLEAN,
}


def any_of(schema: Schema) -> Schema:
    """Return the schema of a filter that may be given several times: one of its values must fit."""
    return {"type": "array", "items": schema, "minItems": 1, "maxItems": _VALUES}


def listing(
    sort_keys: Sequence[str],
    filters: Mapping[str, Schema],
    *,
    single: Mapping[str, Schema] | None = None,
    since: Mapping[str, versions.Version] | None = None,
) -> validation.Query:
    """Return the query of a list.

    :param filters: those that may be given several times, with the schema of each value
    :param single: those that may be given once
    :param since: from which version on there is a filter
    """
    return validation.Query(
        validation.Shape(
            {
                "limit": integer(0),
                "marker": {"type": "string", "format": "uuid"},
                "sort": TEXT,
                "global_project": BOOLEAN,
                **{name: any_of(schema) for name, schema in filters.items()},
                **(single or {}),
            },
            since=since,
        ),
        sort_keys=sort_keys,
    )


PAGING = frozenset({"limit", "marker", "sort", "global_project"})
"""The parameters of a list that choose a page; the others are filters."""

DELETE = validation.Wrapped(None, validation.Shape({"force": BOOLEAN}, since={"force": (1, 8)}))
"""The body of a deletion, which most clients leave out."""
