"""Specs of profiles and policies as JSON Schemas, from the form in which their types are published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from senlin_container.api import answers

Published = Mapping[str, Mapping[str, Any]]

_TYPES = {
    "String": "string",
    "Integer": "integer",
    "Number": "number",
    "Boolean": "boolean",
    "Map": "object",
    "List": "array",
}
_ANY_ITEM = "*"
_BOUNDS = {"min": "minimum", "max": "maximum"}


class SpecType(Protocol):
    """A type of profiles or policies."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def version(self) -> str:
        """Its version."""

    @property
    def full_name(self) -> str:
        """Both, ``NAME-VERSION``."""

    def schema_json(self) -> Published:
        """Return the schema of its properties as it is published."""


def of_types(types: Iterable[SpecType]) -> dict[str, Any]:
    """Return the schema of a spec of any of the types."""
    return {"anyOf": [_of_type(type_) for type_ in types]}


def _of_type(type_: SpecType) -> dict[str, Any]:
    properties = of_properties(type_.schema_json())
    schema = answers.closed(
        {"type": {"const": type_.name}, "version": {"const": type_.version}, "properties": properties},
        ["type", "version", *(["properties"] if properties["required"] else [])],
    )
    return {"title": type_.full_name, **schema}


def of_properties(published: Published) -> dict[str, Any]:
    """Return the schema of an object from what is published of its properties."""
    required = [name for name, field in published.items() if field.get("required")]
    return answers.closed({name: _of_field(field) for name, field in published.items()}, required)


def _of_field(field: Mapping[str, Any]) -> dict[str, Any]:
    inner = field.get("schema")
    if inner is None:
        schema: dict[str, Any] = {"type": _TYPES[field["type"]]}
    elif _ANY_ITEM in inner:
        schema = {"type": "array", "items": _of_field(inner[_ANY_ITEM])}
    else:
        schema = of_properties(inner)
    schema["description"] = field["description"]
    if "default" in field:
        schema["default"] = field["default"]
    for constraint in field.get("constraints", ()):
        given = constraint["constraint"]
        if constraint["type"] == "AllowedValues":
            schema["enum"] = list(given)
        elif constraint["type"] == "Range":
            schema.update({_BOUNDS[end]: bound for end, bound in given.items() if bound is not None})
    return schema
