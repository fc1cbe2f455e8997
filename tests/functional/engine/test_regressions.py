"""What went wrong once and must not again: each test is about one way in which work came out wrong."""

from __future__ import annotations

import dataclasses
import logging
import pathlib
import time
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from senlin_container.domain import errors, model
from senlin_container.domain.model import ActionStatus, ClusterStatus, HostState, NodeStatus
from senlin_container.engine import placing, settler
from senlin_container.store import hosts, nodes, queue, rows
from senlin_container.usecases import commands, reading, settling
from tests.installation import CONTEXT, Installation

Install = Callable[..., Installation]

QUIET = {"health_watchers": 0, "health_interval": 600.0}
"""Settings under which nobody looks at the hosts unless told to."""


def action(one: Installation, action_id: str) -> model.Action:
    """Read an action."""
    return one.queries.action(CONTEXT, action_id).action


def node(one: Installation, identity: str) -> model.Node:
    """Read a node."""
    return one.queries.node(CONTEXT, identity).node


def cluster(one: Installation, identity: str = "c") -> model.Cluster:
    """Read a cluster."""
    return one.queries.cluster(CONTEXT, identity).cluster


def lone(one: Installation, profile: str, name: str = "n") -> model.Node:
    """Make a node of its own."""
    view, action_id = one.commands.create_node(CONTEXT, name=name, profile=profile, cluster=None, role="", metadata={})
    one.done(action_id)
    return node(one, view.node.id)


def switch(one: Installation, name: str, fault: str) -> pathlib.Path:
    """Let a host be ``down`` or ``hang``; it works again when the file returned is removed."""
    file = pathlib.Path(one.simulated.directory) / f"{name}.{fault}"
    file.touch()
    return file


def look(one: Installation, *host_ids: str) -> None:
    """Have hosts listed at once."""
    for host_id in host_ids:
        one.engines[-1]._monitor.check_soon(host_id)


def stays(one: Installation, condition: Callable[[], bool], *, seconds: float = 1.0) -> None:
    """Assert that a condition holds and goes on to hold."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert condition()
        time.sleep(0.02)


def assert_promises(one: Installation) -> None:
    """Assert that what is promised of every host is the sum over the nodes on it, and no more than it has."""

    def read(tx: sa.Connection) -> list[tuple[model.Host, tuple[model.Node, ...]]]:
        return [(host, nodes.on_host(tx, host.id)) for host in hosts.all_of(tx)]

    for host, there in one.database.read(read):
        assert host.used_containers == len(there), host
        assert host.used_memory == sum(node.memory for node in there) <= host.memory, host
        assert host.used_cpus == pytest.approx(sum(node.cpus for node in there)), host


def used_memory(one: Installation, host_id: str) -> int:
    """Return what a host has promised."""
    (host,) = one.database.read(hosts.all_of, ids=[host_id])
    return host.used_memory


def test_what_is_at_work_goes_on_although_another_action_seems_older(install: Install) -> None:
    one = install(simulated={"latency": 0.3}, settings=QUIET)
    one.engine()
    one.hosts("h1")
    create = one.begin(one.containers(host_cluster="hosts"), 3)
    one.eventually(lambda: action(one, create).status == ActionStatus.WAITING)
    slow = commands.Commands(dataclasses.replace(one.parts, clock=lambda: time.time() - 100))
    check = slow.check_cluster(CONTEXT, "c")
    assert action(one, check).created_at < action(one, create).created_at
    one.done(create, within=20)
    one.done(check, within=20)


def test_a_host_that_tells_nonsense_fails_and_holds_nobody_up(install: Install) -> None:
    one = install(settings=QUIET)
    one.engine()
    odd = one.host("odd", room="memory=9999999999999999999999999", wait=False)
    one.hosts("h1")
    one.cluster(one.containers(host_cluster="hosts"), 3)
    one.eventually(lambda: node(one, odd).status == NodeStatus.ERROR, within=10)
    assert "9999999999999999999999999 MiB" in node(one, odd).status_reason
    assert "cannot be" in node(one, odd).status_reason
    one.done(one.commands.delete_node(CONTEXT, "odd", force=False))


def test_an_outcome_that_cannot_be_kept_holds_nobody_up(install: Install) -> None:
    one = install()
    ids = [one.host(f"h{i}", wait=False) for i in range(3)]
    claimed = one.database.write(
        queue.claim, engine="e", of_cluster=False, limit=9, full_lanes=(), now=time.time(), lease=60.0
    )
    settled: list[str] = []
    thread = settler.Settler(
        one.parts, one.settings, "e", lambda batch, _: settled.extend(one.action.target for one in batch)
    )
    for claim in claimed:
        memory = 2**80 if claim.target == ids[1] else 5
        change = nodes.Change(status=NodeStatus.ACTIVE, memory=memory)
        thread.put(settling.Outcome(action=claim, status=ActionStatus.SUCCEEDED, reason=settling.DONE, node=change))
    thread.start()
    one.eventually(lambda: len(settled) == len(ids))
    thread.stop()
    assert sorted(settled) == sorted(ids)
    ended = {claim.target: action(one, claim.id) for claim in claimed}
    assert [ended[id_].status for id_ in ids] == [
        ActionStatus.SUCCEEDED,
        ActionStatus.FAILED,
        ActionStatus.SUCCEEDED,
    ]
    assert "cannot be kept" in ended[ids[1]].status_reason
    assert [node(one, id_).status for id_ in ids] == [NodeStatus.ACTIVE, NodeStatus.ERROR, NodeStatus.ACTIVE]


def test_what_an_engine_has_lost_sight_of_is_done_again(install: Install) -> None:
    one = install(settings={**QUIET, "lease": 0.6})
    engine = one.engine()
    one.hosts("h1")
    unfolder = engine._worker._unfolder
    plan, faults = unfolder.run, ["run", "fail"]

    def run(action: model.Action) -> None:
        if "run" in faults:
            faults.remove("run")
            raise RuntimeError("planning fails")
        plan(action)

    def fail(action: model.Action, reason: str) -> None:
        faults.remove("fail")
        raise RuntimeError("and cannot be told")

    unfolder.run, unfolder.fail = run, fail  # type: ignore[method-assign]
    action_id = one.begin(one.containers(host_cluster="hosts"), 2)
    done = one.done(action_id, within=10)
    assert (faults, len(one.nodes("c"))) == ([], 2)
    assert action(one, done.id).attempt > 1


def test_an_update_to_the_profile_that_a_node_has_leaves_it_as_it_is(running: Installation) -> None:
    profile = running.containers(host_cluster="hosts")
    before = lone(running, profile)
    changes: list[dict[str, Any]] = [{"profile": "web", "name": "other"}, {"profile": "web"}, {"name": "third"}]
    for given in changes:
        _, action_id = running.commands.update_node(CONTEXT, before.id, **given)
        running.done(action_id)
        after = node(running, before.id)
        assert (after.status, after.physical_id) == (NodeStatus.ACTIVE, before.physical_id)
        assert after.name == given.get("name", after.name)
    with pytest.raises(errors.Invalid, match="No property needs an update"):
        running.commands.update_node(CONTEXT, before.id)


@pytest.mark.parametrize("gone", [False, True])
def test_an_operation_that_fails_makes_no_dead_node_active(install: Install, gone: bool) -> None:
    one = install(settings={**QUIET, "retries": 3, "retry_delay": 0.01})
    one.engine()
    host_id = one.host("h1")
    dead = lone(one, one.containers(host_node=host_id))
    engine = one.engine_of("h1")
    if gone:
        engine.remove(dead.physical_id or "")
    else:
        engine.kill(dead.physical_id or "", 137)
    one.done(one.commands.check_node(CONTEXT, dead.id))
    assert node(one, dead.id).status == NodeStatus.ERROR
    for operation in ("pause", "kill"):
        failed = one.ended(one.commands.operate_node(CONTEXT, dead.id, operation=operation, params={}))
        assert (failed.status, node(one, dead.id).status) == (ActionStatus.FAILED, NodeStatus.ERROR)
    switch(one, "h1", "down")
    failed = one.ended(one.commands.operate_node(CONTEXT, dead.id, operation="start", params={}))
    assert failed.status == ActionStatus.FAILED
    assert node(one, dead.id).status in (NodeStatus.ERROR, NodeStatus.WARNING)


def test_who_was_busy_when_the_grace_of_a_host_ended_is_lost_later(install: Install) -> None:
    one = install(
        settings={"health_watchers": 0, "health_interval": 0.2, "host_grace": 0.5, "retries": 4, "retry_delay": 0.5}
    )
    one.engine()
    lost, well = one.hosts("h1", "h2")
    one.cluster(one.containers(host_cluster="hosts"), 2, config={"health.recovery": "RECREATE"})
    (stranded,) = [node for node in one.nodes("c") if node.host_id == lost]
    switch(one, "h1", "down")
    check = one.commands.check_node(CONTEXT, stranded.id)
    one.eventually(lambda: node(one, lost).status == NodeStatus.ERROR, within=15)
    assert one.ended(check, within=20).status == ActionStatus.FAILED
    one.eventually(lambda: {node.host_id for node in one.nodes("c")} == {well}, within=20, what="it moves")
    one.eventually(lambda: one.status("c") == ClusterStatus.ACTIVE, within=20)
    assert_promises(one)


def test_who_could_not_be_made_on_a_lost_host_is_made_elsewhere(install: Install) -> None:
    one = install(
        settings={"health_watchers": 0, "health_interval": 0.3, "host_grace": 1.0, "retries": 1, "retry_delay": 0.01}
    )
    one.engine()
    lost, well = one.hosts("h1", "h2")
    switch(one, "h1", "down")
    begun = one.begin(one.containers(host_cluster="hosts"), 4, config={"health.recovery": "RECREATE"})
    assert one.ended(begun).status == ActionStatus.FAILED
    never = [node for node in one.nodes("c") if node.host_id == lost]
    assert {(node.status, node.physical_id) for node in never} == {(NodeStatus.ERROR, None)}
    one.eventually(lambda: {node.host_id for node in one.nodes("c")} == {well}, within=20, what="they move")
    one.eventually(lambda: one.status("c") == ClusterStatus.ACTIVE, within=20)
    assert len(one.running("h2")) == 4
    assert_promises(one)


def test_a_check_of_a_silent_host_proves_nothing(install: Install) -> None:
    one = install(settings={**QUIET, "retries": 1, "retry_delay": 0.01})
    one.engine()
    one.hosts("h1", "h2")
    one.cluster(one.containers(host_cluster="hosts"), 4)
    switch(one, "h1", "down")
    check = one.ended(one.commands.check_cluster(CONTEXT, "c"))
    assert check.status == ActionStatus.FAILED
    assert "2 failed" in check.status_reason
    assert {node.status for node in one.nodes("c")} == {NodeStatus.ACTIVE}
    assert one.status("c") == ClusterStatus.ACTIVE


def test_who_is_not_known_to_be_well_is_so_again_after_the_next_listing(install: Install) -> None:
    one = install(settings=QUIET)
    one.engine()
    (host_id,) = one.hosts("h1")
    one.cluster(one.containers(host_cluster="hosts"), 2)
    doubted, stopped = one.nodes("c")
    one.database.write(nodes.mark, [doubted.id], NodeStatus.WARNING, "nobody knows")
    one.done(one.commands.operate_node(CONTEXT, stopped.id, operation="stop", params={}))
    look(one, host_id)
    one.eventually(lambda: node(one, doubted.id).status == NodeStatus.ACTIVE, within=10)
    look(one, host_id)
    stays(one, lambda: node(one, stopped.id).status == NodeStatus.WARNING)
    assert one.status("c") == ClusterStatus.WARNING


@pytest.mark.parametrize("what", ["node", "cluster"])
def test_a_recovery_that_is_put_off_stands_in_nobodys_way(install: Install, what: str) -> None:
    one = install(settings={**QUIET, "health_interval": 0.3})
    one.engine()
    one.hosts("h1")
    one.cluster(one.containers(host_cluster="hosts"), 1, config={"health.recovery": "RECREATE"})
    (member,) = one.nodes("c")
    often = {"recovery": {"count": 6, "at": time.time()}}  # the next one comes a minute later
    one.database.write(lambda tx: nodes.change(tx, member.id, data=often))
    one.engine_of("h1").kill(member.physical_id or "", 137)
    one.eventually(lambda: node(one, member.id).status == NodeStatus.ERROR, within=10)
    delete = one.commands.delete_node if what == "node" else one.commands.delete_cluster
    one.done(delete(CONTEXT, member.id if what == "node" else "c", force=False), within=10)
    assert not one.running("h1")
    assert_promises(one)


def test_a_lone_update_gets_no_more_than_there_is(install: Install) -> None:
    one = install(settings=QUIET)
    one.engine()
    (host_id,) = one.hosts("h1", room="cpus=4&memory=1000")
    made = lone(one, one.containers("old", host_cluster="hosts", memory=600))
    new = one.containers("new", host_cluster="hosts", memory=1001)
    _, action_id = one.commands.update_node(CONTEXT, made.id, profile="new")
    refused = one.ended(action_id)
    assert refused.status == ActionStatus.FAILED
    assert "needs 401 MiB more on host 'h1'" in refused.status_reason
    after = node(one, made.id)
    assert (after.status, after.memory, after.physical_id) == (NodeStatus.ACTIVE, 600, made.physical_id)
    assert after.profile_id not in ("", new)
    assert used_memory(one, host_id) == 600
    one.containers("fitting", host_cluster="hosts", memory=1000)
    one.done(one.commands.update_node(CONTEXT, made.id, profile="fitting")[1])
    assert used_memory(one, host_id) == node(one, made.id).memory == 1000
    one.done(one.commands.update_node(CONTEXT, made.id, profile="old")[1])
    assert used_memory(one, host_id) == 600
    assert_promises(one)


@pytest.mark.parametrize("of_cluster", [False, True])
def test_an_update_that_fails_gives_back_what_it_was_promised(install: Install, of_cluster: bool) -> None:
    one = install(settings=QUIET)
    one.engine()
    (host_id,) = one.hosts("h1", room="cpus=4&memory=1000")
    profile = one.containers("old", host_cluster="hosts", memory=200)
    one.containers("broken", image="missing/x", host_cluster="hosts", memory=300)
    if of_cluster:
        one.cluster(profile, 3)
        _, action_id = one.commands.update_cluster(CONTEXT, "c", profile="broken")
    else:
        _, action_id = one.commands.update_node(CONTEXT, lone(one, profile).id, profile="broken")
    failed = one.ended(action_id)
    assert failed.status == ActionStatus.FAILED
    assert "missing/x" in failed.status_reason
    assert used_memory(one, host_id) == (600 if of_cluster else 200)
    assert_promises(one)


@pytest.mark.parametrize("of_cluster", [False, True])
def test_an_update_that_is_cancelled_gives_back_what_it_was_promised(install: Install, of_cluster: bool) -> None:
    one = install(settings={**QUIET, "stop_timeout": 0.5}, simulated={"call_timeout": 20.0})
    one.engine()
    (host_id,) = one.hosts("h1", room="cpus=4&memory=1000")
    profile = one.containers("old", host_cluster="hosts", memory=200)
    one.containers("new", host_cluster="hosts", memory=300)
    found = lone(one, profile) if not of_cluster else None
    if found is None:
        one.cluster(profile, 3)
    hang = switch(one, "h1", "hang")
    if found is None:
        _, action_id = one.commands.update_cluster(CONTEXT, "c", profile="new")
    else:
        _, action_id = one.commands.update_node(CONTEXT, found.id, profile="new")
    before = 600 if of_cluster else 200
    one.eventually(lambda: used_memory(one, host_id) > before, what="the promise")
    one.commands.cancel_action(CONTEXT, action_id, force=True)
    assert one.ended(action_id).status == ActionStatus.CANCELLED
    assert used_memory(one, host_id) == before
    assert_promises(one)
    hang.unlink()


def test_updates_and_growth_share_what_there_is(install: Install) -> None:
    one = install(settings=QUIET, simulated={"latency": 0.002})
    one.engine()
    one.hosts("h1", "h2", room="cpus=64&memory=3000")
    small = one.containers("small", host_cluster="hosts", memory=100)
    one.containers("big", host_cluster="hosts", memory=200)
    one.cluster(small, 10, name="a")
    one.cluster(small, 10, name="b")
    begun = [one.commands.update_cluster(CONTEXT, "a", profile="big")[1]]
    begun += [one.resize("b", size) for size in (40, 30, 20)]
    begun += [one.commands.update_node(CONTEXT, one.nodes("b")[i].id, profile="big")[1] for i in range(3)]
    while not all(settling.is_over(action(one, action_id)) for action_id in begun):
        assert_promises(one)
    assert_promises(one)
    statuses = {action(one, action_id).status for action_id in begun}
    assert statuses <= {ActionStatus.SUCCEEDED, ActionStatus.FAILED}
    assert ActionStatus.SUCCEEDED in statuses


def claim(one: Installation) -> model.Action:
    """Claim the one action on a node that waits."""
    (claimed,) = one.database.write(
        lambda tx: queue.claim(tx, engine="e", of_cluster=False, limit=9, full_lanes=(), now=time.time(), lease=60.0)
    )
    return claimed


def test_a_single_update_counts_what_was_promised_since_it_was_claimed(install: Install) -> None:
    one = install(settings=QUIET)
    engine = one.engine()
    (host_id,) = one.hosts("h1", room="cpus=4&memory=1000")
    stale = lone(one, one.containers("old", host_cluster="hosts", memory=200))
    new, _ = (one.containers(name, host_cluster="hosts", memory=size) for name, size in (("new", 300), ("other", 250)))
    engine.stop()
    one.commands.update_node(CONTEXT, stale.id, profile="other")
    claimed = claim(one)
    one.database.write(placing.promise_update, [stale.id], new)  # as the update of a cluster does, which is next
    assert placing.Placer(one.parts).place(claimed, stale)
    assert used_memory(one, host_id) == 250
    assert_promises(one)
    failed = settling.Outcome(action=claimed, status=ActionStatus.FAILED, reason="no")
    one.database.write(settling.settle, [failed], engine="e", new_id=one.parts.new_id, now=time.time())
    assert used_memory(one, host_id) == 200
    assert_promises(one)


def test_an_update_that_is_refused_at_its_second_attempt_leaves_no_node_busy(install: Install) -> None:
    one = install(settings=QUIET)
    engine = one.engine()
    one.hosts("h1", room="cpus=4&memory=1000")
    made = lone(one, one.containers("old", host_cluster="hosts", memory=200))
    one.containers("new", host_cluster="hosts", memory=1001)
    engine.stop()
    _, action_id = one.commands.update_node(CONTEXT, made.id, profile="new")
    claim(one)
    one.database.write(nodes.mark, [made.id], NodeStatus.UPDATING, "and then the engine died")
    one.engine()
    assert one.ended(action_id).status == ActionStatus.FAILED
    assert action(one, action_id).attempt == 2
    assert node(one, made.id).status == NodeStatus.WARNING  # until its host is listed
    look(one, made.host_id or "")
    one.eventually(lambda: node(one, made.id).status == NodeStatus.ACTIVE, within=15)


def test_a_single_recovery_stays_where_its_node_was_moved_since_it_was_claimed(install: Install) -> None:
    one = install(settings=QUIET)
    engine = one.engine()
    ids = one.hosts("h1", "h2", "h3")
    stale = lone(one, one.containers(host_cluster="hosts", memory=200))
    first = stale.host_id or ""
    second = next(host_id for host_id in ids if host_id != first)
    engine.stop()
    one.database.write(hosts.set_state, first, HostState.DOWN, time.time())
    one.commands.recover_node(CONTEXT, stale.id, params={"operation": "RECREATE"})
    claimed = claim(one)

    def move(tx: sa.Connection) -> None:  # as the recovery of a cluster does, which is next
        nodes.change(tx, stale.id, host_id=second)
        hosts.adjust(tx, {first: hosts.given_back(stale), second: hosts.to_run(stale)})

    one.database.write(move)
    assert placing.Placer(one.parts).place(claimed, stale)
    assert node(one, stale.id).host_id == second
    assert_promises(one)


def test_what_is_left_of_a_node_that_moved_in_vain_is_removed(install: Install) -> None:
    one = install(settings={**QUIET, "retries": 1})
    one.engine()
    names = dict(zip(one.hosts("h1", "h2"), ("h1", "h2"), strict=True))
    moved = lone(one, one.containers(host_cluster="hosts"))
    first = moved.host_id or ""
    (second,) = set(names) - {first}
    one.database.write(hosts.set_state, first, HostState.DOWN, time.time())
    down = switch(one, names[second], "down")
    failed = one.ended(one.commands.recover_node(CONTEXT, moved.id, params={"operation": "RECREATE"}))
    assert (failed.status, node(one, moved.id).host_id) == (ActionStatus.FAILED, second)
    look(one, first)
    one.eventually(lambda: not one.running(names[first]), within=10, what="the old one goes")
    down.unlink()
    one.done(one.commands.recover_node(CONTEXT, moved.id, params={"operation": "RECREATE"}))
    assert set(one.running("h1", "h2")) == {node(one, moved.id).physical_id}
    assert_promises(one)


def test_a_node_joins_one_of_two_clusters_that_want_it(install: Install) -> None:
    one = install(settings=QUIET)
    engine = one.engine()
    one.hosts("h1")
    profile = one.containers(host_cluster="hosts")
    for name in ("a", "b"):
        one.cluster(profile, 0, name=name)
    wanted = lone(one, profile)
    engine.stop()
    begun = {name: one.commands.add_nodes(CONTEXT, name, nodes=[wanted.id]) for name in ("a", "b")}
    one.engine()
    ended = {name: one.ended(action_id) for name, action_id in begun.items()}
    assert sorted(done.status for done in ended.values()) == [ActionStatus.FAILED, ActionStatus.SUCCEEDED]
    (winner,) = [name for name, done in ended.items() if done.status == ActionStatus.SUCCEEDED]
    (loser,) = {"a", "b"} - {winner}
    assert node(one, wanted.id).cluster_id == cluster(one, winner).id
    assert len(one.nodes(winner)) == cluster(one, winner).desired_capacity == 1
    assert one.nodes(loser) == []
    assert one.status(winner) == ClusterStatus.ACTIVE


@pytest.mark.parametrize("replace", [False, True])
def test_a_node_that_has_gone_joins_nothing(install: Install, replace: bool) -> None:
    one = install(settings=QUIET)
    engine = one.engine()
    one.hosts("h1")
    profile = one.containers(host_cluster="hosts")
    one.cluster(profile, 1)
    gone = lone(one, profile)
    engine.stop()
    if replace:
        begun = one.commands.replace_nodes(CONTEXT, "c", nodes={one.nodes("c")[0].id: gone.id})
    else:
        begun = one.commands.add_nodes(CONTEXT, "c", nodes=[gone.id])
    one.database.write(nodes.delete, [gone.id])
    one.engine()
    refused = one.ended(begun)
    assert refused.status == ActionStatus.FAILED
    assert "do not exist any more" in refused.status_reason
    assert (cluster(one).desired_capacity, len(one.nodes("c"))) == (1, 1)
    assert one.status("c") == ClusterStatus.ACTIVE


@pytest.mark.parametrize("moves", [False, True])
def test_nothing_is_left_of_a_host_that_was_deleted_by_force(install: Install, moves: bool) -> None:
    one = install(settings=QUIET)
    one.engine()
    forced, _ = one.hosts("h1", "h2")
    one.cluster(one.containers(host_cluster="hosts"), 4)
    one.done(one.commands.delete_node(CONTEXT, "h1", force=True))
    with pytest.raises(errors.InUse):
        one.commands.delete_profile(CONTEXT, "host-h1")
    there = [node for node in one.nodes("c") if node.host_id == forced]
    assert len(there) == 2
    for member in there:
        if moves:
            one.done(one.commands.recover_node(CONTEXT, member.id, params={"operation": "RECREATE"}))
        else:
            one.done(one.commands.delete_node(CONTEXT, member.id, force=False))

    def ids(tx: sa.Connection) -> set[str]:
        return set(tx.execute(sa.select(rows.HOSTS.c.id)).scalars())

    assert forced not in one.database.read(ids)
    one.commands.delete_cluster(CONTEXT, "hosts", force=True)
    profiles = {"h1": "host-h1"}
    # the cluster of the hosts is of the first one's profile
    one.eventually(lambda: not one.queries.clusters(CONTEXT, reading.Page(), filters={"name": ("hosts",)}))
    one.commands.delete_profile(CONTEXT, profiles["h1"])
    assert_promises(one)


def test_cancelling_what_waits_in_line_leaves_the_status_to_what_is_at_work(install: Install) -> None:
    one = install(settings={**QUIET, "host_parallelism": 1, "host_parallelism_max": 2}, simulated={"latency": 0.1})
    one.engine()
    one.hosts("h1")
    one.cluster(one.containers(host_cluster="hosts"), 1)
    resize = one.resize("c", 20)
    one.eventually(lambda: one.status("c") == ClusterStatus.RESIZING)
    check = one.commands.check_cluster(CONTEXT, "c")
    one.commands.cancel_action(CONTEXT, check, force=False)
    assert action(one, check).status == ActionStatus.CANCELLED
    assert one.status("c") == ClusterStatus.RESIZING
    assert not settling.is_over(action(one, resize))
    one.done(resize)
    assert one.status("c") == ClusterStatus.ACTIVE


@pytest.mark.parametrize("how", ["cancelled", "overdue"])
def test_a_container_that_comes_too_late_is_removed(install: Install, how: str) -> None:
    one = install(settings={**QUIET, "lease": 0.6, "stop_timeout": 0.5}, simulated={"call_timeout": 20.0})
    one.engine()
    host_id = one.host("h1")
    profile = one.containers(host_node=host_id)
    hang = switch(one, "h1", "hang")
    begun = one.begin(profile, 1, timeout=1 if how == "overdue" else None)
    one.eventually(lambda: len(one.nodes("c")) == 1)
    one.eventually(lambda: one.nodes("c")[0].status == NodeStatus.CREATING)
    if how == "cancelled":
        one.commands.cancel_action(CONTEXT, begun, force=True)
    ended = one.ended(begun, within=10)
    assert ended.status == (ActionStatus.CANCELLED if how == "cancelled" else ActionStatus.FAILED)
    hang.unlink()
    one.eventually(lambda: bool(one.running("h1")), within=10, what="it comes")
    look(one, host_id)
    one.eventually(lambda: not one.running("h1"), within=15, what="it is removed")
    (member,) = one.nodes("c")
    assert (member.status, member.physical_id) == (NodeStatus.ERROR, None)


def test_a_host_that_answers_is_well_whatever_it_was_taken_for(install: Install) -> None:
    one = install(settings={**QUIET, "health_interval": 0.3})
    one.engine()
    (host_id,) = one.hosts("h1")
    one.database.write(nodes.mark, [host_id], NodeStatus.ERROR, "an attempt failed")
    (host,) = one.database.read(hosts.all_of, ids=[host_id])
    assert host.state == HostState.UP
    one.engines[0]._monitor.refresh()
    one.eventually(lambda: node(one, host_id).status == NodeStatus.ACTIVE, within=15)


def test_a_host_has_the_name_of_its_node(install: Install) -> None:
    one = install(settings=QUIET)
    one.engine()
    (host_id,) = one.hosts("h1", room="cpus=4&memory=1000")
    made = lone(one, one.containers("old", host_cluster="hosts", memory=600))
    one.done(one.commands.update_node(CONTEXT, host_id, name="renamed")[1])
    assert [host.name for host in one.database.read(hosts.all_of)] == ["renamed"]
    one.containers("new", host_cluster="hosts", memory=2000)
    refused = one.ended(one.commands.update_node(CONTEXT, made.id, profile="new")[1])
    assert "on host 'renamed'" in refused.status_reason
    one.engine_of("h1").remove(made.physical_id or "")
    one.done(one.commands.check_node(CONTEXT, made.id))
    assert "gone from host 'renamed'" in node(one, made.id).status_reason


def test_a_delete_that_fails_leaves_the_desired_capacity(install: Install) -> None:
    one = install(settings={**QUIET, "retries": 1, "retry_delay": 0.01})
    one.engine()
    one.hosts("h1")
    one.cluster(one.containers(host_cluster="hosts"), 3)
    victim = one.nodes("c")[0]
    down = switch(one, "h1", "down")
    failed = one.ended(one.commands.delete_node(CONTEXT, victim.id, force=False))
    assert failed.status == ActionStatus.FAILED
    assert (cluster(one).desired_capacity, len(one.nodes("c"))) == (3, 3)
    assert node(one, victim.id).status == NodeStatus.ERROR
    down.unlink()
    one.done(one.commands.delete_node(CONTEXT, victim.id, force=False))
    assert (cluster(one).desired_capacity, len(one.nodes("c"))) == (2, 2)
    assert_promises(one)


def test_deletes_at_once_make_no_cluster_too_small(install: Install) -> None:
    one = install(settings=QUIET)
    engine = one.engine()
    one.hosts("h1")
    one.cluster(one.containers(host_cluster="hosts"), 3, min_size=2)
    engine.stop()
    found = one.nodes("c")
    one.commands.delete_node(CONTEXT, found[0].id, force=False)
    with pytest.raises(errors.Invalid, match="min_size"):
        one.commands.delete_node(CONTEXT, found[1].id, force=False)


def test_a_recovery_of_the_capacity_makes_who_is_missing(running: Installation) -> None:
    running.cluster(running.containers(host_cluster="hosts"), 3)
    gone, dead, _ = running.nodes("c")
    running.database.write(nodes.delete, [gone.id])
    running.engine_of(node(running, dead.host_id or "").name).kill(dead.physical_id or "", 137)
    running.eventually(lambda: node(running, dead.id).status == NodeStatus.ERROR, within=10)
    running.done(running.commands.recover_cluster(CONTEXT, "c", params={}))
    assert len(running.nodes("c")) == 2
    running.done(running.commands.recover_cluster(CONTEXT, "c", params={"check_capacity": True}))
    assert {node.status for node in running.nodes("c")} == {NodeStatus.ACTIVE}
    assert len(running.nodes("c")) == 3
    assert running.status("c") == ClusterStatus.ACTIVE


def test_the_environment_of_a_container_is_not_told_when_the_database_fails(
    install: Install, caplog: pytest.LogCaptureFixture
) -> None:
    one = install()
    secret = "a-value-for-nobodys-eyes"
    with one.database.engine.begin() as tx:
        tx.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON profiles BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
        )
    with caplog.at_level(logging.DEBUG), pytest.raises(Exception, match="the disk is full") as caught:
        one.containers(environment={"PASSWORD": secret}, host_cluster="hosts")
    told: list[str] = []
    cause: BaseException | None = caught.value
    while cause is not None:
        told += [str(cause), repr(cause)]
        cause = cause.__cause__ or cause.__context__
    logging.getLogger("test").error("it failed", exc_info=caught.value)
    assert secret not in "".join(told)
    assert secret not in caplog.text
