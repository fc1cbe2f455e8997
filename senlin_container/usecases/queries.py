"""Reads: each is one consistent look at the database, of one or two statements."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from senlin_container.domain import errors, model
from senlin_container.rbac import rules
from senlin_container.specs import registry, schema
from senlin_container.store import catalog, clusters, history, listing, nodes, queue, secrets, session
from senlin_container.usecases import context, policies, reading, receivers

ClusterView = clusters.Whole


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class NodeView:
    """A node with the name of its profile."""

    node: model.Node
    profile_name: str


NodeLine = nodes.Line


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ActionView:
    """An action with what it waits for and what waits for it."""

    action: model.Action
    depends_on: tuple[str, ...] = ()
    depended_by: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """An event with the cluster it is about, where that still exists."""

    event: model.Event
    cluster: model.Cluster | None


def shown_profile(profile: model.Profile) -> model.Profile:
    """Return a profile as it may be shown: without its secrets."""
    paths = secret_paths(profile)
    return dataclasses.replace(profile, spec=secrets.hide(profile.spec, paths)) if paths else profile


def secret_paths(profile: model.Profile) -> list[tuple[str, ...]]:
    """Return where the spec of a profile holds secrets."""
    type_ = registry.PROFILE_TYPES.get(profile.type_name)
    if type_ is None:
        return []
    return [("properties", *path) for path in schema.secrets(type_.fields, profile.properties)]


class Queries(policies.PolicyQueries, receivers.ReceiverQueries):
    """All reads of the API."""

    def profiles(self, ctx: context.Context, page: reading.Page, *, filters: reading.Filters) -> list[model.Profile]:
        """Return a page of profiles; filters: name, type."""
        found = self._read(catalog.list_profiles, self._page(ctx, page), reading.many(filters))
        return [shown_profile(profile) for profile in found]

    def profile(self, ctx: context.Context, identity: str) -> model.Profile:
        """Return one profile."""
        return shown_profile(self._read(catalog.find_profile, ctx.scope(), identity))

    def clusters(self, ctx: context.Context, page: reading.Page, *, filters: reading.Filters) -> list[ClusterView]:
        """Return a page of clusters; filters: name, status."""
        return self._read(clusters.page, self._page(ctx, page), reading.many(filters))

    def cluster(self, ctx: context.Context, identity: str) -> ClusterView:
        """Return one cluster."""
        return self._read(clusters.find_whole, ctx.scope(), identity)

    def nodes(self, ctx: context.Context, page: reading.Page, *, filters: reading.Filters) -> list[NodeLine]:
        """Return a page of nodes; filters: name, status, host_id, cluster_id (an id, name or short id)."""
        return self._read(_nodes, self._page(ctx, page), reading.many(filters))

    def node(self, ctx: context.Context, identity: str) -> NodeView:
        """Return one node."""
        node, profile_name = self._read(nodes.find, ctx.scope(), identity)
        return NodeView(node=node, profile_name=profile_name)

    def members(self, ctx: context.Context, identity: str) -> list[NodeView]:
        """Return all nodes of a cluster in the order of their indexes, with their details."""
        return self._read(_members, ctx.scope(), identity)

    def actions(self, ctx: context.Context, page: reading.Page, *, filters: reading.Filters) -> list[ActionView]:
        """Return a page of actions; filters: name, target, action, status, cluster_id."""
        return self._read(_actions, self._page(ctx, page), reading.many(filters))

    def action(self, ctx: context.Context, identity: str) -> ActionView:
        """Return one action."""
        return self._read(_action, ctx.scope(), identity)

    def events(self, ctx: context.Context, page: reading.Page, *, filters: reading.Filters) -> list[EventView]:
        """Return a page of events; filters: oid, oname, otype, action, level, cluster_id, status."""
        return self._read(_events, self._page(ctx, page), reading.many(filters))

    def event(self, ctx: context.Context, identity: str) -> EventView:
        """Return one event."""
        return self._read(_event, ctx.scope(), identity)

    def services(self, ctx: context.Context) -> list[tuple[model.Service, bool]]:
        """Return all processes of the installation, each with whether it was heard of lately.

        :raises errors.Forbidden: for anybody whom ``services:index`` does not let through
        """
        if not ctx.may(rules.SERVICES):
            raise errors.Forbidden(rules.REFUSAL)
        oldest = self._parts.clock() - self._parts.limits.service_silence
        return [(service, service.updated_at >= oldest) for service in self._read(history.services)]


def _nodes(tx: session.Transaction, page: listing.Page, filters: dict[str, tuple[str, ...]]) -> list[NodeLine]:
    if "cluster_id" in filters:
        identity = filters["cluster_id"][0]
        try:
            cluster, _ = clusters.find(tx, page.project, identity)
        except errors.NotFound as exc:
            raise errors.Invalid(f"Cannot find the given cluster: {identity}.") from exc
        filters = {**filters, "cluster_id": (cluster.id,)}
        # who comes to the end of a cluster's list asks once more: two statements must do
        page = dataclasses.replace(page, lenient=True)
    return nodes.page(tx, page, filters)


def _actions(tx: session.Transaction, page: listing.Page, filters: Mapping[str, tuple[str, ...]]) -> list[ActionView]:
    return _with_dependencies(tx, queue.page(tx, page, filters))


def _action(tx: session.Transaction, project: str | None, identity: str) -> ActionView:
    return _with_dependencies(tx, [queue.find(tx, project, identity)])[0]


def _with_dependencies(tx: session.Transaction, actions: list[model.Action]) -> list[ActionView]:
    children = queue.dependencies(tx, actions)
    over = (model.ActionStatus.SUCCEEDED, model.ActionStatus.FAILED, model.ActionStatus.CANCELLED)
    return [
        ActionView(
            action=_with_progress(_without_secrets(action)),
            depends_on=tuple(children.get(action.id, ())),
            depended_by=(action.parent_id,) if action.parent_id and action.status not in over else (),
        )
        for action in actions
    ]


def _without_secrets(action: model.Action) -> model.Action:
    names = registry.secret_parameters(action.inputs.get("operation", "")) if "params" in action.inputs else ()
    if not names:
        return action
    return dataclasses.replace(action, inputs=secrets.hide(action.inputs, [("params", name) for name in names]))


def _with_progress(action: model.Action) -> model.Action:
    """Say of an action that waits how much it waits for."""
    if action.status != model.ActionStatus.WAITING:
        return action
    told = f"{action.data.get('reason', action.kind)}: {action.pending} node actions are not finished yet."
    return dataclasses.replace(action, status_reason=told)


def _events(tx: session.Transaction, page: listing.Page, filters: Mapping[str, tuple[str, ...]]) -> list[EventView]:
    found = history.list_events(tx, page, filters)
    about = history.clusters_of(tx, [event.cluster_id for event in found if event.cluster_id])
    return [EventView(event=event, cluster=about.get(event.cluster_id or "")) for event in found]


def _event(tx: session.Transaction, project: str | None, identity: str) -> EventView:
    event = history.find_event(tx, project, identity)
    about = history.clusters_of(tx, [event.cluster_id] if event.cluster_id else [])
    return EventView(event=event, cluster=about.get(event.cluster_id or ""))


def _members(tx: session.Transaction, project: str | None, identity: str) -> list[NodeView]:
    cluster, _ = clusters.find(tx, project, identity)
    return [NodeView(node=node, profile_name=name) for node, name in nodes.with_profiles(tx, cluster.id)]
