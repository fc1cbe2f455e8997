"""From a cluster, its nodes, the hosts and a request to a plan, or to the reason why there is none.

A pure function of its arguments: the same snapshot and seed give the same plan.
"""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Mapping, Sequence

from senlin_container.domain import batches, bindings, model, naming, placement, plan, requests, sizing, victims
from senlin_container.domain.model import ActionKind

NAME_FORMAT = "node.name.format"
"""Key of a cluster's config: the pattern of its nodes' names."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What a decision rests on.

    ``demand`` is what each node wants of a host (None: the profile needs no host), ``hosts`` the hosts its profile
    allows. ``loads`` tells how many containers run on the members that are hosts themselves. ``updated`` is the demand
    of the profile that an update brings, ``candidates`` the nodes that are to become members, by id. ``policies`` are
    there for requests that policies have a say about.
    """

    cluster: model.Cluster
    nodes: tuple[model.Node, ...]
    demand: placement.Demand | None = None
    hosts: tuple[model.Host, ...] = ()
    loads: Mapping[str, int] = dataclasses.field(default_factory=dict)
    updated: placement.Demand | None = None
    candidates: Mapping[str, model.Node] = dataclasses.field(default_factory=dict)
    policies: bindings.Policies | None = None

    @property
    def present(self) -> dict[str, int]:
        """How many nodes of the cluster each host runs."""
        return dict(collections.Counter(node.host_id for node in self.nodes if node.host_id is not None))


def plan_for(snapshot: Snapshot, request: requests.Request, *, seed: str) -> plan.Plan | plan.Refusal:
    """Decide what a request means for a cluster as it is now.

    :param seed: decides the names of new nodes; the id of the action
    """
    match request:
        case requests.Create() | requests.Resize() | requests.Scale():
            return _sized(snapshot, request, seed)
        case requests.Delete():
            return _delete(snapshot, snapshot.nodes, force=request.force)
        case requests.AddNodes():
            return _add(snapshot, request)
        case requests.DelNodes():
            return _del(snapshot, request)
        case requests.ReplaceNodes():
            return _replace(snapshot, request)
        case requests.Update():
            return _update(snapshot, request)
        case requests.Check():
            steps = tuple(
                plan.NodeStep(kind=ActionKind.NODE_CHECK, node_id=node.id, reason="the cluster is checked")
                for node in snapshot.nodes
            )
            return plan.Plan(waves=_waves(steps), reason=f"{len(steps)} nodes to check")
        case requests.Recover():
            return _recover(snapshot, request, seed)
        case requests.Operate():
            return _operate(snapshot, request)
        case requests.AttachPolicy() | requests.DetachPolicy() | requests.UpdatePolicy():
            return bindings.plan_for(snapshot.policies or bindings.Policies(now=0.0), request)


def _sized(
    snapshot: Snapshot, request: requests.Create | requests.Resize | requests.Scale, seed: str
) -> plan.Plan | plan.Refusal:
    size: sizing.Size | plan.Refusal = sizing.of(snapshot.cluster)
    if isinstance(request, requests.Resize):
        size = sizing.resize(sizing.of(snapshot.cluster), request)
    elif isinstance(request, requests.Scale):
        known = snapshot.policies
        refusal = bindings.cooling(known.attached, requests.kind_of(request), known.now) if known else None
        size = refusal or sizing.scale(sizing.of(snapshot.cluster), request)
    return size if isinstance(size, plan.Refusal) else _to_size(snapshot, size, seed)


def _to_size(snapshot: Snapshot, size: sizing.Size, seed: str) -> plan.Plan | plan.Refusal:
    """Grow or shrink to a size, counted from the nodes that are there."""
    change = plan.ClusterChange(desired_capacity=size.desired, min_size=size.min_size, max_size=size.max_size)
    missing = size.desired - len(snapshot.nodes)
    if missing > 0:
        grown = _grow(snapshot, missing, seed)
        return grown if isinstance(grown, plan.Refusal) else dataclasses.replace(grown, change=change)
    if missing < 0:
        shrunk = _shrink(snapshot, -missing)
        return shrunk if isinstance(shrunk, plan.Refusal) else dataclasses.replace(shrunk, change=change)
    return plan.Plan(waves=(), reason=f"the cluster has {size.desired} nodes already", change=change)


def _grow(snapshot: Snapshot, count: int, seed: str) -> plan.Plan | plan.Refusal:
    hosts: Sequence[str | None] = [None] * count
    why = "to reach the desired capacity"
    if snapshot.demand is not None:
        placed = placement.place(count, snapshot.demand, snapshot.hosts, snapshot.present)
        if isinstance(placed, plan.Refusal):
            return placed
        hosts = placed
        why = "to reach the desired capacity; on the host with room that runs fewest of the cluster"
    pattern = snapshot.cluster.config.get(NAME_FORMAT) or naming.DEFAULT_FORMAT
    first = snapshot.cluster.next_index
    steps = tuple(
        plan.CreateNode(
            index=first + i,
            name=naming.node_name(str(pattern), index=first + i, seed=seed),
            host_id=host_id,
            reason=why,
        )
        for i, host_id in enumerate(hosts)
    )
    return plan.Plan(waves=(steps,), reason=f"{count} nodes to create", data={"creation": {"count": count}})


def _shrink(snapshot: Snapshot, count: int) -> plan.Plan | plan.Refusal:
    idle = [node for node in snapshot.nodes if not snapshot.loads.get(node.id)]
    if len(idle) < count:
        return _in_use(snapshot, [node for node in snapshot.nodes if snapshot.loads.get(node.id)])
    chosen = victims.choose(idle, count)
    steps = tuple(
        plan.NodeStep(kind=ActionKind.NODE_DELETE, node_id=node.id, reason=f"chosen because {why}")
        for node, why in chosen
    )
    data = {
        "deletion": {"count": count, "candidates": [node.id for node, _ in chosen], "destroy_after_deletion": True}
    }
    return plan.Plan(waves=(steps,), reason=f"{count} nodes to delete", data=data)


def _delete(snapshot: Snapshot, nodes: Sequence[model.Node], *, force: bool) -> plan.Plan | plan.Refusal:
    used = [node for node in nodes if snapshot.loads.get(node.id)]
    if used and not force:
        return _in_use(snapshot, used)
    steps = tuple(
        plan.NodeStep(
            kind=ActionKind.NODE_DELETE,
            node_id=node.id,
            reason="its cluster is deleted",
            inputs={"force": True} if force else {},
        )
        for node in nodes
    )
    return plan.Plan(waves=_waves(steps), reason=f"{len(steps)} nodes to delete")


def _in_use(snapshot: Snapshot, used: Sequence[model.Node]) -> plan.Refusal:
    told = ", ".join(f"'{node.name}' ({snapshot.loads[node.id]} containers)" for node in used[:3])
    more = f" and {len(used) - 3} more" if len(used) > 3 else ""
    return plan.Refusal(
        code="host-in-use", reason=f"Hosts in use cannot be deleted: {told}{more}. Delete what runs on them, or force."
    )


def _add(snapshot: Snapshot, request: requests.AddNodes) -> plan.Plan | plan.Refusal:
    members = {node.id for node in snapshot.nodes}
    joining = [node_id for node_id in request.nodes if node_id not in members]
    refusal = _check_joining(snapshot, joining)
    if refusal is not None:
        return refusal
    size = sizing.fit(
        dataclasses.replace(
            sizing.of(snapshot.cluster), desired=max(len(members) + len(joining), snapshot.cluster.desired_capacity)
        ),
        strict=True,
    )
    if isinstance(size, plan.Refusal):
        return size
    first = snapshot.cluster.next_index
    steps = tuple(
        plan.NodeStep(
            kind=ActionKind.NODE_JOIN,
            node_id=node_id,
            reason="it is added to the cluster",
            inputs={"cluster_id": snapshot.cluster.id, "index": first + i},
        )
        for i, node_id in enumerate(joining)
    )
    return plan.Plan(
        waves=_waves(steps),
        reason=f"{len(steps)} nodes to add",
        change=plan.ClusterChange(desired_capacity=size.desired),
    )


def _check_joining(snapshot: Snapshot, node_ids: Sequence[str]) -> plan.Refusal | None:
    """Refuse nodes that have gone, or become members of another cluster, since they were named."""
    gone = [node_id for node_id in node_ids if node_id not in snapshot.candidates]
    if gone:
        return plan.Refusal(code="gone", reason=f"Nodes {gone} do not exist any more.")
    owned = [node_id for node_id in node_ids if snapshot.candidates[node_id].cluster_id is not None]
    if owned:
        return plan.Refusal(code="owned", reason=f"Nodes {owned} already owned by some cluster.")
    return None


def _del(snapshot: Snapshot, request: requests.DelNodes) -> plan.Plan | plan.Refusal:
    leaving = [node for node in snapshot.nodes if node.id in set(request.nodes)]
    size = sizing.fit(
        dataclasses.replace(
            sizing.of(snapshot.cluster), desired=max(snapshot.cluster.desired_capacity - len(leaving), 0)
        ),
        strict=True,
    )
    if isinstance(size, plan.Refusal):
        return size
    change = plan.ClusterChange(desired_capacity=size.desired)
    data = {
        "deletion": {
            "count": len(leaving),
            "candidates": [node.id for node in leaving],
            "destroy_after_deletion": request.destroy,
        }
    }
    if request.destroy:
        deleted = _delete(snapshot, leaving, force=False)
        return deleted if isinstance(deleted, plan.Refusal) else dataclasses.replace(deleted, change=change, data=data)
    steps = tuple(_leave(node.id) for node in leaving)
    return plan.Plan(waves=_waves(steps), reason=f"{len(steps)} nodes to take out", change=change, data=data)


def _leave(node_id: str) -> plan.NodeStep:
    return plan.NodeStep(kind=ActionKind.NODE_LEAVE, node_id=node_id, reason="it is taken out of the cluster")


def _replace(snapshot: Snapshot, request: requests.ReplaceNodes) -> plan.Plan | plan.Refusal:
    members = {node.id for node in snapshot.nodes}
    gone = sorted(old for old, _ in request.pairs if old not in members)
    if gone:
        return plan.Refusal(code="not-a-member", reason=f"Nodes {gone} are no members of the cluster any more.")
    refusal = _check_joining(snapshot, [new for _, new in request.pairs])
    if refusal is not None:
        return refusal
    first = snapshot.cluster.next_index
    joins = tuple(
        plan.NodeStep(
            kind=ActionKind.NODE_JOIN,
            node_id=new,
            reason=f"it replaces {old}",
            inputs={"cluster_id": snapshot.cluster.id, "index": first + i},
        )
        for i, (old, new) in enumerate(request.pairs)
    )
    leaves = tuple(_leave(old) for old, _ in request.pairs)
    waves = (*_waves(joins), *_waves(leaves))
    return plan.Plan(waves=waves, reason=f"{len(joins)} nodes to replace")


def _update(snapshot: Snapshot, request: requests.Update) -> plan.Plan | plan.Refusal:
    change = plan.ClusterChange(
        name=request.name,
        profile_id=request.profile_id,
        timeout=request.timeout,
        metadata=request.metadata,
        config=request.config,
    )
    if request.profile_id is None or request.profile_only:
        return plan.Plan(waves=(), reason="only the cluster itself changes", change=change)
    refusal = _check_growth(snapshot)
    if refusal is not None:
        return refusal
    steps = tuple(
        plan.NodeStep(
            kind=ActionKind.NODE_UPDATE,
            node_id=node.id,
            reason="the cluster gets a new profile",
            inputs={"new_profile_id": request.profile_id},
        )
        for node in snapshot.nodes
        if node.profile_id != request.profile_id
    )
    # Never all at once: what serves now goes on serving, at least min_size of it, and one where there are several.
    waves = batches.split(steps, in_service=max(snapshot.cluster.min_size, 1))
    return plan.Plan(waves=waves, reason=f"{len(steps)} nodes to update in {len(waves)} batches", change=change)


def _check_growth(snapshot: Snapshot) -> plan.Refusal | None:
    """Refuse a new profile whose nodes would want more than their hosts have left."""
    if snapshot.updated is None:
        return None
    cpus: dict[str, float] = collections.defaultdict(float)
    memory: dict[str, int] = collections.defaultdict(int)
    for node in snapshot.nodes:
        if node.host_id is not None:
            cpus[node.host_id] += snapshot.updated.cpus - node.cpus
            memory[node.host_id] += snapshot.updated.memory - node.memory
    for host in snapshot.hosts:
        refusal = placement.growth(host, placement.Demand(cpus=max(cpus[host.id], 0), memory=max(memory[host.id], 0)))
        if refusal is not None:
            return refusal
    return None


def _recover(snapshot: Snapshot, request: requests.Recover, seed: str) -> plan.Plan | plan.Refusal:
    chosen = [node for node in snapshot.nodes if request.check or node.status != model.NodeStatus.ACTIVE]
    moves = recovery_moves(chosen, snapshot)
    grown: tuple[plan.Step, ...] = ()
    missing = snapshot.cluster.desired_capacity - len(snapshot.nodes)
    if request.check_capacity and missing > 0:
        growth = _grow(_moved(snapshot, moves), missing, seed)
        if isinstance(growth, plan.Refusal):
            return growth
        grown = growth.waves[0]
    inputs = {
        key: value
        for key, value in (
            ("operation", request.operation),
            ("operation_params", dict(request.params)),
            ("check", request.check),
        )
        if value
    }
    steps = tuple(
        plan.NodeStep(
            kind=ActionKind.NODE_RECOVER,
            node_id=node.id,
            reason="it is checked and recovered" if request.check else f"it is in status {node.status}",
            inputs={**inputs, "host_id": moves[node.id]} if node.id in moves else inputs,
        )
        for node in chosen
    )
    told = f"{len(steps)} nodes to recover" + (f", {len(grown)} to create" if grown else "")
    return plan.Plan(waves=_waves((*grown, *steps)), reason=told)


def _moved(snapshot: Snapshot, moves: Mapping[str, str]) -> Snapshot:
    """Return what is left of the hosts when nodes have moved to them."""
    hosts = {host.id: host for host in snapshot.hosts}
    for node in snapshot.nodes:
        if node.id in moves:
            demand = placement.Demand(cpus=node.cpus, memory=node.memory)
            hosts[moves[node.id]] = placement.with_more(hosts[moves[node.id]], 1, demand)
    nodes = tuple(dataclasses.replace(node, host_id=moves.get(node.id, node.host_id)) for node in snapshot.nodes)
    return dataclasses.replace(snapshot, hosts=tuple(hosts.values()), nodes=nodes)


def recovery_moves(nodes: Sequence[model.Node], snapshot: Snapshot) -> dict[str, str]:
    """Choose another host for each node whose host does not answer, where one has room; else it stays.

    Each takes with it what it was promised, which may be another demand than that of the cluster's present profile.
    """
    if snapshot.demand is None:
        return {}
    down = {host.id for host in snapshot.hosts if host.state == model.HostState.DOWN}
    stranded: dict[placement.Demand, list[model.Node]] = {}
    for node in nodes:
        if node.host_id in down:
            stranded.setdefault(placement.Demand(cpus=node.cpus, memory=node.memory), []).append(node)
    moves: dict[str, str] = {}
    hosts, present = snapshot.hosts, collections.Counter(snapshot.present)
    for demand, alike in stranded.items():
        placed = placement.place_most(len(alike), demand, hosts, present)
        moves.update(zip((node.id for node in alike), placed, strict=False))  # the first of them, while there is room
        more = collections.Counter(placed)
        present.update(more)
        hosts = tuple(placement.with_more(host, more[host.id], demand) for host in hosts)
    return moves


def _operate(snapshot: Snapshot, request: requests.Operate) -> plan.Plan | plan.Refusal:
    chosen = [
        node
        for node in snapshot.nodes
        if all(str(getattr(node, key)) == str(value) for key, value in request.filters.items())
    ]
    if not chosen:
        return plan.Refusal(
            code="no-node", reason=f"No node of the cluster fits the filters {dict(request.filters)}: nothing to do."
        )
    steps = tuple(
        plan.NodeStep(
            kind=ActionKind.NODE_OPERATION,
            node_id=node.id,
            reason=f"operation '{request.operation}' on the cluster",
            inputs={"operation": request.operation, "params": dict(request.params)},
        )
        for node in chosen
    )
    return plan.Plan(waves=_waves(steps), reason=f"'{request.operation}' on {len(steps)} nodes")


def _waves(steps: tuple[plan.Step, ...]) -> tuple[plan.Wave, ...]:
    return (steps,) if steps else ()
