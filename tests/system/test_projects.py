"""Two projects, a real Keystone and the whole service in a process of its own."""

from __future__ import annotations

import contextlib
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest

from tests import keystone_service, standalone
from tests.lab import keystone as keystone_lab

SERVER = {
    "type": "os.nova.server",
    "version": "1.0",
    "properties": {"flavor": "1", "image": "cirros", "networks": [{"network": "private"}]},
}
BATCH = {"type": "senlin.policy.batch", "version": "1.0", "properties": {"max_batch_size": 2}}
HOST = {"type": "container.host.endpoint", "version": "1.0", "properties": {"endpoint": "sim://h?cpus=8&memory=8192"}}


@pytest.fixture
def service(tmp_path: pathlib.Path, keystone: keystone_lab.Keystone) -> Iterator[keystone_service.KeystoneService]:
    made = keystone_service.KeystoneService(tmp_path / "service", keystone)
    with contextlib.closing(made):
        made.start()
        yield made


def stock(api: standalone.Api) -> dict[str, str]:
    """Make one of each kind; returns the paths by kind."""
    made = {"profiles": api.make("profile", name="p", spec=SERVER)["id"]}
    made["clusters"] = api.make("cluster", name="c", profile_id="p", desired_capacity=1)["id"]
    made["nodes"] = api.make("node", name="n", profile_id="p")["id"]
    made["policies"] = api.ask("POST", "/v1/policies", {"policy": {"name": "b", "spec": BATCH}}).document["policy"][
        "id"
    ]
    receiver = {
        "name": "r",
        "type": "webhook",
        "cluster_id": "c",
        "action": "CLUSTER_SCALE_OUT",
        "params": {"count": 2},
    }
    made["receivers"] = api.ask("POST", "/v1/receivers", {"receiver": receiver}).document["receiver"]["id"]
    return {kind: f"/v1/{kind}/{id_}" for kind, id_ in made.items()}


def content(api: standalone.Api, paths: dict[str, str]) -> list[Any]:
    """Return what there is at some paths."""
    return [api.get(path) for path in paths.values()]


def test_what_one_project_has_is_not_there_for_another(service: keystone_service.KeystoneService) -> None:
    ours, theirs = service.api("alpha-member"), service.api("beta-admin")
    paths = stock(ours)
    before = content(ours, paths)
    for kind, path in paths.items():
        name = path.rpartition("/")[2]
        for said in (
            theirs.send("GET", path),
            theirs.send("PATCH", path, {kind[:-1].replace("policie", "policy"): {"name": "x"}}),
            theirs.send("DELETE", path),
        ):
            assert (said.status, name in said.message) == (404, True), said
        assert theirs.get(f"/v1/{kind}") == []
    for action in ({"check": {}}, {"scale_out": {}}, {"policy_attach": {"policy_id": "b"}}):
        assert theirs.send("POST", f"{paths['clusters']}/actions", action).status == 404
    used = theirs.send("POST", "/v1/clusters", {"cluster": {"name": "x", "profile_id": paths["profiles"][-36:]}})
    assert (used.status, "could not be found" in used.message) == (400, True)
    assert theirs.get("/v1/actions") == theirs.get("/v1/events") == []
    assert content(ours, paths) == before


def test_a_webhook_does_as_its_creator_what_a_reader_may_not(
    service: keystone_service.KeystoneService, keystone: keystone_lab.Keystone
) -> None:
    member, reader, nobody = (service.api(who) for who in ("alpha-member", "alpha-reader", None))
    paths = stock(member)
    assert reader.send("POST", f"{paths['clusters']}/actions", {"scale_out": {}}).status == 403
    assert nobody.send("POST", f"{paths['clusters']}/actions", {"scale_out": {}}).status == 401
    assert nobody.send("GET", paths["receivers"]).status == 401
    receiver = member.get(paths["receivers"])
    called = nobody.ask("POST", receiver["channel"]["alarm_url"].removeprefix(service.url))
    action = member.succeed(called)
    user, project = keystone.id("user", "alpha-member"), keystone.id("project", "alpha")
    assert (action["user"], action["project"], action["action"]) == (user, project, "CLUSTER_SCALE_OUT")
    assert len(member.get(paths["clusters"])["nodes"]) == 3
    told = keystone.ask(
        "GET",
        f"/OS-TRUST/trusts/{receiver['actor']['trust_id']}",
        token=keystone.token(keystone_lab.PERSONAS["alpha-member"]),
    )["trust"]
    assert (told["trustor_user_id"], told["project_id"], told["impersonation"]) == (user, project, True)
    assert told["trustee_user_id"] == keystone.id("user", keystone_lab.SERVICE_USER)
    assert "member" in [role["name"] for role in told["roles"]]


def test_an_administrator_brings_the_hosts_and_a_member_the_containers(
    service: keystone_service.KeystoneService,
) -> None:
    admin, member = service.api("alpha-admin"), service.api("alpha-member")
    wanted = {"profile": {"name": "host", "spec": HOST}}
    assert member.send("POST", "/v1/profiles", wanted).status == 403
    admin.ask("POST", "/v1/profiles", wanted)
    admin.make("cluster", name="hosts", profile_id="host", desired_capacity=1)
    member.container("web", host_cluster="hosts")
    member.make("cluster", name="c", profile_id="web", desired_capacity=3)
    assert [node["status"] for node in member.nodes("c")] == ["ACTIVE"] * 3
    elsewhere = service.api("beta-member")
    elsewhere.container("web", host_cluster="hosts")
    said = elsewhere.send(
        "POST", "/v1/clusters", {"cluster": {"name": "c", "profile_id": "web", "desired_capacity": 1}}
    )
    assert (said.status, "'hosts' of the profile could not be found" in said.message) == (400, True)
