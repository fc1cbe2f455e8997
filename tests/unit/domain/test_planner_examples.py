"""Plans by examples: what the properties leave open."""

from __future__ import annotations

from senlin_container.domain import model, placement, plan, planner, requests
from tests import values


def members(count: int, **given: object) -> tuple[model.Node, ...]:
    """Return members of a cluster."""
    return tuple(values.node(f"n{i}", cluster_id=values.cluster().id, index=i + 1, **given) for i in range(count))


def planned(snapshot: planner.Snapshot, request: requests.Request) -> plan.Plan:
    """Return the plan for a request."""
    found = planner.plan_for(snapshot, request, seed="s")
    assert isinstance(found, plan.Plan), found
    return found


def test_growth_goes_to_the_host_that_runs_fewest_of_the_cluster() -> None:
    hosts = (values.host("a"), values.host("b", used_containers=5))
    snapshot = planner.Snapshot(
        cluster=values.cluster(desired_capacity=2),
        nodes=(*members(1, host_id="a"), values.node("unplaced", index=2)),
        demand=placement.Demand(),
        hosts=hosts,
    )
    assert snapshot.present == {"a": 1}
    (wave,) = planned(snapshot, requests.Scale(out=True)).waves
    assert [step.host_id for step in wave if isinstance(step, plan.CreateNode)] == ["b"]


def test_a_cluster_without_a_least_size_keeps_one_node_in_service() -> None:
    snapshot = planner.Snapshot(cluster=values.cluster(desired_capacity=3), nodes=members(3))
    waves = planned(snapshot, requests.Update(profile_id="new")).waves
    assert [len(wave) for wave in waves] == [2, 1]


def test_three_hosts_in_use_are_named_and_none_is_left_to_count() -> None:
    snapshot = planner.Snapshot(cluster=values.cluster(), nodes=members(3), loads={"n0": 1, "n1": 2, "n2": 3})
    found = planner.plan_for(snapshot, requests.Delete(), seed="s")
    assert isinstance(found, plan.Refusal)
    assert "'n2' (3 containers). " in found.reason
    assert "more" not in found.reason


def test_why_a_node_is_recovered() -> None:
    snapshot = planner.Snapshot(cluster=values.cluster(), nodes=members(1, status=model.NodeStatus.ERROR))
    reasons = []
    for check in (False, True):
        (wave,) = planned(snapshot, requests.Recover(check=check)).waves
        reasons.append(wave[0].reason)
    assert reasons == ["it is in status ERROR", "it is checked and recovered"]
