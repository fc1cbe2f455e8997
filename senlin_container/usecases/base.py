"""What the commands share: looking things up, and turning requests into queued actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Concatenate, ParamSpec, TypeVar

from senlin_container.domain import errors, model, sizing
from senlin_container.domain import plan as plans
from senlin_container.specs import containers, registry
from senlin_container.store import catalog, clusters, nodes, queue, session
from senlin_container.usecases import context, records

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Base:
    """Runs one transaction for a request, then tells the engines that there is work."""

    def __init__(self, parts: context.Parts) -> None:
        self._parts = parts

    def _write(
        self, function: Callable[Concatenate[session.Transaction, _P], _T], *args: _P.args, **kwargs: _P.kwargs
    ) -> _T:
        return self._parts.database.write(function, *args, **kwargs)

    def _queue(
        self, function: Callable[Concatenate[session.Transaction, _P], _T], *args: _P.args, **kwargs: _P.kwargs
    ) -> _T:
        result = self._parts.database.write(function, *args, **kwargs)
        self._parts.nudge()
        return result

    def _enqueue(
        self,
        tx: session.Transaction,
        ctx: context.Context,
        kind: model.ActionKind,
        target: model.Cluster | model.Node,
        inputs: Mapping[str, Any],
    ) -> str:
        """Write an action that a user asked for; returns its id."""
        timeout = self._parts.limits.default_action_timeout
        cluster_id, host_id = None, None
        if isinstance(target, model.Cluster):
            timeout, cluster_id = target.timeout, target.id
        else:
            cluster_id, host_id = target.cluster_id, target.host_id
        now = self._parts.clock()
        action = records.action(
            id_=self._parts.new_id(),
            kind=kind,
            target=target.id,
            cluster_id=cluster_id,
            owner=ctx.owner,
            timeout=timeout,
            now=now,
            inputs=inputs,
        )
        queue.enqueue(tx, [action], lanes={target.id: host_id}, now=now)
        return action.id

    def _parameters(self, profile: model.Profile, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Check an operation and its parameters; returns these as an action keeps them, with secrets encrypted."""
        checked = registry.operation(profile, operation, params)
        return self._parts.box.seal(checked, [(name,) for name in registry.secret_parameters(operation)])


def profile_for(tx: session.Transaction, ctx: context.Context, identity: str) -> model.Profile:
    """Find the profile that a request names.

    :raises errors.Invalid: when there is none
    """
    try:
        return catalog.find_profile(tx, ctx.scope(), identity)
    except errors.NotFound as exc:
        raise errors.Invalid(f"The specified profile '{identity}' could not be found.") from exc


def cluster_for(tx: session.Transaction, ctx: context.Context, identity: str) -> model.Cluster:
    """Find the cluster that a request names in its body.

    :raises errors.Invalid: when there is none
    """
    try:
        return clusters.find(tx, ctx.scope(), identity)[0]
    except errors.NotFound as exc:
        raise errors.Invalid(f"The specified cluster '{identity}' could not be found.") from exc


def check_host(tx: session.Transaction, project: str | None, profile: model.Profile, *, must_exist: bool) -> None:
    """Check the hosts that a container profile names: they exist, are hosts, and fit together.

    :raises errors.Invalid: naming what does not
    """
    if profile.type != registry.CONTAINER:
        return
    spec = registry.container_spec(profile)
    host = _named(tx, project, nodes.find, spec.host_node, "host_node", must_exist=must_exist)
    cluster = _named(tx, project, clusters.find, spec.host_cluster, "host_cluster", must_exist=must_exist)
    owners = catalog.profiles_by_id(tx, {found.profile_id for found in (host, cluster) if found is not None})
    for key, name, found in (("host_node", spec.host_node, host), ("host_cluster", spec.host_cluster, cluster)):
        if found is not None and owners[found.profile_id].type != registry.HOST:
            raise errors.Invalid(
                f"The {key} '{name}' is of type {owners[found.profile_id].type_name}: one of type "
                f"{registry.HOST}-1.0 is expected, a machine that runs containers."
            )
    if isinstance(host, model.Node) and isinstance(cluster, model.Cluster) and host.cluster_id != cluster.id:
        raise errors.Invalid(
            f"The host_node '{spec.host_node}' is not a member of the host_cluster '{spec.host_cluster}': give one of "
            "its members, or one of the two keys only."
        )


def _named(
    tx: session.Transaction,
    project: str | None,
    find: Callable[..., Any],
    name: str | None,
    key: str,
    *,
    must_exist: bool,
) -> model.Node | model.Cluster | None:
    if name is None:
        return None
    try:
        found: model.Node | model.Cluster = find(tx, project, name)[0]
    except errors.NotFound as exc:
        if not must_exist:
            return None
        raise errors.Invalid(f"The {key} '{name}' of the profile could not be found.") from exc
    return found


def check_size(size: sizing.Size, *, limit: int) -> None:
    """Check the size that a request gives for a cluster.

    :raises errors.Invalid: when a bound is broken, in Senlin's words
    """
    if size.desired < size.min_size:
        raise errors.Invalid(
            f"The target capacity ({size.desired}) is less than the specified min_size ({size.min_size})."
        )
    if size.max_size != model.UNBOUNDED and size.desired > size.max_size:
        raise errors.Invalid(
            f"The target capacity ({size.desired}) is greater than the specified max_size ({size.max_size})."
        )
    if size.max_size < model.UNBOUNDED or size.min_size < 0:
        raise errors.Invalid("min_size must be 0 or more, max_size -1 (no bound) or more.")
    check_limit(max(size.desired, size.min_size), limit=limit)


def check_limit(desired: int, *, limit: int) -> None:
    """Check a capacity against the operator's limit.

    :raises errors.Invalid: when it is above
    """
    if desired > limit:
        raise errors.Invalid(
            f"The target capacity ({desired}) is greater than the maximum number of nodes allowed per cluster "
            f"({limit})."
        )


def accepted(decision: plans.Plan | plans.Refusal | sizing.Size) -> None:
    """Turn a refusal into the error that a request gets.

    :raises errors.Invalid: with the reason
    """
    if isinstance(decision, plans.Refusal):
        raise errors.Invalid(decision.reason)


def spec_of(profile: model.Profile) -> containers.ContainerSpec | None:
    """Return the container that a profile describes; None for other types."""
    return registry.container_spec(profile) if profile.type == registry.CONTAINER else None
