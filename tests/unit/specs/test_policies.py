"""Policy types: what was published of them, and what is refused beyond it."""

from __future__ import annotations

import json
import os
import pathlib
from typing import Any

import pytest

from senlin_container.domain import errors
from senlin_container.domain.model import ActionKind
from senlin_container.specs import policies
from tests import values

_DATA = pathlib.Path(os.environ.get("SENLIN_V1_DATA", "../shared/senlin-v1"))

GOOD: dict[str, dict[str, Any]] = {
    "affinity-1.0": {"servergroup": {"name": "g", "policies": "anti-affinity"}},
    "batch-1.0": {"max_batch_size": 2, "min_in_service": 1, "pause_time": 0},
    "deletion-1.0": {"criteria": "OLDEST_FIRST", "grace_period": 0},
    "deletion-1.1": {"hooks": {"type": "webhook", "timeout": 60, "params": {"url": "http://127.0.0.1:9/x"}}},
    "health-1.0": {"detection": {}, "recovery": {}},
    "health-1.1": {
        "detection": {"interval": 120, "detection_modes": [{"type": "NODE_STATUS_POLLING"}]},
        "recovery": {"actions": [{"name": "RECREATE"}], "fencing": ["COMPUTE"]},
    },
    "health-1.2": {
        "detection": {
            "detection_modes": [{"type": "NODE_STATUS_POLL_URL", "options": {"poll_url": "https://{nodename}/up"}}]
        },
        "recovery": {"actions": [{"name": "REBOOT", "params": {"type": "HARD"}}]},
    },
    "loadbalance-1.0": {},
    "loadbalance-1.1": {"pool": {"subnet": "s"}, "vip": {"subnet": "s", "protocol_port": 80}},
    "loadbalance-1.2": {"vip": {"network": "n", "address": "2001:db8::1"}, "health_monitor": {"type": "HTTP"}},
    "loadbalance-1.3": {"loadbalancer": "lb", "vip": {}, "pool": {"id": "p", "subnet": "s"}},
    "region_placement-1.0": {"regions": [{"name": "RegionOne", "weight": 100}, {"name": "two", "cap": 0}]},
    "scaling-1.0": {"event": "CLUSTER_SCALE_IN", "adjustment": {"type": "CHANGE_IN_PERCENTAGE", "number": 12.5}},
    "zone_placement-1.0": {"zones": [{"name": "az1", "weight": 0}, {"name": "az2"}]},
}


def spec(name: str, properties: Any) -> dict[str, Any]:
    type_, _, version = name.rpartition("-")
    return {"type": f"senlin.policy.{type_}", "version": version, "properties": properties}


def without_descriptions(document: Any) -> Any:
    if isinstance(document, dict):
        texts = [key for key, value in document.items() if key == "description" and isinstance(value, str)]
        return {key: without_descriptions(value) for key, value in document.items() if key not in texts}
    return [without_descriptions(item) for item in document] if isinstance(document, list | tuple) else document


def published() -> dict[str, Any]:
    """Return what was published of each type; skips the test where the data is not at hand."""
    files = sorted((_DATA / "types").glob("policy.*.json"))
    if not files:
        pytest.skip(f"{_DATA}/types is not here: set SENLIN_V1_DATA to the folder with the data of the v1 API")
    found = [json.loads(file.read_text())["policy_type"] for file in files]
    return {type_["name"]: type_ for type_ in found}


def test_there_are_the_published_types() -> None:
    assert list(policies.POLICY_TYPES) == [f"senlin.policy.{name}" for name in GOOD]
    assert set(published()) == set(policies.POLICY_TYPES)


@pytest.mark.parametrize("name", list(policies.POLICY_TYPES))
def test_a_type_is_as_published_but_for_its_descriptions(name: str) -> None:
    theirs, ours = published()[name], policies.find(name)
    assert without_descriptions(json.loads(json.dumps(ours.schema_json()))) == without_descriptions(theirs["schema"])
    assert json.loads(json.dumps(ours.support_status)) == theirs["support_status"]
    assert (ours.full_name, ours.name, ours.version) == (name, *name.split("-"))


@pytest.mark.parametrize("name", list(GOOD))
def test_what_makes_sense_is_taken_and_kept_as_it_was_given(name: str) -> None:
    checked = policies.check(spec(name, GOOD[name]))
    assert checked.document == spec(name, GOOD[name])
    assert checked.type.full_name == f"senlin.policy.{name}"


@pytest.mark.parametrize("given", [None, {}])
def test_properties_that_are_null_are_none(given: dict[str, Any] | None) -> None:
    assert policies.check(spec("affinity-1.0", given)).document == spec("affinity-1.0", {})


@pytest.mark.parametrize(("name", "key"), [("zone_placement-1.0", "zones"), ("region_placement-1.0", "regions")])
def test_a_policy_names_so_many_places_and_no_more(name: str, key: str) -> None:
    places = [{"name": f"z{number}"} for number in range(1001)]
    with pytest.raises(errors.InvalidSpec, match=f"'{key}' has 1001 items: at most 1000 are expected."):
        policies.check(spec(name, {key: places}))
    assert policies.check(spec(name, {key: places[1:]}))
    with pytest.raises(errors.InvalidSpec, match=f"'{key}' names 'z7' twice"):
        policies.check(spec(name, {key: [*places[1:-1], {"name": "z7"}]}))


def test_a_version_may_be_a_number_and_a_description_may_be_there() -> None:
    given = spec("scaling-1.0", GOOD["scaling-1.0"]) | {"version": 1.0, "description": "in"}
    checked = policies.check(given)
    assert (checked.document, checked.type.version) == (given, "1.0")
    assert checked.properties["adjustment"]["cooldown"] == 0


@pytest.mark.parametrize(
    ("name", "properties", "told"),
    [
        # what the schema says
        ("batch-1.0", {"max_batch_size": "many"}, "'max_batch_size': the value 'many' is not a valid Integer"),
        ("deletion-1.1", {"criteria": "NO_SUCH"}, "'criteria': 'NO_SUCH' must be one of the allowed values"),
        ("health-1.0", {"detection": {}}, "Required spec item 'recovery' not provided"),
        ("health-1.0", {"detection": [], "recovery": {}}, r"'detection' is \[\]: a map is expected"),
        ("scaling-1.0", {}, "Required spec item 'event' not provided"),
        ("scaling-1.0", {"event": "CLUSTER_CHECK"}, "'CLUSTER_CHECK' must be one of"),
        ("zone_placement-1.0", {"zones": [3]}, r"zones\[0\]' is 3: a map is expected"),
        ("affinity-1.0", {"enable_drs_extension": "maybe"}, "'maybe' is not a valid Boolean"),
        ("affinity-1.0", {"no": 1}, "Unrecognizable spec item 'no'"),
        ("affinity-1.0", ["x"], "a map is expected"),
        # what makes no sense
        ("batch-1.0", {"max_batch_size": 0}, "'max_batch_size' is 0: at least 1, or -1"),
        ("batch-1.0", {"min_in_service": -1}, "'min_in_service' is -1: at least 0"),
        ("batch-1.0", {"pause_time": -5}, "'pause_time' is -5"),
        ("deletion-1.0", {"grace_period": -1}, "'grace_period' is -1"),
        ("deletion-1.1", {"hooks": {"type": "webhook"}}, "'hooks.params.url' is missing"),
        ("deletion-1.1", {"hooks": {"type": "webhook", "params": {"url": "ftp://x"}}}, "is 'ftp://x': a URL"),
        ("deletion-1.1", {"hooks": {"timeout": 3}}, "'hooks.params.queue' is missing"),
        ("deletion-1.1", {"hooks": {"params": {"url": "http://x"}}}, "'hooks.params.queue' is missing"),
        ("deletion-1.1", {"hooks": {"timeout": -3, "params": {"queue": "q"}}}, "'hooks.timeout' is -3"),
        ("health-1.1", {"detection": {"interval": 0}, "recovery": {}}, "'detection.interval' is 0: at least 1"),
        (
            "health-1.2",
            {"detection": {"detection_modes": [{"type": "NODE_STATUS_POLL_URL"}]}, "recovery": {}},
            r"'detection.detection_modes\[0\].options.poll_url' is missing",
        ),
        (
            "health-1.2",
            {"detection": {}, "recovery": {"actions": [{"name": "REBOOT"}, {"name": "RECREATE"}]}},
            r"'recovery.actions' has 2 items \(REBOOT, RECREATE\): one at most",
        ),
        ("loadbalance-1.1", {"vip": {}}, "'vip' has neither 'subnet' nor 'network'"),
        ("loadbalance-1.1", {"vip": {"subnet": "s", "address": "here"}}, "'vip.address' is 'here': an IP address"),
        ("loadbalance-1.1", {"vip": {"subnet": "s", "connection_limit": 0}}, "'vip.connection_limit' is 0"),
        ("loadbalance-1.1", {"pool": {"subnet": "s", "protocol_port": 65536}}, "a number from 1 to 65535"),
        (
            "loadbalance-1.1",
            {"pool": {"subnet": "s", "session_persistence": {"type": "APP_COOKIE"}}},
            "cookie_name' is missing",
        ),
        ("loadbalance-1.3", {"health_monitor": {"delay": 0}}, "'health_monitor.delay' is 0"),
        ("loadbalance-1.3", {"lb_status_timeout": 0}, "'lb_status_timeout' is 0"),
        ("region_placement-1.0", {"regions": [{"weight": 1}]}, r"'regions\[0\].name' is missing"),
        ("region_placement-1.0", {"regions": [{"name": "r", "cap": -2}]}, r"'regions\[0\].cap' is -2"),
        ("zone_placement-1.0", {"zones": [{"name": "z", "weight": -1}]}, r"'zones\[0\].weight' is -1"),
        ("zone_placement-1.0", {"zones": [{"name": "z"}, {"name": "z"}]}, "'zones' names 'z' twice"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_path(name: str, properties: Any, told: str) -> None:
    with pytest.raises(errors.InvalidSpec, match=told):
        policies.check(spec(name, properties))


@pytest.mark.parametrize(
    ("adjustment", "told"),
    [
        ({"cooldown": -1}, "'adjustment.cooldown' is -1"),
        ({"min_step": -1}, "'adjustment.min_step' is -1"),
        ({"number": 0}, "more than 0 is expected for CHANGE_IN_CAPACITY"),
        ({"number": -2}, "more than 0 is expected"),
        ({"number": 1.5}, "an integer is expected for CHANGE_IN_CAPACITY"),
        ({"number": 2.5, "type": "EXACT_CAPACITY"}, "an integer is expected for EXACT_CAPACITY"),
        ({"number": -1, "type": "EXACT_CAPACITY"}, "0 or more is expected"),
        ({"number": 1e12}, "at most 2147483647"),
        ({"number": "nan"}, "not a valid Number"),
        ({"number": 0, "type": "CHANGE_IN_PERCENTAGE"}, "more than 0 is expected"),
    ],
)
def test_a_senseless_adjustment_is_refused(adjustment: dict[str, Any], told: str) -> None:
    with pytest.raises(errors.InvalidSpec, match=told):
        policies.check(spec("scaling-1.0", {"event": "CLUSTER_SCALE_OUT", "adjustment": adjustment}))


@pytest.mark.parametrize("hooks", [None, {}, {"type": "zaqar"}, {"params": {}}, {"timeout": 0}])
def test_hooks_that_say_nothing_are_none(hooks: dict[str, Any] | None) -> None:
    assert policies.check(spec("deletion-1.1", {"hooks": hooks}))


def test_an_exact_capacity_may_be_none() -> None:
    adjustment = {"type": "EXACT_CAPACITY", "number": 0}
    assert policies.check(spec("scaling-1.0", {"event": "CLUSTER_SCALE_IN", "adjustment": adjustment}))


@pytest.mark.parametrize("name", ["senlin.policy.none-1.0", "senlin.policy.batch-7.0"])
def test_an_unknown_type_or_version_is_not_found(name: str) -> None:
    with pytest.raises(errors.NotFound, match=f"The policy_type '{name}' could not be found."):
        policies.check(spec(name.removeprefix("senlin.policy."), {}))


@pytest.mark.parametrize(
    "broken", [{"version": "1.0"}, {"type": "senlin.policy.batch"}, {"type": [], "version": "1.0"}, {"type": True}]
)
def test_a_spec_without_type_or_version_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(errors.InvalidSpec, match=r"Required spec item '(type|version)' not provided"):
        policies.check(broken)


def test_a_spec_with_more_than_there_is_is_refused() -> None:
    with pytest.raises(errors.InvalidSpec, match="Unrecognizable spec item 'more'"):
        policies.check(spec("batch-1.0", {}) | {"more": 1})
    with pytest.raises(errors.InvalidSpec, match="'description' is expected to be a text"):
        policies.check(spec("batch-1.0", {}) | {"description": {}})


def test_priorities_and_what_there_can_be_several_of() -> None:
    kinds = {type_.kind for type_ in policies.POLICY_TYPES.values()}
    assert {kind.name.removeprefix("senlin.policy."): kind.priority for kind in kinds} == {
        "scaling": 100,
        "batch": 200,
        "region_placement": 200,
        "affinity": 300,
        "zone_placement": 300,
        "deletion": 400,
        "loadbalance": 500,
        "health": 600,
    }
    assert [kind.name for kind in kinds if not kind.single] == ["senlin.policy.scaling"]


def test_a_scaling_policy_becomes_what_decisions_need() -> None:
    bound = values.binding("b", policy_id="s")
    policy = values.policy("s", properties={"event": "CLUSTER_SCALE_IN", "adjustment": {"cooldown": "60"}})
    found = policies.attached(bound, policy)
    assert found.scaling is not None
    assert (found.scaling.event, found.scaling.cooldown) == (ActionKind.CLUSTER_SCALE_IN, 60)
    assert (found.kind, found.name, found.binding) == ("senlin.policy.scaling", policy.name, bound)
    bare = policies.attached(bound, values.policy("s", properties={"event": "CLUSTER_SCALE_OUT"}))
    assert bare.scaling is not None
    assert bare.scaling.cooldown == 0
    assert policies.attached(bound, values.policy("d", type="senlin.policy.deletion", properties={})).scaling is None
