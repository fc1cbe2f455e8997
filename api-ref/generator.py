"""Writes the pages of the API reference from the table of operations, for os-api-ref to render.

Nothing of an operation is written down here or in the pages: they are made anew at each build.
"""

from __future__ import annotations

import dataclasses
import http
import pathlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

from senlin_container.api import answers, openapi, operations, validation, versions, words
from senlin_container.api import operation as operation_module

SAMPLES = pathlib.Path(__file__).parent / "source" / "samples"
_TITLES = {
    "versions": "Versions",
    "build-info": "Build information",
    "openapi.json": "Description of the API",
}
_PLACES = ("header", "path", "query", "body")
_LONG = 12


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A row of a table of parameters."""

    name: str
    where: str
    type: str
    description: str
    required: bool
    since: str | None = None


def write(directory: pathlib.Path) -> None:
    """Write the pages, and the files that they refer to, into a directory of their own."""
    directory.mkdir(exist_ok=True)
    for old in directory.iterdir():
        old.unlink()
    known: dict[str, Parameter] = {}
    for tag, found in by_resource(operations.OPERATIONS).items():
        (directory / f"{tag.replace('.', '-')}.rst").write_text("\n".join(page(tag, found, known)) + "\n")
    # os-api-ref wants them in this order
    keys = sorted(known, key=lambda key: (_PLACES.index(known[key].where), key.lower()))
    rows = {key: _row(known[key]) for key in keys}
    (directory / "parameters.yaml").write_text(yaml.safe_dump(rows, sort_keys=False))
    (directory / "status.yaml").write_text(yaml.safe_dump(_statuses()))


def by_resource(table: Iterable[operation_module.Operation]) -> dict[str, list[operation_module.Operation]]:
    """Return the operations by the first segment of their paths."""
    found: dict[str, list[operation_module.Operation]] = {}
    for operation in table:
        found.setdefault(openapi.tag(operation), []).append(operation)
    return found


def page(tag: str, found: Iterable[operation_module.Operation], known: dict[str, Parameter]) -> Iterator[str]:
    """Yield the lines of the page of a resource.

    :param known: takes up the parameters by the keys that the page calls them by
    """
    title = _TITLES.get(tag, tag.replace("-", " ").capitalize())
    yield from (title, "=" * len(title), "", ".. rest_expand_all::", "")
    for operation in found:
        yield from _section(operation, known)


def _section(operation: operation_module.Operation, known: dict[str, Parameter]) -> Iterator[str]:
    yield from (operation.title, "-" * len(operation.title), "")
    yield f".. rest_method:: {operation.method} {operation.path}"
    if operation.since > versions.MINIMUM:
        yield from ("", f"   min_version: {versions.render(operation.since)}")
    yield from ("", (operation.handler.__doc__ or "").partition("\n")[0], "")
    if operation.since > versions.MINIMUM:
        yield from (f"Since microversion {versions.render(operation.since)}.", "")
    if operation.action is not None:
        yield from (f"The key ``{operation.action}`` in the body stands for this action.", "")
    yield from _codes("success", [operation.success])
    yield from _codes("error", sorted({*operation.errors, *operation_module.COMMON_ERRORS}))
    yield from _table("Request", operation, known, [_version(), *_asked(operation)])
    yield from _sample(operation, "request", "Example of a request")
    yield from _table("Response", operation, known, [*_headers(operation), *_answered(operation)])
    yield from _sample(operation, "response", "Example of an answer")


def _codes(kind: str, statuses: Iterable[int]) -> Iterator[str]:
    yield from (f".. rest_status_code:: {kind} status.yaml", "")
    yield from (f"   - {status}" for status in statuses)
    yield ""


def _table(
    title: str, operation: operation_module.Operation, known: dict[str, Parameter], rows: list[Parameter]
) -> Iterator[str]:
    yield from (title, "~" * len(title), "", ".. rest_parameters:: parameters.yaml", "")
    for row in rows:
        key = f"{operation.name}_{title.lower()}_{row.where}_{row.name}"
        known[key] = row
        yield f"   - {row.name}: {key}"
    yield ""


def _sample(operation: operation_module.Operation, end: str, caption: str) -> Iterator[str]:
    file = SAMPLES / f"{operation.name}-{end}.json"
    if file.exists():
        yield from (f"**{caption}**", "", f".. literalinclude:: ../samples/{file.name}", "   :language: json", "")


def _version() -> Parameter:
    return Parameter(
        name=versions.HEADER, where="header", type="string", description=words.MICROVERSION, required=False
    )


def _asked(operation: operation_module.Operation) -> Iterator[Parameter]:
    for found in openapi.parameters(operation):
        yield Parameter(
            name=found["name"],
            where=found["in"],
            type=_type(found["schema"]),
            description=found["description"] + _choices(found["schema"].get("items", found["schema"])),
            required=found.get("required", False),
            since=found.get(openapi.SINCE),
        )
    schema = openapi.body(operation)
    if schema is None or not isinstance(operation.body, validation.Wrapped):
        return
    if operation.body.key is not None:
        yield Parameter(
            name=operation.body.key, where="body", type="object", description="What follows.", required=True
        )
        schema = schema["properties"][operation.body.key]
    yield from _properties(schema)


def _headers(operation: operation_module.Operation) -> Iterator[Parameter]:
    for name in openapi.headers(operation):
        text, _ = openapi.HEADERS[name]
        yield Parameter(name=name, where="header", type="string", description=text, required=True)


def _answered(operation: operation_module.Operation) -> Iterator[Parameter]:
    answer = operation.answer
    if answer is None:
        return
    if answer.key is not None:
        single = answer.content.schema() if isinstance(answer.content, answers.Part) else answer.content
        kind = "array" if answer.many else _type(single)
        text = words.of(answer.key, "answer") or "What follows."
        yield Parameter(name=answer.key, where="body", type=kind, description=text, required=True)
    if isinstance(answer.content, answers.Part):
        part = answer.content
        yield from _properties(openapi.described(part.schema(), part.since, (part.name,)))


def _properties(schema: Mapping[str, Any]) -> Iterator[Parameter]:
    for name, inner in schema["properties"].items():
        yield Parameter(
            name=name,
            where="body",
            type=_type(inner),
            description=inner["description"] + _choices(inner),
            required=name in schema["required"],
            since=inner.get(openapi.SINCE),
        )


def _type(schema: Mapping[str, Any]) -> str:
    given = schema.get("type", "object" if "$ref" in schema or "properties" in schema else "any")
    return next(kind for kind in given if kind != "null") if isinstance(given, list) else str(given)


def _choices(schema: Mapping[str, Any]) -> str:
    given = schema.get("enum", ())
    return f" One of {', '.join(f'``{value}``' for value in given)}." if 0 < len(given) <= _LONG else ""


def _row(parameter: Parameter) -> dict[str, Any]:
    row: dict[str, Any] = {
        "description": parameter.description,
        "in": parameter.where,
        "required": parameter.required,
        "type": parameter.type,
    }
    if parameter.since is not None:
        row["min_version"] = float(parameter.since) if parameter.since[-1] != "0" else parameter.since
    return row


def _statuses() -> dict[int, dict[str, str]]:
    good = {operation.success for operation in operations.OPERATIONS}
    bad = {*operation_module.COMMON_ERRORS, *(error for op in operations.OPERATIONS for error in op.errors)}
    texts = {status: http.HTTPStatus(status).description or http.HTTPStatus(status).phrase for status in good}
    texts |= {status: words.ERRORS.get(status, http.HTTPStatus(status).phrase) for status in bad}
    return {status: {"default": text} for status, text in sorted(texts.items())}
