"""How often somebody may ask: counters in memory, each process its own, and never more than so many of them."""

from __future__ import annotations

import dataclasses
import ipaddress
import math
import threading
import time
from collections.abc import Callable

import cachetools

from senlin_container.api import faults

_SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0}
_COUNTERS = 10_000


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many times within so many seconds."""

    times: int
    seconds: float


def parse(text: str) -> Rate | None:
    """Read a rate such as ``60/minute``; None for ``0/...``, which bounds nothing."""
    times, _, unit = text.partition("/")
    return Rate(times=int(times), seconds=_SECONDS[unit]) if int(times) else None


def neighbourhood(address: str) -> str:
    """Return what counts as one sender: an address, or for IPv6 the network that one customer is given.

    :param address: as the server tells it, or as a proxy does: then it may have quotes, brackets and a port
    """
    bare = address.strip('"')
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        parsed = ipaddress.ip_address(bare)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:  # IPv4, as a socket for both kinds tells it
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(parsed), 64), strict=False))


class Limiter:
    """Counts by name, in windows that begin with the first time. It may be shared by threads.

    Beyond its bound, the counters that were asked for least lately are forgotten.

    :param clock: seconds that only grow
    """

    def __init__(self, rate: Rate | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._lock = threading.Lock()
        # An item lives as long as a window from when it was put there; counting changes what is in it.
        window = rate.seconds if rate else 0.0
        self._counters: cachetools.TTLCache[str, list[float]] = cachetools.TTLCache(_COUNTERS, window, timer=clock)

    def knows(self, name: str) -> bool:
        """Whether a name was counted in its present window."""
        with self._lock:
            return name in self._counters

    def check(self, name: str) -> None:
        """Refuse a name that was counted as often as it may be.

        :raises faults.Fault: 429, with the seconds until it may ask again
        """
        with self._lock:
            counter = self._counters.get(name)
        if self._rate is not None and counter is not None and counter[0] >= self._rate.times:
            raise self._refusal(self._rate, counter[1])

    def count(self, name: str) -> None:
        """Count one more time.

        :raises faults.Fault: 429 when it is one too many, with the seconds until the name may ask again
        """
        if self._rate is None:
            return
        with self._lock:
            counter = self._counters.setdefault(name, [0, self._clock() + self._rate.seconds])
            counter[0] += 1
            too_many = counter[0] > self._rate.times
        if too_many:
            raise self._refusal(self._rate, counter[1])

    def _refusal(self, rate: Rate, until: float) -> faults.Fault:
        wait = max(math.ceil(until - self._clock()), 1)
        return faults.Fault(
            429,
            "TooManyRequests",
            f"Too many requests: {rate.times} in {rate.seconds:g} seconds are answered. Try again in {wait} seconds.",
            headers=(("Retry-After", str(wait)),),
        )
