"""Finds a host for a single node; the nodes of a cluster action are placed by its plan."""

from __future__ import annotations

import collections
from collections.abc import Mapping

from senlin_container.domain import model, placement, plan
from senlin_container.domain.model import ActionStatus
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
        """Choose a host for a single node that has none, or whose host does not answer; returns whether it has one."""
        return self._db.write(self._place, action, node)

    def _place(self, tx: session.Transaction, action: model.Action, node: model.Node) -> bool:
        now = self._parts.clock()
        if action.id not in queue.own(tx, {action.id: action.attempt}, action.engine or ""):
            return False
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
            change = {
                "status": model.NodeStatus.ERROR.value,
                "status_reason": decision.reason,
                "updated_at": now,
            }
            outcome = settling.Outcome(action=action, status=ActionStatus.FAILED, reason=decision.reason, node=change)
            settling.apply(tx, [outcome], new_id=self._parts.new_id, now=now)
            return False
        host_id = decision[0]
        hosts.promise(tx, {host_id: hosts.to_run(node)}, {host.id: host.generation for host in candidates})
        if node.host_id is not None:
            hosts.adjust(tx, {node.host_id: hosts.given_back(node)})
        nodes.change(tx, node.id, host_id=host_id)
        queue.note(tx, action, lane=host_id)
        return True
