"""Policies, and the clusters that they are attached to."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from senlin_container.domain import errors, model
from senlin_container.store import clusters, listing, policies, session
from tests import databases, values

CLUSTER = values.cluster().id
OTHER = "c0000000-0000-4000-8000-000000000002"
SCALE = "5ca1e000-0000-4000-8000-000000000001"
SHRINK = "5ca1e000-0000-4000-8000-000000000002"
DELETION = "de1e0000-0000-4000-8000-000000000003"
THEIRS = "de1e0000-0000-4000-8000-000000000004"


@pytest.fixture
def stocked(database: session.Database) -> session.Database:
    """Two clusters, three policies of one project and one of another."""
    databases.fill(database, clusters_=[values.cluster(), values.cluster(id=OTHER, name="other")])

    def write(tx: sa.Connection) -> None:
        policies.insert(tx, values.policy(SCALE, name="grow", created_at=1.0))
        policies.insert(tx, values.policy(SHRINK, name="shrink", created_at=2.0))
        deletion = {"type": "senlin.policy.deletion", "version": "1.1", "properties": {}}
        policies.insert(tx, values.policy(DELETION, name="pick", created_at=3.0, **deletion))
        policies.insert(tx, values.policy(THEIRS, name="grow", created_at=4.0, owner=values.OTHER))

    database.write(write)
    return database


def attach(database: session.Database, policy_id: str, *, cluster_id: str = CLUSTER, **given: object) -> None:
    binding = values.binding(f"b-{cluster_id[-2:]}-{policy_id[-4:]}", cluster_id=cluster_id, policy_id=policy_id)
    for name, value in given.items():
        binding = model.Binding(**{**{f: getattr(binding, f) for f in binding.__dataclass_fields__}, name: value})
    database.write(policies.attach, binding)


def names(database: session.Database, **given: object) -> list[str]:
    return [one.policy.name for one in database.read(policies.attached, CLUSTER, **given)]  # type: ignore[arg-type]


def page(database: session.Database, filters: dict[str, list[str]], **given: object) -> list[str]:
    wanted = listing.Page(**{"project": values.OWNER.project, "limit": 10, **given})  # type: ignore[arg-type]
    return [policy.name for policy in database.read(policies.page, wanted, filters)]


def test_a_policy_comes_back_as_it_was_written(stocked: session.Database) -> None:
    found = stocked.read(policies.find, values.OWNER.project, SCALE)
    assert found == values.policy(SCALE, name="grow", created_at=1.0)


@pytest.mark.parametrize("identity", [SCALE, "grow", "5ca1e000-0000-4000-8000-000000000001"])
def test_a_policy_is_found_by_id_and_name_in_its_project(stocked: session.Database, identity: str) -> None:
    assert stocked.read(policies.find, values.OWNER.project, identity).id == SCALE


def test_a_policy_is_found_by_the_beginning_of_its_id(stocked: session.Database) -> None:
    assert stocked.read(policies.find, values.OWNER.project, "de1e").id == DELETION
    with pytest.raises(errors.Ambiguous):
        stocked.read(policies.find, values.OWNER.project, "5ca1e000")
    with pytest.raises(errors.Ambiguous):
        stocked.read(policies.find, None, "grow")


@pytest.mark.parametrize("identity", [THEIRS, "nothing", "de1", SCALE.upper()])
def test_what_is_not_there_is_not_found(stocked: session.Database, identity: str) -> None:
    with pytest.raises(errors.NotFound, match=f"The policy '{identity}' could not be found"):
        stocked.read(policies.find, values.OWNER.project, identity)


def test_lists_are_filtered_and_sorted(stocked: session.Database) -> None:
    assert page(stocked, {}) == ["grow", "shrink", "pick"]
    assert page(stocked, {}, project=None) == ["grow", "shrink", "pick", "grow"]
    assert page(stocked, {"name": ["pick"]}) == ["pick"]
    assert page(stocked, {"type": ["senlin.policy.scaling"]}) == ["grow", "shrink"]
    assert page(stocked, {"type": ["senlin.policy.deletion-1.1"]}) == ["pick"]
    assert page(stocked, {"type": ["senlin.policy.deletion-1.0"]}) == []
    assert page(stocked, {}, sort=(("type", False), ("name", True))) == ["pick", "shrink", "grow"]
    assert page(stocked, {}, sort=(("name", False),), marker=SCALE, limit=1) == ["pick"]


def test_a_name_changes_and_the_time_with_it(stocked: session.Database) -> None:
    stocked.write(policies.rename, SCALE, "bigger", 9.0)
    found = stocked.read(policies.find, values.OWNER.project, SCALE)
    assert (found.name, found.updated_at) == ("bigger", 9.0)
    assert stocked.read(policies.find, values.OWNER.project, SHRINK).updated_at is None


def test_a_policy_in_use_stays(stocked: session.Database) -> None:
    attach(stocked, SCALE)
    with pytest.raises(errors.InUse, match=f"The policy '{SCALE}' cannot be deleted: still attached"):
        stocked.write(policies.delete, SCALE)
    assert stocked.read(policies.find, None, SCALE)
    stocked.write(policies.detach, CLUSTER, SCALE)
    stocked.write(policies.delete, SCALE)
    assert stocked.write(policies.hold, SCALE) is None


def test_the_policies_of_a_cluster_come_in_the_order_of_their_priority_and_nothing_by_chance(
    stocked: session.Database,
) -> None:
    attach(stocked, DELETION, priority=400)
    attach(stocked, SHRINK)
    attach(stocked, SCALE)
    attach(stocked, SCALE, cluster_id=OTHER)
    assert names(stocked) == ["grow", "shrink", "pick"]
    found = stocked.read(policies.attached, OTHER)
    assert [one.policy.id for one in found] == [SCALE]
    assert found[0].binding == values.binding("b-02-0001", cluster_id=OTHER, policy_id=SCALE)


def test_the_policies_of_a_cluster_are_filtered_and_sorted(stocked: session.Database) -> None:
    attach(stocked, DELETION, priority=400)
    attach(stocked, SCALE)
    attach(stocked, SHRINK, enabled=False)
    assert names(stocked, by_enabled=False) == ["shrink", "grow", "pick"]
    assert names(stocked, by_enabled=True) == ["grow", "pick", "shrink"]
    assert names(stocked, filters={"enabled": True}) == ["grow", "pick"]
    assert names(stocked, filters={"enabled": False}) == ["shrink"]
    assert names(stocked, filters={"policy_name": "pick"}) == ["pick"]
    assert names(stocked, filters={"policy_type": "senlin.policy.scaling"}) == ["grow", "shrink"]
    assert names(stocked, filters={"policy_type": "senlin.policy.scaling-1.0", "enabled": True}) == ["grow"]
    assert names(stocked, filters={"policy_type": "senlin.policy.scaling-2.0"}) == []


def test_a_policy_of_a_cluster_is_found_by_id_name_and_short_id(stocked: session.Database) -> None:
    attach(stocked, SCALE)
    attach(stocked, DELETION)
    for identity in (SCALE, "grow", "5ca1"):
        assert stocked.read(policies.find_attached, CLUSTER, identity).policy.id == SCALE
    for identity in (SHRINK, "shrink", "5ca", "nothing"):
        with pytest.raises(errors.NotFound):
            stocked.read(policies.find_attached, CLUSTER, identity)
    attach(stocked, SHRINK)
    with pytest.raises(errors.Ambiguous):
        stocked.read(policies.find_attached, CLUSTER, "5ca1")
    with pytest.raises(errors.NotFound):
        stocked.read(policies.find_attached, OTHER, SCALE)


def test_a_policy_is_attached_once_and_the_second_time_changes_nothing(stocked: session.Database) -> None:
    attach(stocked, SCALE)
    attach(stocked, SCALE, id="another", enabled=False, priority=7)
    (found,) = stocked.read(policies.attached, CLUSTER)
    assert (found.binding.id, found.binding.enabled, found.binding.priority) == ("b-01-0001", True, 100)
    assert stocked.read(policies.is_attached, CLUSTER, SCALE)
    assert not stocked.read(policies.is_attached, OTHER, SCALE)


def test_switching_and_noting_concern_one_binding(stocked: session.Database) -> None:
    attach(stocked, SCALE)
    attach(stocked, SHRINK)
    attach(stocked, SCALE, cluster_id=OTHER)
    stocked.write(policies.switch, CLUSTER, SCALE, enabled=False)
    stocked.write(policies.note_use, ["b-01-0001"], 12.5)
    stocked.write(policies.note_use, [], 13.0)
    found = {
        (one.binding.cluster_id, one.policy.id): (one.binding.enabled, one.binding.last_op)
        for cluster_id in (CLUSTER, OTHER)
        for one in stocked.read(policies.attached, cluster_id)
    }
    assert found == {
        (CLUSTER, SCALE): (False, 12.5),
        (CLUSTER, SHRINK): (True, None),
        (OTHER, SCALE): (True, None),
    }


def test_a_cluster_goes_and_leaves_its_policies(stocked: session.Database) -> None:
    attach(stocked, SCALE)
    assert stocked.read(clusters.find_whole, None, CLUSTER).policy_ids == (SCALE,)
    stocked.write(clusters.delete, CLUSTER)
    assert stocked.read(policies.attached, CLUSTER) == []
    stocked.write(policies.delete, SCALE)
