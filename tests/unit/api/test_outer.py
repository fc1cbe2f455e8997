"""The layers of oslo.middleware: off unless asked for, and in harmony with ours."""

from __future__ import annotations

import pathlib
from collections.abc import Iterable
from typing import Any

import pytest
import webob
from oslo_config import cfg

from senlin_container.api import faults, layers, outer
from senlin_container.conf import middleware

PAGE = "https://horizon.example"


def configured(**options: Any) -> cfg.ConfigOpts:
    """Return a configuration; options are given as GROUP__NAME."""
    conf = cfg.ConfigOpts()
    conf([], project="none", default_config_files=[])
    middleware.register(conf)
    for name, value in options.items():
        group, _, option = name.partition("__")
        conf.set_override(option, value, group=group)
    return conf


def hello(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    text = f"{webob.Request(environ).application_url} {environ.get('REMOTE_ADDR')}"
    answer: Iterable[bytes] = webob.Response(body=text.encode())(environ, start_response)
    return answer


def refusing(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    raise faults.Fault(401, "Unauthorized", "who are you?")


def ask(application: Any, path: str = "/", method: str = "GET", **headers: str) -> webob.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return webob.Request.blank(path, method=method, headers=named).get_response(layers.Guard(application))


def test_nothing_is_in_the_way_unless_it_is_asked_for() -> None:
    assert outer.shared_with_pages(hello, configured()) is hello
    assert outer.behind_proxy(hello, configured()) is hello


def test_a_proxy_is_believed_only_where_the_operator_says_so() -> None:
    told = {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "cloud.example", "X_Forwarded_For": "192.0.2.7"}
    conf = configured(oslo_middleware__enable_proxy_headers_parsing=True)
    assert ask(outer.behind_proxy(hello, conf), **told).text == "https://cloud.example 192.0.2.7"
    assert ask(outer.behind_proxy(hello, configured()), **told).text == "http://localhost None"


@pytest.mark.parametrize(
    "told",
    [
        {"X_Forwarded_For": "203.0.113.9, 198.51.100.2,192.0.2.7"},
        {"Forwarded": "for=203.0.113.9;host=evil.example, for=192.0.2.7"},
    ],
)
def test_of_what_proxies_say_the_nearest_counts(told: dict[str, str]) -> None:
    conf = configured(oslo_middleware__enable_proxy_headers_parsing=True)
    assert ask(outer.behind_proxy(hello, conf), **told).text == "http://localhost 192.0.2.7"


def test_pages_of_others_may_read_answers_and_refusals() -> None:
    conf = configured(cors__allowed_origin=[PAGE])
    for application in (hello, refusing):
        response = ask(outer.shared_with_pages(application, conf), Origin=PAGE)
        assert response.headers["Access-Control-Allow-Origin"] == PAGE
        assert "OpenStack-API-Version" in response.headers["Access-Control-Expose-Headers"]
        assert response.headers.getall("Vary") == ["Origin", "OpenStack-API-Version"]
        response = ask(outer.shared_with_pages(application, conf), Origin="https://evil.example")
        assert "Access-Control-Allow-Origin" not in response.headers


def test_a_browser_asks_without_credentials() -> None:
    application = outer.shared_with_pages(refusing, configured(cors__allowed_origin=[PAGE]))
    asked = {
        "Origin": PAGE,
        "Access_Control_Request_Method": "PATCH",
        "Access_Control_Request_Headers": "X-Auth-Token",
    }
    response = ask(application, method="OPTIONS", **asked)
    assert response.status_int == 200
    assert response.headers["Access-Control-Allow-Methods"] == "PATCH"
    assert response.headers["Access-Control-Allow-Headers"] == "X-Auth-Token"
    assert ask(refusing, method="OPTIONS", **asked).status_int == 401


@pytest.mark.parametrize(("alive", "status"), [(True, 200), (False, 503)])
def test_the_health_is_that_of_the_database(alive: bool, status: int) -> None:
    application = outer.Healthcheck(refusing, configured(), lambda: alive)
    assert ask(application, "/healthcheck").status_int == status
    head = ask(application, "/healthcheck", "HEAD")
    assert (head.status_int // 100, head.body) == (status // 100, b"")
    assert ask(application, "/healthcheck", "POST").status_int == 405
    assert ask(application, "/healthcheck/x").status_int == 401


def test_an_operator_takes_a_process_out_of_service_with_a_file(tmp_path: pathlib.Path) -> None:
    mark = tmp_path / "maintenance"
    conf = configured(healthcheck__backends=["disable_by_file"])
    application = outer.Healthcheck(refusing, conf, lambda: True)
    conf.set_override("disable_by_file_path", str(mark), group="healthcheck")
    assert ask(application, "/healthcheck").status_int == 200
    mark.touch()
    assert ask(application, "/healthcheck").status_int == 503


def test_a_service_that_cannot_be_reached_for_now_is_told_as_that(caplog: pytest.LogCaptureFixture) -> None:
    def cut_off(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        raise ConnectionError("secret address")

    response = webob.Request.blank("/v1/x").get_response(layers.Guard(cut_off, (ConnectionError,)))
    assert response.status_int == 503
    assert response.json["error"]["type"] == "ServiceUnavailable"
    assert "secret" not in response.text + caplog.text
