"""What comes over the wire and is hardly HTTP any more: the server gives an answer, and goes on."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator

import pytest
from oslo_config import cfg

from senlin_container.api import server
from senlin_container.conf import api as api_conf
from tests.functional.api import conftest

BODY = b'{"profile": {"spec": {}}}'
HOST = b"Host: 127.0.0.1\r\n"


@pytest.fixture
def address(api: conftest.Api) -> Iterator[tuple[str, int]]:
    conf = cfg.ConfigOpts()
    conf.register_opts(api_conf.OPTS, group=api_conf.GROUP)
    conf([], project="none", default_config_files=[])
    conf.set_override("port", 0, group=api_conf.GROUP)
    running = server.Server(conf, api.application)
    running.start()
    yield running.address
    running.stop(1.0)


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
