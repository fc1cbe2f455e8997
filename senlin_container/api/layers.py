"""The layers around the application that are the same for every request. See ``app.build`` for their order."""

from __future__ import annotations

import io
from collections.abc import Callable, Container, Iterable
from typing import Any

import webob
from oslo_log import log
from oslo_middleware import request_id

from senlin_container.api import faults, versions

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

REQUEST_ID = request_id.ENV_REQUEST_ID
VERSION = "senlin_container.version"
IDENTITY = "senlin_container.identity"

LOG = log.getLogger(__name__)


class Guard:
    """Sees to it that every answer names its microversion, and that nothing unexpected gets out.

    This is the outermost guard of the API: an exception that nobody foresaw is logged with the id of its request,
    and the requester learns that id and no more.

    :param passing: exceptions of a service that we depend on and that cannot be reached for now
    """

    def __init__(self, application: Application, passing: tuple[type[Exception], ...] = ()) -> None:
        self._application = application
        self._passing = passing

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            version = versions.render(environ.get(VERSION, versions.DEFAULT))
            headers = [
                *headers,
                (versions.HEADER, f"{versions.SERVICE_TYPE} {version}"),
                ("Vary", versions.HEADER),
            ]
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        try:
            return self._application(environ, start)
        except faults.Fault as fault:
            return _send(fault, environ, start)
        except self._passing as error:
            LOG.warning("%s: %s", environ.get(REQUEST_ID), type(error).__name__)
            return _send(faults.unavailable(), environ, start)
        except Exception:
            LOG.exception(
                "%s: %s %s failed", environ.get(REQUEST_ID), environ["REQUEST_METHOD"], environ.get("PATH_INFO")
            )
            return _send(faults.unexpected(), environ, start)


def _send(fault: faults.Fault, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    answer: Iterable[bytes] = fault.response()(environ, start_response)
    return answer


class Refusals:
    """Makes answers of refusals, for a layer around it that has something to add to every answer."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        try:
            return self._application(environ, start_response)
        except faults.Fault as fault:
            return _send(fault, environ, start_response)


class SizeLimit:
    """Reads the body of a request, and refuses one that is too large before it takes up memory.

    oslo.middleware has a layer for this as well. It lets a Content-Length pass that is no number or negative, counts
    only what is read later, and answers with another body than ours.
    """

    def __init__(self, application: Application, maximum: int) -> None:
        self._application = application
        self._maximum = maximum

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request whose body is not too large; its body is then in memory."""
        body = self._read(environ)
        environ["wsgi.input"] = io.BytesIO(body)
        # WebOb would copy what is larger than 10 kB into a file, and there are keys and passwords in profiles.
        environ["webob.is_body_seekable"] = True
        environ["CONTENT_LENGTH"] = str(len(body))
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        return self._application(environ, start_response)

    def _read(self, environ: Environ) -> bytes:
        declared = environ.get("CONTENT_LENGTH") or ""
        if declared:
            # isdecimal alone would let through the digits of other scripts.
            if not (declared.isascii() and declared.isdecimal()):
                raise faults.malformed("The Content-Length header must be a number of bytes.")
            length = int(declared) if len(declared) < 20 else self._maximum + 1
        elif environ.get("wsgi.input_terminated"):
            length = self._maximum + 1  # chunked: nobody knows before the end
        else:
            length = 0
        if declared and length > self._maximum:
            raise self._too_large()
        body = _taken(environ["wsgi.input"], length) if length else b""
        if len(body) > self._maximum:
            raise self._too_large()
        if declared and len(body) < length:
            raise faults.malformed(f"The body has {len(body)} bytes, and its Content-Length says {length}.")
        encoding = environ.get("HTTP_CONTENT_ENCODING", "").strip().lower()
        if body and encoding not in ("", "identity"):
            raise faults.malformed(
                f"The content encoding '{faults.shorten(encoding)}' is not understood: send the body as it is."
            )
        return body

    def _too_large(self) -> faults.Fault:
        return faults.Fault(
            413, "HTTPRequestEntityTooLarge", f"The body is too large: at most {self._maximum} bytes are read."
        )


def _taken(source: Any, length: int) -> bytes:
    """Return the first bytes of a body."""
    try:
        body: bytes = source.read(length)
    except (ValueError, OSError) as error:  # chunks that are none; a sender that has gone, or takes too long
        raise faults.malformed(
            "The body could not be read: it is not complete, or its chunks are malformed."
        ) from error
    return body


class Negotiation:
    """Settles the microversion of a request.

    :param public: paths where any version will do, because what they answer is which versions there are
    """

    def __init__(self, application: Application, public: Container[str]) -> None:
        self._application = application
        self._public = public

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request in a version that we speak."""
        if environ.get("PATH_INFO") not in self._public:
            header = environ.get("HTTP_OPENSTACK_API_VERSION", "")
            # WSGI has each byte as one character
            environ[VERSION] = versions.negotiate(header.encode("latin-1").decode("utf-8", "replace"))
        return self._application(environ, start_response)


def base_url(request: webob.Request, public_endpoint: str | None) -> str:
    """Return the address of the service as the requester sees it, without a slash at the end."""
    return (public_endpoint or str(request.application_url)).rstrip("/")
