"""Connections whose requests are read before a thread is taken up with them.

The one thread of cheroot that waits for all connections reads what comes, without ever waiting for one of them. A
request is handed to a thread of the pool when all of it is there, so that a client that is slow, or means to be,
holds no thread.
"""

from __future__ import annotations

import collections
import contextlib
import email.utils
import io
import logging
import socket
import ssl
import threading
import time
from typing import Any

import cheroot.server
import webob
from cheroot import wsgi
from cheroot.ssl import builtin
from oslo_log import log
from oslo_middleware import request_id
from webob import exc

from senlin_container.api import faults, incoming, layers

_BACKLOG = 128
_IDLE_SECONDS = 60
_CONNECTIONS = 1000
"""How many connections there may be that wait for a request or its rest. Cheroot's own bound, 10, makes all but few
clients connect anew for every request."""
_LARGE_AT_ONCE = 64
"""How many large bodies may be in memory."""
_SLOW_AT_ONCE = 64
"""How many clients may take their answers slowly without keeping a thread of the pool."""
_SOON = 0.1
_PART = 64 * 1024
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

LOG = log.getLogger(__name__)


class Http(wsgi.Server):
    """Cheroot's server, for connections of ours; its log goes where ours goes.

    :param threads: how many requests are answered at the same time
    :param request_timeout: seconds a client has to send a request, and again to take the answer
    :param largest_body: largest body of a request, in bytes
    """

    def __init__(
        self,
        address: tuple[str, int],
        application: layers.Application,
        *,
        threads: int,
        request_timeout: float,
        largest_body: int,
    ) -> None:
        super().__init__(address, application, numthreads=threads, request_queue_size=_BACKLOG, timeout=_IDLE_SECONDS)
        self.ConnectionClass = _Connection
        self.max_request_header_size = incoming.LARGEST_HEAD
        self.keep_alive_conn_limit = _CONNECTIONS
        self.request_timeout = request_timeout
        self.largest_body = largest_body
        self._slow = threading.BoundedSemaphore(_SLOW_AT_ONCE)
        self.room = threading.BoundedSemaphore(_LARGE_AT_ONCE)

    def process_conn(self, conn: _Connection) -> None:
        """Read what has come, and hand the connection to a thread when there is something to answer."""
        if conn.last_used is None and not self.can_add_keepalive_connection:
            conn.close()
            return
        try:
            ready = conn.ready()
        except OSError:
            conn.close()
            return
        if ready:
            super().process_conn(conn)
            return
        until = conn.until
        self.put_conn(conn)
        if until is not None:
            # What was not used for the idle time is closed, so the deadline is told as a last use in the past.
            conn.last_used = until - _IDLE_SECONDS

    def put_conn(self, conn: _Connection) -> None:
        """Wait for the next request of a connection, and before for its client to take the answer."""
        if not conn.wfile.behind:
            super().put_conn(conn)
        elif self.ready and self._slow.acquire(blocking=False):
            threading.Thread(target=self._finish_aside, args=(conn,), name="api-slow", daemon=True).start()
        else:
            self._finish(conn)

    def _finish_aside(self, conn: _Connection) -> None:
        try:
            self._finish(conn)
        finally:
            self._slow.release()

    def _finish(self, conn: _Connection) -> None:
        try:
            conn.wfile.finish()
        except OSError:
            conn.close()
            return
        if conn.lasting:
            super().put_conn(conn)
        else:
            conn.close()

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        """Log a trouble with a connection."""
        LOG.log(level, msg, exc_info=traceback)


class Tls(builtin.BuiltinSSLAdapter):
    """TLS, agreed upon as the bytes for it come; cheroot would keep all others waiting for that."""

    def wrap(self, sock: socket.socket) -> tuple[ssl.SSLSocket, dict[str, str]]:
        """Return the connection with TLS around it, and nothing to tell the application of it."""
        return self.context.wrap_socket(sock, do_handshake_on_connect=False, server_side=True), {}


class _Headers(cheroot.server.HeaderReader):
    """Leaves out headers that WSGI could not tell from others, and the one that is dealt with before."""

    def _allow_header(self, key_name: bytes) -> bool:
        return b"_" not in key_name and key_name != b"Expect"


class _Request(cheroot.server.HTTPRequest):
    """A request whose refusal by cheroot itself looks like any other of ours."""

    header_reader = _Headers()

    def simple_response(self, status: str, msg: str = "") -> None:
        """Send a refusal."""
        kind = exc.status_map[int(status[:3])]
        self.conn.refuse(faults.Fault(kind.code, kind.__name__, msg or kind.explanation))


class _Message(io.BytesIO):
    """A request, as cheroot reads it.

    :ivar more: whether there may be more to read already
    """

    more = False

    def has_data(self) -> bool:
        """Tell cheroot not to wait for the next request."""
        return self.more


class _Connection(cheroot.server.HTTPConnection):
    """A connection that is read without waiting.

    :ivar lasting: whether another request may follow the one that was answered
    """

    RequestHandlerClass = _Request
    server: Http

    def __init__(self, server: Http, sock: socket.socket, _makefile: Any) -> None:
        super().__init__(server, sock, lambda *_: _Message())
        self.wfile = _Writer(sock, server.request_timeout)
        self.lasting = True
        self._incoming = incoming.Incoming(server.largest_body)
        self._since: float | None = time.time()
        self._refusal: faults.Fault | None = None
        self._roomy = False
        self._continued = False

    @property
    def until(self) -> float | None:
        """When the request must be there, in seconds since the epoch; None while none has begun."""
        return None if self._since is None else self._since + self.server.request_timeout

    def ready(self) -> bool:
        """Read what has come, and tell whether a request is complete, or to be refused.

        :raises OSError: when the connection has ended
        """
        self.rfile.more = False
        self.socket.settimeout(0)
        try:
            message = self._receive()
        except faults.Fault as fault:
            self._refusal = fault
            return True
        except ssl.SSLError as error:
            if error.reason == "HTTP_REQUEST":
                told = faults.malformed("This is a plain HTTP request, and only HTTPS is spoken here.")
                socket.socket.send(self.socket, _wire(told))
            raise
        if message is None:
            if self._since is None and self._incoming.begun:
                self._since = time.time()
            return False
        self._since = None
        self._continued = False
        self.rfile = _Message(message)
        self.rfile.more = self._incoming.begun or (
            isinstance(self.socket, ssl.SSLSocket) and self.socket.pending() > 0
        )
        return True

    def communicate(self) -> bool:
        """Answer the request that is there; tell whether the connection may stay, or is not done with."""
        self.wfile.begin()
        try:
            if self._refusal is not None:
                self.refuse(self._refusal)
                return False
            self.lasting = bool(super().communicate())  # type: ignore[no-untyped-call]
            return self.lasting or self.wfile.behind
        finally:
            self._make_room()

    def refuse(self, fault: faults.Fault) -> None:
        """Send a refusal, as the last of this connection."""
        self._since = None
        with contextlib.suppress(OSError):
            self.wfile.write(_wire(fault))

    def close(self) -> None:
        """Close the connection; who has sent a part of a request is told that it was not enough."""
        self._make_room()
        if self._since is not None and self._incoming.begun:
            self._since = None
            with contextlib.suppress(OSError):
                self.socket.settimeout(0)
                self.socket.send(_wire(_timed_out(self.server.request_timeout)))
        super().close()

    def _receive(self) -> bytes | None:
        message = self._incoming.take()
        while message is None:
            self._take_room()
            try:
                data = self.socket.recv(_PART)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                self._continue()
                return None
            if not data:
                message = self._incoming.end()
                if message is None:
                    raise ConnectionAbortedError
                return message
            self._incoming.feed(data)
            message = self._incoming.take()
        return message

    def _continue(self) -> None:
        """Ask for the body where the sender waits to be asked."""
        if not self._continued and self._incoming.awaited:
            self._continued = True
            self.socket.send(_CONTINUE)

    def _take_room(self) -> None:
        if self._incoming.large and not self._roomy:
            if not self.server.room.acquire(blocking=False):
                raise faults.Fault(
                    503, "ServiceUnavailable", "Too many large requests are being received: try again later."
                )
            self._roomy = True

    def _make_room(self) -> None:
        if self._roomy:
            self._roomy = False
            self.server.room.release()


class _Writer:
    """Sends answers, each in bounded time. Cheroot's own copies all that is left of one for each part that goes out.

    :param timeout: seconds for an answer
    """

    def __init__(self, connection: socket.socket, timeout: float) -> None:
        self._connection = connection
        self._timeout = timeout
        self._began: float | None = None
        self._left: collections.deque[memoryview] = collections.deque()

    @property
    def behind(self) -> bool:
        """Whether something was not taken yet."""
        return bool(self._left)

    def begin(self) -> None:
        """Begin with a new answer; its time counts from the first byte."""
        self._began = None
        self._left.clear()

    def write(self, data: bytes) -> int:
        """Send what is taken soon, and keep the rest for ``finish``."""
        if self._began is None:
            self._began = time.monotonic()
        if data:
            self._left.append(memoryview(data))
        with contextlib.suppress(TimeoutError):
            self._send(self._began + min(_SOON, self._timeout))
        return len(data)

    def finish(self) -> None:
        """Send what is left.

        :raises TimeoutError: when it was not taken in time
        """
        if self._began is not None:
            self._send(self._began + self._timeout)

    def _send(self, until: float) -> None:
        while self._left:
            seconds = until - time.monotonic()
            if seconds <= 0:
                raise TimeoutError
            self._connection.settimeout(seconds)
            sent = self._connection.send(self._left[0])
            if sent < len(self._left[0]):
                self._left[0] = self._left[0][sent:]
            else:
                self._left.popleft()


def _timed_out(seconds: float) -> faults.Fault:
    return faults.Fault(408, "HTTPRequestTimeout", f"The request did not come within {seconds:g} seconds.")


def _wire(fault: faults.Fault) -> bytes:
    """Return a refusal as it goes over the wire, with all that other answers have."""
    lines: list[str] = []

    def refuse(_environ: layers.Environ, _start: layers.StartResponse) -> Any:
        raise fault

    def start(status: str, headers: list[tuple[str, str]], _exc_info: object = None) -> None:
        told = [*headers, ("Connection", "close"), ("Date", email.utils.formatdate(usegmt=True))]
        lines.extend([f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in told), "", ""])

    answer: layers.Application = request_id.RequestId(layers.Guard(refuse))
    body = b"".join(answer(webob.Request.blank("/").environ, start))
    return "\r\n".join(lines).encode("latin-1") + body
