"""The nouns: clusters, nodes, hosts, profiles, actions, events.

Values are frozen; a change makes a new one with ``dataclasses.replace``. The members of the enums are the words of
the v1 API. Times are seconds since the epoch (UTC), memory is in MiB, CPU in cores.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]

REASON_LIMIT = 4000
"""Most characters of a reason that are kept: engines are not ours, and every database must take what they say."""

UNBOUNDED = -1
"""``max_size`` of a cluster without an upper bound."""


EVENT_LEVELS = ("CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG")
"""How grave an event can be; the words are those of the v1 API."""


class ClusterStatus(enum.StrEnum):
    """What a cluster is doing, or how well it is."""

    INIT = "INIT"
    CREATING = "CREATING"
    ACTIVE = "ACTIVE"
    UPDATING = "UPDATING"
    RESIZING = "RESIZING"
    DELETING = "DELETING"
    CHECKING = "CHECKING"
    RECOVERING = "RECOVERING"
    OPERATING = "OPERATING"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"
    ERROR = "ERROR"


class NodeStatus(enum.StrEnum):
    """What a node is doing, or how well it is."""

    INIT = "INIT"
    CREATING = "CREATING"
    ACTIVE = "ACTIVE"
    UPDATING = "UPDATING"
    DELETING = "DELETING"
    RECOVERING = "RECOVERING"
    OPERATING = "OPERATING"
    WARNING = "WARNING"
    ERROR = "ERROR"


class ActionStatus(enum.StrEnum):
    """The life of an action; see ``lifecycle``."""

    INIT = "INIT"
    READY = "READY"
    RUNNING = "RUNNING"
    WAITING = "WAITING"
    WAITING_LIFECYCLE_COMPLETION = "WAITING_LIFECYCLE_COMPLETION"
    SUSPENDED = "SUSPENDED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class ActionKind(enum.StrEnum):
    """What an action does. The prefix says what its target is."""

    CLUSTER_CREATE = "CLUSTER_CREATE"
    CLUSTER_DELETE = "CLUSTER_DELETE"
    CLUSTER_UPDATE = "CLUSTER_UPDATE"
    CLUSTER_ADD_NODES = "CLUSTER_ADD_NODES"
    CLUSTER_DEL_NODES = "CLUSTER_DEL_NODES"
    CLUSTER_REPLACE_NODES = "CLUSTER_REPLACE_NODES"
    CLUSTER_RESIZE = "CLUSTER_RESIZE"
    CLUSTER_SCALE_OUT = "CLUSTER_SCALE_OUT"
    CLUSTER_SCALE_IN = "CLUSTER_SCALE_IN"
    CLUSTER_CHECK = "CLUSTER_CHECK"
    CLUSTER_RECOVER = "CLUSTER_RECOVER"
    CLUSTER_OPERATION = "CLUSTER_OPERATION"
    CLUSTER_ATTACH_POLICY = "CLUSTER_ATTACH_POLICY"
    CLUSTER_DETACH_POLICY = "CLUSTER_DETACH_POLICY"
    CLUSTER_UPDATE_POLICY = "CLUSTER_UPDATE_POLICY"
    NODE_CREATE = "NODE_CREATE"
    NODE_DELETE = "NODE_DELETE"
    NODE_UPDATE = "NODE_UPDATE"
    NODE_JOIN = "NODE_JOIN"
    NODE_LEAVE = "NODE_LEAVE"
    NODE_CHECK = "NODE_CHECK"
    NODE_RECOVER = "NODE_RECOVER"
    NODE_OPERATION = "NODE_OPERATION"

    @property
    def of_cluster(self) -> bool:
        """Whether the target is a cluster (else a node)."""
        return self.value.startswith("CLUSTER_")


class HostState(enum.StrEnum):
    """Whether new containers may go to a host."""

    UP = "up"
    DOWN = "down"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whom an object belongs to."""

    user: str
    project: str
    domain: str | None = None


class _Specified:
    """What is described by a spec of a published type."""

    __slots__ = ()

    type: str
    version: str
    spec: Json

    @property
    def type_name(self) -> str:
        """The name and version of the type as the API writes them, ``NAME-VERSION``."""
        return f"{self.type}-{self.version}"

    @property
    def properties(self) -> Json:
        """The part of the spec that the type's schema describes."""
        properties: Json = self.spec.get("properties") or {}
        return properties


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Profile(_Specified):
    """What a node is. ``type`` and ``version`` name the schema that ``properties`` fit."""

    id: str
    name: str
    type: str
    version: str
    spec: Json = dataclasses.field(repr=False)
    metadata: Json
    owner: Owner
    created_at: float
    updated_at: float | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Policy(_Specified):
    """A rule that can be bound to clusters. ``type`` and ``version`` name the schema that ``properties`` fit."""

    id: str
    name: str
    type: str
    version: str
    spec: Json
    data: Json
    owner: Owner
    created_at: float
    updated_at: float | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A policy attached to a cluster. ``last_op`` is when it last decided something."""

    id: str
    cluster_id: str
    policy_id: str
    enabled: bool
    priority: int
    data: Json | None = None
    last_op: float | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Lets a signal from outside trigger an action on a cluster."""

    id: str
    name: str
    type: str
    cluster_id: str | None
    action: str | None
    actor: Json
    params: Json
    channel: Json
    owner: Owner
    created_at: float
    updated_at: float | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A group of nodes kept at a size. ``generation`` grows with every write (compare-and-set)."""

    id: str
    name: str
    profile_id: str
    owner: Owner
    min_size: int
    max_size: int
    desired_capacity: int
    next_index: int
    timeout: int
    status: ClusterStatus
    status_reason: str
    metadata: Json
    config: Json
    data: Json
    init_at: float
    created_at: float | None = None
    updated_at: float | None = None
    generation: int = 0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A member of a cluster, or a node of its own (``cluster_id`` None, ``index`` -1).

    ``cpus`` and ``memory`` are what its host has promised it; ``details`` is what was last seen of the thing itself.
    """

    id: str
    name: str
    profile_id: str
    cluster_id: str | None
    owner: Owner
    index: int
    role: str
    physical_id: str | None
    host_id: str | None
    cpus: float
    memory: int
    status: NodeStatus
    status_reason: str
    metadata: Json
    data: Json
    details: Json
    tainted: bool
    init_at: float
    created_at: float | None = None
    updated_at: float | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A node that runs containers: its room and what is promised of it.

    ``max_containers`` None means no bound. ``generation`` grows with every promise (compare-and-set).
    """

    id: str
    name: str
    cluster_id: str | None
    state: HostState
    cpus: float
    memory: int
    max_containers: int | None
    used_cpus: float
    used_memory: int
    used_containers: int
    labels: Json
    zone: str
    region: str
    generation: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """The durable record of a change. ``attempt`` fences off an engine that lost its lease."""

    id: str
    name: str
    kind: ActionKind
    target: str
    cluster_id: str | None
    parent_id: str | None
    cause: str
    owner: Owner
    engine: str | None
    attempt: int
    failures: int
    status: ActionStatus
    status_reason: str
    timeout: int
    inputs: Json
    outputs: Json
    data: Json
    plan: Json | None
    pending: int
    cancelling: bool
    created_at: float
    updated_at: float | None = None
    start_time: float | None = None
    end_time: float | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a cluster or a node."""

    id: str
    timestamp: float
    level: str
    otype: str
    oid: str
    oname: str
    cluster_id: str | None
    action: str
    status: str
    status_reason: str
    owner: Owner
    metadata: Json


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A process of this installation and when it was last heard of."""

    id: str
    host: str
    binary: str
    topic: str
    disabled: bool
    disabled_reason: str | None
    created_at: float
    updated_at: float
