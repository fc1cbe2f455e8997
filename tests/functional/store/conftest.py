"""A real database for each test."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

import pytest

from senlin_container.store import session
from tests import databases


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A database with the schema and nothing else."""
    return databases.template(tmp_path_factory.mktemp("template"))


@pytest.fixture
def url(template: pathlib.Path, tmp_path: pathlib.Path) -> str:
    """The URL of a database of the test's own."""
    return databases.copy(template, tmp_path)


@pytest.fixture
def database(url: str) -> Iterator[session.Database]:
    """A database of the test's own."""
    opened = session.connect(url)
    yield opened
    opened.close()
