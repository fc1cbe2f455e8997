"""How many nodes may be taken down at once when all of them are to be changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

_T = TypeVar("_T")


def split(items: Sequence[_T], *, in_service: int) -> tuple[tuple[_T, ...], ...]:
    """Split into batches such that at least ``in_service`` of the items stay untouched by each of them.

    A batch holds one item at least: with as many items as must stay in service, one at a time is the best there is.
    """
    size = max(len(items) - in_service, 1)
    return tuple(tuple(items[i : i + size]) for i in range(0, len(items), size))
