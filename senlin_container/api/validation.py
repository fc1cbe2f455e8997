"""Checking bodies and queries against JSON Schemas, and saying what is wrong in the words of the v1 API.

Clients send null for what they leave out, and numbers and booleans as text: nulls are dropped and such text is
converted before a schema sees it. Schemas are compiled when the module that declares them is imported.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import jsonschema
from jsonschema import exceptions, validators

from senlin_container.api import faults, versions

Rule = Callable[[Mapping[str, Any]], None]
Sentence = Callable[[exceptions.ValidationError], str]

MAX_BYTES = "x-max-bytes"
"""A keyword of our own: how many bytes a value may take as JSON."""

_FORMATS = jsonschema.FormatChecker(formats=())
_TRUE = ("1", "on", "t", "true", "y", "yes")
_FALSE = ("0", "f", "false", "n", "no", "off")
_INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d{1,18})?", re.ASCII)


@_FORMATS.checks("printable")  # type: ignore[untyped-decorator]
def _printable(value: object) -> bool:
    return not isinstance(value, str) or (value.isprintable() and not value.isspace())


@_FORMATS.checks("uuid")  # type: ignore[untyped-decorator]
def _uuid(value: object) -> bool:
    return not isinstance(value, str) or _UUID.fullmatch(value) is not None


def _is_integer(_checker: object, value: object) -> bool:
    # JSON Schema takes 3.0 for an integer; the API does not.
    return isinstance(value, int) and not isinstance(value, bool)


def _within(_validator: object, most: int, value: object, _schema: object) -> Iterator[exceptions.ValidationError]:
    if len(json.dumps(value, ensure_ascii=False).encode("utf-8")) > most:
        yield exceptions.ValidationError("too large")


_Validator: Any = validators.extend(
    jsonschema.Draft202012Validator,
    validators={MAX_BYTES: _within},
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)


class Shape:
    """A flat JSON object: its properties, which of them must be there, and since which version.

    :param is_open: whether there may be others, of which nothing is taken over
    """

    def __init__(
        self,
        properties: Mapping[str, Mapping[str, Any]],
        *,
        required: Sequence[str] = (),
        since: Mapping[str, versions.Version] | None = None,
        is_open: bool = False,
    ) -> None:
        self.since: Mapping[str, versions.Version] = since or {}
        self.schema: Mapping[str, Any] = {
            "type": "object",
            "properties": properties,
            "required": list(required),
            "additionalProperties": is_open,
        }
        self._is_open = is_open
        _Validator.check_schema(self.schema)
        self._validator = _Validator(self.schema, format_checker=_FORMATS)
        self._known = properties
        self._convert = {
            name: _CONVERTERS[schema["type"]]
            for name, schema in properties.items()
            if schema.get("type") in _CONVERTERS
        }

    def unknown(self, given: Mapping[str, Any], version: versions.Version) -> list[str]:
        """Return the names that this version does not know, in their order."""
        strange = [] if self._is_open else [name for name in given if name not in self._known]
        return strange + [name for name, since in self.since.items() if name in given and since > version]

    def check(self, given: Mapping[str, Any], *, sentence: Sentence | None = None) -> dict[str, Any]:
        """Return the given properties with their types, without those that are null.

        :param sentence: says what is wrong; without it, in the words for bodies
        :raises faults.Fault: 400 when they do not fit
        """
        values = {}
        for name, value in given.items():
            if value is not None and not (self._is_open and name not in self._known):
                convert = self._convert.get(name)
                values[name] = convert(value) if convert else value
        if not values and not self.schema["required"]:
            return values  # most of the reads have no query at all
        error = next(self._validator.iter_errors(values), None)
        if error is not None:
            raise faults.malformed((sentence or body_sentence)(error))
        return values


class Body(Protocol):
    """What an operation expects as body."""

    def read(self, document: Mapping[str, Any], version: versions.Version) -> dict[str, Any]:
        """Return the part of a document that concerns the operation, checked.

        :raises faults.Fault: 400 when the document does not fit
        """

    def schema(self) -> Mapping[str, Any]:
        """Return the JSON Schema of the whole document."""


class Wrapped:
    """A body whose content sits under one key, such as ``{"profile": {...}}``, or under none.

    :param key: the key; None when the document itself is the content
    :param rule: what else must hold of the content, beyond its shape
    :param may_be_null: whether null (and, without a key, an empty body) stands for no content
    :param missing: what is said of a document without the key
    :param no_object: what is said of a content that is no object
    """

    def __init__(
        self,
        key: str | None,
        shape: Shape,
        *,
        rule: Rule | None = None,
        may_be_null: bool = False,
        missing: str = "Request body missing '{key}' key.",
        no_object: str = "The value for {key} must be an object: '{value}'.",
    ) -> None:
        self.key = key
        self.shape = shape
        self._rule = rule
        self._may_be_null = may_be_null
        self._missing = missing
        self._no_object = no_object

    def read(self, document: Mapping[str, Any], version: versions.Version) -> dict[str, Any]:
        """Return the checked content; see :class:`Body`."""
        content = self._content(document)
        unknown = self.shape.unknown(content, version)
        if unknown:
            raise _unexpected(unknown)
        values = self.shape.check(content)
        if self._rule is not None:
            self._rule(values)
        return values

    def schema(self) -> Mapping[str, Any]:
        """Return the JSON Schema of the whole document; see :class:`Body`."""
        if self.key is None:
            return self.shape.schema
        return {
            "type": "object",
            "properties": {self.key: self.shape.schema},
            "required": [self.key],
            "additionalProperties": False,
        }

    def _content(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        if self.key is None:
            return document
        if self.key not in document or (document[self.key] is None and not self._may_be_null):
            raise faults.malformed(self._missing.format(key=self.key))
        if len(document) > 1:
            raise _unexpected([name for name in document if name != self.key])
        content = document[self.key]
        if content is None:
            return {}
        if not isinstance(content, dict):
            raise faults.malformed(self._no_object.format(key=self.key, value=faults.shorten(content)))
        return content


class NamedOperation:
    """A body with one key, the name of a profile's operation, and its parameters: ``{"reboot": {"type": "SOFT"}}``.

    :param with_filters: whether ``{"reboot": {"params": {...}, "filters": {...}}}`` is understood as well

    What it reads has the keys ``operation``, ``params`` and, where understood, ``filters``.
    """

    def __init__(self, *, with_filters: bool) -> None:
        self._with_filters = with_filters

    def read(self, document: Mapping[str, Any], version: versions.Version) -> dict[str, Any]:  # noqa: ARG002
        """Return the name and the parameters, in every version alike; see :class:`Body`."""
        if not document:
            raise faults.malformed("No operation specified.")
        if len(document) > 1:
            raise faults.malformed("Multiple operations specified.")
        ((name, content),) = document.items()
        if content is None:
            content = {}
        if not isinstance(content, dict):
            raise faults.malformed(f"The parameters of '{faults.shorten(name)}' must be an object.")
        if not self._with_filters:
            return {"operation": name, "params": content}
        # The public client sends the parameters bare, the published samples have them under a key of their own.
        structured = bool(content) and set(content) <= {"params", "filters"}
        params, filters = (content.get("params"), content.get("filters")) if structured else (content, None)
        for key, value in (("params", params), ("filters", filters)):
            if value is not None and not isinstance(value, dict):
                raise faults.malformed(f"The value for {key} must be an object: '{faults.shorten(value)}'.")
        return {"operation": name, "params": params or {}, "filters": filters or {}}

    def schema(self) -> Mapping[str, Any]:
        """Return the JSON Schema of the whole document; see :class:`Body`."""
        return {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": {"type": ["object", "null"]},
        }


class Query:
    """The query of an operation: its parameters, and the keys that its ``sort`` understands.

    A parameter that is an array may be given several times, all others once.
    """

    def __init__(self, parameters: Shape, *, sort_keys: Sequence[str] = ()) -> None:
        self.parameters = parameters
        self.sort_keys = tuple(sort_keys)
        self._arrays = frozenset(
            name for name, schema in parameters.schema["properties"].items() if schema.get("type") == "array"
        )

    def read(self, pairs: Sequence[tuple[str, str]], version: versions.Version) -> dict[str, Any]:
        """Return the checked parameters; arrays become tuples, and ``sort`` a tuple of (key, descending).

        :raises faults.Fault: 400 when a parameter is unknown, does not fit, or is no array and given twice
        """
        given: dict[str, Any] = {}
        for name, value in pairs:
            if name in self._arrays:
                given.setdefault(name, []).append(value)
                continue
            if name in given:
                raise faults.malformed(f"The parameter {faults.shorten(name)} is given more than once.")
            given[name] = value
        unknown = self.parameters.unknown(given, version)
        if unknown:
            raise faults.malformed(f"Invalid parameter {faults.shorten(unknown[0])}")
        values = self.parameters.check(given, sentence=query_sentence)
        values |= {name: tuple(values[name]) for name in self._arrays & values.keys()}
        if "sort" in values:
            values["sort"] = self._sort(values["sort"])
        return values

    def _sort(self, text: str) -> tuple[tuple[str, bool], ...]:
        keys = []
        for part in filter(None, text.split(",")):
            key, colon, direction = part.strip().partition(":")
            if key not in self.sort_keys:
                raise faults.malformed(f"Unsupported sort key '{faults.shorten(key)}' for 'sort'.")
            if direction not in ("asc", "desc") and colon:
                raise faults.malformed(f"Unsupported sort dir '{faults.shorten(direction)}' for 'sort'.")
            keys.append((key, direction == "desc"))
        return tuple(keys)


NO_QUERY = Query(Shape({}))


def query_sentence(error: exceptions.ValidationError) -> str:
    """Return what is wrong with a query, in the words of the v1 API, which differ from those for bodies."""
    name = str(error.absolute_path[0]) if error.absolute_path else "query"
    if error.validator == "type" and error.validator_value == "boolean":
        return f"Invalid value '{faults.shorten(error.instance)}' specified for '{name}'"
    if error.validator == "enum":
        return f"Field value {faults.shorten(error.instance)} is invalid"
    if error.validator == "minimum":
        return f"Value must be >= {error.validator_value} for field '{name}'."
    return body_sentence(error)


def body_sentence(error: exceptions.ValidationError) -> str:
    """Return what is wrong with a body, in the words of the v1 API."""
    make = _SENTENCES.get(str(error.validator))
    if make is None:
        return faults.shorten(error.message)
    names = [part for part in error.absolute_path if isinstance(part, str)]
    return make(names[-1] if names else "body", error)


def _type_sentence(name: str, error: exceptions.ValidationError) -> str:
    if error.validator_value == "boolean":
        words = ", ".join(f"'{word}'" for word in sorted((*_TRUE, *_FALSE)))
        return f"Unrecognized value '{faults.shorten(error.instance)}', acceptable values are: {words}"
    return f"The value for {name} must be {_TYPES[error.validator_value]}: '{faults.shorten(error.instance)}'."


def _required_sentence(error: exceptions.ValidationError) -> str:
    missing = next(name for name in error.validator_value if name not in error.instance)
    if "minItems" in error.schema["properties"].get(missing, {}):
        return f"Value for '{missing}' must have at least 1 item(s)."
    return f"'{missing}' is a required property"


_TYPES = {
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "string": "a string",
    "object": "an object",
    "array": "a list",
}
_FORMAT_SENTENCES = {
    "printable": "The value for the {name} field must have printable characters only, and not only spaces.",
    "uuid": "The value for {name} is not a valid UUID: '{value}'.",
}
_SENTENCES: Mapping[str, Callable[[str, exceptions.ValidationError], str]] = {
    "type": _type_sentence,
    "enum": lambda name, error: f"Value '{faults.shorten(error.instance)}' is not acceptable for field '{name}'.",
    "minimum": lambda name, error: (
        f"Value must be >= {error.validator_value} for field '{name}'."
        if name == "count"
        else f"The value for the {name} field must be greater than or equal to {error.validator_value}."
    ),
    "required": lambda _name, error: _required_sentence(error),
    "maximum": lambda name, error: (
        f"The value for the {name} field must be less than or equal to {error.validator_value}."
    ),
    "minItems": lambda name, error: f"Value for '{name}' must have at least {error.validator_value} item(s).",
    "maxItems": lambda name, error: f"Value for '{name}' must have at most {error.validator_value} item(s).",
    "minProperties": lambda name, error: f"Value for '{name}' must have at least {error.validator_value} item(s).",
    "maxProperties": lambda name, error: f"Value for '{name}' must have at most {error.validator_value} item(s).",
    MAX_BYTES: lambda name, error: f"The value for {name} must not be larger than {error.validator_value} bytes.",
    "uniqueItems": lambda name, _error: f"Items for '{name}' must be unique",
    "minLength": lambda name, error: (
        f"The value for the {name} field must be at least {error.validator_value} characters long."
    ),
    "maxLength": lambda name, error: (
        f"The value for the {name} field must be at most {error.validator_value} characters long."
    ),
    "format": lambda name, error: _FORMAT_SENTENCES[error.validator_value].format(
        name=name, value=faults.shorten(error.instance)
    ),
}


def _unexpected(names: Sequence[str]) -> faults.Fault:
    shown = ", ".join(f"'{faults.shorten(name)}'" for name in names[:5])
    verb = "was" if len(names) == 1 else "were"
    return faults.malformed(f"Additional properties are not allowed ({shown} {verb} unexpected)")


def _to_integer(value: object) -> object:
    return int(value) if isinstance(value, str) and _INTEGER.fullmatch(value) else value


def _to_number(value: object) -> object:
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        return value
    return float(value) if "." in value else int(value)


def _to_boolean(value: object) -> object:
    if not isinstance(value, str):
        return value
    word = value.strip().lower()
    return True if word in _TRUE else False if word in _FALSE else value


_CONVERTERS: Mapping[str, Callable[[object], object]] = {
    "integer": _to_integer,
    "number": _to_number,
    "boolean": _to_boolean,
}
