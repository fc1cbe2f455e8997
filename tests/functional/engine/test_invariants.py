"""Whatever is asked for, and whatever fails meanwhile: when all is over, the books agree with the engines."""

from __future__ import annotations

import pathlib
import random
import time
from collections.abc import Callable, Iterator

import pytest

from senlin_container.domain import errors, lifecycle, model
from senlin_container.domain.model import ActionStatus, ClusterStatus, NodeStatus
from senlin_container.drivers import ports
from senlin_container.store import hosts
from senlin_container.usecases import queries, reading
from tests.installation import CONTEXT, Installation

Install = Callable[..., Installation]

HOSTS = ("h1", "h2")
ROOM = "cpus=16&memory=2000"
CLUSTERS = ("a", "b")
PROFILES = ("small", "big", "other", "broken")
STEPS = 100
SETTLED = 30.0


class Owner:
    """Asks for things by chance, and breaks things; every seed gives the same requests."""

    def __init__(self, one: Installation, seed: int) -> None:
        self._one = one
        self._chance = random.Random(seed)
        self._faults = pathlib.Path(one.simulated.directory)
        self._steps: tuple[tuple[int, Callable[[], object]], ...] = (
            (8, self._resize),
            (3, self._scale),
            (2, self._check),
            (3, self._recover),
            (3, self._update_cluster),
            (2, self._operate_cluster),
            (4, self._members),
            (3, self._create_node),
            (4, self._node),
            (5, self._cancel),
            (2, self._delete_node),
            (1, self._delete_cluster),
            (5, self._kill),
            (4, self._break),
            (3, self._mend),
        )
        self.accepted = 0

    def prepare(self) -> None:
        """Make hosts, profiles and clusters."""
        self._one.hosts(*HOSTS, room=ROOM)
        self._one.containers("small", host_cluster="hosts", memory=50)
        self._one.containers("big", host_cluster="hosts", memory=120, cpu=0.5)
        self._one.containers("other", host_cluster="hosts", memory=50, image="other")
        self._one.containers("broken", host_cluster="hosts", memory=80, image="missing/x")

    def act(self) -> None:
        """Do a random step; what is refused is refused."""
        self._there()
        weights = [weight for weight, _ in self._steps]
        (_, step) = self._chance.choices(self._steps, weights)[0]
        try:
            step()
            self.accepted += 1
        except (errors.Error, ports.Failure):
            pass
        time.sleep(self._chance.choice((0.0, 0.005, 0.02, 0.06)))

    def _there(self) -> None:
        there = {view.cluster.name for view in self._one.queries.clusters(CONTEXT, reading.Page(), filters={})}
        for name in CLUSTERS:
            if name not in there:
                config = {"health.recovery": "RECREATE"} if name == "a" else {}
                size = self._chance.randint(0, 5)
                self._one.begin(self._chance.choice(PROFILES[:3]), size, name=name, config=config, max_size=12)

    def _cluster(self) -> str:
        return self._chance.choice(CLUSTERS)

    def _nodes(self, cluster: str | None = None) -> list[model.Node]:
        found = sorted(self._one.all_nodes(), key=lambda node: (node.name, node.id))
        if cluster is not None:
            of = self._one.queries.cluster(CONTEXT, cluster).cluster.id
            found = [node for node in found if node.cluster_id == of]
        return [node for node in found if node.name not in HOSTS]

    def _some_node(self, cluster: str | None = None) -> str:
        found = self._nodes(cluster)
        if not found:
            raise errors.NotFound("node", "any")
        return self._chance.choice(found).id

    def _resize(self) -> None:
        self._one.resize(self._cluster(), self._chance.randint(0, 10))

    def _scale(self) -> None:
        out, count = self._chance.random() < 0.5, self._chance.randint(1, 3)
        self._one.commands.scale_cluster(CONTEXT, self._cluster(), out=out, count=count)

    def _check(self) -> None:
        self._one.commands.check_cluster(CONTEXT, self._cluster())

    def _recover(self) -> None:
        operation = self._chance.choice(("RECREATE", "REBOOT"))
        params = {"operation": operation, "check_capacity": self._chance.random() < 0.5}
        self._one.commands.recover_cluster(CONTEXT, self._cluster(), params=params)

    def _update_cluster(self) -> None:
        self._one.commands.update_cluster(CONTEXT, self._cluster(), profile=self._chance.choice(PROFILES))

    def _operate_cluster(self) -> None:
        operation = self._chance.choice(("pause", "unpause", "restart", "stop", "start"))
        self._one.commands.operate_cluster(CONTEXT, self._cluster(), operation=operation, params={}, filters={})

    def _members(self) -> None:
        cluster, commands = self._cluster(), self._one.commands
        match self._chance.randrange(3):
            case 0:
                commands.add_nodes(CONTEXT, cluster, nodes=[self._some_node()])
            case 1:
                destroy = self._chance.random() < 0.5
                commands.del_nodes(CONTEXT, cluster, nodes=[self._some_node(cluster)], destroy=destroy)
            case _:
                commands.replace_nodes(CONTEXT, cluster, nodes={self._some_node(cluster): self._some_node()})

    def _create_node(self) -> None:
        cluster = self._chance.choice((None, None, *CLUSTERS))
        self._one.commands.create_node(
            CONTEXT,
            name=f"lone-{self._chance.randrange(10**6)}",
            profile=self._chance.choice(PROFILES),
            cluster=cluster,
            role="",
            metadata={},
        )

    def _node(self) -> None:
        node, commands = self._some_node(), self._one.commands
        match self._chance.randrange(4):
            case 0:
                commands.check_node(CONTEXT, node)
            case 1:
                commands.recover_node(CONTEXT, node, params={"operation": "RECREATE"})
            case 2:
                operation = self._chance.choice(("pause", "unpause", "restart", "stop", "start"))
                commands.operate_node(CONTEXT, node, operation=operation, params={})
            case _:
                commands.update_node(CONTEXT, node, profile=self._chance.choice(PROFILES))

    def _cancel(self) -> None:
        found = [view.action.id for view in unfinished(self._one)]
        if found:
            self._one.commands.cancel_action(CONTEXT, self._chance.choice(found), force=self._chance.random() < 0.4)

    def _delete_node(self) -> None:
        self._one.commands.delete_node(CONTEXT, self._some_node(), force=self._chance.random() < 0.4)

    def _delete_cluster(self) -> None:
        self._one.commands.delete_cluster(CONTEXT, self._cluster(), force=self._chance.random() < 0.5)

    def _kill(self) -> None:
        name = self._chance.choice(HOSTS)
        engine, silent = self._one.engine_of(name, ROOM), set(self._broken())
        victims = [node for node in self._nodes() if node.physical_id and node.details.get("host") == name]
        if victims:
            victim = self._chance.choice(victims).physical_id or ""
            engine.kill(victim, 137) if silent or self._chance.random() < 0.7 else engine.remove(victim)

    def _break(self) -> None:
        (self._faults / f"{self._chance.choice(HOSTS)}.{self._chance.choice(('down', 'hang'))}").touch()

    def _mend(self) -> None:
        for file in self._broken():
            if self._chance.random() < 0.7:
                file.unlink()

    def _broken(self) -> Iterator[pathlib.Path]:
        for name in HOSTS:
            yield from sorted(self._faults.glob(f"{name}.down"))
            yield from sorted(self._faults.glob(f"{name}.hang"))

    def mend(self) -> None:
        """Break nothing any more."""
        for file in self._broken():
            file.unlink()


def unfinished(one: Installation) -> list[queries.ActionView]:
    """Return the actions that are not over."""
    page = reading.Page(limit=1000, sort=(("created_at", False),))
    return [
        view
        for status in sorted(lifecycle.UNFINISHED)
        for view in one.queries.actions(CONTEXT, page, filters={"status": (status.value,)})
    ]


def wrong(one: Installation) -> list[str]:
    """Say what is not as it should be when nothing is at work."""
    open_ = unfinished(one)
    if open_:
        return [f"{view.action.kind} {view.action.id} is {view.action.status}" for view in open_]
    page = reading.Page(limit=1000)
    everything = one.all_nodes()
    members = [node for node in everything if node.name not in HOSTS]
    found = [
        f"node {node.name} is {node.status} and nothing is at work on it"
        for node in everything
        if node.status in lifecycle.BUSY_NODE or node.status == NodeStatus.INIT
    ]
    found += [
        f"cluster {view.cluster.name} is {view.cluster.status} and nothing is at work on it"
        for view in one.queries.clusters(CONTEXT, page, filters={})
        if view.cluster.status in lifecycle.BUSY_CLUSTER or view.cluster.status == ClusterStatus.INIT
    ]
    found += [f"host {node.name} is {node.status}" for node in everything if node.name in HOSTS and not _well(node)]
    for host in one.database.read(hosts.all_of):
        found += _promises(host, [node for node in members if node.host_id == host.id])
        found += _containers(one, host, members)
    return found


def _well(node: model.Node) -> bool:
    return node.status == NodeStatus.ACTIVE


def _promises(host: model.Host, there: list[model.Node]) -> list[str]:
    used = (round(host.used_cpus, 6), host.used_memory, host.used_containers)
    real = (round(sum(node.cpus for node in there), 6), sum(node.memory for node in there), len(there))
    told = [] if used == real else [f"host {host.name} has promised {used}, its nodes need {real}"]
    if host.used_cpus > host.cpus + 1e-6 or host.used_memory > host.memory:
        told.append(f"host {host.name} has promised {used}, more than it has")
    return told


def _containers(one: Installation, host: model.Host, members: list[model.Node]) -> list[str]:
    present = {state.id: state for state in one.engine_of(host.name, ROOM).list()}
    owners = {node.physical_id: node for node in members if node.host_id == host.id and node.physical_id}
    told = [f"container {id_[:8]} on {host.name} is nobody's" for id_ in present if id_ not in owners]
    for id_, node in owners.items():
        alive = id_ in present and present[id_].condition.alive
        if alive != (node.status == NodeStatus.ACTIVE):
            told.append(f"node {node.name} is {node.status}, its container {'lives' if alive else 'does not live'}")
    return told


@pytest.mark.parametrize("seed", [5, 33, 105, 137, 323])
def test_when_all_is_over_the_books_agree_with_the_engines(install: Install, seed: int) -> None:
    one = install(
        settings={
            "health_interval": 0.3,
            "host_grace": 0.8,
            "lease": 3.0,
            "retries": 3,
            "retry_delay": 0.02,
            "settle_delay": 0.05,
            "stop_timeout": 0.5,
        },
        simulated={"latency": 0.002, "call_timeout": 0.3, "failure_rate": 0.01, "seed": seed},
    )
    one.engine()
    owner = Owner(one, seed)
    owner.prepare()
    for _ in range(STEPS):
        owner.act()
    owner.mend()
    assert owner.accepted > STEPS // 3
    last: list[str] = ["nothing was looked at"]

    def agrees() -> bool:
        last[:] = wrong(one)
        return not last

    end = time.monotonic() + SETTLED
    while not agrees():
        assert time.monotonic() < end, last
        time.sleep(0.2)
    page = reading.Page(limit=1000)
    ended = {view.action.status for view in one.queries.actions(CONTEXT, page, filters={})}
    assert ended >= {ActionStatus.SUCCEEDED, ActionStatus.FAILED}, "not much was tried"
