"""The domain by examples with known right answers."""

from __future__ import annotations

import dataclasses

import pytest

from senlin_container.domain import errors, health, model, naming, placement, plan, planner, requests, sizing, victims
from senlin_container.domain.model import HostState, NodeStatus
from senlin_container.domain.requests import Adjustment
from tests import values


@pytest.mark.parametrize(
    ("current", "adjustment", "number", "min_step", "expected"),
    [
        (5, Adjustment.EXACT, 7, None, 7),
        (5, Adjustment.CHANGE, 2, None, 7),
        (5, Adjustment.CHANGE, -2, 4, 3),
        (10, Adjustment.PERCENTAGE, 50, None, 15),
        (10, Adjustment.PERCENTAGE, 19, None, 11),
        (10, Adjustment.PERCENTAGE, -19, None, 9),
        (10, Adjustment.PERCENTAGE, 1, None, 11),
        (10, Adjustment.PERCENTAGE, -1, None, 9),
        (10, Adjustment.PERCENTAGE, 10, 3, 13),
        (10, Adjustment.PERCENTAGE, -10, 3, 7),
        (10, Adjustment.PERCENTAGE, 50, 3, 15),
        (10, Adjustment.PERCENTAGE, 0.5, 0, 11),
        (0, Adjustment.PERCENTAGE, 50, 3, 0),
        (10, Adjustment.PERCENTAGE, 0, 3, 10),
    ],
)
def test_adjustments(current: int, adjustment: Adjustment, number: float, min_step: int | None, expected: int) -> None:
    assert sizing.adjust(current, adjustment, number, min_step) == expected


SIZE = sizing.Size(desired=3, min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (requests.Resize(adjustment=Adjustment.EXACT, number=8), 8),
        (requests.Resize(adjustment=Adjustment.EXACT, number=1), 1),
        (requests.Resize(adjustment=Adjustment.EXACT, number=20, strict=False), 8),
        (requests.Resize(adjustment=Adjustment.CHANGE, number=-9, strict=False), 1),
        (requests.Resize(adjustment=Adjustment.EXACT, number=20, max_size=-1), 20),
        (requests.Resize(max_size=3), 3),
        (requests.Resize(min_size=3), 3),
        (requests.Resize(max_size=2, strict=False), 2),
        (requests.Resize(adjustment=Adjustment.EXACT), 3),
        (requests.Resize(number=7), 3),
        (requests.Resize(min_size=5, strict=False), 5),
    ],
)
def test_resizes(request_: requests.Resize, expected: int) -> None:
    found = sizing.resize(SIZE, request_)
    assert isinstance(found, sizing.Size)
    assert found.desired == expected


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (
            requests.Resize(adjustment=Adjustment.EXACT, number=20),
            "The target capacity (20) is greater than the cluster's max_size (8).",
        ),
        (
            requests.Resize(adjustment=Adjustment.EXACT, number=0),
            "The target capacity (0) is less than the cluster's min_size (1).",
        ),
        (
            requests.Resize(min_size=5, max_size=4),
            "The specified min_size (5) is greater than the specified max_size (4).",
        ),
        (
            requests.Resize(min_size=4),
            "The specified min_size (4) is greater than the current desired_capacity (3) of the cluster.",
        ),
        (
            requests.Resize(max_size=2),
            "The specified max_size (2) is less than the current desired_capacity (3) of the cluster.",
        ),
        (
            requests.Resize(max_size=0),
            "The specified max_size (0) is less than the current min_size (1) of the cluster.",
        ),
        (
            requests.Resize(min_size=9),
            "The specified min_size (9) is greater than the current max_size (8) of the cluster.",
        ),
    ],
)
def test_refused_resizes(request_: requests.Resize, reason: str) -> None:
    found = sizing.resize(SIZE, request_)
    assert isinstance(found, plan.Refusal)
    assert found.reason == reason


def test_bounds_may_meet() -> None:
    assert sizing.check_bounds(4, 4) is None
    unbounded = sizing.Size(desired=2**31, min_size=0, max_size=-1)
    assert isinstance(sizing.fit(unbounded, strict=True), plan.Refusal)
    assert sizing.fit(unbounded, strict=False) == sizing.Size(desired=2**31 - 1, min_size=0, max_size=-1)


@pytest.mark.parametrize(
    ("count", "demand", "hosts", "reason"),
    [
        (
            1,
            placement.Demand(),
            [],
            "1 container needs room: there is no host. Create a node of type container.host.endpoint, or "
            "add one to the "
            "host cluster.",
        ),
        (
            2,
            placement.Demand(cpus=0.5, memory=512),
            [
                values.host("a", state=HostState.DOWN),
                values.host("b", memory=511),
                values.host("c", cpus=0.4),
                values.host("d", max_containers=1),
            ],
            "2 containers need 0.5 cores and 512 MiB each, and there is room for 1: of 4 hosts, 1 full, "
            "1 not answering, "
            "1 too few cores, 1 too little memory. Add a host, free room, or ask for less.",
        ),
        (
            1,
            placement.Demand(memory=1),
            [values.host("a", memory=0)],
            "1 container needs 1 MiB, and there is room for 0: of 1 host, 1 too little memory. Add a "
            "host, free room, or "
            "ask for less.",
        ),
        (
            2,
            placement.Demand(),
            [values.host("a", max_containers=3, used_containers=3)],
            "2 containers need room, and there is room for 0: of 1 host, 1 full. Add a host, free room, "
            "or ask for less.",
        ),
    ],
)
def test_refused_placements(count: int, demand: placement.Demand, hosts: list[model.Host], reason: str) -> None:
    found = placement.place(count, demand, hosts, {})
    assert isinstance(found, plan.Refusal)
    assert found.reason == reason


def test_ten_times_a_tenth_of_a_core_fits_into_one() -> None:
    demand = placement.Demand(cpus=0.1)
    assert placement.place(10, demand, [values.host("a", cpus=1.0)], {}) == ("a",) * 10
    assert isinstance(placement.place(11, demand, [values.host("a", cpus=1.0)], {}), plan.Refusal)


def test_who_wants_nothing_fits_a_host_that_promised_more_than_it_has() -> None:
    cut = values.host("a", memory=100, used_memory=200, cpus=1.0, used_cpus=2.0)
    assert placement.place(1, placement.Demand(), [cut], {}) == ("a",)
    assert isinstance(placement.place(1, placement.Demand(memory=1), [cut], {}), plan.Refusal)
    assert isinstance(placement.place(1, placement.Demand(cpus=0.1), [cut], {}), plan.Refusal)


def test_placement_prefers_few_of_the_cluster_then_few_of_anybody_then_the_id() -> None:
    hosts = [values.host("b", used_containers=1), values.host("c"), values.host("a", used_containers=1)]
    assert placement.place(1, placement.Demand(), hosts, {"c": 1}) == ("a",)
    assert placement.place(1, placement.Demand(), hosts, {}) == ("c",)
    assert placement.place(4, placement.Demand(), hosts, {}) == ("c", "a", "b", "c")
    level = [values.host("a"), values.host("b", used_containers=1)]
    assert placement.place(3, placement.Demand(), level, {"b": 1}) == ("a", "a", "b")


def test_a_host_with_more_on_it() -> None:
    busy = values.host("a", used_cpus=1.0, used_memory=100, used_containers=3)
    after = placement.with_more(busy, 2, placement.Demand(cpus=0.5, memory=64))
    assert (after.used_cpus, after.used_memory, after.used_containers) == (2.0, 228, 5)


def test_victims_and_their_reasons() -> None:
    nodes = [
        values.node("old", host_id="a", init_at=1.0),
        values.node("young", host_id="a", init_at=2.0),
        values.node("lone", host_id="b", init_at=9.0),
        values.node("tainted", host_id="b", tainted=True),
        values.node("sick", host_id="b", status=NodeStatus.ERROR),
        values.node("unsure", host_id="b", status=NodeStatus.WARNING),
        values.node("unborn", host_id="b", status=NodeStatus.INIT),
    ]
    assert [(node.id, why) for node, why in victims.choose(nodes, 9)] == [
        ("sick", "it is in status ERROR"),
        ("unborn", "it is in status INIT"),
        ("unsure", "it is in status WARNING"),
        ("tainted", "it is tainted"),
        ("young", "on the most crowded host, the youngest"),
        ("lone", "on the most crowded host, the youngest"),
        ("old", "on the most crowded host, the youngest"),
    ]
    assert victims.choose([values.node("n")], 1)[0][1] == "the youngest"
    sick = [values.node("b", status=NodeStatus.ERROR), values.node("a", status=NodeStatus.ERROR, tainted=True)]
    assert [node.id for node, _ in victims.choose(sick, 2)] == ["a", "b"]


def test_recovery_moves_as_many_as_there_is_room_for_each_with_its_own_demand() -> None:
    hosts = (values.host("down", state=HostState.DOWN), values.host("up", memory=1000))
    nodes = (
        values.node("n1", host_id="down", memory=600),
        values.node("n2", host_id="down", memory=600),
        values.node("n3", host_id="down", memory=400),
        values.node("n4", host_id="up", status=NodeStatus.ERROR),
    )
    snapshot = planner.Snapshot(cluster=values.cluster(), nodes=nodes, hosts=hosts, demand=placement.Demand(memory=1))
    assert planner.recovery_moves(nodes, snapshot) == {"n1": "up", "n3": "up"}


def test_a_shrink_leaves_hosts_in_use_alone() -> None:
    nodes = tuple(values.node(f"n{i}", status=NodeStatus.ERROR) for i in range(5))
    cluster = values.cluster(desired_capacity=5)
    snapshot = planner.Snapshot(cluster=cluster, nodes=nodes, loads={"n0": 2, "n1": 1, "n2": 1, "n3": 4})
    found = planner.plan_for(snapshot, requests.Scale(out=False, count=1), seed="s")
    assert isinstance(found, plan.Plan)
    assert [step.node_id for step in found.waves[0] if isinstance(step, plan.NodeStep)] == ["n4"]
    refused = planner.plan_for(snapshot, requests.Scale(out=False, count=2), seed="s")
    assert refused == plan.Refusal(
        code="host-in-use",
        reason="Hosts in use cannot be deleted: 'n0' (2 containers), 'n1' (1 containers), 'n2' (1 "
        "containers) and 1 more. "
        "Delete what runs on them, or force.",
    )


def test_an_update_to_more_than_a_host_has_names_the_host() -> None:
    node = values.node("n", host_id="a", memory=100)
    host = values.host("a", memory=1000, used_memory=900)
    for wanted, fits in ((200, True), (201, False), (50, True)):
        snapshot = planner.Snapshot(
            cluster=values.cluster(),
            nodes=(node,),
            hosts=(host,),
            demand=placement.Demand(memory=100),
            updated=placement.Demand(memory=wanted),
        )
        found = planner.plan_for(snapshot, requests.Update(profile_id="new"), seed="s")
        assert isinstance(found, plan.Plan) == fits
        if isinstance(found, plan.Refusal):
            assert found.reason == (
                "The new profile needs 101 MiB more on host 'a', which has 8 cores and 100 MiB left. Add a host, free "
                "room, or ask for less."
            )


def test_an_update_to_less_is_possible_on_a_host_that_promised_more_than_it_has() -> None:
    snapshot = planner.Snapshot(
        cluster=values.cluster(),
        nodes=(values.node("n", host_id="a", memory=500, cpus=2.0),),
        hosts=(values.host("a", memory=100, used_memory=500, cpus=1.0, used_cpus=2.0),),
        demand=placement.Demand(memory=500, cpus=2.0),
        updated=placement.Demand(memory=200, cpus=1.0),
    )
    assert isinstance(planner.plan_for(snapshot, requests.Update(profile_id="new"), seed="s"), plan.Plan)


@pytest.mark.parametrize(("room", "fits"), [(3, True), (2, False)])
def test_who_is_recovered_elsewhere_takes_the_room_of_who_is_missing(room: int, fits: bool) -> None:
    snapshot = planner.Snapshot(
        cluster=values.cluster(desired_capacity=3),
        nodes=(values.node("n1", host_id="down", memory=100, status=NodeStatus.ERROR),),
        hosts=(values.host("down", state=model.HostState.DOWN), values.host("up", memory=room * 100)),
        demand=placement.Demand(memory=100),
    )
    decision = planner.plan_for(snapshot, requests.Recover(check_capacity=True), seed="s")
    if fits:
        assert isinstance(decision, plan.Plan)
        assert [getattr(step, "host_id", None) or step.inputs["host_id"] for step in decision.waves[0]] == ["up"] * 3
    else:
        assert isinstance(decision, plan.Refusal)
        assert decision.code == "no-room"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("web-$I", "web-7"),
        ("web-$3I", "web-007"),
        ("$1I", "7"),
        ("plain", "plain"),
        ("$$I", "$7"),
        ("$X", "$X"),
        ("$123I", "$123I"),
    ],
)
def test_names(pattern: str, expected: str) -> None:
    assert naming.node_name(pattern, index=7, seed="s") == expected


def test_letters_by_chance_come_from_the_seed_and_the_index() -> None:
    names = {naming.node_name("$R", index=index, seed=seed) for index in (1, 2) for seed in ("a", "b")}
    assert len(names) == 4
    assert {len(name) for name in names} == {8}


def seen(container_id: str, node_id: str, *, well: bool = True) -> health.Seen:
    """Return a container in a listing."""
    return health.Seen(container_id=container_id, node_id=node_id, well=well)


NODE = values.node("n", host_id="h", physical_id="c")


@pytest.mark.parametrize(
    ("listing", "node", "busy", "expected"),
    [
        ([seen("c", "n")], NODE, (), "nothing"),
        ([seen("c", "n", well=False)], NODE, (), "suspect"),
        ([], NODE, (), "suspect"),
        ([], NODE, ("n",), "nothing"),
        ([], dataclasses.replace(NODE, host_id="other"), (), "nothing"),
        ([], dataclasses.replace(NODE, physical_id=None), (), "nothing"),
        ([], dataclasses.replace(NODE, status=NodeStatus.ERROR), (), "nothing"),
        ([seen("c", "n")], dataclasses.replace(NODE, status=NodeStatus.ERROR), (), "risen"),
        ([seen("c", "n", well=False)], dataclasses.replace(NODE, status=NodeStatus.ERROR), (), "nothing"),
        ([seen("c", "n")], dataclasses.replace(NODE, status=NodeStatus.ERROR), ("n",), "nothing"),
        ([seen("c", "n")], dataclasses.replace(NODE, status=NodeStatus.CREATING), (), "nothing"),
        ([seen("c", "n"), seen("x", "n")], NODE, (), "stray x"),
        ([seen("c", "n"), seen("x", "n")], NODE, ("n",), "nothing"),
        ([seen("c", "n"), seen("x", "gone")], NODE, (), "stray x"),
        ([seen("c", "n"), seen("x", "gone")], NODE, ("gone",), "nothing"),
        ([seen("c", "n")], dataclasses.replace(NODE, status=NodeStatus.WARNING), (), "risen"),
        ([seen("c", "n")], dataclasses.replace(NODE, status=NodeStatus.WARNING), ("n",), "nothing"),
        ([seen("c", "n", well=False)], dataclasses.replace(NODE, status=NodeStatus.WARNING), (), "nothing"),
        ([], dataclasses.replace(NODE, status=NodeStatus.WARNING), (), "nothing"),
        ([seen("x", "n")], dataclasses.replace(NODE, physical_id=None), (), "stray x"),
        ([seen("x", "n")], dataclasses.replace(NODE, physical_id=None), ("n",), "nothing"),
        ([seen("x", "n")], dataclasses.replace(NODE, physical_id=None, host_id="other"), (), "stray x"),
        ([seen("x", "n")], dataclasses.replace(NODE, host_id="other"), (), "stray x"),
        ([seen("c", "n")], dataclasses.replace(NODE, host_id="other"), (), "nothing"),
        ([seen("c", "n")], dataclasses.replace(NODE, host_id="other", status=NodeStatus.ERROR), (), "stray c"),
        ([seen("c", "n")], dataclasses.replace(NODE, host_id="other"), ("n",), "nothing"),
    ],
)
def test_what_a_listing_says(
    listing: list[health.Seen], node: model.Node, busy: tuple[str, ...], expected: str
) -> None:
    found = health.compare("h", listing, {node.id: node}, busy)
    told = [
        *(f"stray {one}" for one in found.strays),
        *("suspect" for _ in found.suspects),
        *("risen" for _ in found.risen),
    ]
    assert (told or ["nothing"]) == [expected]


def test_recoveries_come_later_and_later_until_it_is_calm() -> None:
    delays = [health.recovery_delay(count) for count in (0, 1, 2, 3, 8, 9, 10, 50)]
    assert delays == [0.0, 2.0, 4.0, 8.0, 256.0, 300.0, 300.0, 300.0]
    node = values.node("n", data={"recovery": {"count": 3, "at": 1000.0}})
    assert health.recent_recoveries(node, 1000.0 + health.CALM) == (3, 1000.0)
    assert health.recent_recoveries(node, 1000.1 + health.CALM) == (0, 1000.0)
    assert health.recent_recoveries(values.node("n"), 10.0) == (0, 0.0)


def test_errors_say_what_is_missing() -> None:
    assert errors.NotFound("node", "x").message == "The node 'x' could not be found."
    assert "query criteria 'x'" in errors.Ambiguous("node", "x").message
    assert issubclass(errors.InvalidSpec, errors.Invalid)


def test_a_profile_does_not_show_its_spec_when_it_is_printed() -> None:
    spec = {"properties": {"environment": {"PASSWORD": "hunter2"}}}
    assert "hunter2" not in repr(values.profile("p", spec=spec))
