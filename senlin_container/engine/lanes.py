"""How much one host is given to do at a time: a limit that follows what the host sustains."""

from __future__ import annotations

import collections
import dataclasses
from typing import Generic, TypeVar

_T = TypeVar("_T")

_STEP = 1.5
_BETTER = 1.07  # what counts as more throughput and not as noise
_LEAST = 2
_PATIENCE = 32


@dataclasses.dataclass(slots=True)
class Limiter:
    """Finds the number of calls in parallel at which a host gets most of them done per second.

    It stays at the best number it knows. Now and then it tries a neighbour, measures the best one again right after,
    and moves only when the neighbour was better than the mean of the measurements before and after it, which takes out
    a host that slows down or speeds up by itself. Noise can still move it where the numbers differ little. Every trial
    that did not pay makes the next one come later. A host that does not answer halves the number.
    """

    limit: int = 4
    most: int = 16
    _best: int = 0
    _up: bool = True
    _before: float = 0.0
    _trial: float = 0.0
    _rests: int = 0
    _patience: int = 1
    _skip: int = 0
    _count: int = 0
    _since: float | None = None

    def __post_init__(self) -> None:
        self._best = self.limit = min(self.limit, self.most)

    def completed(self, now: float) -> None:
        """Note a call that the host answered at this time, while more calls waited than the limit lets through."""
        if self._skip > 0:  # it began under another limit
            self._skip -= 1
        elif self._since is None:
            self._since = now
        else:
            self._count += 1
            if self._count >= 3 * self.limit and now > self._since:
                throughput = self._count / (now - self._since)
                self._count, self._since = 0, now
                self._measured(throughput)

    def idled(self) -> None:
        """Note that there is less to do than the limit lets through: what is at hand tells nothing of the limit."""
        self._count, self._since = 0, None

    def failed(self) -> None:
        """Note a call that the host did not answer."""
        self._best = max(self.limit // 2, 1)
        self._before, self._trial, self._rests, self._patience, self._up = 0.0, 0.0, 0, 1, True
        self._set(self._best)

    def _measured(self, throughput: float) -> None:
        if self.limit != self._best:
            self._trial = throughput
            self._set(self._best)
            return
        if self._trial:
            self._judge((self._before + throughput) / 2)
        self._before = throughput
        if self.limit == self._best:
            self._rests -= 1
            if self._rests < 0:
                self._set(self._neighbour())

    def _judge(self, usual: float) -> None:
        """Move to what was tried, or stay and try the other way later."""
        if self._trial > usual * _BETTER:
            self._best, self._patience, self._rests = self._neighbour(), 1, 1
            self._set(self._best)
        else:
            self._up = not self._up
            self._rests, self._patience = self._patience, min(2 * self._patience, _PATIENCE)
        self._trial = 0.0

    def _neighbour(self) -> int:
        higher = min(round(self._best * _STEP), self.most)
        lower = min(max(round(self._best / _STEP), _LEAST), self._best)
        if self._up:
            return higher if higher > self._best else lower
        return lower if lower < self._best else higher

    def _set(self, limit: int) -> None:
        self._skip = max(self.limit, limit)
        self.limit = limit
        self.idled()


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

    def completed(self, now: float) -> None:
        """Note that the host answered a call at this time."""
        if self.waiting:
            self.limiter.completed(now)
        else:
            self.limiter.idled()

    def next(self) -> _T | None:
        """End one running piece of work; returns the next that takes its place."""
        if self.waiting and self.running <= self.limiter.limit:
            return self.waiting.popleft()
        self.running -= 1
        return None
