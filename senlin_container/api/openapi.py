"""The API as an OpenAPI 3.1 document, made from the table of operations.

Several operations may share a method and a path, and the key in the body tells them apart; for OpenAPI they are one,
with the bodies of all. What is true only since a microversion is marked with ``x-openstack-since``.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from senlin_container.api import answers, spec_schemas, validation, versions, words
from senlin_container.api import operation as operation_module

Document = dict[str, Any]

_JSON = "application/json"
_SCHEMAS = "#/components/schemas/"
SINCE = "x-openstack-since"
_UNTIL = "x-openstack-until"
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
HEADERS: Mapping[str, tuple[str, Document]] = {
    versions.HEADER: (
        "The microversion that the request was answered in.",
        {"type": "string", "pattern": rf"^{versions.SERVICE_TYPE} \d+\.\d+$"},
    ),
    "Vary": ("The header that decides about the answer, for caches.", {"type": "string"}),
    "X-OpenStack-Request-ID": (
        "The id of the request, under which the log of the service tells more.",
        {"type": "string", "pattern": "^req-"},
    ),
    "Location": ("The address of the action that carries out the change.", {"type": "string"}),
    "Allow": ("The methods that the path knows.", {"type": "string"}),
    "Retry-After": ("Seconds after which the request can be made again.", {"type": "string"}),
}
_ALWAYS = (versions.HEADER, "Vary", "X-OpenStack-Request-ID")


def document(
    table: Iterable[operation_module.Operation], specs: Mapping[str, Iterable[spec_schemas.SpecType]] | None = None
) -> Document:
    """Return the description of all operations of a table, but for the address of the service.

    :param specs: the types of the specs of each resource, such as "profile"
    """
    groups = grouped(table)
    components = {_spec_name(resource): spec_schemas.of_types(types) for resource, types in (specs or {}).items()}
    components |= {part.name: described(part.schema(), part.since, (part.name,)) for part in _parts(groups)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Clustering",
            "version": versions.render(versions.MAXIMUM),
            "summary": "Clusters of containers, servers and stacks, kept at the size and health that is wanted.",
            "description": words.INTRODUCTION,
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "tags": [{"name": tag} for tag in dict.fromkeys(tag(group[0]) for group in groups)],
        "paths": _paths(groups, frozenset(components)),
        "components": {
            "schemas": components,
            "responses": {
                str(status): _error(status) for status in sorted({s for group in groups for s in _errors(group)})
            },
            "headers": {name: {"description": text, "schema": schema} for name, (text, schema) in HEADERS.items()},
            "parameters": {"version": _version_parameter()},
            "securitySchemes": {
                "token": {"type": "apiKey", "in": "header", "name": "X-Auth-Token", "description": words.TOKEN},
                "basic": {"type": "http", "scheme": "basic", "description": words.BASIC},
            },
        },
    }


def grouped(table: Iterable[operation_module.Operation]) -> list[tuple[operation_module.Operation, ...]]:
    """Return the operations, those that share a method and a path together."""
    groups: dict[tuple[str, str], list[operation_module.Operation]] = {}
    for operation in table:
        groups.setdefault((operation.path, operation.method), []).append(operation)
    return [tuple(group) for group in groups.values()]


def described(schema: Mapping[str, Any], since: Mapping[str, versions.Version], scopes: Sequence[str]) -> Document:
    """Return the schema of an object whose properties say what they are, and since when.

    :param scopes: where ``words`` may have something more special to say than of the bare name
    """
    properties = {}
    for name, given in schema.get("properties", {}).items():
        marks: Document = {"description": words.of(name, *scopes)}
        if name in since:
            marks[SINCE] = versions.render(since[name])
        properties[name] = {**given, **marks}
    return {**schema, "properties": properties}


def parameters(operation: operation_module.Operation) -> Iterator[Document]:
    """Yield the parameters of path and query."""
    for name in re.findall(r"\{(\w+)\}", operation.path):
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": words.of(name, operation.name),
            "schema": {"type": "string", "minLength": 1},
        }
    shape = operation.query.parameters
    for name, schema in described(shape.schema, shape.since, (operation.name, "query"))["properties"].items():
        text = schema.pop("description")
        if name == "sort":
            text = f"{text} The keys are {', '.join(operation.query.sort_keys)}."
        found: Document = {"name": name, "in": "query", "description": text, "schema": schema}
        if schema.get("type") == "array":
            found |= {"description": f"{text} {words.SEVERAL}", "style": "form", "explode": True}
        if name in shape.schema["required"]:
            found["required"] = True
        if SINCE in schema:
            found[SINCE] = schema.pop(SINCE)
        yield found


def body(operation: operation_module.Operation, components: Container[str] = ()) -> Document | None:
    """Return the schema of the body, None where there is none.

    :param components: names of the schemas that can be referred to
    """
    if operation.body is None:
        return None
    schema = operation.body.schema()
    if not isinstance(operation.body, validation.Wrapped):
        return dict(schema)
    resource = operation.name.partition("_")[0]
    content = described(operation.body.shape.schema, operation.body.shape.since, (operation.name, resource))
    if "spec" in content["properties"] and _spec_name(resource) in components:
        spec = content["properties"]["spec"]
        content["properties"]["spec"] = {"$ref": _SCHEMAS + _spec_name(resource), "description": spec["description"]}
    if operation.body.key is None:
        return content
    return {**schema, "properties": {operation.body.key: content}}


def _spec_name(resource: str) -> str:
    return f"{resource.title()}Spec"


def headers(operation: operation_module.Operation) -> list[str]:
    """Return the names of the headers that every good answer has."""
    # What posts and answers nothing, such as a notification, starts any number of actions.
    leads_on = operation.method != "POST" or operation.answer is not None
    return [*_ALWAYS, "Location"] if operation.success == HTTPStatus.ACCEPTED and leads_on else [*_ALWAYS]


def _paths(groups: Sequence[tuple[operation_module.Operation, ...]], components: Container[str]) -> Document:
    paths: dict[str, Document] = {}
    for group in sorted(groups, key=lambda group: _METHODS.index(group[0].method)):
        paths.setdefault(group[0].path, {})[group[0].method.lower()] = _operation(group, groups, components)
    return dict(sorted(paths.items()))


def _operation(
    group: tuple[operation_module.Operation, ...],
    groups: Sequence[tuple[operation_module.Operation, ...]],
    components: Container[str],
) -> Document:
    first = group[0]
    found: Document = {
        "operationId": operation_id(group),
        "tags": [tag(first)],
        "summary": " / ".join(operation.title for operation in group),
        "description": "\n\n".join(_told(operation) for operation in group),
        "parameters": [{"$ref": "#/components/parameters/version"}, *parameters(first)],
        "responses": _responses(group, groups),
        "security": [{"token": []}, {"basic": []}] if first.policy else [],
    }
    bodies = [schema for schema in (body(operation, components) for operation in group) if schema is not None]
    if bodies:
        schema = bodies[0] if len(bodies) == 1 else {"oneOf": bodies}
        needed = bool(first.action or bodies[0].get("required") or bodies[0].get("minProperties"))
        found["requestBody"] = {"required": needed, "content": {_JSON: {"schema": schema}}}
    since = min(operation.since for operation in group)
    if since > versions.MINIMUM:
        found[SINCE] = versions.render(since)
    if first.until is not None:
        found[_UNTIL] = versions.render(first.until)
    return found


def operation_id(group: tuple[operation_module.Operation, ...]) -> str:
    """Return the name of an operation, or of what operations have in common that share a method and a path."""
    if len(group) == 1:
        return group[0].name
    return f"{group[0].name.partition('_')[0]}_{group[0].path.rpartition('/')[2]}"


def _told(operation: operation_module.Operation) -> str:
    text = (operation.handler.__doc__ or "").partition("\n")[0]
    if operation.since > versions.MINIMUM:
        text += f" Since microversion {versions.render(operation.since)}."
    return f"``{operation.action}``: {text}" if operation.action else text


def tag(operation: operation_module.Operation) -> str:
    """Return the resource that an operation is about."""
    segments = operation.path.strip("/").split("/")
    return segments[1] if len(segments) > 1 else "versions"


def _responses(
    group: tuple[operation_module.Operation, ...], groups: Sequence[tuple[operation_module.Operation, ...]]
) -> Document:
    responses: Document = {str(status): {"$ref": f"#/components/responses/{status}"} for status in _errors(group)}
    for success in {operation.success: operation for operation in group}.values():
        response: Document = {
            "description": HTTPStatus(success.success).description or HTTPStatus(success.success).phrase,
            "headers": _headers(headers(success)),
        }
        if success.answer is not None:
            response["content"] = {_JSON: {"schema": _reference(success.answer)}}
            links = _links(success, groups)
            if links:
                response["links"] = links
        responses[str(success.success)] = response
    return dict(sorted(responses.items()))


def _errors(group: tuple[operation_module.Operation, ...]) -> list[int]:
    return sorted({*operation_module.COMMON_ERRORS, *itertools.chain(*(operation.errors for operation in group))})


def _error(status: int) -> Document:
    named = {401: ["WWW-Authenticate"], 405: ["Allow"], 429: ["Retry-After"]}.get(status, [])
    return {
        "description": words.ERRORS.get(status, HTTPStatus(status).phrase),
        "headers": _headers([*_ALWAYS, *(name for name in named if name in HEADERS)]),
        "content": {_JSON: {"schema": {"$ref": _SCHEMAS + answers.ERROR.name}}},
    }


def _headers(names: Iterable[str]) -> Document:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _reference(answer: answers.Answer) -> Document:
    if not isinstance(answer.content, answers.Part):
        return answer.schema()
    return answer.wrap({"$ref": _SCHEMAS + answer.content.name})


def _parts(groups: Sequence[tuple[operation_module.Operation, ...]]) -> list[answers.Part]:
    found = {answers.ERROR.name: answers.ERROR}
    for operation in itertools.chain(*groups):
        if operation.answer is not None and isinstance(operation.answer.content, answers.Part):
            found[operation.answer.content.name] = operation.answer.content
    return [part for _, part in sorted(found.items())]


def _links(
    made: operation_module.Operation, groups: Sequence[tuple[operation_module.Operation, ...]]
) -> dict[str, Document]:
    """Return where one can go from what was made: to everything below it, and to the action that makes it."""
    answer = made.answer
    assert answer is not None
    if made.method != "POST" or answer.many:
        return {}
    targets = {}
    if answer is answers.ACTION_ID:
        targets["/v1/actions"] = "$response.body#/action"
    elif isinstance(answer.content, answers.Part) and answer.content.properties.get("id") is answers.ID:
        targets[made.path] = f"$response.body#/{answer.key}/id"
    found: dict[str, Document] = {}
    for group in groups:
        for path, expression in targets.items():
            variables = re.fullmatch(re.escape(path) + r"/\{(\w+)\}(/\w+)?", group[0].path)
            if variables:
                name = operation_id(group)
                found[name] = {"operationId": name, "parameters": {variables[1]: expression}}
    return found


def _version_parameter() -> Document:
    known = [versions.render((1, minor)) for minor in range(versions.MINIMUM[1], versions.MAXIMUM[1] + 1)]
    return {
        "name": versions.HEADER,
        "in": "header",
        "description": words.MICROVERSION,
        "schema": {
            "type": "string",
            "enum": [f"{versions.SERVICE_TYPE} {version}" for version in [*known, "latest"]],
            "default": f"{versions.SERVICE_TYPE} {versions.render(versions.DEFAULT)}",
        },
    }
