"""What clients send is understood, and what is refused is refused in the recorded words."""

from __future__ import annotations

import json
from typing import Any
from urllib import parse

import pytest

from senlin_container.api import documents, faults, operations, routing, versions

ROUTER = routing.Router(operations.OPERATIONS)


def read(step: dict[str, Any]) -> None:
    """Take a recorded request as far as it gets without the store."""
    version = versions.negotiate(f"clustering {step['version']}" if step.get("version") else None)
    url = parse.urlsplit(step["path"])
    match = ROUTER.match(step["method"], url.path)
    raw = step["raw"].encode() if step.get("raw") else b""
    document = documents.read(raw, "") if raw else (step.get("body") or {})
    operation = match.choose(document, version)
    operation.query.read(parse.parse_qsl(url.query), version)
    if operation.body is not None:
        operation.body.read(document, version)


def test_what_was_accepted_is_understood(recordings: list[dict[str, Any]]) -> None:
    accepted = [step for step in recordings if step["response"]["status"] < 400]
    assert len(accepted) > 60
    for step in accepted:
        read(step)


def test_what_was_refused_as_malformed_is_refused_in_the_same_words(recordings: list[dict[str, Any]]) -> None:
    kinds = ("HTTPBadRequest", "MethodVersionNotFound", "InvalidGlobalAPIVersion")
    checked = 0
    for step in recordings:
        body = step["response"]["body"] or {}
        if isinstance(body.get("error"), dict) and body["error"].get("type") in kinds:
            with pytest.raises(faults.Fault) as caught:
                read(step)
            told = json.dumps(caught.value.document()).replace("maximum is '1.15'", "maximum is '1.14'")  # ours go on
            assert json.loads(told) == body, step["case"]
            checked += 1
    assert checked >= 20


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            {"timeout": None, "min_size": "1", "profile_id": "p", "name": "c", "max_size": "10", "config": {}},
            {"min_size": 1, "profile_id": "p", "name": "c", "max_size": 10, "config": {}},
        ),
        ({"name": "c", "profile_id": "p", "desired_capacity": "+3"}, {"name": "c", "profile_id": "p"}),
    ],
)
def test_the_clients_nulls_and_texts_are_understood(body: dict[str, Any], expected: dict[str, Any]) -> None:
    operation = ROUTER.match("POST", "/v1/clusters").candidates[0]
    assert operation.body is not None
    values = operation.body.read({"cluster": body}, versions.MAXIMUM)
    assert {key: values[key] for key in expected} == expected
    assert None not in values.values()


@pytest.mark.parametrize("text", ["true", "True", "TRUE", True])
def test_booleans_may_be_text(text: object) -> None:
    operation = ROUTER.match("DELETE", "/v1/clusters/c").candidates[0]
    assert operation.body is not None
    assert operation.body.read({"force": text}, versions.MAXIMUM) == {"force": True}


def test_a_name_may_be_any_printable_text() -> None:
    operation = ROUTER.match("POST", "/v1/nodes").candidates[0]
    assert operation.body is not None
    for name in ("ノード 1", "würfel", "a" * 255, "🐳"):
        assert operation.body.read({"node": {"name": name, "profile_id": "p"}}, (1, 0))["name"] == name
    for name in ("", "a" * 256, "a\nb", "\u200b", "  "):
        with pytest.raises(faults.Fault):
            operation.body.read({"node": {"name": name, "profile_id": "p"}}, (1, 0))


@pytest.mark.parametrize(
    ("document", "params", "filters"),
    [
        ({"reboot": {"type": "SOFT"}}, {"type": "SOFT"}, {}),
        ({"reboot": {"params": {"type": "SOFT"}}}, {"type": "SOFT"}, {}),
        ({"reboot": {"params": {"type": "SOFT"}, "filters": {"role": "spare"}}}, {"type": "SOFT"}, {"role": "spare"}),
        ({"reboot": {}}, {}, {}),
        ({"reboot": None}, {}, {}),
    ],
)
def test_an_operation_on_a_cluster_may_be_bare_or_structured(
    document: dict[str, Any], params: dict[str, Any], filters: dict[str, Any]
) -> None:
    operation = ROUTER.match("POST", "/v1/clusters/c/ops").candidates[0]
    assert operation.body is not None
    values = operation.body.read(document, versions.MAXIMUM)
    assert values == {"operation": "reboot", "params": params, "filters": filters}


@pytest.mark.parametrize(
    ("method", "path", "document", "since"),
    [
        ("PATCH", "/v1/clusters/c", {"cluster": {"profile_only": True}}, (1, 6)),
        ("DELETE", "/v1/clusters/c", {"force": True}, (1, 8)),
        ("POST", "/v1/clusters/c/actions", {"del_nodes": {"nodes": ["n"], "destroy_after_deletion": True}}, (1, 4)),
        ("POST", "/v1/clusters/c/actions", {"recover": {"check": True}}, (1, 6)),
        ("PATCH", "/v1/nodes/n", {"node": {"tainted": True}}, (1, 13)),
    ],
)
def test_a_field_is_unknown_before_its_version(
    method: str, path: str, document: dict[str, Any], since: versions.Version
) -> None:
    match = ROUTER.match(method, path)
    body = match.choose(document, since).body
    assert body is not None
    body.read(document, since)
    with pytest.raises(faults.Fault, match="Additional properties are not allowed"):
        body.read(document, (1, since[1] - 1))


@pytest.mark.parametrize(
    ("resize", "message"),
    [
        ({"number": 1}, "Missing adjustment_type value"),
        ({"adjustment_type": "EXACT_CAPACITY", "number": None}, "Missing number value"),
        ({"adjustment_type": "EXACT_CAPACITY", "number": 2.5}, "The value for number must be an integer: '2.5'."),
        ({"adjustment_type": "EXACT_CAPACITY", "number": -1}, "greater than or equal to 0"),
        ({"adjustment_type": "CHANGE_IN_CAPACITY", "number": 0.5}, "must be an integer"),
        ({"min_size": -1}, "The value for the min_size field must be greater than or equal to 0."),
        ({"max_size": 2**31}, "less than or equal to 2147483647"),
    ],
)
def test_a_resize_that_makes_no_sense_is_refused(resize: dict[str, Any], message: str) -> None:
    operation = ROUTER.match("POST", "/v1/clusters/c/actions").choose({"resize": resize}, versions.MAXIMUM)
    assert operation.body is not None
    with pytest.raises(faults.Fault, match=message):
        operation.body.read({"resize": resize}, versions.MAXIMUM)


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("name", (("name", False),)),
        ("name:desc,created_at", (("name", True), ("created_at", False))),
        ("name:asc,", (("name", False),)),
    ],
)
def test_sort_is_parsed(sort: str, expected: tuple[tuple[str, bool], ...]) -> None:
    operation = ROUTER.match("GET", "/v1/profiles").candidates[0]
    assert operation.query.read([("sort", sort)], versions.MAXIMUM) == {"sort": expected}


def test_a_filter_has_as_many_values_as_it_is_given() -> None:
    operation = ROUTER.match("GET", "/v1/clusters").candidates[0]
    pairs = [("status", "ACTIVE"), ("name", ""), ("status", "ERROR"), ("limit", "5")]
    found = operation.query.read(pairs, versions.MAXIMUM)
    assert found == {"status": ("ACTIVE", "ERROR"), "name": ("",), "limit": 5}


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([("status", "ACTIVE"), ("status", "BOGUS")], "Field value BOGUS is invalid"),
        ([("name", "x"), ("name", "x" * 256)], "The value for the name field must be at most 255 characters long."),
        ([("name", "x")] * 101, "Value for 'name' must have at most 100 item(s)."),
        ([("sort", "name:up")], "Unsupported sort dir 'up' for 'sort'."),
        ([("limit", "1"), ("limit", "2")], "The parameter limit is given more than once."),
        ([("global_project", "maybe")], "Invalid value 'maybe' specified for 'global_project'"),
        ([("limit", "-1")], "Value must be >= 0 for field 'limit'."),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(pairs: list[tuple[str, str]], message: str) -> None:
    operation = ROUTER.match("GET", "/v1/clusters").candidates[0]
    with pytest.raises(faults.Fault) as caught:
        operation.query.read(pairs, versions.MAXIMUM)
    assert caught.value.message == message
