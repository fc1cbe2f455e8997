"""openstacksdk's ``clustering`` proxy, on real container hosts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests import standalone
from tests.compat import clients, conftest

pytestmark = pytest.mark.lab


@pytest.fixture
def sdk(site: conftest.Site) -> Iterator[clients.Sdk]:
    """A connection without authentication."""
    made = clients.Sdk(auth_type="none", endpoint=site.url, clustering_default_microversion="1.14")
    yield made
    made.close()


def ended(site: conftest.Site, answer: dict[str, Any]) -> Any:
    """Wait for the good end of an action: the proxy returns its id, or an action that has nothing but an id."""
    return site.api.succeed(standalone.Answer(202, None, f"/v1/actions/{answer.get('action') or answer['id']}"))


def test_what_there_is_to_know(site: conftest.Site, sdk: clients.Sdk) -> None:
    assert sdk.call("get_build_info")["engine"]["revision"]
    assert [service["binary"] for service in sdk.call("services")] == ["senlin-engine"]
    types = {(found["name"], version) for found in sdk.call("profile_types") for version in found["support_status"]}
    assert ("container.dockerinc.docker", "1.1") in types
    assert "image" in sdk.call("get_profile_type", "container.dockerinc.docker-1.0")["schema"]
    operations = sdk.call("list_profile_type_operations", "container.dockerinc.docker-1.0")["operations"]
    assert set(operations) == {"pause", "unpause", "restart"}


def test_the_life_of_a_profile(site: conftest.Site, sdk: clients.Sdk) -> None:
    name = site.name("profile")
    properties = {"image": "lab/busybox:latest", "host_cluster": "hosts"}
    spec = {"type": "container.dockerinc.docker", "version": "1.0", "properties": properties}
    assert sdk.call("validate_profile", spec=spec)["type"] == "container.dockerinc.docker-1.0"
    created = sdk.call("create_profile", name=name, spec=spec, metadata={"a": "b"})
    assert sdk.call("find_profile", name)["id"] == created["id"]
    assert sdk.call("update_profile", created["id"], name=f"{name}-new")["name"] == f"{name}-new"
    assert created["id"] in [profile["id"] for profile in sdk.call("profiles", type=created["type"])]
    sdk.call("delete_profile", created["id"], ignore_missing=False)
    kind, message = sdk.fail("get_profile", created["id"])
    assert kind == "NotFoundException"
    assert created["id"] in message


def test_the_life_of_a_cluster(site: conftest.Site, sdk: clients.Sdk) -> None:
    profile, name = sdk.call("find_profile", "web"), site.name("cluster")
    created = sdk.call("create_cluster", name=name, profile_id=profile["id"], desired_capacity=2, max_size=6)
    id_ = created["id"]
    standalone.wait_until("it is active", lambda: sdk.call("get_cluster", id_)["status"] == "ACTIVE")
    ended(site, sdk.call("resize_cluster", id_, adjustment_type="CHANGE_IN_CAPACITY", number=1))
    ended(site, sdk.call("scale_out_cluster", id_, 2))
    ended(site, sdk.call("scale_in_cluster", id_, 1))
    assert site.size(id_) == 4
    ended(site, sdk.call("check_cluster", id_))
    ended(site, sdk.call("perform_operation_on_cluster", id_, "restart"))
    ended(site, sdk.call("recover_cluster", id_, check=True))
    collected = sdk.call("collect_cluster_attrs", id_, "details.status")
    assert [found["attr_value"] for found in collected] == ["running"] * 4
    other, third = site.node(), site.node()
    nodes = {node["name"]: node["id"] for node in sdk.call("nodes")}
    ended(site, sdk.call("add_nodes_to_cluster", id_, [other]))
    ended(site, sdk.call("replace_nodes_in_cluster", id_, {other: third}))
    ended(site, sdk.call("remove_nodes_from_cluster", id_, [third], destroy_after_deletion=True))
    assert site.size(id_) == 4
    assert sdk.call("find_node", third) is None
    assert sdk.call("get_node", nodes[other])["cluster_id"] == ""
    assert sdk.call("update_cluster", id_, metadata={"a": "b"})["id"] == id_
    standalone.wait_until("it is updated", lambda: sdk.call("find_cluster", name)["metadata"] == {"a": "b"})
    assert id_ in [cluster["id"] for cluster in sdk.call("clusters", status="ACTIVE")]
    events = sdk.call("events", cluster_id=id_, limit=50)
    assert sdk.call("get_event", events[0]["id"])["cluster_id"] == id_
    ended(site, sdk.call("delete_cluster", id_))
    assert sdk.call("find_cluster", name) is None


def test_the_life_of_a_node(site: conftest.Site, sdk: clients.Sdk) -> None:
    profile, name = sdk.call("find_profile", "web"), site.name("node")
    id_ = sdk.call("create_node", name=name, profile_id=profile["id"], role="master")["id"]
    standalone.wait_until("it is active", lambda: sdk.call("get_node", id_)["status"] == "ACTIVE")
    assert sdk.call("get_node", id_, details=True)["details"]["status"] == "running"
    ended(site, sdk.call("check_node", id_))
    ended(site, sdk.call("perform_operation_on_node", id_, "pause"))
    assert sdk.call("get_node", id_, details=True)["details"]["status"] == "paused"
    ended(site, sdk.call("recover_node", id_, check=False))
    sdk.call("update_node", id_, name=f"{name}-new", tainted=True)
    standalone.wait_until("it is updated", lambda: sdk.call("find_node", f"{name}-new") is not None)
    actions = sdk.call("actions", target=id_, sort="created_at:desc")
    assert [action["action"] for action in actions][-1] == "NODE_CREATE"
    assert sdk.call("get_action", actions[0]["id"])["status"] == "SUCCEEDED"
    kind, message = sdk.fail("update_action", actions[0]["id"], status="CANCELLED")
    assert kind == "ConflictException"
    assert "SUCCEEDED" in message
    ended(site, sdk.call("delete_node", id_))
    kind, _ = sdk.fail("get_node", id_)
    assert kind == "NotFoundException"
