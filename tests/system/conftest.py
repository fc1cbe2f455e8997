"""Services for tests, ended whatever happens."""

from __future__ import annotations

import contextlib
import pathlib
from collections.abc import Callable, Iterator

import pytest

from tests import standalone


@pytest.fixture
def new_service(tmp_path: pathlib.Path) -> Iterator[Callable[..., standalone.Standalone]]:
    """Make services that are not started yet; options as groups of a configuration file."""
    with contextlib.ExitStack() as ends:

        def make(**options: dict[str, object]) -> standalone.Standalone:
            service = standalone.Standalone(tmp_path / "service", options)
            ends.callback(service.close)
            return service

        yield make


@pytest.fixture
def new_api() -> Iterator[Callable[..., standalone.Api]]:
    """Make clients of a service."""
    with contextlib.ExitStack() as ends:

        def make(service: standalone.Standalone, **options: object) -> standalone.Api:
            api = standalone.Api(service.url, **options)  # type: ignore[arg-type]
            ends.callback(api.close)
            return api

        yield make
