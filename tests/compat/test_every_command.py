"""Every subcommand of ``openstack cluster``, under a real Keystone and with a simulated cloud."""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests import keystone_service, standalone
from tests.compat import clients, scene

Words = tuple[str, ...]


@dataclasses.dataclass(slots=True, kw_only=True)
class Noting:
    """A client that notes which subcommands it has run."""

    cli: clients.Cli
    known: frozenset[str]
    used: set[str] = dataclasses.field(default_factory=set)

    def run(self, *command: str) -> clients.Result:
        """Run a command, whatever comes of it."""
        self.used.add(max((name for name in self.known if _begins(command, name)), key=len))
        return self.cli.run(*command)

    def tell(self, *command: str) -> clients.Result:
        """Run a command that must succeed."""
        result = self.run(*command)
        assert result.status == 0, f"{' '.join(command)}: {result.out} {result.err}"
        assert "Request error" not in result.out, f"{' '.join(command)}: {result.out}"
        return result

    def ask(self, *command: str) -> Any:
        """Run a command that must succeed; returns what it shows."""
        return self.tell(*command, "-f", "json").document


def _begins(command: Words, name: str) -> bool:
    words = tuple(name.split())
    return command[: len(words)] == words


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A member of a project at work; ``api`` waits for what they asked for."""

    cli: Noting
    api: standalone.Api
    server: str
    scaling: str
    script: str

    def done(self, *command: str) -> None:
        """Run a command that starts an action, and wait for its good end."""
        self.ended(self.cli.tell(*command))

    def ended(self, result: clients.Result) -> None:
        """Wait for the good end of the action that a command names."""
        self.api.succeed(standalone.Answer(202, None, f"/v1/actions/{result.action}"))

    def find(self, kind: str, name: str) -> Any:
        """Return a thing as the API tells of it, with nothing at work."""
        scene.idle(self.api)
        return self.api.get(f"/v1/{kind}s/{name}")


@pytest.fixture(scope="module")
def shell() -> Iterator[clients.Cli]:
    """A client that nobody has logged in with."""
    with contextlib.closing(clients.Cli()) as made:
        yield made


@pytest.fixture
def session(cloud: keystone_service.KeystoneService, shell: clients.Cli, tmp_path: pathlib.Path) -> Session:
    script = tmp_path / "script.sh"
    script.write_text("uname\n")
    return Session(
        cli=Noting(cli=shell.like(*scene.login(cloud, "alpha-member")), known=clients.subcommands()),
        api=cloud.api("alpha-member"),
        server=scene.write(tmp_path, "server.yaml", scene.SERVER),
        scaling=scene.write(tmp_path, "scaling.yaml", scene.SCALING),
        script=str(script),
    )


def names(rows: list[dict[str, object]]) -> set[object]:
    """Return the names in a listing."""
    return {row["name"] for row in rows}


def about_the_service(session: Session, admin: clients.Cli) -> None:
    cli = session.cli
    assert "revision" in cli.ask("build", "info")["api"]
    refused = cli.run("service", "list")
    assert refused.status == 1
    assert scene.REFUSED in refused.err
    assert [row["state"] for row in admin.ask("service", "list")] == ["up"]
    assert {"os.nova.server", "os.heat.stack", "container.dockerinc.docker"} <= names(
        cli.ask("profile", "type", "list")
    )
    assert "flavor" in cli.ask("profile", "type", "show", "os.nova.server-1.0")["schema"]
    assert "reboot" in cli.ask("profile", "type", "ops", "os.nova.server-1.0")["operations"]
    assert "senlin.policy.scaling" in names(cli.ask("policy", "type", "list"))
    assert "adjustment" in cli.ask("policy", "type", "show", "senlin.policy.scaling-1.0")["schema"]


def profiles(session: Session) -> None:
    cli = session.cli
    assert cli.ask("profile", "validate", "--spec-file", session.server)["type"] == "os.nova.server-1.0"
    created = cli.ask("profile", "create", "--spec-file", session.server, "--metadata", "k=v", "p-first")
    assert cli.ask("profile", "update", "--name", "p", "--metadata", "k=w", "p-first")["name"] == "p"
    cli.tell("profile", "create", "--spec-file", session.server, "p-second")
    assert {"p", "p-second"} <= names(cli.ask("profile", "list"))
    assert cli.ask("profile", "show", created["id"][:8])["name"] == "p"
    assert "Profile deleted" in cli.tell("profile", "delete", "--force", "p-second").out
    gone = cli.run("profile", "show", "p-second")
    assert (gone.status, "Profile not found: p-second" in gone.err) == (1, True)


def policies(session: Session) -> None:
    cli = session.cli
    assert cli.ask("policy", "validate", "--spec-file", session.scaling)["type"] == "senlin.policy.scaling-1.0"
    created = cli.ask("policy", "create", "--spec-file", session.scaling, "out-first")
    assert cli.ask("policy", "update", "--name", "out", "out-first")["name"] == "out"
    cli.tell("policy", "create", "--spec-file", session.scaling, "out-second")
    assert {"out", "out-second"} <= names(cli.ask("policy", "list"))
    assert cli.ask("policy", "show", "out")["id"] == created["id"]
    assert "Policy deleted" in cli.tell("policy", "delete", "--force", "out-second").out
    gone = cli.run("policy", "show", "out-second")
    assert (gone.status, "Policy not found: out-second" in gone.err) == (1, True)


def clusters(session: Session) -> None:
    cli = session.cli
    sizes = ("--min-size", "1", "--max-size", "9", "--desired-capacity", "2")
    created = cli.ask("create", "--profile", "p", *sizes, "--metadata", "a=b", "c-first")
    assert session.find("cluster", "c-first")["status"] == "ACTIVE"
    cli.tell("update", "--name", "c", "--timeout", "600", "c-first")
    assert session.find("cluster", "c")["timeout"] == 600
    assert cli.ask("show", "c")["id"] == created["id"]
    assert "c" in names(cli.ask("list"))
    cli.tell("expand", "--count", "2", "c")
    assert session.find("cluster", "c")["desired_capacity"] == 4
    cli.tell("shrink", "c")
    assert session.find("cluster", "c")["desired_capacity"] == 3
    cli.tell("resize", "--capacity", "2", "--max-size", "8", "c")
    assert len(session.find("cluster", "c")["nodes"]) == 2
    session.done("check", "c")
    session.done("recover", "--check", "true", "c")
    session.done("op", "--operation", "reboot", "--params", "type=SOFT", "c")
    assert [row["attr_value"] for row in cli.ask("collect", "--path", "details.status", "c")] == ["ACTIVE"] * 2
    said = cli.tell("run", "--network", "elsewhere", "--script", session.script, "c").out
    assert said.count("is not attached to network 'elsewhere'") == 2  # found before it tries SSH


def bindings(session: Session) -> None:
    cli = session.cli
    session.done("policy", "attach", "--policy", "out", "c")
    (bound,) = cli.ask("policy", "binding", "list", "c")
    assert (bound["policy_name"], bound["is_enabled"]) == ("out", True)
    shown = cli.ask("policy", "binding", "show", "--policy", "out", "c")
    assert shown["policy_type"] == "senlin.policy.scaling-1.0"
    session.done("policy", "binding", "update", "--policy", "out", "--enabled", "false", "c")
    assert cli.ask("policy", "binding", "show", "--policy", "out", "c")["is_enabled"] is False
    refused = cli.run("policy", "delete", "--force", "out")
    assert refused.status == 1
    assert "still attached to some clusters" in refused.out
    session.done("policy", "detach", "--policy", "out", "c")
    assert cli.ask("policy", "binding", "list", "c") == []


def nodes(session: Session, stray: str) -> None:
    cli = session.cli
    created = cli.ask("node", "create", "--profile", "p", "--role", "spare", "--metadata", "a=b", "n-first")
    assert session.find("node", "n-first")["status"] == "ACTIVE"
    cli.tell("node", "update", "--name", "n", "--role", "master", "n-first")
    assert session.find("node", "n")["role"] == "master"
    shown = cli.ask("node", "show", "--details", "n")
    assert shown["id"] == created["id"]
    assert "private" in shown["details"]
    assert "n" in names(cli.ask("node", "list"))
    session.done("node", "check", "n")
    session.done("node", "recover", "--check", "false", "n")
    operated = cli.run("node", "op", "--operation", "reboot", "n")
    assert operated.status == 1  # it prints what it was told and then breaks, whatever the service says
    session.ended(operated)
    previewed = cli.ask("node", "adopt", "--preview", "--identity", stray, "--type", "os.nova.server-1.0")
    assert "cirros" in str(previewed)
    adopted = cli.ask("node", "adopt", "--identity", stray, "--type", "os.nova.server-1.0", "--name", "found")
    assert (adopted["name"], adopted["physical_id"], adopted["status"]) == ("found", stray, "ACTIVE")


def members(session: Session) -> None:
    cli = session.cli
    session.ended(cli.tell("members", "add", "--nodes", "n", "c"))
    session.ended(cli.tell("members", "replace", "--nodes", "n=found", "c"))
    listed = names(cli.ask("members", "list", "c"))
    assert "found" in listed
    assert "n" not in listed
    session.ended(cli.tell("members", "del", "--nodes", "found", "--destroy-after-deletion", "true", "c"))
    assert session.api.send("GET", "/v1/nodes/found").status == 404
    session.ended(cli.tell("node", "delete", "--force", "n"))
    assert session.api.send("GET", "/v1/nodes/n").status == 404


def receivers(session: Session) -> None:
    cli = session.cli
    wanted = ("--cluster", "c", "--action", "CLUSTER_SCALE_OUT", "--params", "count=1")
    created = cli.ask("receiver", "create", *wanted, "r-first")
    assert cli.ask("receiver", "update", "--name", "r", "--action", "CLUSTER_SCALE_IN", "r-first")["name"] == "r"
    assert "r" in names(cli.ask("receiver", "list"))
    assert cli.ask("receiver", "show", "r")["id"] == created["id"]
    url = session.api.get("/v1/receivers/r")["channel"]["alarm_url"]
    before = session.find("cluster", "c")["desired_capacity"]
    called = requests.post(url, timeout=30)  # by nobody in particular
    assert called.status_code == 202, called.text
    assert session.find("cluster", "c")["desired_capacity"] == before - 1
    assert "Receiver deleted" in cli.tell("receiver", "delete", "--force", "r").out
    assert requests.post(url, timeout=30).status_code == 404


def records(session: Session) -> None:
    cli = session.cli
    cluster = session.api.get("/v1/clusters/c")["id"]
    listed = cli.ask("action", "list", "--filters", f"target={cluster};action=CLUSTER_CREATE", "--full-id")
    (action,) = [row["id"] for row in listed]
    assert cli.ask("action", "show", action)["status"] == "SUCCEEDED"
    late = cli.run("action", "update", "--status", "CANCELLED", action)
    assert late.status == 1
    assert "is in status (SUCCEEDED)" in late.err
    events = cli.ask("event", "list", "--filters", f"oid={cluster}", "--full-id")
    assert cli.ask("event", "show", events[0]["id"])["obj_name"] in ("c-first", "c")


@pytest.mark.slow
def test_every_command_of_a_member(
    cloud: keystone_service.KeystoneService, shell: clients.Cli, session: Session
) -> None:
    about_the_service(session, shell.like(*scene.login(cloud, "alpha-admin")))
    profiles(session)
    policies(session)
    clusters(session)
    bindings(session)
    nodes(session, cloud.server("stray", "alpha"))
    members(session)
    receivers(session)
    records(session)
    session.ended(session.cli.tell("delete", "--force", "c"))
    assert session.api.send("GET", "/v1/clusters/c").status == 404
    assert session.cli.used == session.cli.known


ALLOWED = {
    "action list": (),
    "action show": ("{action}",),
    "build info": (),
    "collect": ("--path", "name", "c"),
    "event list": (),
    "event show": ("{event}",),
    "list": (),
    "members list": ("c",),
    "node list": (),
    "node show": ("n",),
    "policy binding list": ("c",),
    "policy binding show": ("--policy", "out", "c"),
    "policy list": (),
    "policy show": ("out",),
    "policy validate": ("--spec-file", "{scaling}"),
    "policy type list": (),
    "policy type show": ("senlin.policy.scaling-1.0",),
    "profile list": (),
    "profile show": ("p",),
    "profile validate": ("--spec-file", "{server}"),
    "profile type list": (),
    "profile type ops": ("os.nova.server-1.0",),
    "profile type show": ("os.nova.server-1.0",),
    "run": ("--network", "elsewhere", "--script", "{server}", "c"),
    "show": ("c",),
}
"""What a reader may do; ``run`` speaks to the servers itself."""

REFUSED = {
    "action update": ("--status", "CANCELLED", "{action}"),
    "check": ("c",),
    "create": ("--profile", "p", "x"),
    "delete": ("--force", "c"),
    "expand": ("c",),
    "members add": ("--nodes", "n", "c"),
    "members del": ("--nodes", "m", "c"),
    "members replace": ("--nodes", "m=n", "c"),
    "node adopt": ("--identity", "x", "--type", "os.nova.server-1.0"),
    "node check": ("n",),
    "node create": ("--profile", "p", "x"),
    "node delete": ("--force", "n"),
    "node op": ("--operation", "reboot", "n"),
    "node recover": ("n",),
    "node update": ("--name", "x", "n"),
    "op": ("--operation", "reboot", "c"),
    "policy attach": ("--policy", "out", "c"),
    "policy binding update": ("--policy", "out", "--enabled", "false", "c"),
    "policy create": ("--spec-file", "{scaling}", "x"),
    "policy delete": ("--force", "out"),
    "policy detach": ("--policy", "out", "c"),
    "policy update": ("--name", "x", "out"),
    "profile create": ("--spec-file", "{server}", "x"),
    "profile delete": ("--force", "p"),
    "profile update": ("--name", "x", "p"),
    "receiver create": ("--cluster", "c", "--action", "CLUSTER_CHECK", "x"),
    "receiver delete": ("--force", "r"),
    "receiver list": (),
    "receiver show": ("r",),
    "receiver update": ("--name", "x", "r"),
    "recover": ("c",),
    "resize": ("--capacity", "5", "c"),
    "service list": (),
    "shrink": ("c",),
    "update": ("--name", "x", "c"),
}
"""What takes more than a reader: who knows a receiver can trigger it, and ``service list`` is for administrators."""


@pytest.mark.slow
def test_a_reader_reads_and_changes_nothing(
    cloud: keystone_service.KeystoneService, shell: clients.Cli, session: Session, stocked: standalone.Api
) -> None:
    assert set(ALLOWED) | set(REFUSED) == clients.subcommands()
    known = {
        "action": stocked.get("/v1/actions?limit=1")[0]["id"],
        "event": stocked.get("/v1/events?limit=1")[0]["id"],
        "server": session.server,
        "scaling": session.scaling,
    }

    def lines(commands: dict[str, Words]) -> list[list[str]]:
        return [[*name.split(), *(text.format(**known) for text in more)] for name, more in commands.items()]

    reader = shell.like(*scene.login(cloud, "beta-reader"))
    for name, result in zip(ALLOWED, reader.run_all(lines(ALLOWED)), strict=True):
        assert result.status == 0, f"{name}: {result.out} {result.err}"
    before = scene.everything(stocked)
    for name, result in zip(REFUSED, reader.run_all(lines(REFUSED)), strict=True):
        assert scene.REFUSED in result.out + result.err, f"{name}: {result.out} {result.err}"
    assert scene.everything(stocked) == before
    assert scene.REFUSED in reader.run("list", "--global-project").err


def test_administrators_and_the_system_see_all_projects(
    cloud: keystone_service.KeystoneService, shell: clients.Cli, stocked: standalone.Api
) -> None:
    admin = shell.like(*scene.login(cloud, "alpha-admin"))
    assert "c" in names(admin.ask("list", "--global-project"))
    assert "c" not in names(admin.ask("list"))
    system = shell.like(*scene.login(cloud, "system-reader"))
    assert [row["state"] for row in system.ask("service", "list")] == ["up"]
    assert "c" in names(system.ask("list", "--global-project"))
    assert scene.REFUSED in system.run("delete", "--force", "c").out
    assert stocked.get("/v1/clusters/c")["status"] == "ACTIVE"
