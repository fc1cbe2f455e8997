"""Counting requests, with a clock that is set by hand."""

from __future__ import annotations

import pytest

from senlin_container.api import faults, rates


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def allowed(limiter: rates.Limiter, name: str) -> bool:
    try:
        limiter.count(name)
    except faults.Fault:
        return False
    return True


def test_a_rate_is_a_number_and_a_unit() -> None:
    assert rates.parse("60/minute") == rates.Rate(times=60, seconds=60.0)
    assert rates.parse("2/second") == rates.Rate(times=2, seconds=1.0)
    assert rates.parse("7/hour") == rates.Rate(times=7, seconds=3600.0)
    assert rates.parse("0/minute") is None


def test_a_window_begins_with_the_first_and_ends_by_the_clock() -> None:
    clock = Clock()
    limiter = rates.Limiter(rates.parse("2/minute"), clock)
    assert [allowed(limiter, "a") for _ in range(3)] == [True, True, False]
    assert allowed(limiter, "b")
    clock.now += 59
    assert not allowed(limiter, "a")
    clock.now += 2
    assert [allowed(limiter, "a") for _ in range(3)] == [True, True, False]


def test_a_refusal_tells_when_to_come_again() -> None:
    clock = Clock()
    limiter = rates.Limiter(rates.parse("1/minute"), clock)
    limiter.check("a")
    limiter.count("a")
    clock.now += 42.5
    for ask in (limiter.check, limiter.count):
        with pytest.raises(faults.Fault) as caught:
            ask("a")
        assert caught.value.status == 429
        assert caught.value.headers == (("Retry-After", "18"),)
        assert caught.value.message == ("Too many requests: 1 in 60 seconds are answered. Try again in 18 seconds.")


def test_a_check_does_not_count() -> None:
    limiter = rates.Limiter(rates.parse("1/minute"), Clock())
    for _ in range(5):
        limiter.check("a")
    assert not limiter.knows("a")
    assert allowed(limiter, "a")
    assert limiter.knows("a")


def test_without_a_rate_nothing_is_refused() -> None:
    limiter = rates.Limiter(None, Clock())
    assert all(allowed(limiter, "a") for _ in range(1000))
    limiter.check("a")


def test_the_counters_do_not_grow_without_an_end() -> None:
    limiter = rates.Limiter(rates.parse("1/hour"), Clock())
    assert allowed(limiter, "first")
    for number in range(10_000):
        limiter.count(str(number))
    assert not limiter.knows("first")
    assert limiter.knows("9999")


def test_a_network_of_ipv6_counts_as_one() -> None:
    assert rates.neighbourhood("2001:db8::1") == rates.neighbourhood("2001:db8::ffff:1")
    assert rates.neighbourhood("2001:db8::1") != rates.neighbourhood("2001:db8:0:1::1")
    assert rates.neighbourhood("192.0.2.1") == "192.0.2.1"
    # IPv4 as a socket for both kinds tells it
    assert rates.neighbourhood("::ffff:192.0.2.1") == "192.0.2.1"
    assert rates.neighbourhood("::ffff:192.0.2.1") != rates.neighbourhood("::ffff:192.0.2.2")
    # as proxies write it
    assert rates.neighbourhood('"[2001:db8::1]:4711"') == rates.neighbourhood("2001:db8::2")
    assert rates.neighbourhood("192.0.2.1:4711") == "192.0.2.1"
    assert rates.neighbourhood("[2001:db8") == "[2001:db8"
    assert rates.neighbourhood("fe80::1%eth0") == rates.neighbourhood("fe80::2%eth0")
    assert rates.neighbourhood("_hidden") == "_hidden"
    assert rates.neighbourhood("") == ""
