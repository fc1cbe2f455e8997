"""Fixtures of the tests that need no database."""

from __future__ import annotations

from typing import Any

import pytest

from tests import recordings as recorded


@pytest.fixture(scope="session")
def recordings() -> list[dict[str, Any]]:
    """The recorded exchanges about the endpoints that there are."""
    return recorded.load()
