"""Every operation answers as its schema says, in old microversions and in new ones, and as the reference shows it.

The samples of the reference are answers of a walk through the API. A change of the API makes them stale, which is
noticed here; UPDATE_API_SAMPLES=1 writes them anew.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
from collections.abc import Iterator
from typing import Any

import pytest

from senlin_container.api import operations, versions
from tests import walk

SAMPLES = pathlib.Path(__file__).parents[3] / "api-ref" / "source" / "samples"
LATEST = versions.render(versions.MAXIMUM)
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{64}\b")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


@pytest.fixture
def walked(tmp_path: pathlib.Path) -> Iterator[Any]:
    """What makes a walk in a version."""
    made: list[walk.Walk] = []

    def begin(version: str) -> list[walk.Exchange]:
        made.append(walk.Walk(tmp_path, version))
        return list(made[-1].exchanges())

    yield begin
    for each in made:
        each.close()


@pytest.mark.parametrize("version", ["1.0", "1.5", "1.12", "1.14"])
def test_every_operation_answers_as_its_schema_says(walked: Any, version: str) -> None:
    # each answer is held against its schema as it comes
    names = {exchange.operation.name for exchange in walked(version)}
    known = {op.name for op in operations.OPERATIONS if op.exists_in(versions.negotiate(version))}
    assert names == known - walk.UNWALKED


def test_the_samples_are_what_the_service_answers(walked: Any) -> None:
    exchanges = walked(LATEST)
    assert {exchange.operation.name for exchange in exchanges} == {
        op.name for op in operations.OPERATIONS
    } - walk.UNWALKED
    made = samples(exchanges)
    if os.environ.get("UPDATE_API_SAMPLES") == "1":
        SAMPLES.mkdir(parents=True, exist_ok=True)
        for old in SAMPLES.glob("*.json"):
            old.unlink()
        for name, text in made.items():
            (SAMPLES / name).write_text(text)
    kept = {file.name: file.read_text() for file in SAMPLES.glob("*.json")}
    assert set(kept) == set(made), "run this test with UPDATE_API_SAMPLES=1"
    stale = [name for name, text in made.items() if not alike(json.loads(text), json.loads(kept[name]))]
    assert stale == [], "run this test with UPDATE_API_SAMPLES=1"


def samples(exchanges: list[walk.Exchange]) -> dict[str, str]:
    """Return the bodies of requests and answers by the names of their files; the last one of an operation counts."""
    found: dict[str, Any] = {}
    for exchange in exchanges:
        for end, document in (("request", exchange.request), ("response", exchange.document)):
            if document is not None:
                found[f"{exchange.operation.name}-{end}.json"] = document
    ids: dict[str, str] = {}
    return {name: settled(json.dumps(document, indent=4, sort_keys=True), ids) for name, document in found.items()}


def settled(text: str, ids: dict[str, str]) -> str:
    """Return a document without what is different each time."""

    def id_(match: re.Match[str]) -> str:
        number = len(ids) + 1
        made = f"{number:08x}-5e17-4c0a-9a11-{number:012x}" if "-" in match[0] else f"{number:064x}"
        return ids.setdefault(match[0], made)

    text = _TIME.sub("2026-11-20T08:00:00", _ID.sub(id_, text))
    text = re.sub(r'("(?:start|end)_time": )[\d.]+', r"\g<1>1795161600.25", text)
    return re.sub(r'_[0-9a-f]{8}"', '_00000001"', re.sub(r'"host": "[^"]*"', '"host": "controller"', text)) + "\n"


def alike(ours: Any, theirs: Any) -> bool:
    """Whether two documents are made of the same: keys, and types of values; null and an empty list fit everything."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(alike(ours[name], theirs[name]) for name in ours)
    if isinstance(ours, list) and isinstance(theirs, list):
        return not ours or not theirs or alike(ours[0], theirs[0])
    return ours is None or theirs is None or type(ours) is type(theirs)
