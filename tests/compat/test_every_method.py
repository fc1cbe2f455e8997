"""Every method of openstacksdk's clustering proxy, under a real Keystone and with a simulated cloud."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests import keystone_service, standalone
from tests.compat import clients, scene

WITHOUT_ENDPOINT = {
    "delete_cluster_metadata": "clusters have no /metadata of their own in the v1 API; the proxy has it from a mixin",
    "fetch_cluster_metadata": "as above",
    "get_cluster_metadata": "as above",
    "set_cluster_metadata": "as above",
}


@dataclasses.dataclass(slots=True, kw_only=True)
class Noting:
    """A member's proxy that notes which methods it has called; ``api`` waits for what was asked for."""

    who: str
    sdk: clients.Sdk
    api: standalone.Api
    used: set[str] = dataclasses.field(default_factory=set)

    def tell(self, method: str, *arguments: Any, **keywords: Any) -> Any:
        """Call a method that must succeed."""
        self.used.add(method)
        return self.sdk.call(method, *arguments, **keywords)

    def fail(self, method: str, *arguments: Any, **keywords: Any) -> tuple[str, str]:
        """Call a method that must fail; returns the class of its exception and the message."""
        self.used.add(method)
        return self.sdk.fail(method, *arguments, **keywords)

    def done(self, method: str, *arguments: Any, **keywords: Any) -> None:
        """Call a method that starts an action, and wait for its good end."""
        answer = self.tell(method, *arguments, **keywords)
        action = answer.get("action") or answer["id"]
        self.api.succeed(standalone.Answer(202, None, f"/v1/actions/{action}"))

    def ids(self, method: str, *arguments: Any, **keywords: Any) -> list[str]:
        """Call a method that lists, and return the ids in the list."""
        return [found["id"] for found in self.tell(method, *arguments, **keywords)]


@pytest.fixture(params=["alpha-member", "beta-admin"])
def member(request: pytest.FixtureRequest, cloud: keystone_service.KeystoneService) -> Iterator[Noting]:
    """Who may do everything in a project of theirs."""
    with contextlib.closing(scene.sdk(cloud, request.param)) as sdk:
        yield Noting(who=request.param, sdk=sdk, api=cloud.api(request.param))


def about_the_service(member: Noting, admin: clients.Sdk) -> None:
    assert member.tell("get_build_info")["engine"]["revision"]
    member.used.add("services")  # of administrators
    assert [service["state"] for service in admin.call("services")] == ["up"]
    assert "os.nova.server" in [found["name"] for found in member.tell("profile_types")]
    assert "flavor" in member.tell("get_profile_type", "os.nova.server-1.0")["schema"]
    assert "reboot" in member.tell("list_profile_type_operations", "os.nova.server-1.0")["operations"]
    assert "senlin.policy.scaling" in [found["name"] for found in member.tell("policy_types")]
    assert "adjustment" in member.tell("get_policy_type", "senlin.policy.scaling-1.0")["schema"]


def specs(member: Noting, kind: str, kinds: str, spec: dict[str, Any]) -> str:
    """Live the life of a profile or a policy; returns the id of the one that stays."""
    assert member.tell(f"validate_{kind}", spec=spec)["type"] == f"{spec['type']}-{spec['version']}"
    one = member.tell(f"create_{kind}", name=f"sdk-{kind}", spec=spec)["id"]
    other = member.tell(f"create_{kind}", name=f"sdk-{kind}-2", spec=spec)["id"]
    assert member.tell(f"update_{kind}", other, name=f"sdk-{kind}-3")["name"] == f"sdk-{kind}-3"
    assert {one, other} <= set(member.ids(kinds))
    assert member.tell(f"find_{kind}", f"sdk-{kind}-3")["id"] == other
    member.tell(f"delete_{kind}", other, ignore_missing=False)
    assert member.fail(f"get_{kind}", other)[0] == "NotFoundException"
    assert member.tell(f"get_{kind}", one)["name"] == f"sdk-{kind}"
    return one


def clusters(member: Noting, profile: str) -> str:
    created = member.tell("create_cluster", name="sdk-c", profile_id=profile, desired_capacity=2, max_size=9)
    id_ = str(created["id"])
    assert member.tell("wait_for_status", {"get_cluster": id_}, "ACTIVE", interval=0.2, wait=60)["id"] == id_
    assert member.tell("update_cluster", id_, metadata={"a": "b"})["id"] == id_
    scene.idle(member.api)
    assert member.tell("find_cluster", "sdk-c")["metadata"] == {"a": "b"}
    assert id_ in member.ids("clusters")
    member.done("scale_out_cluster", id_, 2)
    member.done("scale_in_cluster", id_, 1)
    member.done("resize_cluster", id_, adjustment_type="CHANGE_IN_CAPACITY", number=-1)
    member.done("check_cluster", id_)
    member.done("recover_cluster", id_, check=True)
    member.done("perform_operation_on_cluster", id_, "reboot", type="SOFT")
    statuses = [found["attr_value"] for found in member.tell("collect_cluster_attrs", id_, "details.status")]
    assert statuses == ["ACTIVE"] * 2
    assert len(member.tell("get_cluster", id_)["node_ids"]) == 2
    return id_


def bindings(member: Noting, cluster: str, policy: str) -> None:
    member.done("attach_policy_to_cluster", cluster, policy, enabled=True)
    assert [found["policy_id"] for found in member.tell("cluster_policies", cluster)] == [policy]
    member.done("update_cluster_policy", cluster, policy, enabled=False)
    assert member.tell("get_cluster_policy", policy, cluster)["is_enabled"] is False
    member.done("detach_policy_from_cluster", cluster, policy)
    assert member.tell("cluster_policies", cluster) == []


def nodes(member: Noting, cluster: str, profile: str, stray: str) -> None:
    id_ = member.tell("create_node", name="sdk-n", profile_id=profile, role="spare")["id"]
    scene.idle(member.api)
    assert member.tell("get_node", id_, details=True)["details"]["status"] == "ACTIVE"
    member.tell("update_node", id_, name="sdk-nn")
    scene.idle(member.api)
    assert member.tell("find_node", "sdk-nn")["id"] == id_
    member.done("check_node", id_)
    member.done("recover_node", id_, check=False)
    member.done("perform_operation_on_node", id_, "reboot", type="HARD")
    preview = member.tell("adopt_node", True, identity=stray, type="os.nova.server-1.0")
    assert preview["node_preview"]["type"] == preview["node_profile"]["type"] == "os.nova.server"
    adopted = member.tell("adopt_node", identity=stray, type="os.nova.server-1.0", name="sdk-found")
    assert adopted["physical_id"] == stray
    member.done("add_nodes_to_cluster", cluster, [id_])
    member.done("replace_nodes_in_cluster", cluster, {id_: adopted["id"]})
    assert adopted["id"] in member.ids("nodes", cluster_id=cluster)
    member.done("remove_nodes_from_cluster", cluster, [adopted["id"]])
    member.done("delete_node", adopted["id"])
    member.tell("delete_node", id_)
    member.tell("wait_for_delete", {"get_node": id_}, interval=0.2, wait=60)


def receivers(member: Noting, cluster: str) -> None:
    wanted = {"type": "webhook", "cluster_id": cluster, "action": "CLUSTER_SCALE_OUT", "params": {"count": 1}}
    created = member.tell("create_receiver", name="sdk-r", **wanted)
    assert "/v1/webhooks/" in created["channel"]["alarm_url"]
    assert member.tell("update_receiver", created["id"], name="sdk-rr")["name"] == "sdk-rr"
    assert member.tell("find_receiver", "sdk-rr")["id"] == created["id"]
    assert created["id"] in member.ids("receivers")
    assert member.tell("get_receiver", created["id"])["action"] == "CLUSTER_SCALE_OUT"
    member.tell("delete_receiver", created["id"], ignore_missing=False)


def records(member: Noting, cluster: str) -> None:
    action = member.tell("actions", target=cluster, action="CLUSTER_CREATE")[0]["id"]
    assert member.tell("get_action", action)["status"] == "SUCCEEDED"
    assert member.fail("update_action", action, status="CANCELLED")[0] == "ConflictException"
    event = member.tell("events", cluster_id=cluster)[0]["id"]
    assert member.tell("get_event", event)["cluster_id"] == cluster


def test_every_method_in_a_project(cloud: keystone_service.KeystoneService, member: Noting) -> None:
    with contextlib.closing(scene.sdk(cloud, "alpha-admin")) as admin:
        about_the_service(member, admin)
    profile = specs(member, "profile", "profiles", scene.SERVER)
    policy = specs(member, "policy", "policies", scene.SCALING)
    cluster = clusters(member, profile)
    bindings(member, cluster, policy)
    nodes(member, cluster, profile, cloud.server(f"stray-{member.who}", member.who.partition("-")[0]))
    receivers(member, cluster)
    records(member, cluster)
    member.done("delete_cluster", cluster)
    assert member.tell("find_cluster", "sdk-c") is None
    assert member.used | set(WITHOUT_ENDPOINT) == clients.methods()


ALLOWED: dict[str, tuple[Any, ...]] = {
    "actions": (),
    "cluster_policies": ("{clusters}",),
    "clusters": (),
    "collect_cluster_attrs": ("{clusters}", "name"),
    "events": (),
    "find_cluster": ("c",),
    "find_node": ("n",),
    "find_policy": ("out",),
    "find_profile": ("p",),
    "get_action": ("{actions}",),
    "get_build_info": (),
    "get_cluster": ("{clusters}",),
    "get_cluster_policy": ("{policies}", "{clusters}"),
    "get_event": ("{events}",),
    "get_node": ("{nodes}",),
    "get_policy": ("{policies}",),
    "get_policy_type": ("senlin.policy.scaling-1.0",),
    "get_profile": ("{profiles}",),
    "get_profile_type": ("os.nova.server-1.0",),
    "list_profile_type_operations": ("os.nova.server-1.0",),
    "nodes": (),
    "policies": (),
    "policy_types": (),
    "profile_types": (),
    "profiles": (),
    "validate_policy": (),
    "validate_profile": (),
}
"""What a reader may do."""

REFUSED: dict[str, tuple[Any, ...]] = {
    "add_nodes_to_cluster": ("{clusters}", ["{nodes}"]),
    "adopt_node": (),
    "attach_policy_to_cluster": ("{clusters}", "{policies}"),
    "check_cluster": ("{clusters}",),
    "check_node": ("{nodes}",),
    "create_cluster": (),
    "create_node": (),
    "create_policy": (),
    "create_profile": (),
    "create_receiver": (),
    "delete_cluster": ("{clusters}",),
    "delete_node": ("{nodes}",),
    "delete_policy": ("{policies}",),
    "delete_profile": ("{profiles}",),
    "delete_receiver": ("{receivers}",),
    "detach_policy_from_cluster": ("{clusters}", "{policies}"),
    "find_receiver": ("r",),
    "get_receiver": ("{receivers}",),
    "perform_operation_on_cluster": ("{clusters}", "reboot"),
    "perform_operation_on_node": ("{nodes}", "reboot"),
    "receivers": (),
    "recover_cluster": ("{clusters}",),
    "recover_node": ("{nodes}",),
    "remove_nodes_from_cluster": ("{clusters}", ["{nodes}"]),
    "replace_nodes_in_cluster": ("{clusters}", {"{nodes}": "x"}),
    "resize_cluster": ("{clusters}",),
    "scale_in_cluster": ("{clusters}",),
    "scale_out_cluster": ("{clusters}",),
    "services": (),
    "update_action": ("{actions}",),
    "update_cluster": ("{clusters}",),
    "update_cluster_policy": ("{clusters}", "{policies}"),
    "update_node": ("{nodes}",),
    "update_policy": ("{policies}",),
    "update_profile": ("{profiles}",),
    "update_receiver": ("{receivers}",),
}
"""What takes more than a reader."""

WAITING = {"wait_for_delete", "wait_for_status"}
"""What asks for one thing again and again."""

ATTRIBUTES = {
    "adopt_node": {"identity": "x", "type": "os.nova.server-1.0"},
    "create_cluster": {"name": "x", "profile_id": "p"},
    "create_node": {"name": "x", "profile_id": "p"},
    "create_policy": {"name": "x", "spec": scene.SCALING},
    "create_profile": {"name": "x", "spec": scene.SERVER},
    "create_receiver": {"name": "x", "type": "webhook", "cluster_id": "c", "action": "CLUSTER_CHECK"},
    "resize_cluster": {"adjustment_type": "EXACT_CAPACITY", "number": 3},
    "update_action": {"status": "CANCELLED"},
    "update_cluster_policy": {"enabled": False},
    "validate_policy": {"spec": scene.SCALING},
    "validate_profile": {"spec": scene.SERVER},
    **{f"update_{kind}": {"name": "x"} for kind in ("cluster", "node", "policy", "profile", "receiver")},
}


def test_a_reader_reads_and_changes_nothing(cloud: keystone_service.KeystoneService, stocked: standalone.Api) -> None:
    assert set(ALLOWED) | set(REFUSED) | WAITING | set(WITHOUT_ENDPOINT) == clients.methods()
    before = scene.everything(stocked)
    named = {"profiles": "p", "policies": "out", "clusters": "c", "nodes": "n", "receivers": "r"}
    ids = {kind: stocked.get(f"/v1/{kind}/{name}")["id"] for kind, name in named.items()}
    ids |= {kind: stocked.get(f"/v1/{kind}?limit=1")[0]["id"] for kind in ("actions", "events")}

    def given(arguments: tuple[Any, ...]) -> Any:
        return json.loads(re.sub(r"\{(\w+)\}", lambda found: ids[found[1]], json.dumps(arguments)))

    with contextlib.closing(scene.sdk(cloud, "beta-reader")) as reader:
        for method, arguments in ALLOWED.items():
            reader.call(method, *given(arguments), **ATTRIBUTES.get(method, {}))
        for method, arguments in REFUSED.items():
            # some raise, and those that ask for an action return what the service said
            answer = reader.answer(method, *given(arguments), **ATTRIBUTES.get(method, {}))
            assert scene.REFUSED in json.dumps(answer), f"{method}: {answer}"
    assert scene.everything(stocked) == before


def test_another_project_is_not_there(cloud: keystone_service.KeystoneService, stocked: standalone.Api) -> None:
    profile = stocked.get("/v1/profiles/p")["id"]
    with contextlib.closing(scene.sdk(cloud, "alpha-admin")) as other:
        assert other.fail("get_profile", profile)[0] == "NotFoundException"
        assert other.fail("update_profile", profile, name="theirs")[0] == "NotFoundException"
        assert other.fail("delete_profile", profile, ignore_missing=False)[0] == "NotFoundException"
        assert profile not in [found["id"] for found in other.call("profiles")]
