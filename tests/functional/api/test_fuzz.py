"""Random requests, made from the OpenAPI document: every answer is a documented one, and no refusal changes anything.

FUZZ_CASES says how many requests there are in all; from 20,000 on each is random, below they are the same every time.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pathlib
import shutil
import sqlite3
import time
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
from schemathesis import GenerationMode
from schemathesis.core import failures

from senlin_container.api import openapi, operations
from tests import fuzzing, installation
from tests.functional.api import conftest

CASES = int(os.environ.get("FUZZ_CASES", "4000"))
STEPS = 10
GROUPS = openapi.grouped(operations.OPERATIONS)
BASE = hypothesis.settings(fuzzing.SETTINGS, derandomize=CASES < 20_000)

LIVES = hypothesis.settings(
    fuzzing.SETTINGS, max_examples=10, stateful_step_count=STEPS, phases=[hypothesis.Phase.generate]
)


def examples(group: tuple[Any, ...], cases: int) -> int:
    """Return how many of the cases an operation gets: one that reads a body has more to go wrong."""
    weights = {id(other): len(other) * (1 if other[0].body is None else 4) for other in GROUPS}
    return max(5, cases * weights[id(group)] // sum(weights.values()))


class World:
    """An API with some of everything, time and again the same."""

    def __init__(self, empty: pathlib.Path, directory: pathlib.Path) -> None:
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
        self.schema.app = self._api.application

    def close(self) -> None:
        self._watch.close()
        self._api.database.close()

    def begin_anew(self) -> None:
        """Forget all that has happened."""
        self.close()
        self._begin()

    def try_out(self, case: Any) -> Any:
        """Send a request, and hold its answer against the document."""
        before = self._writes()
        response = case.call()
        self.requests += 1
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
def world(empty_database: pathlib.Path, tmp_path: pathlib.Path) -> Iterator[World]:
    made = World(empty_database, tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("group", GROUPS, ids=openapi.operation_id)
def test_every_answer_is_documented(world: World, group: tuple[Any, ...], mode: GenerationMode) -> None:
    operation = world.schema[group[0].path][group[0].method]

    @hypothesis.settings(BASE, max_examples=examples(group, CASES // 4))
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        world.try_out(case)

    send()


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
        hypothesis.seed(number)(Life)
        with contextlib.suppress(hypothesis.errors.Flaky):
            Life.run(settings=LIVES)
        if world.failures:
            raise world.failures[0]


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


def test_every_answer_is_documented_while_an_engine_works(busy: Any) -> None:
    for group in GROUPS:
        operation = busy[group[0].path][group[0].method]

        @hypothesis.settings(fuzzing.SETTINGS, max_examples=examples(group, CASES // 4))
        @hypothesis.given(case=operation.as_strategy())
        def send(case: Any) -> None:
            case.call_and_validate(checks=fuzzing.CHECKS)

        send()
