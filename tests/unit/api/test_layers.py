from __future__ import annotations

import io
import json
from collections.abc import Iterable
from typing import Any

import pytest
import webob
from oslo_middleware import request_id

from senlin_container.api import faults, layers


def echo(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answer with the body of the request."""
    answer: Iterable[bytes] = webob.Response(body=environ["wsgi.input"].read())(environ, start_response)
    return answer


def guarded(application: Any) -> Any:
    return request_id.RequestId(layers.Guard(application))


class Endless(io.RawIOBase):
    """A body that never ends, and counts what was read of it."""

    def __init__(self) -> None:
        self.taken = 0

    def read(self, size: int = -1) -> bytes:
        assert size >= 0
        self.taken += size
        return b"x" * size


def test_a_body_of_the_largest_size_is_read() -> None:
    request = webob.Request.blank("/", method="POST", body=b"x" * 10)
    assert request.get_response(guarded(layers.SizeLimit(echo, 10))).body == b"x" * 10


def test_no_body_is_written_to_a_file() -> None:
    inputs: list[Any] = []

    def reading(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        assert len(webob.Request(environ).body) == 100_000
        inputs.append(environ["wsgi.input"])
        return echo(environ, start_response)

    request = webob.Request.blank("/", method="POST", environ={"wsgi.input": io.BytesIO(b"x" * 100_000)})
    request.environ["CONTENT_LENGTH"] = "100000"
    assert request.get_response(guarded(layers.SizeLimit(reading, 200_000))).status_int == 200
    assert type(inputs[0]) is io.BytesIO


def test_a_larger_body_is_refused_unread() -> None:
    body = Endless()
    request = webob.Request.blank("/", method="POST", environ={"wsgi.input": body, "CONTENT_LENGTH": "11"})
    response = request.get_response(guarded(layers.SizeLimit(echo, 10)))
    assert response.status_int == 413
    assert response.json["error"]["message"] == "The body is too large: at most 10 bytes are read."
    assert body.taken == 0


def test_a_body_without_a_length_is_read_up_to_the_limit() -> None:
    body = Endless()
    environ = {"wsgi.input": body, "wsgi.input_terminated": True}
    request = webob.Request.blank("/", method="POST", environ=environ)
    request.environ.pop("CONTENT_LENGTH", None)
    assert request.get_response(guarded(layers.SizeLimit(echo, 10))).status_int == 413
    assert body.taken == 11


@pytest.mark.parametrize("length", ["-1", "ten", "1e3", "\u0661", "1 0"])
def test_a_length_that_is_none_is_refused(length: str) -> None:
    request = webob.Request.blank("/", method="POST", environ={"CONTENT_LENGTH": length})
    assert request.get_response(guarded(layers.SizeLimit(echo, 10))).status_int == 400


def test_half_a_body_is_not_taken_for_a_whole_one() -> None:
    request = webob.Request.blank("/", method="POST", environ={"wsgi.input": io.BytesIO(b"{}"), "CONTENT_LENGTH": "3"})
    response = request.get_response(guarded(layers.SizeLimit(echo, 10)))
    assert response.status_int == 400
    assert response.json["error"]["message"] == "The body has 2 bytes, and its Content-Length says 3."


@pytest.mark.parametrize("trouble", [ValueError("bad chunk"), TimeoutError("too slow"), ConnectionResetError()])
def test_a_body_that_cannot_be_read_is_refused(trouble: Exception) -> None:
    class Broken(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            raise trouble

    environ = {"wsgi.input": Broken(), "wsgi.input_terminated": True}
    request = webob.Request.blank("/", method="POST", environ=environ)
    request.environ.pop("CONTENT_LENGTH", None)
    assert request.get_response(guarded(layers.SizeLimit(echo, 10))).status_int == 400


def test_a_length_of_many_digits_is_too_large() -> None:
    request = webob.Request.blank("/", method="POST", environ={"CONTENT_LENGTH": "9" * 10_000})
    assert request.get_response(guarded(layers.SizeLimit(echo, 10))).status_int == 413


def test_an_unexpected_error_tells_its_id_and_no_more(caplog: pytest.LogCaptureFixture) -> None:
    def broken(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        raise ZeroDivisionError("a secret detail")

    response = webob.Request.blank("/v1/x").get_response(guarded(broken))
    assert response.status_int == 500
    assert "secret" not in response.text
    assert response.json["error"]["type"] == "InternalError"
    assert response.headers["x-openstack-request-id"] in caplog.text
    assert "a secret detail" in caplog.text


@pytest.mark.parametrize(("sent", "told"), [("1.é".encode(), "1.é"), (b"1.\xff", "1.\ufffd")])
def test_a_version_that_is_not_ascii_is_told_as_it_was_sent(sent: bytes, told: str) -> None:
    application = layers.Negotiation(_never, ())
    with pytest.raises(faults.Fault, match=f"API Version String '{told}' is of invalid format"):
        application({"PATH_INFO": "/", "HTTP_OPENSTACK_API_VERSION": f"clustering {sent.decode('latin-1')}"}, _never)


def _never(*_: Any) -> Any:
    raise AssertionError("called")


def test_every_answer_names_its_version() -> None:
    def refusing(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        raise faults.Fault(403, "Forbidden", "no")

    for application in (echo, refusing):
        response = webob.Request.blank("/").get_response(guarded(application))
        assert response.headers["OpenStack-API-Version"] == "clustering 1.0"
        assert response.headers["Vary"] == "OpenStack-API-Version"
        assert response.headers["x-openstack-request-id"].startswith("req-")


def test_the_version_is_negotiated_except_where_it_is_asked_for() -> None:
    application = guarded(layers.Negotiation(echo, {"/"}))
    asked = {"OpenStack-API-Version": "clustering 1.7"}
    response = webob.Request.blank("/v1/x", headers=asked).get_response(application)
    assert response.headers["OpenStack-API-Version"] == "clustering 1.7"
    wrong = {"OpenStack-API-Version": "clustering 9.9"}
    response = webob.Request.blank("/v1/x", headers=wrong).get_response(application)
    assert response.status_int == 406
    assert json.loads(response.body)["error"]["type"] == "InvalidGlobalAPIVersion"
    assert response.headers["OpenStack-API-Version"] == "clustering 1.0"
    assert webob.Request.blank("/", headers=wrong).get_response(application).status_int == 200


@pytest.mark.parametrize(
    ("endpoint", "script", "expected"),
    [
        (None, "", "http://localhost"),
        (None, "/clustering", "http://localhost/clustering"),
        ("https://cloud.example/c/", "/clustering", "https://cloud.example/c"),
    ],
)
def test_links_start_where_the_requester_is(endpoint: str | None, script: str, expected: str) -> None:
    request = webob.Request.blank("/v1", environ={"SCRIPT_NAME": script, "HTTP_HOST": "localhost"})
    assert layers.base_url(request, endpoint) == expected
