"""One node action: from the claimed work to its outcome, through the profile of the node.

Everything that can be expected to go wrong ends here as an outcome; see ``worker`` for the rest.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

from senlin_container.domain import lifecycle, model
from senlin_container.domain.model import ActionKind, ActionStatus, NodeStatus
from senlin_container.drivers import ports
from senlin_container.engine import shared
from senlin_container.profiles import base, types
from senlin_container.specs import registry
from senlin_container.store import nodes
from senlin_container.usecases import settling

_ID_LIMIT = 128
_PATIENCE = 30.0
"""Most seconds between two looks at what is under way outside."""

_STEP = 0.25
"""Looks are due at steps of so many seconds, so that those of many nodes are written in one statement."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A claimed node action with its node (None: gone) and the profile of the host that runs it, where one does."""

    action: model.Action
    node: model.Node | None
    host_profile_id: str | None = None
    host_name: str = ""


class Steps:
    """Runs node actions."""

    def __init__(self, catalogue: shared.Catalogue, settings: shared.Settings, clock: Callable[[], float]) -> None:
        self._catalogue = catalogue
        self._settings = settings
        self._clock = clock

    def run(self, work: Work, *, cancelled: bool = False) -> settling.Outcome:
        """Carry out one attempt; one that is cancelled before it began does nothing."""
        action, node = work.action, work.node
        if node is None:
            gone = action.kind == ActionKind.NODE_DELETE
            status, reason = (
                (ActionStatus.SUCCEEDED, settling.DONE) if gone else (ActionStatus.FAILED, "The node is gone.")
            )
            return settling.Outcome(action=action, status=status, reason=reason)
        if action.attempt == 1 and (cancelled or action.cancelling):
            return self._not_begun(action, node)
        try:
            return self._run(work, node)
        except base.Unwell as exc:
            return self._unwell(action, exc)
        except base.Underway as exc:
            return self._underway(action, exc)
        except ports.Retry as exc:
            return self._again(action, node, exc)
        except ports.Permanent as exc:
            return self.failed(action, node, exc.message)

    def failed(self, action: model.Action, node: model.Node | None, reason: str) -> settling.Outcome:
        """Return the outcome of an attempt that failed for good."""
        if node is None:
            return settling.Outcome(action=action, status=ActionStatus.FAILED, reason=reason)
        if action.kind == ActionKind.NODE_DELETE and action.inputs.get("force"):
            later = "goes when its host is back" if node.host_id is not None else "is not looked after any more"
            told = f"Removed by force; what is left of it {later}: {reason}"
            return settling.Outcome(action=action, status=ActionStatus.SUCCEEDED, reason=told, deleted=True)
        change = self._status(NodeStatus.ERROR, reason)
        if action.kind in (ActionKind.NODE_JOIN, ActionKind.NODE_LEAVE, ActionKind.NODE_CHECK):
            change = nodes.Change()  # nothing was found out about the node
        elif action.kind == ActionKind.NODE_OPERATION:
            # after a second attempt nobody knows what it was before: the next listing of its host tells
            known = node.status not in lifecycle.BUSY_NODE
            change = self._status(node.status if known else NodeStatus.WARNING, reason)
        return settling.Outcome(action=action, status=ActionStatus.FAILED, reason=reason, node=change)

    def _run(self, work: Work, node: model.Node) -> settling.Outcome:
        action = work.action
        match action.kind:
            case ActionKind.NODE_JOIN:
                membership = (action.inputs["cluster_id"], action.inputs["index"])
                return self._done(action, nodes.Change(membership=membership, updated_at=self._clock()))
            case ActionKind.NODE_LEAVE:
                return self._done(action, nodes.Change(membership=(None, -1), updated_at=self._clock()))
            case ActionKind.NODE_UPDATE:
                return self._update(work, node)
        job = self._job(work, node)
        profile = types.PROFILES[job.profile.type]
        match action.kind:
            case ActionKind.NODE_CREATE:
                facts = profile.create(job)
                change = self._seen(facts, "Creation succeeded")
                return self._done(action, dataclasses.replace(change, created_at=self._clock()), facts)
            case ActionKind.NODE_DELETE:
                profile.delete(job)
                return settling.Outcome(
                    action=action, status=ActionStatus.SUCCEEDED, reason=settling.DONE, deleted=True
                )
            case ActionKind.NODE_CHECK:
                facts = profile.check(job)
                return self._done(action, self._seen(facts, "Check: Node is ACTIVE."), facts)
            case ActionKind.NODE_RECOVER:
                return self._recover(action, profile, job)
            case ActionKind.NODE_OPERATION:
                return self._operate(action, profile, job)
        raise AssertionError(f"{action.kind} is not an action of a node")

    def _job(self, work: Work, node: model.Node) -> base.Job:
        profile = self._catalogue.profile(node.profile_id)
        return base.Job(
            node=node,
            profile=profile,
            place=self._place(work, node, types.PROFILES[profile.type].needs),
            resuming=work.action.attempt > 1,
            progress=work.action.data.get(settling.PROGRESS) or {},
        )

    def _place(self, work: Work, node: model.Node, needs: base.Needs) -> base.Place | None:
        """Find where the node's thing is, or is to be."""
        ending = work.action.kind == ActionKind.NODE_DELETE
        match needs:
            case base.Needs.CLOUD if ending and node.physical_id is None and not self._catalogue.has_cloud:
                return None
            case base.Needs.CLOUD:
                return base.InCloud(cloud=self._catalogue.cloud_of(node.owner))
            case base.Needs.ENGINE:
                # a host is only forgotten, also one whose endpoint could never be used
                engine = None if ending else self._catalogue.engine_of(node.profile_id)
                return None if engine is None else base.OnEngine(engine=engine, name=node.name)
            case base.Needs.HOST if work.host_profile_id is not None:
                return base.OnEngine(engine=self._catalogue.engine_of(work.host_profile_id), name=work.host_name)
        if ending and node.physical_id is None:
            return None
        raise ports.Permanent(f"Node '{node.name}' has no host: recover it, or delete it.")

    def _update(self, work: Work, node: model.Node) -> settling.Outcome:
        action, inputs = work.action, work.action.inputs
        change = nodes.Change(
            name=inputs.get("name"),
            role=inputs.get("role"),
            metadata=inputs.get("metadata"),
            tainted=inputs.get("tainted"),
            updated_at=self._clock(),
        )
        new_profile_id = inputs.get("new_profile_id")
        if new_profile_id is None or new_profile_id == node.profile_id:
            return self._done(action, change)
        job, new = self._job(work, node), self._catalogue.profile(new_profile_id)
        facts = types.PROFILES[job.profile.type].update(job, new)
        seen = self._seen(facts, "Update succeeded")
        change = dataclasses.replace(
            change,
            profile_id=new_profile_id,
            status=seen.status,
            status_reason=seen.status_reason,
            physical_id=seen.physical_id,
            details=seen.details,
        )
        if new.type == registry.CONTAINER:
            # promised before, unless another update of the node came in between
            spec = registry.container_spec(new)
            change = dataclasses.replace(change, cpus=spec.cpus, memory=spec.memory)
        return self._done(action, change, facts)

    def _recover(self, action: model.Action, profile: base.NodeProfile, job: base.Job) -> settling.Outcome:
        if action.inputs.get("check"):
            try:
                facts = profile.check(job)
            except base.Unwell:
                pass
            else:
                return self._done(action, self._seen(facts, "Recover: Node is ACTIVE."), facts)
        facts = profile.recover(job, action.inputs.get("operation"), action.inputs.get("operation_params") or {})
        return self._done(action, self._seen(facts, "Recover: Node is ACTIVE."), facts)

    def _operate(self, action: model.Action, profile: base.NodeProfile, job: base.Job) -> settling.Outcome:
        operation = action.inputs["operation"]
        params = self._catalogue.opened(operation, action.inputs.get("params") or {})
        facts = profile.operate(job, operation, params)
        change = self._seen(facts, f"Operation '{operation}' succeeded")
        return self._done(action, change, facts)

    def _done(self, action: model.Action, change: nodes.Change, facts: base.Facts | None = None) -> settling.Outcome:
        return settling.Outcome(
            action=action,
            status=ActionStatus.SUCCEEDED,
            reason=settling.DONE,
            node=change,
            host=None if facts is None else facts.host,
            outputs={} if facts is None else facts.outputs,
        )

    def _not_begun(self, action: model.Action, node: model.Node) -> settling.Outcome:
        reason = "Cancelled before it began."
        change = nodes.Change(status=node.status, status_reason=node.status_reason)
        if action.kind == ActionKind.NODE_CREATE:
            change = self._status(NodeStatus.ERROR, reason)
        return settling.Outcome(action=action, status=ActionStatus.CANCELLED, reason=reason, node=change)

    def _unwell(self, action: model.Action, finding: base.Unwell) -> settling.Outcome:
        """A check that finds something wrong has done its work."""
        change = self._status(NodeStatus.ERROR, finding.reason)
        if finding.details:
            change = dataclasses.replace(change, details=finding.details)
        return settling.Outcome(
            action=action, status=ActionStatus.SUCCEEDED, reason=f"Not well: {finding.reason}", node=change
        )

    def _underway(self, action: model.Action, told: base.Underway) -> settling.Outcome:
        """What has begun outside is looked at again; that is no failure, and only the action's timeout ends it."""
        return settling.Outcome(
            action=action,
            status=ActionStatus.READY,
            reason=told.reason,
            after=math.ceil(min(told.after, _PATIENCE) / _STEP) * _STEP,
            node=nodes.Change(physical_id=told.physical_id and told.physical_id[:_ID_LIMIT]),
            progress=told.progress,
        )

    def _again(self, action: model.Action, node: model.Node, failure: ports.Retry) -> settling.Outcome:
        if action.failures + 1 >= self._settings.retries:
            return self.failed(action, node, f"{failure.message} (tried {action.failures + 1} times)")
        after = max(failure.after, self._settings.retry_delay * 2**action.failures)
        return settling.Outcome(action=action, status=ActionStatus.READY, reason=failure.message, after=after)

    def _seen(self, facts: base.Facts, reason: str) -> nodes.Change:
        change = self._status(NodeStatus.ACTIVE, reason)
        if facts.idle:
            # what its owner has stopped is not well, but nobody should bring it back unasked: not ERROR
            change = self._status(NodeStatus.WARNING, facts.idle)
        return dataclasses.replace(change, physical_id=facts.physical_id[:_ID_LIMIT], details=facts.details)

    def _status(self, status: NodeStatus, reason: str) -> nodes.Change:
        return nodes.Change(status=status, status_reason=reason[: model.REASON_LIMIT], updated_at=self._clock())
