"""Follow the events of a simulated host."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

from senlin_container.drivers import ports
from senlin_container.drivers.fake import journal


class SimulatedEvents:
    """The events of one installation's containers on a simulated host."""

    def __init__(self, follower: journal.Follower, *, url: str, service: str, down: str, interval: float) -> None:
        """Follow a journal; ``down`` is the control file that ends the stream."""
        self._follower = follower
        self._url = url
        self._service = service
        self._down = down
        self._interval = interval
        self._closed = threading.Event()
        self._begun = False

    def __iter__(self) -> Iterator[ports.ContainerEvent]:
        """Yield events as they come; ends after ``close``, raises Retry when the host goes down."""
        self._begun = True
        try:
            while not self._closed.is_set():
                if os.path.exists(self._down):
                    raise ports.Retry(f"host '{self._url}' ended the stream of its events: it is down")
                for service, event in self._follower.read():
                    if service == self._service:
                        yield event
                self._closed.wait(self._interval)
        except (OSError, ValueError) as error:
            raise ports.Retry(f"the state of simulated host '{self._url}' cannot be used: {error}") from error
        finally:
            self._follower.close()

    def close(self) -> None:
        """End the iteration."""
        self._closed.set()
        if not self._begun:
            self._follower.close()
