"""Fixtures for tests of the engine."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests import installation


@pytest.fixture
def install(tmp_path: pathlib.Path) -> Iterator[Callable[..., installation.Installation]]:
    """Make installations; they are closed in the end."""
    made: list[installation.Installation] = []

    def make(**given: Any) -> installation.Installation:
        one = installation.Installation(tmp_path, **given)
        made.append(one)
        return one

    yield make
    for one in made:
        one.close()


@pytest.fixture
def running(install: Callable[..., installation.Installation]) -> installation.Installation:
    """An installation with an engine and two hosts, h1 and h2, in the cluster ``hosts``."""
    one = install()
    one.engine()
    one.hosts("h1", "h2")
    return one
