"""Budgets that do not depend on time: transactions and calls are counted."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from senlin_container.store import session
from senlin_container.usecases import reading
from tests.installation import CONTEXT, Installation

Install = Callable[..., Installation]


@pytest.mark.parametrize("count", [10, 100, 500])
@pytest.mark.parametrize("latency", [0.0, 0.02])
def test_growth_takes_few_transactions(install: Install, count: int, latency: float) -> None:
    # polls and heartbeats depend on time, not on work: they are put off
    one = install(
        settings={"sweep_interval": 60.0, "lease": 600.0, "health_watchers": 0, "health_interval": 600.0},
        simulated={"latency": latency},
    )
    one.engine()
    one.hosts("h1", "h2", "h3", "h4")
    cluster = one.cluster(one.containers(host_cluster="hosts"), 0)
    with session.counted(one.database) as counts:
        action_id = one.commands.scale_cluster(CONTEXT, cluster, out=True, count=count)
        one.wake.set()
        waited = _wait_without_reading(one, count)
    assert waited
    one.done(action_id)
    assert len(one.running("h1", "h2", "h3", "h4")) == count
    assert counts["transactions"] <= 12 + count / 8, counts
    assert counts["statements"] <= 60 + count * 2, counts


def _wait_without_reading(one: Installation, count: int) -> bool:
    """Wait for the end by what the engine shows outside of the database."""
    worker = one.engines[0]._worker
    names = ("h1", "h2", "h3", "h4")
    one.eventually(lambda: len(one.running(*names)) == count)
    one.eventually(lambda: not worker._in_flight and not worker._planning)
    one.eventually(lambda: not worker._settler._waiting)
    quiet = 0

    def idle() -> bool:
        nonlocal quiet
        quiet = 0 if worker._in_flight or worker._planning or one.wake.is_set() else quiet + 1
        return quiet >= 10

    one.eventually(idle)
    return True


def test_reads_take_at_most_two_statements(running: Installation) -> None:
    cluster = running.cluster(running.containers(host_cluster="hosts"), 3)
    node = running.nodes(cluster)[0]
    page = reading.Page(limit=10)
    reads: list[Callable[[], object]] = [
        lambda: running.queries.clusters(CONTEXT, page, filters={}),
        lambda: running.queries.cluster(CONTEXT, "c"),
        lambda: running.queries.nodes(CONTEXT, page, filters={"cluster_id": ("c",)}),
        lambda: running.queries.node(CONTEXT, node.name),
        lambda: running.queries.actions(CONTEXT, page, filters={}),
        lambda: running.queries.events(CONTEXT, page, filters={}),
        lambda: running.queries.members(CONTEXT, "c"),
        lambda: running.queries.profiles(CONTEXT, page, filters={}),
    ]
    for engine in running.engines:
        engine.stop()
    running.engines.clear()
    for read in reads:
        with session.counted(running.database) as counts:
            read()
        assert counts["statements"] <= 2, counts
        assert counts["transactions"] == 1, counts


def test_admission_is_one_transaction(install: Install) -> None:
    one = install()  # no engine: nothing else writes
    profile = one.containers(host_node="none")
    with session.counted(one.database) as counts, pytest.raises(Exception, match="could not be found"):
        one.begin(profile, 1)
    assert counts["transactions"] == 1
    one.host("h1", wait=False)
    with session.counted(one.database) as counts:
        one.commands.check_node(CONTEXT, "h1")
    assert counts["transactions"] == 1
    assert counts["commits"] == 1
