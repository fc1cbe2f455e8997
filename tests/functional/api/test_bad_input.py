"""Requests that make no sense get an answer that says why, and change nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

CONTAINER = {"type": "container.dockerinc.docker", "version": "1.1"}
HUGE = 2**31


def container(**properties: Any) -> dict[str, Any]:
    """Return the body of a profile of containers."""
    given = {"image": "busybox", "host_cluster": "hosts"} | properties
    spec = CONTAINER | {"properties": {key: value for key, value in given.items() if value is not ...}}
    return {"profile": {"name": "x", "spec": spec}}


def host(**properties: Any) -> dict[str, Any]:
    """Return the body of a profile of hosts."""
    given = {"endpoint": "sim://x"} | properties
    return {
        "profile": {"name": "x", "spec": {"type": "container.host.endpoint", "version": "1.0", "properties": given}}
    }


def cluster(**values: Any) -> dict[str, Any]:
    """Return the body of a new cluster."""
    return {"cluster": {"name": "x", "profile_id": "web"} | values}


def node(**values: Any) -> dict[str, Any]:
    """Return the body of a new node."""
    return {"node": {"name": "x", "profile_id": "web"} | values}


PROFILES = [
    {},
    {"profile": None},
    {"profile": []},
    {"profile": "x"},
    {"profile": {}},
    {"profile": {"name": "x"}},
    {"profile": {"spec": {}}},
    {"profile": {"name": "x", "spec": None}},
    {"profile": {"name": "x", "spec": []}},
    {"profile": {"name": "x", "spec": {}}},
    {"profile": {"name": "x", "spec": {"type": 5, "version": "1.0"}}},
    {"profile": {"name": "x", "spec": {"type": "container.dockerinc.docker"}}},
    {"profile": {"name": "x", "spec": {"type": "container.dockerinc.docker", "version": None}}},
    {"profile": {"name": "x", "spec": {"type": "container.dockerinc.docker", "version": []}}},
    {"profile": {"name": "x", "spec": {"type": "container.dockerinc.docker", "version": True}}},
    {"profile": {"name": "x", "spec": {"type": "no.such", "version": "1.0", "properties": {}}}},
    {"profile": {"name": "x", "spec": {"type": "container.dockerinc.docker", "version": "9.9", "properties": {}}}},
    {"profile": {"name": "x", "spec": CONTAINER | {"properties": []}}},
    {"profile": {"name": "x", "spec": CONTAINER | {"properties": "x"}}},
    {"profile": {"name": "x", "spec": CONTAINER | {"properties": {}, "bogus": 1}}},
    {"profile": {"name": "x", "spec": {}}, "other": {}},
    {"prof": {"name": "x"}},
    {"profile": container()["profile"] | {"name": ""}},
    {"profile": container()["profile"] | {"name": "x" * 256}},
    {"profile": container()["profile"] | {"name": "a\nb"}},
    {"profile": container()["profile"] | {"name": "a\x00b"}},
    {"profile": container()["profile"] | {"name": ["x"]}},
    {"profile": container()["profile"] | {"name": 5}},
    {"profile": container()["profile"] | {"metadata": "x"}},
    {"profile": container()["profile"] | {"metadata": ["x"]}},
    {"profile": container()["profile"] | {"metadata": {"a": "\x00"}}},
    {"profile": container()["profile"] | {"id": "mine"}},
    container(bogus=1),
    container(image=...),
    container(image=""),
    container(image=["busybox"]),
    container(image={"name": "busybox"}),
    container(host_cluster=...),
    container(host_node="n"),
    container(host_cluster="c"),
    container(command={"a": 1}),
    container(environment="A=1"),
    container(environment={"A": ["x"]}),
    container(labels=["a"]),
    container(ports={"80": 80}),
    container(ports=[80]),
    container(ports=[{}]),
    container(ports=[{"container_port": "http"}]),
    container(ports=[{"container_port": 0}]),
    container(ports=[{"container_port": 65536}]),
    container(ports=[{"container_port": 80, "host_port": -1}]),
    container(ports=[{"container_port": 80, "protocol": "icmp"}]),
    container(ports=[{"container_port": 80, "bogus": 1}]),
    container(cpu="many"),
    container(cpu=-1),
    container(memory=-5),
    container(memory=1.5),
    container(memory="lots"),
    container(restart_policy="always"),
    container(restart_policy={"name": "sometimes"}),
    container(restart_policy={"name": "on-failure", "maximum_retry_count": -1}),
    container(port=2375),
    host(endpoint=""),
    host(endpoint=5),
    host(endpoint="x"),
    host(endpoint="http://x"),
    host(endpoint="tcp://"),
    host(endpoint="tcp://x:99999"),
    host(tls="x"),
    host(tls={"bogus": 1}),
    host(tls={"directory": "../../etc"}),
    host(labels="x"),
    host(capacity={"cpus": -1}),
    host(capacity={"memory": "x"}),
    host(capacity=8),
]

CLUSTERS = [
    {},
    {"cluster": None},
    {"cluster": []},
    {"cluster": {"name": "x"}},
    {"cluster": {"profile_id": "web"}},
    {"node": {"name": "x", "profile_id": "web"}},
    cluster(name=None),
    cluster(name=""),
    cluster(name="x" * 256),
    cluster(name="a\tb"),
    cluster(name={"a": 1}),
    cluster(profile_id="nothing"),
    cluster(profile_id=""),
    cluster(profile_id=5),
    cluster(profile_id=None),
    cluster(profile_id="x" * 300),
    cluster(min_size=-1),
    cluster(min_size="x"),
    cluster(min_size=1.5),
    cluster(min_size=1.0),
    cluster(min_size=True),
    cluster(min_size=[1]),
    cluster(min_size=HUGE),
    cluster(max_size=-2),
    cluster(max_size=HUGE),
    cluster(max_size="many"),
    cluster(desired_capacity=-1),
    cluster(desired_capacity=HUGE),
    cluster(desired_capacity="1e3"),
    cluster(desired_capacity=10**18),
    cluster(desired_capacity="9" * 18),
    cluster(desired_capacity="9" * 1000),
    cluster(desired_capacity="\u0663"),
    cluster(desired_capacity=5, max_size=3),
    cluster(desired_capacity=1, min_size=3),
    cluster(desired_capacity=3, min_size=3, max_size=2),
    cluster(desired_capacity=100_000),
    cluster(min_size=2000, desired_capacity=2000),
    cluster(timeout=0),
    cluster(timeout=-1),
    cluster(timeout="soon"),
    cluster(timeout=HUGE),
    cluster(metadata=[]),
    cluster(metadata="x"),
    cluster(config=[]),
    cluster(config={"health.recovery": "MAGIC"}),
    cluster(bogus=1),
    cluster(parent="c"),
    cluster(profile_id="host", desired_capacity=2),
]

NODES = [
    {},
    {"node": {}},
    {"node": {"name": "x"}},
    node(name=""),
    node(name=5),
    node(name="x" * 256),
    node(profile_id="nothing"),
    node(cluster_id="nothing"),
    node(cluster_id=5),
    node(cluster_id="hosts"),
    node(role=5),
    node(role="x" * 256),
    node(metadata="x"),
    node(index=3),
    node(tainted=True),
]

ACTIONS: list[Any] = [
    {},
    [],
    {"bogus": {}},
    {"check": {}, "recover": {}},
    {"check": []},
    {"recover": {"operation": 5}},
    {"recover": {"operation": "MAGIC"}},
    {"recover": {"check": "perhaps"}},
    {"recover": {"operation_params": []}},
    {"scale_out": {"count": 0}},
    {"scale_out": {"count": -1}},
    {"scale_out": {"count": "x"}},
    {"scale_out": {"count": 1.5}},
    {"scale_out": {"count": HUGE}},
    {"scale_out": {"bogus": 1}},
    {"scale_in": {"count": 0}},
    {"scale_in": {"count": True}},
    {"scale_in": 5},
    {"resize": {}},
    {"resize": {"strict": True}},
    {"resize": {"adjustment_type": "BOGUS", "number": 1}},
    {"resize": {"adjustment_type": "EXACT_CAPACITY"}},
    {"resize": {"number": 1}},
    {"resize": {"adjustment_type": "EXACT_CAPACITY", "number": 1.5}},
    {"resize": {"adjustment_type": "EXACT_CAPACITY", "number": -1}},
    {"resize": {"adjustment_type": "EXACT_CAPACITY", "number": "x"}},
    {"resize": {"adjustment_type": "EXACT_CAPACITY", "number": 20, "strict": True}},
    {"resize": {"adjustment_type": "EXACT_CAPACITY", "number": HUGE}},
    {"resize": {"adjustment_type": "CHANGE_IN_CAPACITY", "number": -1, "strict": True}},
    {"resize": {"adjustment_type": "CHANGE_IN_PERCENTAGE", "number": 10.0**300}},
    {"resize": {"min_size": -1}},
    {"resize": {"min_size": 5, "max_size": 3}},
    {"resize": {"min_size": 11}},
    {"resize": {"max_size": -2}},
    {"resize": {"adjustment_type": "CHANGE_IN_PERCENTAGE", "number": 50, "min_step": -1}},
    {"resize": {"strict": "maybe", "max_size": 5}},
    {"add_nodes": {}},
    {"add_nodes": {"nodes": []}},
    {"add_nodes": {"nodes": "n"}},
    {"add_nodes": {"nodes": {"n": 1}}},
    {"add_nodes": {"nodes": [5]}},
    {"add_nodes": {"nodes": ["nothing"]}},
    {"add_nodes": {"nodes": ["n", "n"]}},
    {"add_nodes": {"nodes": [None]}},
    {"del_nodes": {"nodes": ["n"]}},
    {"del_nodes": {"nodes": ["nothing"]}},
    {"del_nodes": {"nodes": ["n"], "destroy_after_deletion": "maybe"}},
    {"replace_nodes": {"nodes": {}}},
    {"replace_nodes": {"nodes": ["n"]}},
    {"replace_nodes": {"nodes": {"n": 5}}},
    {"replace_nodes": {"nodes": {"nothing": "n"}}},
    {"policy_attach": {"policy_id": "p"}},
]

OTHERS: list[tuple[str, str, Any]] = [
    ("PATCH", "/v1/profiles/web", {"profile": {}}),
    ("PATCH", "/v1/profiles/web", {"profile": {"name": None}}),
    ("PATCH", "/v1/profiles/web", {"profile": {"spec": {}}}),
    ("PATCH", "/v1/profiles/web", {"profile": {"metadata": 5}}),
    ("PATCH", "/v1/profiles/nothing", {"profile": {"name": "y"}}),
    ("DELETE", "/v1/profiles/web", None),
    ("DELETE", "/v1/profiles/nothing", None),
    ("POST", "/v1/profiles/validate", {"profile": {"spec": {"type": "x", "version": "1"}}}),
    ("POST", "/v1/profiles/validate", {"profile": {"name": "x", "spec": {}}}),
    ("PATCH", "/v1/clusters/c", {"cluster": {}}),
    ("PATCH", "/v1/clusters/c", {"cluster": {"profile_id": "nothing"}}),
    ("PATCH", "/v1/clusters/c", {"cluster": {"profile_id": "host"}}),
    ("PATCH", "/v1/clusters/c", {"cluster": {"timeout": "x"}}),
    ("PATCH", "/v1/clusters/c", {"cluster": {"desired_capacity": 5}}),
    ("PATCH", "/v1/clusters/c", {"cluster": {"config": {"health.recovery": 5}}}),
    ("PATCH", "/v1/clusters/c", {"cluster": {"profile_only": True}}),
    ("DELETE", "/v1/clusters/nothing", None),
    ("DELETE", "/v1/clusters/c", {"force": "maybe"}),
    ("DELETE", "/v1/clusters/c", {"bogus": True}),
    ("DELETE", "/v1/clusters/c", [True]),
    ("POST", "/v1/clusters/nothing/actions", {"check": {}}),
    ("POST", "/v1/clusters/c/ops", {}),
    ("POST", "/v1/clusters/c/ops", {"bogus": {}}),
    ("POST", "/v1/clusters/c/ops", {"restart": {}, "pause": {}}),
    ("POST", "/v1/clusters/c/ops", {"restart": 5}),
    ("POST", "/v1/clusters/c/ops", {"restart": {"bogus": 1}}),
    ("POST", "/v1/clusters/c/ops", {"restart": {"wait_time": "x"}}),
    ("POST", "/v1/clusters/c/ops", {"restart": {"params": 5}}),
    ("POST", "/v1/clusters/c/ops", {"restart": {"params": {}, "filters": []}}),
    ("POST", "/v1/clusters/c/ops", {"restart": {"params": {}, "filters": {"bogus": 1}}}),
    ("GET", "/v1/clusters/c/attrs/][", None),
    ("GET", "/v1/clusters/c/attrs/$..", None),
    ("GET", "/v1/clusters/c/attrs/metadata" + "..*" * 7, None),
    ("GET", "/v1/clusters/c/attrs/" + "x" * 300, None),
    ("GET", "/v1/clusters/k/attrs/`parent`", None),
    ("GET", "/v1/clusters/k/attrs/details.`parent`.`parent`", None),
    ("GET", "/v1/clusters/k/attrs/name.`parent`.`parent`.`parent`", None),
    ("GET", "/v1/clusters/k/attrs/name%20&%20id", None),
    ("GET", "/v1/clusters/k/attrs/$..*[?(@.x)]", None),
    ("GET", "/v1/clusters/k/attrs/name%20where%20`x`", None),
    ("GET", "/v1/clusters/k/attrs/details[" + "9" * 5000 + "]", None),
    ("GET", "/v1/clusters/k/attrs/" + "(" * 3000, None),
    ("GET", "/v1/clusters/k/attrs/" + "$." * 3000 + "name", None),
    ("PATCH", "/v1/nodes/n", {"node": {}}),
    ("PATCH", "/v1/nodes/n", {"node": {"profile_id": "host"}}),
    ("PATCH", "/v1/nodes/n", {"node": {"tainted": "maybe"}}),
    ("PATCH", "/v1/nodes/n", {"node": {"cluster_id": "c"}}),
    ("DELETE", "/v1/nodes/nothing", None),
    ("POST", "/v1/nodes/n/actions", {}),
    ("POST", "/v1/nodes/n/actions", {"resize": {}}),
    ("POST", "/v1/nodes/n/actions", {"recover": {"operation": "MAGIC"}}),
    ("POST", "/v1/nodes/n/actions", {"recover": {"check_capacity": True}}),
    ("POST", "/v1/nodes/n/ops", {"bogus": {}}),
    ("PATCH", "/v1/actions/nothing", {"action": {"status": "CANCELLED"}}),
    ("PATCH", "/v1/actions/nothing", {"action": {"status": "BOGUS"}}),
    ("PATCH", "/v1/actions/nothing", {"action": {}}),
    ("PATCH", "/v1/actions/nothing?force=x", {"action": {"status": "CANCELLED"}}),
    ("PUT", "/v1/clusters/c", {"cluster": {"name": "y"}}),
    ("POST", "/v1/services", {}),
    ("DELETE", "/v1/events", None),
    ("POST", "/", {}),
]

QUERIES = [
    "/v1/clusters?bogus=1",
    "/v1/clusters?limit=x",
    "/v1/clusters?limit=-1",
    "/v1/clusters?limit=1.5",
    f"/v1/clusters?limit={HUGE}",
    "/v1/clusters?limit=" + "9" * 5000,
    "/v1/clusters?limit=1&limit=2",
    "/v1/clusters?sort=bogus",
    "/v1/clusters?sort=name:up",
    "/v1/clusters?sort=name:",
    "/v1/clusters?sort=name;drop table clusters",
    "/v1/clusters?marker=",
    "/v1/clusters?marker=%00",
    "/v1/clusters?global_project=maybe",
    "/v1/clusters?status=BOGUS",
    "/v1/clusters?name=%00",
    "/v1/clusters?name=%ff",
    "/v1/clusters?" + "&".join(f"a{index}=1" for index in range(200)),
    "/v1/nodes?cluster_id=nothing",
    "/v1/nodes?status=DONE",
    "/v1/nodes?name=" + "x" * 300,
    "/v1/nodes/n?show_details=perhaps",
    "/v1/nodes/n?bogus=1",
    "/v1/actions?status=BOGUS",
    "/v1/actions?sort=id",
    "/v1/events?sort=meta_data",
    "/v1/events?bogus",
    "/v1/profile-types?limit=1",
    "/v1/build-info?x=1",
    "/v1/clusters/%00",
    "/v1/clusters/a%00b",
    "/v1/clusters/%ff%fe",
    "/v1/clusters/%ed%a0%80",
    "/v1/clusters/a%0ab",
    "/v1/clusters/" + "x" * 5000,
    "/v1/clusters/..%2f..%2fetc%2fpasswd",
    "/v1/clusters/'%20OR%201=1%20--",
    "/v1/profile-types/%25s",
    "/v1/../etc/passwd",
    "/v1/clusters//c",
    "/v3/clusters",
]

RAW = [
    b"{not json",
    b"[]",
    b"null",
    b"5",
    b'"cluster"',
    b"\x00",
    b"\xff\xfe{}",
    b'{"cluster": {"name": "x", "profile_id": "web", "min_size": NaN}}',
    b'{"cluster": {"name": "x", "profile_id": "web", "min_size": Infinity}}',
    b'{"cluster": {"name": "x", "profile_id": "web", "min_size": 1e999}}',
    b'{"cluster": {"name": "x", "profile_id": "web", "min_size": ' + b"9" * 5000 + b"}}",
    b'{"cluster": {"name": "x", "name": "y", "profile_id": "web"}}',
    b'{"cluster": {"name": "x", "profile_id": "web"}} trailing',
    b'{"cluster": {"name": "x", "profile_id": "web", "metadata": ' + b'{"a":' * 50 + b"1" + b"}" * 50 + b"}}",
    b'{"cluster": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    b'{"cluster": {"name": "\\ud800", "profile_id": "web"}}',
    b'{"cluster": {"name": "x", "profile_id": "web", "metadata": {"\\udc00": 1}}}',
    b'{"cluster": {"name": "x\\u0000", "profile_id": "web"}}',
    '{"cluster": {"name": "x", "profile_id": "web"}}'.encode("utf-16"),
    b'{"cluster": {"name": "x", "profile_id": "web"',
]

HEADERS = [
    {"Content-Type": "text/plain"},
    {"Content-Type": "application/x-www-form-urlencoded"},
    {"Content-Type": "application/json; charset=latin-1"},
    {"OpenStack-API-Version": "clustering 9.9"},
    {"OpenStack-API-Version": "clustering 0.1"},
    {"OpenStack-API-Version": "clustering abc"},
    {"OpenStack-API-Version": "clustering 1.x"},
    {"OpenStack-API-Version": "clustering"},
]

REQUESTS: list[tuple[str, str, dict[str, Any]]] = [
    *(("POST", "/v1/profiles", {"body": body}) for body in PROFILES),
    *(("POST", "/v1/clusters", {"body": body}) for body in CLUSTERS),
    *(("POST", "/v1/nodes", {"body": body}) for body in NODES),
    *(("POST", "/v1/clusters/c/actions", {"body": body}) for body in ACTIONS),
    *((method, path, {"body": body}) for method, path, body in OTHERS),
    *(("GET", path, {}) for path in QUERIES),
    *(("POST", "/v1/clusters", {"raw": raw}) for raw in RAW),
    *(("POST", "/v1/clusters", {"body": cluster(), "headers": headers}) for headers in HEADERS),
]


def test_there_are_enough() -> None:
    assert len(REQUESTS) > 250


def shown(request: tuple[str, str, dict[str, Any]]) -> str:
    method, path, extra = request
    detail = extra.get("headers") or extra.get("body") or extra.get("raw") or ""
    text = detail.decode("latin-1") if isinstance(detail, bytes) else json.dumps(detail)
    return f"{method} {path} {text}"[:80]


@pytest.fixture
def stocked(stocked: Any) -> Any:
    """Add a cluster ``k`` with a node, so that there is something to follow a path in."""
    stocked.make("/v1/clusters", {"cluster": {"name": "k", "profile_id": "web"}})
    stocked.make("/v1/nodes", {"node": {"name": "m", "profile_id": "web", "cluster_id": "k"}})
    return stocked


@pytest.mark.filterwarnings("ignore:The `:DeprecationWarning")  # some operators of paths will go
@pytest.mark.parametrize("request_", REQUESTS, ids=shown)
def test_it_is_refused_with_a_message_and_changes_nothing(stocked: Any, request_: Any) -> None:
    method, path, extra = request_
    before = stocked.rows()
    response = stocked.send(method, path, **extra)
    assert 400 <= response.status_int < 500, response.text
    assert response.status_int in (400, 404, 405, 406, 409, 413)
    error = response.json["error"]
    assert error["code"] == response.status_int
    assert len(error["message"]) > 10
    assert error["type"]
    assert "Traceback" not in response.text
    assert response.headers["x-openstack-request-id"]
    assert response.headers["OpenStack-API-Version"]
    assert stocked.rows() == before
