"""A whole service in this process, on SQLite and simulated hosts: what tests of the engine work with."""

from __future__ import annotations

import pathlib
import threading
import time
import uuid
from collections.abc import Mapping
from typing import Any

from cryptography import fernet

from senlin_container.domain import model
from senlin_container.drivers import docker, fake, hosts, ports
from senlin_container.engine import service, shared
from senlin_container.store import catalog, nodes, schema, secrets, session
from senlin_container.usecases import commands, context, queries, reading, settling
from tests import databases

CONTEXT = context.Context(owner=model.Owner(user="u", project="p"), request_id="req-1", admin=True)
PATIENCE = 60.0


class Installation:
    """A database, its use cases, and as many engines as a test starts."""

    def __init__(
        self,
        directory: pathlib.Path,
        *,
        url: str | None = None,
        settings: Mapping[str, Any] | None = None,
        simulated: Mapping[str, Any] | None = None,
    ) -> None:
        self.directory = directory
        self.database = session.connect(url or databases.empty(directory))
        schema.sync(self.database)
        self.wake = threading.Event()
        self.limits = context.Limits(max_nodes_per_cluster=100_000)
        self.identity = self.database.write(catalog.installation, str(uuid.uuid4()), time.time())
        self.simulated = fake.SimulatedOptions(
            **{"directory": str(directory / "simulated"), "poll_interval": 0.05, **(simulated or {})}
        )
        self.clouds = fake.SimulatedClouds(service=self.identity, options=self.simulated)
        self.parts = context.Parts(
            database=self.database,
            box=secrets.Box([fernet.Fernet.generate_key()]),
            clock=time.time,
            nudge=self.wake.set,
            limits=self.limits,
            clouds=self.clouds,
        )
        self.commands = commands.Commands(self.parts)
        self.queries = queries.Queries(self.parts)
        self.pool = hosts.HostPool(
            service=self.identity, docker_options=docker.DockerOptions(), simulated_options=self.simulated
        )
        self.settings = shared.Settings(
            **{"sweep_interval": 0.2, "retry_delay": 0.05, "health_interval": 30.0, **(settings or {})}
        )
        self.engines: list[service.Engine] = []

    def engine(self, *, alone: bool = True) -> service.Engine:
        """Start an engine."""
        catalogue = shared.Catalogue(self.parts, self.pool, self._no_directory)
        engine = service.Engine(self.parts, catalogue, self.settings, self.wake, alone=alone)
        engine.start()
        self.engines.append(engine)
        return engine

    def close(self) -> None:
        """Stop everything."""
        for engine in self.engines:
            engine.stop()
        self.pool.close()
        self.clouds.close()
        self.database.close()

    @staticmethod
    def _no_directory(name: str) -> ports.Tls:
        raise ports.Permanent(f"no directory {name}")

    def host(self, name: str, *, room: str = "cpus=64&memory=1048576", wait: bool = True) -> str:
        """Make a simulated host; returns the id of its node."""
        spec = {
            "type": "container.host.endpoint",
            "version": "1.0",
            "properties": {"endpoint": f"sim://{name}?{room}"},
        }
        profile = self.commands.create_profile(CONTEXT, name=f"host-{name}", spec=spec, metadata={})
        view, action_id = self.commands.create_node(
            CONTEXT, name=name, profile=profile.id, cluster=None, role="", metadata={}
        )
        if wait:
            self.done(action_id)
        return view.node.id

    def hosts(self, *names: str, cluster: str = "hosts", room: str = "cpus=64&memory=1048576") -> list[str]:
        """Make a cluster of simulated hosts."""
        ids = [self.host(name, room=room) for name in names]
        profile = self.queries.profile(CONTEXT, f"host-{names[0]}")
        self.cluster(profile.id, 0, name=cluster)
        self.done(self.commands.add_nodes(CONTEXT, cluster, nodes=ids))
        return ids

    def containers(self, name: str = "web", version: str = "1.1", **properties: Any) -> str:
        """Make a profile of containers; returns its id."""
        spec = {
            "type": "container.dockerinc.docker",
            "version": version,
            "properties": {"image": "busybox", **properties},
        }
        return self.commands.create_profile(CONTEXT, name=name, spec=spec, metadata={}).id

    def servers(self, called: str = "vm", **properties: Any) -> str:
        """Make a profile of servers; returns its id."""
        spec = {
            "type": "os.nova.server",
            "version": "1.0",
            "properties": {"flavor": "m1.small", "image": "cirros", **properties},
        }
        return self.commands.create_profile(CONTEXT, name=called, spec=spec, metadata={}).id

    def cloud(self, owner: model.Owner = CONTEXT.owner) -> fake.SimulatedCloud:
        """Return the simulated cloud without the faults that the engine meets."""
        options = fake.SimulatedOptions(directory=self.simulated.directory)
        return fake.SimulatedClouds(service=self.identity, options=options)(owner)

    def begin(self, profile: str, size: int, *, name: str = "c", **given: Any) -> str:
        """Ask for a cluster; returns the id of the action."""
        values = {"min_size": 0, "max_size": -1, "timeout": None, "metadata": {}, "config": {}, **given}
        _, action_id = self.commands.create_cluster(
            CONTEXT, name=name, profile=profile, desired_capacity=size, **values
        )
        return action_id

    def cluster(self, profile: str, size: int, *, name: str = "c", **given: Any) -> str:
        """Make a cluster; returns its id."""
        self.done(self.begin(profile, size, name=name, **given))
        return self.queries.cluster(CONTEXT, name).cluster.id

    def resize(self, cluster: str, size: int) -> str:
        """Ask for an exact size; returns the id of the action."""
        return self.commands.resize_cluster(
            CONTEXT,
            cluster,
            adjustment_type="EXACT_CAPACITY",
            number=size,
            min_size=None,
            max_size=None,
            min_step=None,
            strict=True,
        )

    def ended(self, action_id: str, *, within: float = PATIENCE) -> model.Action:
        """Wait until an action is over."""
        deadline = time.monotonic() + within
        while True:
            action = self.queries.action(CONTEXT, action_id).action
            if settling.is_over(action):
                return action
            assert time.monotonic() < deadline, f"{action.kind} is {action.status} after {within} s"
            time.sleep(0.01)

    def done(self, action_id: str, *, within: float = PATIENCE) -> model.Action:
        """Wait until an action has succeeded."""
        action = self.ended(action_id, within=within)
        assert action.status == model.ActionStatus.SUCCEEDED, action.status_reason
        return action

    def nodes(self, cluster: str) -> list[model.Node]:
        """Return the nodes of a cluster."""
        return list(self.database.read(nodes.of_cluster, self.queries.cluster(CONTEXT, cluster).cluster.id))

    def all_nodes(self) -> list[model.Node]:
        """Return all nodes that there are."""
        page = reading.Page(limit=1000)
        ids = [line.id for line in self.queries.nodes(CONTEXT, page, filters={})]
        return list(self.database.read(nodes.by_id, ids).values())

    def status(self, cluster: str) -> model.ClusterStatus:
        """Return the status of a cluster."""
        return self.queries.cluster(CONTEXT, cluster).cluster.status

    def engine_of(self, name: str, room: str = "cpus=64&memory=1048576") -> fake.SimulatedHost:
        """Return a driver of a simulated host that shows none of the faults that the engine meets."""
        options = fake.SimulatedOptions(directory=self.simulated.directory)
        return fake.SimulatedHost(self.pool_endpoint(name, room), service=self.identity, options=options)

    @staticmethod
    def pool_endpoint(name: str, room: str = "cpus=64&memory=1048576") -> ports.Endpoint:
        """Return the endpoint of a simulated host."""
        return ports.Endpoint(url=f"sim://{name}?{room}")

    def running(self, *names: str) -> dict[str, ports.ContainerState]:
        """Return the containers that run on simulated hosts, by id."""
        return {state.id: state for name in names for state in self.engine_of(name).list() if state.condition.alive}

    def eventually(self, condition: Any, *, within: float = PATIENCE, what: str = "") -> None:
        """Wait until a condition holds."""
        deadline = time.monotonic() + within
        while not condition():
            assert time.monotonic() < deadline, f"not within {within} s: {what}"
            time.sleep(0.02)
