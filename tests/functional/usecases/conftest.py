"""The commands and queries over a real database, with a clock that stands still and ids that count up."""

from __future__ import annotations

import itertools
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography import fernet

from senlin_container.domain import model
from senlin_container.rbac import rules
from senlin_container.store import secrets, session
from senlin_container.usecases import commands, context, queries
from tests import databases, values


class Service:
    """The use cases and what they share."""

    def __init__(self, database: session.Database) -> None:
        self.database = database
        self.now = 1000.0
        self.nudges = 0
        # no admin, but one who may name hosts, as the administrators of a project may
        hosts = frozenset({rules.HOST_ENDPOINT}).__contains__
        self.context = context.Context(owner=values.OWNER, request_id="r", admin=False, permits=hosts)
        self.stranger = context.Context(owner=values.OTHER, request_id="r", admin=False)
        self.admin = context.Context(owner=values.OTHER, request_id="r", admin=True)
        numbers = itertools.count(1)
        self.new_id = lambda: f"{next(numbers):08x}-1111-4000-8000-000000000000"
        self.parts = context.Parts(
            database=database,
            box=secrets.Box([fernet.Fernet.generate_key()]),
            clock=lambda: self.now,
            nudge=self._nudge,
            limits=context.Limits(max_clusters_per_project=3, max_nodes_per_cluster=20),
            new_id=self.new_id,
        )
        self.commands = commands.Commands(self.parts)
        self.queries = queries.Queries(self.parts)

    def _nudge(self) -> None:
        self.nudges += 1

    def action(self, id_: str) -> model.Action:
        """Read an action."""
        return databases.action(self.database, id_)

    def node(self, id_: str) -> model.Node:
        """Read a node."""
        return databases.node(self.database, id_)

    def cluster(self, id_: str = "c1") -> model.Cluster:
        """Read a cluster."""
        return self.queries.cluster(self.context, id_).cluster

    def create_cluster(self, **given: Any) -> tuple[queries.ClusterView, str]:
        """Ask for a cluster of two containers."""
        settings: dict[str, Any] = {
            "name": "new",
            "profile": "container",
            "min_size": 0,
            "max_size": -1,
            "desired_capacity": 2,
            "timeout": None,
            "metadata": {},
            "config": {},
        }
        return self.commands.create_cluster(self.context, **(settings | given))

    def resize(self, **given: Any) -> str:
        """Ask for another size of c1."""
        settings: dict[str, Any] = {
            "adjustment_type": None,
            "number": None,
            "min_size": None,
            "max_size": None,
            "min_step": None,
            "strict": True,
        }
        return self.commands.resize_cluster(self.context, "c1", **(settings | given))


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A database with two hosts in the cluster 'hosts', and c1 with two containers on the first."""
    directory = tmp_path_factory.mktemp("template")
    file = databases.template(directory)
    database = session.connect(f"sqlite:///{file}")
    host_spec = {"type": "container.host.endpoint", "version": "1.0", "properties": {"endpoint": "sim://h"}}
    container = values.profile("p-container", name="container")
    databases.fill(
        database,
        profiles=[
            container,
            values.profile("p-host", name="host", type="container.host.endpoint", version="1.0", spec=host_spec),
            values.profile(
                "p-bigger",
                name="bigger",
                spec={**container.spec, "properties": {"image": "busybox", "host_cluster": "hosts", "memory": 64}},
            ),
            values.profile(
                "p-elsewhere",
                name="elsewhere",
                spec={**container.spec, "properties": {"image": "busybox", "host_node": "h1"}},
            ),
        ],
        clusters_=[
            values.cluster(id="hosts", name="hosts", profile_id="p-host", desired_capacity=2),
            values.cluster(
                id="c1", profile_id="p-container", min_size=1, max_size=8, desired_capacity=2, next_index=3, timeout=77
            ),
        ],
        hosts_=[values.host("h1", used_containers=2), values.host("h2"), values.host("h3")],
        nodes_=[
            values.node("h1", profile_id="p-host", cluster_id="hosts", index=1),
            values.node("h2", profile_id="p-host", cluster_id="hosts", index=2),
            values.node("h3", profile_id="p-host"),
            values.node(
                "n1", profile_id="p-container", cluster_id="c1", index=1, host_id="h1", physical_id="x1", cpus=0.5
            ),
            values.node("n2", profile_id="p-container", cluster_id="c1", index=2, host_id="h1", physical_id="x2"),
            values.node("lone", profile_id="p-container"),
            values.node("sick", profile_id="p-container", status=model.NodeStatus.ERROR),
            values.node("theirs", profile_id="p-container", owner=values.OTHER),
        ],
    )
    database.close()
    return file


@pytest.fixture
def service(template: pathlib.Path, tmp_path: pathlib.Path) -> Iterator[Service]:
    """The use cases over a database of the test's own."""
    database = session.connect(databases.copy(template, tmp_path))
    yield Service(database)
    database.close()
