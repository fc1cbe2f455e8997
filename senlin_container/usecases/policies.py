"""Policies and the clusters that they are attached to: commands and queries."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from senlin_container.domain import bindings, errors, model, requests
from senlin_container.specs import policies as policy_types
from senlin_container.store import catalog, clusters, policies, session
from senlin_container.usecases import base, context, reading, scaling


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BindingView:
    """A policy of a cluster with the names of both."""

    binding: model.Binding
    cluster_name: str
    policy_name: str
    policy_type: str


class PolicyCommands(base.Base):
    """Create, change and delete policies; attach them to clusters."""

    def create_policy(self, ctx: context.Context, *, name: str, spec: Mapping[str, Any]) -> model.Policy:
        """Write a new policy.

        :raises errors.InvalidSpec: with the path of what is wrong in the spec
        :raises errors.NotFound: for an unknown type or version
        """
        policy = self._policy(ctx, name, spec)
        self._write(policies.insert, policy)
        return policy

    def validate_policy(self, ctx: context.Context, *, spec: Mapping[str, Any]) -> model.Policy:
        """Check a spec without keeping it."""
        return self._policy(ctx, "validated_policy", spec)

    def update_policy(self, ctx: context.Context, identity: str, *, name: str | None) -> model.Policy:
        """Change the name; a spec never changes."""
        if name is None:
            raise errors.Invalid("No property needs an update.")
        return self._write(_rename, ctx, identity, name, self._parts.clock())

    def delete_policy(self, ctx: context.Context, identity: str) -> None:
        """Delete a policy that is attached to no cluster."""
        self._write(_delete, ctx, identity)

    def attach_policy(self, ctx: context.Context, cluster: str, *, policy: str, enabled: bool) -> str:
        """Attach a policy to a cluster; returns the id of the action.

        :raises errors.Conflict: when the cluster has a policy of that kind, and one is the most
        """
        return self._queue(self._attach, ctx, cluster, policy, enabled)

    def detach_policy(self, ctx: context.Context, cluster: str, *, policy: str) -> str:
        """Detach a policy from a cluster; returns the id of the action."""
        return self._queue(self._detach, ctx, cluster, policy)

    def switch_policy(self, ctx: context.Context, cluster: str, *, policy: str, enabled: bool | None) -> str:
        """Let a policy of a cluster count, or not; returns the id of the action.

        :raises errors.Invalid: when the policy is not attached, or nothing is said of ``enabled``
        """
        return self._queue(self._switch, ctx, cluster, policy, enabled)

    def _policy(self, ctx: context.Context, name: str, spec: Mapping[str, Any]) -> model.Policy:
        checked = policy_types.check(spec)
        self._check_interval(checked)
        return model.Policy(
            id=self._parts.new_id(),
            name=name,
            type=checked.type.name,
            version=checked.type.version,
            spec=checked.document,
            data={},
            owner=ctx.owner,
            created_at=self._parts.clock(),
        )

    def _check_interval(self, checked: policy_types.Checked) -> None:
        """Check that a health policy does not ask for more checks than the operator allows.

        :raises errors.InvalidSpec: when it does
        """
        if checked.type.name != policy_types.HEALTH:
            return
        interval, least = checked.properties["detection"]["interval"], self._parts.limits.health_check_interval_min
        if interval < least:
            raise errors.InvalidSpec(
                f"'detection.interval' is {interval}: at least {least} seconds are expected "
                "(health_check_interval_min of this installation)."
            )

    def _attach(
        self, tx: session.Transaction, ctx: context.Context, cluster_identity: str, identity: str, enabled: bool
    ) -> str:
        cluster, _ = clusters.find(tx, ctx.scope(), cluster_identity)
        policy = _policy_for(tx, cluster, identity)
        if not policies.is_attached(tx, cluster.id, policy.id):
            self._check_fit(tx, cluster, policy)
        request = requests.AttachPolicy(policy_id=policy.id, enabled=enabled)
        return self._enqueue(tx, ctx, requests.kind_of(request), cluster, requests.dump(request))

    def _check_fit(self, tx: session.Transaction, cluster: model.Cluster, policy: model.Policy) -> None:
        """Refuse now what the action would refuse; it looks again, as others may be quicker."""
        profile = catalog.profiles_by_id(tx, [cluster.profile_id])[cluster.profile_id]
        present = bindings.Policies(
            now=self._parts.clock(), attached=scaling.known(tx, cluster.id), profile_type=profile.type
        )
        refusal = bindings.refuse(present, policy_types.find(policy.type_name).kind)
        if refusal is not None:
            raise (
                errors.Conflict(refusal.reason) if refusal.code == bindings.SECOND else errors.Invalid(refusal.reason)
            )

    def _detach(self, tx: session.Transaction, ctx: context.Context, cluster_identity: str, identity: str) -> str:
        cluster, policy = _attached(tx, ctx, cluster_identity, identity)
        request = requests.DetachPolicy(policy_id=policy.id)
        return self._enqueue(tx, ctx, requests.kind_of(request), cluster, requests.dump(request))

    def _switch(
        self, tx: session.Transaction, ctx: context.Context, cluster_identity: str, identity: str, enabled: bool | None
    ) -> str:
        cluster, policy = _attached(tx, ctx, cluster_identity, identity)
        if enabled is None:
            raise errors.Invalid("No property needs an update: say whether the policy is to be enabled.")
        request = requests.UpdatePolicy(policy_id=policy.id, enabled=enabled)
        return self._enqueue(tx, ctx, requests.kind_of(request), cluster, requests.dump(request))


class PolicyQueries(reading.Reader):
    """Reads of policies and of the clusters that they are attached to."""

    def policies(self, ctx: context.Context, page: reading.Page, *, filters: reading.Filters) -> list[model.Policy]:
        """Return a page of policies; filters: name, type."""
        return self._read(policies.page, self._page(ctx, page), reading.many(filters))

    def policy(self, ctx: context.Context, identity: str) -> model.Policy:
        """Return one policy."""
        return self._read(policies.find, ctx.scope(), identity)

    def cluster_policies(
        self,
        ctx: context.Context,
        cluster: str,
        *,
        filters: Mapping[str, Any],
        sort: tuple[tuple[str, bool], ...] = (),
    ) -> list[BindingView]:
        """Return the policies of a cluster.

        :param filters: enabled, policy_name, policy_type
        :param sort: by ``enabled``, and whether descending; by priority otherwise
        """
        return self._read(_bindings, ctx.scope(), cluster, filters, sort[0][1] if sort else None)

    def cluster_policy(self, ctx: context.Context, cluster: str, policy: str) -> BindingView:
        """Return one policy of a cluster.

        :raises errors.NotAttached: when there is such a policy, but not attached to the cluster
        """
        return self._read(_binding, ctx.scope(), cluster, policy)


def _policy_for(tx: session.Transaction, cluster: model.Cluster, identity: str) -> model.Policy:
    """Find the policy that a request about a cluster names in its body, in the project that the cluster is in.

    :raises errors.Invalid: when there is none
    """
    try:
        return policies.find(tx, cluster.owner.project, identity)
    except errors.NotFound as exc:
        raise errors.Invalid(f"The specified policy '{identity}' could not be found.") from exc


def _attached(
    tx: session.Transaction, ctx: context.Context, cluster_identity: str, identity: str
) -> tuple[model.Cluster, model.Policy]:
    """Find a cluster and one of its policies.

    :raises errors.Invalid: when there is no such policy, or it is not attached
    """
    cluster, _ = clusters.find(tx, ctx.scope(), cluster_identity)
    policy = _policy_for(tx, cluster, identity)
    if not policies.is_attached(tx, cluster.id, policy.id):
        raise errors.Invalid(f"The policy '{policy.id}' is not attached to the specified cluster '{cluster.id}'.")
    return cluster, policy


def _rename(tx: session.Transaction, ctx: context.Context, identity: str, name: str, now: float) -> model.Policy:
    policy = policies.find(tx, ctx.scope(), identity)
    policies.rename(tx, policy.id, name, now)
    return dataclasses.replace(policy, name=name, updated_at=now)


def _delete(tx: session.Transaction, ctx: context.Context, identity: str) -> None:
    policies.delete(tx, policies.find(tx, ctx.scope(), identity).id)


def _bindings(
    tx: session.Transaction, project: str | None, identity: str, filters: Mapping[str, Any], by_enabled: bool | None
) -> list[BindingView]:
    cluster, _ = clusters.find(tx, project, identity)
    found = policies.attached(tx, cluster.id, filters=filters, by_enabled=by_enabled)
    return [_view(one, cluster) for one in found]


def _binding(tx: session.Transaction, project: str | None, identity: str, policy: str) -> BindingView:
    cluster, _ = clusters.find(tx, project, identity)
    try:
        return _view(policies.find_attached(tx, cluster.id, policy), cluster)
    except errors.NotFound:
        policies.find(tx, cluster.owner.project, policy)  # not found at all is another thing than not attached
        raise errors.NotAttached(policy, identity) from None


def _view(bound: policies.Bound, cluster: model.Cluster) -> BindingView:
    return BindingView(
        binding=bound.binding,
        cluster_name=cluster.name,
        policy_name=bound.policy.name,
        policy_type=bound.policy.type_name,
    )
