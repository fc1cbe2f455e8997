"""Batches, names, requests, waves and the states of actions."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senlin_container.domain import batches, lifecycle, model, naming, plan, requests
from senlin_container.domain.model import ActionKind, ActionStatus, ClusterStatus, NodeStatus
from tests import values
from tests.properties import strategies

STATUSES = st.lists(st.sampled_from([NodeStatus.ACTIVE, NodeStatus.ACTIVE, NodeStatus.ERROR]), max_size=12)


@given(st.lists(st.integers()), st.integers(0, 12))
def test_batches_keep_as_many_in_service_as_they_can(items: list[int], in_service: int) -> None:
    found = batches.split(items, in_service=in_service)
    assert list(itertools.chain(*found)) == items
    assert all(found)
    for batch in found:
        assert len(items) - len(batch) >= in_service or len(batch) == 1
    if len(found) > 1:
        assert len({len(batch) for batch in found[:-1]}) == 1
        assert len(found[0]) == max(len(items) - in_service, 1)


@given(st.text(max_size=300), st.integers(0, 10**6), st.text(max_size=40))
def test_a_name_is_the_same_for_the_same_seed_and_never_too_long(pattern: str, index: int, seed: str) -> None:
    name = naming.node_name(pattern, index=index, seed=seed)
    assert name == naming.node_name(pattern, index=index, seed=seed)
    assert len(name) <= naming.LIMIT


@given(st.integers(1, 99), st.integers(0, 10**4), st.text(max_size=40))
def test_a_name_has_the_width_that_its_pattern_wants(width: int, index: int, seed: str) -> None:
    letters = naming.node_name(f"${width}R", index=index, seed=seed)
    assert len(letters) == width
    assert letters.isalnum()
    digits = naming.node_name(f"${width}I", index=index, seed=seed)
    assert len(digits) == max(width, len(str(index)))
    assert int(digits) == index


@given(st.text(max_size=20))
def test_names_of_one_action_differ(seed: str) -> None:
    names = {naming.node_name(naming.DEFAULT_FORMAT, index=i, seed=seed) for i in range(200)}
    assert len(names) == 200


@pytest.mark.parametrize("name", [*strategies.SIZINGS, *strategies.OTHERS])
@given(data=st.data())
def test_a_request_comes_back_from_the_inputs_of_its_action(name: str, data: st.DataObject) -> None:
    if name in strategies.SIZINGS:
        request = data.draw(strategies.sizing_requests(values.cluster(), name))
    else:
        request = data.draw(strategies.other_requests(["n1", "n2"], name))
    kind = requests.kind_of(request)
    assert kind.of_cluster
    inputs = json.loads(json.dumps(requests.dump(request)))
    assert None not in inputs.values()
    assert requests.load(kind, inputs) == request


@pytest.mark.parametrize("kind", [kind for kind in ActionKind if not kind.of_cluster])
def test_an_action_on_a_node_is_no_request(kind: ActionKind) -> None:
    with pytest.raises(ValueError, match=str(kind)):
        requests.load(kind, {})


STEPS = st.builds(
    plan.NodeStep,
    kind=st.sampled_from([kind for kind in ActionKind if not kind.of_cluster]),
    node_id=st.text(min_size=1, max_size=5),
    reason=st.text(max_size=5),
    inputs=st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


@given(st.lists(STEPS, max_size=5))
def test_a_wave_that_waits_comes_back(steps: list[plan.NodeStep]) -> None:
    document = json.loads(json.dumps(plan.dump_wave(tuple(steps))))
    assert plan.load_wave(document) == tuple(steps)


def test_new_nodes_cannot_wait() -> None:
    step = plan.CreateNode(index=1, name="n", host_id=None, reason="")
    with pytest.raises(TypeError, match="first wave"):
        plan.dump_wave((step,))
    step_after = plan.NodeStep(kind=ActionKind.NODE_CHECK, node_id="n", reason="")
    assert plan.Plan(waves=((step, step), (step_after,)), reason="").creates == 2


def test_every_state_of_an_action_has_its_moves() -> None:
    assert set(lifecycle.ACTION_MOVES) == set(ActionStatus)


@pytest.mark.parametrize("status", list(ActionStatus))
def test_an_action_can_go_on_exactly_while_it_is_unfinished(status: ActionStatus) -> None:
    assert bool(lifecycle.ACTION_MOVES[status]) == (status in lifecycle.UNFINISHED)
    assert not lifecycle.may_move(status, status)


@pytest.mark.parametrize("status", sorted(lifecycle.UNFINISHED))
def test_every_unfinished_action_can_fail_or_be_cancelled_and_can_succeed_in_the_end(status: ActionStatus) -> None:
    reached, todo = {status}, [status]
    while todo:
        for found in lifecycle.ACTION_MOVES[todo.pop()] - reached:
            reached.add(found)
            todo.append(found)
    assert {ActionStatus.SUCCEEDED, ActionStatus.FAILED, ActionStatus.CANCELLED} <= reached


def test_only_the_ends_are_ends() -> None:
    ends = {status for status, moves in lifecycle.ACTION_MOVES.items() if not moves}
    assert ends == {ActionStatus.SUCCEEDED, ActionStatus.FAILED, ActionStatus.CANCELLED, ActionStatus.SUSPENDED}
    # whoever starts work on an action claims it first, and only what was at work has succeeded
    comes_from = {new: {old for old, moves in lifecycle.ACTION_MOVES.items() if new in moves} for new in ActionStatus}
    assert comes_from[ActionStatus.RUNNING] == {ActionStatus.READY}
    assert comes_from[ActionStatus.SUCCEEDED] == {ActionStatus.RUNNING}
    assert comes_from[ActionStatus.WAITING] == {ActionStatus.RUNNING}


def test_every_cluster_action_says_what_the_cluster_is_doing() -> None:
    silent = {
        ActionKind.CLUSTER_ATTACH_POLICY,
        ActionKind.CLUSTER_DETACH_POLICY,
        ActionKind.CLUSTER_UPDATE_POLICY,
    }  # they change nothing in the nodes
    assert set(lifecycle.CLUSTER_AT_WORK) == {kind for kind in ActionKind if kind.of_cluster} - silent
    assert not any(kind.of_cluster for kind in lifecycle.NODE_AT_WORK)
    quiet = {ClusterStatus.ACTIVE, ClusterStatus.WARNING, ClusterStatus.ERROR, ClusterStatus.INIT}
    assert not quiet & lifecycle.BUSY_CLUSTER
    assert not {NodeStatus.ACTIVE, NodeStatus.ERROR, NodeStatus.INIT} & lifecycle.BUSY_NODE


@given(st.integers(0, 5), st.integers(-1, 9), st.integers(0, 9), STATUSES)
def test_a_cluster_is_judged_by_its_active_nodes(
    min_size: int, max_size: int, desired: int, statuses: list[NodeStatus]
) -> None:
    active = statuses.count(NodeStatus.ACTIVE)
    status, reason = lifecycle.cluster_status(
        min_size=min_size, max_size=max_size, desired=desired, statuses=statuses, why="CLUSTER_CHECK"
    )
    assert reason.startswith("CLUSTER_CHECK: ")
    if active < min_size:
        assert status == ClusterStatus.ERROR
        assert f"min_size ({min_size})" in reason
    elif active < desired:
        assert status == ClusterStatus.WARNING
        assert f"desired_capacity ({desired})" in reason
    elif max_size != model.UNBOUNDED and active > max_size:
        assert status == ClusterStatus.WARNING
        assert f"max_size ({max_size})" in reason
    else:
        assert status == ClusterStatus.ACTIVE
