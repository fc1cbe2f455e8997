"""What the strategies draw: properties of nothing but refusals and no-ops would prove nothing."""

from __future__ import annotations

import collections
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from senlin_container.domain import model, placement, plan, planner, requests
from tests.properties import strategies


def shares(
    strategy: st.SearchStrategy[Any], kinds_of: Callable[[Any], list[str]], examples: int = 200
) -> dict[str, int]:
    """Count the kinds of so many examples, the same ones every time."""
    seen: collections.Counter[str] = collections.Counter()

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def count(example: Any) -> None:
        seen.update(kinds_of(example))

    count()
    return dict(seen)


def of_sizing(case: tuple[planner.Snapshot, requests.Request]) -> list[str]:
    """Return what becomes of a request for a size."""
    decision = planner.plan_for(case[0], case[1], seed="s")
    if isinstance(decision, plan.Refusal):
        return ["refused", decision.code]
    if not decision.waves:
        return ["nothing"]
    if decision.creates:
        return ["grown", "grown on hosts" if case[0].demand else "grown without hosts"]
    return ["shrunk", "shrunk by several" if len(decision.waves[0]) > 1 else "shrunk by one"]


def test_sizes() -> None:
    seen = shares(strategies.sizing_cases(), of_sizing)
    least = {
        "grown": 20,
        "grown on hosts": 8,
        "grown without hosts": 5,
        "shrunk": 12,
        "shrunk by several": 8,
        "shrunk by one": 1,
        "nothing": 8,
        "refused": 20,
        "no-room": 8,
        "above-max-size": 4,
        "below-min-size": 4,
        "bounds": 2,
    }
    assert {kind: seen.get(kind, 0) for kind in least if seen.get(kind, 0) < least[kind]} == {}, seen


def of_any(case: tuple[planner.Snapshot, requests.Request]) -> list[str]:
    """Return what becomes of a request."""
    decision = planner.plan_for(case[0], case[1], seed="s")
    if isinstance(decision, plan.Refusal):
        return ["refused", decision.code]
    return ["in waves", "planned"] if len(decision.waves) > 1 else ["planned" if decision.waves else "nothing"]


@pytest.mark.parametrize(
    ("kind", "least"),
    [
        ("delete", {"planned": 30, "refused": 2}),
        ("add", {"planned": 15, "refused": 8, "above-max-size": 4, "gone": 2, "owned": 2}),
        ("del", {"planned": 12, "refused": 4}),
        ("replace", {"planned": 8, "refused": 4, "not-a-member": 2, "gone": 2, "owned": 2, "in waves": 8}),
        ("update", {"planned": 15, "nothing": 15, "refused": 3, "in waves": 5}),
        ("check", {"planned": 50}),
        ("recover", {"planned": 50}),
        ("operate", {"planned": 30, "refused": 10}),
    ],
)
def test_requests(kind: str, least: dict[str, int]) -> None:
    seen = shares(strategies.cases(kind), of_any)
    assert {name: seen.get(name, 0) for name in least if seen.get(name, 0) < least[name]} == {}, seen


def test_recoveries_of_the_capacity() -> None:
    def kinds(snapshot: planner.Snapshot) -> list[str]:
        decision = planner.plan_for(snapshot, requests.Recover(check_capacity=True), seed="s")
        if isinstance(decision, plan.Refusal):
            return [decision.code]
        moved = any("host_id" in step.inputs for step in decision.waves[0] if isinstance(step, plan.NodeStep))
        return ["grown", *(["grown and moved"] if moved else [])]

    seen = shares(strategies.short(), kinds, 600)
    least = {"no-room": 30, "grown": 150, "grown and moved": 3}
    assert {kind: seen.get(kind, 0) for kind in least if seen.get(kind, 0) < least[kind]} == {}, seen


def test_hosts_that_do_not_answer() -> None:
    def kinds(snapshot: planner.Snapshot) -> list[str]:
        down = {host.id for host in snapshot.hosts if host.state == model.HostState.DOWN}
        stranded = [node for node in snapshot.nodes if node.host_id in down]
        moved = planner.recovery_moves(snapshot.nodes, snapshot)
        return [*(["stranded"] if stranded else []), *(["moved"] if moved else [])] + (
            ["some left"] if moved and len(moved) < len(stranded) else []
        )

    seen = shares(strategies.snapshots(), kinds)
    assert seen.get("stranded", 0) >= 10, seen
    assert seen.get("moved", 0) >= 8, seen
    assert seen.get("some left", 0) >= 1, seen


def test_placements() -> None:
    cases = st.tuples(st.integers(1, 12), strategies.demands(), strategies.hosts(least=1))

    def kinds(case: tuple[int, placement.Demand, tuple[model.Host, ...]]) -> list[str]:
        placed = placement.place_most(*case, {})
        if len(placed) == case[0]:
            return ["placed", "on several hosts" if len(set(placed)) > 1 else "on one"]
        return ["some placed"] if placed else ["none placed"]

    seen = shares(cases, kinds)
    assert seen.get("on several hosts", 0) >= 20, seen
    assert seen.get("some placed", 0) >= 15, seen
    assert seen.get("none placed", 0) >= 10, seen


def test_victims() -> None:
    def kinds(nodes: tuple[model.Node, ...]) -> list[str]:
        well = [node for node in nodes if node.status in strategies.WELL and not node.tainted]
        crowds = sorted(strategies.crowds(well).values())
        found = ["well and unwell"] if 0 < len(well) < len(nodes) else []
        return [*found, *(["crowded"] if len(crowds) > 1 and crowds[0] < crowds[-1] else [])]

    seen = shares(strategies.members(["h0", "h1", "h2"]), kinds)
    assert seen.get("well and unwell", 0) >= 90, seen
    assert seen.get("crowded", 0) >= 60, seen
