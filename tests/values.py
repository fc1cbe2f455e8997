"""Values of the domain with everything that a test does not care about filled in."""

from __future__ import annotations

from typing import Any

from senlin_container.domain import model

OWNER = model.Owner(user="user-1", project="project-1")
OTHER = model.Owner(user="user-2", project="project-2")


def cluster(**given: Any) -> model.Cluster:
    """Return an ACTIVE cluster without nodes and without bounds."""
    values: dict[str, Any] = {
        "id": "c0000000-0000-4000-8000-000000000001",
        "name": "web",
        "profile_id": "p0000000-0000-4000-8000-000000000001",
        "owner": OWNER,
        "min_size": 0,
        "max_size": model.UNBOUNDED,
        "desired_capacity": 0,
        "next_index": 1,
        "timeout": 3600,
        "status": model.ClusterStatus.ACTIVE,
        "status_reason": "",
        "metadata": {},
        "config": {},
        "data": {},
        "init_at": 1.0,
    }
    return model.Cluster(**(values | given))


def node(id_: str, **given: Any) -> model.Node:
    """Return an ACTIVE node of its own."""
    values: dict[str, Any] = {
        "name": id_,
        "profile_id": "p0000000-0000-4000-8000-000000000001",
        "cluster_id": None,
        "owner": OWNER,
        "index": -1,
        "role": "",
        "physical_id": None,
        "host_id": None,
        "cpus": 0.0,
        "memory": 0,
        "status": model.NodeStatus.ACTIVE,
        "status_reason": "",
        "metadata": {},
        "data": {},
        "details": {},
        "tainted": False,
        "init_at": 1.0,
    }
    return model.Node(id=id_, **(values | given))


def host(id_: str, **given: Any) -> model.Host:
    """Return a host with 8 cores and 16 GiB, of which nothing is promised."""
    values: dict[str, Any] = {
        "name": id_,
        "cluster_id": None,
        "state": model.HostState.UP,
        "cpus": 8.0,
        "memory": 16384,
        "max_containers": None,
        "used_cpus": 0.0,
        "used_memory": 0,
        "used_containers": 0,
        "labels": {},
        "zone": "",
        "region": "",
        "generation": 0,
    }
    return model.Host(id=id_, **(values | given))


def action(id_: str, **given: Any) -> model.Action:
    """Return an action on a node, ready to be claimed."""
    values: dict[str, Any] = {
        "name": f"action_{id_}",
        "kind": model.ActionKind.NODE_CHECK,
        "target": "n1",
        "cluster_id": None,
        "parent_id": None,
        "cause": "RPC Request",
        "owner": OWNER,
        "engine": None,
        "attempt": 0,
        "failures": 0,
        "status": model.ActionStatus.READY,
        "status_reason": "",
        "timeout": 60,
        "inputs": {},
        "outputs": {},
        "data": {},
        "plan": None,
        "pending": 0,
        "cancelling": False,
        "created_at": 1.0,
    }
    return model.Action(id=id_, **(values | given))


def profile(id_: str, **given: Any) -> model.Profile:
    """Return a container profile."""
    values: dict[str, Any] = {
        "name": "busybox",
        "type": "container.dockerinc.docker",
        "version": "1.1",
        "spec": {
            "type": "container.dockerinc.docker",
            "version": "1.1",
            "properties": {"image": "busybox", "host_cluster": "hosts"},
        },
        "metadata": {},
        "owner": OWNER,
        "created_at": 1.0,
    }
    return model.Profile(id=id_, **(values | given))


def policy(id_: str, *, properties: dict[str, Any] | None = None, **given: Any) -> model.Policy:
    """Return a scaling policy for growth, without a cooldown."""
    type_, version = given.get("type", "senlin.policy.scaling"), given.get("version", "1.0")
    known = {"event": "CLUSTER_SCALE_OUT"} if properties is None else properties
    values: dict[str, Any] = {
        "name": f"policy-{id_}",
        "type": type_,
        "version": version,
        "spec": {"type": type_, "version": version, "properties": known},
        "data": {},
        "owner": OWNER,
        "created_at": 1.0,
    }
    return model.Policy(id=id_, **(values | given))


def binding(id_: str, **given: Any) -> model.Binding:
    """Return a policy's place in a cluster, where it counts and has not done anything yet."""
    values: dict[str, Any] = {
        "cluster_id": "c0000000-0000-4000-8000-000000000001",
        "policy_id": "policy",
        "enabled": True,
        "priority": 100,
    }
    return model.Binding(id=id_, **(values | given))


def event(id_: str, **given: Any) -> model.Event:
    """Return an event about a node."""
    values: dict[str, Any] = {
        "timestamp": 1.0,
        "level": "INFO",
        "otype": "NODE",
        "oid": "n1",
        "oname": "n1",
        "cluster_id": None,
        "action": "NODE_CREATE",
        "status": "end",
        "status_reason": "",
        "owner": OWNER,
        "metadata": {},
    }
    return model.Event(id=id_, **(values | given))
