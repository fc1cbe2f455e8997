"""Policies of clusters at work: attached, switched and detached in line with all else, and cooldowns kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from senlin_container.domain import errors, model
from senlin_container.domain.model import ActionKind, ActionStatus, ClusterStatus
from senlin_container.usecases import policies, reading
from tests.installation import CONTEXT, Installation

Install = Callable[..., Installation]

DELETION = {"type": "senlin.policy.deletion", "version": "1.1", "properties": {}}


def scaling(event: str = "CLUSTER_SCALE_OUT", cooldown: int = 600) -> dict[str, Any]:
    properties = {"event": event, "adjustment": {"cooldown": cooldown}}
    return {"type": "senlin.policy.scaling", "version": "1.0", "properties": properties}


def create(one: Installation, name: str, spec: dict[str, Any]) -> str:
    return one.commands.create_policy(CONTEXT, name=name, spec=spec).id


def attach(one: Installation, policy: str, *, enabled: bool = True) -> str:
    return one.commands.attach_policy(CONTEXT, "c", policy=policy, enabled=enabled)


def bound(one: Installation) -> dict[str, policies.BindingView]:
    found = one.queries.cluster_policies(CONTEXT, "c", filters={})
    return {view.policy_name: view for view in found}


def scale(one: Installation, *, out: bool = True, alone: bool = False) -> str:
    return one.commands.scale_cluster(CONTEXT, "c", out=out, count=1, alone=alone)


@pytest.fixture
def one(running: Installation) -> Installation:
    """An installation with a cluster ``c`` of one container."""
    running.cluster(running.containers(host_cluster="hosts"), 1)
    return running


def test_the_life_of_a_policy_of_a_cluster(one: Installation) -> None:
    policy_id = create(one, "grow", scaling())
    before = one.queries.cluster(CONTEXT, "c").cluster
    action = one.done(attach(one, "grow"))
    assert (action.status_reason, action.data) == ("Action completed successfully: the policy is attached.", {})
    view = bound(one)["grow"]
    assert (view.binding.enabled, view.binding.priority, view.binding.last_op) == (True, 100, None)
    assert one.queries.cluster(CONTEXT, "c").policy_ids == (policy_id,)
    one.done(one.commands.switch_policy(CONTEXT, "c", policy="grow", enabled=False))
    assert not bound(one)["grow"].binding.enabled
    with pytest.raises(errors.InUse):
        one.commands.delete_policy(CONTEXT, "grow")
    one.done(one.commands.detach_policy(CONTEXT, "c", policy="grow"))
    assert bound(one) == {}
    after = one.queries.cluster(CONTEXT, "c").cluster
    assert (after.status, after.status_reason, after.updated_at) == (
        before.status,
        before.status_reason,
        before.updated_at,
    )
    found = one.queries.events(CONTEXT, reading.Page(), filters={"oid": (after.id,)})
    about = [view.event.action for view in found if view.event.action.endswith("_POLICY")]
    assert about == ["CLUSTER_ATTACH_POLICY", "CLUSTER_UPDATE_POLICY", "CLUSTER_DETACH_POLICY"]


def test_attaching_again_succeeds_and_changes_nothing(one: Installation) -> None:
    create(one, "grow", scaling())
    one.done(attach(one, "grow", enabled=False))
    first = bound(one)
    assert "attached already" in one.done(attach(one, "grow")).status_reason
    assert bound(one) == first


def test_of_two_that_exclude_each_other_the_second_fails_in_line(install: Install) -> None:
    one = install()
    engine = one.engine()
    one.hosts("h1")
    one.cluster(one.containers(host_cluster="hosts"), 1)
    create(one, "one", DELETION)
    create(one, "two", DELETION)
    engine.stop()  # both are taken, as neither is attached yet
    one.engines.clear()
    first, second = attach(one, "one"), attach(one, "two")
    one.engine()
    one.done(first)
    ended = one.ended(second)
    assert ended.status == ActionStatus.FAILED
    assert "'one'" in ended.status_reason
    assert list(bound(one)) == ["one"]
    assert one.status("c") == ClusterStatus.ACTIVE


def test_a_policy_that_goes_before_its_turn_is_not_attached(install: Install) -> None:
    one = install()
    engine = one.engine()
    one.hosts("h1")
    one.cluster(one.containers(host_cluster="hosts"), 1)
    create(one, "grow", scaling())
    engine.stop()
    one.engines.clear()
    action_id = attach(one, "grow")
    one.commands.delete_policy(CONTEXT, "grow")
    one.engine()
    ended = one.ended(action_id)
    assert (ended.status, bound(one)) == (ActionStatus.FAILED, {})
    assert "does not exist any more" in ended.status_reason


def test_what_is_detached_by_another_first(install: Install) -> None:
    one = install()
    engine = one.engine()
    one.hosts("h1")
    one.cluster(one.containers(host_cluster="hosts"), 1)
    create(one, "grow", scaling())
    one.done(attach(one, "grow"))
    engine.stop()
    one.engines.clear()
    detach = [one.commands.detach_policy(CONTEXT, "c", policy="grow") for _ in range(2)]
    switch = one.commands.switch_policy(CONTEXT, "c", policy="grow", enabled=False)
    one.engine()
    for action_id in detach:
        one.done(action_id)
    ended = one.ended(switch)
    assert (ended.status, bound(one)) == (ActionStatus.FAILED, {})
    assert "not attached any more" in ended.status_reason


def test_a_cooldown_begins_when_the_action_has_ended_and_fails_the_next_one(one: Installation) -> None:
    create(one, "grow", scaling())
    create(one, "shrink", scaling("CLUSTER_SCALE_IN"))
    for name in ("grow", "shrink"):
        one.done(attach(one, name))
    action = one.done(scale(one, alone=True))
    last_op = bound(one)["grow"].binding.last_op
    assert last_op == action.end_time
    assert bound(one)["shrink"].binding.last_op is None
    with pytest.raises(errors.Cooling):
        scale(one, alone=True)
    ended = one.ended(scale(one))
    assert ended.status == ActionStatus.FAILED
    assert "The cooldown of policy 'grow'" in ended.status_reason
    view = one.queries.cluster(CONTEXT, "c")
    assert (view.cluster.desired_capacity, len(view.node_ids), view.cluster.status) == (2, 2, ClusterStatus.ACTIVE)
    assert bound(one)["grow"].binding.last_op == last_op
    one.done(scale(one, out=False, alone=True))
    one.done(one.resize("c", 3))


def test_a_policy_that_is_off_lets_everything_pass(one: Installation) -> None:
    create(one, "grow", scaling())
    one.done(attach(one, "grow", enabled=False))
    for _ in range(2):
        one.done(scale(one, alone=True))
    assert bound(one)["grow"].binding.last_op is None


def test_a_growth_that_fails_begins_no_cooldown(one: Installation) -> None:
    create(one, "grow", scaling())
    one.done(attach(one, "grow"))
    one.done(one.commands.resize_cluster(CONTEXT, "c", **_bounds(max_size=1)))
    assert one.ended(scale(one, alone=True)).status == ActionStatus.FAILED
    assert bound(one)["grow"].binding.last_op is None


def test_a_cluster_goes_with_its_policies_and_these_can_go_then(one: Installation) -> None:
    create(one, "grow", scaling())
    one.done(attach(one, "grow"))
    one.done(one.commands.delete_cluster(CONTEXT, "c", force=False))
    one.commands.delete_policy(CONTEXT, "grow")


def test_an_action_on_a_policy_waits_in_line(one: Installation) -> None:
    create(one, "grow", scaling(cooldown=0))
    actions = [scale(one), attach(one, "grow"), scale(one)]
    found: list[model.Action] = [one.done(action_id) for action_id in actions]
    assert [action.kind for action in found] == [
        ActionKind.CLUSTER_SCALE_OUT,
        ActionKind.CLUSTER_ATTACH_POLICY,
        ActionKind.CLUSTER_SCALE_OUT,
    ]
    assert bound(one)["grow"].binding.last_op == found[2].end_time
    ends = [action.end_time or 0.0 for action in found]
    assert ends == sorted(ends)


def _bounds(**given: int) -> dict[str, Any]:
    values = {"adjustment_type": None, "number": None, "min_size": None, "max_size": None, "min_step": None}
    return {**values, "strict": True, **given}
