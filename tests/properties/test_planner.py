"""The planner: what must hold for any snapshot and any request."""

from __future__ import annotations

import collections
import dataclasses
import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senlin_container.domain import model, placement, plan, planner, requests, sizing, victims
from senlin_container.domain.model import ActionKind, HostState, NodeStatus
from tests.properties import strategies
from tests.properties.test_placement import room_for

Case = tuple[planner.Snapshot, requests.Request]


def decided(case: Case, seed: str = "seed") -> plan.Plan | plan.Refusal:
    """Plan a case."""
    return planner.plan_for(case[0], case[1], seed=seed)


def steps_of(decision: plan.Plan | plan.Refusal) -> list[plan.Step]:
    """Return the steps of all waves."""
    return [] if isinstance(decision, plan.Refusal) else list(itertools.chain(*decision.waves))


@pytest.mark.parametrize("kind", [*strategies.SIZINGS, *strategies.OTHERS])
@given(data=st.data())
def test_any_snapshot_and_any_request(kind: str, data: st.DataObject) -> None:
    case = data.draw(strategies.cases(kind))
    decision = decided(case)
    assert isinstance(decision, plan.Plan | plan.Refusal)
    assert decision.reason
    check_determinism(case, decision)
    check_steps(case[0], decision)
    if isinstance(decision, plan.Plan) and kind != "create":
        check_bounds(case[0], decision)


def check_determinism(case: Case, decision: plan.Plan | plan.Refusal) -> None:
    """The same snapshot and seed give the same plan, in whatever order the hosts are read."""
    assert decided(case) == decision
    again = dataclasses.replace(case[0], hosts=tuple(reversed(case[0].hosts)))
    other = decided((again, case[1]))
    if isinstance(case[1], requests.Update):  # a refusal names the first host without room
        assert isinstance(other, plan.Refusal) == isinstance(decision, plan.Refusal)
    else:
        assert other == decision


def check_steps(snapshot: planner.Snapshot, decision: plan.Plan | plan.Refusal) -> None:
    """No wave is empty, no node is worked on twice, and only members are."""
    members = {node.id for node in snapshot.nodes}
    assert all(step.reason for step in steps_of(decision))
    named = [step for step in steps_of(decision) if isinstance(step, plan.NodeStep)]
    assert len({step.node_id for step in named}) == len(named)
    for step in named:
        assert (step.node_id in members) == (step.kind != ActionKind.NODE_JOIN)
    if isinstance(decision, plan.Plan):
        assert all(decision.waves)
        for wave in decision.waves[1:]:
            assert plan.load_wave(plan.dump_wave(wave)) == wave


def check_bounds(snapshot: planner.Snapshot, decision: plan.Plan) -> None:
    """A size that changes stays in its bounds."""
    cluster = strategies.applied(snapshot, decision).cluster
    if decision.change.desired_capacity is not None:
        assert cluster.min_size <= cluster.desired_capacity
        assert cluster.max_size == model.UNBOUNDED or cluster.desired_capacity <= cluster.max_size


@given(strategies.sizing_cases())
def test_a_plan_leads_to_its_size_and_from_there_to_nothing(case: Case) -> None:
    snapshot, _ = case
    decision = decided(case)
    if isinstance(decision, plan.Refusal):
        return
    after = strategies.applied(snapshot, decision)
    size = sizing.of(after.cluster)
    assert len(after.nodes) == size.desired
    assert decision.creates == max(size.desired - len(snapshot.nodes), 0)
    assert decision.change.desired_capacity == size.desired
    exact = requests.Resize(adjustment=requests.Adjustment.EXACT, number=size.desired)
    for request in (exact, requests.Create()):
        again = planner.plan_for(after, request, seed="other")
        assert isinstance(again, plan.Plan)
        assert again.waves == ()


@given(strategies.sizing_cases())
def test_new_nodes_have_indexes_and_names_of_their_own(case: Case) -> None:
    snapshot, _ = case
    created = [step for step in steps_of(decided(case)) if isinstance(step, plan.CreateNode)]
    first = snapshot.cluster.next_index
    assert [step.index for step in created] == list(range(first, first + len(created)))
    assert len({step.name for step in created}) == len(created)
    start = "web-" if snapshot.cluster.config else "node-"
    assert all(step.name.startswith(start) for step in created)
    if snapshot.cluster.config:
        assert all(step.name.startswith(f"web-{step.index:03}-") for step in created)


@given(strategies.sizing_cases())
def test_growth_overcommits_no_host(case: Case) -> None:
    snapshot, _ = case
    created = [step for step in steps_of(decided(case)) if isinstance(step, plan.CreateNode)]
    placed = collections.Counter(step.host_id for step in created)
    if snapshot.demand is None:
        assert set(placed) <= {None}
    else:
        for host in snapshot.hosts:
            assert placed.pop(host.id, 0) <= room_for(host, snapshot.demand)
        assert not placed


@given(strategies.sizing_cases())
def test_a_shrink_takes_the_victims_and_no_host_in_use(case: Case) -> None:
    snapshot, _ = case
    decision = decided(case)
    gone = [step.node_id for step in steps_of(decision) if isinstance(step, plan.NodeStep)]
    idle = [node for node in snapshot.nodes if not snapshot.loads.get(node.id)]
    if isinstance(decision, plan.Refusal):
        if decision.code == "host-in-use":
            assert len(idle) < len(snapshot.nodes)
        return
    assert gone == [node.id for node, _ in victims.choose(idle, len(gone))]
    assert decision.data.get("deletion", {}).get("candidates", []) == gone
    assert decision.data.get("deletion", {}).get("count", 0) == len(gone)


@given(strategies.snapshots(), st.booleans())
def test_a_deletion_takes_all_or_is_refused_for_hosts_in_use(snapshot: planner.Snapshot, force: bool) -> None:
    decision = decided((snapshot, requests.Delete(force=force)))
    in_use = any(snapshot.loads.get(node.id) for node in snapshot.nodes)
    if in_use and not force:
        assert isinstance(decision, plan.Refusal)
        assert decision.code == "host-in-use"
    else:
        found = steps_of(decision)
        assert {step.node_id for step in found if isinstance(step, plan.NodeStep)} == {n.id for n in snapshot.nodes}
        assert all(
            isinstance(step, plan.NodeStep) and step.inputs == ({"force": True} if force else {}) for step in found
        )


@given(strategies.snapshots(), st.booleans())
def test_a_recovery_takes_who_is_not_well_and_then_nobody(snapshot: planner.Snapshot, check: bool) -> None:
    decision = decided((snapshot, requests.Recover(check=check)))
    assert isinstance(decision, plan.Plan)
    sick = {node.id for node in snapshot.nodes if node.status != NodeStatus.ACTIVE}
    taken = {step.node_id for step in steps_of(decision) if isinstance(step, plan.NodeStep)}
    assert taken == ({node.id for node in snapshot.nodes} if check else sick)
    assert decided((strategies.applied(snapshot, decision), requests.Recover())) == dataclasses.replace(
        decision, waves=(), reason="0 nodes to recover"
    )


@given(st.one_of(strategies.short(), strategies.short(), strategies.snapshots()), st.booleans())
def test_a_recovery_of_the_capacity_makes_who_is_missing(snapshot: planner.Snapshot, check: bool) -> None:
    decision = decided((snapshot, requests.Recover(check=check, check_capacity=True)))
    missing = max(snapshot.cluster.desired_capacity - len(snapshot.nodes), 0)
    if isinstance(decision, plan.Refusal):
        assert decision.code == "no-room"
        assert missing
        assert snapshot.demand is not None
        return
    assert decision.creates == missing
    sick = {node.id for node in snapshot.nodes if check or node.status != NodeStatus.ACTIVE}
    assert {step.node_id for step in steps_of(decision) if isinstance(step, plan.NodeStep)} == sick
    after = strategies.applied(snapshot, decision)
    assert len(after.nodes) == max(snapshot.cluster.desired_capacity, len(snapshot.nodes))
    came = [node for node in after.nodes if node not in snapshot.nodes]
    before = {node.id: node.host_id for node in snapshot.nodes}
    for host in snapshot.hosts:
        here = [node for node in came if node.host_id == host.id and before.get(node.id) != host.id]
        cpus, memory = sum(node.cpus for node in here), sum(node.memory for node in here)
        assert not here or host.state == HostState.UP
        assert not cpus or host.used_cpus + cpus <= host.cpus + 1e-6
        assert not memory or host.used_memory + memory <= host.memory
        assert not here or host.max_containers is None or host.used_containers + len(here) <= host.max_containers


@given(strategies.snapshots())
def test_recovery_moves_to_hosts_with_room_for_all_that_come(snapshot: planner.Snapshot) -> None:
    moves = planner.recovery_moves(snapshot.nodes, snapshot)
    hosts = {host.id: host for host in snapshot.hosts}
    nodes = {node.id: node for node in snapshot.nodes}
    if snapshot.demand is None:
        assert not moves
        return
    for node_id in moves:
        left = nodes[node_id].host_id
        assert left is not None
        assert hosts[left].state == HostState.DOWN
    for host in snapshot.hosts:
        coming = [nodes[node_id] for node_id, host_id in moves.items() if host_id == host.id]
        if coming:
            assert host.state == HostState.UP
            cpus, memory = sum(node.cpus for node in coming), sum(node.memory for node in coming)
            assert not cpus or host.used_cpus + cpus <= host.cpus + 1e-6
            assert not memory or host.used_memory + memory <= host.memory
            assert host.max_containers is None or host.used_containers + len(coming) <= host.max_containers
    stranded = [
        node for node in snapshot.nodes if node.host_id in hosts and hosts[node.host_id].state == HostState.DOWN
    ]
    if any(node.id not in moves for node in stranded):
        free = [host for host in snapshot.hosts if host.state == HostState.UP and host.max_containers is None]
        left_out = [node for node in stranded if node.id not in moves]
        assert not free or all(node.cpus or node.memory for node in left_out)


@given(strategies.snapshots(), st.booleans())
def test_an_update_goes_batch_by_batch_and_never_takes_down_too_many(
    snapshot: planner.Snapshot, profile_only: bool
) -> None:
    roomy = dataclasses.replace(snapshot, updated=None)
    request = requests.Update(profile_id="new", profile_only=profile_only)
    decision = decided((roomy, request))
    assert isinstance(decision, plan.Plan)
    assert decision.change.profile_id == "new"
    if profile_only:
        assert decision.waves == ()
        return
    total, keep = len(roomy.nodes), max(roomy.cluster.min_size, 1)
    for wave in decision.waves:
        assert total - len(wave) >= keep or len(wave) == 1
    assert len(steps_of(decision)) == total
    again = decided((strategies.applied(roomy, decision), request))
    assert isinstance(again, plan.Plan)
    assert again.waves == ()


@given(strategies.snapshots())
def test_an_update_that_needs_more_than_a_host_has_is_refused(snapshot: planner.Snapshot) -> None:
    decision = decided((snapshot, requests.Update(profile_id="new")))
    if snapshot.updated is None:
        assert isinstance(decision, plan.Plan)
        return
    fits = True
    for host in snapshot.hosts:
        here = [node for node in snapshot.nodes if node.host_id == host.id]
        cpus = sum(snapshot.updated.cpus - node.cpus for node in here)
        memory = sum(snapshot.updated.memory - node.memory for node in here)
        fits = fits and (cpus <= 1e-9 or host.used_cpus + cpus <= host.cpus + 1e-9)
        fits = fits and (memory <= 0 or host.used_memory + memory <= host.memory)
    assert isinstance(decision, plan.Plan) == fits


def check_joining(snapshot: planner.Snapshot, joining: Sequence[str], decision: plan.Plan | plan.Refusal) -> bool:
    """Who is gone, or another cluster's, is told; returns whether there is any."""
    gone = [node_id for node_id in joining if node_id not in snapshot.candidates]
    there = [snapshot.candidates[node_id] for node_id in joining if node_id not in gone]
    owned = [node.id for node in there if node.cluster_id is not None]
    if gone or owned:
        assert isinstance(decision, plan.Refusal)
        assert decision.code == ("gone" if gone else "owned")
        assert str(gone or owned) in decision.reason
    return bool(gone or owned)


@given(strategies.cases("add"))
def test_who_is_added_gets_the_next_indexes(case: Case) -> None:
    (snapshot, request), decision = case, decided(case)
    assert isinstance(request, requests.AddNodes)
    cluster = snapshot.cluster
    wanted = max(len(snapshot.nodes) + len(request.nodes), cluster.desired_capacity)
    unfit = check_joining(snapshot, request.nodes, decision)
    if isinstance(decision, plan.Refusal):
        if not unfit:
            assert decision.code == "above-max-size"
            assert wanted > cluster.max_size
        return
    after = strategies.applied(snapshot, decision)
    assert len(after.nodes) == len(snapshot.nodes) + len(request.nodes)
    assert after.cluster.desired_capacity == wanted
    indexes = [node.index for node in after.nodes[len(snapshot.nodes) :]]
    assert indexes == list(range(cluster.next_index, cluster.next_index + len(request.nodes)))
    assert all(
        step.inputs["cluster_id"] == cluster.id for step in steps_of(decision) if isinstance(step, plan.NodeStep)
    )


@given(strategies.cases("del"))
def test_who_is_taken_out_makes_the_cluster_smaller(case: Case) -> None:
    (snapshot, request), decision = case, decided(case)
    assert isinstance(request, requests.DelNodes)
    wanted = max(snapshot.cluster.desired_capacity - len(request.nodes), 0)
    used = any(snapshot.loads.get(node_id) for node_id in request.nodes)
    if isinstance(decision, plan.Refusal):
        assert wanted < snapshot.cluster.min_size or (used and request.destroy)
        return
    assert not used or not request.destroy
    after = strategies.applied(snapshot, decision)
    assert {n.id for n in snapshot.nodes} - {n.id for n in after.nodes} == set(request.nodes)
    assert after.cluster.desired_capacity == wanted
    kind = ActionKind.NODE_DELETE if request.destroy else ActionKind.NODE_LEAVE
    assert all(isinstance(step, plan.NodeStep) and step.kind == kind for step in steps_of(decision))
    told = decision.data["deletion"]
    assert (told["count"], told["destroy_after_deletion"]) == (len(request.nodes), request.destroy)
    assert set(told["candidates"]) == set(request.nodes)


@given(strategies.cases("replace"))
def test_who_replaces_comes_before_the_replaced_one_goes(case: Case) -> None:
    (snapshot, request), decision = case, decided(case)
    assert isinstance(request, requests.ReplaceNodes)
    if "gone" in dict(request.pairs):
        assert isinstance(decision, plan.Refusal)
        assert decision.code == "not-a-member"
        assert "['gone']" in decision.reason
        return
    if check_joining(snapshot, [new for _, new in request.pairs], decision):
        return
    assert isinstance(decision, plan.Plan)
    after = strategies.applied(snapshot, decision)
    assert len(after.nodes) == len(snapshot.nodes)
    assert decision.change == plan.ClusterChange()
    kinds = [{step.kind for step in wave if isinstance(step, plan.NodeStep)} for wave in decision.waves]
    assert kinds == ([{ActionKind.NODE_JOIN}, {ActionKind.NODE_LEAVE}] if request.pairs else [])
    first = snapshot.cluster.next_index
    joins = [step.inputs["index"] for wave in decision.waves[:1] for step in wave if isinstance(step, plan.NodeStep)]
    assert joins == list(range(first, first + len(request.pairs)))


@given(strategies.cases("operate"))
def test_an_operation_is_done_on_who_fits_the_filters(case: Case) -> None:
    (snapshot, request), decision = case, decided(case)
    assert isinstance(request, requests.Operate)
    fitting = {
        node.id
        for node in snapshot.nodes
        if all(getattr(node, key) == value for key, value in request.filters.items())
    }
    found = [step for step in steps_of(decision) if isinstance(step, plan.NodeStep)]
    assert {step.node_id for step in found} == fitting
    assert isinstance(decision, plan.Refusal) == (not fitting)
    assert all(step.inputs == {"operation": "restart", "params": {"wait_time": 3}} for step in found)


@given(strategies.hosts(), strategies.demands())
def test_a_single_node_goes_where_there_is_room(hosts: tuple[model.Host, ...], demand: object) -> None:
    found = placement.place(1, demand, hosts, {})  # type: ignore[arg-type]
    free = {host.id for host in hosts if room_for(host, demand)}  # type: ignore[arg-type]
    assert found[0] in free if free else isinstance(found, plan.Refusal)  # type: ignore[index]
