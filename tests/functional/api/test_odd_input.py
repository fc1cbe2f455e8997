"""Requests that are unusual but make sense, and some that do not: each has an answer that was decided on."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any
from urllib import parse

import pytest

from senlin_container.api import openapi, operations

GROUPS = openapi.grouped(operations.OPERATIONS)
READS = [group[0] for group in GROUPS if group[0].method == "GET"]
NAMES = [
    "é" * 255,
    "\N{WHALE}" * 255,
    "名前",
    "שלום",
    "e\u0301",
    "with spaces",
    " at both ends ",
    "a/b",
    "../..",
    "%2e%00",
    "'; drop table profiles; --",
    "null",
    "<b>&amp;</b>",
    "🏳\ufe0f",
]
FOUND = {
    "cluster_id": "c",
    "node_id": "n",
    "path": "name",
    "policy_id": "c",
    "policy_type": "senlin.policy.scaling-1.0",
    "profile_id": "web",
    "profile_type": "container.host.endpoint-1.0",
}


def filled(api: Any, path: str) -> str:
    """Return a path to something that there is."""

    def name(match: re.Match[str]) -> str:
        if match[1] in FOUND:
            return FOUND[match[1]]
        kind = match[1].removesuffix("_id")
        found = api.send("GET", f"/v1/{kind}s").json.get(f"{kind}s")
        return str(found[0]["id"]) if found else "nothing"

    return re.sub(r"\{(\w+)\}", name, path)


@pytest.mark.parametrize("name", NAMES)
def test_names_may_be_anything_that_can_be_printed(stocked: Any, name: str) -> None:
    spec = stocked.get("/v1/profiles/web")["profile"]["spec"]
    made = stocked.make("/v1/profiles", {"profile": {"name": name, "spec": spec}})
    assert made["name"] == name
    assert stocked.get(f"/v1/profiles/{made['id']}")["profile"]["name"] == name
    query = parse.urlencode({"name": name})
    assert [item["id"] for item in stocked.get(f"/v1/profiles?{query}")["profiles"]] == [made["id"]]
    if "/" not in name:  # which would be another path
        assert stocked.get(f"/v1/profiles/{parse.quote(name)}")["profile"]["id"] == made["id"]


@pytest.mark.parametrize("operation", READS, ids=lambda operation: operation.name)
def test_head_is_get_without_a_body(stocked: Any, operation: Any) -> None:
    path = filled(stocked, operation.path)
    got, head = stocked.send("GET", path), stocked.send("HEAD", path)
    assert (head.status, head.body) == (got.status, b"")
    volatile = "x-openstack-request-id"
    assert {k: v for k, v in head.headers.items() if k != volatile} == {
        k: v for k, v in got.headers.items() if k != volatile
    }
    assert int(head.headers["Content-Length"]) == len(got.body)


@pytest.mark.parametrize("group", GROUPS, ids=openapi.operation_id)
def test_methods_that_a_path_does_not_know_are_told(stocked: Any, group: Any) -> None:
    path = filled(stocked, group[0].path)
    known = {other[0].method for other in GROUPS if other[0].path == group[0].path}
    for method in ("OPTIONS", "PUT", "TRACE", "BREW", "get"):
        response = stocked.send(method, path)
        if (response.status_int, path) == (404, "/v1/profiles/validate"):
            continue
        assert response.status_int == 405
        assert known <= set(response.headers["Allow"].split(", "))


@pytest.mark.parametrize(
    "headers",
    [
        {"If-Match": '"x"'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"},
        {"If-Unmodified-Since": "the day before yesterday"},
        {"Range": "bytes=0-1"},
        {"Accept": ";;;q=,text/"},
        {"Accept-Encoding": "br;q=x"},
        {"Accept-Language": "\xff"},
        {"Expect": "tea"},
        {"X-Http-Method-Override": "DELETE"},
        {"X-Project-Id": "other", "X-Roles": "admin", "X-Identity-Status": "Confirmed"},
        {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"},
    ],
    ids=str,
)
def test_headers_that_mean_nothing_here_are_ignored(stocked: Any, headers: dict[str, str]) -> None:
    assert stocked.send("GET", "/v1/clusters", headers=headers).json == stocked.get("/v1/clusters")
    assert "evil" not in stocked.send("GET", "/", headers=headers).text


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "APPLICATION/JSON",
        "application/json;charset=utf-8",
        'application/json; charset="UTF-8"',
        "application/vnd.openstack.clustering-v1+json",
    ],
)
def test_json_is_json_by_many_names(stocked: Any, content_type: str) -> None:
    body = {"profile": {"name": "renamed"}}
    response = stocked.send("PATCH", "/v1/profiles/web", body, headers={"Content-Type": content_type})
    assert response.status_int == 200


@pytest.mark.parametrize("path", ["/v2/x", "/v2", "/x/y", "/v1/x"])
def test_a_path_that_leads_nowhere_is_told_as_it_was_asked(stocked: Any, path: str) -> None:
    response = stocked.send("GET", path)
    assert response.status_int == 404
    assert response.json["error"]["message"] == f"There is no resource at '{path}'."


@pytest.mark.parametrize("path", ["/v1/clusters/", "/v1/clusters/c/", "/v1/clusters/c/attrs/name/", "/v1/"])
def test_a_slash_at_the_end_makes_no_difference(stocked: Any, path: str) -> None:
    assert stocked.send("GET", path).json == stocked.get(path.rstrip("/"))


@pytest.mark.parametrize(
    "path",
    ["//v1/clusters", "/v1//clusters", "/v1/clusters//", "/v1/clusters//c", "/v1/./clusters", "/V1/clusters"],
)
def test_other_slashes_and_letters_do(stocked: Any, path: str) -> None:
    assert stocked.send("GET", "/x", environ={"PATH_INFO": path}).status_int == 404


def test_a_body_that_nobody_asked_for_is_not_looked_at(stocked: Any) -> None:
    assert stocked.send("GET", "/v1/clusters", raw=b"{not json").status_int == 200
    assert stocked.send("DELETE", "/v1/policies/nothing", raw=b"{not json").status_int == 404


def body_of(count: int) -> dict[str, Any]:
    return {f"k{index}": index for index in range(count)}


TOO_MUCH: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/v1/clusters/c/actions", {"add_nodes": {"nodes": [f"n{index}" for index in range(1001)]}}),
    ("POST", "/v1/clusters/c/actions", {"del_nodes": {"nodes": [f"n{index}" for index in range(1001)]}}),
    ("POST", "/v1/clusters/c/actions", {"replace_nodes": {"nodes": {f"n{index}": "n" for index in range(1001)}}}),
    ("PATCH", "/v1/clusters/c", {"cluster": {"metadata": body_of(1001)}}),
    ("PATCH", "/v1/clusters/c", {"cluster": {"config": {"x": "é" * 33_000}}}),
    ("PATCH", "/v1/profiles/web", {"profile": {"metadata": {"x": "y" * 70_000}}}),
    ("PATCH", "/v1/nodes/n", {"node": {"metadata": {"x": ["y" * 1000] * 70}}}),
]


@pytest.mark.parametrize(("method", "path", "body"), TOO_MUCH, ids=lambda value: str(value)[:40])
def test_there_is_a_bound_to_everything(stocked: Any, method: str, path: str, body: dict[str, Any]) -> None:
    before = stocked.rows()
    response = stocked.send(method, path, body)
    assert response.status_int == 400
    assert re.search(r"(at most 1000 item|larger than 65536 bytes)", response.json["error"]["message"])
    assert stocked.rows() == before


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, gzip", "nonsense"])
def test_a_body_in_disguise_is_refused(stocked: Any, encoding: str) -> None:
    before = stocked.rows()
    raw = gzip.compress(json.dumps({"profile": {"name": "renamed"}}).encode())
    response = stocked.send("PATCH", "/v1/profiles/web", raw=raw, headers={"Content-Encoding": encoding})
    assert response.status_int == 400
    assert "content encoding" in response.json["error"]["message"]
    assert stocked.rows() == before


def test_the_health_is_told_to_everybody(stocked: Any) -> None:
    response = stocked.send("GET", "/healthcheck", headers={"Host": "10.0.0.1"}, version="9.9")
    assert response.status_int == 200
