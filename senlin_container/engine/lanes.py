"""How much one host is given to do at a time: a limit that follows what the host sustains."""

from __future__ import annotations

import collections
import dataclasses
from typing import Generic, TypeVar

_T = TypeVar("_T")

_BETTER = 1.05  # what counts as more throughput and not as noise


@dataclasses.dataclass(slots=True)
class Limiter:
    """Climbs towards the number of calls in parallel at which most are done per second.

    After every few completions at one limit it compares the throughput with that of the limit before: it goes on in
    the same direction while that pays, and turns around when it does not. A host that does not answer halves it.
    """

    limit: int = 4
    most: int = 16
    _direction: int = 1
    _last: float = 0.0
    _count: int = 0
    _busy: float = 0.0

    def succeeded(self, seconds: float) -> None:
        """Note a call that the host answered."""
        self._count += 1
        self._busy += seconds
        if self._count < 4 * self.limit or self._busy <= 0:
            return
        throughput = self.limit * self._count / self._busy
        if throughput < self._last * _BETTER:
            self._direction = -self._direction
        self._last = throughput
        self.limit = min(max(self.limit + self._direction, 2), self.most)
        self._count, self._busy = 0, 0.0

    def failed(self) -> None:
        """Note a call that the host did not answer."""
        self.limit = max(self.limit // 2, 1)
        self._last, self._count, self._busy = 0.0, 0, 0.0


class Lane(Generic[_T]):
    """The work for one host: so much of it runs, the rest waits here. Not thread-safe: its owner locks."""

    def __init__(self, limiter: Limiter) -> None:
        self.limiter = limiter
        self.running = 0
        self.waiting: collections.deque[_T] = collections.deque()

    @property
    def full(self) -> bool:
        """Whether there is enough waiting here; more should be left to others."""
        return len(self.waiting) >= max(4 * self.limiter.limit, 16)

    @property
    def load(self) -> int:
        """How much is here, running or waiting."""
        return self.running + len(self.waiting)

    def offer(self, work: _T) -> bool:
        """Take work in; returns whether it may run now, else it waits."""
        if self.running < self.limiter.limit:
            self.running += 1
            return True
        self.waiting.append(work)
        return False

    def next(self) -> _T | None:
        """End one running piece of work; returns the next that takes its place."""
        if self.waiting and self.running <= self.limiter.limit:
            return self.waiting.popleft()
        self.running -= 1
        return None
