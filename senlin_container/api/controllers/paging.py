"""What all lists have in common: the page, the filters, and the way to the next page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib import parse

from senlin_container.api import calls
from senlin_container.api.schemas import parts
from senlin_container.usecases import reading


def page(services: calls.Services, call: calls.Call) -> reading.Page:
    """Return the page that a call asks for; a list is never longer than ``max_limit``."""
    query = call.query
    return reading.Page(
        limit=_limit(services, call),
        marker=query.get("marker"),
        sort=query.get("sort", ()),
        global_project=query.get("global_project", False),
    )


def filters(call: calls.Call) -> dict[str, tuple[str, ...]]:
    """Return the filters of a call, what does not choose a page: the values of each."""
    return {
        name: value if isinstance(value, tuple) else (value,)
        for name, value in call.query.items()
        if name not in parts.PAGING
    }


def answer(services: calls.Services, call: calls.Call, key: str, items: Sequence[dict[str, Any]]) -> calls.Answer:
    """Return a list; when it was cut because of our own bound, a ``Link`` header leads on (RFC 8288)."""
    headers: tuple[tuple[str, str], ...] = ()
    bound = services.max_limit
    cut_by_us = len(items) == bound and (call.query.get("limit") or bound + 1) > bound
    if cut_by_us:
        headers = (("Link", f'<{_next(call, items[-1]["id"])}>; rel="next"'),)
    return calls.Answer(document={key: items}, headers=headers)


def _limit(services: calls.Services, call: calls.Call) -> int:
    return min(call.query.get("limit") or services.max_limit, services.max_limit)


def _next(call: calls.Call, marker: str) -> str:
    query = dict(call.query) | {"marker": marker}
    if "sort" in query:
        query["sort"] = ",".join(f"{key}:{'desc' if descending else 'asc'}" for key, descending in query["sort"])
    return f"{call.base_url}{parse.quote(call.url_path)}?{parse.urlencode(query, doseq=True)}"
