"""Receivers and their webhooks, over the whole API."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import re
import uuid
from collections.abc import Collection
from typing import Any
from urllib import parse

import bcrypt
import pytest
import sqlalchemy as sa
from oslo_config import cfg

from senlin_container.api import app, operations
from senlin_container.api.schemas import receivers as schemas
from senlin_container.domain import errors, model
from senlin_container.drivers import fake
from senlin_container.store import receivers as receiver_store
from senlin_container.store import rows
from senlin_container.usecases import commands, context, queries, trusts
from tests import recordings

NOBODY = str(uuid.UUID(int=0))


def create(api: Any, **given: Any) -> dict[str, Any]:
    """Make a receiver that scales c out."""
    values = {"name": "r", "type": "webhook", "cluster_id": "c", "action": "CLUSTER_SCALE_OUT", **given}
    made: dict[str, Any] = api.make("/v1/receivers", {"receiver": values})
    return made


def hook(receiver: dict[str, Any]) -> str:
    """Return the path and the query of a webhook."""
    url = parse.urlsplit(receiver["channel"]["alarm_url"])
    return f"{url.path}?{url.query}"


def bare(receiver: dict[str, Any], query: str = "V=2") -> str:
    return f"/v1/webhooks/{receiver['id']}/trigger?{query}"


def triggered(api: Any, response: Any) -> dict[str, Any]:
    """Return the action that a signal made."""
    assert response.status_int == 202, response.text
    assert response.headers["Location"] == f"http://localhost/v1/actions/{response.json['action']}"
    action: dict[str, Any] = api.get(f"/v1/actions/{response.json['action']}")["action"]
    return action


def assert_refused(response: Any, status: int, words: str) -> None:
    assert response.status_int == status, response.text
    assert set(response.json) == {"code", "error", "explanation", "title"}
    assert words in response.json["error"]["message"]


def idle(api: Any) -> None:
    """Let nothing be at work on anything."""
    api.database.write(lambda tx: tx.execute(sa.update(rows.ACTIONS).values(status="SUCCEEDED")))


def sample(name: str) -> Any:
    """Return a published document; skips the test where it is not at hand."""
    file = pathlib.Path(os.environ.get("SENLIN_V1_DATA", "../shared/senlin-v1")) / "samples" / name
    if not file.exists():
        pytest.skip(f"{file} is not here: set SENLIN_V1_DATA to the folder with the data of the v1 API")
    return json.loads(file.read_text())


def test_the_life_of_a_receiver(stocked: Any) -> None:
    made = create(stocked, params={"count": "1"})
    cluster_id = stocked.get("/v1/clusters/c")["cluster"]["id"]
    assert uuid.UUID(made["id"]).version == 4
    assert made == {
        "action": "CLUSTER_SCALE_OUT",
        "actor": {},
        "channel": {"alarm_url": f"http://localhost/v1/webhooks/{made['id']}/trigger?V=2&count=1"},
        "cluster_id": cluster_id,
        "created_at": "2026-11-20T07:27:00Z",
        "domain": None,
        "id": made["id"],
        "name": "r",
        "params": {"count": "1"},
        "project": "default",
        "type": "webhook",
        "updated_at": None,
        "user": "noauth",
    }
    for identity in (made["id"], "r", made["id"][:8]):
        assert stocked.get(f"/v1/receivers/{identity}")["receiver"] == made
    assert stocked.get("/v1/receivers")["receivers"] == [made]

    stocked.now += 60
    response = stocked.send(
        "PATCH", "/v1/receivers/r", {"receiver": {"name": "s", "action": "CLUSTER_SCALE_IN", "params": {"count": 2}}}
    )
    assert response.status_int == 200, response.text
    changed = response.json["receiver"]
    assert changed == made | {
        "name": "s",
        "action": "CLUSTER_SCALE_IN",
        "params": {"count": 2},
        "updated_at": "2026-11-20T07:28:00Z",
        "channel": {"alarm_url": f"http://localhost/v1/webhooks/{made['id']}/trigger?V=2&count=2"},
    }
    assert stocked.get("/v1/receivers/s")["receiver"] == changed

    response = stocked.send("DELETE", "/v1/receivers/s")
    assert response.status_int == 204
    assert response.body == b""
    assert_refused(stocked.send("GET", f"/v1/receivers/{made['id']}"), 404, "could not be found")
    assert_refused(stocked.send("POST", hook(made)), 404, f"The receiver '{made['id']}' could not be found.")


def test_the_wire_is_as_published(stocked: Any) -> None:
    made = create(stocked, params={"count": "1"})
    recordings.assert_same_shape(made, sample("receiver-create-response.json")["receiver"])
    assert sample("receiver-create-request.json")["receiver"].keys() == {
        "action",
        "cluster_id",
        "name",
        "params",
        "type",
    }


def test_lists_are_filtered_sorted_and_cut_into_pages(stocked: Any) -> None:
    for index, action in enumerate(("CLUSTER_SCALE_IN", "CLUSTER_SCALE_OUT", "CLUSTER_SCALE_OUT")):
        stocked.now += 1
        create(stocked, name=f"r{index}", action=action)

    def names(query: str) -> list[str]:
        return [one["name"] for one in stocked.get(f"/v1/receivers?{query}")["receivers"]]

    assert names("") == ["r0", "r1", "r2"]
    assert names("sort=action:desc,name:desc") == ["r2", "r1", "r0"]
    for key in ("name", "type", "action", "cluster_id", "created_at", "user"):
        assert len(names(f"sort={key}")) == 3
    assert names("action=CLUSTER_SCALE_IN") == ["r0"]
    assert names("name=r1") == ["r1"]
    assert names("type=message") == []
    assert names("user=noauth") == ["r0", "r1", "r2"]
    assert names("user=ann") == []
    cluster_id = stocked.get("/v1/clusters/c")["cluster"]["id"]
    assert names(f"cluster_id={cluster_id}&limit=1") == ["r0"]
    marker = stocked.get("/v1/receivers/r0")["receiver"]["id"]
    assert names(f"limit=1&marker={marker}") == ["r1"]
    assert_refused(stocked.send("GET", "/v1/receivers?user=noauth", version="1.3"), 400, "Invalid parameter user")
    assert_refused(stocked.send("GET", "/v1/receivers?sort=params"), 400, "Unsupported sort key")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"action": "BOGUS"}, "Value 'BOGUS' is not acceptable for field 'action'."),
        ({"action": "CLUSTER_CREATE"}, "Value 'CLUSTER_CREATE' is not acceptable for field 'action'."),
        ({"action": "NODE_DELETE"}, "Value 'NODE_DELETE' is not acceptable for field 'action'."),
        ({"type": "bogus"}, "Value 'bogus' is not acceptable for field 'type'."),
        ({"cluster_id": None}, "Cluster identity is required for creating webhook receiver."),
        ({"action": None}, "Action name is required for creating webhook receiver."),
        ({"cluster_id": "nothing"}, "The specified cluster 'nothing' could not be found."),
        ({"cluster_id": 7}, "The value for cluster_id must be a string: '7'."),
        ({"name": None}, "'name' is a required property"),
        ({"name": ""}, "at least 1 character"),
        ({"name": "x" * 256}, "at most 255 characters"),
        ({"type": None}, "'type' is a required property"),
        ({"params": []}, "The value for params must be an object: '[]'."),
        ({"params": {"count": "many"}}, "The value for count must be an integer: 'many'."),
        ({"params": {"count": -1}}, "Value must be >= 0 for field 'count'."),
        ({"params": {"params": "text"}}, "The value for params must be an object: 'text'."),
        ({"params": {"params": None}}, "The value for params must be an object: 'None'."),
        *(
            ({"action": action, "params": params}, "The parameter 'admin_pass' is a secret")
            for action in ("CLUSTER_OPERATION", "CLUSTER_CHECK")
            for params in (
                {"operation": "change_password", "params": {"admin_pass": "hunter2"}},
                {"operation": "unknown", "params": {"admin_pass": "hunter2"}},
                {"params": {"admin_pass": "hunter2"}},
                {"admin_pass": "hunter2"},
            )
        ),
        ({"actor": "me"}, "The value for actor must be an object: 'me'."),
        ({"id": NOBODY}, "Additional properties are not allowed ('id' was unexpected)"),
        ({"channel": {}}, "Additional properties are not allowed ('channel' was unexpected)"),
    ],
)
def test_a_receiver_that_cannot_be_is_refused(stocked: Any, given: dict[str, Any], words: str) -> None:
    before = stocked.rows()
    values = {"name": "r", "type": "webhook", "cluster_id": "c", "action": "CLUSTER_SCALE_OUT"} | given
    assert_refused(stocked.send("POST", "/v1/receivers", {"receiver": values}), 400, words)
    assert stocked.rows() == before


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "No property needs an update."),
        ({"action": "BOGUS"}, "is not acceptable for field 'action'"),
        ({"params": {"count": []}}, "The value for count must be an integer"),
        ({"cluster_id": "c"}, "'cluster_id' was unexpected"),
        ({"type": "message"}, "'type' was unexpected"),
        ({"actor": {"trust_id": "x"}}, "'actor' was unexpected"),
        ({"params": {"params": {"admin_pass": "x"}}}, "The parameter 'admin_pass' is a secret"),
        # the parameter that is there does not fit the new action
        ({"action": "CLUSTER_ADD_NODES"}, "The value for nodes must be a list"),
    ],
)
def test_a_change_that_cannot_be_is_refused(stocked: Any, given: dict[str, Any], words: str) -> None:
    create(stocked, params={"nodes": "n"})
    before = stocked.rows()
    assert_refused(stocked.send("PATCH", "/v1/receivers/r", {"receiver": given}), 400, words)
    assert stocked.rows() == before


def test_a_receiver_cannot_be_changed_before_1_7(stocked: Any) -> None:
    create(stocked)
    response = stocked.send("PATCH", "/v1/receivers/r", {"receiver": {"name": "s"}}, version="1.6")
    assert_refused(response, 400, "API version '1.6' is not supported on this method.")


def test_an_actor_is_accepted_and_not_kept(stocked: Any) -> None:
    made = create(stocked, actor={"user": "admin", "password": "hunter2"})
    assert made["actor"] == {}
    assert "hunter2" not in repr(stocked.rows())


def test_parameters_that_the_action_does_not_know_are_kept_and_do_nothing(stocked: Any) -> None:
    made = create(stocked, params={"color": "red", "count": 2})
    assert made["params"] == {"color": "red", "count": 2}
    assert triggered(stocked, stocked.send("POST", hook(made)))["inputs"] == {"count": 2}


# webhooks


def test_a_webhook_triggers_its_action_as_the_owner_of_the_receiver(stocked: Any) -> None:
    made = create(stocked, params={"count": "2"})
    action = triggered(stocked, stocked.send("POST", hook(made), version=None))
    assert action["action"] == "CLUSTER_SCALE_OUT"
    assert action["target"] == made["cluster_id"]
    assert action["inputs"] == {"count": 2}
    assert (action["user"], action["project"]) == (made["user"], made["project"])
    assert stocked.nudges > 0


@pytest.mark.parametrize(
    ("query", "version", "body", "count"),
    [
        # version 1: the query holds the inputs; the body does under params, from 1.10 on by itself
        ("V=1", "1.14", None, 1),
        ("V=1&count=3", "1.14", None, 3),
        ("V=1&count=3", None, None, 3),
        ("V=1&params={%22count%22:3}", "1.14", None, 3),
        ("V=1&params={%22count%22:5}&count=3", None, None, 3),
        ("V=1&params={%22count%22:3}", None, {"params": {"count": 4}}, 4),
        # an address tells the params that there were when it was shown
        ("V=2&params={%22count%22:3}", None, None, 1),
        ("V=1", "1.9", {"params": {"count": 4}}, 4),
        ("V=1", "1.9", {"count": 4}, 1),
        ("V=1&count=3", "1.9", {"params": {"count": 4}}, 4),
        ("V=1", "1.10", {"count": 4}, 4),
        ("V=1", "1.10", {"params": {"count": 4}}, 4),
        # version 2: the body holds them, whatever the microversion, as who raises alarms sends none
        ("V=2", None, {"count": 4}, 4),
        ("V=2", "1.14", {"count": "4"}, 4),
        ("V=2", None, {"params": {"count": 4}}, 4),
        ("V=2&count=3", "1.14", None, 1),
        ("V=2", None, {}, 1),
    ],
)
def test_where_the_inputs_of_an_action_come_from(
    stocked: Any, query: str, version: str | None, body: Any, count: int
) -> None:
    made = create(stocked, params={"count": 1})
    action = triggered(stocked, stocked.send("POST", bare(made, query), body, version=version))
    assert action["inputs"] == {"count": count}


def test_what_an_alarm_tells_of_itself_is_left_out(stocked: Any) -> None:
    alarm = {
        "alarm_id": NOBODY,
        "alarm_name": "cpu_high",
        "current": "alarm",
        "previous": "ok",
        "reason": "Transition to alarm due to 1 samples outside threshold, most recent: 81.4",
        "reason_data": {"count": 1, "disposition": "outside", "most_recent": 81.4, "type": "threshold"},
        "severity": "low",
    }
    action = triggered(stocked, stocked.send("POST", bare(create(stocked)), alarm, version=None))
    assert action["inputs"] == {"count": 1}


@pytest.mark.parametrize(
    ("query", "body", "words"),
    [
        ("", None, "V query parameter is required in webhook trigger URL"),
        ("count=1", None, "V query parameter is required in webhook trigger URL"),
        ("V=", None, "Field value  is invalid"),
        ("V=3", None, "Field value 3 is invalid"),
        ("V=1&V=2", None, "The parameter V is given more than once."),
        ("V=1&count=1&count=2", None, "The parameter count is given more than once."),
        ("V=1&color=red", None, "Invalid parameter color"),
        ("V=1&params={%22color%22:1}", None, "Invalid parameter color"),
        *(
            (f"V={version}&params={text}", None, f"The value for params must be a JSON object: '{said}'.")
            for version in (1, 2)
            for text, said in (("", ""), ("%20", " "), ("count", "count"), ("[]", "[]"), ("{", "{"), ("null", "null"))
        ),
        ("V=1&params={}&params={}", None, "The parameter params is given more than once."),
        ("V=1&count=many", None, "The value for count must be an integer: 'many'."),
        ("V=1&count=0", None, "Count for scale-out request cannot be 0."),
        ("V=2", {"count": -1}, "Value must be >= 0 for field 'count'."),
        ("V=2", {"count": {}}, "The value for count must be an integer: '{}'."),
        ("V=2", {"params": 5}, "The value for params must be an object: '5'."),
    ],
)
def test_a_signal_that_does_not_fit_is_refused(stocked: Any, query: str, body: Any, words: str) -> None:
    made = create(stocked)
    before = stocked.rows()
    assert_refused(stocked.send("POST", bare(made, query), body), 400, words)
    assert stocked.rows() == before


@pytest.mark.parametrize("raw", [b"[]", b"7", b"{", b'{"a": NaN}', b'{"count": 1, "count": 2}', b"\xff"])
def test_a_body_that_is_no_object_is_refused(stocked: Any, raw: bytes) -> None:
    made = create(stocked)
    before = stocked.rows()
    assert stocked.send("POST", bare(made), raw=raw).status_int == 400
    assert stocked.rows() == before


def test_only_the_whole_id_triggers(stocked: Any) -> None:
    made = create(stocked)
    for identity in ("r", made["id"][:8], made["id"].replace("-", ""), NOBODY, "nothing"):
        response = stocked.send("POST", f"/v1/webhooks/{identity}/trigger?V=2")
        assert_refused(response, 404, f"The receiver '{identity}' could not be found.")


@pytest.mark.parametrize("kind", schemas.ACTIONS)
def test_every_action_is_an_operation_of_this_api(kind: model.ActionKind) -> None:
    table = {operation.name: operation for operation in operations.OPERATIONS}
    shown = table["receiver_create"].body
    assert shown is not None
    assert str(kind) in shown.schema()["properties"]["receiver"]["properties"]["action"]["enum"]


@pytest.mark.parametrize(
    ("action", "params", "inputs"),
    [
        ("CLUSTER_SCALE_IN", {"count": 1}, {"count": 1}),
        ("CLUSTER_RESIZE", {"adjustment_type": "EXACT_CAPACITY", "number": "2"}, {"number": 2, "strict": True}),
        ("CLUSTER_CHECK", {}, {}),
        ("CLUSTER_RECOVER", {"operation": "RECREATE", "check": True}, {"operation": "RECREATE", "check": True}),
        (
            "CLUSTER_OPERATION",
            {"operation": "restart", "params": {"wait_time": 1}},
            {"operation": "restart", "params": {"wait_time": 1}},
        ),
        ("CLUSTER_UPDATE", {"metadata": {"a": "b"}}, {"metadata": {"a": "b"}}),
    ],
)
def test_each_action_is_checked_and_run_like_a_request(
    stocked: Any, action: str, params: dict[str, Any], inputs: dict[str, Any]
) -> None:
    made = create(stocked, action=action, params=params)
    found = triggered(stocked, stocked.send("POST", bare(made), version=None))
    assert found["action"] == action
    assert inputs.items() <= found["inputs"].items()


@pytest.mark.parametrize(
    ("action", "params", "words"),
    [
        ("CLUSTER_ATTACH_POLICY", {"policy_id": "nothing"}, "The specified policy 'nothing' could not be found."),
        ("CLUSTER_ATTACH_POLICY", {}, "'policy_id' is a required property"),
        ("CLUSTER_DETACH_POLICY", {"policy_id": "nothing"}, "The specified policy 'nothing' could not be found."),
        ("CLUSTER_UPDATE_POLICY", {"policy_id": "nothing"}, "The specified policy 'nothing' could not be found."),
        ("CLUSTER_DEL_NODES", {}, "Value for 'nodes' must have at least 1 item(s)."),
        ("CLUSTER_REPLACE_NODES", {"nodes": {"nothing": "n"}}, "Original nodes not found: ['nothing']."),
        ("CLUSTER_OPERATION", {}, "'operation' is a required property"),
        ("CLUSTER_OPERATION", {"operation": "fly"}, "fly"),
    ],
)
def test_each_action_is_refused_like_a_request(stocked: Any, action: str, params: dict[str, Any], words: str) -> None:
    made = create(stocked, action=action, params=params)
    before = stocked.rows()
    response = stocked.send("POST", bare(made), version=None)
    assert_refused(response, response.status_int, words)
    assert 400 <= response.status_int < 500
    assert stocked.rows() == before


def test_who_may_not_do_a_thing_may_not_have_it_triggered(stocked: Any, tmp_path: pathlib.Path) -> None:
    application = with_rules(stocked, tmp_path, '"clusters:delete": "!"\n')
    create(stocked)
    before = stocked.rows()
    values = {"name": "x", "type": "webhook", "cluster_id": "c", "action": "CLUSTER_DELETE"}
    for method, path, body in (
        ("POST", "/v1/receivers", {"receiver": values}),
        ("PATCH", "/v1/receivers/r", {"receiver": {"action": "CLUSTER_DELETE"}}),
    ):
        response = stocked.send(method, path, body, application=application)
        assert_refused(response, 403, "You are not authorized to have the action CLUSTER_DELETE triggered.")
    assert stocked.rows() == before


@pytest.mark.parametrize(
    ("action", "params", "given"),
    [
        ("CLUSTER_OPERATION", {"operation": "restart"}, {"operation": "stop"}),
        ("CLUSTER_OPERATION", {"operation": "restart"}, {"operation": None}),
        ("CLUSTER_OPERATION", {"operation": "restart", "params": {"wait_time": 1}}, {"params": {"wait_time": 2}}),
        ("CLUSTER_OPERATION", {"operation": "restart", "filters": {"role": "x"}}, {"filters": {}}),
        ("CLUSTER_OPERATION", {"operation": "restart", "filters": {"role": "x"}}, {"filters": None}),
        ("CLUSTER_UPDATE", {"profile_id": "web"}, {"profile_id": "host"}),
        ("CLUSTER_UPDATE", {"metadata": {"a": 1}}, {"params": {"metadata": {"a": 2}}}),
        ("CLUSTER_ATTACH_POLICY", {"policy_id": "c"}, {"policy_id": "d"}),
        ("CLUSTER_DEL_NODES", {"nodes": ["n"]}, {"nodes": ["m"]}),
        ("CLUSTER_DELETE", {"force": False}, {"force": True}),
        ("CLUSTER_RESIZE", {"adjustment_type": "EXACT_CAPACITY"}, {"adjustment_type": "CHANGE_IN_CAPACITY"}),
    ],
)
def test_a_signal_cannot_change_what_the_receiver_says(
    stocked: Any, action: str, params: dict[str, Any], given: dict[str, Any]
) -> None:
    made = create(stocked, action=action, params=params)
    before = stocked.rows()
    (name,) = given.get("params", given) if action == "CLUSTER_UPDATE" else given
    response = stocked.send("POST", bare(made), given)
    assert_refused(response, 400, f"The receiver says what '{name}' is, and a signal cannot change it")
    assert stocked.rows() == before


@pytest.mark.parametrize("query", ["V=1&force=true", "V=1&params={%22force%22:true}"])
def test_the_query_of_a_signal_cannot_change_what_the_receiver_says(stocked: Any, query: str) -> None:
    made = create(stocked, action="CLUSTER_DELETE", params={"force": "false"})
    assert_refused(stocked.send("POST", bare(made, query)), 400, "The receiver says what 'force' is")


def test_a_signal_may_repeat_what_the_receiver_says_and_add_to_it(stocked: Any) -> None:
    params = {"adjustment_type": "EXACT_CAPACITY", "number": 1, "strict": True}
    made = create(stocked, action="CLUSTER_RESIZE", params=params)
    query = "V=1&adjustment_type=EXACT_CAPACITY&strict=yes&number=3&max_size=5"
    inputs = triggered(stocked, stocked.send("POST", bare(made, query)))["inputs"]
    assert inputs == {"adjustment_type": "EXACT_CAPACITY", "number": 3, "strict": True, "max_size": 5}


def test_a_signal_may_bring_a_secret_in_its_body_only(stocked: Any) -> None:
    made = create(stocked, action="CLUSTER_OPERATION", params={"operation": "change_password"})
    query = "V=1&params={%22admin_pass%22:%22hunter2%22}"
    response = stocked.send("POST", bare(made, query))
    assert_refused(response, 400, "The parameter 'admin_pass' is a secret: send it in the body")
    assert "hunter2" not in response.text
    response = stocked.send("POST", bare(made), {"params": {"admin_pass": "hunter2"}})
    assert_refused(response, 400, "'change_password' is not supported by the profile type")  # of containers


# whom a webhook acts for, where there is a Keystone


def made_with_keystone(
    stocked: Any, identity: fake.SimulatedIdentity, *, token: str = "good", roles: Collection[str] = ("member",)
) -> dict[str, Any]:
    """Return a receiver of somebody in ``default`` who came with a token of Keystone."""
    keeper = trusts.Trusts(
        database=stocked.database, box=stocked.parts.box, clock=stocked.parts.clock, identity=identity
    )
    stocked.parts = dataclasses.replace(stocked.parts, trusts=keeper)
    stocked.application = stocked.build()
    commands.Commands(stocked.parts).create_receiver(
        context.Context(
            owner=model.Owner(user="ann", project="default"),
            request_id="r",
            admin=False,
            roles=frozenset(roles),
            token=token,
        ),
        name="ann",
        type_="webhook",
        cluster="c",
        action="CLUSTER_CHECK",
        params={},
        public_endpoint=None,
    )
    shown: dict[str, Any] = stocked.get("/v1/receivers/ann")["receiver"]
    return shown


def test_a_webhook_ends_with_the_trust_of_its_creator(stocked: Any) -> None:
    identity = fake.SimulatedIdentity()
    made = made_with_keystone(stocked, identity)
    (trust,) = identity.trusts
    assert made["actor"] == {"trust_id": trust}
    assert triggered(stocked, stocked.send("POST", bare(made)))["user"] == "ann"
    stocked.now += 61
    before = stocked.rows()
    identity.away = True
    assert_refused(stocked.send("POST", bare(made)), 503, "Keystone does not answer as it should")
    identity.away = False
    identity.withdraw("good", trust)
    response = stocked.send("POST", bare(made))
    assert_refused(response, 403, f"The receiver '{made['id']}' acts as its creator, and nobody vouches for them")
    assert stocked.rows() == before


def test_a_webhook_goes_on_with_the_next_trust_of_its_creator_if_that_has_its_roles(stocked: Any) -> None:
    identity = fake.SimulatedIdentity()
    made = made_with_keystone(stocked, identity)
    owner = model.Owner(user="ann", project="default")
    asked = context.Context(owner=owner, request_id="r", admin=False, token="good")
    for roles, status in (("reader",), 403), (("member", "reader"), 202):
        stocked.now += 61
        for trust in identity.trusts:
            identity.withdraw("good", trust)
        assert stocked.parts.trusts.ensure(dataclasses.replace(asked, roles=frozenset(roles))) is not None
        assert stocked.send("POST", bare(made)).status_int == status


def with_rules(stocked: Any, tmp_path: pathlib.Path, text: str) -> Any:
    """Return an application with a policy file."""
    policy = tmp_path / "policy.yaml"
    policy.write_text(text)
    conf = cfg.ConfigOpts()
    (tmp_path / "service.conf").write_text(f"[oslo_policy]\npolicy_file = {policy}\n")
    conf(["--config-file", str(tmp_path / "service.conf")], project="none")
    return app.build(conf, commands.Commands(stocked.parts), queries.Queries(stocked.parts))


@pytest.mark.parametrize("token", ["good", "restricted"])
def test_a_signal_asks_the_rules_as_they_are_now(stocked: Any, tmp_path: pathlib.Path, token: str) -> None:
    # who is refused a trust comes with an application credential, for example
    made = made_with_keystone(stocked, fake.SimulatedIdentity(refused={"restricted"}), token=token)
    assert bool(made["actor"]) is (token == "good")
    assert stocked.send("POST", bare(made)).status_int == 202
    before = stocked.rows()
    application = with_rules(stocked, tmp_path, '"clusters:action": "role:operator"\n')
    response = stocked.send("POST", bare(made), application=application)
    assert_refused(response, 403, "who is not authorized to do the action CLUSTER_CHECK")
    assert stocked.rows() == before


def test_the_roles_of_the_creator_do_not_grow(stocked: Any) -> None:
    made = made_with_keystone(stocked, fake.SimulatedIdentity(), roles={"reader"})
    assert_refused(stocked.send("POST", bare(made)), 403, "who is not authorized to do the action CLUSTER_CHECK")


def test_a_change_is_checked_against_what_the_receiver_is_then(stocked: Any) -> None:
    create(stocked, params={"nodes": "n"})
    seen: list[model.Receiver] = []

    def check(changed: model.Receiver) -> None:
        seen.append(changed)
        raise errors.Invalid("no")

    before = stocked.rows()
    ctx = context.Context(owner=model.Owner(user="noauth", project="default"), request_id="r", admin=True)
    with pytest.raises(errors.Invalid, match="no"):
        commands.Commands(stocked.parts).update_receiver(
            ctx, "r", name="s", action="CLUSTER_ADD_NODES", params=None, check=check
        )
    ((name, action, params),) = [(one.name, one.action, one.params) for one in seen]
    assert (name, action, params) == ("s", "CLUSTER_ADD_NODES", {"nodes": "n"})
    assert stocked.rows() == before


def test_a_signal_is_refused_what_a_request_is_refused(stocked: Any) -> None:
    made = create(stocked, action="CLUSTER_RESIZE")
    before = stocked.rows()
    response = stocked.send("POST", bare(made), {"adjustment_type": "EXACT_CAPACITY", "number": 11})
    assert_refused(response, 400, "The target capacity (11) is greater than the cluster's max_size (10).")
    made = create(stocked, name="add", action="CLUSTER_ADD_NODES")
    response = stocked.send("POST", bare(made))
    assert response.status_int == 400
    assert stocked.rows()["actions"] == before["actions"]


def test_a_webhook_needs_no_credentials_and_nothing_else_goes_without(stocked: Any, tmp_path: pathlib.Path) -> None:
    users = tmp_path / "users"
    users.write_text(f"ann:{bcrypt.hashpw(b'secret', bcrypt.gensalt(4)).decode()}\n")
    application = stocked.build(auth_strategy="http_basic", http_basic_auth_user_file=str(users))
    made = create(stocked, action="CLUSTER_CHECK")
    path = f"/v1/webhooks/{made['id']}/trigger"
    response = stocked.send("POST", f"{path}?V=2", application=application)
    assert triggered(stocked, response)["user"] == made["user"]
    assert stocked.send("POST", f"{path}/?V=2", application=application).status_int == 202
    for method, other in (
        ("POST", f"/v1/webhooks/{made['id']}"),
        ("POST", f"/v1/webhooks/{made['id']}/x/trigger?V=2"),
        ("POST", f"/v1/receivers/{made['id']}/notify"),
        ("GET", f"/v1/receivers/{made['id']}"),
        ("POST", "/v1/webhooks//trigger?V=2"),
    ):
        assert stocked.send(method, other, application=application).status_int == 401, other
    for method in ("GET", "PATCH", "DELETE"):
        assert stocked.send(method, f"{path}?V=2", application=application).status_int == 405


def test_a_webhook_speaks_the_version_that_it_is_asked_in(stocked: Any) -> None:
    made = create(stocked)
    response = stocked.send("POST", bare(made), version="1.12")
    assert response.headers["OpenStack-API-Version"] == "clustering 1.12"
    assert_refused(stocked.send("POST", bare(made), version="1.99"), 406, "is not supported by the API")


def test_receivers_of_other_projects_are_not_there(stocked: Any) -> None:
    made = create(stocked)
    stocked.database.write(receiver_store.update, made["id"], project="other")
    before = stocked.rows()
    assert stocked.get("/v1/receivers")["receivers"] == []
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"receiver": {"name": "x"}}),
        ("DELETE", "", None),
        ("POST", "/notify", None),
    ):
        response = stocked.send(method, f"/v1/receivers/{made['id']}{path}", body)
        assert_refused(response, 404, f"The receiver '{made['id']}' could not be found.")
    # whoever has the address of the webhook may use it, in the other project and nowhere else
    assert_refused(stocked.send("POST", bare(made)), 404, "could not be found")
    assert stocked.rows() == before


def test_a_cluster_with_receivers_is_deleted_by_force_only(stocked: Any) -> None:
    idle(stocked)
    made = create(stocked, action="CLUSTER_DELETE")
    assert_refused(stocked.send("POST", bare(made)), 409, "still referenced by receiver(s)")
    response = stocked.send("DELETE", "/v1/clusters/c")
    assert_refused(response, 409, f"still referenced by receiver(s): {made['id']}.")
    assert response.json["error"]["type"] == "ResourceInUse"
    assert stocked.send("DELETE", "/v1/clusters/c", {"force": True}).status_int == 202


def test_the_number_of_signals_is_bounded(stocked: Any) -> None:
    application = stocked.build(webhook_rate="2/minute")
    first, second = (create(stocked, name=name, action="CLUSTER_CHECK") for name in ("r", "s"))

    def status(path: str) -> int:
        code: int = stocked.send("POST", path, application=application).status_int
        return code

    assert [status(bare(first)) for _ in range(3)] == [202, 202, 429]
    assert status(bare(second)) == 202
    response = stocked.send("POST", bare(first), application=application)
    assert_refused(response, 429, "Too many requests: 2 in 60 seconds are answered.")
    assert re.fullmatch(r"[1-6]?\d", response.headers["Retry-After"])
    assert stocked.send("POST", bare(first)).status_int == 202  # another process

    assert [status(f"/v1/webhooks/{index}/trigger?V=2") for index in range(3)] == [404, 404, 429]
    assert status(bare(second)) == 202  # was well, and is not taken for one who guesses
    third = create(stocked, name="t", action="CLUSTER_CHECK")
    assert status(bare(third)) == 429
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    assert stocked.send("POST", bare(third), application=application, environ=elsewhere).status_int == 202


# messages


def test_receivers_of_messages_need_a_service_for_queues(stocked: Any) -> None:
    before = stocked.rows()
    response = stocked.send("POST", "/v1/receivers", {"receiver": {"name": "m", "type": "message"}})
    assert_refused(response, 400, "this installation has none")
    assert stocked.rows() == before


def test_a_webhook_takes_no_messages(stocked: Any) -> None:
    create(stocked)
    response = stocked.send("POST", "/v1/receivers/r/notify")
    assert_refused(response, 400, "Notifying non-message receiver is not allowed.")
