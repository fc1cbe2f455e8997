"""What random requests need to get past the first check: names of what there is, and specs that make sense.

Requests come from the OpenAPI document alone. Most of them are then pointed to objects that exist, and lose most of
their filters; the rest go as they are. Some have null where the document wants something else: a generator hardly
ever comes to that by itself, and what reads a body is easily wrong about it.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import hypothesis
import schemathesis
from hypothesis import strategies as st
from schemathesis import checks
from schemathesis.specs.openapi import checks as openapi_checks

from senlin_container.api import openapi, operations
from senlin_container.specs import policies, registry
from tests import walk
from tests.functional.api import conftest

Known = Mapping[str, Sequence[str]]
Draw = Callable[[Any], Any]

CHECKS = [
    checks.not_a_server_error,
    openapi_checks.content_type_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.response_schema_conformance,
    openapi_checks.status_code_conformance,
]
schemathesis.openapi.format(
    "printable",
    st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp", "Zs")), min_size=1, max_size=255),
)
SETTINGS = hypothesis.settings(
    deadline=None, database=None, suppress_health_check=list(hypothesis.HealthCheck), print_blob=True
)
_REFERENCES = ("cluster_id", "policy_id", "profile_id")
_NEEDED = ("V",)
_REAL_ENDPOINT = re.compile("(unix|tcp|ssh):")
_VERSION = "OpenStack-API-Version"


def load(known: Known) -> Any:
    """Return the document as schemathesis knows it; its ``app`` is what the requests go to.

    :param known: names of what there is, by the variable of paths
    """
    specs = {"profile": registry.PROFILE_TYPES.values(), "policy": policies.POLICY_TYPES.values()}
    document = openapi.document(operations.OPERATIONS, specs)
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(document)))

    def flatmap_case(_context: Any, case: Any) -> Any:
        return _steered(case, known)

    def filter_case(_context: Any, case: Any) -> bool:
        # A path that ends in a slash leads to another operation, the list. And an engine at work must not be led to
        # what there may be on this machine.
        names = (case.path_parameters or {}).values()
        return all(str(value).strip("/") for value in names) and not _REAL_ENDPOINT.search(repr(case.body))

    schema.hook(flatmap_case)
    schema.hook(filter_case)
    return schema


@st.composite
def _steered(draw: Draw, case: Any, known: Known) -> Any:
    """Point a request to what there is, mostly."""
    for name in case.path_parameters or {}:
        if name in known and _mostly(draw):
            case.path_parameters[name] = draw(st.sampled_from(known[name]))
    if isinstance(case.query, dict):
        for name in list(case.query):
            if name not in _NEEDED and _mostly(draw):
                del case.query[name]
    if _mostly(draw):
        case.headers[_VERSION] = "clustering latest"
    if isinstance(case.body, dict | list):
        case.body = _references(draw, case.body, known)
        places = list(_places(case.body))
        if places and not _mostly(draw):
            inside, name = draw(st.sampled_from(places))
            inside[name] = None
    return case


def _mostly(draw: Draw) -> bool:
    return bool(draw(st.sampled_from((True, True, True, False))))


def _places(value: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield every key of a body, and the object that it is in."""
    if isinstance(value, dict):
        for name in value:
            yield value, name
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _places(item)


def _references(draw: Draw, value: Any, known: Known) -> Any:
    if isinstance(value, list):
        return [_references(draw, item, known) for item in value]
    if not isinstance(value, dict):
        return value
    value = {name: _references(draw, item, known) for name, item in value.items()}
    for name in value:
        if name in _REFERENCES and _mostly(draw):
            value[name] = draw(st.sampled_from(known[name]))
    nodes = value.get("nodes")
    if isinstance(nodes, list) and _mostly(draw):
        value["nodes"] = draw(st.lists(st.sampled_from(known["node_id"]), min_size=1, max_size=3, unique=True))
    if isinstance(nodes, dict) and _mostly(draw):
        value["nodes"] = draw(
            st.dictionaries(st.sampled_from(known["node_id"]), st.sampled_from(known["node_id"]), min_size=1)
        )
    return value


def with_nulls(steps: Iterable[walk.Step]) -> Iterator[tuple[walk.Step, walk.Step]]:
    """Yield the steps that have a body, with null at one key, and the same as if that was not given.

    An object that is all of a body cannot be left out; there, null is none of its keys.
    """
    for method, path, given in steps:
        for number in range(len(list(_places(given)))):
            null, none = copy.deepcopy(given), copy.deepcopy(given)
            inside, name = list(_places(null))[number]
            inside[name] = None
            inside, name = list(_places(none))[number]
            if inside is none and isinstance(inside[name], dict):
                inside[name] = {}
            else:
                del inside[name]
            yield (method, path, null), (method, path, none)


def stock(api: conftest.Api) -> Known:
    """Make some of everything, under the names that a walk uses; returns the names by the variable of paths."""

    def make(path: str, **content: Any) -> dict[str, Any]:
        key = path.rstrip("s") if path != "policies" else "policy"
        response = api.send("POST", f"/v1/{path}", {key: content})
        assert response.status_int in (200, 201, 202), response.text
        made: dict[str, Any] = response.json[key]
        return made

    def ids(path: str) -> list[str]:
        return [item["id"] for item in api.send("GET", f"/v1/{path}").json[path]]

    make("profiles", name="host", spec=HOST)
    make("clusters", name="hosts", profile_id="host")
    make("nodes", name="h", profile_id="host", cluster_id="hosts")
    make("profiles", name="web", spec=CONTAINER)
    make("clusters", name="web", profile_id="web", max_size=10)
    make("clusters", name="d", profile_id="web", desired_capacity=2)
    make("nodes", name="n1", profile_id="web")
    make("nodes", name="n2", profile_id="web", cluster_id="web")
    make("policies", name="grow", spec=POLICY)
    make("policies", name="growth", spec=POLICY)
    api.send("POST", "/v1/clusters/web/actions", {"policy_attach": {"policy_id": "growth"}})
    make("receivers", name="alarm", type="webhook", cluster_id="web", action="CLUSTER_SCALE_OUT", params={"count": 1})
    api.tell("web")
    return {
        "action_id": ids("actions"),
        "cluster_id": ["web", "d", "hosts", *ids("clusters")],
        "event_id": ids("events"),
        "node_id": ["h", "n1", "n2", *ids("nodes")],
        "path": ["name", "$.name", "details", "details.addresses", "id", "*"],
        "policy_id": ["growth", *ids("policies")],
        "policy_type": [*policies.POLICY_TYPES],
        "profile_id": ["host", "web", *ids("profiles")],
        "profile_type": [*registry.PROFILE_TYPES],
        "receiver_id": ["alarm", *ids("receivers")],
        "webhook_id": ids("receivers"),
    }


HOST = {
    "type": "container.host.endpoint",
    "version": "1.0",
    "properties": {"endpoint": "sim://h1?cpus=8&memory=16384"},
}
CONTAINER = {
    "type": "container.dockerinc.docker",
    "version": "1.1",
    "properties": {"image": "busybox", "host_cluster": "hosts"},
}
POLICY = {
    "type": "senlin.policy.scaling",
    "version": "1.0",
    "properties": {"event": "CLUSTER_SCALE_OUT", "adjustment": {"type": "CHANGE_IN_CAPACITY", "number": 1}},
}
BARE: tuple[walk.Step, ...] = tuple(
    ("POST", "/v1/policies", {"policy": {"name": "bare", "spec": {"type": name, "version": "1.0", "properties": {}}}})
    for name in ("senlin.policy.affinity", "senlin.policy.batch", "senlin.policy.deletion")
)
"""Specs that need no property at all."""
