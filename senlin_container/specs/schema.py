"""A schema of a spec: validates a document and renders itself as the JSON of ``/profile-types``.

Types and constraints carry the names that Senlin's API publishes (String, Integer, Boolean, Map, List; Number is
ours). A document that does not fit raises ``errors.InvalidSpec`` with the path of the offending key.
"""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import re
from collections.abc import Mapping, Sequence
from typing import Any

from senlin_container.domain import errors


class Type(enum.StrEnum):
    """The published names of value types."""

    STRING = "String"
    INTEGER = "Integer"
    NUMBER = "Number"
    BOOLEAN = "Boolean"
    MAP = "Map"
    LIST = "List"


MISSING: Any = object()
_TEXT_LIMIT = 65536
_LIST_LIMIT = 1000
_NUMBER_LIMIT = 1e300
_INTEGER = re.compile(r"-?[0-9]{1,20}")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One key of a spec.

    ``fields`` describes the keys of a Map (None: any), ``items`` each item of a List. ``also_list`` lets a String be
    given as a list of strings, ``also_boolean`` as true or false. ``secret`` values are encrypted at rest and never
    shown; ``private`` ones are not quoted in messages.
    """

    type: Type
    description: str
    required: bool = False
    updatable: bool = False
    default: Any = MISSING
    allowed: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    fields: Mapping[str, Field] | None = None
    items: Field | None = None
    also_list: bool = False
    also_boolean: bool = False
    secret: bool = False
    private: bool = False

    @property
    def quotable(self) -> bool:
        """Whether a message may show what was given for this key."""
        inner = [*(self.fields or {}).values(), *([self.items] if self.items is not None else [])]
        return not self.secret and not self.private and all(field.quotable for field in inner)

    def render(self) -> dict[str, Any]:
        """Return the JSON that the API publishes for this key."""
        out: dict[str, Any] = {
            "description": self.description,
            "required": self.required,
            "type": self.type.value,
            "updatable": self.updatable,
        }
        if self.default is not MISSING:
            out["default"] = self.default
        constraints: list[dict[str, Any]] = []
        if self.allowed:
            constraints.append({"constraint": list(self.allowed), "type": "AllowedValues"})
        if self.minimum is not None or self.maximum is not None:
            constraints.append({"constraint": {"min": self.minimum, "max": self.maximum}, "type": "Range"})
        if constraints:
            out["constraints"] = constraints
        if self.fields is not None:
            out["schema"] = render(self.fields)
        elif self.items is not None:
            out["schema"] = {"*": self.items.render()}
        return out


def render(fields: Mapping[str, Field]) -> dict[str, Any]:
    """Return the published JSON of a whole schema."""
    return {name: field.render() for name, field in sorted(fields.items())}


def validate(fields: Mapping[str, Field], document: Any, path: str = "") -> dict[str, Any]:
    """Check a document against a schema and return it with defaults filled in and numbers as numbers.

    :raises errors.InvalidSpec: with the path of the key that is wrong, missing or unknown
    """
    if not isinstance(document, Mapping):
        raise errors.InvalidSpec(f"'{path or 'properties'}' is {_show(document)}: a map is expected.")
    for name, field in fields.items():
        if field.required and document.get(name) is None:
            raise errors.InvalidSpec(f"Required spec item '{path}{name}' not provided")
    for name in document:
        if name not in fields:
            known = ", ".join(sorted(fields))
            raise errors.InvalidSpec(f"Unrecognizable spec item '{path}{name}' (known here: {known})")
    out: dict[str, Any] = {}
    for name, field in fields.items():
        value = document.get(name)
        if value is not None:
            out[name] = _value(field, value, f"{path}{name}")
        elif field.default is not MISSING:
            out[name] = field.default
    return out


def type_name(spec: Mapping[str, Any], *, more: Sequence[str] = ()) -> str:
    """Return the ``NAME-VERSION`` that a whole spec names: ``{"type": ..., "version": ..., "properties": {...}}``.

    :param more: names of further keys that it may have
    :raises errors.InvalidSpec: when one of the two is missing, or something else is there
    """
    for key in ("type", "version"):
        if not isinstance(spec.get(key), str | int | float) or isinstance(spec.get(key), bool):
            raise errors.InvalidSpec(f"Required spec item '{key}' not provided")
    known = sorted({"type", "version", "properties", *more})
    unknown = sorted(set(spec) - set(known))
    if unknown:
        raise errors.InvalidSpec(f"Unrecognizable spec item '{unknown[0]}' (known here: {', '.join(known)})")
    return f"{spec['type']}-{spec['version']}"


def kept(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return a whole spec as it is kept and shown: as it was given, with properties that are null as none."""
    if "properties" in spec and spec["properties"] is None:
        return {**spec, "properties": {}}
    return dict(spec)


def secrets(
    fields: Mapping[str, Field], document: Mapping[str, Any], path: tuple[str, ...] = ()
) -> list[tuple[str, ...]]:
    """Return the paths of the secret values that a document holds."""
    found: list[tuple[str, ...]] = []
    for name, field in fields.items():
        value = document.get(name)
        if value is None:
            continue
        if field.secret:
            found.append((*path, name))
        elif field.fields is not None and isinstance(value, Mapping):
            found.extend(secrets(field.fields, value, (*path, name)))
    return found


def _value(field: Field, value: Any, path: str) -> Any:
    match field.type:
        case Type.STRING:
            return _string(field, value, path)
        case Type.INTEGER:
            return _bounded(field, _integer(value, path), path)
        case Type.NUMBER:
            return _bounded(field, _number(value, path), path)
        case Type.BOOLEAN:
            return _boolean(value, path)
        case Type.MAP:
            if not isinstance(value, Mapping):
                raise errors.InvalidSpec(f"'{path}'{_told(field, value)}: a map is expected.")
            return dict(value) if field.fields is None else validate(field.fields, value, f"{path}.")
        case Type.LIST:
            if not isinstance(value, Sequence) or isinstance(value, str):
                raise errors.InvalidSpec(f"'{path}'{_told(field, value)}: a list is expected.")
            _check_length(value, path)
            if field.items is None:
                return list(value)
            return [_value(field.items, item, f"{path}[{i}]") for i, item in enumerate(value)]


def _string(field: Field, value: Any, path: str) -> Any:
    if field.also_list and isinstance(value, Sequence) and not isinstance(value, str):
        _check_length(value, path)
        return [_text(item, f"{path}[{i}]", secret=field.secret) for i, item in enumerate(value)]
    if field.also_boolean and isinstance(value, bool):
        value = str(value).lower()
    text = _text(value, path, secret=field.secret)
    if field.allowed and text not in field.allowed:
        raise errors.InvalidSpec(f"'{path}': '{text}' must be one of the allowed values: {', '.join(field.allowed)}")
    return text


def _check_length(items: Sequence[Any], path: str) -> None:
    if len(items) > _LIST_LIMIT:
        raise errors.InvalidSpec(f"'{path}' has {len(items)} items: at most {_LIST_LIMIT} are expected.")


def _text(value: Any, path: str, *, secret: bool = False) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        shown = "not" if secret else f"{_show(value)}, not"
        raise errors.InvalidSpec(f"'{path}' is {shown} a valid String")
    text = str(value)
    if "\x00" in text or len(text) > _TEXT_LIMIT:
        raise errors.InvalidSpec(f"'{path}' holds a NUL character or is longer than {_TEXT_LIMIT} characters.")
    return text


def _integer(value: Any, path: str) -> int:
    if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise errors.InvalidSpec(f"'{path}': the value {_show(value)} is not a valid Integer")
    if abs(value) >= 2**31:
        raise errors.InvalidSpec(f"'{path}': the value {_show(value)} is out of range: less than 2**31 is expected.")
    return value


def _number(value: Any, path: str) -> float:
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            value = float(value)
    # an integer may be too large for a float, which neither infinity nor a bound would tell
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _NUMBER_LIMIT:
        raise errors.InvalidSpec(f"'{path}': the value {_show(value)} is not a valid Number")
    return float(value)


def _boolean(value: Any, path: str) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise errors.InvalidSpec(f"'{path}': the value {_show(value)} is not a valid Boolean")


def _bounded(field: Field, value: Any, path: str) -> Any:
    if field.minimum is not None and value < field.minimum:
        raise errors.InvalidSpec(f"'{path}' is {value}: at least {field.minimum:g} is expected.")
    if field.maximum is not None and value > field.maximum:
        raise errors.InvalidSpec(f"'{path}' is {value}: at most {field.maximum:g} is expected.")
    return value


def _told(field: Field, value: Any) -> str:
    return f" is {_show(value)}" if field.quotable else ""


def _show(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
