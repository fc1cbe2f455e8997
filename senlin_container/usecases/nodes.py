"""Commands on nodes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from senlin_container.domain import errors, model, naming, planner, sizing
from senlin_container.store import catalog, hosts, queue, session
from senlin_container.store import clusters as cluster_store
from senlin_container.store import nodes as node_store
from senlin_container.usecases import base, clusters, context, queries, settling


class NodeCommands(base.Base):
    """Create, change, check, recover and delete nodes."""

    def create_node(
        self,
        ctx: context.Context,
        *,
        name: str,
        profile: str,
        cluster: str | None,
        role: str,
        metadata: Mapping[str, Any],
    ) -> tuple[queries.NodeView, str]:
        """Write a new node and the action that makes it; in a cluster, the cluster names it."""
        self._parts.trusts.ensure(ctx)
        return self._queue(self._create_node, ctx, name, profile, cluster, role, metadata)

    def update_node(
        self,
        ctx: context.Context,
        identity: str,
        *,
        name: str | None = None,
        profile: str | None = None,
        role: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        tainted: bool | None = None,
    ) -> tuple[queries.NodeView, str]:
        """Change a node; a new profile of the same type changes or replaces what it stands for."""
        given = {"name": name, "role": role, "metadata": metadata, "tainted": tainted}
        inputs = {key: value for key, value in given.items() if value is not None}
        if not inputs and profile is None:
            raise errors.Invalid("No property needs an update.")
        return self._queue(self._update_node, ctx, identity, profile, inputs)

    def delete_node(self, ctx: context.Context, identity: str, *, force: bool) -> str:
        """Delete a node. ``force`` cancels what is at work and disregards what runs on it.

        :raises errors.Busy: when an action is at work on it
        :raises errors.InUse: when it is a host that runs containers
        """
        return self._queue(self._delete_node, ctx, identity, force)

    def check_node(self, ctx: context.Context, identity: str) -> str:
        """Look whether the node is well."""
        return self._queue(self._simple_node, ctx, identity, model.ActionKind.NODE_CHECK, {})

    def recover_node(self, ctx: context.Context, identity: str, *, params: Mapping[str, Any]) -> str:
        """Bring a node back; with ``check`` only when it is not well."""
        given = {
            "operation": clusters.recovery_operation(params),
            "operation_params": params.get("operation_params"),
            "check": params.get("check"),
        }
        inputs = {key: value for key, value in given.items() if value}
        return self._queue(self._simple_node, ctx, identity, model.ActionKind.NODE_RECOVER, inputs)

    def operate_node(self, ctx: context.Context, identity: str, *, operation: str, params: Mapping[str, Any]) -> str:
        """Do an operation of the profile's type on a node."""
        return self._queue(self._operate_node, ctx, identity, operation, params)

    def _create_node(
        self,
        tx: session.Transaction,
        ctx: context.Context,
        name: str,
        profile_identity: str,
        cluster_identity: str | None,
        role: str,
        metadata: Mapping[str, Any],
    ) -> tuple[queries.NodeView, str]:
        profile = base.profile_for(tx, ctx, profile_identity)
        base.check_host(tx, ctx.scope(), profile, must_exist=True)
        spec = base.spec_of(profile)
        now = self._parts.clock()
        node = model.Node(
            id=self._parts.new_id(),
            name=name,
            profile_id=profile.id,
            cluster_id=None,
            owner=ctx.owner,
            index=-1,
            role=role,
            physical_id=None,
            host_id=None,
            cpus=spec.cpus if spec else 0.0,
            memory=spec.memory if spec else 0,
            status=model.NodeStatus.INIT,
            status_reason="Initializing",
            metadata=dict(metadata),
            data={},
            details={},
            tainted=False,
            init_at=now,
        )
        if cluster_identity is not None:
            node = self._into_cluster(tx, base.cluster_for(tx, ctx, cluster_identity), profile, node)
        node_store.insert(tx, [node])
        action_id = self._enqueue(tx, ctx, model.ActionKind.NODE_CREATE, node, {})
        return queries.NodeView(node=node, profile_name=profile.name), action_id

    def _into_cluster(
        self, tx: session.Transaction, cluster: model.Cluster, profile: model.Profile, node: model.Node
    ) -> model.Node:
        own = catalog.profiles_by_id(tx, [cluster.profile_id])[cluster.profile_id]
        if own.type != profile.type:
            raise errors.Invalid("Node and cluster have different profile type, operation aborted.")
        desired = max(cluster.desired_capacity, node_store.count(tx, cluster.id) + 1)
        base.accepted(sizing.fit(sizing.Size(desired=desired, min_size=0, max_size=cluster.max_size), strict=True))
        base.check_limit(desired, limit=self._parts.limits.max_nodes_per_cluster)
        cluster_store.change(tx, cluster, next_index=cluster.next_index + 1, desired_capacity=desired)
        pattern = str(cluster.config.get(planner.NAME_FORMAT) or naming.DEFAULT_FORMAT)
        index = cluster.next_index
        return dataclasses.replace(
            node,
            cluster_id=cluster.id,
            index=index,
            name=naming.node_name(pattern, index=index, seed=node.id),
        )

    def _update_node(
        self, tx: session.Transaction, ctx: context.Context, identity: str, profile: str | None, inputs: dict[str, Any]
    ) -> tuple[queries.NodeView, str]:
        node, profile_name = node_store.find(tx, ctx.scope(), identity)
        if profile is not None:
            new = base.profile_for(tx, ctx, profile)
            old = catalog.profiles_by_id(tx, [node.profile_id])[node.profile_id]
            clusters.check_same_kind(old, new, "Cannot update a node to a different profile type")
            base.check_host(tx, ctx.scope(), new, must_exist=True)
            if new.id != node.profile_id:
                inputs = {**inputs, "new_profile_id": new.id}
        action_id = self._enqueue(tx, ctx, model.ActionKind.NODE_UPDATE, node, inputs)
        return queries.NodeView(node=node, profile_name=profile_name), action_id

    def _delete_node(self, tx: session.Transaction, ctx: context.Context, identity: str, force: bool) -> str:
        node, _ = node_store.find(tx, ctx.scope(), identity)
        unfinished = queue.unfinished(tx, target=node.id)
        if force:
            for action in unfinished:
                settling.cancel(tx, action, new_id=self._parts.new_id, now=self._parts.clock(), force=True)
        elif unfinished:
            raise errors.Busy(
                f"The node '{node.id}' is in status {node.status}: action {unfinished[0].id[:8]} "
                f"({unfinished[0].kind}) is at work on it. Wait for its end, or delete by force."
            )
        else:
            _check_idle(tx, node)
        cluster = cluster_store.get(tx, node.cluster_id) if node.cluster_id is not None else None
        if cluster is not None and not force:
            # others that are to go lower the desired capacity only when they have gone
            left = cluster.desired_capacity - 1 - queue.count_lone(tx, cluster.id, model.ActionKind.NODE_DELETE)
            size = sizing.Size(desired=max(left, 0), min_size=cluster.min_size, max_size=model.UNBOUNDED)
            base.accepted(sizing.fit(size, strict=True))
            cluster_store.change(tx, cluster)  # of two at once, one decides anew
        return self._enqueue(tx, ctx, model.ActionKind.NODE_DELETE, node, {"force": True} if force else {})

    def _simple_node(
        self,
        tx: session.Transaction,
        ctx: context.Context,
        identity: str,
        kind: model.ActionKind,
        inputs: Mapping[str, Any],
    ) -> str:
        node, _ = node_store.find(tx, ctx.scope(), identity)
        return self._enqueue(tx, ctx, kind, node, inputs)

    def _operate_node(
        self, tx: session.Transaction, ctx: context.Context, identity: str, operation: str, params: Mapping[str, Any]
    ) -> str:
        node, _ = node_store.find(tx, ctx.scope(), identity)
        profile = catalog.profiles_by_id(tx, [node.profile_id])[node.profile_id]
        inputs = {"operation": operation, "params": self._parameters(profile, operation, params)}
        return self._enqueue(tx, ctx, model.ActionKind.NODE_OPERATION, node, inputs)


def _check_idle(tx: session.Transaction, node: model.Node) -> None:
    found = hosts.all_of(tx, ids=[node.id])
    if not found or not found[0].used_containers:
        return
    names = [f"'{one.name}'" for one in node_store.on_host(tx, node.id)]
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    raise errors.InUse(
        f"The node '{node.id}' cannot be deleted: it is the host of {', '.join(names[:5])}{more}. Delete these first, "
        "or delete by force."
    )
