"""A real Keystone behind the API: tokens that end, a Keystone that is away, and trusts."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import socket
from typing import Any

import pytest
import requests
from oslo_config import cfg

from senlin_container.cmd import compose
from senlin_container.conf import api as api_conf
from senlin_container.conf import keystone as keystone_conf
from senlin_container.domain import model
from senlin_container.store import credentials
from senlin_container.usecases import context
from tests.functional.api import clouds, conftest
from tests.lab import keystone as keystone_lab

MEMBER = "alpha-member"


@pytest.fixture
def cloud(api: conftest.Api, keystone: keystone_lab.Keystone, tmp_path: pathlib.Path) -> clouds.Cloud:
    """A service with a user of its own to whom others can delegate; containers named ``web`` and their host."""
    made = clouds.Cloud(api, keystone, {}, clouds.write_options(tmp_path, keystone))
    api.parts = dataclasses.replace(api.parts, trusts=compose.trusts_of(made.conf, api.parts.database, api.parts.box))
    made.build()
    made.make("alpha-admin", "/v1/profiles", {"profile": {"name": "host", "spec": conftest.HOST_SPEC}})
    return made


def trust_of(cloud: clouds.Cloud, who: str = MEMBER) -> str | None:
    """Return the trust that is kept of somebody in alpha."""
    user, project = cloud.keystone.id("user", who), cloud.keystone.id("project", "alpha")
    sealed = cloud.api.database.read(credentials.find, model.Owner(user=user, project=project))
    return None if sealed is None else str(json.loads(cloud.api.parts.box.decrypt(sealed))["trust_id"])


def create(cloud: clouds.Cloud, name: str, **kwargs: Any) -> Any:
    """Ask for an empty cluster."""
    return cloud.send(MEMBER, "POST", "/v1/clusters", {"cluster": {"name": name, "profile_id": "host"}}, **kwargs)


def test_who_creates_a_cluster_delegates_once(cloud: clouds.Cloud) -> None:
    assert create(cloud, "one").status_int == 202
    trust = trust_of(cloud)
    assert trust is not None
    assert create(cloud, "two").status_int == 202
    assert trust_of(cloud) == trust
    shown = cloud.keystone.ask("GET", f"/OS-TRUST/trusts/{trust}")["trust"]
    assert shown["impersonation"]
    assert shown["expires_at"] is None
    assert shown["trustor_user_id"] == cloud.keystone.id("user", MEMBER)
    assert shown["trustee_user_id"] == cloud.keystone.id("user", keystone_lab.SERVICE_USER)
    assert {role["name"] for role in shown["roles"]} == {"member", "reader"}
    rows = str(cloud.api.rows())
    assert trust not in rows
    assert cloud.token(MEMBER) not in rows


def test_a_trust_that_was_deleted_is_made_anew(cloud: clouds.Cloud) -> None:
    create(cloud, "one")
    first = trust_of(cloud)
    cloud.keystone.ask("DELETE", f"/OS-TRUST/trusts/{first}", token=cloud.token(MEMBER))
    # another process of the service, which has not seen it hold a moment ago
    cloud.api.parts = dataclasses.replace(
        cloud.api.parts, trusts=compose.trusts_of(cloud.conf, cloud.api.parts.database, cloud.api.parts.box)
    )
    cloud.build()
    assert create(cloud, "two").status_int == 202
    assert trust_of(cloud) not in (None, first)


def test_a_receiver_names_the_trust_of_its_creator(cloud: clouds.Cloud) -> None:
    create(cloud, "one")
    receiver = {"name": "r", "type": "webhook", "cluster_id": "one", "action": "CLUSTER_SCALE_OUT"}
    made = cloud.make(MEMBER, "/v1/receivers", {"receiver": receiver})
    assert made["actor"] == {"trust_id": trust_of(cloud)}


def test_a_webhook_ends_with_the_role_of_its_creator(cloud: clouds.Cloud) -> None:
    keystone = cloud.keystone
    asked = {"user": {"name": "leaver", "domain_id": "default", "password": keystone_lab.PASSWORD}}
    user = keystone.ask("POST", "/users", asked)["user"]["id"]
    assigned = f"/projects/{keystone.id('project', 'alpha')}/users/{user}/roles/{keystone.id('role', 'member')}"
    keystone.ask("PUT", assigned)
    identity = {"methods": ["password"], "password": {"user": {"id": user, "password": keystone_lab.PASSWORD}}}
    scope = {"project": {"id": keystone.id("project", "alpha")}}
    body = {"auth": {"identity": identity, "scope": scope}}
    answer = requests.post(f"{keystone.url}/auth/tokens", json=body, timeout=60)
    headers = {"X-Auth-Token": answer.headers["X-Subject-Token"]}
    create(cloud, "one")
    receiver = {"name": "r", "type": "webhook", "cluster_id": "one", "action": "CLUSTER_CHECK"}
    response = cloud.send(None, "POST", "/v1/receivers", {"receiver": receiver}, headers=headers)
    made = response.json["receiver"]
    assert list(made["actor"]) == ["trust_id"]

    def triggered() -> int:
        # by a process of the service that has not seen the trust hold a moment ago
        kept = compose.trusts_of(cloud.conf, cloud.api.parts.database, cloud.api.parts.box)
        cloud.api.parts = dataclasses.replace(cloud.api.parts, trusts=kept)
        cloud.build()
        status: int = cloud.send(None, "POST", f"/v1/webhooks/{made['id']}/trigger?V=2").status_int
        return status

    assert triggered() == 202
    keystone.ask("DELETE", assigned)
    before = cloud.api.rows()
    assert triggered() == 403
    assert cloud.api.rows() == before
    keystone.ask("PUT", assigned)
    assert triggered() == 202
    keystone.ask("PATCH", f"/users/{user}", {"user": {"enabled": False}})
    assert triggered() == 403
    keystone.ask("DELETE", f"/users/{user}")
    assert triggered() == 403


def test_a_webhook_of_an_application_credential_acts_with_the_roles_of_its_token(cloud: clouds.Cloud) -> None:
    headers = {"X-Auth-Token": _credential_token(cloud, {})}
    assert create(cloud, "one", headers=headers).status_int == 202
    receiver = {"name": "r", "type": "webhook", "cluster_id": "one", "action": "CLUSTER_CHECK"}
    response = cloud.send(None, "POST", "/v1/receivers", {"receiver": receiver}, headers=headers)
    made = response.json["receiver"]
    assert made["actor"] == {}
    response = cloud.send(None, "POST", f"/v1/webhooks/{made['id']}/trigger?V=2")
    assert response.status_int == 202, response.text


def test_an_application_credential_that_cannot_delegate_is_good_for_containers(cloud: clouds.Cloud) -> None:
    token = _credential_token(cloud, {})
    assert create(cloud, "one", headers={"X-Auth-Token": token}).status_int == 202
    assert trust_of(cloud) is None


def test_an_application_credential_does_only_what_its_access_rules_say(cloud: clouds.Cloud) -> None:
    cloud.keystone.publish("http://127.0.0.1:1")  # Keystone takes rules for services of its catalog
    rule = {"service": "clustering", "method": "GET", "path": "/v1/clusters"}
    headers = {"X-Auth-Token": _credential_token(cloud, {"access_rules": [rule]})}
    assert cloud.send(None, "GET", "/v1/clusters", headers=headers).status_int == 200
    assert cloud.send(None, "GET", "/v1/nodes", headers=headers).status_int == 401
    assert create(cloud, "one", headers=headers).status_int == 401


def _credential_token(cloud: clouds.Cloud, given: dict[str, Any]) -> str:
    """Return a token that a new application credential of the member gives."""
    user = cloud.keystone.id("user", MEMBER)
    path = f"/users/{user}/application_credentials"
    asked = {"application_credential": {"name": f"credential of {id(given)}", **given}}
    made = cloud.keystone.ask("POST", path, asked, token=cloud.token(MEMBER))["application_credential"]
    methods = {
        "methods": ["application_credential"],
        "application_credential": {"id": made["id"], "secret": made["secret"]},
    }
    answer = requests.post(f"{cloud.keystone.url}/auth/tokens", json={"auth": {"identity": methods}}, timeout=60)
    return answer.headers["X-Subject-Token"]


def test_a_keystone_that_is_away_is_no_error_of_ours(
    api: conftest.Api, keystone: keystone_lab.Keystone, tmp_path: pathlib.Path
) -> None:
    options = {"http_request_max_retries": "0"}
    away = clouds.Cloud(
        api,
        keystone,
        {},
        clouds.write_options(tmp_path, keystone, auth_url="http://127.0.0.1:1/v3", **options),
    )
    for token in (away.token(MEMBER), "bad"):
        response = away.send(None, "GET", "/v1/clusters", headers={"X-Auth-Token": token})
        assert response.status_int == 503, response.text
        assert set(response.json) == {"code", "error", "explanation", "title"}
        assert response.json["error"]["type"] == "ServiceUnavailable"
        assert "127.0.0.1:1" not in response.text
        assert response.headers["OpenStack-API-Version"] == "clustering 1.15"
    # what needs no token needs no Keystone
    assert away.send(None, "GET", "/").status_int == 300
    assert away.send(None, "GET", "/v1/clusters").status_int == 401


def test_tokens_are_remembered_for_as_long_as_the_operator_says(
    api: conftest.Api, keystone: keystone_lab.Keystone, tmp_path: pathlib.Path
) -> None:
    for seconds, status in (("300", 200), ("-1", 401)):
        cloud = clouds.Cloud(api, keystone, {}, clouds.write_options(tmp_path, keystone, token_cache_time=seconds))
        token = keystone.token(keystone_lab.PERSONAS[MEMBER])
        headers = {"X-Auth-Token": token}
        assert cloud.send(None, "GET", "/v1/clusters", headers=headers).status_int == 200
        requests.delete(
            f"{keystone.url}/auth/tokens", headers={"X-Auth-Token": token, "X-Subject-Token": token}, timeout=60
        )
        assert cloud.send(None, "GET", "/v1/clusters", headers=headers).status_int == status


def test_who_cannot_delegate_as_keystone_is_away_comes_again(cloud: clouds.Cloud) -> None:
    assert cloud.get(MEMBER, "/v1/clusters") == {"clusters": []}  # the token is known from now on
    before = cloud.api.rows()
    cloud.keystone.stop()
    try:
        response = create(cloud, "one")
    finally:
        cloud.keystone.start()
    assert response.status_int == 503, response.text
    assert "try again later" in response.json["error"]["message"]
    assert cloud.keystone.url not in response.text
    assert cloud.api.rows() == before
    assert create(cloud, "one").status_int == 202
    assert trust_of(cloud) is not None


def test_options_that_cannot_work_are_noticed_at_the_start(
    api: conftest.Api, keystone: keystone_lab.Keystone, tmp_path: pathlib.Path
) -> None:
    for changes, named in (
        ({"auth_type": ""}, "auth_type"),
        ({"auth_type": "carrier-pigeon"}, "carrier-pigeon"),
    ):
        with pytest.raises(api_conf.ConfigurationError, match=rf"keystone_authtoken.*{named}"):
            clouds.Cloud(api, keystone, {}, clouds.write_options(tmp_path, keystone, **changes))


def test_without_a_trustee_nobody_delegates(
    api: conftest.Api, keystone: keystone_lab.Keystone, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = clouds.write_options(tmp_path, keystone)
    file.write_text(file.read_text().partition("[trustee]")[0])
    conf = clouds.read(file)
    assert isinstance(compose.trusts_of(conf, api.parts.database, api.parts.box), context.NoTrusts)
    assert "No user is set in [trustee]" in caplog.text
    file.write_text(f"{file.read_text()}\n[trustee]\nauth_type = v3applicationcredential\nauth_url = {keystone.url}\n")
    with pytest.raises(api_conf.ConfigurationError, match="trustee"):
        compose.trusts_of(clouds.read(file), api.parts.database, api.parts.box)


def test_a_keystone_that_hangs_does_not_hold_everybody(
    api: conftest.Api, keystone: keystone_lab.Keystone, tmp_path: pathlib.Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v3"
        options = clouds.write_options(tmp_path, keystone, auth_url=url, http_connect_timeout="1")
        cloud = clouds.Cloud(api, keystone, {}, options)
        assert cloud.conf.keystone_authtoken.http_request_max_retries == 0
        assert cloud.send(None, "GET", "/v1/clusters", headers={"X-Auth-Token": "one"}).status_int == 503
        silent.setblocking(False)
        while True:  # what was asked for the first token
            try:
                silent.accept()[0].close()
            except BlockingIOError:
                break
        response = cloud.send(None, "GET", "/v1/clusters", headers={"X-Auth-Token": "two"})
        assert response.status_int == 503, response.text
        with pytest.raises(BlockingIOError):  # nobody has asked for the second
            silent.accept()


def test_the_limits_of_questions_to_keystone() -> None:
    conf = cfg.ConfigOpts()
    keystone_conf.register(conf)
    conf([], project="none", default_config_files=[])
    group = conf[keystone_conf.GROUP]
    assert (group.http_connect_timeout, group.http_request_max_retries) == (5, 0)
