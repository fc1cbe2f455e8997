"""What the service asks of a container engine, and the two ways in which that can fail.

A driver is one module per outside system with its native client inside. Every call has a timeout; a create is
idempotent under the node's label. Memory is in MiB, CPU in cores, times in seconds.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Protocol

LABEL_NODE = "senlin_container.node_id"
LABEL_CLUSTER = "senlin_container.cluster_id"
LABEL_PROJECT = "senlin_container.project_id"
LABEL_SERVICE = "senlin_container.service"


class Failure(Exception):
    """Base of the two; the message names the thing and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Retry(Failure):
    """It may work later: try again after ``after`` seconds."""

    def __init__(self, message: str, *, after: float = 1.0) -> None:
        super().__init__(message)
        self.after = after


class Permanent(Failure):
    """Trying again cannot help until somebody changes something."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """PEM texts for mutual TLS. ``key`` is a secret and never printed."""

    ca: str
    cert: str
    key: str = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """How to reach one engine: ``unix:///path``, ``tcp://address:port``, ``ssh://user@host`` or ``sim://name?...``."""

    url: str
    tls: Tls | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PortMapping:
    """A port of the container; ``host_port`` None lets the engine choose one, ``host_ip`` "" means every address."""

    container_port: int
    protocol: str = "tcp"
    host_port: int | None = None
    host_ip: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ContainerRequest:
    """A container that should exist and run. ``labels`` are the user's; the driver adds ours."""

    node_id: str
    cluster_id: str | None
    project_id: str
    name: str
    image: str
    command: tuple[str, ...] | None = None
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict, repr=False)
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)
    ports: tuple[PortMapping, ...] = ()
    cpus: float = 0.0
    memory: int = 0
    restart: str = "no"
    restart_retries: int = 0
    privileged: bool = False


class Condition(enum.StrEnum):
    """How a container is."""

    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    RESTARTING = "restarting"
    EXITED = "exited"
    DEAD = "dead"

    @property
    def alive(self) -> bool:
        """Whether the engine keeps it going."""
        return self in (Condition.RUNNING, Condition.PAUSED, Condition.RESTARTING)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ContainerState:
    """A container as its engine tells it.

    A listing leaves ``exit_code``, ``oom_killed``, ``error``, ``ports`` and ``addresses`` at their defaults where the
    engine does not tell them there. ``ports`` maps "80/tcp" to "ADDRESS:PORT" of the host.
    """

    id: str
    node_id: str
    name: str
    image: str
    condition: Condition
    exit_code: int | None = None
    oom_killed: bool = False
    unhealthy: bool = False
    error: str = ""
    ports: Mapping[str, str] = dataclasses.field(default_factory=dict)
    addresses: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HostInfo:
    """An engine as it tells of itself."""

    engine_id: str
    name: str
    version: str
    cpus: float
    memory: int
    containers: int
    running: int
    os: str = ""
    kernel: str = ""
    zone: str = ""
    region: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ContainerEvent:
    """Something that happened to one of our containers: ``kind`` is die, oom, destroy or unhealthy."""

    kind: str
    container_id: str
    node_id: str
    exit_code: int | None = None
    time: float = 0.0


class EventStream(Protocol):
    """The events of one engine. Iterating blocks; ``close`` from another thread ends it."""

    def __iter__(self) -> Iterator[ContainerEvent]:
        """Yield events as they come; raises Retry when the stream breaks."""
        ...

    def close(self) -> None:
        """End the iteration."""
        ...


class ContainerHost(Protocol):
    """One engine. All calls raise Retry or Permanent and nothing else."""

    def info(self) -> HostInfo:
        """Ask the engine about itself (one call)."""
        ...

    def create(self, request: ContainerRequest, *, resuming: bool) -> ContainerState:
        """Make the container exist and run; what an earlier attempt left is adopted, a failure leaves nothing.

        At most 3 calls where the image is present and ``resuming`` is false. ``resuming`` says that an earlier
        attempt may have got somewhere: look for its container by label before creating one.
        """
        ...

    def delete(self, node_id: str, container_id: str | None, *, resuming: bool) -> None:
        """Stop and remove the node's container; a container that is gone is fine.

        Without ``container_id``, or when ``resuming``, every container that carries the node's label goes.
        """
        ...

    def remove(self, container_id: str) -> None:
        """Remove one container by id at once, whatever it does; gone is fine."""
        ...

    def inspect(self, container_id: str) -> ContainerState | None:
        """Tell of one container; None when there is none."""
        ...

    def list(self) -> tuple[ContainerState, ...]:
        """Tell of all containers of this installation, running or not (one call)."""
        ...

    def operate(self, container_id: str, operation: str, params: Mapping[str, Any]) -> ContainerState:
        """Do one of start, stop, restart, pause, unpause, kill; returns the state after it."""
        ...

    def update(
        self,
        container_id: str,
        *,
        name: str | None = None,
        cpus: float | None = None,
        memory: int | None = None,
        restart: str | None = None,
        restart_retries: int = 0,
    ) -> ContainerState:
        """Change in place what the engine can change in place; None leaves a thing as it is."""
        ...

    def events(self) -> EventStream:
        """Follow the events of this installation's containers from now on."""
        ...


class HostFactory(Protocol):
    """Gives the driver for an endpoint; the scheme of the URL decides which."""

    def __call__(self, endpoint: Endpoint) -> ContainerHost:
        """Return the (cached) driver; raises Permanent for an endpoint that cannot be used."""
        ...


class Identity(Protocol):
    """The identity service, as who acts for others sees it. All calls raise Retry or Permanent and nothing else."""

    def delegate(self, token: str, *, user: str, project: str, roles: Collection[str]) -> str:
        """Have the owner of a token let this service act for them on a project; returns the id of the trust.

        It holds until somebody deletes it. Raises Permanent when the owner may not delegate the roles, or not with
        such a token.
        """
        ...

    def holds(self, trust: str) -> bool:
        """Whether this service can still act through a trust."""
        ...

    def withdraw(self, token: str, trust: str) -> None:
        """Delete a trust of the owner of a token; one that is gone is fine."""
        ...
