"""The recorded exchanges with the service whose API this is, and how answers are compared with them."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import pathlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pytest
import yaml

_DATA = pathlib.Path(os.environ.get("SENLIN_V1_DATA", "../shared/senlin-v1"))

_HEADERS = ("openstack-api-version", "vary", "location", "content-type")
_OPAQUE = ("data", "inputs", "outputs", "context", "build_info")
"""What is below these keys is the business of the service that wrote it: it must be of the same type, no more."""

_OTHERS = (
    "status_reason",
    "cause",
    "host",
    "disabled_reason",
    "index",
    "next_index",
    "fixed_ips",
    "addr",
    "description",
)
"""Values that every run or service has its own of: they must be of the same type."""

_GIVEN = ("metadata", "params", "config")
"""What users have given, and what therefore counts only where values do."""

_VARYING = (
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-f]{32}\b"), "ID"),
    (re.compile(r"\b\d{4}-\d\d-\d\d(T| )\d\d:\d\d:\d\d"), r"0000-00-00\g<1>00:00:00"),
    (re.compile(r"(?<=\()[0-9a-f]{8}(?=\))|(?<=_)[0-9a-f]{8}\b|\b[0-9a-f]{8}\b"), "SHORT"),
    (re.compile(r"\bnode-\w{8}\b"), "node-RANDOM"),
)


def _file(*parts: str) -> pathlib.Path:
    file = _DATA.joinpath(*parts)
    if not file.exists():
        pytest.skip(f"{file} is not here: set SENLIN_V1_DATA to the folder with the data of the v1 API")
    return file


def load() -> list[dict[str, Any]]:
    """Return the exchanges of api.json; skips the test where the data is not at hand."""
    steps: list[dict[str, Any]] = json.loads(_file("recordings", "api.json").read_text())
    return steps


def session() -> list[dict[str, Any]]:
    """Return the exchanges of cli.jsonl, in order; skips the test where the data is not at hand."""
    return [json.loads(line) for line in _file("recordings", "cli.jsonl").read_text().splitlines()]


def bodies() -> list[Any]:
    """Return the bodies of all good answers; skips the test where the data is not at hand."""
    answers = [step["response"] for step in (*load(), *session())]
    return [answer["body"] for answer in answers if answer["status"] < 400]


def samples() -> dict[str, Any]:
    """Return the published example answers by the names of their files; skips the test where they are not at hand."""
    found = {file.name: json.loads(file.read_text()) for file in _file("samples").glob("*-response*.json")}
    assert found
    return found


def endpoints() -> list[dict[str, Any]]:
    """Return what is published of each endpoint; skips the test where the data is not at hand."""
    found: list[dict[str, Any]] = yaml.safe_load(_file("api.yaml").read_text())
    return found


_MAY_BE_NULL = ("domain", "updated_at")
"""A project need not be told with its domain, and what was made need not be changed ever."""


def assert_same_shape(ours: Any, theirs: Any) -> None:
    """Assert that two objects have the same keys, and values of the same types."""
    ours = json.loads(json.dumps(ours))
    assert set(ours) == set(theirs)
    for key in ours:
        if key not in _MAY_BE_NULL or (ours[key] is not None and theirs[key] is not None):
            assert type(ours[key]) is type(theirs[key]), key


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer over HTTP; the names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing in which an answer is unlike the recorded one.

    ``where`` is "status", "header NAME", "type", "title", "explanation", "message" of an error, or a path in the body.
    """

    case: str
    where: str
    theirs: Any
    ours: Any

    def __str__(self) -> str:
        return f"{self.case}: {self.where}: {self.theirs!r} was recorded, {self.ours!r} came"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A difference that stays, for a reason, in each of these cases.

    ``where`` is a regular expression for the place, ``ours`` and ``theirs`` for the beginning of what each has there.
    """

    cases: tuple[str, ...]
    where: str
    reason: str
    ours: str = ""
    theirs: str = ""

    def covers(self, difference: Difference) -> bool:
        """Whether this is it."""
        return (
            difference.case in self.cases
            and re.fullmatch(self.where, difference.where) is not None
            and re.match(self.ours, str(difference.ours)) is not None
            and re.match(self.theirs, str(difference.theirs)) is not None
        )


def assert_kept(differences: Iterable[Difference], kept: Sequence[Kept]) -> None:
    """Assert that there are no differences but those that are kept on purpose, and that those are still there."""
    found = list(differences)
    unwanted = [str(one) for one in found if not any(entry.covers(one) for entry in kept)]
    assert not unwanted, "\n".join([f"{len(unwanted)} differences from what was recorded:", *unwanted])
    idle = [
        f"{case}: {entry.where}"
        for entry in kept
        for case in entry.cases
        if not any(one.case == case and entry.covers(one) for one in found)
    ]
    assert not idle, f"there is no such difference any more, take it off the list: {idle}"


Types = Mapping[str, frozenset[type]]
"""The types of values, by the places that they are at: ``cluster.created_at``."""


def types(documents: Iterable[Any]) -> Types:
    """Return the types that the values of each place have in documents."""
    found: dict[str, set[type]] = {}

    def look(where: str, value: Any) -> None:
        found.setdefault(_place(where), set()).add(type(value))
        if isinstance(value, dict):
            for key in value:
                look(f"{where}.{key}", value[key])
        elif isinstance(value, list):
            for item in value:
                look(f"{where}[]", item)

    for document in documents:
        look("body", document)
    return {place: frozenset(each) for place, each in found.items()}


def _place(where: str) -> str:
    """Return a place in a document, the same for a thing and for one in a list of such things."""
    first, dot, rest = where.removeprefix("body").removeprefix(".").partition(".")
    if first.endswith("s[]"):
        first = first.removesuffix("s[]")
        first = f"{first.removesuffix('ie')}y" if first.endswith("ie") else first
    return f"{first}{dot}{rest}"


def compare(
    case: str,
    theirs: Answer,
    ours: Answer,
    *,
    values: bool = True,
    order: bool = True,
    elsewhere: Types | None = None,
) -> Iterator[Difference]:
    """Say in what an answer is unlike the recorded one.

    Headers and keys that only ours has are differences in the body only. Times, ids and random names count by their
    form. Null fits nothing else where values count; where they do not, it does if both were recorded at this place.

    :param values: whether values count, and not only their types
    :param order: whether the order of things in lists does
    :param elsewhere: the types that were recorded of each place, in any exchange
    """
    if theirs.status != ours.status:
        yield Difference(case=case, where="status", theirs=theirs.status, ours=f"{ours.status} {ours.body}")
        return
    for name in _HEADERS:
        recorded = theirs.headers.get(name)
        if recorded is not None and not _same_header(name, recorded, ours.headers.get(name, "")):
            yield Difference(case=case, where=f"header {name}", theirs=recorded, ours=ours.headers.get(name))
    if theirs.status >= 400:
        yield from _compare_errors(case, theirs.body, ours.body)
    else:
        comparison = _Comparison(case=case, order=order, elsewhere=elsewhere or {})
        yield from comparison.compare("body", theirs.body, ours.body, values=values)


def _same_header(name: str, theirs: str, ours: str) -> bool:
    if name == "vary":  # other layers may add to it
        return set(theirs.lower().split(", ")) <= set(ours.lower().split(", "))
    return form(theirs) == form(ours)


def _compare_errors(case: str, theirs: Any, ours: Any) -> Iterator[Difference]:
    if set(theirs) != set(ours):
        yield Difference(case=case, where="body", theirs=sorted(theirs), ours=sorted(ours))
        return
    pairs = [(key, theirs[key], ours[key]) for key in ("title", "explanation", "code") if key in theirs]
    if isinstance(theirs.get("error"), dict):
        pairs += [(key, theirs["error"].get(key), ours["error"].get(key)) for key in ("type", "code", "message")]
    for where, recorded, came in pairs:
        if form(recorded) != form(came):
            yield Difference(case=case, where=where, theirs=recorded, ours=came)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Comparison:
    """How documents are compared."""

    case: str
    order: bool
    elsewhere: Types

    def compare(self, where: str, theirs: Any, ours: Any, *, values: bool) -> Iterator[Difference]:
        """Say in what two values differ."""
        key = where.rpartition(".")[2]
        if type(theirs) is not type(ours):
            if values or None not in (theirs, ours) or not self._recorded(where, theirs, ours):
                yield self._difference(where, theirs, ours)
        elif key in _OPAQUE or key in _OTHERS or (key in _GIVEN and not values):
            return
        elif isinstance(theirs, dict):
            if set(theirs) != set(ours):
                missing, new = sorted(set(theirs) - set(ours)), sorted(set(ours) - set(theirs))
                yield self._difference(f"{where} keys", missing, new)
            for name in sorted(set(theirs) & set(ours)):
                yield from self.compare(f"{where}.{name}", theirs[name], ours[name], values=values)
        elif isinstance(theirs, list):
            yield from self._compare_lists(where, theirs, ours, values=values)
        elif values and not isinstance(theirs, float) and form(theirs) != form(ours):
            yield self._difference(where, theirs, ours)

    def _recorded(self, where: str, *values: Any) -> bool:
        return {type(value) for value in values} <= self.elsewhere.get(_place(where), frozenset())

    def _compare_lists(self, where: str, theirs: list[Any], ours: list[Any], *, values: bool) -> Iterator[Difference]:
        """Compare what has the same name; where nothing has one of its own, types at the same place.

        There may be more of ours then: each must be like the last one of theirs.
        """
        if bool(theirs) != bool(ours):
            yield self._difference(where, theirs, ours)
        recorded, came = _by_name(theirs), _by_name(ours)
        if recorded is None or came is None or not values:
            sure = len(theirs) == len(ours) == 1 or not any(isinstance(item, dict) for item in (*theirs, *ours))
            others = itertools.repeat(theirs[-1]) if theirs and not sure else ()
            for pair in zip(itertools.chain(theirs, others), ours, strict=False):
                yield from self.compare(f"{where}[]", *pair, values=values and sure)
            return
        if set(recorded) != set(came):
            missing, new = sorted(set(recorded) - set(came)), sorted(set(came) - set(recorded))
            yield self._difference(f"{where} names", missing, new)
        common = [key for key in recorded if key in came]
        if self.order and common != [key for key in came if key in recorded]:
            yield self._difference(f"{where} order", list(recorded), list(came))
        for key in common:
            yield from self.compare(f"{where}[]", recorded[key], came[key], values=values)

    def _difference(self, where: str, theirs: Any, ours: Any) -> Difference:
        return Difference(case=self.case, where=where, theirs=theirs, ours=ours)


def _by_name(items: list[Any]) -> dict[tuple[str, str], Any] | None:
    """Return things by name (or relation) and version; None where these do not tell them apart."""
    if not all(isinstance(item, dict) and ("name" in item or "rel" in item) for item in items):
        return None
    found = {(form(item.get("name", item.get("rel"))), item.get("version", "")): item for item in items}
    return found if len(found) == len(items) else None


def form(value: Any) -> Any:
    """Return a value without what every run has its own of."""
    if isinstance(value, str):
        for pattern, instead in _VARYING:
            value = pattern.sub(instead, value)
    return value
