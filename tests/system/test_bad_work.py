"""Work that cannot be done, on real container hosts: it is refused or fails with a reason, and leaves nothing."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests import standalone
from tests.lab import docker_hosts

pytestmark = pytest.mark.lab

LATE = 8.0
"""Seconds within which this machine tries again to deliver what it could not."""


class Site:
    """A service whose host cluster ``hosts`` has the host ``one``; ``other`` is a host of no cluster."""

    def __init__(self, api: standalone.Api, lab: docker_hosts.DockerHosts) -> None:
        self.api = api
        self.lab = lab
        self.endpoint = f"tcp://{lab.address(1)}:2376"
        one = api.host("one", endpoint=self.endpoint, tls=self.tls())
        api.make("cluster", name="hosts", profile_id=one["profile_id"])
        api.act("clusters/hosts", "add_nodes", nodes=["one"])
        api.host("other", endpoint=f"tcp://{lab.address(2)}:2376", tls=self.tls())

    def tls(self, who: str = "client") -> dict[str, str]:
        """Return the property ``tls`` of a host."""
        texts = self.lab.tls(who)
        return {"ca_cert": texts.ca, "client_cert": texts.cert, "client_key": texts.key}

    def containers(self) -> list[str]:
        """Return the ids of all containers on the engines, whoever made them."""
        return sorted(id_ for n in (1, 2) for id_ in self.lab.docker(n, "ps", "-aq", "--no-trunc").split())

    def assert_clean(self) -> None:
        """Assert that the engines hold the containers that the API lists."""
        listed = [node["physical_id"] for node in self.api.get("/v1/nodes") if node["name"] not in ("one", "other")]
        assert self.containers() == sorted(id_ for id_ in listed if id_ is not None)

    def fail_node(self, profile: str) -> str:
        """Create a node that cannot be; returns why not, as its action, its status and an event tell it."""
        answer = self.api.ask("POST", "/v1/nodes", {"node": {"name": "bad", "profile_id": profile}})
        action = self.api.end(answer)
        node = self.api.get(f"/v1/nodes/{action['target']}")
        assert (action["status"], node["status"]) == ("FAILED", "ERROR")
        reason = str(action["status_reason"])
        assert node["status_reason"] == reason
        (event,) = [event for event in self.api.get(f"/v1/events?oid={node['id']}") if event["status"] == "error"]
        assert event["status_reason"] == reason
        assert event["level"] == "ERROR"
        self.assert_clean()
        self.api.delete(f"nodes/{node['id']}")
        return reason

    def fail_cluster(self, profile: str, size: int = 2) -> str:
        """Create a cluster that cannot be; returns why not."""
        body = {"name": "bad", "profile_id": profile, "desired_capacity": size}
        action = self.api.end(self.api.ask("POST", "/v1/clusters", {"cluster": body}))
        cluster = self.api.get(f"/v1/clusters/{action['target']}")
        assert action["status"] == "FAILED"
        assert cluster["status"] in ("ERROR", "WARNING"), cluster["status_reason"]
        self.assert_clean()
        self.api.delete(f"clusters/{cluster['id']}")
        self.assert_clean()
        return str(action["status_reason"])

    def refuse(self, kind: str, **attributes: Any) -> str:
        """Send a create request that must be refused; returns the message."""
        before = self.api.get(f"/v1/{kind}s")
        answer = self.api.send("POST", f"/v1/{kind}s", {kind: attributes})
        assert answer.status == 400, answer.document
        assert self.api.get(f"/v1/{kind}s") == before
        return answer.message


@pytest.fixture(scope="module")
def shared(lab: docker_hosts.DockerHosts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    lab.up(2)
    options = {"engine": {"retry_delay": 0.1}, "docker": {"connect_timeout": 2, "work_timeout": 4, "stop_timeout": 1}}
    service = standalone.Standalone(tmp_path_factory.mktemp("bad") / "service", options)
    service.start()
    api = standalone.Api(service.url)
    yield Site(api, lab)
    api.close()
    service.close()


@pytest.fixture
def site(shared: Site) -> Iterator[Site]:
    """Each test begins and ends with nothing on the hosts."""
    yield shared
    for kind in ("cluster", "node", "profile"):
        for found in shared.api.get(f"/v1/{kind}s"):
            if found["name"] not in ("hosts", "one", "other"):
                shared.api.delete(f"{kind}s/{found['id']}", **{} if kind == "profile" else {"force": True})
    assert shared.containers() == []
    assert [shared.api.get(f"/v1/nodes/{name}")["status"] for name in ("one", "other")] == ["ACTIVE", "ACTIVE"]
    assert shared.api.get("/v1/clusters/hosts")["status"] == "ACTIVE"


def test_an_image_that_does_not_exist(site: Site) -> None:
    profile = site.api.container("bad", host_cluster="hosts", image="nowhere.invalid/nothing:1")
    for reason in (site.fail_node(profile["id"]), site.fail_cluster(profile["id"])):
        assert "image 'nowhere.invalid/nothing:1' is not on host" in reason
        assert site.endpoint in reason
        assert "check the spelling" in reason


def test_a_port_of_another_container(site: Site) -> None:
    ports = [{"container_port": 80, "host_port": 18080}]
    profile = site.api.container("web", host_cluster="hosts", ports=ports)
    first = site.api.make("node", name="first", profile_id=profile["id"])
    reason = site.fail_node(profile["id"])
    assert "port 18080" in reason
    assert "choose another host_port" in reason
    assert site.api.get("/v1/nodes/first")["status"] == "ACTIVE"
    assert site.containers() == [first["physical_id"]]


def test_a_port_of_a_cluster_on_one_host(site: Site) -> None:
    profile = site.api.container("web", host_cluster="hosts", ports=[{"container_port": 80, "host_port": 18081}])
    answer = site.api.ask(
        "POST", "/v1/clusters", {"cluster": {"name": "web", "profile_id": profile["id"], "desired_capacity": 3}}
    )
    action = site.api.end(answer)
    assert action["status"] == "FAILED"
    assert "port 18081" in action["status_reason"]
    assert site.api.get("/v1/clusters/web")["status"] in ("ERROR", "WARNING")
    statuses = sorted(node["status"] for node in site.api.nodes("web"))
    assert statuses == ["ACTIVE", "ERROR", "ERROR"]
    site.assert_clean()
    site.api.act("clusters/web", "resize", adjustment_type="EXACT_CAPACITY", number=1)
    (left,) = site.api.nodes("web")  # those that are not well go first
    assert left["status"] == "ACTIVE"
    assert site.containers() == [left["physical_id"]]
    assert site.api.get("/v1/clusters/web")["status"] == "ACTIVE"


def test_a_port_of_another_program(site: Site) -> None:
    profile = site.api.container("bad", host_cluster="hosts", ports=[{"container_port": 80, "host_port": 2376}])
    reason = site.fail_node(profile["id"])
    assert "2376" in reason
    assert site.endpoint in reason


@pytest.mark.parametrize("command", [["no-such-program"], ["/etc/passwd"]], ids=["missing", "no-program"])
def test_a_command_that_cannot_be_run(site: Site, command: list[str]) -> None:
    profile = site.api.container("bad", host_node="one", command=command)
    reason = site.fail_node(profile["id"])
    assert command[0] in reason
    assert f"image '{docker_hosts.IMAGE}' cannot run the command" in reason


def _seen_in_time(site: Site, kind: str, fail: Callable[[], str]) -> str:
    """Return why something failed. On a busy machine a process may end only after the service has looked at it."""
    for _ in range(9):
        try:
            return fail()
        except AssertionError:
            site.api.delete(f"{kind}/bad")
    return fail()


def test_a_container_that_ends_at_once(site: Site) -> None:
    profile = site.api.container("bad", host_node="one", command=["sh", "-c", "exit 3"])
    for kind, fail in (("nodes", site.fail_node), ("clusters", site.fail_cluster)):
        reason = _seen_in_time(site, kind, lambda fail=fail: fail(profile["id"]))
        assert "ended as soon as it was started" in reason
        assert "exit code 3" in reason
        assert "its command" in reason


def test_more_than_the_host_has(site: Site) -> None:
    for demand, told in (({"memory": 2**30}, "too little memory"), ({"cpu": 4000}, "too few cores")):
        profile = site.api.container("bad", host_cluster="hosts", **demand)
        for reason in (site.fail_node(profile["id"]), site.fail_cluster(profile["id"])):
            assert told in reason
            assert "Add a host, free room, or ask for less." in reason
        site.api.delete("profiles/bad")


def test_growth_beyond_the_room_leaves_what_there_is(site: Site) -> None:
    room = site.api.get("/v1/nodes/one?show_details=true")["details"]["memory"]
    profile = site.api.container("web", host_cluster="hosts", memory=room // 3)
    site.api.make("cluster", name="web", profile_id=profile["id"], desired_capacity=2)
    before = site.containers()
    answer = site.api.ask("POST", "/v1/clusters/web/actions", {"scale_out": {"count": 3}})
    action = site.api.end(answer)
    assert action["status"] == "FAILED"
    assert "there is room for 1: of 1 host, 1 too little memory" in action["status_reason"]
    assert site.containers() == before
    cluster = site.api.get("/v1/clusters/web")
    assert len(cluster["nodes"]) == 2
    assert all(node["status"] == "ACTIVE" for node in site.api.nodes("web"))
    site.api.act("clusters/web", "scale_in", count=2)
    assert site.containers() == []


def test_hosts_that_do_not_fit_are_refused(site: Site) -> None:
    def spec(**properties: Any) -> dict[str, Any]:
        type_ = {"type": "container.dockerinc.docker", "version": "1.1"}
        return {"name": "bad", "spec": type_ | {"properties": {"image": docker_hosts.IMAGE, **properties}}}

    message = site.refuse("profile", **spec())
    assert "Either 'host_node' or 'host_cluster' must be given" in message
    message = site.refuse("profile", **spec(host_node="other", host_cluster="hosts"))
    assert "'other' is not a member of the host_cluster 'hosts'" in message
    web = site.api.container("web", host_node="one")
    site.api.make("node", name="web", profile_id=web["id"])
    message = site.refuse("profile", **spec(host_node="web"))
    assert "host_node 'web' is of type container.dockerinc.docker" in message
    for key in ("host_node", "host_cluster"):
        profile = site.api.container(f"of-{key}", **{key: "nowhere"})
        for kind in ("node", "cluster"):
            message = site.refuse(kind, name="bad", profile_id=profile["id"])
            assert f"The {key} 'nowhere' of the profile could not be found" in message


def test_plain_tcp_is_refused(site: Site) -> None:
    profile = site.api.profile("bad", "container.host.endpoint-1.0", endpoint=f"tcp://{site.lab.address(1)}:2375")
    reason = site.fail_node(profile["id"])
    assert f"tcp://{site.lab.address(1)}:2375" in reason
    assert "allow_insecure_tcp" in reason


def test_certificates_that_are_not_trusted(site: Site) -> None:
    profile = site.api.profile("bad", "container.host.endpoint-1.0", endpoint=site.endpoint, tls=site.tls("stranger"))
    reason = site.fail_node(profile["id"])
    assert f"host '{site.endpoint}' and this service do not agree on TLS certificates" in reason
    mixed = site.tls() | {"client_key": site.tls("stranger")["client_key"]}
    profile = site.api.profile("mixed", "container.host.endpoint-1.0", endpoint=site.endpoint, tls=mixed)
    reason = site.fail_node(profile["id"])
    assert "client_cert and client_key must be PEM texts, belong together" in reason
    assert "PRIVATE" not in reason


def test_a_host_that_is_not_there(site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        closed = probe.getsockname()[1]
    for address in (f"127.0.0.1:{closed}", f"{site.lab.net}.250:2376"):
        profile = site.api.profile("bad", "container.host.endpoint-1.0", endpoint=f"tcp://{address}", tls=site.tls())
        reason = site.fail_node(profile["id"])
        assert f"host 'tcp://{address}' does not answer" in reason
        site.api.delete("profiles/bad")


@pytest.mark.slow
def test_containers_for_a_host_that_has_gone(site: Site) -> None:
    profile = site.api.container("web", host_node="other")
    site.lab.cut(2)
    try:
        answer = site.api.ask("POST", "/v1/nodes", {"node": {"name": "bad", "profile_id": profile["id"]}})
        action = site.api.end(answer)
        assert action["status"] == "FAILED"
        assert "does not answer" in action["status_reason"]
        assert site.lab.address(2) in action["status_reason"]
        assert site.api.get("/v1/nodes/bad")["status"] == "ERROR"
        site.api.delete("nodes/bad", force=True)
    finally:
        site.lab.join(2)
    # what was on its way to the host when we gave up must not arrive there now
    time.sleep(LATE)
    assert site.containers() == []
    node = site.api.make("node", name="good", profile_id=profile["id"])
    assert site.containers() == [node["physical_id"]]
    site.api.act("nodes/other", "check")
