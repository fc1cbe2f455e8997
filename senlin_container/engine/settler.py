"""Writes outcomes in groups, so that a transaction serves many nodes.

An outcome is written at once when nothing else of its cluster action is at work here; otherwise a few wait for one
another, for a second at the most. What waits is safe: should the engine die, the step is run again and finds its work
done.
"""

from __future__ import annotations

import collections
import logging
import threading
import time
from collections.abc import Callable, Sequence

from senlin_container.domain.model import ActionStatus, NodeStatus
from senlin_container.engine import shared
from senlin_container.store import nodes, session
from senlin_container.usecases import context, settling

LOG = logging.getLogger(__name__)

_MOST = 500
_PAUSE = 1.0


class Settler:
    """A thread that collects outcomes and writes them."""

    def __init__(
        self,
        parts: context.Parts,
        settings: shared.Settings,
        engine_id: str,
        settled: Callable[[Sequence[settling.Outcome], int], None],
    ) -> None:
        """Make it; ``settled`` hears of every batch written, and how many parents it made ready."""
        self._parts = parts
        self._settings = settings
        self._engine_id = engine_id
        self._settled = settled
        self._changed = threading.Condition()
        self._waiting: list[settling.Outcome] = []
        self._since = 0.0
        self._at_work: collections.Counter[str] = collections.Counter()
        self._urgent = False
        self._stopping = False
        self._thread = threading.Thread(target=self._loop, name="settler", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def expect(self, parents: Sequence[str | None]) -> None:
        """Note that work has been claimed: one outcome will come for each."""
        with self._changed:
            self._at_work.update(parent for parent in parents if parent is not None)

    def put(self, outcome: settling.Outcome) -> None:
        """Take in an outcome."""
        parent = outcome.action.parent_id
        with self._changed:
            if not self._waiting:
                self._since = time.monotonic()
            self._waiting.append(outcome)
            if parent is not None:
                self._at_work[parent] -= 1
                if self._at_work[parent] <= 0:
                    del self._at_work[parent]
            self._urgent = self._urgent or parent is None or parent not in self._at_work
            if self._urgent or len(self._waiting) in (1, self._settings.settle_batch):
                self._changed.notify()

    def stop(self) -> None:
        """Write what is waiting, and end."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()

    def _loop(self) -> None:
        while True:
            with self._changed:
                while not self._due():
                    if self._stopping and not self._waiting:
                        return
                    self._changed.wait(self._patience())
                batch, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
                self._since = time.monotonic()
                self._urgent = self._urgent and bool(self._waiting)
            self._write(batch)

    def _due(self) -> bool:
        if not self._waiting:
            return False
        return (
            self._urgent
            or self._stopping
            or len(self._waiting) >= self._settings.settle_batch
            or time.monotonic() - self._since >= self._settings.settle_delay
        )

    def _patience(self) -> float | None:
        if not self._waiting:
            return None
        return max(self._since + self._settings.settle_delay - time.monotonic(), 0.001)

    def _write(self, batch: list[settling.Outcome]) -> None:
        """Write a batch; as long as the database does not take it, it is kept and tried again."""
        while True:
            try:
                done = self._settle(batch)
            except session.PASSING:
                LOG.exception("%d outcomes could not be written yet; trying again", len(batch))
                if self._stopping:
                    return  # the leases run out and somebody does them again
                time.sleep(_PAUSE)
            except Exception:
                LOG.exception("%d outcomes could not be written", len(batch))
                self._write_each(batch)
                return
            else:
                if done.counted < len(batch):
                    LOG.info("%d outcomes came after their leases were lost", len(batch) - done.counted)
                shared.survive("taking note of outcomes", self._settled, batch, done.readied)
                return

    def _write_each(self, batch: list[settling.Outcome]) -> None:
        """Find the outcome that spoils a batch; its action fails, and nobody knows how its node is."""
        if len(batch) > 1:
            for one in batch:
                self._write([one])
            return
        reason = "Internal error: the outcome cannot be kept."
        change = nodes.Change(status=NodeStatus.ERROR, status_reason=reason)
        bare = settling.Outcome(action=batch[0].action, status=ActionStatus.FAILED, reason=reason, node=change)
        shared.survive("giving up an outcome", self._settle, [bare])  # else the action's timeout ends it
        shared.survive("taking note of an outcome", self._settled, batch, 1)

    def _settle(self, batch: list[settling.Outcome]) -> settling.Settled:
        return self._parts.database.write(
            settling.settle, batch, engine=self._engine_id, new_id=self._parts.new_id, now=self._parts.clock()
        )
