"""Credentials: one for a user in a project, and the first of several writers wins."""

from __future__ import annotations

import threading

from senlin_container.domain import model
from senlin_container.store import credentials, session
from tests import values


def put(database: session.Database, owner: model.Owner, old: str | None, secret: str) -> bool:
    return database.write(credentials.replace, owner, old=old, secret=secret, now=1.0)


def test_a_secret_replaces_only_the_one_that_was_read(database: session.Database) -> None:
    assert database.read(credentials.find, values.OWNER) is None
    assert not put(database, values.OWNER, "never there", "a")
    assert put(database, values.OWNER, None, "a")
    assert not put(database, values.OWNER, None, "b")
    assert put(database, values.OWNER, "a", "c")
    assert not put(database, values.OWNER, "a", "d")
    assert database.read(credentials.find, values.OWNER) == "c"


def test_each_user_has_one_in_each_project(database: session.Database) -> None:
    owners = [model.Owner(user=user, project=project) for user in ("u", "v") for project in ("p", "q")]
    for number, owner in enumerate(owners):
        assert put(database, owner, None, str(number))
    assert [database.read(credentials.find, owner) for owner in owners] == ["0", "1", "2", "3"]


def test_of_many_writers_one_wins(database: session.Database) -> None:
    barrier = threading.Barrier(8, timeout=30)
    won: list[int] = []

    def write(number: int) -> None:
        barrier.wait()
        if put(database, values.OWNER, None, str(number)):
            won.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [str(number) for number in won] == [database.read(credentials.find, values.OWNER)]
