"""Random requests, made from the OpenAPI document: every answer is a documented one, and no refusal changes anything.

FUZZ_CASES says how many requests there are in all. They are other ones each time: the seed is told at the end and
when a test fails, and FUZZ_SEED makes the same ones again.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import os
import pathlib
import re
import secrets
import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
from schemathesis import GenerationMode
from schemathesis.core import failures

from senlin_container.api import openapi, operations, versions
from tests import conforming, fuzzing, installation, walk
from tests.functional.api import conftest

CASES = int(os.environ.get("FUZZ_CASES", "4000"))
SEED = os.environ.get("FUZZ_SEED") or str(secrets.randbelow(10**9))
AGAIN = f"FUZZ_CASES={CASES} FUZZ_SEED={SEED} makes the same requests again"
STEPS = 10
GROUPS = openapi.grouped(operations.OPERATIONS)

LIVES = hypothesis.settings(
    fuzzing.SETTINGS, max_examples=10, stateful_step_count=STEPS, phases=[hypothesis.Phase.generate]
)


def examples(group: tuple[Any, ...], cases: int) -> int:
    """Return how many of the cases an operation gets: one that reads a body has more to go wrong."""
    weights = {id(other): len(other) * (1 if other[0].body is None else 4) for other in GROUPS}
    return max(5, cases * weights[id(group)] // sum(weights.values()))


@dataclasses.dataclass(slots=True)
class Tally:
    """How many requests were sent, and how they were answered."""

    sent: int = 0
    accepted: int = 0

    def count(self, response: Any) -> None:
        """Take notice of an answer."""
        self.sent += 1
        self.accepted += response.status_code < 400


@pytest.fixture(scope="module")
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    """All requests of this module: where all of its tests are run, there must be as many as were asked for."""
    made = Tally()
    failed = request.session.testsfailed
    yield made
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
        sys.stdout.write(f"\n{made.sent} random requests, {made.accepted} of them accepted; {AGAIN}\n")
    whole = len([item for item in request.session.items if item.path == request.path]) == 2 * len(GROUPS) + 3
    if whole and request.session.testsfailed == failed:
        assert made.sent >= CASES, "fewer requests than there should be"
        assert made.accepted >= made.sent // 10, "too few requests get past the first checks"


class World:
    """An API with some of everything, time and again the same."""

    def __init__(self, empty: pathlib.Path, directory: pathlib.Path, tally: Tally) -> None:
        self._tally = tally
        self._stocked = directory / "stocked.db"
        shutil.copy(empty, self._stocked)
        api = conftest.Api(f"sqlite:///{self._stocked}")
        known = fuzzing.stock(api)
        api.database.close()
        self._files = (directory / f"world-{number}.db" for number in itertools.count())
        self.requests = 0
        self.failures: list[Exception] = []
        self.schema = fuzzing.load(known)
        self._begin()

    def _begin(self) -> None:
        file = next(self._files)
        shutil.copy(self._stocked, file)
        self._api = conftest.Api(f"sqlite:///{file}")
        self._watch = sqlite3.connect(file)

    def close(self) -> None:
        self._watch.close()
        self._api.database.close()

    def begin_anew(self) -> None:
        """Forget all that has happened."""
        self.close()
        self._begin()

    def send(self, method: str, path: str, body: Any) -> Any:
        """Send a request like one of a walk."""
        operation = conforming.find(method, path, json.dumps(body).encode())
        assert operation is not None, path
        variables = re.fullmatch(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", operation.path), path)
        assert variables is not None, path
        schema = self.schema[operation.path][operation.method]
        headers = {versions.HEADER: f"{versions.SERVICE_TYPE} latest"}
        return self.try_out(schema.Case(path_parameters=variables.groupdict(), body=body, headers=headers))

    def try_out(self, case: Any) -> Any:
        """Send a request, and hold its answer against the document."""
        before = self._writes()
        response = case.call(app=self._api.application)
        self.requests += 1
        self._tally.count(response)
        try:
            case.validate_response(response, checks=fuzzing.CHECKS)
            assert response.status_code < 400 or self._writes() == before, "a refused request has changed something"
        except (AssertionError, failures.FailureGroup) as failure:
            self.failures.append(failure)
            raise
        return response

    def _writes(self) -> int:
        # A number that other connections' commits change.
        version: int = self._watch.execute("PRAGMA data_version").fetchone()[0]
        return version


@pytest.fixture
def world(empty_database: pathlib.Path, tmp_path: pathlib.Path, tally: Tally) -> Iterator[World]:
    made = World(empty_database, tmp_path, tally)
    yield made
    made.close()


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("group", GROUPS, ids=openapi.operation_id)
def test_every_answer_is_documented(world: World, group: tuple[Any, ...], mode: GenerationMode) -> None:
    operation = world.schema[group[0].path][group[0].method]

    @hypothesis.seed(SEED)
    @hypothesis.settings(fuzzing.SETTINGS, max_examples=examples(group, CASES // 4))
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        world.try_out(case)

    send()


def test_null_is_as_good_as_nothing(world: World) -> None:
    """Each key of each body of a walk is null once: where that is accepted, so is what lacks the key."""
    for null, none in fuzzing.with_nulls((*walk.STEPS, *fuzzing.BARE)):
        if world.send(*null).status_code < 400:
            world.begin_anew()
            response = world.send(*none)
            assert response.status_code < 400, (null, response.text)
            world.begin_anew()


def test_lives_of_objects_are_documented(world: World) -> None:
    """Sequences of requests follow the links of the document, from what is made to what becomes of it."""

    class Life(world.schema.as_state_machine()):  # type: ignore[misc]
        def setup(self) -> None:
            world.begin_anew()

        def call(self, case: Any, **kwargs: Any) -> Any:
            return world.try_out(case)

        def validate_response(self, response: Any, case: Any, *args: Any, **kwargs: Any) -> None:
            """Done already."""

    for number in range(CASES):
        if world.requests >= CASES // 2:
            break
        # Which links can be followed depends on the ids in answers, which are new each time; hypothesis ends a round
        # where it notices, and the next one begins elsewhere.
        hypothesis.seed(f"{SEED}-{number}")(Life)
        with contextlib.suppress(hypothesis.errors.Flaky):
            Life.run(settings=LIVES)
        if world.failures:
            raise world.failures[0]
    assert world.requests >= CASES // 2


@pytest.fixture
def busy(tmp_path: pathlib.Path) -> Iterator[Any]:
    """The document of an API whose actions an engine carries out meanwhile."""
    running = installation.Installation(tmp_path)
    api = conftest.Api(f"sqlite:///{tmp_path}/test.db", clock=time.time)
    api.parts = running.parts
    api.application = api.build()
    running.engine()
    schema = fuzzing.load(fuzzing.stock(api))
    schema.app = api.application
    yield schema
    running.close()
    api.database.close()


def test_every_answer_is_documented_while_an_engine_works(busy: Any, tally: Tally) -> None:
    for group in GROUPS:
        operation = busy[group[0].path][group[0].method]

        @hypothesis.seed(SEED)
        @hypothesis.settings(fuzzing.SETTINGS, max_examples=examples(group, CASES // 4))
        @hypothesis.given(case=operation.as_strategy())
        def send(case: Any) -> None:
            response = case.call()
            tally.count(response)
            case.validate_response(response, checks=fuzzing.CHECKS)

        send()
