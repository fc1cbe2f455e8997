"""Policies in cluster actions: what a decision must know of them, and what it changes in them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from senlin_container.domain import bindings, errors, model, plan, planner
from senlin_container.domain.model import ActionKind
from senlin_container.specs import policies as policy_types
from senlin_container.store import catalog, policies, session
from senlin_container.usecases import scaling

_ABOUT_POLICIES = (
    ActionKind.CLUSTER_ATTACH_POLICY,
    ActionKind.CLUSTER_DETACH_POLICY,
    ActionKind.CLUSTER_UPDATE_POLICY,
)
_ASK_POLICIES = (*_ABOUT_POLICIES, ActionKind.CLUSTER_SCALE_IN, ActionKind.CLUSTER_SCALE_OUT)


def informed(
    tx: session.Transaction, action: model.Action, snapshot: planner.Snapshot, now: float
) -> planner.Snapshot:
    """Return a snapshot with the policies of the cluster, where these have a say about the action."""
    if action.kind not in _ASK_POLICIES:
        return snapshot
    cluster = snapshot.cluster
    found = bindings.Policies(now=now, attached=scaling.known(tx, cluster.id))
    if action.kind == ActionKind.CLUSTER_ATTACH_POLICY:
        profile = catalog.profiles_by_id(tx, [cluster.profile_id])[cluster.profile_id]
        found = dataclasses.replace(
            found, profile_type=profile.type, wanted=_wanted(tx, cluster, action.inputs["policy_id"])
        )
    return dataclasses.replace(snapshot, policies=found)


def _wanted(tx: session.Transaction, cluster: model.Cluster, policy_id: str) -> bindings.Kind | None:
    try:
        policy = policies.find(tx, cluster.owner.project, policy_id)
    except errors.NotFound:
        return None
    return policy_types.find(policy.type_name).kind


def write(
    tx: session.Transaction, cluster_id: str, change: plan.BindingChange, *, new_id: Callable[[], str]
) -> plan.Refusal | None:
    """Write what changes in the policies of a cluster, or tell why it cannot be written."""
    match change:
        case plan.Attach():
            if not policies.hold(tx, change.policy_id):
                return plan.Refusal(code="gone", reason=f"The policy '{change.policy_id}' does not exist any more.")
            binding = model.Binding(
                id=new_id(),
                cluster_id=cluster_id,
                policy_id=change.policy_id,
                enabled=change.enabled,
                priority=change.priority,
            )
            policies.attach(tx, binding)
        case plan.Detach():
            policies.detach(tx, cluster_id, change.policy_id)
        case plan.Switch():
            policies.switch(tx, cluster_id, change.policy_id, enabled=change.enabled)
    return None
