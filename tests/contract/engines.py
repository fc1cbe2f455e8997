"""The container engines of the contract suite: one driver each, and what a test needs to do behind its back."""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
import uuid
from collections.abc import Iterator
from typing import Any, Protocol

from senlin_container.drivers import docker, fake, ports
from tests.lab import docker_hosts

RUNS_ON = ("sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1 & wait; done")
"""A command that runs until it is asked to end, and then ends at once."""


class Driver(ports.ContainerHost, Protocol):
    """What all drivers have beyond the port."""

    @property
    def calls(self) -> int: ...

    def close(self) -> None: ...


class Engine(Protocol):
    """One engine under test: an image, one whose container ends at once, and where its ports are published."""

    @property
    def image(self) -> str: ...

    @property
    def ended_image(self) -> str: ...

    @property
    def address(self) -> str: ...

    def driver(self, service: str, **options: Any) -> Driver:
        """Make a driver; ``options`` are fields of its options class."""
        ...

    def kill(self, container_id: str) -> None:
        """End a container (exit code 137) behind the driver's back."""
        ...

    def hang(self) -> contextlib.AbstractContextManager[None]:
        """Let the engine give no answer for a while."""
        ...

    def impatience(self) -> dict[str, Any]:
        """Options that make a driver give up on a silent engine after a second."""
        ...


@dataclasses.dataclass(frozen=True, kw_only=True)
class DockerEngine:
    """A lab host by one of its endpoints."""

    lab: docker_hosts.DockerHosts
    number: int
    endpoint: ports.Endpoint
    settings: dict[str, Any]
    address: str
    image: str = docker_hosts.IMAGE
    ended_image: str = docker_hosts.IMAGE

    def driver(self, service: str, **options: Any) -> docker.DockerHost:
        settings = {"stop_timeout": 5} | self.settings | options
        return docker.DockerHost(self.endpoint, service=service, options=docker.DockerOptions(**settings))

    def kill(self, container_id: str) -> None:
        self.lab.docker(self.number, "kill", container_id)

    @contextlib.contextmanager
    def hang(self) -> Iterator[None]:
        self.lab.hang(self.number)
        try:
            yield
        finally:
            self.lab.resume(self.number)

    def impatience(self) -> dict[str, Any]:
        return {"connect_timeout": 1.0, "query_timeout": 1.0, "work_timeout": 1.0}


@dataclasses.dataclass(frozen=True, kw_only=True)
class SimulatedEngine:
    """A simulated host."""

    directory: pathlib.Path
    image: str = "any/image:1"
    ended_image: str = "exits/3"
    address: str = "0.0.0.0"

    def driver(self, service: str, **options: Any) -> fake.SimulatedHost:
        return fake.SimulatedHost(
            ports.Endpoint(url="sim://one?cpus=4&memory=2048&zone=az1&region=r1"),
            service=service,
            options=fake.SimulatedOptions(directory=str(self.directory), poll_interval=0.05, **options),
        )

    def kill(self, container_id: str) -> None:
        outsider = self.driver("outsider")
        outsider.kill(container_id, 137)
        outsider.close()

    @contextlib.contextmanager
    def hang(self) -> Iterator[None]:
        fake.set_control(str(self.directory), "one", hang=True)
        try:
            yield
        finally:
            fake.set_control(str(self.directory), "one", hang=False)

    def impatience(self) -> dict[str, Any]:
        return {"call_timeout": 1.0}


def request(engine: Engine, **changes: Any) -> ports.ContainerRequest:
    """A container that runs on, of a node of its own."""
    node_id = str(uuid.uuid4())
    values: dict[str, Any] = {
        "node_id": node_id,
        "cluster_id": "a-cluster",
        "project_id": "a-project",
        "name": f"web-{node_id[:12]}",
        "image": engine.image,
        "command": RUNS_ON,
    }
    return ports.ContainerRequest(**values | changes)


def ends_at_once(engine: Engine) -> ports.ContainerRequest:
    """A container that ends with exit code 3 as soon as it is started."""
    return request(engine, image=engine.ended_image, command=("sh", "-c", "exit 3"))
