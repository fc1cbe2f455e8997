"""Lanes: what runs, what waits, and how the limit moves."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from senlin_container.engine import lanes


class Host:
    """A host that gets so many calls per second done when so many run in parallel, give or take some noise."""

    def __init__(self, limiter: lanes.Limiter, rate: Callable[[int], float], *, noise: float = 0.0) -> None:
        self.limiter = limiter
        self._rate = rate
        self._noise = noise
        self._random = random.Random(1)
        self._now = 0.0

    def work(self, calls: int) -> list[int]:
        """Do calls while more wait; returns the limit after each."""
        seen = []
        for _ in range(calls):
            self._now += self._random.uniform(1 - self._noise, 1 + self._noise) / self._rate(self.limiter.limit)
            self.limiter.completed(self._now)
            seen.append(self.limiter.limit)
        return seen


def scales(limit: int) -> float:
    """A call takes as long whatever runs beside it."""
    return 10.0 * limit


def flat(limit: int) -> float:
    """No more is done per second, whatever runs in parallel."""
    return 10.0


def peaked(limit: int) -> float:
    """Six in parallel are best."""
    return 10.0 - 0.6 * abs(limit - 6)


def share(seen: list[int], limit: int) -> float:
    """How much of the time the limit was this one."""
    return seen.count(limit) / len(seen)


@pytest.mark.parametrize("noise", [0.0, 0.9])
def test_the_limit_climbs_while_that_pays(noise: float) -> None:
    seen = Host(lanes.Limiter(limit=4), scales, noise=noise).work(1500)
    assert max(seen) == 16
    assert share(seen[-500:], 16) > 0.7


@pytest.mark.parametrize("start", [2, 4, 9, 16])
@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_the_limit_finds_the_best_and_stays_there(start: int, noise: float) -> None:
    seen = Host(lanes.Limiter(limit=start), peaked, noise=noise).work(6000)[-3000:]
    assert sum(peaked(limit) for limit in seen) / len(seen) > 9.2


def test_the_limit_stays_where_nothing_is_better() -> None:
    seen = Host(lanes.Limiter(limit=4), flat).work(5000)
    assert share(seen, 4) > 0.85
    assert set(seen) <= {3, 4, 6}


def test_a_host_that_gets_slower_by_itself_does_not_move_it() -> None:
    limiter = lanes.Limiter(limit=4)
    speed = iter(100.0 * 1.002**-turn for turn in range(5000))
    assert share(Host(limiter, lambda _limit: next(speed)).work(2000), 4) > 0.8


def test_nothing_changes_before_enough_calls_were_measured() -> None:
    assert Host(lanes.Limiter(limit=4), scales).work(13) == [4] * 12 + [6]


def test_a_host_that_does_not_answer_halves_it() -> None:
    limiter = lanes.Limiter(limit=9)
    seen = []
    for _ in range(5):
        limiter.failed()
        seen.append(limiter.limit)
    assert seen == [4, 2, 1, 1, 1]
    assert max(Host(limiter, scales).work(300)) > 9


def test_calls_that_take_no_time_prove_nothing() -> None:
    limiter = lanes.Limiter(limit=4)
    for _ in range(1000):
        limiter.completed(7.0)
    assert limiter.limit == 4


@pytest.mark.parametrize(("limit", "most"), [(1, 1), (4, 2), (16, 16), (2, 2)])
def test_the_limit_stays_within_its_bounds(limit: int, most: int) -> None:
    for rate in (scales, flat, lambda limit: 10.0 / limit):
        assert set(Host(lanes.Limiter(limit=limit, most=most), rate).work(2000)) <= set(range(1, most + 1))


def test_what_runs_while_nothing_waits_tells_nothing_of_the_limit() -> None:
    lane: lanes.Lane[int] = lanes.Lane(lanes.Limiter(limit=4))
    for turn in range(1000):
        assert lane.offer(turn)
        lane.completed(turn / 10)
        assert lane.next() is None
    assert lane.limiter.limit == 4


def test_a_pause_is_not_measured() -> None:
    limiter = lanes.Limiter(limit=4)
    host = Host(limiter, flat)
    for _ in range(200):
        host.work(30)
        limiter.idled()
    assert limiter.limit in (3, 4, 6)


def test_a_lane_runs_as_much_as_its_limit_and_the_rest_in_turn() -> None:
    lane: lanes.Lane[int] = lanes.Lane(lanes.Limiter(limit=2))
    assert [lane.offer(i) for i in range(5)] == [True, True, False, False, False]
    assert (lane.running, lane.load) == (2, 5)
    assert [lane.next() for _ in range(3)] == [2, 3, 4]
    assert (lane.running, lane.load) == (2, 2)
    assert [lane.next(), lane.next()] == [None, None]
    assert lane.load == 0


def test_a_lower_limit_is_reached_by_work_that_ends() -> None:
    lane: lanes.Lane[int] = lanes.Lane(lanes.Limiter(limit=4))
    for i in range(8):
        lane.offer(i)
    lane.limiter.limit = 1
    assert [lane.next() for _ in range(3)] == [None, None, None]
    assert lane.running == 1
    assert [lane.next() for _ in range(5)] == [4, 5, 6, 7, None]


@pytest.mark.parametrize(("limit", "enough"), [(1, 16), (4, 16), (5, 20), (16, 64)])
def test_a_lane_is_full_when_enough_waits(limit: int, enough: int) -> None:
    lane: lanes.Lane[int] = lanes.Lane(lanes.Limiter(limit=limit))
    for i in range(limit + enough - 1):
        lane.offer(i)
    assert not lane.full
    lane.offer(0)
    assert lane.full
