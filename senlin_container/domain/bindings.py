"""Policies and the clusters that they are attached to: what may be attached, and what a cooldown forbids."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable

from senlin_container.domain import model, plan, requests
from senlin_container.domain.model import ActionKind

SCALINGS = (ActionKind.CLUSTER_SCALE_IN, ActionKind.CLUSTER_SCALE_OUT, ActionKind.CLUSTER_RESIZE)
"""Actions of which one at a time is to be under way in a cluster."""


SECOND = "second-of-a-kind"
"""Code of the refusal of a policy whose kind the cluster has one of already."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a type of policy demands of the clusters that it is attached to, whatever its version.

    ``priority`` orders the policies of a cluster, the lowest first. Of a ``single`` kind a cluster has one policy at
    most. ``profiles`` are the names of the profile types that it is made for (none: for all).
    """

    name: str
    priority: int
    single: bool = True
    profiles: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """What a scaling policy says about an action: the kind that it is for, and the seconds of rest after one."""

    event: ActionKind
    cooldown: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A policy of a cluster. ``scaling`` is there for policies that scale."""

    binding: model.Binding
    name: str
    kind: str
    scaling: Scaling | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """What is known of a cluster's policies at a moment (``now``).

    ``wanted`` is the kind of the policy that a request names, None when it is gone. ``profile_type`` is the name of
    the cluster's.
    """

    now: float
    attached: tuple[Attached, ...] = ()
    profile_type: str = ""
    wanted: Kind | None = None


def plan_for(policies: Policies, request: requests.OfPolicy) -> plan.Plan | plan.Refusal:
    """Decide what a request about a policy means for the policies of a cluster as they are now."""
    found = _find(policies, request.policy_id)
    match request:
        case requests.AttachPolicy():
            if found is not None:
                return plan.Plan(waves=(), reason="the policy is attached already")
            if policies.wanted is None:
                return plan.Refusal(code="gone", reason=f"The policy '{request.policy_id}' does not exist any more.")
            refusal = refuse(policies, policies.wanted)
            if refusal is not None:
                return refusal
            attach = plan.Attach(
                policy_id=request.policy_id, enabled=request.enabled, priority=policies.wanted.priority
            )
            return plan.Plan(waves=(), reason="the policy is attached", binding=attach)
        case requests.DetachPolicy():
            if found is None:
                return plan.Plan(waves=(), reason="the policy is not attached any more")
            return plan.Plan(
                waves=(), reason="the policy is detached", binding=plan.Detach(policy_id=request.policy_id)
            )
        case requests.UpdatePolicy():
            if found is None:
                return plan.Refusal(
                    code="not-attached", reason=f"The policy '{request.policy_id}' is not attached any more."
                )
            told = "the policy is enabled" if request.enabled else "the policy is disabled"
            switch = plan.Switch(policy_id=request.policy_id, enabled=request.enabled)
            return plan.Plan(waves=(), reason=told, binding=switch)


def refuse(policies: Policies, wanted: Kind) -> plan.Refusal | None:
    """Refuse a policy of a kind that does not fit the cluster, or of which it has one already."""
    if wanted.profiles and policies.profile_type not in wanted.profiles:
        fit = ", ".join(wanted.profiles)
        return plan.Refusal(
            code="profile-type",
            reason=f"A policy of type {wanted.name} is for clusters of {fit}, not of {policies.profile_type}.",
        )
    if wanted.single:
        for one in policies.attached:
            if one.kind == wanted.name:
                return plan.Refusal(
                    code=SECOND,
                    reason=f"The cluster has a policy of type {wanted.name} already, '{one.name}' "
                    f"({one.binding.policy_id}), and one is the most: detach that one first.",
                )
    return None


def consulted(attached: Iterable[Attached], kind: ActionKind) -> tuple[Attached, ...]:
    """Return the policies that have a say about scaling actions of a kind."""
    return tuple(
        one for one in attached if one.binding.enabled and one.scaling is not None and one.scaling.event == kind
    )


def cooling(attached: Iterable[Attached], kind: ActionKind, now: float) -> plan.Refusal | None:
    """Refuse a scaling action while a policy for its kind wants the cluster to rest; tells for how long."""
    for one in consulted(attached, kind):
        last, rest = one.binding.last_op, one.scaling.cooldown if one.scaling else 0
        if last is not None and now < last + rest:
            left = math.ceil(last + rest - now)
            return plan.Refusal(
                code="cooldown",
                reason=f"The cooldown of policy '{one.name}' ({one.binding.policy_id}) is not over: {kind} is refused "
                f"for another {left} seconds.",
            )
    return None


def _find(policies: Policies, policy_id: str) -> Attached | None:
    return next((one for one in policies.attached if one.binding.policy_id == policy_id), None)
