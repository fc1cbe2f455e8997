"""Commands on clusters: each checks its request and writes an action for the engines, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from senlin_container.domain import errors, model, planner, requests, sizing
from senlin_container.specs import registry
from senlin_container.store import catalog, clusters, hosts, queue, receivers, session
from senlin_container.usecases import base, context, queries, scaling, settling

RECOVERY = "health.recovery"
"""Key of a cluster's config: what is done by itself about a node that has died (RECREATE, REBOOT or NONE)."""

RECOVERIES = ("RECREATE", "REBOOT", "REBUILD")
_FILTERS = ("name", "role", "status")


class ClusterCommands(base.Base):
    """Create, change, size, check, recover and delete clusters."""

    def create_cluster(
        self,
        ctx: context.Context,
        *,
        name: str,
        profile: str,
        min_size: int,
        max_size: int,
        desired_capacity: int,
        timeout: int | None,
        metadata: Mapping[str, Any],
        config: Mapping[str, Any],
    ) -> tuple[queries.ClusterView, str]:
        """Write a new cluster and the action that brings it to its size; returns it and the action's id."""
        size = sizing.Size(desired=desired_capacity, min_size=min_size, max_size=max_size)
        base.check_size(size, limit=self._parts.limits.max_nodes_per_cluster)
        _check_config(config)
        self._parts.trusts.ensure(ctx)
        return self._queue(
            self._create_cluster, ctx, name, profile, size, timeout=timeout, metadata=metadata, config=config
        )

    def update_cluster(
        self,
        ctx: context.Context,
        identity: str,
        *,
        name: str | None = None,
        profile: str | None = None,
        timeout: int | None = None,
        metadata: Mapping[str, Any] | None = None,
        config: Mapping[str, Any] | None = None,
        profile_only: bool = False,
    ) -> tuple[queries.ClusterView, str]:
        """Change a cluster; a new profile of the same type goes to its nodes too, batch by batch."""
        if all(value is None for value in (name, profile, timeout, metadata, config)):
            raise errors.Invalid("No property needs an update.")
        if config is not None:
            _check_config(config)
        return self._queue(
            self._update_cluster,
            ctx,
            identity,
            name=name,
            profile=profile,
            timeout=timeout,
            metadata=metadata,
            config=config,
            profile_only=profile_only,
        )

    def delete_cluster(self, ctx: context.Context, identity: str, *, force: bool) -> str:
        """Delete a cluster and its nodes. ``force`` cancels what is at work and disregards what runs on its hosts.

        :raises errors.Busy: when an action is at work on it
        :raises errors.InUse: when it is a cluster of hosts that run containers
        """
        return self._queue(self._delete_cluster, ctx, identity, force)

    def resize_cluster(
        self,
        ctx: context.Context,
        identity: str,
        *,
        adjustment_type: str | None,
        number: float | None,
        min_size: int | None,
        max_size: int | None,
        min_step: int | None,
        strict: bool,
    ) -> str:
        """Change the size, or its bounds."""
        request = requests.Resize(
            adjustment=_adjustment(adjustment_type, number),
            number=number,
            min_size=min_size,
            max_size=max_size,
            min_step=min_step,
            strict=strict,
        )
        if request.adjustment is None and min_size is None and max_size is None:
            raise errors.Invalid("Nothing to resize: give a number with its adjustment_type, min_size or max_size.")
        return self._queue(self._resize_cluster, ctx, identity, request)

    def scale_cluster(
        self, ctx: context.Context, identity: str, *, out: bool, count: int | None, alone: bool = False
    ) -> str:
        """Add or remove nodes; bounds are checked when the action runs.

        :param alone: refuse while another scaling action is not finished, or a cooldown is not over
        :raises errors.Scaling: in the one case
        :raises errors.Cooling: in the other
        """
        if count is not None and count <= 0:
            way = "out" if out else "in"
            told = "cannot be 0" if count == 0 else f"is {count}: more than 0 is expected"
            raise errors.Invalid(f"Count for scale-{way} request {told}.")
        return self._queue(self._request_cluster, ctx, identity, requests.Scale(out=out, count=count or 1), alone)

    def check_cluster(self, ctx: context.Context, identity: str) -> str:
        """Look at every node."""
        return self._queue(self._request_cluster, ctx, identity, requests.Check())

    def recover_cluster(self, ctx: context.Context, identity: str, *, params: Mapping[str, Any]) -> str:
        """Bring back the nodes that are not well."""
        request = requests.Recover(
            operation=recovery_operation(params),
            params=params.get("operation_params") or {},
            check=bool(params.get("check")),
            check_capacity=bool(params.get("check_capacity")),
        )
        return self._queue(self._request_cluster, ctx, identity, request)

    def operate_cluster(
        self,
        ctx: context.Context,
        identity: str,
        *,
        operation: str,
        params: Mapping[str, Any],
        filters: Mapping[str, Any],
    ) -> str:
        """Do an operation on every node that fits the filters (name, role, status)."""
        unknown = sorted(set(filters) - set(_FILTERS))
        if unknown:
            raise errors.Invalid(f"Filter key '{unknown[0]}' is unsupported: {', '.join(_FILTERS)} are known.")
        return self._queue(self._operate_cluster, ctx, identity, operation, params, filters)

    def _create_cluster(
        self,
        tx: session.Transaction,
        ctx: context.Context,
        name: str,
        profile_identity: str,
        size: sizing.Size,
        *,
        timeout: int | None,
        metadata: Mapping[str, Any],
        config: Mapping[str, Any],
    ) -> tuple[queries.ClusterView, str]:
        limits = self._parts.limits
        profile = base.profile_for(tx, ctx, profile_identity)
        base.check_host(tx, ctx.scope(), profile, must_exist=True)
        if profile.type == registry.HOST and size.desired > 1:
            raise errors.Invalid(
                f"A cluster of hosts cannot be created with {size.desired} nodes of one profile, as a profile names "
                "one endpoint: create it empty, one node with a profile for each host, and add these as members."
            )
        if clusters.count(tx, ctx.owner.project) >= limits.max_clusters_per_project:
            raise errors.Invalid(
                f"The project has the maximum number of clusters allowed ({limits.max_clusters_per_project}): delete "
                "one first, or ask the operator for more (max_clusters_per_project)."
            )
        cluster = model.Cluster(
            id=self._parts.new_id(),
            name=name,
            profile_id=profile.id,
            owner=ctx.owner,
            min_size=size.min_size,
            max_size=size.max_size,
            desired_capacity=size.desired,
            next_index=1,
            timeout=limits.default_action_timeout if timeout is None else timeout,
            status=model.ClusterStatus.INIT,
            status_reason="Initializing",
            metadata=dict(metadata),
            config=dict(config),
            data={},
            init_at=self._parts.clock(),
        )
        clusters.insert(tx, cluster)
        action_id = self._enqueue(tx, ctx, model.ActionKind.CLUSTER_CREATE, cluster, {})
        return queries.ClusterView(cluster=cluster, profile_name=profile.name), action_id

    def _update_cluster(
        self,
        tx: session.Transaction,
        ctx: context.Context,
        identity: str,
        *,
        name: str | None,
        profile: str | None,
        timeout: int | None,
        metadata: Mapping[str, Any] | None,
        config: Mapping[str, Any] | None,
        profile_only: bool,
    ) -> tuple[queries.ClusterView, str]:
        whole = clusters.find_whole(tx, ctx.scope(), identity)
        cluster, profile_id = whole.cluster, None
        if profile is not None:
            profile_id = self._new_profile(tx, ctx, cluster, profile).id
        request = requests.Update(
            name=name,
            profile_id=profile_id,
            timeout=timeout,
            metadata=metadata,
            config=config,
            profile_only=profile_only,
        )
        action_id = self._enqueue(tx, ctx, model.ActionKind.CLUSTER_UPDATE, cluster, requests.dump(request))
        return whole, action_id

    def _new_profile(
        self, tx: session.Transaction, ctx: context.Context, cluster: model.Cluster, identity: str
    ) -> model.Profile:
        profile = base.profile_for(tx, ctx, identity)
        old = catalog.profiles_by_id(tx, [cluster.profile_id])[cluster.profile_id]
        check_same_kind(old, profile, "Cannot update a cluster to a different profile type")
        base.check_host(tx, ctx.scope(), profile, must_exist=True)
        return profile

    def _delete_cluster(self, tx: session.Transaction, ctx: context.Context, identity: str, force: bool) -> str:
        cluster, _ = clusters.find(tx, ctx.scope(), identity)
        unfinished = queue.unfinished(tx, cluster=cluster.id)
        if force:
            now = self._parts.clock()
            for action in unfinished:
                if action.parent_id is None:
                    settling.cancel(tx, action, new_id=self._parts.new_id, now=now, force=True)
        elif any(action.target == cluster.id for action in unfinished):
            raise errors.Busy(
                f"The cluster '{cluster.id}' is in status {cluster.status}: an action is at work on it. Wait for its "
                "end, or delete by force."
            )
        elif used := hosts.loads(tx, cluster.id):
            raise errors.InUse(
                f"The cluster '{cluster.id}' cannot be deleted: {len(used)} of its hosts still run "
                f"{sum(used.values())} containers. Delete these first, or delete by force."
            )
        elif triggers := receivers.ids_of(tx, cluster.id):
            raise errors.InUse(
                f"The cluster '{cluster.id}' cannot be deleted: still referenced by receiver(s): "
                f"{', '.join(triggers[:5])}{' and more' if len(triggers) > 5 else ''}. Delete these first, or delete "
                "by force."
            )
        return self._enqueue(
            tx, ctx, model.ActionKind.CLUSTER_DELETE, cluster, requests.dump(requests.Delete(force=force))
        )

    def _resize_cluster(
        self, tx: session.Transaction, ctx: context.Context, identity: str, request: requests.Resize
    ) -> str:
        cluster, _ = clusters.find(tx, ctx.scope(), identity)
        size = sizing.resize(sizing.of(cluster), request)
        base.accepted(size)
        if isinstance(size, sizing.Size):
            base.check_limit(max(size.desired, size.min_size), limit=self._parts.limits.max_nodes_per_cluster)
        return self._enqueue(tx, ctx, model.ActionKind.CLUSTER_RESIZE, cluster, requests.dump(request))

    def _request_cluster(
        self,
        tx: session.Transaction,
        ctx: context.Context,
        identity: str,
        request: requests.Request,
        alone: bool = False,
    ) -> str:
        cluster, _ = clusters.find(tx, ctx.scope(), identity)
        if alone:
            scaling.check_free(tx, cluster, requests.kind_of(request), self._parts.clock())
        if isinstance(request, requests.Scale) and request.out:
            base.check_limit(cluster.desired_capacity + request.count, limit=self._parts.limits.max_nodes_per_cluster)
        return self._enqueue(tx, ctx, requests.kind_of(request), cluster, requests.dump(request))

    def _operate_cluster(
        self,
        tx: session.Transaction,
        ctx: context.Context,
        identity: str,
        operation: str,
        params: Mapping[str, Any],
        filters: Mapping[str, Any],
    ) -> str:
        cluster, _ = clusters.find(tx, ctx.scope(), identity)
        profile = catalog.profiles_by_id(tx, [cluster.profile_id])[cluster.profile_id]
        request = requests.Operate(
            operation=operation, params=self._parameters(profile, operation, params), filters=dict(filters)
        )
        return self._enqueue(tx, ctx, model.ActionKind.CLUSTER_OPERATION, cluster, requests.dump(request))


def check_same_kind(old: model.Profile, new: model.Profile, what: str) -> None:
    """Check that nodes can go from one profile to another: the same type, on the same hosts.

    :raises errors.Invalid: when they cannot
    """
    if old.type != new.type:
        raise errors.Invalid(f"{what}, operation aborted.")
    before, after = base.spec_of(old), base.spec_of(new)
    if before is not None and after is not None:
        for key in ("host_node", "host_cluster"):
            if getattr(before, key) != getattr(after, key):
                raise errors.Invalid(
                    f"The new profile has another {key} ({getattr(after, key)}, not {getattr(before, key)}): nodes "
                    "do not move to other hosts in an update. Create a new cluster there."
                )


def recovery_operation(params: Mapping[str, Any]) -> str | None:
    """Read the operation of a recover request; Senlin's clients send a name, or a list of one.

    :raises errors.Invalid: for one that is not known
    """
    given = params.get("operation")
    if isinstance(given, Sequence) and not isinstance(given, str):
        given = given[0] if len(given) == 1 else str(given)
    if isinstance(given, Mapping):
        given = given.get("name")
    if given is None:
        return None
    if str(given).upper() not in RECOVERIES:
        raise errors.Invalid(f"Recovery operation '{given}' is not supported: {', '.join(RECOVERIES)} are.")
    return str(given).upper()


def _adjustment(adjustment_type: str | None, number: float | None) -> requests.Adjustment | None:
    if adjustment_type is None:
        if number is not None:
            raise errors.Invalid("Missing adjustment_type value for size adjustment.")
        return None
    if number is None:
        raise errors.Invalid("Missing number value for size adjustment.")
    adjustment = requests.Adjustment(adjustment_type)
    if adjustment != requests.Adjustment.PERCENTAGE and number != int(number):
        raise errors.Invalid(f"The 'number' must be integer for adjustment type '{adjustment}', not {number}.")
    if adjustment == requests.Adjustment.EXACT and number < 0:
        raise errors.Invalid(f"The 'number' must be 0 or more for adjustment type '{adjustment}', not {number:g}.")
    if adjustment != requests.Adjustment.EXACT and number == 0:
        raise errors.Invalid(f"The 'number' cannot be 0 for adjustment type '{adjustment}'.")
    return adjustment


def _check_config(config: Mapping[str, Any]) -> None:
    pattern = config.get(planner.NAME_FORMAT)
    if pattern is not None and not (isinstance(pattern, str) and pattern and pattern.isprintable()):
        raise errors.Invalid(
            f"config '{planner.NAME_FORMAT}' is {pattern!r}: a text like 'web-$3I' is expected ($I: index, $R: "
            "letters by chance)."
        )
    recovery = config.get(RECOVERY)
    allowed = (*RECOVERIES, "NONE")
    if recovery is not None and recovery not in allowed:
        raise errors.Invalid(f"config '{RECOVERY}' is '{recovery}': one of {', '.join(allowed)} is expected.")
