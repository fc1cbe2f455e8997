"""An engine: its threads, its heartbeat, its orderly end."""

from __future__ import annotations

import logging
import socket
import threading

from senlin_container.domain import model
from senlin_container.engine import health, shared, worker
from senlin_container.store import history, queue, session
from senlin_container.usecases import context, settling

LOG = logging.getLogger(__name__)

BINARY = "senlin-engine"
"""Name and topic in the list of services; the words are Senlin's."""

_FORGOTTEN = 86400.0


class Engine:
    """Claims and runs actions, watches hosts, keeps its leases."""

    def __init__(
        self,
        parts: context.Parts,
        catalogue: shared.Catalogue,
        settings: shared.Settings,
        wake: threading.Event,
        *,
        alone: bool,
    ) -> None:
        """Make it.

        :param wake: set by whoever has work for it
        :param alone: no other engine works on this database, so whatever is claimed is left from one that died
        """
        self.id = parts.new_id()
        self._parts = parts
        self._settings = settings
        self._alone = alone
        self._stop = threading.Event()
        self._monitor = health.Monitor(parts, catalogue, settings, wake, lambda node: self._worker.is_at_work(node))
        self._worker = worker.Worker(
            parts, catalogue, settings, self.id, wake, self._monitor.refresh, self._monitor.released
        )
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)

    def start(self) -> None:
        """Announce the engine, take over what a dead one left, and start to work."""
        left = self._parts.database.write(self._enter)
        if left:
            LOG.info("%d actions were left at work and are taken up again", left)
        self._keeper.start()
        self._worker.start()
        self._monitor.start()

    def stop(self) -> bool:
        """End in order: finish what is at work, give back the rest; returns whether nothing was left at work."""
        self._monitor.stop()
        clean = self._worker.stop()
        self._stop.set()
        self._keeper.join()
        if not clean:
            LOG.warning("some actions did not end in time and are given back as they are")
        self._parts.database.write(self._leave)
        return clean

    def _enter(self, tx: session.Transaction) -> int:
        now = self._parts.clock()
        if self._alone:
            history.end_services(tx, silent_since=now + 1)
        service = model.Service(
            id=self.id,
            host=socket.gethostname(),
            binary=BINARY,
            topic=BINARY,
            disabled=False,
            disabled_reason=None,
            created_at=now,
            updated_at=now,
        )
        history.start_service(tx, service)
        return queue.release(tx, now=now, everybody=self._alone)

    def _leave(self, tx: session.Transaction) -> None:
        queue.release(tx, now=self._parts.clock(), engine=self.id)
        history.end_services(tx, service_id=self.id)

    def _keep(self) -> None:
        """Renew the leases well before they end; see to those of others, and to what is overdue."""
        while not self._stop.wait(self._settings.lease / 3):
            shared.survive("the renewal of leases", self._parts.database.write, self._beat)

    def _beat(self, tx: session.Transaction) -> None:
        now = self._parts.clock()
        queue.renew(tx, self.id, self._worker.mine(), now + self._settings.lease)
        history.beat(tx, self.id, now)
        released = queue.release(tx, now=now)
        if released:
            LOG.warning("%d actions lost their leases and are taken up again", released)
        late = settling.expire(tx, new_id=self._parts.new_id, now=now)
        if late:
            LOG.warning("%d actions timed out", late)
        history.end_services(tx, silent_since=now - _FORGOTTEN)
