"""Reads what a decision rests on, as it is at one moment."""

from __future__ import annotations

import dataclasses

from senlin_container.domain import errors, model, placement, planner, requests
from senlin_container.domain.model import ActionKind
from senlin_container.specs import containers, registry
from senlin_container.store import catalog, clusters, hosts, nodes, session


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A snapshot, or what is wrong with the hosts that the cluster's profile names."""

    snapshot: planner.Snapshot
    problem: str | None = None


def load(tx: session.Transaction, action: model.Action) -> Loaded | None:
    """Read what the decision about a cluster action rests on, as it is at one moment."""
    cluster = clusters.get(tx, action.target)
    if cluster is None:
        return None
    new_id = action.inputs.get("new_profile_id")
    wanted = {cluster.profile_id, *([new_id] if new_id else [])}
    profiles = catalog.profiles_by_id(tx, wanted)
    profile, new = profiles[cluster.profile_id], profiles.get(new_id or "")
    members = nodes.of_cluster(tx, cluster.id)
    joining = nodes.by_id(tx, _joining(action))
    if profile.type != registry.CONTAINER:
        loads = hosts.loads(tx, cluster.id)
        return Loaded(snapshot=planner.Snapshot(cluster=cluster, nodes=members, loads=loads, candidates=joining))
    spec = registry.container_spec(profile)
    candidates: list[model.Host] = []
    problem = None
    if action.kind not in (ActionKind.CLUSTER_DELETE, ActionKind.CLUSTER_CHECK):
        candidates, problem = candidates_for(tx, cluster.owner.project, spec)
    if action.kind not in (
        ActionKind.CLUSTER_CREATE,
        ActionKind.CLUSTER_RESIZE,
        ActionKind.CLUSTER_SCALE_OUT,
    ):
        problem = None  # only growth needs a host
    return Loaded(
        snapshot=planner.Snapshot(
            cluster=cluster,
            nodes=members,
            demand=placement.Demand(cpus=spec.cpus, memory=spec.memory),
            hosts=tuple(candidates),
            updated=_demand(new),
            candidates=joining,
        ),
        problem=problem,
    )


def _joining(action: model.Action) -> list[str]:
    """Return the ids of the nodes that an action makes members."""
    match requests.load(action.kind, action.inputs):
        case requests.AddNodes() as request:
            return list(request.nodes)
        case requests.ReplaceNodes() as request:
            return [new for _, new in request.pairs]
        case _:
            return []


def candidates_for(
    tx: session.Transaction, project: str, spec: containers.ContainerSpec
) -> tuple[list[model.Host], str | None]:
    """Return the hosts that a container may go to, or what is wrong with those that its profile names."""
    host_cluster = None
    try:
        if spec.host_cluster is not None:
            host_cluster = clusters.find(tx, project, spec.host_cluster)[0]
        if spec.host_node is not None:
            host = nodes.find(tx, project, spec.host_node)[0]
            if host_cluster is not None and host.cluster_id != host_cluster.id:
                return [], (
                    f"The host_node '{spec.host_node}' is not a member of the host_cluster '{spec.host_cluster}' "
                    "any more."
                )
            found = hosts.all_of(tx, ids=[host.id])
            if not found:
                return [], (
                    f"The host_node '{spec.host_node}' is in status {host.status} and has never answered: check it, "
                    "or name another one."
                )
            return found, None
        return hosts.all_of(tx, cluster_id=None if host_cluster is None else host_cluster.id), None
    except (errors.NotFound, errors.Ambiguous) as exc:
        return [], f"The host that the profile names cannot be used: {exc.message}"


def _demand(profile: model.Profile | None) -> placement.Demand | None:
    if profile is None or profile.type != registry.CONTAINER:
        return None
    spec = registry.container_spec(profile)
    return placement.Demand(cpus=spec.cpus, memory=spec.memory)
