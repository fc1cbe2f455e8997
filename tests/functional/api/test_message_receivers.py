"""Receivers of messages, with queues of a small Zaqar."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from senlin_container.drivers import fake
from senlin_container.drivers import zaqar as zaqar_driver
from senlin_container.store import receivers as receiver_store
from senlin_container.usecases import trusts
from tests import zaqar as zaqar_server
from tests.functional.api import test_receivers


@pytest.fixture
def zaqar() -> Iterator[zaqar_server.Zaqar]:
    server = zaqar_server.Zaqar()
    yield server
    server.close()


@pytest.fixture
def api(stocked: Any, zaqar: zaqar_server.Zaqar) -> Any:
    """An API with a Zaqar."""
    stocked.parts = dataclasses.replace(stocked.parts, messaging=zaqar_driver.Zaqar(zaqar.endpoint, timeout=5))
    stocked.application = stocked.build(public_endpoint="http://localhost/")
    return stocked


def create(api: Any, **given: Any) -> dict[str, Any]:
    made: dict[str, Any] = api.make("/v1/receivers", {"receiver": {"name": "m", "type": "message", **given}})
    return made


def actions(api: Any) -> list[tuple[str, dict[str, Any], str]]:
    """Return what was asked of clusters, with its parameters and for whom, but for their creation."""
    return [
        (action["action"], action["inputs"], action["user"])
        for action in api.get("/v1/actions")["actions"]
        if action["action"] not in ("CLUSTER_CREATE", "NODE_CREATE")
    ]


def test_the_life_of_a_receiver_of_messages(api: Any, zaqar: zaqar_server.Zaqar) -> None:
    made = create(api)
    queue = f"senlin-receiver-{made['id']}"
    assert made["channel"] == {"queue_name": queue, "subscription": f"s-{queue}"}
    assert (made["type"], made["cluster_id"], made["action"], made["params"]) == ("message", None, None, {})
    assert zaqar.queues == {("default", queue): []}
    subscription = zaqar.subscriptions["default", queue]
    assert subscription["subscriber"] == f"http://localhost/v1/receivers/{made['id']}/notify"
    assert subscription["ttl"] > 86400 * 365

    zaqar.post("default", queue, {"cluster": "c", "action": "CLUSTER_SCALE_OUT", "params": {"count": "2"}})
    zaqar.post("default", queue, {"cluster": "c", "action": "CLUSTER_CHECK"})
    response = api.send("POST", f"/v1/receivers/{made['id']}/notify", {"anything": "that Zaqar says"})
    assert (response.status_int, response.body) == (202, b"")
    assert sorted(actions(api)) == [("CLUSTER_CHECK", {}, "noauth"), ("CLUSTER_SCALE_OUT", {"count": 2}, "noauth")]
    assert zaqar.queues == {("default", queue): []}

    assert api.send("DELETE", "/v1/receivers/m").status_int == 204
    assert (zaqar.queues, zaqar.subscriptions) == ({}, {})
    assert api.get("/v1/receivers")["receivers"] == []


def test_more_messages_than_one_claim_takes_are_all_taken(api: Any, zaqar: zaqar_server.Zaqar) -> None:
    made = create(api)
    zaqar.post("default", made["channel"]["queue_name"], *([{"cluster": "c", "action": "CLUSTER_CHECK"}] * 45))
    assert api.send("POST", "/v1/receivers/m/notify").status_int == 202
    assert len(actions(api)) == 45


def test_what_a_message_leaves_out_the_receiver_says(api: Any, zaqar: zaqar_server.Zaqar) -> None:
    made = create(api, cluster_id="c", action="CLUSTER_RESIZE", params={"adjustment_type": "EXACT_CAPACITY"})
    zaqar.post("default", made["channel"]["queue_name"], {"params": {"number": 3}})
    assert api.send("POST", "/v1/receivers/m/notify").status_int == 202
    ((action, inputs, _),) = actions(api)
    assert action == "CLUSTER_RESIZE"
    assert inputs["number"] == 3


@pytest.mark.parametrize(
    "body",
    [
        None,
        "text",
        [],
        {},
        {"cluster": "c"},
        {"action": "CLUSTER_CHECK"},
        {"cluster": "nothing", "action": "CLUSTER_CHECK"},
        {"cluster": "c", "action": "BOGUS"},
        {"cluster": "c", "action": "NODE_DELETE"},
        {"cluster": ["c"], "action": "CLUSTER_CHECK"},
        {"cluster": "c", "action": "CLUSTER_SCALE_OUT", "params": {"count": "many"}},
        {"cluster": "c", "action": "CLUSTER_SCALE_OUT", "params": []},
        {"cluster": "c\x00", "action": "CLUSTER_CHECK"},
    ],
)
def test_a_message_that_makes_no_sense_is_taken_away_and_does_nothing(
    api: Any, zaqar: zaqar_server.Zaqar, body: Any
) -> None:
    made = create(api)
    queue = made["channel"]["queue_name"]
    zaqar.post("default", queue, body, {"cluster": "c", "action": "CLUSTER_CHECK"})
    assert api.send("POST", "/v1/receivers/m/notify").status_int == 202
    assert actions(api) == [("CLUSTER_CHECK", {}, "noauth")]
    assert zaqar.queues == {("default", queue): []}


@pytest.mark.parametrize(("broken", "status"), [(503, 503), (429, 503), (403, 400), (204, 400)])
def test_a_zaqar_that_fails_is_told_and_leaves_nothing_behind(
    api: Any, zaqar: zaqar_server.Zaqar, broken: int, status: int
) -> None:
    before = api.rows()
    zaqar.broken = broken
    response = api.send("POST", "/v1/receivers", {"receiver": {"name": "m", "type": "message"}})
    test_receivers.assert_refused(response, status, "Zaqar cannot make the queue 'senlin-receiver-")
    assert api.rows() == before


def test_where_zaqar_is_and_what_it_says_is_for_the_log(
    api: Any, zaqar: zaqar_server.Zaqar, caplog: pytest.LogCaptureFixture
) -> None:
    for broken in (503, 403):
        caplog.clear()
        zaqar.broken = broken
        response = api.send("POST", "/v1/receivers", {"receiver": {"name": "m", "type": "message"}})
        assert f"it answers with {broken}" in response.json["error"]["message"]
        assert "schema" not in response.text
        assert "schema" in caplog.text  # keystoneauth's words
    endpoint = zaqar.endpoint
    zaqar.close()
    response = api.send("POST", "/v1/receivers", {"receiver": {"name": "m", "type": "message"}})
    assert response.status_int == 503
    assert endpoint in caplog.text
    assert "127.0.0.1" not in response.text


def test_the_host_header_does_not_say_where_messages_are_announced(api: Any, zaqar: zaqar_server.Zaqar) -> None:
    made = api.send(
        "POST", "/v1/receivers", {"receiver": {"name": "m", "type": "message"}}, headers={"Host": "127.0.0.9"}
    ).json["receiver"]
    (subscription,) = zaqar.subscriptions.values()
    assert subscription["subscriber"] == f"http://localhost/v1/receivers/{made['id']}/notify"
    before = api.rows()
    response = api.send(
        "POST", "/v1/receivers", {"receiver": {"name": "n", "type": "message"}}, application=api.build()
    )
    test_receivers.assert_refused(response, 400, "ask the operator for it ([api] public_endpoint)")
    assert api.rows() == before
    assert len(zaqar.queues) == 1


def test_a_message_cannot_change_what_the_receiver_says(api: Any, zaqar: zaqar_server.Zaqar) -> None:
    made = create(api, cluster_id="c", action="CLUSTER_RESIZE", params={"adjustment_type": "EXACT_CAPACITY"})
    zaqar.post("default", made["channel"]["queue_name"], {"params": {"adjustment_type": "CHANGE_IN_CAPACITY"}})
    assert api.send("POST", "/v1/receivers/m/notify").status_int == 202
    assert actions(api) == []


def test_messages_wait_while_keystone_is_away_and_end_with_the_trust(api: Any, zaqar: zaqar_server.Zaqar) -> None:
    made = create(api)
    queue = made["channel"]["queue_name"]
    identity = fake.SimulatedIdentity()
    keeper = trusts.Trusts(database=api.database, box=api.parts.box, clock=api.parts.clock, identity=identity)
    api.parts = dataclasses.replace(api.parts, trusts=keeper)
    api.application = api.build(public_endpoint="http://localhost/")
    trust = identity.delegate("good", user="noauth", project="default", roles={"member"})
    api.database.write(receiver_store.update, made["id"], actor={"trust_id": trust, "roles": ["member"]})
    zaqar.post("default", queue, {"cluster": "c", "action": "CLUSTER_CHECK"})
    identity.away = True
    assert api.send("POST", "/v1/receivers/m/notify").status_int == 503
    assert len(zaqar.queues["default", queue]) == 1
    zaqar.queues["default", queue][0]["claim"] = None  # which ends by itself
    identity.away = False
    assert api.send("POST", "/v1/receivers/m/notify").status_int == 202
    assert len(actions(api)) == 1
    identity.withdraw("good", trust)
    api.now += 61
    zaqar.post("default", queue, {"cluster": "c", "action": "CLUSTER_CHECK"})
    assert api.send("POST", "/v1/receivers/m/notify").status_int == 202
    assert zaqar.queues["default", queue] == []
    assert len(actions(api)) == 1


def test_a_receiver_of_messages_keeps_no_secrets(api: Any) -> None:
    before = api.rows()
    params = {"operation": "change_password", "params": {"admin_pass": "hunter2"}}
    response = api.send("POST", "/v1/receivers", {"receiver": {"name": "m", "type": "message", "params": params}})
    test_receivers.assert_refused(response, 400, "The parameter 'admin_pass' is a secret")
    assert api.rows() == before


def test_a_zaqar_that_is_not_there_is_told(api: Any, zaqar: zaqar_server.Zaqar) -> None:
    made = create(api)
    zaqar.close()
    for method, path in (("POST", f"/v1/receivers/{made['id']}/notify"), ("DELETE", f"/v1/receivers/{made['id']}")):
        response = api.send(method, path)
        test_receivers.assert_refused(response, 503, "The service for message queues cannot be used now")
    assert len(api.get("/v1/receivers")["receivers"]) == 1


def test_a_queue_is_not_left_when_its_receiver_cannot_be(api: Any, zaqar: zaqar_server.Zaqar) -> None:
    body = {"name": "m", "type": "message", "cluster_id": "nothing"}
    test_receivers.assert_refused(api.send("POST", "/v1/receivers", {"receiver": body}), 400, "could not be found")
    assert (zaqar.queues, zaqar.subscriptions) == ({}, {})


def test_the_token_of_the_requester_is_used_and_told_to_nobody() -> None:
    server = zaqar_server.Zaqar(token="gAAAA-secret")
    driver = zaqar_driver.Zaqar(server.endpoint, timeout=5)
    caller = zaqar_driver.messaging.Caller(project="p", token="gAAAA-secret")
    try:
        driver.open(caller, "q", "https://api.example/v1/receivers/1/notify")
        # Zaqar then announces messages in the name of whoever made the subscription
        assert server.subscriptions["p", "q"]["subscriber"] == "trust+https://api.example/v1/receivers/1/notify"
        with pytest.raises(zaqar_driver.ports.Permanent) as caught:
            driver.claim(zaqar_driver.messaging.Caller(project="p", token="gAAAA-wrong"), "q")
        assert "gAAAA" not in caught.value.message + repr(caller)
    finally:
        server.close()
