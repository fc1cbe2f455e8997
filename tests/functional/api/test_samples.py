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
from tests import recordings, walk

SAMPLES = pathlib.Path(__file__).parents[3] / "api-ref" / "source" / "samples"
LATEST = versions.render(versions.MAXIMUM)
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{64}\b")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")

SHOWN = {
    "cluster-attrs-list-response.json": ("GET", "/v1/clusters/{}/attrs/{}"),
    "cluster-list-response.json": ("GET", "/v1/clusters"),
    "version-show-response.json": ("GET", "/v1"),
}
"""What the samples show of which the published reference does not say it."""

_OLDER = "the sample is older than this key, which was recorded"
_GIVEN = "what was given is shown as it was given, and the walk gives something else"
_OTHER_TYPE = "the sample shows another type"


def _kept(where: str, reason: str, *samples: str, ours: str = "", theirs: str = "") -> recordings.Kept:
    cases = tuple(f"{sample}.json" for sample in samples)
    return recordings.Kept(cases=cases, where=where, ours=ours, theirs=theirs, reason=reason)


def _more(where: str, keys: str, reason: str, *samples: str) -> recordings.Kept:
    """Return what covers keys that the samples lack, by a regular expression for their list."""
    return _kept(where, reason, *samples, ours=rf"\[{keys}\]$", theirs=r"\[\]$")


_PROFILES = tuple(f"profile-{name}-response" for name in ("create", "list", "show", "update", "validate"))
_POLICIES = tuple(f"policy-{name}-response" for name in ("create", "list", "show", "update", "validate"))
_BINDINGS = ("cluster-policies-list-response", "cluster-policy-show-response")
_NODES = ("node-adopt-response", "node-create-response", "node-show-response")
_RECEIVERS = (
    "receiver-create-response",
    "receiver-show-response",
    "receiver-update-response",
    "receivers-list-response",
)
_TYPES = ("policy-type-show-response", "profile-type-show-response")
_TYPE_LISTS = ("policy-types-list-response-v1.5", "profile-types-list-response-v1.5")
_CLUSTERS = ("cluster-list-response", "cluster-show-response", "cluster-update-response")
_PREVIEW = "node-adopt-preview-response"

KEPT = (
    _kept(r"body\.profiles?(\[\])?\.spec\.properties keys", _GIVEN, *_PROFILES),
    _kept(r"body\.profiles?(\[\])?\.spec\.version", _GIVEN, *_PROFILES, theirs=r"1\.0", ours=r"1\.[01]"),
    _kept(r"body\.polic(y|ies\[\])\.spec\.properties(\.adjustment)? keys", _GIVEN, *_POLICIES),
    _kept(
        r"body\.polic(y|ies\[\])\.spec keys",
        _GIVEN,
        "policy-list-response",
        "policy-update-response",
        theirs=r"\['description'\]$",
    ),
    _kept(r"body\.receivers?(\[\])?\.actor keys", "without Keystone there is no trust", *_RECEIVERS, ours=r"\[\]"),
    _kept(r"body\.\w+_type\.schema keys", _OTHER_TYPE, *_TYPES, *(f"{name}-v1.5" for name in _TYPES)),
    _kept(r"body\.operations keys", _OTHER_TYPE, "profile-type-ops-response"),
    _kept(r"body\.\w+_types\[\]\.support_status keys", "there are other versions", *_TYPE_LISTS),
    _more(r"body\.actions?(\[\])? keys", "'cluster_id'", "since 1.14", "action-get-response", "actions-list-response"),
    _more(r"body\.node keys", "('dependents', |'details', )?'tainted'", _OLDER, *_NODES),
    _kept(
        r"body\.nodes\[\] keys",
        "``project_id`` was never recorded, and ``project`` was",
        "node-list-response",
        ours=r"\['project', 'tainted'\]$",
        theirs=r"\['project_id'\]$",
    ),
    _more(r"body\.cluster_polic(y|ies\[\]) keys", "'data', 'last_op', 'priority'", _OLDER, *_BINDINGS),
    _more(r"body\.clusters\[\] keys", "'config', 'dependents'", _OLDER, "cluster-list-response"),
    _kept(r"body\.clusters?(\[\])?\.nodes", "these clusters have nodes", *_CLUSTERS, theirs=r"\[\]$"),
    _more(r"body keys", "'node_profile'", "the recorded key is this one, so both are there", _PREVIEW),
    _kept(r"body\.node_preview\.properties keys", "this server has no key", _PREVIEW, theirs=r"\['key_name'\]$"),
    _kept(r"body\.node_preview\.version", "the version of a type is a text", _PREVIEW, ours=r"1\.0"),
)
"""In what answers differ on purpose from the published samples."""


@pytest.fixture
def walked(tmp_path: pathlib.Path) -> Iterator[Any]:
    """What makes a walk in a version."""
    made: list[walk.Walk] = []

    def begin(version: str) -> list[walk.Exchange]:
        directory = tmp_path / version
        directory.mkdir()
        made.append(walk.Walk(directory, version))
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


def test_answers_are_like_the_published_samples(walked: Any) -> None:
    published, exchanges = recordings.samples(), {version: walked(version) for version in ("1.4", "1.14")}
    places = dict(SHOWN)
    for endpoint in recordings.endpoints():
        for sample in endpoint.get("samples", ()):
            places.setdefault(pathlib.PurePath(sample).name, (endpoint["method"], endpoint["path"]))
    assert published.keys() <= places.keys()
    known = recordings.types([*published.values(), *recordings.bodies()])
    differences: dict[str, recordings.Difference] = {}
    for name, document in published.items():
        version = "1.4" if name.replace(".json", "-v1.5.json") in published else "1.14"
        answers = [
            one.document
            for one in exchanges[version]
            if place(one.operation.method, one.operation.path) == place(*places[name])
        ]
        assert answers, f"nothing in the walk answers what {name} shows"
        for answer in answers:
            theirs, ours = (recordings.Answer(status=200, headers={}, body=body) for body in (document, answer))
            found = recordings.compare(name, theirs, ours, values=False, elsewhere=known)
            differences |= {str(one): one for one in found}
    recordings.assert_kept(differences.values(), KEPT)


def place(method: str, path: str) -> tuple[str, str]:
    """Return a method and a path, without the names of variables."""
    return method, re.sub(r"{\w+}", "{}", path).rstrip("/")


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
    """Whether two documents are made of the same: keys, lengths of lists, and types of values."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(alike(ours[name], theirs[name]) for name in ours)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(alike(*pair) for pair in zip(ours, theirs, strict=True))
    return type(ours) is type(theirs)
