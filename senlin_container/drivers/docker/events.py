"""Follow the events of one engine, over a connection of its own."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

from senlin_container.drivers import ports
from senlin_container.drivers.docker import errors, wire
from senlin_container.drivers.docker.session import Session


class DockerEvents:
    """The events of one installation's containers.

    The subscription stands when the constructor returns. A stream on which nothing comes for ``seconds`` ends with
    Retry: a host that is gone looks the same as a quiet one, and connecting again tells the two apart.
    """

    def __init__(self, session: Session, *, host: str, service: str, seconds: float) -> None:
        """Subscribe; raises Retry or Permanent. The session must be used for nothing else."""
        self._session = session
        self._host = host
        self._closed = False
        self._seconds = seconds
        with session.asking("follow its events", seconds) as client:
            self._documents = client.events(filters=wire.event_filters(service), decode=True)
        self._socket = session.last_socket

    def __iter__(self) -> Iterator[ports.ContainerEvent]:
        """Yield events as they come; ends after ``close``, raises Retry when the stream breaks."""
        try:
            with self._session.asking("follow its events", self._seconds):
                for document in self._documents:
                    event = wire.of_event(document)
                    if event is not None:
                        yield event
        except ports.Failure:
            if not self._closed:
                raise
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            # Half a document, or a file object that ``close`` took away in the middle of a read.
            if not self._closed:
                raise ports.Retry(f"host '{self._host}' sent an event that cannot be read") from error
        if not self._closed:
            raise ports.Retry(f"host '{self._host}' ended the stream of its events")

    def close(self) -> None:
        """End the iteration, also one that waits in another thread."""
        self._closed = True
        with contextlib.suppress(*errors.CONNECTION_ERRORS, EOFError):
            if isinstance(self._socket, socket.socket):
                # Not SSLSocket's own, which pulls the TLS state from under the reader.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
            else:
                self._socket.close()
        self._session.close()
