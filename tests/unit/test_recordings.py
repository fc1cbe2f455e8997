"""The comparison with what was recorded finds what it is there to find."""

from __future__ import annotations

from typing import Any

import pytest

from tests import recordings

BODY = {
    "node": {"id": "0afad4e6-0486-4e20-8c9b-0b1979bc95fd", "name": "n", "size": 1, "since": "2026-11-20T07:27:00Z"}
}
ERROR = {"code": 400, "error": {"code": 400, "message": "no 'x'", "type": "Bad"}, "explanation": "e", "title": "t"}


def answer(status: int = 200, body: Any = None, **headers: str) -> recordings.Answer:
    return recordings.Answer(status=status, headers=headers, body=BODY if body is None else body)


def places(theirs: recordings.Answer, ours: recordings.Answer, **options: Any) -> list[str]:
    return [found.where for found in recordings.compare("case", theirs, ours, **options)]


def node(**changes: Any) -> recordings.Answer:
    return answer(body={"node": BODY["node"] | changes})


def test_another_run_of_the_same_is_no_difference() -> None:
    again = node(id="5d615083-1111-4222-8333-0b1979bc95fd", since="2031-01-02T03:04:05Z")
    assert places(answer(vary="A"), recordings.Answer(status=200, headers={"vary": "B, a"}, body=again.body)) == []


@pytest.mark.parametrize(
    ("ours", "where"),
    [
        (answer(202), "status"),
        (node(size="1"), "body.node.size"),
        (node(size=2), "body.node.size"),
        (node(size=None), "body.node.size"),
        (node(name="m"), "body.node.name"),
        (node(since="2026-11-20 07:27:00"), "body.node.since"),
        (node(id="short"), "body.node.id"),
        (node(more=1), "body.node keys"),
        (answer(body={"node": {"id": BODY["node"]["id"]}}), "body.node keys"),
        (answer(body={"node": []}), "body.node"),
        (answer(body={}), "body keys"),
    ],
)
def test_a_difference_is_found(ours: recordings.Answer, where: str) -> None:
    assert places(answer(), ours) == [where]


@pytest.mark.parametrize("values", [True, False])
def test_what_is_null_altogether_is_a_difference(values: bool) -> None:
    nodes = answer(body={"nodes": [BODY["node"] | {"size": None}, BODY["node"]]})
    known = recordings.types([nodes.body])
    null = answer(body={"node": dict.fromkeys(BODY["node"])})
    found = {f"body.node.{key}" for key in BODY["node"]}
    assert set(places(answer(), null, values=values, elsewhere=known)) == found - (
        set() if values else {"body.node.size"}
    )
    assert places(answer(), answer(body={"node": None}), values=values, elsewhere=known) == ["body.node"]


@pytest.mark.parametrize("key", ["size", "data", "cause", "metadata"])
def test_null_fits_where_it_was_recorded_and_values_do_not_count(key: str) -> None:
    theirs, ours = node(**{key: 1}), node(**{key: None})
    for known, fits in (
        ([theirs.body, ours.body], True),
        ([{"nodes": [theirs.body["node"], ours.body["node"]]}], True),
        ([{"clusters": [theirs.body["node"], ours.body["node"]]}], False),
        ([ours.body], False),
        ([theirs.body], False),
    ):
        for pair in ((theirs, ours), (ours, theirs)):
            assert (places(*pair, values=False, elsewhere=recordings.types(known)) == []) is fits
            assert places(*pair, elsewhere=recordings.types(known)) == [f"body.node.{key}"]


def test_a_thing_and_one_in_a_list_are_at_the_same_place() -> None:
    documents = [{"policies": [{"a": 1}]}, {"policy": {"a": None}}, {"policy": {"b": [{"c": ""}]}}]
    assert recordings.types(documents) == {
        "": frozenset({dict}),
        "policies": frozenset({list}),
        "policy": frozenset({dict}),
        "policy.a": frozenset({int, type(None)}),
        "policy.b": frozenset({list}),
        "policy.b[]": frozenset({dict}),
        "policy.b[].c": frozenset({str}),
    }


def test_headers_count() -> None:
    theirs = answer(location="http://ENDPOINT/v1/actions/0afad4e6-0486-4e20-8c9b-0b1979bc95fd")
    assert places(theirs, answer(location="http://ENDPOINT/v1/actions/5d615083-1111-4222-8333-0b1979bc95fd")) == []
    assert places(theirs, answer(location="http://ENDPOINT/v1/actions/x")) == ["header location"]
    assert places(theirs, answer()) == ["header location"]


@pytest.mark.parametrize(
    ("key", "value", "where"),
    [("type", "Other", "type"), ("message", "no 'y'", "message"), ("code", 401, "code")],
)
def test_errors_count_by_their_words(key: str, value: Any, where: str) -> None:
    ours = ERROR | {"error": ERROR["error"] | {key: value}}
    assert places(answer(400, ERROR), answer(400, ours)) == [where]
    assert places(answer(400, ERROR), answer(400, {"message": "no"})) == ["body"]


def test_lists_are_compared_by_name() -> None:
    theirs = answer(body={"things": [{"name": "a", "size": 1}, {"name": "b", "size": 2}]})
    other = answer(body={"things": [{"name": "b", "size": 3}, {"name": "a", "size": 1}]})
    assert places(theirs, other) == ["body.things order", "body.things[].size"]
    assert places(theirs, other, order=False, values=False) == []
    assert places(theirs, answer(body={"things": []})) == ["body.things", "body.things names"]
    one = answer(body={"things": [{"name": "a", "size": 1}]})
    assert places(theirs, one) == ["body.things names"]


def test_what_is_kept_must_be_there_and_nothing_else() -> None:
    found = recordings.Difference(case="one", where="status", theirs=500, ours="400 {}")
    kept = recordings.Kept(cases=("one",), where="status", ours="400", reason="r")
    recordings.assert_kept([found], [kept])
    recordings.assert_kept([], [])
    for differences, entries in (
        ([found], []),
        ([], [kept]),
        ([found], [recordings.Kept(cases=("one",), where="status", ours="404", reason="r")]),
        ([found], [recordings.Kept(cases=("one",), where="status", theirs="501", reason="r")]),
        ([found], [recordings.Kept(cases=("one", "two"), where="status", reason="r")]),
    ):
        with pytest.raises(AssertionError):
            recordings.assert_kept(differences, entries)
