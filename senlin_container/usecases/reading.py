"""What all reads share: which part of a list is wanted, and whose objects the requester sees."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from senlin_container.domain import errors
from senlin_container.rbac import rules
from senlin_container.store import listing
from senlin_container.usecases import context

Filters = Mapping[str, tuple[str, ...]]
"""By the name of an attribute, the values of which one must fit."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What part of a list is wanted. ``sort`` holds pairs of a key and whether it is descending."""

    limit: int | None = None
    marker: str | None = None
    sort: tuple[tuple[str, bool], ...] = ()
    global_project: bool = False


class Reader:
    """Reads from the database; each read is one consistent look."""

    def __init__(self, parts: context.Parts) -> None:
        self._parts = parts
        self._read = parts.database.read

    def alive(self) -> bool:
        """Return whether there is anything to read from."""
        return self._parts.database.answers()

    def _page(self, ctx: context.Context, page: Page) -> listing.Page:
        if page.global_project and not ctx.may(rules.GLOBAL_PROJECT):
            raise errors.Forbidden(rules.REFUSAL)
        most = self._parts.limits.page
        return listing.Page(
            project=ctx.scope(everything=page.global_project),
            limit=most if page.limit is None else min(page.limit, most),
            marker=page.marker,
            sort=page.sort,
        )


def many(filters: Filters) -> dict[str, tuple[str, ...]]:
    """Return filters in the form that the store takes, each value once."""
    return {key: tuple(dict.fromkeys(values)) for key, values in filters.items()}
