"""Hosts: what they tell, what is promised of them."""

from __future__ import annotations

import dataclasses

import pytest
import sqlalchemy as sa

from senlin_container.domain import model
from senlin_container.domain.model import HostState
from senlin_container.store import hosts, nodes, rows, session
from tests import databases, values

CLUSTER = values.cluster()


@pytest.fixture(autouse=True)
def two_hosts(database: session.Database) -> None:
    """Two hosts, h1 in a cluster with two containers on it."""
    databases.fill(
        database,
        clusters_=[CLUSTER],
        hosts_=[values.host("h1", used_containers=2, used_memory=128), values.host("h2"), values.host("gone")],
        nodes_=[
            values.node("h1", cluster_id=CLUSTER.id, index=1),
            values.node("h2"),
            values.node("n1", host_id="h1", cpus=0.5, memory=64),
            values.node("n2", host_id="gone"),
        ],
    )


def host(database: session.Database, id_: str) -> model.Host:
    """Read a host."""
    (found,) = database.read(hosts.all_of, ids=[id_])
    return found


def test_hosts_are_listed_with_the_clusters_of_their_nodes(database: session.Database) -> None:
    assert [one.id for one in database.read(hosts.all_of)] == ["h1", "h2"]  # the node of the third is gone
    assert [one.id for one in database.read(hosts.all_of, cluster_id=CLUSTER.id)] == ["h1"]
    assert (host(database, "h1").cluster_id, host(database, "h2").cluster_id) == (CLUSTER.id, None)
    assert database.read(hosts.loads, CLUSTER.id) == {"h1": 2}
    assert database.read(hosts.addresses, ["gone"]) == {"gone": (databases.PROFILE, "gone")}
    assert database.read(hosts.addresses, []) == {}


def test_what_a_host_tells_leaves_what_is_promised(database: session.Database) -> None:
    told = dataclasses.replace(host(database, "h1"), memory=5, used_memory=0, used_containers=0, zone="z")
    database.write(hosts.save, told, profile_id=databases.PROFILE, project="project-1", now=9.0)
    after = host(database, "h1")
    assert (after.memory, after.zone, after.used_memory, after.used_containers) == (5, "z", 128, 2)
    assert after.generation == told.generation + 1  # whoever decided on the old capacity decides anew


def test_a_host_that_was_not_known_has_promised_nothing(database: session.Database) -> None:
    databases.fill(database, nodes_=[values.node("h3")])
    told = values.host("h3", used_memory=99, max_containers=7, labels={"disk": "ssd"})
    database.write(hosts.save, told, profile_id=databases.PROFILE, project="project-1", now=9.0)
    assert host(database, "h3") == dataclasses.replace(told, used_memory=0)


def test_whether_a_host_answers_is_news_once(database: session.Database) -> None:
    assert not database.write(hosts.set_state, "h1", HostState.UP, 1.0)
    assert database.write(hosts.set_state, "h1", HostState.DOWN, 2.0)
    assert not database.write(hosts.set_state, "h1", HostState.DOWN, 3.0)
    assert (host(database, "h1").state, host(database, "h1").generation) == (HostState.DOWN, 1)
    assert not database.write(hosts.set_state, "nothing", HostState.DOWN, 3.0)


def test_promises_add_up_and_are_given_back(database: session.Database) -> None:
    node = databases.node(database, "n1")
    promise = hosts.to_run(node)
    assert promise == hosts.Promise(cpus=0.5, memory=64, containers=1)
    assert promise.plus(hosts.given_back(node)) == hosts.Promise()
    before = host(database, "h2")
    database.write(hosts.promise, {"h2": promise.plus(promise)}, {"h2": before.generation})
    after = host(database, "h2")
    assert (after.used_cpus, after.used_memory, after.used_containers, after.generation) == (1.0, 128, 2, 1)
    database.write(hosts.adjust, {"h2": hosts.given_back(node), "nothing": promise})
    after = host(database, "h2")
    assert (after.used_cpus, after.used_memory, after.used_containers, after.generation) == (0.5, 64, 1, 2)


def test_one_lost_race_takes_all_promises_back(database: session.Database) -> None:
    promise = hosts.Promise(containers=1)
    with pytest.raises(session.Stale):
        database.decide(hosts.promise, {"h1": promise, "h2": promise}, {"h1": 0, "h2": 7})
    assert host(database, "h1").used_containers == 2


def test_a_host_stays_while_containers_refer_to_it(database: session.Database) -> None:
    def ids(tx: sa.Connection) -> set[str]:
        return set(tx.execute(sa.select(rows.HOSTS.c.id)).scalars())

    database.write(hosts.forget, ["h1", "h2", "gone"])
    assert database.read(ids) == {"h1", "h2", "gone"}  # two have a node, the third a container
    database.write(nodes.delete, ["h1", "h2"])
    database.write(hosts.forget, ["h1", "h2", "gone"])
    assert database.read(ids) == {"h1", "gone"}
    database.write(nodes.delete, ["n1", "n2"])
    database.write(hosts.forget, ["h1"])
    database.write(hosts.forget, [])
    assert database.read(ids) == {"gone"}


def test_a_host_has_the_name_of_its_node(database: session.Database) -> None:
    database.write(hosts.rename, "h1", "other")
    database.write(hosts.rename, "n1", "no host")
    assert [(one.id, one.name) for one in database.read(hosts.all_of)] == [("h1", "other"), ("h2", "h2")]
