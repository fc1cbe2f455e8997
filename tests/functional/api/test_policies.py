"""Policies on the wire: types, policies, the policies of clusters, and what cooldowns and conflicts answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from senlin_container.store import policies
from tests import recordings

GROW = {
    "type": "senlin.policy.scaling",
    "version": "1.0",
    "properties": {"event": "CLUSTER_SCALE_OUT", "adjustment": {"type": "CHANGE_IN_CAPACITY", "number": 2}},
}
DELETION = {"type": "senlin.policy.deletion", "version": 1.1, "properties": {"criteria": "OLDEST_FIRST"}}
POLICY_KEYS = {"created_at", "data", "domain", "id", "name", "project", "spec", "type", "updated_at", "user"}
BINDING_KEYS = {
    *("cluster_id", "cluster_name", "data", "enabled", "id"),
    *("last_op", "policy_id", "policy_name", "policy_type", "priority"),
}


def create(api: Any, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = api.make("/v1/policies", {"policy": {"name": name, "spec": spec}})
    return made


def act(api: Any, action: str, body: Any, *, version: str = "1.14", cluster: str = "c") -> Any:
    return api.send("POST", f"/v1/clusters/{cluster}/actions", {action: body}, version=version)


def assert_refused(response: Any, status: int, kind: str, told: str) -> None:
    assert response.status_int == status, response.text
    assert response.json["error"]["type"] == kind
    assert told in response.json["error"]["message"]


@pytest.mark.parametrize("version", ["1.0", "1.4", "1.5", "1.14"])
def test_the_list_of_types_is_as_recorded(api: Any, version: str) -> None:
    steps = {step["case"]: step for step in recordings.load()}
    recorded = steps[f"policy types at {version}"]["response"]["body"]
    assert api.get("/v1/policy-types", version=version) == recorded


def test_a_type_shows_all_its_versions_since_1_5(api: Any) -> None:
    path = "/v1/policy-types/senlin.policy.deletion-1.0"
    shown = api.get(path)["policy_type"]
    assert set(shown) == {"name", "schema", "support_status"}
    assert list(shown["support_status"]) == ["1.0", "1.1"]
    assert set(api.get(path, version="1.4")["policy_type"]) == {"name", "schema"}


def test_an_unknown_type_is_not_found(api: Any) -> None:
    for name in ("senlin.policy.none-1.0", "senlin.policy.batch", "senlin.policy.container_placement-1.0"):
        response = api.send("GET", f"/v1/policy-types/{name}")
        assert_refused(response, 404, "ResourceNotFound", f"The policy_type '{name}' could not be found.")


def test_the_life_of_a_policy(api: Any) -> None:
    made = create(api, "pick", DELETION)
    assert set(made) == POLICY_KEYS
    assert (made["spec"], made["type"], made["data"]) == (DELETION, "senlin.policy.deletion-1.1", {})
    # reads write times in another way than writes do, which is as recorded
    assert api.get("/v1/policies/pick")["policy"] == made | {"created_at": "2026-11-20T07:27:00.000000"}
    api.now += 1
    response = api.send("PATCH", f"/v1/policies/{made['id']}", {"policy": {"name": "würfel"}})
    assert response.status_int == 200
    assert response.json["policy"] == made | {"name": "würfel", "updated_at": "2026-11-20T07:27:01Z"}
    kept = {"created_at": "2026-11-20T07:27:00.000000", "updated_at": "2026-11-20T07:27:01.000000"}
    assert api.get("/v1/policies?name=w%C3%BCrfel")["policies"] == [response.json["policy"] | kept]
    assert api.get("/v1/policies?type=senlin.policy.scaling")["policies"] == []
    deleted = api.send("DELETE", "/v1/policies/w%C3%BCrfel")
    assert (deleted.status_int, deleted.body) == (204, b"")
    assert api.send("GET", f"/v1/policies/{made['id']}").status_int == 404


def test_a_policy_that_is_validated_is_not_kept(api: Any) -> None:
    response = api.send("POST", "/v1/policies/validate", {"policy": {"spec": DELETION}})
    assert response.status_int == 200
    shown = response.json["policy"]
    assert set(shown) == POLICY_KEYS
    assert (shown["id"], shown["created_at"], shown["name"]) == (None, None, "validated_policy")
    assert shown["spec"] == DELETION
    assert api.get("/v1/policies")["policies"] == []
    response = api.send("POST", "/v1/policies/validate", {"policy": {"spec": DELETION}}, version="1.1")
    assert_refused(response, 400, "MethodVersionNotFound", "'1.1' is not supported")


@pytest.mark.parametrize("path", ["/v1/policies", "/v1/policies/validate"])
@pytest.mark.parametrize(
    ("type_", "properties", "told"),
    [
        ("batch-1.0", {"max_batch_size": "many"}, "'many' is not a valid Integer"),
        ("deletion-1.1", {"criteria": "NO_SUCH"}, "OLDEST_FIRST, OLDEST_PROFILE_FIRST"),
        (
            "health-1.1",
            {"detection": {}, "recovery": {"actions": [{"name": "REBOOT"}, {"name": "REBUILD"}]}},
            "one at most",
        ),
        ("scaling-1.0", {"event": "CLUSTER_SCALE_IN", "adjustment": {"cooldown": -1}}, "'adjustment.cooldown' is -1"),
        ("batch-1.0", [1], "a map is expected"),
        ("batch-1.0", 7, "a map is expected"),
    ],
)
def test_a_bad_spec_is_a_400_and_leaves_nothing(api: Any, path: str, type_: str, properties: Any, told: str) -> None:
    name, _, version = type_.rpartition("-")
    spec = {"type": f"senlin.policy.{name}", "version": version, "properties": properties}
    body = {"spec": spec} if path.endswith("validate") else {"name": "x", "spec": spec}
    before = api.rows()
    assert_refused(api.send("POST", path, {"policy": body}), 400, "InvalidSpec", told)
    assert api.rows() == before


@pytest.mark.parametrize("change", [{"spec": DELETION}, {"metadata": {}}, {"name": ""}, {"name": "x" * 256}, {}])
def test_only_the_name_of_a_policy_changes(stocked: Any, change: dict[str, Any]) -> None:
    before = stocked.rows()
    assert stocked.send("PATCH", "/v1/policies/c", {"policy": change}).status_int == 400
    assert stocked.rows() == before


def test_a_policy_in_use_stays(stocked: Any) -> None:
    policy_id = stocked.get("/v1/policies/c")["policy"]["id"]
    told = f"The policy '{policy_id}' cannot be deleted: still attached to some clusters."
    assert_refused(stocked.send("DELETE", "/v1/policies/c"), 409, "ResourceInUse", told)


def test_the_policies_of_a_cluster(stocked: Any) -> None:
    (shown,) = stocked.get("/v1/clusters/c/policies")["cluster_policies"]
    assert set(shown) == BINDING_KEYS
    cluster = stocked.get("/v1/clusters/c")["cluster"]
    policy = stocked.get("/v1/policies/c")["policy"]
    assert (shown["cluster_id"], shown["cluster_name"], shown["policy_id"]) == (cluster["id"], "c", policy["id"])
    assert (shown["data"], shown["last_op"], shown["enabled"], shown["priority"]) == (None, None, True, 100)
    assert cluster["policies"] == [policy["id"]]
    for identity in ("c", policy["id"], policy["id"][:8]):
        assert stocked.get(f"/v1/clusters/c/policies/{identity}")["cluster_policy"] == shown


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("sort=enabled", 1),
        ("sort=enabled:desc", 1),
        ("enabled=true", 1),
        ("enabled=False", 0),
        ("policy_name=c", 1),
        ("policy_name=x", 0),
        ("policy_type=senlin.policy.scaling-1.0&enabled=True&sort=enabled:asc", 1),
        ("policy_type=senlin.policy.batch", 0),
    ],
)
def test_the_policies_of_a_cluster_are_filtered(stocked: Any, query: str, count: int) -> None:
    assert len(stocked.get(f"/v1/clusters/c/policies?{query}")["cluster_policies"]) == count


@pytest.mark.parametrize("query", ["sort=priority", "sort=enabled:up", "enabled=maybe", "bogus=1", "limit=1"])
def test_what_a_list_does_not_know_is_refused(stocked: Any, query: str) -> None:
    assert stocked.send("GET", f"/v1/clusters/c/policies?{query}").status_int == 400


def test_what_is_not_attached_and_what_is_not_there(stocked: Any) -> None:
    policy = create(stocked, "pick", DELETION)
    cluster_id = stocked.get("/v1/clusters/c")["cluster"]["id"]
    response = stocked.send("GET", f"/v1/clusters/{cluster_id}/policies/{policy['id']}")
    told = f"The policy '{policy['id']}' is not found attached to the specified cluster '{cluster_id}'."
    assert_refused(response, 404, "PolicyBindingNotFound", told)
    assert_refused(stocked.send("GET", "/v1/clusters/c/policies/x"), 404, "ResourceNotFound", "The policy 'x' could")
    response = stocked.send("GET", "/v1/clusters/x/policies/c")
    assert_refused(response, 404, "ResourceNotFound", "The cluster 'x' could")
    for action in ("policy_detach", "policy_update"):
        body = {"policy_id": "pick"} | ({"enabled": True} if action == "policy_update" else {})
        told = f"The policy '{policy['id']}' is not attached to the specified cluster '{cluster_id}'."
        assert_refused(act(stocked, action, body), 400, "BadRequest", told)
    told = "The specified policy 'x' could not be found."
    assert_refused(act(stocked, "policy_attach", {"policy_id": "x"}), 400, "BadRequest", told)


@pytest.mark.parametrize(
    ("action", "body", "inputs", "name"),
    [
        ("policy_attach", {"policy_id": "pick", "enabled": "False"}, {"enabled": False}, "attach_policy"),
        ("policy_attach", {"policy_id": "pick"}, {"enabled": True}, "attach_policy"),
        ("policy_attach", {"policy_id": "c", "enabled": True}, {"enabled": True}, "attach_policy"),
        ("policy_detach", {"policy_id": "c"}, {}, "detach_policy"),
        ("policy_update", {"policy_id": "c", "enabled": False}, {"enabled": False}, "update_policy"),
    ],
)
def test_what_is_done_to_policies_of_a_cluster_is_an_action(
    stocked: Any, action: str, body: dict[str, Any], inputs: dict[str, Any], name: str
) -> None:
    create(stocked, "pick", DELETION)
    response = act(stocked, action, body)
    assert response.status_int == 202
    shown = stocked.get(response.headers["Location"].removeprefix("http://localhost"))["action"]
    policy = stocked.get(f"/v1/policies/{body['policy_id']}")["policy"]
    assert shown["inputs"] == {"policy_id": policy["id"], **inputs}
    assert shown["action"] == f"CLUSTER_{name.upper()}"
    assert shown["name"] == f"{name}_{shown['target'][:8]}"
    assert response.json == {"action": shown["id"]}


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("policy_attach", {}),
        ("policy_attach", None),
        ("policy_attach", {"policy_id": "c", "enabled": "maybe"}),
        ("policy_attach", {"policy_id": "c", "priority": 5}),
        ("policy_attach", {"policy_id": ["c"]}),
        ("policy_detach", {"policy_id": "c", "enabled": True}),
        ("policy_detach", {"policy_id": ""}),
    ],
)
def test_a_body_that_does_not_fit_is_refused(stocked: Any, action: str, body: Any) -> None:
    before = stocked.rows()
    assert_refused(act(stocked, action, body), 400, "HTTPBadRequest", "")
    assert stocked.rows() == before


def test_an_update_that_says_nothing_is_refused_after_the_policy_was_found(stocked: Any) -> None:
    assert_refused(act(stocked, "policy_update", {"policy_id": "c"}), 400, "BadRequest", "No property needs an update")
    assert_refused(act(stocked, "policy_update", {"policy_id": "x"}), 400, "BadRequest", "'x' could not be found")


@pytest.mark.parametrize("version", ["1.10", "1.11", "1.14"])
@pytest.mark.parametrize("second", [("scale_in", {}), ("scale_out", {"count": 1})])
def test_a_second_scaling_action_is_a_conflict_since_1_11(
    stocked: Any, version: str, second: tuple[str, dict[str, Any]]
) -> None:
    first = act(stocked, "scale_in", {}, version=version)
    assert first.status_int == 202
    response = act(stocked, *second, version=version)
    if version == "1.10":
        assert response.status_int == 202
    else:
        assert_refused(response, 409, "ActionConflict", first.json["action"])


def test_a_resize_waits_in_line(stocked: Any) -> None:
    assert act(stocked, "scale_in", {}).status_int == 202
    assert act(stocked, "resize", {"max_size": 9}).status_int == 202


def test_a_cooldown_is_a_409_since_1_11(stocked: Any) -> None:
    cluster_id = stocked.get("/v1/clusters/c")["cluster"]["id"]
    (bound,) = stocked.get("/v1/clusters/c/policies")["cluster_policies"]
    stocked.database.write(policies.note_use, [bound["id"]], stocked.now - 20)
    response = act(stocked, "scale_out", {}, cluster=cluster_id)
    assert_refused(response, 409, "ActionCooldown", "for another 40 seconds")
    assert act(stocked, "scale_out", {}, version="1.10").status_int == 202
    assert stocked.get("/v1/clusters/c/policies/c")["cluster_policy"]["last_op"] == "2026-11-20T07:26:40Z"


def test_a_second_policy_of_a_kind_is_a_conflict(stocked: Any) -> None:
    stocked.attach("c", create(stocked, "one", DELETION)["id"], priority=400)
    create(stocked, "two", DELETION)
    response = act(stocked, "policy_attach", {"policy_id": "two"})
    assert_refused(response, 409, "Conflict", "'one'")
    assert json.loads(response.body)["title"] == "Conflict"


def test_a_policy_for_other_profiles_is_refused(stocked: Any) -> None:
    create(stocked, "apart", {"type": "senlin.policy.affinity", "version": "1.0"})
    response = act(stocked, "policy_attach", {"policy_id": "apart"}, cluster="hosts")
    assert_refused(response, 400, "BadRequest", "not of container.host.endpoint")
