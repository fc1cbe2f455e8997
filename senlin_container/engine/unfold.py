"""A cluster action: from a snapshot to a plan, from the plan to child actions, all in one transaction.

The parent then waits in the database, not in a thread. The last child to finish makes it ready again, and whoever
claims it carries on here: the next wave, or the end.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping
from typing import Any

from senlin_container.domain import lifecycle, model, placement, plan, planner, requests
from senlin_container.domain.model import ActionKind, ActionStatus
from senlin_container.engine import placing, policing, shared, snapshots
from senlin_container.store import clusters, history, hosts, nodes, queue, session
from senlin_container.usecases import context, records, settling

LOG = logging.getLogger(__name__)


class Unfolder:
    """Plans cluster actions."""

    def __init__(self, parts: context.Parts) -> None:
        self._parts = parts
        self._db = parts.database

    def run(self, action: model.Action) -> None:
        """Take a claimed cluster action as far as it goes without its children."""
        for _ in range(shared.RACES):
            try:
                if action.plan is None:
                    self._begin(action)
                else:
                    self._db.write(self._resume, action)
            except session.Stale:
                continue  # somebody wrote to the cluster or promised room of a host meanwhile: decide anew
            return
        LOG.warning("action %s lost %d races and is left to its lease", action.id, shared.RACES)

    def fail(self, action: model.Action, reason: str) -> None:
        """End a claimed cluster action that cannot be carried out."""
        self._db.write(self._fail, action, reason)

    def _begin(self, action: model.Action) -> None:
        loaded = self._db.read(self._load, action)
        if loaded is None:
            self._db.write(self._fail, action, "The cluster is gone.")
            return
        request = requests.load(action.kind, action.inputs)
        decision: plan.Plan | plan.Refusal
        if action.cancelling:
            decision = plan.Refusal(code="cancelled", reason="Cancelled on request.")
        elif loaded.problem is not None:
            decision = plan.Refusal(code="profile", reason=loaded.problem)
        else:
            decision = planner.plan_for(loaded.snapshot, request, seed=action.id)
        if isinstance(decision, plan.Refusal):
            self._db.write(self._refuse, action, decision)
        else:
            self._db.decide(self._adopt, action, loaded.snapshot, decision)

    def _load(self, tx: session.Transaction, action: model.Action) -> snapshots.Loaded | None:
        loaded = snapshots.load(tx, action)
        if loaded is None:
            return None
        snapshot = policing.informed(tx, action, loaded.snapshot, self._parts.clock())
        return dataclasses.replace(loaded, snapshot=snapshot)

    def _refuse(self, tx: session.Transaction, action: model.Action, refusal: plan.Refusal) -> None:
        status = ActionStatus.CANCELLED if refusal.code == "cancelled" else ActionStatus.FAILED
        self._end(tx, action, status, refusal.reason)

    def _fail(self, tx: session.Transaction, action: model.Action, reason: str) -> None:
        self._end(tx, action, ActionStatus.FAILED, reason)

    def _end(self, tx: session.Transaction, action: model.Action, status: ActionStatus, reason: str) -> None:
        if action.id not in queue.own(tx, {action.id: action.attempt}, action.engine or ""):
            _note_lost(action)
            return
        settling.end_idle(tx, action, status=status, reason=reason, new_id=self._parts.new_id, now=self._parts.clock())

    def _adopt(
        self, tx: session.Transaction, action: model.Action, snapshot: planner.Snapshot, decision: plan.Plan
    ) -> None:
        """Write a plan: what changes in the cluster, the new nodes, the children, and the parent that waits."""
        now = self._parts.clock()
        mine = queue.own(tx, {action.id: action.attempt}, action.engine or "").get(action.id)
        if mine is None:
            _note_lost(action)
            return
        if mine.cancelling:
            self._end(tx, action, ActionStatus.CANCELLED, "Cancelled on request.")
            return
        cluster = _changed(snapshot.cluster, decision.change)
        columns = _columns(decision.change)
        if decision.binding is not None:
            impossible = policing.write(tx, cluster.id, decision.binding, new_id=self._parts.new_id)
            if impossible is not None:
                self._end(tx, action, ActionStatus.FAILED, impossible.reason)
                return
        if not decision.waves:
            self._finish(tx, action, cluster, columns, decision.reason, now)
            return
        wave, later = decision.waves[0], decision.waves[1:]
        refusal = self._promise_updates(tx, wave)
        if refusal is not None:
            self._end(tx, action, ActionStatus.FAILED, refusal.reason)
            return
        first = cluster.next_index
        joins = sum(1 for step in wave if isinstance(step, plan.NodeStep) and step.kind == ActionKind.NODE_JOIN)
        clusters.change(
            tx,
            cluster,
            **columns,
            next_index=first + decision.creates + joins,
            status=lifecycle.CLUSTER_AT_WORK[action.kind].value,
            status_reason=f"{action.kind}: {decision.reason}.",
        )
        self._write_wave(tx, action, cluster, wave, snapshot, now)
        queue.park(
            tx,
            action,
            plan={"waves": [plan.dump_wave(one) for one in later]},
            pending=len(wave),
            data={**decision.data, "reason": decision.reason, "status": "OK"},
            reason="",
            now=now,
        )
        event = records.event(
            id_=self._parts.new_id(),
            about=cluster,
            action=action.kind.value,
            status="start",
            reason=f"{decision.reason}.",
            level=records.INFO,
            now=now,
        )
        history.record(tx, [event])

    def _write_wave(
        self,
        tx: session.Transaction,
        action: model.Action,
        cluster: model.Cluster,
        wave: plan.Wave,
        snapshot: planner.Snapshot,
        now: float,
    ) -> None:
        by_id = {node.id: node for node in snapshot.nodes}
        # what moves takes its promises along, which single actions may have changed since the snapshot was read
        moving = [step.node_id for step in wave if isinstance(step, plan.NodeStep) and "host_id" in step.inputs]
        by_id |= nodes.by_id(tx, moving, lock=True)
        created = [self._new_node(cluster, step, snapshot, now) for step in wave if isinstance(step, plan.CreateNode)]
        nodes.insert(tx, created)
        promises: dict[str, hosts.Promise] = {}
        for node in created:
            if node.host_id is not None:
                promises[node.host_id] = promises.get(node.host_id, hosts.Promise()).plus(hosts.to_run(node))
        lanes: dict[str, str | None] = {node.id: node.host_id for node in created}
        given_back: dict[str, hosts.Promise] = {}
        for step in wave:
            if not isinstance(step, plan.NodeStep):
                continue
            moved = step.inputs.get("host_id")
            known = by_id.get(step.node_id)
            lanes[step.node_id] = moved or (known.host_id if known else None)
            if moved and known is not None:
                nodes.change(tx, known.id, host_id=moved)
                promises[moved] = promises.get(moved, hosts.Promise()).plus(hosts.to_run(known))
                if known.host_id is not None:
                    before = given_back.get(known.host_id, hosts.Promise())
                    given_back[known.host_id] = before.plus(hosts.given_back(known))
        hosts.promise(tx, promises, {host.id: host.generation for host in snapshot.hosts})
        hosts.adjust(tx, given_back)
        if given_back:
            hosts.forget(tx, given_back)
        children = [self._child(action, ActionKind.NODE_CREATE, node.id, {}, now) for node in created] + [
            self._child(action, step.kind, step.node_id, step.inputs, now)
            for step in wave
            if isinstance(step, plan.NodeStep)
        ]
        queue.enqueue(tx, children, lanes=lanes, now=now)

    def _new_node(
        self,
        cluster: model.Cluster,
        step: plan.CreateNode,
        snapshot: planner.Snapshot,
        now: float,
    ) -> model.Node:
        demand = snapshot.demand or placement.Demand()
        return model.Node(
            id=self._parts.new_id(),
            name=step.name,
            profile_id=cluster.profile_id,
            cluster_id=cluster.id,
            owner=cluster.owner,
            index=step.index,
            role="",
            physical_id=None,
            host_id=step.host_id,
            cpus=demand.cpus,
            memory=demand.memory,
            status=model.NodeStatus.INIT,
            status_reason="Initializing",
            metadata={},
            data={"placement": {"host": step.host_id, "reason": step.reason}} if step.host_id else {},
            details={},
            tainted=False,
            init_at=now,
        )

    def _promise_updates(self, tx: session.Transaction, wave: plan.Wave) -> plan.Refusal | None:
        """Have the hosts promise what the updates of a wave need; tells why they cannot."""
        updates = [step for step in wave if isinstance(step, plan.NodeStep) and step.kind == ActionKind.NODE_UPDATE]
        if not updates:
            return None
        (profile_id,) = {step.inputs["new_profile_id"] for step in updates}
        return placing.promise_update(tx, [step.node_id for step in updates], profile_id)

    def _child(
        self,
        parent: model.Action,
        kind: ActionKind,
        node_id: str,
        inputs: Mapping[str, Any],
        now: float,
    ) -> model.Action:
        child = records.action(
            id_=self._parts.new_id(),
            kind=kind,
            target=node_id,
            cluster_id=parent.target,
            owner=parent.owner,
            timeout=parent.timeout,
            now=now,
            inputs=inputs,
            cause=records.DERIVED,
            parent_id=parent.id,
        )
        if kind != ActionKind.NODE_UPDATE:
            return child
        return dataclasses.replace(child, data={settling.PROMISED: True})

    def _resume(self, tx: session.Transaction, action: model.Action) -> None:
        """Carry on after a wave: the next one, or the end."""
        now = self._parts.clock()
        if action.id not in queue.own(tx, {action.id: action.attempt}, action.engine or ""):
            _note_lost(action)
            return
        children = queue.children(tx, action.id)
        failed = children.counts.get(ActionStatus.FAILED, 0)
        cancelled = children.counts.get(ActionStatus.CANCELLED, 0)
        waves = (action.plan or {}).get("waves", [])
        if failed or cancelled or action.cancelling:
            status = ActionStatus.CANCELLED if action.cancelling else ActionStatus.FAILED
            self._end(tx, action, status, _told(children, failed, cancelled))
            return
        cluster = clusters.get(tx, action.target)
        if cluster is None:
            self._end(tx, action, ActionStatus.SUCCEEDED, settling.DONE)
        elif waves:
            wave = plan.load_wave(waves[0])
            members = nodes.by_id(tx, [step.node_id for step in wave if isinstance(step, plan.NodeStep)])
            snapshot = planner.Snapshot(cluster=cluster, nodes=tuple(members.values()))
            refusal = self._promise_updates(tx, wave)
            if refusal is not None:
                self._end(tx, action, ActionStatus.FAILED, refusal.reason)
                return
            self._write_wave(tx, action, cluster, wave, snapshot, now)
            queue.park(tx, action, plan={"waves": waves[1:]}, pending=len(wave), data=action.data, reason="", now=now)
        else:
            self._finish(tx, action, cluster, {}, settling.DONE, now)

    def _finish(
        self,
        tx: session.Transaction,
        action: model.Action,
        cluster: model.Cluster,
        columns: Mapping[str, Any],
        reason: str,
        now: float,
    ) -> None:
        if action.kind == ActionKind.CLUSTER_DELETE:
            self._remove(tx, action, cluster, now)
            return
        told = settling.DONE if reason == settling.DONE else f"{settling.DONE[:-1]}: {reason}."
        settling.finish_cluster(
            tx,
            action,
            cluster,
            status=ActionStatus.SUCCEEDED,
            reason=told,
            new_id=self._parts.new_id,
            now=now,
            **columns,
        )

    def _remove(self, tx: session.Transaction, action: model.Action, cluster: model.Cluster, now: float) -> None:
        """Remove an empty cluster; nodes that came in meanwhile make one more wave."""
        left = nodes.of_cluster(tx, cluster.id)
        if left:
            snapshot = planner.Snapshot(cluster=cluster, nodes=left, loads=hosts.loads(tx, cluster.id))
            decision = planner.plan_for(snapshot, requests.load(action.kind, action.inputs), seed=action.id)
            if isinstance(decision, plan.Refusal):
                self._end(tx, action, ActionStatus.FAILED, decision.reason)
            else:
                self._adopt(tx, action, snapshot, decision)
            return
        settling.finish_cluster(
            tx,
            action,
            cluster,
            status=ActionStatus.SUCCEEDED,
            reason=settling.DONE,
            new_id=self._parts.new_id,
            now=now,
        )
        clusters.delete(tx, cluster.id)


def _note_lost(action: model.Action) -> None:
    """Note that another engine has taken an action over: what this one decided is dropped."""
    LOG.info("action %s is not ours any more (attempt %d)", action.id, action.attempt)


def _columns(change: plan.ClusterChange) -> dict[str, Any]:
    names = {"metadata": "meta"}
    given = {field.name: getattr(change, field.name) for field in dataclasses.fields(change)}
    return {names.get(name, name): value for name, value in given.items() if value is not None}


def _changed(cluster: model.Cluster, change: plan.ClusterChange) -> model.Cluster:
    given = {field.name: getattr(change, field.name) for field in dataclasses.fields(change)}
    return dataclasses.replace(cluster, **{name: value for name, value in given.items() if value is not None})


def _told(children: queue.Children, failed: int, cancelled: int) -> str:
    """Say how a wave went wrong."""
    total = sum(children.counts.values())
    parts = [f"{number} {word}" for number, word in ((failed, "failed"), (cancelled, "cancelled")) if number]
    samples = "; ".join(f"node {target[:8]}: {reason}" for target, reason in children.failures)
    if not parts:
        return "Cancelled on request."
    return f"Of {total} node actions {' and '.join(parts)}: {samples}"
