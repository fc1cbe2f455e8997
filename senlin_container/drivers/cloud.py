"""What the service asks of a cloud: servers of Nova, stacks of Heat.

The failures are those of ``ports``, and a create is idempotent under the node's label here too. Much of what a cloud
does takes minutes: a verb that begins such work returns at once with a state whose ``wait`` says in how many seconds
another look is worthwhile (0: nothing is under way). Nobody sleeps on it: the caller comes back later and calls the
same verb again, or ``get``.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from typing import Any, Protocol

from senlin_container.domain import model
from senlin_container.drivers import ports
from senlin_container.specs import servers, stacks


class ServerStatus(enum.StrEnum):
    """How a server is, in Nova's words."""

    ACTIVE = "ACTIVE"
    BUILD = "BUILD"
    DELETED = "DELETED"
    ERROR = "ERROR"
    HARD_REBOOT = "HARD_REBOOT"
    MIGRATING = "MIGRATING"
    PASSWORD = "PASSWORD"  # noqa: S105 (a word of Nova's)
    PAUSED = "PAUSED"
    REBOOT = "REBOOT"
    REBUILD = "REBUILD"
    RESCUE = "RESCUE"
    RESIZE = "RESIZE"
    REVERT_RESIZE = "REVERT_RESIZE"
    SHELVED = "SHELVED"
    SHELVED_OFFLOADED = "SHELVED_OFFLOADED"
    SHUTOFF = "SHUTOFF"
    SOFT_DELETED = "SOFT_DELETED"
    SUSPENDED = "SUSPENDED"
    UNKNOWN = "UNKNOWN"
    VERIFY_RESIZE = "VERIFY_RESIZE"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ServerRequest:
    """A server that should exist and run. The metadata of its spec are the user's; the driver adds our labels."""

    node_id: str
    cluster_id: str | None
    name: str
    spec: servers.ServerSpec


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address of a server on a network; ``floating`` ones lead to another of its addresses."""

    addr: str
    version: int = 4
    mac: str = ""
    floating: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ServerState:
    """A server as its cloud tells it.

    ``node_id`` is "" for a server that this installation has not made. ``metadata`` is without our labels,
    ``addresses`` maps the names of networks to the addresses there, ``fault`` says why the status is ERROR.
    """

    id: str
    node_id: str
    name: str
    status: ServerStatus
    wait: float = 0.0
    fault: str = ""
    flavor: str = ""
    image: str = ""
    key_name: str = ""
    availability_zone: str = ""
    metadata: Mapping[str, str] = dataclasses.field(default_factory=dict)
    addresses: Mapping[str, tuple[Address, ...]] = dataclasses.field(default_factory=dict)
    security_groups: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    progress: int = 0
    locked: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ServerChange:
    """What a server should become; None leaves a thing as it is."""

    name: str | None = None
    metadata: Mapping[str, str] | None = None
    networks: tuple[servers.Network, ...] | None = None
    flavor: str | None = None
    image: str | None = None


class Compute(Protocol):
    """The servers of one owner. All calls raise Retry or Permanent and nothing else."""

    def create(self, request: ServerRequest, *, resuming: bool) -> ServerState:
        """Have a server made, which takes a while; what an earlier attempt began is adopted.

        ``resuming`` says that there may be an earlier attempt: look for its server by label first.
        """
        ...

    def delete(self, node_id: str, server_id: str | None, *, resuming: bool) -> float:
        """Have the node's server deleted; returns the seconds to wait for its end, 0 where it is gone.

        Without ``server_id``, or when ``resuming``, every server that carries the node's label goes, too.
        """
        ...

    def get(self, server_id: str) -> ServerState | None:
        """Tell of one server, by its id; None when the owner has none such."""
        ...

    def list(self) -> tuple[ServerState, ...]:
        """Tell of all servers that this installation has made for the owner (one call)."""
        ...

    def update(self, server_id: str, change: ServerChange) -> ServerState:
        """Bring a server to what it should become; while something is under way, call again later.

        A state without ``wait`` says that all of it is so. What is so already is left alone: another flavor resizes
        (and confirms), another image rebuilds.
        """
        ...

    def operate(self, server_id: str, operation: str, params: Mapping[str, Any]) -> ServerState:
        """Begin one of the operations that the profile type publishes; one whose end is reached already is fine."""
        ...

    def snapshot(self, server_id: str, name: str) -> str:
        """Have an image made of a server; returns its id."""
        ...


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StackRequest:
    """A stack that should exist. The driver adds our labels as tags."""

    node_id: str
    cluster_id: str | None
    name: str
    spec: stacks.StackSpec


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """An output of a stack."""

    key: str
    value: Any
    description: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StackState:
    """A stack as its cloud tells it; ``status`` is Heat's, an action and how it goes: ``CREATE_COMPLETE``.

    ``node_id`` is "" for a stack that this installation has not made.
    """

    id: str
    node_id: str
    name: str
    status: str
    reason: str = ""
    wait: float = 0.0
    outputs: tuple[Output, ...] = ()
    timeout: int | None = None
    disable_rollback: bool = True

    @property
    def well(self) -> bool:
        """Whether the last thing that was done to the stack is complete, and it is still there."""
        return self.status.endswith("_COMPLETE") and not self.status.startswith("DELETE_")

    @property
    def failed(self) -> bool:
        """Whether the last thing that was done to the stack has failed."""
        return self.status.endswith("_FAILED")


class Orchestration(Protocol):
    """The stacks of one owner. All calls raise Retry or Permanent and nothing else."""

    def create(self, request: StackRequest, *, resuming: bool) -> StackState:
        """Have a stack made, which takes a while; what an earlier attempt began is adopted (as for servers)."""
        ...

    def delete(self, node_id: str, stack_id: str | None, *, resuming: bool) -> float:
        """Have the node's stack deleted with all its resources (as for servers)."""
        ...

    def get(self, stack_id: str) -> StackState | None:
        """Tell of one stack, by its id; None when the owner has none such."""
        ...

    def list(self) -> tuple[StackState, ...]:
        """Tell of all stacks that this installation has made for the owner (one call)."""
        ...

    def definition(self, stack_id: str) -> stacks.StackSpec:
        """Return what a stack was made from."""
        ...

    def update(self, stack_id: str, spec: stacks.StackSpec) -> StackState:
        """Begin to make a stack what another spec says."""
        ...

    def abandon(self, stack_id: str) -> model.Json:
        """Have the cloud forget a stack and keep its resources; returns what adopts them again."""
        ...


class Cloud(Protocol):
    """A cloud, as one owner sees it."""

    @property
    def compute(self) -> Compute:
        """The servers."""
        ...

    @property
    def orchestration(self) -> Orchestration:
        """The stacks."""
        ...


class CloudFactory(Protocol):
    """Gives the cloud as an owner sees it: whoever acts, acts for that owner."""

    def __call__(self, owner: model.Owner) -> Cloud:
        """Return it; raises Permanent where there is no cloud to be had."""
        ...


class NoClouds:
    """The factory where there is no cloud to be had."""

    def __call__(self, owner: model.Owner) -> Cloud:  # noqa: ARG002 (the protocol's)
        """Refuse.

        Raises:
            ports.Permanent: always.
        """
        raise ports.Permanent(
            "Servers and stacks of a real cloud are not supported yet: set [DEFAULT] cloud_backend = simulated to try "
            "them without a cloud, or use containers."
        )

    def close(self) -> None:
        """Do nothing."""
