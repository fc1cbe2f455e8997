"""Finds a host for a single node; the nodes of a cluster action are placed by its plan."""

from __future__ import annotations

import collections
from collections.abc import Collection, Mapping

from senlin_container.domain import lifecycle, model, placement, plan
from senlin_container.domain.model import ActionKind, ActionStatus
from senlin_container.engine import snapshots
from senlin_container.specs import registry
from senlin_container.store import catalog, hosts, nodes, queue, session
from senlin_container.usecases import context, settling


class Placer:
    """Places single nodes."""

    def __init__(self, parts: context.Parts) -> None:
        self._parts = parts
        self._db = parts.database

    def place(self, action: model.Action, node: model.Node) -> bool:
        """Have room promised for what a single action needs; returns whether the action may go on.

        A node without a host, or whose host does not answer, gets one; one that is to grow gets more of its host.
        """
        if action.kind == ActionKind.NODE_UPDATE:
            return self._db.write(self._grow, action, node)
        return self._db.write(self._place, action, node)

    def _grow(self, tx: session.Transaction, action: model.Action, node: model.Node) -> bool:
        if action.id not in queue.own(tx, {action.id: action.attempt}, action.engine or ""):
            return False
        if action.data.get(settling.PROMISED):
            return True  # an earlier attempt has been promised it
        refusal = promise_update(tx, [node.id], action.inputs["new_profile_id"])
        if refusal is not None:
            change = nodes.Change(status=node.status, status_reason=node.status_reason)
            if node.status in lifecycle.BUSY_NODE:  # nobody knows what it was before the first attempt
                change = nodes.Change(status=model.NodeStatus.WARNING, status_reason=refusal.reason)
            outcome = settling.Outcome(action=action, status=ActionStatus.FAILED, reason=refusal.reason, node=change)
            settling.apply(tx, [outcome], new_id=self._parts.new_id, now=self._parts.clock())
            return False
        queue.note(tx, action, data={**action.data, settling.PROMISED: True})
        return True

    def _place(self, tx: session.Transaction, action: model.Action, node: model.Node) -> bool:
        now = self._parts.clock()
        if action.id not in queue.own(tx, {action.id: action.attempt}, action.engine or ""):
            return False
        fresh = nodes.by_id(tx, [node.id], lock=True).get(node.id)
        if fresh is None:
            return True  # its step says so
        node = fresh  # a cluster action may have moved it since it was claimed
        current = hosts.all_of(tx, ids=[node.host_id]) if node.host_id is not None else []
        if current and current[0].state == model.HostState.UP:
            return True
        profile = catalog.profiles_by_id(tx, [node.profile_id])[node.profile_id]
        spec = registry.container_spec(profile)
        candidates, problem = snapshots.candidates_for(tx, node.owner.project, spec)
        present: Mapping[str, int] = {}
        if node.cluster_id is not None:
            present = collections.Counter(
                member.host_id for member in nodes.of_cluster(tx, node.cluster_id) if member.host_id is not None
            )
        decision: tuple[str, ...] | plan.Refusal
        if problem is not None:
            decision = plan.Refusal(code="profile", reason=problem)
        else:
            decision = placement.place(1, placement.Demand(cpus=node.cpus, memory=node.memory), candidates, present)
        if isinstance(decision, plan.Refusal):
            if node.host_id is not None:
                return True  # it stays where it is, and fails there with what its host says
            change = nodes.Change(status=model.NodeStatus.ERROR, status_reason=decision.reason, updated_at=now)
            outcome = settling.Outcome(action=action, status=ActionStatus.FAILED, reason=decision.reason, node=change)
            settling.apply(tx, [outcome], new_id=self._parts.new_id, now=now)
            return False
        host_id = decision[0]
        hosts.promise(tx, {host_id: hosts.to_run(node)}, {host.id: host.generation for host in candidates})
        nodes.change(tx, node.id, host_id=host_id)
        if node.host_id is not None:
            hosts.adjust(tx, {node.host_id: hosts.given_back(node)})
            hosts.forget(tx, [node.host_id])
        queue.note(tx, action, lane=host_id)
        return True


def promise_update(tx: session.Transaction, node_ids: Collection[str], profile_id: str) -> plan.Refusal | None:
    """Promise nodes what a new profile needs, instead of what they have been promised; tells why there is no room."""
    profile = catalog.profiles_by_id(tx, [profile_id])[profile_id]
    if profile.type != registry.CONTAINER:
        return None
    spec = registry.container_spec(profile)
    changes: dict[str, hosts.Promise] = {}
    found = nodes.by_id(tx, node_ids, lock=True)  # other actions may have changed them since they were planned for
    for node in found.values():
        if node.host_id is not None:
            change = hosts.Promise(cpus=spec.cpus - node.cpus, memory=spec.memory - node.memory)
            changes[node.host_id] = changes.get(node.host_id, hosts.Promise()).plus(change)
    there = hosts.all_of(tx, ids=list(changes))
    for host in there:
        wanted = placement.Demand(cpus=max(changes[host.id].cpus, 0), memory=max(changes[host.id].memory, 0))
        refusal = placement.growth(host, wanted)
        if refusal is not None:
            return refusal
    known = {host.id: host.generation for host in there}
    hosts.promise(tx, {host_id: change for host_id, change in changes.items() if host_id in known}, known)
    nodes.promise(tx, list(found), cpus=spec.cpus, memory=spec.memory)
    return None
