"""What holds for every operation of the table."""

from __future__ import annotations

import base64
import pathlib
import re
from typing import Any

import bcrypt
import pytest

from senlin_container.api import operation as operation_module
from senlin_container.api import operations, versions
from senlin_container.store import session

ALL = pytest.mark.parametrize("operation", operations.OPERATIONS, ids=lambda operation: operation.name)
REQUEST_ID = re.compile(r"req-[0-9a-f-]{36}")


def filled(operation: operation_module.Operation, name: str = "nothing") -> str:
    query = "?V=2" if operation.name == "webhook_trigger" else ""
    return re.sub(r"\{\w+\}", name, operation.path) + query


def body_of(operation: operation_module.Operation) -> dict[str, Any] | None:
    """Return the smallest body that fits the schema of an operation."""
    return None if operation.body is None else smallest(operation.body.schema())


def smallest(schema: Any) -> Any:
    """Return the smallest value that fits a schema."""
    if "enum" in schema:
        return schema["enum"][0]
    match schema["type"]:
        case "object":
            document = {name: smallest(schema["properties"][name]) for name in schema.get("required", ())}
            if schema.get("minProperties") and not document:
                document = {"x": {} if schema.get("maxProperties") == 1 else "y"}
            return document
        case "array":
            return [smallest(schema["items"])]
        case "string":
            return "x"
        case "integer" | "number":
            return max(schema.get("minimum", 1), 1)
    return True


def assert_common(response: Any, version: str) -> None:
    assert response.headers["OpenStack-API-Version"] == f"clustering {version}"
    assert response.headers["Vary"] == "OpenStack-API-Version"
    assert REQUEST_ID.fullmatch(response.headers["x-openstack-request-id"])


def assert_error(response: Any, status: int) -> None:
    assert response.status_int == status, response.text
    assert response.content_type == "application/json"
    assert set(response.json) == {"code", "error", "explanation", "title"}
    assert response.json["code"] == response.json["error"]["code"] == status
    assert response.json["error"]["message"]
    assert response.json["error"]["type"]


@ALL
def test_every_answer_has_the_common_headers(stocked: Any, operation: operation_module.Operation) -> None:
    newest = "1.14" if operation.policy or "{" in operation.path else versions.render(versions.DEFAULT)
    response = stocked.send(operation.method, filled(operation), body_of(operation))
    assert response.status_int < 500, response.text
    assert_common(response, newest)


@ALL
def test_what_is_not_there_is_not_found(stocked: Any, operation: operation_module.Operation) -> None:
    if "{" in operation.path:
        before = stocked.rows()
        body = body_of(operation)
        if operation.name == "action_update":
            body = {"action": {"status": "CANCELLED"}}
        if operation.name in ("profile_update", "policy_update", "cluster_update", "node_update", "receiver_update"):
            body = {operation.name.split("_")[0]: {"name": "x"}}
        if operation.name == "cluster_resize":
            body = {"resize": {"max_size": 3}}
        response = stocked.send(operation.method, filled(operation), body)
        assert_error(response, 404)
        assert response.json["error"]["type"] == "ResourceNotFound"
        assert "'nothing' could not be found" in response.json["error"]["message"]
        assert stocked.rows() == before


@ALL
def test_nothing_answers_before_its_version(stocked: Any, operation: operation_module.Operation) -> None:
    if operation.since > versions.MINIMUM:
        before = f"1.{operation.since[1] - 1}"
        response = stocked.send(operation.method, filled(operation, "c"), body_of(operation), version=before)
        assert_error(response, 400)
        assert response.json["error"]["type"] == "MethodVersionNotFound"
        assert_common(response, before)


@ALL
def test_nothing_answers_strangers_that_is_not_public(
    stocked: Any, operation: operation_module.Operation, tmp_path: pathlib.Path
) -> None:
    users = tmp_path / "users"
    users.write_text(f"ann:{bcrypt.hashpw(b'secret', bcrypt.gensalt(4)).decode()}\n")
    application = stocked.build(auth_strategy="http_basic", http_basic_auth_user_file=str(users))
    before = stocked.rows()
    response = stocked.send(operation.method, filled(operation, "c"), body_of(operation), application=application)
    if operation.policy is None:
        assert response.status_int == (404 if "{" in operation.path else operation.success)
        return
    assert_error(response, 401)
    assert response.headers["WWW-Authenticate"].startswith("Basic")
    assert stocked.rows() == before
    token = base64.b64encode(b"ann:secret").decode()
    response = stocked.send(
        operation.method,
        filled(operation, "c"),
        body_of(operation),
        application=application,
        headers={"Authorization": f"Basic {token}"},
    )
    assert response.status_int not in (401, 403)


@ALL
def test_a_read_is_at_most_two_statements_and_asks_no_engine(
    stocked: Any, operation: operation_module.Operation
) -> None:
    if operation.method == "GET":
        if operation.name == "receiver_show":
            receiver = {"name": "c", "type": "webhook", "cluster_id": "c", "action": "CLUSTER_CHECK"}
            stocked.make("/v1/receivers", {"receiver": receiver})
        path = filled(operation, "c")
        for name, found in (
            ("profile_type", "container.host.endpoint-1.0"),
            ("policy_type", "senlin.policy.scaling-1.0"),
            ("profile_id", "web"),
            ("node_id", "n"),
        ):
            if name in operation.path:
                path = filled(operation, found)
        if operation.name == "cluster_collect":
            path = "/v1/clusters/c/attrs/name"
        if operation.name in ("action_show", "event_show"):
            (items,) = stocked.get(f"/v1/{operation.name.split('_')[0]}s").values()
            path = filled(operation, items[0]["id"])
        nudges = stocked.nudges
        with session.counted(stocked.database) as counts:
            assert stocked.send("GET", path).status_int == operation.success
        assert counts["statements"] <= 2
        assert counts["commits"] == 0
        assert stocked.nudges == nudges


@ALL
def test_an_admission_is_one_transaction(stocked: Any, operation: operation_module.Operation) -> None:
    if operation.method != "GET":
        with session.counted(stocked.database) as counts:
            stocked.send(operation.method, filled(operation, "c"), body_of(operation))
        assert counts["transactions"] <= 1


def test_head_is_get_without_a_body(stocked: Any) -> None:
    got, head = stocked.send("GET", "/v1/clusters"), stocked.send("HEAD", "/v1/clusters")
    assert head.status_int == 200
    assert head.body == b""
    assert head.content_length == got.content_length


def test_an_unknown_path_and_an_unknown_method_have_the_usual_body(stocked: Any) -> None:
    response = stocked.send("GET", "/v1/nothing")
    assert_error(response, 404)
    assert_common(response, "1.14")
    response = stocked.send("PUT", "/v1/clusters", {"cluster": {}})
    assert_error(response, 405)
    assert response.headers["Allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html", "text/plain", "image/png;q=x", ""])
def test_answers_are_json_whatever_is_accepted(stocked: Any, accept: str) -> None:
    for path in ("/v1/clusters", "/v1/clusters/nothing", "/"):
        response = stocked.send("GET", path, headers={"Accept": accept})
        assert response.content_type == "application/json"
        assert response.json


def test_a_long_list_leads_on(stocked: Any) -> None:
    for index in range(5):
        stocked.make("/v1/nodes", {"node": {"name": f"m{index}", "profile_id": "web"}})
    application = stocked.build(max_limit=2)
    names, path = [], "/v1/nodes?sort=name&global_project=False"
    while path:
        response = stocked.send("GET", path, application=application)
        assert len(response.json["nodes"]) <= 2
        names += [node["name"] for node in response.json["nodes"]]
        link = response.headers.get("Link")
        path = link.removeprefix("<http://localhost").partition(">")[0] if link else ""
    assert names == ["m0", "m1", "m2", "m3", "m4", "n"]
    response = stocked.send("GET", "/v1/nodes?limit=2", application=application)
    assert "Link" not in response.headers


def test_links_name_the_public_endpoint(stocked: Any) -> None:
    application = stocked.build(public_endpoint="https://cloud.example/clustering")
    response = stocked.send("GET", "/", application=application)
    assert response.json["versions"][0]["links"][0]["href"] == "https://cloud.example/clustering/v1"
    response = stocked.send("POST", "/v1/clusters/c/actions", {"check": {}}, application=application)
    assert response.headers["Location"].startswith("https://cloud.example/clustering/v1/actions/")


def test_a_body_over_the_limit_is_refused(stocked: Any) -> None:
    before = stocked.rows()
    body = {"profile": {"name": "x", "spec": {}, "metadata": {"a": "x" * 2_000_000}}}
    response = stocked.send("POST", "/v1/profiles", body)
    assert_error(response, 413)
    assert_common(response, "1.14")
    assert stocked.rows() == before


def test_the_nodes_of_a_host_are_listed_from_our_first_version_on(stocked: Any) -> None:
    assert_error(stocked.send("GET", "/v1/nodes?host_id=h", version="1.14"), 400)
    assert stocked.send("GET", "/v1/nodes?host_id=h", version="1.15").json == {"nodes": []}
    (node,) = stocked.send("GET", "/v1/nodes", version="1.15").json["nodes"]
    assert node["host_id"] is None


def test_a_check_takes_whatever_parameters(stocked: Any) -> None:
    assert stocked.send("POST", "/v1/clusters/c/actions", {"check": {"k": "v"}}).status_int == 202
    assert stocked.send("POST", "/v1/nodes/n/actions", {"check": {"k": "v"}}).status_int == 202


@pytest.mark.parametrize("path", ["None", "%20"])
def test_no_path_collects_nothing(stocked: Any, path: str) -> None:
    assert_error(stocked.send("GET", f"/v1/clusters/c/attrs/{path}"), 400)


@pytest.mark.parametrize("version", ["1.2", "1.14", "1.15"])
def test_what_is_collected_is_what_a_node_shows(stocked: Any, version: str) -> None:
    node = {"name": "m", "profile_id": "web", "cluster_id": "c", "metadata": {"k": [1]}}
    made = stocked.make("/v1/nodes", {"node": node})
    shown = stocked.get(f"/v1/nodes/{made['id']}?show_details=true", version=version)["node"]
    assert {"created_at", "dependents", "details", "profile_name"} <= shown.keys()
    for name in {*shown, "host_id", "tainted", "cpus", "memory", "owner"}:
        found = stocked.get(f"/v1/clusters/c/attrs/{name}", version=version)["cluster_attributes"]
        assert found == ([{"id": shown["id"], "value": shown[name]}] if name in shown else []), name
    found = stocked.get("/v1/clusters/c/attrs/metadata.k[0]", version=version)["cluster_attributes"]
    assert found == [{"id": shown["id"], "value": 1}]


LISTS = [
    (operation, name)
    for operation in operations.OPERATIONS
    if "limit" in operation.query.parameters.schema["properties"]
    for name in operation.query.parameters.schema["properties"]
]


@pytest.mark.parametrize(("operation", "name"), LISTS, ids=lambda one: getattr(one, "name", one))
def test_filters_may_be_given_several_times_and_what_chooses_a_page_once(
    stocked: Any, operation: operation_module.Operation, name: str
) -> None:
    schema = operation.query.parameters.schema["properties"][name]
    words = schema.get("items", {}).get("enum", ("a", "b"))
    response = stocked.send("GET", f"{operation.path}?{name}={words[0]}&{name}={words[-1]}", version="1.15")
    if name in ("limit", "marker", "sort", "global_project") or (operation.name, name) == ("node_list", "cluster_id"):
        assert_error(response, 400)
        assert response.json["error"]["message"] == f"The parameter {name} is given more than once."
    else:
        assert response.status_int == 200, response.text


def test_one_of_several_values_must_fit(stocked: Any) -> None:
    for name in ("m", "o"):
        stocked.make("/v1/nodes", {"node": {"name": name, "profile_id": "web"}})
    for query, expected in (
        ("name=m", ["m"]),
        ("name=m&name=o&name=nothing", ["m", "o"]),
        ("name=m&name=o&status=INIT&status=ERROR", ["m", "o"]),
        ("name=m&name=o&status=ERROR&status=DELETING", []),
    ):
        found = stocked.get(f"/v1/nodes?sort=name&{query}")["nodes"]
        assert [node["name"] for node in found] == expected, query
    assert_error(stocked.send("GET", "/v1/nodes?status=INIT&status=BOGUS"), 400)


def test_actions_of_a_cluster_are_listed_from_1_14_on(stocked: Any) -> None:
    cluster = stocked.get("/v1/clusters/c")["cluster"]["id"]
    path = f"/v1/actions?cluster_id={cluster}"
    assert_error(stocked.send("GET", path, version="1.13"), 400)
    found = stocked.get(path, version="1.14")["actions"]
    assert [action["cluster_id"] for action in found] == [cluster]
