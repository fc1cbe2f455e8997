"""Who may do what: every operation as everybody, with the tokens of a real Keystone."""

from __future__ import annotations

import pathlib
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from senlin_container.api import operation as operation_module
from senlin_container.api import operations
from senlin_container.rbac import rules
from senlin_container.store import clusters, history
from senlin_container.usecases import records
from tests import bodies
from tests.functional.api import clouds, conftest
from tests.lab import keystone as keystone_lab

ALL = pytest.mark.parametrize("operation", operations.OPERATIONS, ids=lambda operation: operation.name)
BY_NAME = {operation.name: operation for operation in operations.OPERATIONS}

READERS = {"alpha-reader", "alpha-member", "alpha-admin", "system-reader", "system-admin"}
WRITERS = {"alpha-member", "alpha-admin"}
ADMINS = {"alpha-admin", "system-reader", "system-admin"}
KNOWERS = {"alpha-member", "alpha-admin", "system-admin"}
NOWHERE = "domain-admin"
EVERYBODY = READERS | {"nobody", NOWHERE}

PUBLIC = {"version_list", "version_show", "openapi_show", "webhook_trigger"}
"""What needs no token."""

EXCEPTIONS = {
    "service_list": ADMINS,
    # who knows the id of a receiver can trigger it
    "receiver_list": KNOWERS,
    "receiver_show": KNOWERS,
    # nothing changes
    "profile_validate": WRITERS | {"alpha-reader"},
    "policy_validate": WRITERS | {"alpha-reader"},
}

RULES_OF_THEIR_OWN = {rules.GLOBAL_PROJECT, rules.HOST_ENDPOINT, rules.RECEIVERS_OF_ALL}
"""Rules that no operation as a whole asks."""


def allowed(operation: operation_module.Operation) -> set[str]:
    """Return who may use an operation."""
    return EXCEPTIONS.get(operation.name) or (READERS if operation.method == "GET" else WRITERS)


@pytest.fixture(scope="module")
def tokens(keystone: keystone_lab.Keystone) -> dict[str, str]:
    """The tokens that are known; at first of one who administers a domain and no project."""
    made = keystone.ask(
        "POST", "/users", {"user": {"name": NOWHERE, "domain_id": "default", "password": keystone_lab.PASSWORD}}
    )
    user = made["user"]["id"]
    keystone.ask("PUT", f"/domains/default/users/{user}/roles/{keystone.id('role', 'admin')}")
    return {NOWHERE: domain_token(keystone)}


def domain_token(keystone: keystone_lab.Keystone) -> str:
    """Return a token whose scope is a domain."""
    user = {"name": NOWHERE, "domain": {"id": "default"}, "password": keystone_lab.PASSWORD}
    scope = {"domain": {"id": "default"}}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}}
    response = requests.post(f"{keystone.url}/auth/tokens", json=body, timeout=60)
    return response.headers["X-Subject-Token"]


@pytest.fixture(scope="module")
def options(keystone: keystone_lab.Keystone, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A configuration file of a service behind Keystone."""
    return clouds.write_options(tmp_path_factory.mktemp("options"), keystone)


@pytest.fixture(scope="module")
def shared(
    empty_database: pathlib.Path,
    tmp_path_factory: pytest.TempPathFactory,
    keystone: keystone_lab.Keystone,
    tokens: dict[str, str],
    options: pathlib.Path,
) -> Iterator[clouds.Cloud]:
    """A cloud where the project alpha has one of everything; the tests that share it change nothing."""
    file = tmp_path_factory.mktemp("shared") / "api.db"
    shutil.copy(empty_database, file)
    api = conftest.Api(f"sqlite:///{file}")
    cloud = clouds.Cloud(api, keystone, tokens, options)
    stock(cloud)
    yield cloud
    api.database.close()


@pytest.fixture
def cloud(
    api: conftest.Api, keystone: keystone_lab.Keystone, tokens: dict[str, str], options: pathlib.Path
) -> clouds.Cloud:
    """A cloud for one test, with nothing in it."""
    return clouds.Cloud(api, keystone, tokens, options)


SCALING = {
    "type": "senlin.policy.scaling",
    "version": "1.0",
    "properties": {"event": "CLUSTER_SCALE_IN", "adjustment": {"type": "CHANGE_IN_CAPACITY", "number": 1}},
}


def web(**properties: Any) -> dict[str, Any]:
    """Return the spec of a container."""
    return {
        "type": "container.dockerinc.docker",
        "version": "1.1",
        "properties": {"image": "busybox", "host_cluster": "hosts", **properties},
    }


def stock(cloud: clouds.Cloud, project: str = "alpha") -> None:
    """Give a project one of everything."""
    admin, member = f"{project}-admin", f"{project}-member"
    cloud.make(admin, "/v1/profiles", {"profile": {"name": "host", "spec": conftest.HOST_SPEC}})
    cloud.make(member, "/v1/clusters", {"cluster": {"name": "hosts", "profile_id": "host"}})
    cloud.make(member, "/v1/profiles", {"profile": {"name": "web", "spec": web()}})
    cloud.make(member, "/v1/clusters", {"cluster": {"name": "cluster-1", "profile_id": "web", "max_size": 10}})
    cloud.make(member, "/v1/nodes", {"node": {"name": "node-1", "profile_id": "web"}})
    cloud.make(member, "/v1/policies", {"policy": {"name": "scaling", "spec": SCALING}})
    cloud.make(
        member,
        "/v1/receivers",
        {
            "receiver": {
                "name": "receiver-1",
                "type": "webhook",
                "cluster_id": "cluster-1",
                "action": "CLUSTER_SCALE_OUT",
            }
        },
    )
    about = cloud.api.database.read(clusters.find, cloud.keystone.id("project", project), "cluster-1")[0]
    event = records.event(
        id_=cloud.api.parts.new_id(),
        about=about,
        action="CLUSTER_CREATE",
        status="start",
        reason="",
        level="INFO",
        now=cloud.api.now,
    )
    cloud.api.database.write(history.record, [event])


KINDS = ("actions", "clusters", "events", "nodes", "policies", "profiles", "receivers")


def identities(cloud: clouds.Cloud, kind: str) -> list[str]:
    """Return all by which alpha's objects of a kind can be found: ids, short ids, names."""
    found = []
    for item in cloud.get("alpha-member", f"/v1/{kind}")[kind]:
        found += [item["id"], item["id"][:8], *([item["name"]] if "name" in item else [])]
    return found


def test_every_rule_is_asked_by_an_operation_with_its_route() -> None:
    documented = {
        (rule.name, route["method"], route["path"])
        for rule in rules.list_rules()
        for route in getattr(rule, "operations", ())
        if rule.name not in RULES_OF_THEIR_OWN
    }
    asked = {
        (operation.policy, operation.method, operation.path) for operation in operations.OPERATIONS if operation.policy
    }
    assert asked == documented


@ALL
def test_everybody_gets_what_they_may(shared: clouds.Cloud, operation: operation_module.Operation) -> None:
    before = shared.api.rows()
    path, body = bodies.path_of(operation, "absent"), bodies.body_of(operation)
    for who in sorted(EVERYBODY):
        response = shared.send(who, operation.method, path, body)
        assert response.status_int < 500, (who, response.text)
        if operation.name in PUBLIC or who in allowed(operation):
            assert response.status_int not in (401, 403), (who, response.text)
        else:
            assert response.status_int == 403, (who, response.text)
            assert response.json["error"]["type"] == "Forbidden"
            assert response.json["error"]["message"].startswith(rules.REFUSAL)
    assert shared.api.rows() == before


@ALL
def test_who_has_no_token_or_a_bad_one_is_told_where_to_get_one(
    shared: clouds.Cloud, operation: operation_module.Operation
) -> None:
    before = shared.api.rows()
    path, body = bodies.path_of(operation, "absent"), bodies.body_of(operation)
    for headers in ({}, {"X-Auth-Token": "bad"}, FAKED):
        response = shared.send(None, operation.method, path, body, headers=headers)
        if operation.name in PUBLIC:
            assert response.status_int not in (401, 403), response.text
            continue
        assert response.status_int == 401, response.text
        assert response.headers["WWW-Authenticate"] == f'Keystone uri="{shared.keystone.url}"'
        assert set(response.json) == {"code", "error", "explanation", "title"}
        assert response.json["error"]["type"] == "Unauthorized"
    assert shared.api.rows() == before


OF_OBJECTS = [
    operation
    for operation in operations.OPERATIONS
    if "{" in operation.path and "-types/" not in operation.path and operation.name not in PUBLIC
]
"""The operations whose path leads to an object of a project."""


@pytest.mark.parametrize("operation", OF_OBJECTS, ids=lambda operation: operation.name)
def test_the_objects_of_another_project_are_not_there(
    shared: clouds.Cloud, operation: operation_module.Operation
) -> None:
    before = shared.api.rows()
    kind = operation.path.split("/")[2]
    found = identities(shared, kind)
    assert found
    for identity in found:
        path, body = bodies.path_of(operation, identity), bodies.body_of(operation)
        for who in ("beta-member", "beta-admin"):
            response = shared.send(who, operation.method, path, body)
            assert response.status_int == 404, (who, response.text)
            absent = shared.send(who, operation.method, bodies.path_of(operation, "absent"), body)
            assert response.json["error"]["message"].replace(identity, "absent") == absent.json["error"]["message"]
    assert shared.api.rows() == before


@pytest.mark.parametrize("kind", KINDS)
def test_lists_show_nothing_of_other_projects(shared: clouds.Cloud, kind: str) -> None:
    total = len(shared.get("alpha-member", f"/v1/{kind}")[kind])
    assert total
    for who in ("beta-member", "beta-admin"):
        assert shared.get(who, f"/v1/{kind}")[kind] == []
        assert shared.get(who, f"/v1/{kind}?global_project=false")[kind] == []
    for who in ("beta-member", "beta-reader", "alpha-member"):
        response = shared.send(who, "GET", f"/v1/{kind}?global_project=true")
        assert response.status_int == 403, response.text
    # who sees a receiver can trigger it
    everything = {"system-admin"} if kind == "receivers" else {"beta-admin", "system-admin", "system-reader"}
    for who in ("beta-admin", "system-admin", "system-reader"):
        response = shared.send(who, "GET", f"/v1/{kind}?global_project=true")
        assert response.status_int == (200 if who in everything else 403), (who, response.text)
        assert len(response.json.get(kind, ())) == (total if who in everything else 0)
    for who in everything - {"beta-admin"}:
        # who belongs to no project sees all that there is
        found = shared.get(who, f"/v1/{kind}")[kind]
        assert len(found) == total
        assert shared.send(who, "GET", f"/v1/{kind}/{found[0]['id']}").status_int == 200


@pytest.mark.parametrize("kind", KINDS)
def test_a_marker_of_another_project_is_as_one_that_is_nowhere(cloud: clouds.Cloud, kind: str) -> None:
    stock(cloud)
    stock(cloud, "beta")
    key = "oname" if kind == "events" else "name"
    (own, *_), (theirs, *_) = (cloud.get(f"{project}-member", f"/v1/{kind}")[kind] for project in ("alpha", "beta"))
    nowhere = "00000000-0000-4000-8000-000000000000"
    for query in ("", f"&sort={key}", f"&sort={key}:desc"):
        assert cloud.send("alpha-member", "GET", f"/v1/{kind}?marker={own['id']}{query}").status_int == 200
        found = cloud.send("alpha-member", "GET", f"/v1/{kind}?marker={theirs['id']}{query}")
        absent = cloud.send("alpha-member", "GET", f"/v1/{kind}?marker={nowhere}{query}")
        assert (found.status_int, absent.status_int) == (400, 400)
        assert found.text.replace(theirs["id"], nowhere) == absent.text


def of_beta(cloud: clouds.Cloud) -> None:
    """Give the project beta a cluster and a node of its own, by other names than alpha's."""
    cloud.make("beta-admin", "/v1/profiles", {"profile": {"name": "b-host", "spec": conftest.HOST_SPEC}})
    cloud.make("beta-member", "/v1/clusters", {"cluster": {"name": "b-hosts", "profile_id": "b-host"}})
    spec = web(host_cluster="b-hosts")
    cloud.make("beta-member", "/v1/profiles", {"profile": {"name": "b-web", "spec": spec}})
    cloud.make("beta-member", "/v1/clusters", {"cluster": {"name": "b", "profile_id": "b-web"}})
    cloud.make("beta-member", "/v1/nodes", {"node": {"name": "b-n", "profile_id": "b-web"}})


NAMING: dict[str, tuple[str, str, str, Callable[[str], Any]]] = {
    "cluster_create": ("profiles", "POST", "/v1/clusters", lambda x: {"cluster": {"name": "x", "profile_id": x}}),
    "cluster_update": ("profiles", "PATCH", "/v1/clusters/b", lambda x: {"cluster": {"profile_id": x}}),
    "node_create": ("profiles", "POST", "/v1/nodes", lambda x: {"node": {"name": "x", "profile_id": x}}),
    "node_create_in": (
        "clusters",
        "POST",
        "/v1/nodes",
        lambda x: {"node": {"name": "x", "profile_id": "b-web", "cluster_id": x}},
    ),
    "node_update": ("profiles", "PATCH", "/v1/nodes/b-n", lambda x: {"node": {"profile_id": x}}),
    "add_nodes": ("nodes", "POST", "/v1/clusters/b/actions", lambda x: {"add_nodes": {"nodes": [x]}}),
    "del_nodes": ("nodes", "POST", "/v1/clusters/b/actions", lambda x: {"del_nodes": {"nodes": [x]}}),
    "replace_nodes": ("nodes", "POST", "/v1/clusters/b/actions", lambda x: {"replace_nodes": {"nodes": {x: "b-n"}}}),
    "replace_by": ("nodes", "POST", "/v1/clusters/b/actions", lambda x: {"replace_nodes": {"nodes": {"b-n": x}}}),
    "policy_attach": ("policies", "POST", "/v1/clusters/b/actions", lambda x: {"policy_attach": {"policy_id": x}}),
    "receiver_create": (
        "clusters",
        "POST",
        "/v1/receivers",
        lambda x: {"receiver": {"name": "x", "type": "webhook", "cluster_id": x, "action": "CLUSTER_SCALE_OUT"}},
    ),
}
"""What names objects in its body: the kind, the request, and the body for an identity."""


@pytest.mark.parametrize("name", NAMING)
def test_a_body_cannot_name_the_objects_of_another_project(cloud: clouds.Cloud, name: str) -> None:
    stock(cloud)
    of_beta(cloud)
    kind, method, path, body = NAMING[name]
    before = cloud.api.rows()
    for identity in identities(cloud, kind):
        for who in ("beta-member", "beta-admin"):
            response = cloud.send(who, method, path, body(identity))
            absent = cloud.send(who, method, path, body("absent"))
            assert 400 <= response.status_int < 500, response.text
            assert response.status_int == absent.status_int
            said, expected = response.json["error"]["message"], absent.json["error"]["message"]
            assert said.replace(identity, "absent") == expected
    assert cloud.api.rows() == before


@pytest.mark.parametrize("key", ["host_cluster", "host_node"])
def test_containers_cannot_go_to_the_hosts_of_another_project(cloud: clouds.Cloud, key: str) -> None:
    stock(cloud)
    kind = "clusters" if key == "host_cluster" else "nodes"
    for number, identity in enumerate([*identities(cloud, kind), "absent"]):
        properties = {"host_cluster": None, key: identity}
        spec = web(**{name: value for name, value in properties.items() if value is not None})
        if key == "host_node":
            del spec["properties"]["host_cluster"]
        cloud.make("beta-admin", "/v1/profiles", {"profile": {"name": f"p{number}", "spec": spec}})
        before = cloud.api.rows()
        response = cloud.send(
            "beta-admin", "POST", "/v1/clusters", {"cluster": {"name": "x", "profile_id": f"p{number}"}}
        )
        assert response.status_int == 400
        assert f"The {key} '{identity}' of the profile could not be found." in response.text
        assert cloud.api.rows() == before


@pytest.mark.parametrize("endpoint", ["unix:///var/run/docker.sock", "tcp://10.0.0.1:2376", "ssh://root@h", "sim://x"])
def test_only_an_administrator_says_where_the_service_connects_to(cloud: clouds.Cloud, endpoint: str) -> None:
    spec = {"type": "container.host.endpoint", "version": "1.0", "properties": {"endpoint": endpoint}}
    for path in ("/v1/profiles", "/v1/profiles/validate"):
        named = {} if path.endswith("validate") else {"name": "h"}
        before = cloud.api.rows()
        response = cloud.send("alpha-member", "POST", path, {"profile": {**named, "spec": spec}})
        assert response.status_int == 403
        assert "ask an administrator" in response.json["error"]["message"]
        assert cloud.api.rows() == before
        assert cloud.send("alpha-admin", "POST", path, {"profile": {**named, "spec": spec}}).status_int in (200, 201)
    # what an administrator has made in a project is its members' to use
    assert cloud.get("alpha-member", "/v1/profiles/h")["profile"]["name"] == "h"


def test_what_is_made_belongs_to_who_asked(cloud: clouds.Cloud) -> None:
    made = cloud.make("alpha-member", "/v1/policies", {"policy": {"name": "p", "spec": SCALING}})
    assert made["project"] == cloud.keystone.id("project", "alpha")
    assert made["user"] == cloud.keystone.id("user", "alpha-member")
    assert made["domain"] is None


FAKED = {
    "X-Project-Id": "p",
    "X-User-Id": "u",
    "X-Roles": "admin",
    "X-Role": "admin",
    "X-Tenant-Id": "p",
    "X-Domain-Id": "default",
    "X-Identity-Status": "Confirmed",
    "X-Service-Identity-Status": "Confirmed",
    "X-Is-Admin-Project": "True",
    "OpenStack-System-Scope": "all",
}
"""Headers that only the middleware may set."""


def test_headers_of_an_identity_do_not_count_when_a_client_sends_them(cloud: clouds.Cloud) -> None:
    assert cloud.send("alpha-reader", "GET", "/v1/services", headers=FAKED).status_int == 403
    body = {"policy": {"name": "p", "spec": SCALING}}
    assert cloud.send("alpha-reader", "POST", "/v1/policies", body, headers=FAKED).status_int == 403
    assert cloud.send("alpha-member", "GET", "/v1/clusters?global_project=1", headers=FAKED).status_int == 403
    made = cloud.send("alpha-member", "POST", "/v1/policies", body, headers=FAKED).json["policy"]
    assert made["project"] == cloud.keystone.id("project", "alpha")
    # nor where there is no Keystone
    made = cloud.api.send("POST", "/v1/policies", body, headers=FAKED).json["policy"]
    assert (made["user"], made["project"], made["domain"]) == ("noauth", "default", None)
