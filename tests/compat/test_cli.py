"""The unmodified ``openstack cluster`` commands, on real container hosts."""

from __future__ import annotations

import pathlib
import textwrap
from collections.abc import Iterator

import bcrypt
import pytest

from tests import standalone
from tests.compat import clients, conftest

pytestmark = pytest.mark.lab

CONTAINER_SPEC = """
type: container.dockerinc.docker
version: "1.1"
properties:
  image: lab/busybox:latest
  command: sh -c "trap 'exit 0' TERM; while :; do sleep 1 & wait; done"
  host_cluster: hosts
  environment:
    GREETING: hello
  labels: {tier: front}
  memory: 16
  cpu: 0.1
"""


def host_spec(site: conftest.Site, number: int) -> str:
    """Return the spec of a host with its PEM texts, as people write it."""
    properties = conftest.endpoint(site.lab, number)
    tls = "".join(f"    {key}: |\n{textwrap.indent(text, ' ' * 6)}" for key, text in properties["tls"].items())
    head = f'type: container.host.endpoint\nversion: "1.0"\nproperties:\n  endpoint: {properties["endpoint"]}\n'
    return f"{head}  tls:\n{tls}"


def names(rows: list[dict[str, object]]) -> list[object]:
    """Return the names in a listing."""
    return [row["name"] for row in rows]


def test_about_the_service(site: conftest.Site) -> None:
    assert "revision" in site.cli.ask("build", "info")["api"]
    (service,) = site.cli.ask("service", "list")
    assert (service["binary"], service["status"], service["state"]) == ("senlin-engine", "enabled", "up")
    listed = {(row["name"], row["version"]) for row in site.cli.ask("profile", "type", "list")}
    assert listed == {
        ("container.dockerinc.docker", "1.0"),
        ("container.dockerinc.docker", "1.1"),
        ("container.host.endpoint", "1.0"),
        ("os.heat.stack", "1.0"),
        ("os.nova.server", "1.0"),
    }
    shown = site.cli.ask("profile", "type", "show", "container.host.endpoint-1.0")
    assert shown["name"] == "container.host.endpoint-1.0"
    assert shown["schema"]["endpoint"]["required"] is True
    operations = site.cli.ask("profile", "type", "ops", "container.dockerinc.docker-1.1")["operations"]
    assert sorted(operations) == ["kill", "pause", "restart", "start", "stop", "unpause"]


def test_the_life_of_a_profile(site: conftest.Site, tmp_path: pathlib.Path) -> None:
    spec, name, renamed = conftest.write_spec(tmp_path, CONTAINER_SPEC), site.name("profile"), site.name("profile")
    validated = site.cli.ask("profile", "validate", "--spec-file", spec)
    assert validated["type"] == "container.dockerinc.docker-1.1"
    created = site.cli.ask("profile", "create", "--spec-file", spec, "--metadata", "owner=ann;team=x", name)
    assert created["type"] == "container.dockerinc.docker-1.1"
    assert "GREETING" in created["spec"]
    (listed,) = site.cli.ask("profile", "list", "--filters", f"name={name}", "--full-id")
    assert listed["id"] == created["id"]
    updated = site.cli.ask("profile", "update", "--name", renamed, "--metadata", "owner=bob", created["id"][:8])
    assert updated["name"] == renamed
    assert "bob" in site.cli.ask("profile", "show", renamed)["metadata"]
    assert "Profile deleted" in site.cli.succeed("profile", "delete", "--force", renamed).out
    gone = site.cli.run("profile", "show", renamed)
    assert gone.status == 1
    assert f"Profile not found: {renamed}" in gone.err


def test_the_life_of_hosts(site: conftest.Site, tmp_path: pathlib.Path) -> None:
    cli, profile, cluster = site.cli, site.name("engine"), site.name("engines")
    one, two, three = (site.name("engine") for _ in range(3))
    spec = conftest.write_spec(tmp_path, host_spec(site, 1))
    created = cli.ask("profile", "create", "--spec-file", spec, profile)
    assert "******" in created["spec"]
    assert "PRIVATE KEY" not in created["spec"]
    assert cli.ask("create", "--profile", profile, cluster)["desired_capacity"] == 0
    for name in (one, two, three):
        assert cli.ask("node", "create", "--profile", profile, name)["name"] == name
    standalone.wait_until(
        "the hosts are active",
        lambda: all(site.api.get(f"/v1/nodes/{name}")["status"] == "ACTIVE" for name in (one, two, three)),
    )
    assert cli.ask("node", "show", one)["details"] is None  # these come on request only
    details = cli.ask("node", "show", "--details", one)["details"]
    assert site.lab.docker(1, "version", "--format", "{{.Server.Version}}").strip() in details
    assert f"tcp://{site.lab.address(1)}:2376" in details

    site.ended(cli.succeed("members", "add", "--nodes", f"{one},{two}", cluster))
    assert len(cli.ask("show", cluster)["node_ids"].split()) == 2
    assert sorted(names(cli.ask("members", "list", cluster))) == sorted([one, two])
    site.ended(cli.succeed("members", "replace", "--nodes", f"{two}={three}", cluster))
    assert names(cli.ask("members", "list", "--sort", "name", cluster)) == sorted([one, three])
    site.ended(cli.succeed("members", "del", "--nodes", three, cluster))
    site.ended(cli.succeed("members", "del", "--nodes", one, "--destroy-after-deletion", "true", cluster))
    assert cli.ask("members", "list", cluster) == []
    left = names(cli.ask("node", "list", "--sort", "name"))
    assert one not in left
    assert {two, three} <= set(left)
    refused = cli.run("members", "add", "--nodes", "nobody", cluster)
    assert "Nodes not found: ['nobody']" in refused.out
    site.api.delete(f"clusters/{cluster}")


@pytest.mark.slow
def test_the_life_of_a_cluster(site: conftest.Site, tmp_path: pathlib.Path) -> None:
    cli, name, renamed = site.cli, site.name("cluster"), site.name("cluster")
    profile = site.name("profile")
    cli.succeed("profile", "create", "--spec-file", conftest.write_spec(tmp_path, CONTAINER_SPEC), profile)
    sizes = ("--min-size", "1", "--max-size", "5", "--desired-capacity", "2", "--timeout", "120")
    more = ("--metadata", "tier=front", "--config", "health.recovery=NONE")
    created = cli.ask("create", "--profile", profile, *sizes, *more, "--wait", name)
    assert created["status"] == "ACTIVE"
    assert (created["min_size"], created["max_size"], created["desired_capacity"]) == (1, 5, 2)
    assert created["timeout"] == 120
    assert site.size(name) == 2
    (listed,) = cli.ask("list", "--filters", f"name={name}", "--full-id")
    assert (listed["id"], listed["status"]) == (created["id"], "ACTIVE")
    collected = cli.ask("collect", "--path", "details.status", name)
    assert [row["attr_value"] for row in collected] == ["running", "running"]
    cli.succeed("update", "--name", renamed, "--metadata", "tier=back", "--timeout", "240", name)
    standalone.wait_until("it has its new name", lambda: site.api.send("GET", f"/v1/clusters/{renamed}").status == 200)
    shown = cli.ask("show", renamed)
    assert shown["timeout"] == 240
    assert "back" in shown["metadata"]
    assert len(shown["node_ids"].split()) == 2
    deleted = cli.succeed("delete", "--force", renamed)
    site.ended(deleted)
    missing = cli.run("show", renamed)
    assert missing.status == 1
    assert f"Cluster not found: {renamed}" in missing.err


def test_a_cluster_with_work_is_deleted_by_force_only(site: conftest.Site) -> None:
    cluster = site.cluster(1)
    # what does not end by itself when it is asked to gives the time to look
    slow = site.api.container(site.name("slow"), host_cluster="hosts", command=["sleep", "1000"])
    busy = site.cluster(3, profile=slow["id"])
    site.cli.succeed("resize", "--capacity", "0", busy)
    ids = {site.api.get(f"/v1/clusters/{name}")["id"] for name in (cluster, busy)}
    refused = site.cli.succeed("delete", "--force", busy)
    assert "failed due to" in refused.out
    assert "is at work on it" in refused.out
    results = site.cli.run_all([("delete", "--force-delete", name) for name in (cluster, busy)])
    for name, result in zip((cluster, busy), results, strict=True):
        site.ended(result)
        assert site.api.send("GET", f"/v1/clusters/{name}").status == 404
    assert not ids & {made_for for _, made_for in site.containers().values()}


def test_every_way_to_resize(site: conftest.Site) -> None:
    cluster = site.cluster(2)

    def resize(*arguments: str) -> int:
        site.ended(site.cli.succeed("resize", *arguments, cluster))
        return int(site.api.get(f"/v1/clusters/{cluster}")["desired_capacity"])

    assert resize("--capacity", "4") == 4
    assert site.size(cluster) == 4
    assert resize("--adjustment", "-2") == 2
    assert resize("--percentage", "50") == 3
    assert resize("--percentage", "10", "--min-step", "2") == 5
    assert resize("--max-size", "3") == 3
    assert resize("--adjustment", "5") == 3  # as far as the bound lets it
    assert resize("--min-size", "1", "--capacity", "1") == 1
    assert site.size(cluster) == 1
    for arguments, told in (
        (("--adjustment", "5", "--strict"), "greater than the cluster's max_size (3)"),
        (("--capacity", "5000"), "max_size"),
    ):
        refused = site.cli.run("resize", *arguments, "--strict", cluster)
        assert "Request error" in refused.out
        assert told in refused.out
    assert site.size(cluster) == 1


def test_expand_and_shrink(site: conftest.Site) -> None:
    cluster = site.cluster(1, max_size=4)
    site.ended(site.cli.succeed("expand", "--count", "2", cluster))
    assert site.size(cluster) == 3
    site.ended(site.cli.succeed("shrink", cluster))
    assert site.size(cluster) == 2


def test_check_recover_and_operations_of_a_cluster(site: conftest.Site) -> None:
    cluster = site.cluster(2)
    site.ended(site.cli.succeed("op", "--operation", "pause", cluster))
    assert {row["attr_value"] for row in site.cli.ask("collect", "--path", "details.status", cluster)} == {"paused"}
    site.ended(site.cli.succeed("op", "--operation", "restart", "--params", "wait_time=1", cluster))
    victim = site.api.nodes(cluster)[0]
    for number in (1, 2):
        if victim["physical_id"] in site.lab.docker(number, "ps", "-q", "--no-trunc"):
            site.lab.docker(number, "rm", "-f", victim["physical_id"])
    site.ended(site.cli.succeed("check", cluster))
    shown = site.cli.ask("show", cluster)
    assert shown["status"] in ("WARNING", "ERROR")
    site.ended(site.cli.succeed("recover", cluster))
    (again,) = [node for node in site.api.nodes(cluster) if node["id"] == victim["id"]]
    assert again["status"] == "ACTIVE"
    assert again["physical_id"] != victim["physical_id"]
    assert site.cli.ask("show", cluster)["status"] == "ACTIVE"
    assert site.size(cluster) == 2


def test_the_life_of_a_node(site: conftest.Site) -> None:
    cli, cluster, name, renamed = site.cli, site.cluster(1), site.name("node"), site.name("node")
    created = cli.ask("node", "create", "--profile", "web", "--role", "master", "--metadata", "a=b", name)
    assert created["name"] == name
    standalone.wait_until("it is active", lambda: site.api.get(f"/v1/nodes/{name}")["status"] == "ACTIVE")
    member = cli.ask("node", "create", "--profile", "web", "--cluster", cluster, site.name("node"))
    assert member["cluster_id"] == site.api.get(f"/v1/clusters/{cluster}")["id"]
    (listed,) = cli.ask("node", "list", "--filters", f"name={name}", "--full-id")
    assert (listed["id"], listed["status"]) == (created["id"], "ACTIVE")
    details = cli.ask("node", "show", "--details", name)["details"]
    assert "running" in details
    assert listed["physical_id"] in details
    cli.succeed("node", "update", "--name", renamed, "--role", "slave", "--tainted", "true", name)
    standalone.wait_until("it has its new name", lambda: site.api.send("GET", f"/v1/nodes/{renamed}").status == 200)
    shown = cli.ask("node", "show", renamed)
    assert (shown["role"], shown["tainted"]) == ("slave", True)
    site.ended(cli.succeed("node", "check", renamed))
    # the client prints what it was told and then breaks, whatever the service says
    operated = cli.run("node", "op", "--operation", "pause", renamed)
    assert operated.status == 1
    action = standalone.Answer(202, None, f"/v1/actions/{operated.action}")
    assert site.api.succeed(action)["action"] == "NODE_OPERATION"
    site.ended(cli.succeed("node", "recover", renamed))
    again = site.api.get(f"/v1/nodes/{renamed}")
    assert again["status"] == "ACTIVE"
    assert again["physical_id"] != listed["physical_id"]
    site.ended(cli.succeed("node", "delete", "--force", renamed))
    missing = cli.run("node", "show", renamed)
    assert missing.status == 1
    assert f"Node not found: {renamed}" in missing.err
    site.ended(cli.succeed("node", "delete", "--force-delete", member["id"]))


def test_actions_and_events(site: conftest.Site) -> None:
    cluster = site.api.get(f"/v1/clusters/{site.cluster(2)}")
    listed = site.cli.ask(
        "action", "list", "--filters", f"target={cluster['id']};action=CLUSTER_CREATE", "--full-id", "--sort", "name"
    )
    assert [(row["action"], row["status"]) for row in listed] == [("CLUSTER_CREATE", "SUCCEEDED")]
    shown = site.cli.ask("action", "show", listed[0]["id"])
    assert (shown["action"], shown["target_id"], shown["status"]) == ("CLUSTER_CREATE", cluster["id"], "SUCCEEDED")
    events = site.cli.ask("event", "list", "--filters", f"oid={cluster['id']}", "--full-id")
    assert [(row["action"], row["status"]) for row in events] == [
        ("CLUSTER_CREATE", "start"),
        ("CLUSTER_CREATE", "end"),
    ]
    event = site.cli.ask("event", "show", events[-1]["id"])
    assert event["obj_name"] == cluster["name"]
    children = site.cli.ask("event", "list", "--filters", f"cluster_id={cluster['id']};action=NODE_CREATE")
    assert {row["obj_type"] for row in children} == {"NODE"}


@pytest.mark.slow
def test_commands_wait_where_they_can(site: conftest.Site) -> None:
    """The client looks every five seconds, so all of them wait together."""
    one, two, *named = [site.cluster(2) for _ in range(8)]
    member, other = site.node(), site.node()
    commands = {
        "update": ("--metadata", "x=y"),
        "resize": ("--capacity", "3"),
        "expand": (),
        "shrink": (),
        "check": (),
        "op": ("--operation", "restart"),
    }
    lines = [
        (verb, *more, "--wait", cluster, "-f", "json")
        for (verb, more), cluster in zip(commands.items(), named, strict=True)
    ]
    first = site.api.nodes(one)[0]["id"]
    lines += [
        ("members", "replace", "--nodes", f"{first}={member}", "--wait", one, "-f", "json"),
        ("members", "add", "--nodes", other, "--wait", two, "-f", "json"),
    ]
    results = site.cli.run_all(lines)
    for line, result in zip(lines, results, strict=True):
        assert result.status == 0, f"{line}: {result.out} {result.err}"
        shown = result.document[0] if isinstance(result.document, list) else result.document
        assert shown.get("status", shown.get("Status")) == "ACTIVE", line
    sizes = [site.size(cluster) for cluster in (*named, one, two)]
    assert sizes == [2, 3, 3, 1, 2, 2, 2, 3]
    lines = [
        ("members", "del", "--nodes", other, "--wait", two, "-f", "json"),
        ("recover", "--check", "true", "--wait", one, "-f", "json"),
        ("delete", "--force", "--wait", *named),
    ]
    for line, result in zip(lines, site.cli.run_all(lines), strict=True):
        assert result.status == 0, f"{line}: {result.out} {result.err}"
    assert site.size(two) == 2
    for cluster in named:
        assert site.api.send("GET", f"/v1/clusters/{cluster}").status == 404


def test_what_is_wrong_is_told(site: conftest.Site, tmp_path: pathlib.Path) -> None:
    typo = conftest.write_spec(tmp_path, CONTAINER_SPEC.replace("memory:", "memroy:"))
    cluster = site.cluster(1)
    wrong = [
        (("create", "--profile", "nothing", "x"), 1, "The specified profile 'nothing' could not be found."),
        (("profile", "create", "--spec-file", typo, "x"), 1, "Unrecognizable spec item 'memroy'"),
        (("profile", "validate", "--spec-file", typo), 1, "Unrecognizable spec item 'memroy'"),
        (("node", "create", "--profile", "nothing", "x"), 1, "The specified profile 'nothing' could not be found."),
        (("create", "--profile", "web", "--min-size", "3", "--desired-capacity", "1", "x"), 1, "min_size (3)"),
        (("profile", "type", "show", "os.none-1.0"), 1, "os.none-1.0"),
        (("update", "--name", "y", "nothing"), 1, "Cluster not found: nothing"),
        (("node", "update", "--name", "y", "nothing"), 1, "Node not found: nothing"),
        (("action", "show", "nothing"), 1, "Action not found: nothing"),
        (("event", "show", "nothing"), 1, "Event not found: nothing"),
        (("profile", "delete", "--force", "web"), 1, "still referenced by some clusters and/or nodes"),
        # these say what is wrong and end with 0, whatever the service says
        (("delete", "--force", "nothing"), 0, "The cluster 'nothing' could not be found."),
        (("delete", "--force", "hosts"), 0, "of its hosts still run"),
        (("node", "delete", "--force", "host1", "host2"), 0, "it is the host of"),
        (("check", "nothing"), 0, "The cluster 'nothing' could not be found."),
        (("op", "--operation", "dance", cluster), 0, "'dance' is not supported"),
    ]
    results = site.cli.run_all([command for command, _, _ in wrong])
    for (command, status, words), result in zip(wrong, results, strict=True):
        assert result.status == status, f"{command}: {result.out} {result.err}"
        assert words in result.out + result.err, command
        assert "Traceback" not in result.out + result.err
    assert site.api.get("/v1/clusters/hosts")["status"] == "ACTIVE"


@pytest.fixture
def guarded(tmp_path: pathlib.Path) -> Iterator[standalone.Standalone]:
    """A service that asks for passwords: ann's is secret."""
    users = tmp_path / "users"
    users.write_text(f"ann:{bcrypt.hashpw(b'secret', bcrypt.gensalt(4)).decode()}\n")
    options = {"api": {"auth_strategy": "http_basic", "http_basic_auth_user_file": users}}
    service = standalone.Standalone(tmp_path / "service", options)
    service.start()
    yield service
    service.close()


@pytest.mark.slow
def test_a_session_with_a_password(
    guarded: standalone.Standalone, site: conftest.Site, tmp_path: pathlib.Path
) -> None:
    def client(password: str, endpoint: str) -> clients.Cli:
        who = ("--os-auth-type", "http_basic", "--os-username", "ann", "--os-password", password)
        return site.cli.like(*who, "--os-endpoint", endpoint)

    cli = client("secret", f"{guarded.url}/v1")
    spec = conftest.write_spec(tmp_path, host_spec(site, 1))
    assert cli.ask("profile", "create", "--spec-file", spec, "engine")["user_id"] == "ann"
    cli.succeed("node", "create", "--profile", "engine", "engine")
    spec = conftest.write_spec(tmp_path, CONTAINER_SPEC.replace("host_cluster: hosts", "host_node: engine"))
    cli.succeed("profile", "create", "--spec-file", spec, "web")
    assert cli.ask("create", "--profile", "web", "--desired-capacity", "1", "--wait", "web")["status"] == "ACTIVE"
    refused = client("wrong", f"{guarded.url}/v1").run("list")
    assert refused.status == 1
    assert "401" in refused.err
    # with this kind of authentication the client looks for no version: it takes the endpoint as it is
    assert names(client("secret", guarded.url).ask("list")) == ["web"]
    assert "accepted by action" in cli.succeed("delete", "--force", "--wait", "web").out
