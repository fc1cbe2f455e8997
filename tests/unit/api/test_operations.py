"""The table of operations says of each all that is needed, once."""

from __future__ import annotations

import collections
import re

import pytest

from senlin_container.api import faults, operations, routing, versions
from senlin_container.api import operation as operation_module

ROUTER = routing.Router(operations.OPERATIONS)


def filled(path: str) -> str:
    return re.sub(r"\{\w+\}", "x", path)


@pytest.mark.parametrize("operation", operations.OPERATIONS, ids=lambda operation: operation.name)
def test_every_operation_is_complete(operation: operation_module.Operation) -> None:
    assert operation.title
    assert operation.handler.__doc__
    assert operation.success in (200, 201, 202, 204, 300)
    assert versions.MINIMUM <= operation.since <= versions.MAXIMUM
    assert operation.method != "GET" or operation.body is None
    # whatever announces messages may say what it likes
    wordless = operation.name == "receiver_notify"
    assert operation.method not in ("POST", "PATCH") or wordless or operation.body is not None
    assert operation.policy is None or re.fullmatch(r"\w+:[\w-]+", operation.policy)
    assert ("{" not in operation.path) or 404 in operation.errors
    if operation.body is not None:
        assert operation.body.schema()["type"] == "object"


@pytest.mark.parametrize("operation", operations.OPERATIONS, ids=lambda operation: operation.name)
def test_every_operation_is_found(operation: operation_module.Operation) -> None:
    for path in (filled(operation.path), filled(operation.path) + "/"):
        match = ROUTER.match(operation.method, path)
        assert match.choose({operation.action: {}} if operation.action else {}, operation.since) is operation
        assert all(value == "x" for value in match.path.values())


def test_names_are_unique() -> None:
    names = collections.Counter(operation.name for operation in operations.OPERATIONS)
    assert names.most_common(1)[0][1] == 1


def test_only_one_operation_answers_a_request() -> None:
    keys = collections.Counter((op.method, op.path, op.action) for op in operations.OPERATIONS)
    assert keys.most_common(1)[0][1] == 1
    bare = {(op.method, op.path) for op in operations.OPERATIONS if op.action is None}
    assert not bare & {(op.method, op.path) for op in operations.OPERATIONS if op.action is not None}


def test_lists_sort_by_their_own_keys_only() -> None:
    for operation in operations.OPERATIONS:
        if operation.query.sort_keys:
            for key in operation.query.sort_keys:
                operation.query.read([("sort", f"{key}:desc")], versions.MAXIMUM)
            with pytest.raises(faults.Fault, match="Unsupported sort key"):
                operation.query.read([("sort", "bogus")], versions.MAXIMUM)


@pytest.mark.parametrize("operation", operations.OPERATIONS, ids=lambda operation: operation.name)
def test_no_operation_answers_before_its_version(operation: operation_module.Operation) -> None:
    if operation.since == versions.MINIMUM:
        return
    before = (1, operation.since[1] - 1)
    match = ROUTER.match(operation.method, filled(operation.path))
    with pytest.raises(faults.Fault) as caught:
        match.choose({operation.action: {}} if operation.action else {}, before)
    assert caught.value.kind == "MethodVersionNotFound"


@pytest.mark.parametrize(
    "path",
    [
        "/v1/nothing",
        "/v2",
        "/v1/clusters/x/y",
        "/v1//clusters",
        "/v1/clusters//actions",
        "/v1/policies/x/y",
        "/v1/receiver",
    ],
)
def test_an_unknown_path_is_not_found(path: str) -> None:
    with pytest.raises(faults.Fault) as caught:
        ROUTER.match("GET", path)
    assert (caught.value.status, caught.value.kind) == (404, "ResourceNotFound")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/clusters", "GET, HEAD, POST"),
        ("DELETE", "/v1/clusters", "GET, HEAD, POST"),
        ("POST", "/v1/clusters/x", "DELETE, GET, HEAD, PATCH"),
        ("GET", "/v1/clusters/x/actions", "POST"),
        ("OPTIONS", "/", "GET, HEAD"),
        ("BREW", "/v1/build-info", "GET, HEAD"),
    ],
)
def test_an_unknown_method_tells_which_are_known(method: str, path: str, allowed: str) -> None:
    with pytest.raises(faults.Fault) as caught:
        ROUTER.match(method, path)
    assert caught.value.status == 405
    assert caught.value.headers == (("Allow", allowed),)


def test_a_policy_may_be_called_like_a_part_of_a_path() -> None:
    assert ROUTER.match("GET", "/v1/policies/validate").path == {"policy_id": "validate"}
    assert ROUTER.match("POST", "/v1/policies/validate").candidates[0].name == "policy_validate"


def test_a_profile_may_be_called_like_a_part_of_a_path() -> None:
    assert ROUTER.match("GET", "/v1/profiles/validate").path == {"profile_id": "validate"}
    assert ROUTER.match("POST", "/v1/profiles/validate").candidates[0].name == "profile_validate"
