from __future__ import annotations

import gc
import http.client
import pathlib
import ssl
import subprocess
import time
from collections.abc import Iterable
from typing import Any

import pytest
from oslo_config import cfg

from senlin_container.api import server
from senlin_container.conf import api as api_conf


def options(**values: Any) -> cfg.ConfigOpts:
    conf = cfg.ConfigOpts()
    conf.register_opts(api_conf.OPTS, group=api_conf.GROUP)
    conf([], project="none", default_config_files=[])
    for name, value in values.items():
        conf.set_override(name, value, group=api_conf.GROUP)
    return conf


def hello(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    time.sleep(float(environ["QUERY_STRING"] or 0))
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"host": "localhost"},
        {"host": "::1"},
        {"host": "127.9.9.9"},
        {"host": "0.0.0.0", "auth_strategy": "http_basic", "ssl_cert_file": "c", "ssl_key_file": "k"},
        {"host": "0.0.0.0", "auth_strategy": "http_basic", "allow_insecure_http": True},
    ],
)
def test_what_lets_no_stranger_in_is_served(values: dict[str, Any]) -> None:
    server.check(options(**values).api)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"host": "0.0.0.0"}, "auth_strategy"),
        ({"host": "::"}, "auth_strategy"),
        ({"host": "192.0.2.1", "allow_insecure_http": True}, "auth_strategy"),
        ({"host": "cloud.example"}, "auth_strategy"),
        ({"host": "0.0.0.0", "auth_strategy": "http_basic"}, "allow_insecure_http"),
        ({"ssl_cert_file": "c"}, "ssl_key_file"),
        ({"ssl_key_file": "k"}, "ssl_cert_file"),
    ],
)
def test_what_would_let_strangers_in_is_refused(values: dict[str, Any], named: str) -> None:
    with pytest.raises(api_conf.ConfigurationError, match=named):
        server.check(options(**values).api)


def test_a_certificate_that_is_not_there_is_named() -> None:
    with pytest.raises(api_conf.ConfigurationError, match="no-such-file"):
        server.Server(options(ssl_cert_file="no-such-file", ssl_key_file="no-such-file"), hello)


def test_requests_are_answered_until_it_is_stopped() -> None:
    running = server.Server(options(port=0), hello)
    running.start()
    try:
        connection = http.client.HTTPConnection(*running.address, timeout=5)
        for _ in range(2):
            connection.request("GET", "/")
            assert connection.getresponse().read() == b"hello"
        connection.close()
    finally:
        running.stop(timeout=5)
    with pytest.raises(OSError, match="refused"):
        http.client.HTTPConnection(*running.address, timeout=5).request("GET", "/")


def test_a_running_request_may_end() -> None:
    running = server.Server(options(port=0), hello)
    running.start()
    connection = http.client.HTTPConnection(*running.address, timeout=5)
    connection.request("GET", "/?0.5")
    time.sleep(0.2)
    running.stop(timeout=5)
    assert connection.getresponse().read() == b"hello"
    connection.close()


def test_stopping_does_not_wait_longer_than_told() -> None:
    running = server.Server(options(port=0), hello)
    running.start()
    connection = http.client.HTTPConnection(*running.address, timeout=5)
    connection.request("GET", "/?3")
    time.sleep(0.2)
    began = time.monotonic()
    running.stop(timeout=0.5)
    assert time.monotonic() - began < 2.5
    connection.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # cheroot forgets to close a socket
def test_a_taken_port_is_an_error_at_start() -> None:
    first = server.Server(options(port=0), hello)
    first.start()
    try:
        with pytest.raises(OSError, match="in use"):
            server.Server(options(port=first.address[1]), hello).start()
    finally:
        first.stop(timeout=1)
        gc.collect()


def test_https_is_served(tmp_path: pathlib.Path) -> None:
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout {key} -out {cert} "
        "-days 1 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1".split(),
        check=True,
        capture_output=True,
    )
    running = server.Server(options(port=0, ssl_cert_file=str(cert), ssl_key_file=str(key)), hello)
    running.start()
    try:
        trusting = ssl.create_default_context(cafile=str(cert))
        connection = http.client.HTTPSConnection(*running.address, timeout=5, context=trusting)
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"hello"
        assert connection.sock is not None
        connection.close()
    finally:
        running.stop(timeout=5)
