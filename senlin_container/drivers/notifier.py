"""Telling others what happened, over oslo.messaging.

What is told waits in memory for a thread that sends it. So nobody who works waits for a message broker, and what it
does not take in time, or what waits when the process dies, is lost.
"""

from __future__ import annotations

import dataclasses
import logging
import queue
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from oslo_config import cfg

LOG = logging.getLogger(__name__)

GROUP = "oslo_messaging_notifications"

_MOST = 10_000


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something to tell: ``kind`` such as ``cluster.create.end``, ``priority`` one of info, warn and error."""

    kind: str
    priority: str
    payload: Mapping[str, Any]


Emit = Callable[[Notice], None]


class Sender:
    """Sends notices in the order in which they came, in a thread of its own.

    :param emit: sends one, and raises nothing
    :param most: how many may wait; more are dropped
    """

    def __init__(self, emit: Emit, most: int = _MOST) -> None:
        self._emit = emit
        self._waiting: queue.Queue[Notice | None] = queue.Queue(most)
        self._dropped = 0
        self._thread = threading.Thread(target=self._loop, name="notifier", daemon=True)
        self._thread.start()

    def put(self, notices: Iterable[Notice]) -> None:
        """Take in notices; this never waits."""
        for notice in notices:
            try:
                self._waiting.put_nowait(notice)
            except queue.Full:
                if not self._dropped:
                    LOG.warning("Notifications wait for a broker that does not take them; further ones are dropped")
                self._dropped += 1
            else:
                if self._dropped:
                    LOG.warning("%d notifications were dropped", self._dropped)
                    self._dropped = 0

    def close(self, timeout: float = 5.0) -> None:
        """Send what waits and end; what is not sent in time is dropped."""
        try:
            self._waiting.put(None, timeout=timeout)
        except queue.Full:
            return
        self._thread.join(timeout)

    def _loop(self) -> None:
        while (notice := self._waiting.get()) is not None:
            self._emit(notice)


def emitter(conf: cfg.ConfigOpts) -> Emit | None:
    """Return what sends by the options in [oslo_messaging_notifications]; None where these name no driver.

    oslo.messaging is loaded only where the configuration has that group.
    """
    if GROUP not in conf.list_all_sections():
        return None
    # oslo.messaging loads oslo.service whatever is asked of it, which chooses eventlet unless it is told before.
    from oslo_service import backend  # noqa: TID251

    backend.init_backend(backend.BackendType.THREADING)
    import oslo_messaging

    transport = oslo_messaging.get_notification_transport(conf)
    if not [name for name in conf[GROUP].driver if name not in ("", "noop")]:
        transport.cleanup()
        return None
    notifier = oslo_messaging.Notifier(transport, publisher_id=f"senlin_container.{socket.gethostname()}")
    tell = {"info": notifier.info, "warn": notifier.warn, "error": notifier.error}

    def emit(notice: Notice) -> None:
        # A driver that fails is logged by the notifier, and goes no further.
        tell[notice.priority]({}, notice.kind, dict(notice.payload))

    return emit
