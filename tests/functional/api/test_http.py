"""What comes over the wire and is hardly HTTP any more: the server gives an answer, and goes on."""

from __future__ import annotations

import contextlib
import http.client
import json
import pathlib
import re
import select
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from oslo_config import cfg

from senlin_container.api import server
from senlin_container.conf import api as api_conf
from tests import certificates
from tests.functional.api import conftest

BODY = b'{"profile": {"spec": {}}}'
HOST = b"Host: 127.0.0.1\r\n"


THREADS = 4
Serve = Callable[..., tuple[str, int]]


@pytest.fixture
def serve(api: conftest.Api) -> Iterator[Serve]:
    """Starts servers of the API with other options, and tells where they listen."""
    with contextlib.ExitStack() as running:

        def start(**options: Any) -> tuple[str, int]:
            conf = cfg.ConfigOpts()
            conf.register_opts(api_conf.OPTS, group=api_conf.GROUP)
            conf([], project="none", default_config_files=[])
            for name, value in ({"port": 0, "threads": THREADS} | options).items():
                conf.set_override(name, value, group=api_conf.GROUP)
            one = server.Server(conf, api.application)
            one.start()
            running.callback(one.stop, 1.0)
            return one.address

        yield start


@pytest.fixture
def address(serve: Serve) -> tuple[str, int]:
    return serve()


def get(target: bytes, headers: bytes = b"", method: bytes = b"GET") -> bytes:
    return method + b" " + target + b" HTTP/1.1\r\n" + HOST + headers + b"\r\n"


def post(headers: bytes, body: bytes = BODY) -> bytes:
    head = b"POST /v1/profiles/validate HTTP/1.1\r\n" + HOST + b"OpenStack-API-Version: clustering 1.14\r\n"
    return head + b"Content-Type: application/json\r\n" + headers + b"\r\n" + body


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


CHUNKED = b"Transfer-Encoding: chunked\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
REQUESTS = {
    "a usual one": (get(b"/v1/clusters"), 200),
    "HTTP/1.0": (b"GET /v1/clusters HTTP/1.0\r\n\r\n", 200),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n", 400),
    "nothing": (b"\r\n\r\n", 400),
    "a header of 100 kB": (get(b"/v1/clusters", b"X-A: " + b"x" * 100_000 + b"\r\n"), 413),
    "a header without a colon": (get(b"/v1/clusters", b"nonsense\r\n"), 400),
    "a thousand headers": (get(b"/v1/clusters", b"".join(b"X-%d: 1\r\n" % n for n in range(1000))), 200),
    "a query of 50 kB": (get(b"/v1/clusters?name=" + b"x" * 50_000), 400),
    "a query of 100 kB": (get(b"/v1/clusters?name=" + b"x" * 100_000), 414),
    "a NUL in the path": (get(b"/v1/clusters/%00"), 400),
    "a bare NUL in the path": (get(b"/v1/clusters/\x00"), 400),
    "bare UTF-8 in the path": (get("/v1/clusters/é".encode()), 400),
    "half an escape": (get(b"/v1/clusters/%z"), 404),
    "an escaped slash": (get(b"/v1/clusters/a%2Fb"), 404),
    "a way up": (get(b"/v1/clusters/..%2f..%2fetc%2fpasswd"), 404),
    "a fragment": (get(b"/v1/clusters#x"), 400),
    "another site": (get(b"http://evil.example/v1/clusters"), 400),
    "two slashes": (get(b"//v1/clusters"), 400),
    "every resource": (get(b"*", method=b"OPTIONS"), 404),
    "a tunnel": (get(b"127.0.0.1:80", method=b"CONNECT"), 405),
    "no method": (get(b"/v1/clusters", method=b"get"), 400),
    "no length": (post(b"", b""), 400),
    "a negative length": (post(b"Content-Length: -5\r\n"), 400),
    "a length that is none": (post(b"Content-Length: ten\r\n"), 400),
    "a huge length": (post(b"Content-Length: 99999999999999\r\n"), 413),
    "a length of many digits": (post(b"Content-Length: " + b"9" * 400 + b"\r\n"), 413),
    "two lengths": (post(LENGTH + b"Content-Length: 5\r\n"), 400),
    "half a body": (post(b"Content-Length: 100\r\n"), 400),
    "chunks": (post(CHUNKED, chunk(BODY[:10]) + chunk(BODY[10:]) + b"0\r\n\r\n"), 400),
    "chunks that are none": (post(CHUNKED, b"zz\r\nabc\r\n0\r\n\r\n"), 400),
    "half a chunk": (post(CHUNKED, b"5\r\nab"), 400),
    "too many chunks": (post(CHUNKED, chunk(b"x" * 1000) * 2000 + b"0\r\n\r\n"), 413),
    "chunks and a length": (post(CHUNKED + LENGTH, chunk(BODY) + b"0\r\n\r\n"), 400),
    "another transfer encoding": (post(b"Transfer-Encoding: gzip\r\n"), 501),
    "a version in bytes": (get(b"/v1/clusters", b"OpenStack-API-Version: clustering \xff\xfe\r\n"), 400),
}


def status_of(address: tuple[str, int], request: bytes) -> int:
    with socket.create_connection(address, timeout=10) as connection:
        try:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it did not want to read all of that
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        answer.read()
        return answer.status


@pytest.mark.parametrize(("request_", "status"), REQUESTS.values(), ids=REQUESTS)
def test_everything_has_an_answer(
    address: tuple[str, int], request_: bytes, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    assert status_of(address, request_) == status
    assert "Traceback" not in caplog.text
    assert status_of(address, get(b"/v1/clusters")) == 200


def test_head_tells_the_length_of_what_it_leaves_out(address: tuple[str, int]) -> None:
    connection = http.client.HTTPConnection(*address, timeout=10)
    lengths = []
    for method in ("GET", "HEAD", "GET"):
        connection.request(method, "/v1/openapi.json")
        answer = connection.getresponse()
        lengths.append(int(answer.headers["Content-Length"]))
        assert len(answer.read()) == (0 if method == "HEAD" else lengths[0])
    assert len(set(lengths)) == 1
    connection.close()


# What is slow, or never comes to its end: (the beginning of a request, what more of it comes, again and again)
SLOW = {
    "a header": (b"GET /v1/clusters HTTP/1.1\r\n" + HOST + b"X-A: ", b"x"),
    "a body": (post(b"Content-Length: 1000\r\n", b"{"), b" "),
    "a chunk": (post(CHUNKED, b"3e8\r\n{"), b" "),
    "leave to send": (post(b"Content-Length: 1000\r\nExpect: 100-continue\r\n", b""), b" "),
}


@pytest.mark.parametrize("begin", [begin for begin, _ in SLOW.values()], ids=SLOW)
def test_who_is_slow_keeps_nobody_waiting(address: tuple[str, int], begin: bytes) -> None:
    with contextlib.ExitStack() as held:
        for _ in range(3 * THREADS):
            connection = held.enter_context(socket.create_connection(address, timeout=10))
            connection.sendall(begin)
        assert status_of(address, get(b"/v1/clusters")) == 200


@pytest.mark.parametrize(("begin", "more"), SLOW.values(), ids=SLOW)
def test_a_request_cannot_be_stretched(serve: Serve, begin: bytes, more: bytes) -> None:
    address = serve(request_timeout=1)
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(begin)
        connection.settimeout(0.1)
        got = b""
        for _ in range(50):
            with contextlib.suppress(OSError):
                connection.sendall(more)
            try:
                part = connection.recv(10_000)
            except TimeoutError:
                continue
            except ConnectionResetError:
                break
            if not part:
                break
            got += part
        assert b"HTTP/1.1 408 Request Timeout\r\n" in got


def test_leave_to_send_a_body_is_given(address: tuple[str, int]) -> None:
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(post(LENGTH + b"Expect: 100-continue\r\n", b""))
        answers = connection.makefile("rb")
        assert answers.readline() == b"HTTP/1.1 100 Continue\r\n"
        assert answers.readline() == b"\r\n"
        connection.sendall(BODY)
        assert answers.readline().split()[1] == b"400"


def test_requests_may_come_at_once_and_in_parts(address: tuple[str, int]) -> None:
    both = post(CHUNKED, chunk(BODY) + b"0\r\nTrailer: 1\r\n\r\n") + post(LENGTH) + get(b"/v1/clusters")
    for size in (1, 7, len(both)):
        with socket.create_connection(address, timeout=10) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for begin in range(0, len(both), size):
                connection.sendall(both[begin : begin + size])
            connection.shutdown(socket.SHUT_WR)
            with connection.makefile("rb") as answers:
                assert re.findall(rb"HTTP/1.1 (\d+)", answers.read()) == [b"400", b"400", b"200"]


TWICE = {
    "two lengths that differ": post(b"Content-Length: 5\r\n" + LENGTH),
    "two lengths": post(LENGTH + LENGTH),
    "a list of lengths": post(b"Content-Length: %d, %d\r\n" % (len(BODY), len(BODY))),
    "a length and chunks": post(LENGTH + CHUNKED, chunk(BODY) + b"0\r\n\r\n"),
    "chunks and a length": post(CHUNKED + LENGTH, chunk(BODY) + b"0\r\n\r\n"),
    "a length with a sign": post(b"Content-Length: +%d\r\n" % len(BODY)),
    "a space before the colon": post(b"Content-Length : %d\r\n" % len(BODY)),
    "a line that goes on": post(LENGTH + b" 5\r\n"),
}


@pytest.mark.parametrize("request_", TWICE.values(), ids=TWICE)
def test_where_a_body_ends_is_never_guessed(address: tuple[str, int], request_: bytes) -> None:
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(request_ + get(b"/v1/clusters"))
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        document = json.loads(answer.read())
        assert document["error"]["type"] == "HTTPBadRequest"
        assert document["error"]["message"].startswith(("The Content-Length", "A header is malformed"))
        # and what follows, which may be a request of somebody else's making, is not answered
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(1) == b""


def test_a_header_with_an_underscore_is_not_taken_for_another(address: tuple[str, int]) -> None:
    assert status_of(address, get(b"/v1/clusters", b"OpenStack_API_Version: clustering 9.9\r\n")) == 200
    assert status_of(address, get(b"/v1/clusters", b"OpenStack-API-Version: clustering 9.9\r\n")) == 406


REFUSED = {
    name: REQUESTS[name]
    for name in (
        "HTTP/2", "nothing", "a header of 100 kB", "a query of 100 kB", "another site", "a tunnel", "no method",
        "a huge length", "two lengths", "half a chunk", "another transfer encoding",
    )
}  # fmt: skip


@pytest.mark.parametrize(("request_", "status"), REFUSED.values(), ids=REFUSED)
def test_what_the_server_refuses_looks_like_any_other_refusal(
    address: tuple[str, int], request_: bytes, status: int
) -> None:
    with socket.create_connection(address, timeout=10) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(request_)
            connection.shutdown(socket.SHUT_WR)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        document = json.loads(answer.read())
    assert (answer.status, document["code"], document["error"]["code"]) == (status, status, status)
    assert document["error"]["message"]
    assert set(document) == {"code", "error", "explanation", "title"}
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.headers["OpenStack-API-Version"] == "clustering 1.0"
    assert answer.headers["Vary"] == "OpenStack-API-Version"
    assert answer.headers["X-OpenStack-Request-ID"].startswith("req-")


def test_a_handshake_that_does_not_come_keeps_nobody_waiting(serve: Serve, tmp_path: pathlib.Path) -> None:
    made = certificates.self_signed("127.0.0.1")
    (tmp_path / "cert.pem").write_text(made.cert)
    (tmp_path / "key.pem").write_text(made.key)
    address = serve(ssl_cert_file=str(tmp_path / "cert.pem"), ssl_key_file=str(tmp_path / "key.pem"))
    with socket.create_connection(address), socket.create_connection(address) as half:
        half.sendall(b"\x16\x03\x01")
        connection = http.client.HTTPSConnection(
            *address, timeout=10, context=ssl.create_default_context(cadata=made.ca)
        )
        for size in (1, 50_000):  # more than one record of TLS
            body = json.dumps({"profile": {"spec": {}}, "x": "x" * size})
            connection.request("POST", "/v1/profiles/validate", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            assert answer.status == 400
            answer.read()
        connection.close()
    assert status_of(address, get(b"/v1/clusters")) == 400  # not TLS


def test_who_does_not_take_the_answer_keeps_nobody_waiting(serve: Serve) -> None:
    address = serve(request_timeout=600)
    asked = get(b"/v1/openapi.json")
    with contextlib.ExitStack() as held:
        for _ in range(2 * THREADS):
            connection = held.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.settimeout(10)
            connection.connect(address)
            connection.settimeout(0.1)
            with contextlib.suppress(TimeoutError):  # answers are waiting, so the server does not read on
                connection.sendall(asked * 1000)
        assert status_of(address, get(b"/v1/clusters")) == 200


def test_large_bodies_are_kept_for_some_and_small_ones_for_all(address: tuple[str, int]) -> None:
    large = post(b"Content-Length: 1000000\r\n", b"{")
    with contextlib.ExitStack() as held:
        for _ in range(65):
            connection = held.enter_context(socket.create_connection(address, timeout=10))
            connection.sendall(large)
        assert connection.recv(20).split()[1] == b"503"  # the last of them
        assert status_of(address, post(LENGTH)) == 400


def test_an_answer_that_is_not_taken_in_time_breaks_off(serve: Serve) -> None:
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(10)
        connection.connect(serve(request_timeout=1))
        connection.settimeout(0.1)
        with contextlib.suppress(TimeoutError):  # more than the server reads, so that its end is seen here
            connection.sendall(get(b"/v1/openapi.json") * 20_000)
        ended = select.poll()
        ended.register(connection, 0)
        assert ended.poll(10_000)  # the server has given up


def test_an_answer_may_be_taken_late(serve: Serve) -> None:
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(10)
        connection.connect(serve())
        connection.sendall(get(b"/v1/openapi.json") * 20)
        connection.shutdown(socket.SHUT_WR)
        time.sleep(0.5)
        with connection.makefile("rb") as answers:
            assert answers.read().count(b"HTTP/1.1 200 OK") == 20
