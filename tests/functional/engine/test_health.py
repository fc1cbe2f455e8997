"""What happens behind our back is seen, told, and mended where that is wanted."""

from __future__ import annotations

import pathlib
from collections.abc import Callable

import pytest

from senlin_container.domain import model
from senlin_container.domain.model import ClusterStatus, NodeStatus
from senlin_container.drivers import ports
from senlin_container.usecases import reading
from tests.installation import CONTEXT, Installation

Install = Callable[..., Installation]


def _kill_one(one: Installation, cluster: str = "c") -> model.Node:
    node = one.nodes(cluster)[0]
    host = one.queries.node(CONTEXT, node.host_id or "").node.name
    one.engine_of(host).kill(node.physical_id or "", 137)
    return node


def _node(one: Installation, node_id: str) -> model.Node:
    return one.queries.node(CONTEXT, node_id).node


def _has_new_container(one: Installation, node: model.Node) -> bool:
    now = _node(one, node.id)
    return now.status == NodeStatus.ACTIVE and now.physical_id != node.physical_id


def test_a_dead_container_is_told_and_left_where_nothing_is_attached(running: Installation) -> None:
    cluster = running.cluster(running.containers(host_cluster="hosts"), 3, min_size=1)
    node = _kill_one(running)
    running.eventually(lambda: _node(running, node.id).status == NodeStatus.ERROR, within=5)
    reason = _node(running, node.id).status_reason
    assert "exited" in reason
    assert "137" in reason
    assert running.status(cluster) == ClusterStatus.WARNING
    events = running.queries.events(CONTEXT, reading.Page(), filters={"oid": (node.id,), "level": ("ERROR",)})
    assert [view.event.status_reason for view in events] == [reason]
    running.done(running.commands.recover_cluster(CONTEXT, cluster, params={}))
    assert _has_new_container(running, node)
    assert running.status(cluster) == ClusterStatus.ACTIVE
    assert set(running.running("h1", "h2")) == {one.physical_id for one in running.nodes(cluster)}


def test_an_attached_recovery_brings_it_back(running: Installation) -> None:
    config = {"health.recovery": "RECREATE"}
    cluster = running.cluster(running.containers(host_cluster="hosts"), 3, config=config)
    node = _kill_one(running)
    running.eventually(lambda: _has_new_container(running, node), within=10)
    running.eventually(lambda: running.status(cluster) == ClusterStatus.ACTIVE)
    causes = {
        view.action.cause
        for view in running.queries.actions(CONTEXT, reading.Page(), filters={"target": (node.id,)})
        if view.action.kind == model.ActionKind.NODE_RECOVER
    }
    assert causes == {"Health Check"}


def test_a_reboot_keeps_the_container(running: Installation) -> None:
    config = {"health.recovery": "REBOOT"}
    running.cluster(running.containers(host_cluster="hosts"), 2, config=config)
    node = _kill_one(running)
    running.eventually(lambda: node.physical_id in running.running("h1", "h2"), within=10)
    running.eventually(lambda: _node(running, node.id).status == NodeStatus.ACTIVE)
    assert _node(running, node.id).physical_id == node.physical_id


def test_a_container_removed_while_nobody_looked_is_found_by_the_listing(install: Install) -> None:
    one = install(settings={"health_watchers": 0, "health_interval": 0.5})
    one.engine()
    one.hosts("h1")
    one.cluster(one.containers(host_cluster="hosts"), 2, config={"health.recovery": "RECREATE"})
    node = one.nodes("c")[0]
    one.engine_of("h1").remove(node.physical_id or "")
    one.eventually(lambda: _has_new_container(one, node), within=10)


def test_what_its_owner_stopped_stays_stopped(running: Installation) -> None:
    config = {"health.recovery": "RECREATE"}
    cluster = running.cluster(running.containers(host_cluster="hosts"), 2, config=config)
    node = running.nodes(cluster)[0]
    running.done(running.commands.operate_node(CONTEXT, node.id, operation="stop", params={}))
    running.engines[0]._monitor.check_soon(node.host_id or "")
    with pytest.raises(AssertionError, match="not within"):
        running.eventually(lambda: _node(running, node.id).status != NodeStatus.WARNING, within=1.5)
    assert _node(running, node.id).physical_id == node.physical_id


def test_a_container_that_will_not_live_is_tried_later_and_later(install: Install) -> None:
    one = install(settings={"health_interval": 0.3})
    one.engine()
    one.hosts("h1")
    one.cluster(one.containers(host_cluster="hosts"), 1, config={"health.recovery": "RECREATE"})
    for _ in range(2):
        node = _kill_one(one)
        one.eventually(lambda node=node: _has_new_container(one, node), within=10)  # type: ignore[misc]
    told = _node(one, node.id).data["recovery"]
    assert told["count"] == 2
    recoveries = [
        view.action
        for view in one.queries.actions(
            CONTEXT, reading.Page(sort=(("created_at", False),)), filters={"action": ("NODE_RECOVER",)}
        )
    ]
    first, second = recoveries
    assert second.created_at - first.created_at >= 2.0


def test_a_silent_host_is_marked_and_gets_nothing_new(install: Install, tmp_path: pathlib.Path) -> None:
    one = install(settings={"health_interval": 0.3, "host_grace": 600.0})
    one.engine()
    silent, _ = one.hosts("h1", "h2")
    down = tmp_path / "simulated" / "h1.down"
    down.touch()
    one.eventually(lambda: _node(one, silent).status == NodeStatus.ERROR, within=15)
    assert "does not answer" in _node(one, silent).status_reason
    one.cluster(one.containers(host_cluster="hosts"), 3)
    assert silent not in {node.host_id for node in one.nodes("c")}
    down.unlink()
    one.eventually(lambda: _node(one, silent).status == NodeStatus.ACTIVE, within=15)
    one.done(one.resize("c", 6))
    assert len(one.running("h1")) == 3


def test_containers_of_a_lost_host_move_and_leave_no_doubles(install: Install, tmp_path: pathlib.Path) -> None:
    one = install(settings={"health_interval": 0.3, "host_grace": 1.0})
    one.engine()
    lost, well = one.hosts("h1", "h2")
    cluster = one.cluster(one.containers(host_cluster="hosts"), 4, config={"health.recovery": "RECREATE"})
    down = tmp_path / "simulated" / "h1.down"
    down.touch()
    one.eventually(lambda: {node.host_id for node in one.nodes(cluster)} == {well}, within=20)
    one.eventually(lambda: one.status(cluster) == ClusterStatus.ACTIVE, within=20)
    assert len(one.running("h2")) == 4
    down.unlink()
    one.eventually(lambda: not one.running("h1"), within=20, what="the old ones are removed")
    assert len(one.running("h2")) == 4
    one.eventually(lambda: _node(one, lost).status == NodeStatus.ACTIVE)


def test_a_round_is_one_listing_for_each_host(install: Install) -> None:
    one = install(settings={"health_watchers": 0, "health_interval": 600.0})
    one.engine()
    ids = one.hosts("h1", "h2")
    one.cluster(one.containers(host_cluster="hosts"), 20)
    drivers = [one.pool(ports.Endpoint(url=f"sim://{name}?cpus=64&memory=1048576")) for name in ("h1", "h2")]
    monitor = one.engines[0]._monitor
    one.eventually(lambda: set(ids) <= set(monitor._watches) and all(monitor._watches[host_id].due for host_id in ids))
    one.eventually(lambda: not any(watch.checking for watch in monitor._watches.values()))
    before = [driver.calls for driver in drivers]  # type: ignore[attr-defined]
    due = {host_id: monitor._watches[host_id].due for host_id in ids}
    for host_id in ids:
        monitor.check_soon(host_id)
    one.eventually(lambda: all(monitor._watches[host_id].due not in (0.0, due[host_id]) for host_id in ids))
    after = [driver.calls for driver in drivers]  # type: ignore[attr-defined]
    assert [b - a for a, b in zip(before, after, strict=True)] == [1, 1]
