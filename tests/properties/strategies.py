"""What hypothesis draws. Targets come from the bounds of the cluster that was drawn, or hardly a request would do
anything (``test_mix`` counts).
"""

from __future__ import annotations

import collections
import dataclasses
import itertools
from collections.abc import Sequence
from typing import TypeVar

from hypothesis import strategies as st

from senlin_container.domain import model, placement, plan, planner, requests
from senlin_container.domain.model import ActionKind, HostState, NodeStatus
from tests import values

_T = TypeVar("_T")

WELL = (NodeStatus.ACTIVE, NodeStatus.UPDATING, NodeStatus.OPERATING)
STATUSES = st.sampled_from([*[NodeStatus.ACTIVE] * 6, *NodeStatus])


def demands() -> st.SearchStrategy[placement.Demand]:
    """Draw what a container wants, often nothing."""
    return st.builds(
        placement.Demand,
        cpus=st.sampled_from([0.0, 0.0, 0.1, 0.3, 0.5, 1.0]),
        memory=st.sampled_from([0, 0, 1, 64, 512]),
    )


MACHINES = st.tuples(
    st.sampled_from([HostState.UP] * 5 + [HostState.DOWN]),
    st.integers(0, 5),  # containers that run already
    st.sampled_from([0, 1, 5]),  # tenths of a core promised to each
    st.sampled_from([-5, 0, 1, 3, 9, 10, 20, 60, 200]),  # tenths of a core left
    st.sampled_from([-64, 0, 1, 63, 64, 65, 512, 4096, 9999]),  # MiB left
    st.sampled_from([None, None, None, -1, 0, 1, 2, 3, 5, 8]),  # containers left
)


def _host(number: int, drawn: tuple[HostState, int, int, int, int, int | None]) -> model.Host:
    state, used, each, cpus, memory, bound = drawn
    return values.host(
        f"h{number}",
        state=state,
        cpus=max(used * each + cpus, 0) / 10,
        memory=max(used * 64 + memory, 0),
        max_containers=None if bound is None else max(used + bound, 0),
        used_cpus=used * each / 10,
        used_memory=used * 64,
        used_containers=used,
    )


def _several(one: st.SearchStrategy[_T], least: int, most: int) -> st.SearchStrategy[list[_T]]:
    """Draw lists of all lengths; left alone hypothesis draws short ones nearly always."""
    lengths = st.sampled_from(range(least, most + 1))
    return lengths.flatmap(lambda length: st.lists(one, min_size=length, max_size=length))


def hosts(*, least: int = 0, most: int = 6) -> st.SearchStrategy[tuple[model.Host, ...]]:
    """Draw hosts of all kinds: roomy, full, cut below what they have promised, not answering."""
    drawn = _several(MACHINES, least, most)
    # not in the order of their ids
    return drawn.map(lambda found: tuple(_host((i * 5 + 2) % 7, one) for i, one in enumerate(found)))


def members(host_ids: Sequence[str | None], *, most: int = 12) -> st.SearchStrategy[tuple[model.Node, ...]]:
    """Draw nodes of a cluster, some not well, on the hosts given."""
    drawn = st.tuples(
        st.sampled_from(list(host_ids) or [None]),
        STATUSES,
        st.sampled_from([False, False, False, True]),
        st.sampled_from([(0.0, 0), (0.0, 0), (0.1, 0), (0.5, 64), (0.0, 64)]),
        st.integers(1, 5),  # few ages, so that nodes of one age are common
    )
    return _several(drawn, 0, most).map(
        lambda found: tuple(
            values.node(
                f"n{i:02}",
                cluster_id=values.cluster().id,
                index=i + 1,
                host_id=host_id,
                status=status,
                tainted=tainted,
                cpus=cpus,
                memory=memory,
                init_at=float(age),
            )
            for i, (host_id, status, tainted, (cpus, memory), age) in enumerate(found)
        )
    )


@st.composite
def snapshots(draw: st.DrawFn) -> planner.Snapshot:
    """Draw a cluster with its nodes and hosts; a third are of a kind that needs no host."""
    hosted = draw(st.sampled_from([True, True, False]))
    found = draw(hosts()) if hosted else ()
    nodes = draw(members([host.id for host in found] if hosted else []))
    low = draw(st.integers(0, 4))
    high = draw(st.one_of(st.just(model.UNBOUNDED), st.integers(low, low + 12)))
    most = low + 12 if high == model.UNBOUNDED else high
    desired = draw(st.one_of(st.just(min(max(len(nodes), low), most)), st.integers(low, most)))
    cluster = values.cluster(
        min_size=low,
        max_size=high,
        desired_capacity=desired,
        next_index=len(nodes) + 1,
        config=draw(st.sampled_from([{}, {"node.name.format": "web-$3I-$R"}])),
    )
    loads = {}
    if not hosted:
        used = draw(st.sampled_from([0, 0, 1, 3, 7, 255, 4095]))  # a bit for each member
        loads = {node.id: 2 if used >> i & 1 else 0 for i, node in enumerate(nodes)}
    return planner.Snapshot(
        cluster=cluster,
        nodes=nodes,
        demand=draw(demands()) if hosted else None,
        hosts=found,
        loads=loads,
        updated=draw(st.one_of(st.none(), demands())) if hosted else None,
    )


def candidates() -> st.SearchStrategy[dict[str, model.Node]]:
    """Draw what has become of those who are to join: now and then one is gone, or another cluster's."""
    fates = st.lists(st.sampled_from([*["free"] * 8, "gone", "owned"]), min_size=3, max_size=3)
    return fates.map(
        lambda drawn: {
            id_: values.node(id_, cluster_id="other" if fate == "owned" else None)
            for id_, fate in zip(OUTSIDERS, drawn, strict=True)
            if fate != "gone"
        }
    )


@st.composite
def short(draw: st.DrawFn) -> planner.Snapshot:
    """Draw a cluster with fewer nodes than desired, as after deaths that nobody mended."""
    snapshot = draw(snapshots())
    size = len(snapshot.nodes) + draw(st.sampled_from([1, 2, 4]))
    cluster = dataclasses.replace(snapshot.cluster, desired_capacity=size, max_size=model.UNBOUNDED)
    return dataclasses.replace(snapshot, cluster=cluster)


def sizes(cluster: model.Cluster) -> st.SearchStrategy[int]:
    """Draw a size for a cluster, mostly inside its bounds."""
    high = cluster.min_size + 12 if cluster.max_size == model.UNBOUNDED else cluster.max_size
    inside = st.integers(cluster.min_size, high)
    below = st.integers(0, max(cluster.min_size - 1, 0))
    return st.one_of(inside, inside, inside, inside, st.integers(high + 1, high + 3), below)


@st.composite
def resizes(draw: st.DrawFn, cluster: model.Cluster) -> requests.Resize:
    """Draw a resize of every adjustment, mostly to a size that the bounds allow."""
    target = draw(sizes(cluster))
    now = cluster.desired_capacity
    adjustment = draw(st.sampled_from([None, *requests.Adjustment]))
    number: float | None = None
    match adjustment:
        case requests.Adjustment.EXACT:
            number = target
        case requests.Adjustment.CHANGE:
            number = target - now
        case requests.Adjustment.PERCENTAGE:
            number = draw(st.one_of(st.just((target - now) * 100 / (now or 1)), st.floats(-200, 200)))
    bounds = st.sampled_from([None, None, None, 0, 1, 3, 6, 10, 15])
    return requests.Resize(
        adjustment=adjustment,
        number=number,
        min_size=draw(bounds),
        max_size=draw(st.sampled_from([None, None, None, model.UNBOUNDED, 1, 4, 9, 15])),
        min_step=draw(st.one_of(st.none(), st.integers(0, 5))),
        strict=draw(st.booleans()),
    )


SIZINGS = ("create", "resize", "scale")


@st.composite
def sizing_requests(draw: st.DrawFn, cluster: model.Cluster, kind: str | None = None) -> requests.Request:
    """Draw a request that leads to a size."""
    match kind or draw(st.sampled_from(["create", "resize", "resize", "scale"])):
        case "create":
            return requests.Create()
        case "resize":
            return draw(resizes(cluster))
        case _:
            target = draw(sizes(cluster))
            change = target - cluster.desired_capacity
            return requests.Scale(out=change > 0, count=max(abs(change), 1))


NAMES = st.text("abc", min_size=1, max_size=4)
OUTSIDERS = ("x1", "x2", "x3")
OTHERS = ("delete", "add", "del", "replace", "update", "check", "recover", "operate")


@st.composite
def other_requests(draw: st.DrawFn, nodes: Sequence[str], kind: str) -> requests.Request:
    """Draw a request that is about members, not about a size."""
    some = st.lists(st.sampled_from(nodes), unique=True, max_size=5) if nodes else st.just([])
    joining = st.lists(st.sampled_from(OUTSIDERS), unique=True, max_size=3)
    recover = {"operation": draw(st.sampled_from([None, "RECREATE"])), "params": draw(st.sampled_from([{}, {"a": 1}]))}
    match kind:
        case "delete":
            return requests.Delete(force=draw(st.booleans()))
        case "add":
            return requests.AddNodes(nodes=tuple(draw(joining)))
        case "del":
            return requests.DelNodes(nodes=tuple(draw(some)), destroy=draw(st.booleans()))
        case "replace":
            members = st.sampled_from([*nodes, *nodes, *nodes, "gone"])
            olds = draw(st.lists(members, unique=True, min_size=draw(st.sampled_from([0, 1, 1, 1])), max_size=3))
            return requests.ReplaceNodes(pairs=tuple(zip(olds, OUTSIDERS, strict=False)))
        case "update":
            return requests.Update(
                name=draw(st.one_of(st.none(), NAMES)),
                profile_id=draw(st.sampled_from([None, "new", "new", "new"])),
                timeout=draw(st.one_of(st.none(), st.integers(0, 9))),
                metadata=draw(st.sampled_from([None, {}, {"k": "v"}])),
                config=draw(st.sampled_from([None, {}, {"k": 1}])),
                profile_only=draw(st.sampled_from([False, False, False, True])),
            )
        case "check":
            return requests.Check()
        case "recover":
            return requests.Recover(
                check=draw(st.booleans()), check_capacity=draw(st.sampled_from([False, True])), **recover
            )
        case _:
            filters = draw(st.sampled_from([{}, {}, {"status": "ACTIVE"}, {"name": "n01"}, {"role": "none"}]))
            return requests.Operate(operation="restart", params={"wait_time": 3}, filters=filters)


@st.composite
def cases(draw: st.DrawFn, kind: str) -> tuple[planner.Snapshot, requests.Request]:
    """Draw a snapshot and a request of a kind about it."""
    snapshot = draw(snapshots())
    if kind in SIZINGS:
        return snapshot, draw(sizing_requests(snapshot.cluster, kind))
    if kind in ("add", "replace"):
        snapshot = dataclasses.replace(snapshot, candidates=draw(candidates()))
    return snapshot, draw(other_requests([node.id for node in snapshot.nodes], kind))


@st.composite
def sizing_cases(draw: st.DrawFn) -> tuple[planner.Snapshot, requests.Request]:
    """Draw a snapshot and a request that leads to a size."""
    snapshot = draw(snapshots())
    return snapshot, draw(sizing_requests(snapshot.cluster))


def applied(snapshot: planner.Snapshot, decision: plan.Plan) -> planner.Snapshot:
    """Return what a plan leads to when all its steps succeed."""
    change = {
        field.name: value
        for field in dataclasses.fields(decision.change)
        if (value := getattr(decision.change, field.name)) is not None
    }
    cluster = dataclasses.replace(snapshot.cluster, **change)
    nodes = {node.id: node for node in snapshot.nodes}
    for step in itertools.chain(*decision.waves):
        if isinstance(step, plan.CreateNode):
            id_ = f"new-{step.index}"
            demand = snapshot.demand or placement.Demand()
            nodes[id_] = values.node(
                id_, index=step.index, host_id=step.host_id, name=step.name, cpus=demand.cpus, memory=demand.memory
            )
        elif step.kind in (ActionKind.NODE_DELETE, ActionKind.NODE_LEAVE):
            del nodes[step.node_id]
        elif step.kind == ActionKind.NODE_JOIN:
            nodes[step.node_id] = values.node(step.node_id, index=step.inputs["index"])
        elif step.kind == ActionKind.NODE_UPDATE:
            nodes[step.node_id] = dataclasses.replace(nodes[step.node_id], profile_id=step.inputs["new_profile_id"])
        elif step.kind == ActionKind.NODE_RECOVER:
            host_id = step.inputs.get("host_id", nodes[step.node_id].host_id)
            nodes[step.node_id] = dataclasses.replace(nodes[step.node_id], status=NodeStatus.ACTIVE, host_id=host_id)
    return dataclasses.replace(snapshot, cluster=cluster, nodes=tuple(nodes.values()))


def crowds(nodes: Sequence[model.Node]) -> dict[str | None, int]:
    """Count nodes by host."""
    return dict(collections.Counter(node.host_id for node in nodes))
