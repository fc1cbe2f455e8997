"""Holds answers against the schemas that are published of them, exactly: nothing is missing and nothing is more."""

from __future__ import annotations

import functools
import json
from typing import Any
from urllib import parse

import jsonschema
import webob

from senlin_container.api import answers, faults, operations, routing, versions
from senlin_container.api import operation as operation_module

_ROUTER = routing.Router(operations.OPERATIONS)


def check(method: str, path: str, body: bytes, response: webob.Response) -> None:
    """Assert that an answer is what its operation promises in the microversion that it was given in."""
    if response.status_int >= 400:
        _check_refusal(method, response)
        return
    operation = find(method, path, body)
    if operation is None:  # of a layer around the operations, such as the health
        return
    assert response.status_int == operation.success, (operation.name, response.status)
    if operation.answer is None:
        assert response.body == b"", operation.name
    elif method != "HEAD":
        errors = _validator(operation.name, version_of(response)).iter_errors(response.json)
        found = [(list(error.absolute_path), error.message) for error in errors]
        assert not found, (operation.name, found)


def find(method: str, path: str, body: bytes) -> operation_module.Operation | None:
    """Return the operation that a request is for."""
    decoded = parse.unquote(parse.urlsplit(path).path)
    below = decoded if decoded in ("", "/") or decoded.split("/")[1] == "v1" else f"/v1{decoded}"
    try:
        match = _ROUTER.match(method, below)
        return match.choose(json.loads(body) if match.candidates[0].action else {}, versions.MAXIMUM)
    except faults.Fault:
        return None


def version_of(response: webob.Response) -> versions.Version:
    """Return the microversion of an answer."""
    major, _, minor = response.headers[versions.HEADER].split()[1].partition(".")
    return int(major), int(minor)


def _check_refusal(method: str, response: webob.Response) -> None:
    if method != "HEAD" and response.content_type == "application/json":
        jsonschema.validate(response.json, answers.ERROR.schema())


@functools.lru_cache(maxsize=1000)
def _validator(name: str, version: versions.Version) -> Any:
    (operation,) = (operation for operation in operations.OPERATIONS if operation.name == name)
    assert operation.answer is not None
    return jsonschema.Draft202012Validator(operation.answer.schema(version))
