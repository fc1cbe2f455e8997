"""Attributes by JSONPath: the first match of each document, and no path that makes much work."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from senlin_container.api import collecting
from senlin_container.domain import errors

pytestmark = pytest.mark.filterwarnings("ignore:The `:DeprecationWarning")  # of what clients may still send

NODE: dict[str, Any] = {
    "id": "n1",
    "name": "web-1",
    "host_id": None,
    "data": {},
    "metadata": {"a": {"b": 1, "c": {"b": 2}}, "list": [10, {"b": 3}, 30], "x": {"y": "z"}},
    "details": {"status": "running", "addresses": {"net": [{"addr": "10.0.0.1"}, {"addr": "10.0.0.2"}]}},
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("name", ["web-1"]),
        ("$.name", ["web-1"]),
        ("details.status", ["running"]),
        ("host_id", [None]),
        ("data", [{}]),
        ("metadata.list[1]", [{"b": 3}]),
        ("metadata.list[9]", []),
        ("metadata.list[1:]", [{"b": 3}]),
        ("metadata.list[*]", [10]),
        ("metadata.*", [{"b": 1, "c": {"b": 2}}]),
        ("metadata..b", [1]),
        ("metadata.list..b", [3]),
        ("details..addr", ["10.0.0.1"]),
        ("$..c.b", [2]),
        ("metadata.x.y.`parent`", [{"y": "z"}]),
        ("nothing|name", ["web-1"]),
        ("metadata.* where y", [{"y": "z"}]),
        ("metadata.* wherenot b", [[10, {"b": 3}, 30]]),
        ("details.nothing", []),
        ("$..nothing", []),
        ("cpus", []),
    ],
)
def test_the_first_match_of_each_document_that_has_one(path: str, expected: list[Any]) -> None:
    documents = [NODE, {"id": "empty"}, NODE | {"id": "n2"}]
    assert collecting.Search(path).first(documents) == [(id_, value) for id_ in ("n1", "n2") for value in expected]


@pytest.mark.parametrize(
    "path", ["$..[", "a.b.", "]", "", "`parent`", "name & id", "name where `x`", "details.`parent`.`parent`"]
)
def test_what_is_no_path(path: str) -> None:
    with pytest.raises(errors.Invalid, match="is no JSONPath"):
        collecting.Search(path).first([NODE])


@pytest.mark.parametrize("path", ["x" * 256, "metadata" + "..*" * 3, "a|b|c|d|e|f", "a..b..c..d..e..f", "*.*.*.*.*"])
def test_a_path_has_bounds(path: str) -> None:
    with pytest.raises(errors.Invalid, match="at most 255 characters are expected, and at most 4 of"):
        collecting.Search(path)


def nested(depth: int) -> Any:
    """Return a value with as many levels."""
    return [nested(depth - 1)] * 2 if depth else 1


@pytest.mark.parametrize("path", ["metadata..*..x", "metadata..a..b..c..d", "metadata..* where x", "$..*.*"])
def test_a_path_looks_at_so_many_values_and_no_more(path: str) -> None:
    documents = ({"id": str(number), "metadata": nested(12)} for number in range(100))
    with pytest.raises(errors.Invalid, match="looks at more than 100000 values"):
        collecting.Search(f"{path}.nothing").first(documents)
    assert next(documents)  # of which most were not asked for


@pytest.mark.parametrize("path", ["metadata.*", "metadata[*]", "metadata..*", "metadata..[0]", "nothing|metadata.*"])
def test_what_comes_after_the_first_match_costs_nothing(path: str) -> None:
    documents = [{"id": str(number), "metadata": [[0]] * 1000} for number in range(1000)]
    assert len(collecting.Search(path).first(documents)) == 1000


PIECES = (
    *("$", ".", "..", "*", "[", "]", "[0]", "[*]", "[?(@.x)]", "name", "details", "`parent`", "`this`", "`len`", "&"),
    *("|", " where ", "(", ")", "@", "'x'", "[1:2]", "[::0]", ",", "~", "`", "==", "é", "[-9]", "[1:2:3:4]", "9" * 20),
)


@pytest.mark.parametrize("seed", range(10))
def test_whatever_is_asked_for_is_found_or_no_path(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(40):
        path = "".join(chance.choices(PIECES, k=chance.randint(1, 6)))
        try:
            found = collecting.Search(path).first([NODE])
        except errors.Invalid:
            continue
        json.dumps(found)
