"""Commands on policies, and the scaling actions that they and each other forbid."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from senlin_container.domain import errors, model
from senlin_container.domain.model import ActionKind, ActionStatus
from senlin_container.store import policies, queue, session
from senlin_container.usecases import context, reading, settling
from tests import values
from tests.functional.usecases.conftest import Service

SCALING = {"type": "senlin.policy.scaling", "version": "1.0"}
GROW = {**SCALING, "properties": {"event": "CLUSTER_SCALE_OUT", "adjustment": {"cooldown": 60}}}
SHRINK = {**SCALING, "properties": {"event": "CLUSTER_SCALE_IN", "adjustment": {"cooldown": 60}}}
DELETION = {"type": "senlin.policy.deletion", "version": "1.1", "properties": {"criteria": "OLDEST_FIRST"}}


def create(service: Service, name: str, spec: dict[str, Any], *, ctx: context.Context | None = None) -> model.Policy:
    return service.commands.create_policy(ctx or service.context, name=name, spec=spec)


def attach(service: Service, policy: model.Policy, *, enabled: bool = True, cluster: str = "c1") -> None:
    """Attach a policy as the engine does it."""
    binding = values.binding(f"b-{policy.name}", cluster_id=cluster, policy_id=policy.id, enabled=enabled)
    service.database.write(policies.attach, binding)


def bindings(service: Service) -> dict[str, model.Binding]:
    found = service.queries.cluster_policies(service.context, "c1", filters={})
    return {view.policy_name: view.binding for view in found}


def scale(service: Service, *, out: bool = True, alone: bool = True) -> str:
    return service.commands.scale_cluster(service.context, "c1", out=out, count=1, alone=alone)


def end(service: Service, action_id: str, status: ActionStatus = ActionStatus.SUCCEEDED) -> None:
    """End an action of a cluster as the engine does it."""

    def write(tx: session.Transaction) -> None:
        action = queue.find(tx, None, action_id)
        settling.finish_cluster(
            tx, action, service.cluster(), status=status, reason="", new_id=service.new_id, now=service.now
        )

    service.database.write(write)


def health(interval: int) -> dict[str, Any]:
    properties = {
        "detection": {"interval": interval, "detection_modes": [{"type": "NODE_STATUS_POLLING"}]},
        "recovery": {"actions": [{"name": "RECREATE"}]},
    }
    return {"type": "senlin.policy.health", "version": "1.1", "properties": properties}


def test_the_operator_says_how_often_a_policy_may_check(service: Service) -> None:
    least = service.parts.limits.health_check_interval_min
    assert create(service, "often", health(least))
    with pytest.raises(errors.InvalidSpec, match=rf"'detection.interval' is {least - 1}: at least {least} seconds"):
        create(service, "more", health(least - 1))


def test_a_policy_is_kept_as_it_was_given(service: Service) -> None:
    policy = create(service, "grow", GROW)
    assert service.queries.policy(service.context, "grow") == policy
    assert (policy.type_name, policy.spec, policy.owner) == ("senlin.policy.scaling-1.0", GROW, values.OWNER)
    assert service.queries.policies(service.context, reading.Page(), filters={"type": ("senlin.policy.scaling",)})
    assert not service.nudges


def test_a_bad_spec_leaves_nothing(service: Service) -> None:
    for attempt in (service.commands.validate_policy, service.commands.create_policy):
        given = {"name": "x"} if attempt == service.commands.create_policy else {}
        with pytest.raises(errors.InvalidSpec, match="'event': 'x' must be one of"):
            attempt(service.context, spec={**SCALING, "properties": {"event": "x"}}, **given)
    assert service.queries.policies(service.context, reading.Page(), filters={}) == []


def test_validation_keeps_nothing(service: Service) -> None:
    assert service.commands.validate_policy(service.context, spec=GROW).spec == GROW
    assert service.queries.policies(service.context, reading.Page(), filters={}) == []


def test_a_policy_is_renamed_and_nothing_else(service: Service) -> None:
    policy = create(service, "grow", GROW)
    service.now += 5
    renamed = service.commands.update_policy(service.context, "grow", name="bigger")
    assert (renamed.id, renamed.name, renamed.updated_at) == (policy.id, "bigger", service.now)
    assert service.queries.policy(service.context, policy.id) == renamed
    with pytest.raises(errors.Invalid, match="No property needs an update"):
        service.commands.update_policy(service.context, "bigger", name=None)


def test_strangers_find_nothing(service: Service) -> None:
    policy = create(service, "grow", GROW)
    attach(service, policy)
    for identity in (policy.id, "grow"):
        for attempt in (
            lambda identity: service.queries.policy(service.stranger, identity),
            lambda identity: service.commands.update_policy(service.stranger, identity, name="x"),
            lambda identity: service.commands.delete_policy(service.stranger, identity),
            lambda identity: service.queries.cluster_policy(service.stranger, "c1", identity),
            lambda _: service.queries.cluster_policies(service.stranger, "c1", filters={}),
            lambda identity: service.commands.attach_policy(service.stranger, "c1", policy=identity, enabled=True),
        ):
            with pytest.raises(errors.NotFound):
                attempt(identity)
    assert service.queries.policies(service.stranger, reading.Page(), filters={}) == []


def test_the_policy_of_another_project_is_not_attached(service: Service) -> None:
    theirs = create(service, "theirs", GROW, ctx=service.stranger)
    for identity in (theirs.id, "theirs", "nothing"):
        with pytest.raises(errors.Invalid, match=f"The specified policy '{identity}' could not be found."):
            service.commands.attach_policy(service.context, "c1", policy=identity, enabled=True)


@pytest.mark.parametrize("enabled", [True, False])
def test_attaching_is_an_action_of_the_cluster(service: Service, enabled: bool) -> None:
    policy = create(service, "grow", GROW)
    action = service.action(service.commands.attach_policy(service.context, "c1", policy="grow", enabled=enabled))
    assert (action.kind, action.target, action.cluster_id) == (ActionKind.CLUSTER_ATTACH_POLICY, "c1", "c1")
    assert action.inputs == {"policy_id": policy.id, "enabled": enabled}
    assert (action.name, action.timeout, service.nudges) == ("attach_policy_c1", 77, 1)


def test_detaching_and_switching_are_actions_where_there_is_a_policy(service: Service) -> None:
    policy = create(service, "grow", GROW)
    told = f"The policy '{policy.id}' is not attached to the specified cluster 'c1'."
    for attempt in (
        lambda: service.commands.detach_policy(service.context, "c1", policy="grow"),
        lambda: service.commands.switch_policy(service.context, "c1", policy="grow", enabled=False),
    ):
        with pytest.raises(errors.Invalid, match=told):
            attempt()
    attach(service, policy)
    detach = service.action(service.commands.detach_policy(service.context, "c1", policy=policy.id))
    assert (detach.kind, detach.inputs) == (ActionKind.CLUSTER_DETACH_POLICY, {"policy_id": policy.id})
    switch = service.action(service.commands.switch_policy(service.context, "c1", policy="grow", enabled=False))
    assert (switch.kind, switch.inputs) == (
        ActionKind.CLUSTER_UPDATE_POLICY,
        {"policy_id": policy.id, "enabled": False},
    )


def test_a_second_policy_of_a_kind_is_a_conflict_but_the_same_once_more_is_not(service: Service) -> None:
    first, second = create(service, "one", DELETION), create(service, "two", {**DELETION, "version": "1.0"})
    attach(service, first)
    with pytest.raises(errors.Conflict, match="'one'") as caught:
        service.commands.attach_policy(service.context, "c1", policy="two", enabled=True)
    assert first.id in str(caught.value)
    assert service.commands.attach_policy(service.context, "c1", policy="one", enabled=True)
    attach(service, create(service, "grow", GROW))
    create(service, "shrink", SHRINK)
    assert service.commands.attach_policy(service.context, "c1", policy="shrink", enabled=True)
    assert service.commands.attach_policy(service.context, "hosts", policy=second.id, enabled=True)


def test_a_policy_for_other_profiles_is_refused(service: Service) -> None:
    create(service, "apart", {"type": "senlin.policy.affinity", "version": "1.0", "properties": {}})
    with pytest.raises(errors.Invalid, match=r"not of container\.host\.endpoint"):
        service.commands.attach_policy(service.context, "hosts", policy="apart", enabled=True)
    assert service.commands.attach_policy(service.context, "c1", policy="apart", enabled=True)


def test_a_policy_that_is_not_attached_is_told_from_one_that_is_not_there(service: Service) -> None:
    policy = create(service, "grow", GROW)
    with pytest.raises(errors.NotAttached, match=r"The policy 'grow' is not found attached .* cluster 'c1'"):
        service.queries.cluster_policy(service.context, "c1", "grow")
    with pytest.raises(errors.NotFound, match="The policy 'nothing' could not be found") as caught:
        service.queries.cluster_policy(service.context, "c1", "nothing")
    assert not isinstance(caught.value, errors.NotAttached)
    attach(service, policy)
    view = service.queries.cluster_policy(service.context, "c1", "grow")
    assert (view.cluster_name, view.policy_name, view.policy_type) == ("web", "grow", "senlin.policy.scaling-1.0")


SCALINGS = {
    "in": lambda service, alone: scale(service, out=False, alone=alone),
    "out": lambda service, alone: scale(service, alone=alone),
    "resize": lambda service, _alone: service.resize(max_size=9),  # it waits in line in every version
}


@pytest.mark.parametrize("first", list(SCALINGS))
@pytest.mark.parametrize("second", ["in", "out"])
def test_one_scaling_action_at_a_time(service: Service, first: str, second: str) -> None:
    action_id = SCALINGS[first](service, True)
    with pytest.raises(errors.Scaling, match=action_id):
        SCALINGS[second](service, True)
    assert SCALINGS[second](service, False)


def test_other_actions_are_no_conflict_and_ended_ones_neither(service: Service) -> None:
    service.commands.check_cluster(service.context, "c1")
    create(service, "grow", GROW)
    service.commands.attach_policy(service.context, "c1", policy="grow", enabled=True)
    action_id = scale(service)
    service.commands.check_cluster(service.context, "c1")
    end(service, action_id, ActionStatus.FAILED)
    assert scale(service)


def test_of_many_requests_at_once_one_is_taken(service: Service) -> None:
    start, taken, refused = threading.Barrier(8), [], []

    def ask() -> None:
        start.wait()
        try:
            taken.append(scale(service))
        except errors.Scaling as exc:
            refused.append(exc)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(taken), len(refused)) == (1, 7)


def test_a_cooldown_begins_with_the_end_of_an_action_that_succeeded(service: Service) -> None:
    for name, spec in (("grow", GROW), ("shrink", SHRINK)):
        attach(service, create(service, name, spec))
    end(service, scale(service), ActionStatus.FAILED)
    assert {binding.last_op for binding in bindings(service).values()} == {None}
    service.now = 2000.0
    end(service, scale(service))
    assert {name: binding.last_op for name, binding in bindings(service).items()} == {"grow": 2000.0, "shrink": None}
    service.now = 2059.5
    with pytest.raises(errors.Cooling, match="another 1 seconds"):
        scale(service)
    assert scale(service, alone=False)


def test_a_cooldown_is_over_in_time_and_concerns_its_event_only(service: Service) -> None:
    attach(service, create(service, "grow", GROW))
    end(service, scale(service))
    end(service, scale(service, out=False))
    end(service, service.resize(max_size=9))
    with pytest.raises(errors.Cooling):
        scale(service)
    service.now += 60
    assert scale(service)


def test_a_policy_that_is_off_has_no_say(service: Service) -> None:
    policy = create(service, "grow", GROW)
    attach(service, policy, enabled=False)
    end(service, scale(service))
    assert bindings(service)["grow"].last_op is None
    service.database.write(policies.switch, "c1", policy.id, enabled=True)
    end(service, scale(service))
    service.database.write(policies.switch, "c1", policy.id, enabled=False)
    assert scale(service)


def test_actions_on_policies_leave_the_status_of_the_cluster(service: Service) -> None:
    create(service, "grow", GROW)
    before = service.cluster()
    action_id = service.commands.attach_policy(service.context, "c1", policy="grow", enabled=True)
    end(service, action_id)
    assert service.cluster() == before
    assert service.action(action_id).status == ActionStatus.SUCCEEDED
    (event,) = service.queries.events(service.context, reading.Page(), filters={"action": ("CLUSTER_ATTACH_POLICY",)})
    assert (event.event.oid, event.event.status) == ("c1", "end")
