"""Where a request ends, however its bytes come in."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senlin_container.api import faults, incoming

HEAD = b"POST / HTTP/1.1\r\n"
LIMIT = 100_000

MESSAGES = [
    (b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"),
    (HEAD + b"Content-Length: 5\r\n\r\na\r\n\r\n", HEAD + b"Content-Length: 5\r\n\r\na\r\n\r\n"),
    (HEAD + b"content-length:0\r\n\r\n", HEAD + b"content-length:0\r\n\r\n"),
    (
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\nA;x=y\r\n\r\n\r\n012345\r\n0\r\nX: 1\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nc\r\nab\r\n\r\n012345\r\n0\r\n\r\n",
    ),
    (HEAD + b"Transfer-Encoding: Chunked\r\n\r\n0\r\n\r\n", HEAD + b"Transfer-Encoding: Chunked\r\n\r\n0\r\n\r\n"),
    # the line that is empty is left over from what went before
    (b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
]


def taken(parts: list[bytes], limit: int = LIMIT) -> list[bytes]:
    source, got = incoming.Incoming(limit), []
    for part in parts:
        source.feed(part)
        while (message := source.take()) is not None:
            got.append(message)
    assert not source.begun
    return got


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[begin:end] for begin, end in itertools.pairwise(edges)]


@given(st.lists(st.sampled_from(MESSAGES), min_size=1, max_size=5), st.lists(st.integers(0, 10_000), max_size=20))
def test_the_requests_are_the_same_wherever_the_bytes_are_cut(
    messages: list[tuple[bytes, bytes]], places: list[int]
) -> None:
    data = b"".join(sent for sent, _ in messages)
    expected = [seen for _, seen in messages]
    assert taken(cut(data, places)) == expected
    assert taken([data[place : place + 1] for place in range(len(data))]) == expected


REFUSED = {
    b"Content-Length: 100001\r\n\r\n": 413,
    b"Content-Length: %s\r\n\r\n" % (b"9" * 10_000): 413,
    b"Content-Length: -1\r\n\r\n": 400,
    b"Content-Length: 0x5\r\n\r\n": 400,
    b"Content-Length:\r\n\r\n": 400,
    b"Content-Length: 1\r\nContent-Length: 1\r\n\r\na": 400,
    b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n": 400,
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n": 400,
    b"Transfer-Encoding: gzip, chunked\r\n\r\n": 501,
    b"X: a\nContent-Length: 1\r\n\r\n": 400,
    b"X: a\r\n b\r\n\r\n": 400,
    b"X : a\r\n\r\n": 400,
    b": a\r\n\r\n": 400,
    b"Transfer-Encoding: chunked\r\n\r\n-1\r\n": 400,
    b"Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n": 400,
    b"Transfer-Encoding: chunked\r\n\r\n1\r\nabc": 400,
    b"Transfer-Encoding: chunked\r\n\r\n186a1\r\n": 413,
    b"Transfer-Encoding: chunked\r\n\r\n" + b"1" * 5000: 400,
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: 1\r\n" * 1000: 400,
}


@pytest.mark.parametrize(("rest", "status"), REFUSED.items())
def test_what_could_be_read_in_two_ways_or_is_too_large_is_refused(rest: bytes, status: int) -> None:
    for size in (1, len(rest)):
        with pytest.raises(faults.Fault) as caught:
            taken(cut(HEAD + rest, list(range(0, len(rest), size))))
        assert caught.value.status == status


def test_what_breaks_off_is_handed_over_as_it_is() -> None:
    for data in (b"GET / HT", HEAD + b"Content-Length: 9\r\n\r\nabc", b"\r\n"):
        source = incoming.Incoming(LIMIT)
        source.feed(data)
        assert source.take() is None
        assert source.end() == data
        assert source.end() is None


def test_only_what_may_become_large_asks_for_room() -> None:
    for headers, large in (
        (b"", False),
        (b"Content-Length: %d\r\n" % incoming.SMALL, False),
        (b"Content-Length: %d\r\n" % (incoming.SMALL + 1), True),
        (b"Transfer-Encoding: chunked\r\n", True),
    ):
        source = incoming.Incoming(LIMIT)
        source.feed(HEAD + headers + b"\r\n")
        source.take()
        assert source.large == large
