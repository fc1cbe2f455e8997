"""From rows to values of the domain and back."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from senlin_container.domain import model
from senlin_container.store import tables

CLUSTERS = tables.Base.metadata.tables["clusters"]
NODES = tables.Base.metadata.tables["nodes"]
HOSTS = tables.Base.metadata.tables["hosts"]
PROFILES = tables.Base.metadata.tables["profiles"]
ACTIONS = tables.Base.metadata.tables["actions"]
EVENTS = tables.Base.metadata.tables["events"]
SERVICES = tables.Base.metadata.tables["services"]
POLICIES = tables.Base.metadata.tables["policies"]
RECEIVERS = tables.Base.metadata.tables["receivers"]
BINDINGS = tables.Base.metadata.tables["cluster_policies"]
INSTALLATION = tables.Base.metadata.tables["installation"]

Row = sa.Row[Any]


def owner(row: Row) -> model.Owner:
    """Read the owner's columns."""
    return model.Owner(user=row.user, project=row.project, domain=row.domain)


def owner_columns(value: model.Owner) -> dict[str, Any]:
    """Write the owner's columns."""
    return {"user": value.user, "project": value.project, "domain": value.domain}


def profile(row: Row) -> model.Profile:
    """Read a profile."""
    return model.Profile(
        id=row.id,
        name=row.name,
        type=row.type,
        version=row.version,
        spec=row.spec,
        metadata=row.meta,
        owner=owner(row),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def policy(row: Row) -> model.Policy:
    """Read a policy."""
    return model.Policy(
        id=row.id,
        name=row.name,
        type=row.type,
        version=row.version,
        spec=row.spec,
        data=row.data,
        owner=owner(row),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def cluster(row: Row) -> model.Cluster:
    """Read a cluster."""
    return model.Cluster(
        id=row.id,
        name=row.name,
        profile_id=row.profile_id,
        owner=owner(row),
        min_size=row.min_size,
        max_size=row.max_size,
        desired_capacity=row.desired_capacity,
        next_index=row.next_index,
        timeout=row.timeout,
        status=model.ClusterStatus(row.status),
        status_reason=row.status_reason,
        metadata=row.meta,
        config=row.config,
        data=row.data,
        init_at=row.init_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
        generation=row.generation,
    )


def cluster_columns(value: model.Cluster) -> dict[str, Any]:
    """Write a cluster."""
    return {
        "id": value.id,
        "name": value.name,
        "profile_id": value.profile_id,
        **owner_columns(value.owner),
        "min_size": value.min_size,
        "max_size": value.max_size,
        "desired_capacity": value.desired_capacity,
        "next_index": value.next_index,
        "timeout": value.timeout,
        "status": value.status.value,
        "status_reason": value.status_reason,
        "meta": value.metadata,
        "config": value.config,
        "data": value.data,
        "init_at": value.init_at,
        "created_at": value.created_at,
        "updated_at": value.updated_at,
        "generation": value.generation,
    }


def node(row: Row) -> model.Node:
    """Read a node."""
    return model.Node(
        id=row.id,
        name=row.name,
        profile_id=row.profile_id,
        cluster_id=row.cluster_id,
        owner=owner(row),
        index=row.position if row.cluster_id is not None else -1,
        role=row.role,
        physical_id=row.physical_id,
        host_id=row.host_id,
        cpus=row.cpus,
        memory=row.memory,
        status=model.NodeStatus(row.status),
        status_reason=row.status_reason,
        metadata=row.meta,
        data=row.data,
        details=row.details,
        tainted=row.tainted,
        init_at=row.init_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def node_columns(value: model.Node) -> dict[str, Any]:
    """Write a node."""
    return {
        "id": value.id,
        "name": value.name,
        "profile_id": value.profile_id,
        "cluster_id": value.cluster_id,
        **owner_columns(value.owner),
        "position": value.index,
        "role": value.role,
        "physical_id": value.physical_id,
        "host_id": value.host_id,
        "cpus": value.cpus,
        "memory": value.memory,
        "status": value.status.value,
        "status_reason": value.status_reason,
        "meta": value.metadata,
        "data": value.data,
        "details": value.details,
        "tainted": value.tainted,
        "init_at": value.init_at,
        "created_at": value.created_at,
        "updated_at": value.updated_at,
    }


def host(row: Row, cluster_id: str | None) -> model.Host:
    """Read a host; the cluster it is in is its node's."""
    return model.Host(
        id=row.id,
        name=row.name,
        cluster_id=cluster_id,
        state=model.HostState(row.state),
        cpus=row.cpus,
        memory=row.memory,
        max_containers=row.max_containers,
        used_cpus=row.used_cpus,
        used_memory=row.used_memory,
        used_containers=row.used_containers,
        labels=row.labels,
        zone=row.zone,
        region=row.region,
        generation=row.generation,
    )


def action(row: Row) -> model.Action:
    """Read an action."""
    return model.Action(
        id=row.id,
        name=row.name,
        kind=model.ActionKind(row.kind),
        target=row.target,
        cluster_id=row.cluster_id,
        parent_id=row.parent_id,
        cause=row.cause,
        owner=owner(row),
        engine=row.engine,
        attempt=row.attempt,
        failures=row.failures,
        status=model.ActionStatus(row.status),
        status_reason=row.status_reason,
        timeout=row.timeout,
        inputs=row.inputs,
        outputs=row.outputs,
        data=row.data,
        plan=row.plan,
        pending=row.pending,
        cancelling=row.cancelling,
        created_at=row.created_at,
        updated_at=row.updated_at,
        start_time=row.start_time,
        end_time=row.end_time,
    )


def action_columns(value: model.Action, *, lane: str | None, due_at: float) -> dict[str, Any]:
    """Write an action that nobody has claimed."""
    return {
        "id": value.id,
        "name": value.name,
        "kind": value.kind.value,
        "of_cluster": value.kind.of_cluster,
        "target": value.target,
        "cluster_id": value.cluster_id,
        "parent_id": value.parent_id,
        "cause": value.cause,
        **owner_columns(value.owner),
        "engine": None,
        "lease_until": None,
        "attempt": value.attempt,
        "failures": value.failures,
        "holds": None,
        "lane": lane,
        "status": value.status.value,
        "status_reason": value.status_reason,
        "timeout": value.timeout,
        "due_at": due_at,
        "inputs": value.inputs,
        "outputs": value.outputs,
        "data": value.data,
        "plan": value.plan,
        "pending": value.pending,
        "cancelling": value.cancelling,
        "created_at": value.created_at,
        "updated_at": value.updated_at,
        "start_time": value.start_time,
        "end_time": value.end_time,
        "deadline": None,
    }


def event(row: Row) -> model.Event:
    """Read an event."""
    return model.Event(
        id=row.id,
        timestamp=row.timestamp,
        level=row.level,
        otype=row.otype,
        oid=row.oid,
        oname=row.oname,
        cluster_id=row.cluster_id,
        action=row.action,
        status=row.status,
        status_reason=row.status_reason,
        owner=owner(row),
        metadata=row.meta,
    )


def event_columns(value: model.Event) -> dict[str, Any]:
    """Write an event."""
    return {
        "id": value.id,
        "timestamp": value.timestamp,
        "level": value.level,
        "otype": value.otype,
        "oid": value.oid,
        "oname": value.oname,
        "cluster_id": value.cluster_id,
        "action": value.action,
        "status": value.status,
        "status_reason": value.status_reason[: model.REASON_LIMIT],
        **owner_columns(value.owner),
        "meta": value.metadata,
    }


def service(row: Row) -> model.Service:
    """Read a service."""
    return model.Service(
        id=row.id,
        host=row.host,
        binary=row.binary,
        topic=row.topic,
        disabled=row.disabled,
        disabled_reason=row.disabled_reason,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
