"""Commands on the membership of nodes in clusters."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from senlin_container.domain import errors, model, requests, sizing
from senlin_container.store import catalog, clusters, hosts, nodes, session
from senlin_container.usecases import base, context


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """What is said of nodes that do not exist, are not where they should be, or are of another kind.

    Suites that people have compare these sentences, so they are Senlin's.
    """

    unknown: str
    elsewhere: str
    unlike: str = ""


_ADDED = _Words(
    unknown="Nodes not found: {nodes}.",
    elsewhere="Nodes {nodes} already owned by some cluster.",
    unlike="Profile type of nodes {nodes} does not match that of the cluster.",
)
_REMOVED = _Words(unknown="Nodes not found: {nodes}.", elsewhere="Nodes not members of specified cluster: {nodes}.")
_REPLACED = _Words(
    unknown="Original nodes not found: {nodes}.",
    elsewhere="The specified nodes {nodes} to be replaced are not members of the cluster.",
)
_REPLACING = _Words(
    unknown="Replacement nodes not found: {nodes}.",
    elsewhere="Nodes {nodes} already member of a cluster.",
    unlike="Profile type of nodes {nodes} do not match that of the cluster.",
)


class MemberCommands(base.Base):
    """Add, take out and replace members."""

    def add_nodes(self, ctx: context.Context, identity: str, *, nodes: Sequence[str]) -> str:
        """Make nodes that belong to no cluster members of this one."""
        return self._queue(self._add_nodes, ctx, identity, nodes)

    def del_nodes(self, ctx: context.Context, identity: str, *, nodes: Sequence[str], destroy: bool) -> str:
        """Take members out; with ``destroy`` they are deleted too."""
        return self._queue(self._del_nodes, ctx, identity, nodes, destroy)

    def replace_nodes(self, ctx: context.Context, identity: str, *, nodes: Mapping[str, str]) -> str:
        """Take members out and put others in their place (old to new)."""
        return self._queue(self._replace_nodes, ctx, identity, nodes)

    def _add_nodes(self, tx: session.Transaction, ctx: context.Context, identity: str, names: Sequence[str]) -> str:
        cluster, _ = clusters.find(tx, ctx.scope(), identity)
        joining = _joining(tx, ctx, cluster, names, _ADDED)
        target = max(nodes.count(tx, cluster.id) + len(joining), cluster.desired_capacity)
        base.accepted(sizing.fit(sizing.Size(desired=target, min_size=0, max_size=cluster.max_size), strict=True))
        base.check_limit(target, limit=self._parts.limits.max_nodes_per_cluster)
        request = requests.AddNodes(nodes=tuple(node.id for node in joining))
        return self._enqueue(tx, ctx, model.ActionKind.CLUSTER_ADD_NODES, cluster, requests.dump(request))

    def _del_nodes(
        self, tx: session.Transaction, ctx: context.Context, identity: str, names: Sequence[str], destroy: bool
    ) -> str:
        cluster, _ = clusters.find(tx, ctx.scope(), identity)
        leaving = _members(tx, ctx, cluster, names, _REMOVED)
        if destroy:
            _check_idle_hosts(tx, cluster, leaving)
        target = max(cluster.desired_capacity - len(leaving), 0)
        base.accepted(
            sizing.fit(sizing.Size(desired=target, min_size=cluster.min_size, max_size=model.UNBOUNDED), strict=True)
        )
        request = requests.DelNodes(nodes=tuple(node.id for node in leaving), destroy=destroy)
        return self._enqueue(tx, ctx, model.ActionKind.CLUSTER_DEL_NODES, cluster, requests.dump(request))

    def _replace_nodes(
        self, tx: session.Transaction, ctx: context.Context, identity: str, pairs: Mapping[str, str]
    ) -> str:
        cluster, _ = clusters.find(tx, ctx.scope(), identity)
        olds = _members(tx, ctx, cluster, list(pairs), _REPLACED)
        news = _joining(tx, ctx, cluster, list(pairs.values()), _REPLACING)
        if len(olds) != len(pairs) or len(news) != len(pairs):
            raise errors.Invalid("A node is named twice: each replaced node needs a replacement of its own.")
        request = requests.ReplaceNodes(pairs=tuple((old.id, new.id) for old, new in zip(olds, news, strict=True)))
        return self._enqueue(tx, ctx, model.ActionKind.CLUSTER_REPLACE_NODES, cluster, requests.dump(request))


def _look_up(
    tx: session.Transaction, ctx: context.Context, names: Sequence[str]
) -> tuple[list[model.Node], list[str]]:
    """Find nodes by id, name or short id; returns those found, each once, and the names that fit nothing."""
    found: dict[str, model.Node] = {}
    missing = []
    for name in names:
        try:
            node, _ = nodes.find(tx, ctx.scope(), name)
        except errors.NotFound:
            missing.append(name)
        else:
            found[node.id] = node
    return list(found.values()), missing


def _joining(
    tx: session.Transaction,
    ctx: context.Context,
    cluster: model.Cluster,
    names: Sequence[str],
    words: _Words,
) -> list[model.Node]:
    found, missing = _look_up(tx, ctx, names)
    if missing:
        raise errors.Invalid(words.unknown.format(nodes=missing))
    owned = [node.id for node in found if node.cluster_id is not None]
    if owned:
        raise errors.Invalid(words.elsewhere.format(nodes=owned))
    sick = [node.id for node in found if node.status != model.NodeStatus.ACTIVE]
    if sick:
        raise errors.Invalid(f"Nodes are not ACTIVE: {sick}.")
    types = catalog.profiles_by_id(tx, {node.profile_id for node in found} | {cluster.profile_id})
    wanted = types[cluster.profile_id].type
    other = [node.id for node in found if types[node.profile_id].type != wanted]
    if other:
        raise errors.Invalid(words.unlike.format(nodes=other))
    return found


def _members(
    tx: session.Transaction,
    ctx: context.Context,
    cluster: model.Cluster,
    names: Sequence[str],
    words: _Words,
) -> list[model.Node]:
    found, missing = _look_up(tx, ctx, names)
    if missing:
        raise errors.Invalid(words.unknown.format(nodes=missing))
    strangers = [node.id for node in found if node.cluster_id != cluster.id]
    if strangers:
        raise errors.Invalid(words.elsewhere.format(nodes=strangers))
    return found


def _check_idle_hosts(tx: session.Transaction, cluster: model.Cluster, leaving: Sequence[model.Node]) -> None:
    loads = hosts.loads(tx, cluster.id)
    used = [f"'{node.name}' ({loads[node.id]} containers)" for node in leaving if loads.get(node.id)]
    if used:
        raise errors.InUse(
            f"Hosts in use cannot be deleted: {', '.join(used)}. Delete what runs on them first, or take them out of "
            "the cluster without destroying them."
        )
