"""The schema: typed tables with foreign keys, unique constraints and indexes.

Times are seconds since the epoch (UTC). Races are settled here: by the unique keys, and by compare-and-set on
``clusters.generation``, ``hosts.generation`` and ``actions.attempt``.
"""

from __future__ import annotations

from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy import orm

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(orm.DeclarativeBase):
    """Common to all tables."""

    metadata = sa.MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {dict[str, Any]: sa.JSON(none_as_null=True), float: sa.Double()}


def _id(**kwargs: Any) -> orm.MappedColumn[str]:
    return orm.mapped_column(sa.String(36), primary_key=True, **kwargs)


def _owner() -> orm.MappedColumn[str]:
    return orm.mapped_column(sa.String(64))


def _reference(column: str, **kwargs: Any) -> orm.MappedColumn[Any]:
    return orm.mapped_column(sa.String(36), sa.ForeignKey(column), **kwargs)


class Owned:
    """What belongs to somebody. The project decides who sees it."""

    user: orm.Mapped[str] = _owner()
    project: orm.Mapped[str] = _owner()
    domain: orm.Mapped[str | None] = orm.mapped_column(sa.String(64))


class Installation(Base):
    """One row: the identity of this installation, which its containers carry as a label."""

    __tablename__ = "installation"

    id: orm.Mapped[str] = _id()
    created_at: orm.Mapped[float]


class Profile(Owned, Base):
    """What a node is. The spec never changes; its secrets are encrypted."""

    __tablename__ = "profiles"
    __table_args__ = (sa.Index(None, "project", "name"),)

    id: orm.Mapped[str] = _id()
    name: orm.Mapped[str] = orm.mapped_column(sa.String(255))
    type: orm.Mapped[str] = orm.mapped_column(sa.String(255))
    version: orm.Mapped[str] = orm.mapped_column(sa.String(16))
    spec: orm.Mapped[dict[str, Any]]
    meta: orm.Mapped[dict[str, Any]]
    created_at: orm.Mapped[float]
    updated_at: orm.Mapped[float | None]


class Policy(Owned, Base):
    """A rule that can be bound to clusters."""

    __tablename__ = "policies"
    __table_args__ = (sa.Index(None, "project", "name"),)

    id: orm.Mapped[str] = _id()
    name: orm.Mapped[str] = orm.mapped_column(sa.String(255))
    type: orm.Mapped[str] = orm.mapped_column(sa.String(255))
    version: orm.Mapped[str] = orm.mapped_column(sa.String(16))
    spec: orm.Mapped[dict[str, Any]]
    data: orm.Mapped[dict[str, Any]]
    created_at: orm.Mapped[float]
    updated_at: orm.Mapped[float | None]


class Cluster(Owned, Base):
    """A group of nodes kept at a size."""

    __tablename__ = "clusters"
    __table_args__ = (sa.Index(None, "project", "name"), sa.Index(None, "project", "init_at"))

    id: orm.Mapped[str] = _id()
    name: orm.Mapped[str] = orm.mapped_column(sa.String(255))
    profile_id: orm.Mapped[str] = _reference("profiles.id", index=True)
    min_size: orm.Mapped[int]
    max_size: orm.Mapped[int]
    desired_capacity: orm.Mapped[int]
    next_index: orm.Mapped[int]
    timeout: orm.Mapped[int]
    status: orm.Mapped[str] = orm.mapped_column(sa.String(32))
    status_reason: orm.Mapped[str] = orm.mapped_column(sa.Text)
    meta: orm.Mapped[dict[str, Any]]
    config: orm.Mapped[dict[str, Any]]
    data: orm.Mapped[dict[str, Any]]
    init_at: orm.Mapped[float]
    created_at: orm.Mapped[float | None]
    updated_at: orm.Mapped[float | None]
    generation: orm.Mapped[int]


class Binding(Base):
    """A policy attached to a cluster, once at the most."""

    __tablename__ = "cluster_policies"
    __table_args__ = (sa.UniqueConstraint("cluster_id", "policy_id"),)

    id: orm.Mapped[str] = _id()
    cluster_id: orm.Mapped[str] = _reference("clusters.id")
    policy_id: orm.Mapped[str] = _reference("policies.id", index=True)
    enabled: orm.Mapped[bool]
    priority: orm.Mapped[int]
    data: orm.Mapped[dict[str, Any] | None] = orm.mapped_column(sa.JSON(none_as_null=True))
    last_op: orm.Mapped[float | None]


class Node(Owned, Base):
    """A member of a cluster, or a node of its own. ``cpus`` and ``memory`` are promised by its host."""

    __tablename__ = "nodes"
    __table_args__ = (
        sa.UniqueConstraint("cluster_id", "position"),
        sa.Index(None, "project", "name"),
        sa.Index(None, "project", "init_at"),
    )

    id: orm.Mapped[str] = _id()
    name: orm.Mapped[str] = orm.mapped_column(sa.String(255))
    profile_id: orm.Mapped[str] = _reference("profiles.id", index=True)
    cluster_id: orm.Mapped[str | None] = _reference("clusters.id")
    position: orm.Mapped[int]
    host_id: orm.Mapped[str | None] = _reference("hosts.id", index=True)
    role: orm.Mapped[str] = orm.mapped_column(sa.String(255))
    physical_id: orm.Mapped[str | None] = orm.mapped_column(sa.String(128))
    cpus: orm.Mapped[float]
    memory: orm.Mapped[int]
    status: orm.Mapped[str] = orm.mapped_column(sa.String(32))
    status_reason: orm.Mapped[str] = orm.mapped_column(sa.Text)
    meta: orm.Mapped[dict[str, Any]]
    data: orm.Mapped[dict[str, Any]]
    details: orm.Mapped[dict[str, Any]]
    tainted: orm.Mapped[bool]
    init_at: orm.Mapped[float]
    created_at: orm.Mapped[float | None]
    updated_at: orm.Mapped[float | None]


class Host(Base):
    """A node that runs containers, by the id of its node: its room, and what is promised of it.

    A row appears when the engine first answered. It has no foreign key to its node, which may be deleted by force
    while containers still refer to it.
    """

    __tablename__ = "hosts"

    id: orm.Mapped[str] = _id()
    name: orm.Mapped[str] = orm.mapped_column(sa.String(255))
    project: orm.Mapped[str] = _owner()
    profile_id: orm.Mapped[str] = _reference("profiles.id", index=True)
    state: orm.Mapped[str] = orm.mapped_column(sa.String(16))
    state_at: orm.Mapped[float]
    cpus: orm.Mapped[float]
    memory: orm.Mapped[int] = orm.mapped_column(sa.BigInteger)
    max_containers: orm.Mapped[int | None]
    used_cpus: orm.Mapped[float]
    used_memory: orm.Mapped[int] = orm.mapped_column(sa.BigInteger)
    used_containers: orm.Mapped[int]
    labels: orm.Mapped[dict[str, Any]]
    zone: orm.Mapped[str] = orm.mapped_column(sa.String(255))
    region: orm.Mapped[str] = orm.mapped_column(sa.String(255))
    generation: orm.Mapped[int]


class Action(Owned, Base):
    """The durable record of a change.

    ``holds`` is the id of the target while the action is at work on it: unique, so that one action at a time is.
    ``lane`` is the host that the work goes to. ``pending`` counts the children that are not finished.
    """

    __tablename__ = "actions"
    __table_args__ = (
        sa.UniqueConstraint("holds"),
        sa.Index("ix_actions_ready", "status", "of_cluster", "created_at", "id"),
        sa.Index("ix_actions_line", "target", "status", "created_at"),
        sa.Index("ix_actions_leases", "engine", "lease_until"),
        sa.Index("ix_actions_children", "parent_id", "status"),
        sa.Index(None, "project", "created_at"),
        sa.Index(None, "cluster_id"),
    )

    id: orm.Mapped[str] = _id()
    name: orm.Mapped[str] = orm.mapped_column(sa.String(255))
    kind: orm.Mapped[str] = orm.mapped_column(sa.String(32))
    of_cluster: orm.Mapped[bool]
    target: orm.Mapped[str] = orm.mapped_column(sa.String(36))
    cluster_id: orm.Mapped[str | None] = orm.mapped_column(sa.String(36))
    parent_id: orm.Mapped[str | None] = orm.mapped_column(sa.String(36))
    cause: orm.Mapped[str] = orm.mapped_column(sa.String(255))
    engine: orm.Mapped[str | None] = orm.mapped_column(sa.String(36))
    lease_until: orm.Mapped[float | None]
    attempt: orm.Mapped[int]
    failures: orm.Mapped[int]
    holds: orm.Mapped[str | None] = orm.mapped_column(sa.String(36))
    lane: orm.Mapped[str | None] = orm.mapped_column(sa.String(36))
    status: orm.Mapped[str] = orm.mapped_column(sa.String(32))
    status_reason: orm.Mapped[str] = orm.mapped_column(sa.Text)
    timeout: orm.Mapped[int]
    due_at: orm.Mapped[float]
    inputs: orm.Mapped[dict[str, Any]]
    outputs: orm.Mapped[dict[str, Any]]
    data: orm.Mapped[dict[str, Any]]
    plan: orm.Mapped[dict[str, Any] | None] = orm.mapped_column(sa.JSON(none_as_null=True))
    pending: orm.Mapped[int]
    cancelling: orm.Mapped[bool]
    created_at: orm.Mapped[float]
    updated_at: orm.Mapped[float | None]
    start_time: orm.Mapped[float | None]
    end_time: orm.Mapped[float | None]
    deadline: orm.Mapped[float | None]


class Event(Owned, Base):
    """Something that happened."""

    __tablename__ = "events"
    __table_args__ = (
        sa.Index(None, "project", "timestamp"),
        sa.Index(None, "cluster_id", "timestamp"),
        sa.Index(None, "oid", "timestamp"),
    )

    id: orm.Mapped[str] = _id()
    timestamp: orm.Mapped[float]
    level: orm.Mapped[str] = orm.mapped_column(sa.String(16))
    otype: orm.Mapped[str] = orm.mapped_column(sa.String(32))
    oid: orm.Mapped[str] = orm.mapped_column(sa.String(36))
    oname: orm.Mapped[str] = orm.mapped_column(sa.String(255))
    cluster_id: orm.Mapped[str | None] = orm.mapped_column(sa.String(36))
    action: orm.Mapped[str] = orm.mapped_column(sa.String(64))
    status: orm.Mapped[str] = orm.mapped_column(sa.String(32))
    status_reason: orm.Mapped[str] = orm.mapped_column(sa.Text)
    meta: orm.Mapped[dict[str, Any]]


class Service(Base):
    """A process of this installation; ``updated_at`` is its heartbeat."""

    __tablename__ = "services"

    id: orm.Mapped[str] = _id()
    host: orm.Mapped[str] = orm.mapped_column(sa.String(255))
    binary: orm.Mapped[str] = orm.mapped_column(sa.String(64))
    topic: orm.Mapped[str] = orm.mapped_column(sa.String(64))
    disabled: orm.Mapped[bool]
    disabled_reason: orm.Mapped[str | None] = orm.mapped_column(sa.Text)
    created_at: orm.Mapped[float]
    updated_at: orm.Mapped[float] = orm.mapped_column(index=True)


class Receiver(Owned, Base):
    """Lets a signal from outside trigger an action on a cluster."""

    __tablename__ = "receivers"
    __table_args__ = (sa.Index(None, "project", "name"),)

    id: orm.Mapped[str] = _id()
    name: orm.Mapped[str] = orm.mapped_column(sa.String(255))
    type: orm.Mapped[str] = orm.mapped_column(sa.String(32))
    cluster_id: orm.Mapped[str | None] = _reference("clusters.id", index=True)
    action: orm.Mapped[str | None] = orm.mapped_column(sa.String(64))
    actor: orm.Mapped[dict[str, Any]]
    params: orm.Mapped[dict[str, Any]]
    channel: orm.Mapped[dict[str, Any]]
    created_at: orm.Mapped[float]
    updated_at: orm.Mapped[float | None]


class Credential(Base):
    """What lets the engine act for a user later; ``secret`` is encrypted."""

    __tablename__ = "credentials"

    user: orm.Mapped[str] = orm.mapped_column(sa.String(64), primary_key=True)
    project: orm.Mapped[str] = orm.mapped_column(sa.String(64), primary_key=True)
    secret: orm.Mapped[str] = orm.mapped_column(sa.Text)
    created_at: orm.Mapped[float]


for _table in Base.metadata.tables.values():
    # MariaDB and MySQL: letters of all scripts, and names that are the same only when they are written the same.
    _table.dialect_kwargs.update({"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"})
