"""A client that costs little: it keeps so many connections busy, each with one request after the other."""

from __future__ import annotations

import dataclasses
import selectors
import socket
import time
from collections.abc import Mapping

_CHUNK = 1 << 20


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is sent, over and over."""

    method: str
    path: str
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    body: bytes = b""

    def encoded(self, host: str) -> bytes:
        """Return the bytes of the request."""
        headers = {"Host": host, **self.headers}
        if self.body:
            headers |= {"Content-Type": "application/json", "Content-Length": str(len(self.body))}
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + self.body


class _Connection:
    """One client."""

    def __init__(self, address: tuple[str, int], request: bytes) -> None:
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._request = request
        self._began = 0.0
        self._wanted = 0  # bytes of the answer that are missing; 0 while its head is
        self._head = b""

    def send(self) -> None:
        """Begin a request."""
        self._began = time.perf_counter()
        self._wanted, self._head = 0, b""
        self.socket.sendall(self._request)

    def receive(self) -> float | None:
        """Take what has come; returns the seconds from the request to the end of the answer, when it is there."""
        data = self.socket.recv(_CHUNK)
        if not data:
            raise ConnectionError("the service has closed a connection")
        if self._wanted:
            self._wanted -= len(data)
        else:
            self._head += data
            head, found, body = self._head.partition(b"\r\n\r\n")
            if not found:
                return None
            self._wanted = _length(head) - len(body)
        return None if self._wanted else time.perf_counter() - self._began


def run(address: tuple[str, int], request: Request, *, clients: int, seconds: float) -> list[float]:
    """Send requests for so long from so many clients at a time, and await the last answers.

    Returns:
        The seconds that each request took.
    """
    raw = request.encoded(f"{address[0]}:{address[1]}")
    connections = [_Connection(address, raw) for _ in range(clients)]
    took: list[float] = []
    end = time.perf_counter() + seconds
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send()
        busy = len(connections)
        while busy:
            for key, _ in selector.select():
                one = key.data.receive()
                if one is None:
                    continue
                took.append(one)
                if time.perf_counter() < end:
                    key.data.send()
                else:
                    busy -= 1
    for connection in connections:
        connection.socket.close()
    return took


def _length(head: bytes) -> int:
    lines = head.decode("latin-1").split("\r\n")
    status = int(lines[0].split()[1])
    if status >= 300:
        raise RuntimeError(f"the service answered {lines[0]}")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:])
    return int(headers["content-length"])
