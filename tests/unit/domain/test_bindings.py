"""Policies and the clusters that they are attached to: decisions."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from senlin_container.domain import bindings, plan, planner, requests
from senlin_container.domain.model import ActionKind
from tests import values

SCALING = bindings.Kind(name="senlin.policy.scaling", priority=100, single=False)
DELETION = bindings.Kind(name="senlin.policy.deletion", priority=400)
AFFINITY = bindings.Kind(name="senlin.policy.affinity", priority=300, profiles=("os.nova.server",))


def attached(policy_id: str, kind: bindings.Kind = SCALING, **given: Any) -> bindings.Attached:
    """Return a policy that is attached; of a scaling policy growth is the event."""
    scaling = None
    if kind is SCALING:
        scaling = bindings.Scaling(
            event=given.pop("event", ActionKind.CLUSTER_SCALE_OUT), cooldown=given.pop("cooldown", 0)
        )
    return bindings.Attached(
        binding=values.binding(f"b-{policy_id}", policy_id=policy_id, **given),
        name=f"name-{policy_id}",
        kind=kind.name,
        scaling=scaling,
    )


def known(*found: bindings.Attached, **given: Any) -> bindings.Policies:
    return bindings.Policies(**{"now": 1000.0, "attached": found, "profile_type": "os.nova.server", **given})


def decide(policies: bindings.Policies, request: requests.Request) -> plan.Plan | plan.Refusal:
    """Plan a request as the engine does."""
    snapshot = planner.Snapshot(cluster=values.cluster(), nodes=(), policies=policies)
    return planner.plan_for(snapshot, request, seed="s")


def change(decision: plan.Plan | plan.Refusal) -> plan.BindingChange | None:
    assert isinstance(decision, plan.Plan), decision
    assert decision.waves == ()
    assert decision.change == plan.ClusterChange()
    return decision.binding


@pytest.mark.parametrize("enabled", [True, False])
def test_a_policy_is_attached_with_the_priority_of_its_kind(enabled: bool) -> None:
    request = requests.AttachPolicy(policy_id="d", enabled=enabled)
    found = change(decide(known(attached("s"), wanted=DELETION), request))
    assert found == plan.Attach(policy_id="d", enabled=enabled, priority=400)


def test_a_policy_that_is_attached_stays_as_it_is() -> None:
    there = attached("d", DELETION, enabled=False)
    assert change(decide(known(there, wanted=DELETION), requests.AttachPolicy(policy_id="d"))) is None


def test_two_scaling_policies_are_fine() -> None:
    found = change(decide(known(attached("s"), wanted=SCALING), requests.AttachPolicy(policy_id="t")))
    assert isinstance(found, plan.Attach)


def test_a_second_policy_of_a_kind_is_refused_and_the_first_named() -> None:
    refusal = decide(known(attached("d", DELETION), wanted=DELETION), requests.AttachPolicy(policy_id="e"))
    assert isinstance(refusal, plan.Refusal)
    assert refusal.code == bindings.SECOND
    assert "'name-d' (d)" in refusal.reason


def test_a_policy_for_other_profiles_is_refused_and_both_named() -> None:
    policies = known(wanted=AFFINITY, profile_type="container.host.endpoint")
    refusal = decide(policies, requests.AttachPolicy(policy_id="a"))
    assert isinstance(refusal, plan.Refusal)
    assert refusal.code == "profile-type"
    assert "os.nova.server, not of container.host.endpoint" in refusal.reason
    assert isinstance(change(decide(known(wanted=AFFINITY), requests.AttachPolicy(policy_id="a"))), plan.Attach)


def test_a_policy_that_is_gone_is_not_attached() -> None:
    refusal = decide(known(), requests.AttachPolicy(policy_id="a"))
    assert isinstance(refusal, plan.Refusal)
    assert refusal.code == "gone"


def test_a_policy_is_detached_once() -> None:
    request = requests.DetachPolicy(policy_id="s")
    assert change(decide(known(attached("s"), attached("t")), request)) == plan.Detach(policy_id="s")
    assert change(decide(known(attached("t")), request)) is None


def test_a_policy_is_switched_where_it_is_attached() -> None:
    request = requests.UpdatePolicy(policy_id="s", enabled=False)
    assert change(decide(known(attached("s")), request)) == plan.Switch(policy_id="s", enabled=False)
    refusal = decide(known(attached("t")), request)
    assert isinstance(refusal, plan.Refusal)
    assert refusal.code == "not-attached"


@pytest.mark.parametrize(
    "request_",
    [
        requests.AttachPolicy(policy_id="a", enabled=False),
        requests.DetachPolicy(policy_id="a"),
        requests.UpdatePolicy(policy_id="a", enabled=True),
    ],
)
def test_requests_come_back_from_their_inputs(request_: requests.OfPolicy) -> None:
    inputs = requests.dump(request_)
    assert requests.load(requests.kind_of(request_), inputs) == request_
    assert set(inputs) == {field.name for field in dataclasses.fields(request_)}


GROW, SHRINK = requests.Scale(out=True), requests.Scale(out=False)


@pytest.mark.parametrize(
    ("given", "cools"),
    [
        ({"cooldown": 60, "last_op": 941.0}, True),
        ({"cooldown": 60, "last_op": 940.5}, True),
        ({"cooldown": 60, "last_op": 940.0}, False),
        ({"cooldown": 60, "last_op": None}, False),
        ({"cooldown": 0, "last_op": 1000.0}, False),
        ({"cooldown": 60, "last_op": 941.0, "enabled": False}, False),
        ({"cooldown": 60, "last_op": 941.0, "event": ActionKind.CLUSTER_SCALE_IN}, False),
    ],
)
def test_a_cooldown_refuses_the_actions_that_its_policy_is_for(given: dict[str, Any], cools: bool) -> None:
    decision = decide(known(attached("r"), attached("s", **given)), GROW)
    assert isinstance(decision, plan.Refusal) == cools
    if isinstance(decision, plan.Refusal):
        assert decision.code == "cooldown"
        assert "'name-s' (s)" in decision.reason
        assert "for another 1 seconds" in decision.reason


def test_a_cooldown_is_told_in_whole_seconds() -> None:
    refusal = bindings.cooling([attached("s", cooldown=60, last_op=990.5)], ActionKind.CLUSTER_SCALE_OUT, 1000.0)
    assert refusal is not None
    assert "another 51 seconds" in refusal.reason


def test_a_resize_knows_no_cooldown() -> None:
    resting = known(attached("s", cooldown=60, last_op=999.0))
    resize = requests.Resize(adjustment=requests.Adjustment.CHANGE, number=1)
    assert isinstance(decide(resting, resize), plan.Plan)
    assert isinstance(decide(resting, GROW), plan.Refusal)


def test_who_is_consulted() -> None:
    out, off = attached("out"), attached("off", enabled=False)
    in_, other = attached("in", event=ActionKind.CLUSTER_SCALE_IN), attached("d", DELETION)
    assert bindings.consulted([out, off, in_, other], ActionKind.CLUSTER_SCALE_OUT) == (out,)
    assert bindings.consulted([out, off, in_, other], ActionKind.CLUSTER_SCALE_IN) == (in_,)
    assert bindings.consulted([out, off, in_, other], ActionKind.CLUSTER_RESIZE) == ()
