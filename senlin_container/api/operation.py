"""What is known of one operation of the API."""

from __future__ import annotations

import dataclasses

from senlin_container.api import answers, calls, validation, versions

_Version = versions.Version


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation.

    :ivar name: unique name
    :ivar title: what it does, in a few words
    :ivar path: template, with variables in braces
    :ivar action: where several operations share a method and a path, the key in the body that stands for this one
    :ivar policy: name of the access rule; None for what everybody may see without credentials
    :ivar answer: the document of the good end; None for none
    :ivar success: HTTP status of the good end
    :ivar errors: HTTP statuses of the bad ends, besides those that everything shares (see ``COMMON_ERRORS``)
    :ivar since: first microversion that has it
    :ivar until: last microversion that has it, None for no end
    :ivar body: what it expects as body; None when it ignores what is sent
    """

    name: str
    title: str
    method: str
    path: str
    handler: calls.Handler
    policy: str | None
    answer: answers.Answer | None
    success: int = 200
    errors: tuple[int, ...] = ()
    since: _Version = versions.MINIMUM
    until: _Version | None = None
    action: str | None = None
    body: validation.Body | None = None
    query: validation.Query = validation.NO_QUERY

    def exists_in(self, version: _Version) -> bool:
        """Return whether a microversion has the operation."""
        return self.since <= version and (self.until is None or version <= self.until)


COMMON_ERRORS = (400, 401, 403, 406, 413, 500, 503)


def get(
    name: str,
    title: str,
    path: str,
    handler: calls.Handler,
    policy: str | None,
    answer: answers.Answer | None,
    *,
    query: validation.Query = validation.NO_QUERY,
    since: _Version = versions.MINIMUM,
    success: int = 200,
) -> Operation:
    """Return an operation that reads; what has a variable in its path can be missing."""
    return Operation(
        name=name,
        title=title,
        method="GET",
        path=path,
        handler=handler,
        policy=policy,
        success=success,
        errors=(404,) if "{" in path else (),
        since=since,
        query=query,
        answer=answer,
    )


def action(
    kind: str,
    body: validation.Wrapped,
    title: str,
    handler: calls.Handler,
    *,
    since: _Version = versions.MINIMUM,
) -> Operation:
    """Return an action on a cluster or a node, which its body names.

    :param kind: ``cluster`` or ``node``
    """
    return Operation(
        name=f"{kind}_{body.key}",
        title=title,
        method="POST",
        path=f"/v1/{kind}s/{{{kind}_id}}/actions",
        handler=handler,
        policy=f"{kind}s:action",
        success=202,
        errors=(404, 409),
        since=since,
        action=body.key,
        body=body,
        answer=answers.ACTION_ID,
    )
