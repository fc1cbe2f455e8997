"""Refusals on the wire: the one place that knows which status and body an error becomes."""

from __future__ import annotations

import json
from collections.abc import Iterable

import webob
from webob import exc

from senlin_container.domain import errors

Headers = tuple[tuple[str, str], ...]

_WIRE: dict[type[errors.Error], tuple[int, str]] = {
    errors.InvalidSpec: (400, "InvalidSpec"),
    errors.Invalid: (400, "BadRequest"),
    errors.Forbidden: (403, "Forbidden"),
    errors.NotFound: (404, "ResourceNotFound"),
    errors.NotAttached: (404, "PolicyBindingNotFound"),
    errors.Ambiguous: (400, "MultipleChoices"),
    errors.Unavailable: (503, "ServiceUnavailable"),
    errors.InUse: (409, "ResourceInUse"),
    errors.Busy: (409, "ActionInProgress"),
    errors.Scaling: (409, "ActionConflict"),
    errors.Cooling: (409, "ActionCooldown"),
    errors.Ended: (409, "ActionImmutable"),
    errors.Conflict: (409, "Conflict"),
    errors.Error: (400, "BadRequest"),
}
_SHORT = 100


class Fault(Exception):
    """A request that ends in an error answer.

    :ivar status: HTTP status code
    :ivar kind: what the body calls ``type``
    :ivar message: what is wrong, for the requester
    :ivar headers: more headers of the answer
    """

    def __init__(self, status: int, kind: str, message: str, *, headers: Headers = ()) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.message = message
        self.headers = headers

    def document(self) -> dict[str, object]:
        """Return the body of the answer."""
        title, explanation = _words(self.status)
        return {
            "code": self.status,
            "error": {"code": self.status, "message": self.message, "type": self.kind},
            "explanation": explanation,
            "title": title,
        }

    def response(self) -> webob.Response:
        """Return the answer as a WSGI application."""
        response = webob.Response(
            body=json.dumps(self.document()).encode("ascii"), status=self.status, content_type="application/json"
        )
        response.headers.extend(self.headers)
        return response


def malformed(message: str) -> Fault:
    """Return the fault of a request that does not fit its schema (400)."""
    return Fault(400, "HTTPBadRequest", message)


def forbidden(message: str) -> Fault:
    """Return the fault of a request that its sender may not make (403)."""
    return Fault(403, "Forbidden", message)


def not_found(path: str) -> Fault:
    """Return the fault of a path that leads nowhere (404)."""
    return Fault(404, "ResourceNotFound", f"There is no resource at '{shorten(path)}'.")


def not_allowed(method: str, allowed: Iterable[str]) -> Fault:
    """Return the fault of a method that a path does not know (405)."""
    names = ", ".join(sorted(allowed))
    return Fault(
        405,
        "HTTPMethodNotAllowed",
        f"The method {shorten(method)} is not allowed here: use {names}.",
        headers=(("Allow", names),),
    )


def unexpected() -> Fault:
    """Return the fault of our own making (500), which tells no details."""
    return Fault(
        500,
        "InternalError",
        "The server met an unexpected error. Its log tells more under the request id of this answer.",
    )


def unavailable() -> Fault:
    """Return the fault of a database that cannot be reached for now (503)."""
    return Fault(503, "ServiceUnavailable", "The database of the service does not answer: try again later.")


def of_error(error: errors.Error) -> Fault:
    """Return the fault that an error of the domain becomes."""
    for kind in type(error).__mro__:
        found = _WIRE.get(kind)
        if found:
            break
    else:  # pragma: no cover (errors.Error itself is in the table)
        found = _WIRE[errors.Error]
    return Fault(found[0], found[1], error.message)


def shorten(value: object) -> str:
    """Return a value of the requester fit to be quoted in a message."""
    text = str(value)
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}..."


def _words(status: int) -> tuple[str, str]:
    """Return the title and the explanation of a status."""
    # The explanation that webob has for 406 speaks of browsers; Senlin's answer has that of 400.
    explanation = exc.status_map[400 if status == 406 else status].explanation
    return exc.status_map[status].title, explanation
