"""Many at once: every action is claimed exactly once, in line, by threads and by processes."""

from __future__ import annotations

import collections
import multiprocessing
import threading

import pytest
import sqlalchemy as sa

from senlin_container.domain.model import ActionStatus
from senlin_container.store import hosts, queue, rows, session
from tests import databases, values

TARGETS, EACH = 12, 5


def actions() -> list[str]:
    """Return the ids of all actions, by target and age."""
    return [f"{target:02}-{turn}" for target in range(TARGETS) for turn in range(EACH)]


def prepare(database: session.Database) -> None:
    """Write the actions, all of one second."""
    rows_ = [values.action(id_, target=f"n{id_[:2]}", created_at=float(id_[3:])) for id_ in actions()]
    database.write(queue.enqueue, rows_, lanes={}, now=0.0)


def work(url: str, engine: str) -> list[tuple[str, int]]:
    """Claim and settle until nothing is left; returns the ids and attempts in the order of claims."""
    database = session.connect(url)
    done: list[tuple[str, int]] = []
    while True:
        found = database.write(
            queue.claim, engine=engine, of_cluster=False, limit=3, full_lanes=(), now=100.0, lease=30.0
        )
        assert len({action.target for action in found}) == len(found)
        done.extend((action.id, action.attempt) for action in found)
        if found:
            ended = [queue.Settlement(id=one.id, status=ActionStatus.SUCCEEDED, reason=engine) for one in found]
            database.write(queue.settle, ended, 101.0)
        elif not database.read(_left):
            database.close()
            return done


def _left(tx: sa.Connection) -> int:
    waiting = rows.ACTIONS.c.status != ActionStatus.SUCCEEDED.value
    return int(tx.execute(sa.select(sa.func.count()).select_from(rows.ACTIONS).where(waiting)).scalar_one())


def check(claims: list[list[tuple[str, int]]]) -> None:
    """Every action once, by its first attempt, and those of one target in line for each engine."""
    flat = [one for part in claims for one in part]
    assert sorted(id_ for id_, _ in flat) == actions()
    assert {attempt for _, attempt in flat} == {1}
    for part in claims:
        turns: dict[str, list[str]] = collections.defaultdict(list)
        for id_, _ in part:
            turns[id_[:2]].append(id_)
        assert all(found == sorted(found) for found in turns.values())


def test_threads(database: session.Database, url: str) -> None:
    prepare(database)
    claims: list[list[tuple[str, int]]] = [[], [], []]

    def run(number: int) -> None:
        claims[number] = work(url, f"e{number}")

    threads = [threading.Thread(target=run, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(claims)


def test_processes(database: session.Database, url: str) -> None:
    prepare(database)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        claims = pool.starmap(work, [(url, "e0"), (url, "e1")], chunksize=1)
        pool.close()
        pool.join()
    check(claims)


def test_two_cannot_promise_the_same_room(database: session.Database) -> None:
    databases.fill(database, hosts_=[values.host("h", memory=100)], nodes_=[values.node("h")])
    (read,) = database.read(hosts.all_of, ids=["h"])
    generations = {read.id: read.generation}
    database.write(hosts.promise, {"h": hosts.Promise(memory=60, containers=1, cpus=0.5)}, generations)
    with pytest.raises(session.Stale):
        database.decide(hosts.promise, {"h": hosts.Promise(memory=60, containers=1)}, generations)
    (after,) = database.read(hosts.all_of, ids=["h"])
    assert (after.used_memory, after.used_containers, after.used_cpus) == (60, 1, 0.5)


def test_threads_that_promise_never_overcommit(database: session.Database, url: str) -> None:
    databases.fill(database, hosts_=[values.host("h", max_containers=10)], nodes_=[values.node("h")])
    won: list[int] = []

    def run() -> None:
        own = session.connect(url)
        while True:
            (host,) = own.read(hosts.all_of, ids=["h"])
            if host.used_containers == host.max_containers:
                break
            try:
                own.decide(hosts.promise, {"h": hosts.Promise(containers=1)}, {"h": host.generation})
            except session.Stale:
                continue
            won.append(1)
        own.close()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (host,) = database.read(hosts.all_of, ids=["h"])
    assert len(won) == host.used_containers == 10
