"""Profiles, clusters, services and the keys for secrets."""

from __future__ import annotations

import pathlib
import stat

import pytest
from cryptography import fernet

from senlin_container.domain import errors, model
from senlin_container.domain.model import ClusterStatus, NodeStatus
from senlin_container.store import catalog, clusters, history, secrets, session
from tests import databases, values

PATHS = [("properties", "tls", "client_key")]
DOCUMENT = {"properties": {"tls": {"client_key": "hunter2", "ca_cert": "ca"}, "endpoint": "tcp://x:1"}}


def box() -> secrets.Box:
    """Return a box with a key of its own."""
    return secrets.Box([fernet.Fernet.generate_key()])


def test_a_sealed_document_opens_again_and_shows_nothing() -> None:
    mine = box()
    sealed = mine.seal(DOCUMENT, PATHS)
    assert "hunter2" not in repr(sealed)
    assert sealed["properties"]["tls"]["ca_cert"] == "ca"
    assert mine.open(sealed, PATHS) == DOCUMENT
    assert mine.open(DOCUMENT, PATHS) == DOCUMENT
    assert secrets.hide(DOCUMENT, PATHS)["properties"]["tls"] == {"client_key": "******", "ca_cert": "ca"}
    assert secrets.hide(sealed, PATHS) == secrets.hide(DOCUMENT, PATHS)
    assert DOCUMENT["properties"]["tls"]["client_key"] == "hunter2"  # type: ignore[index]


@pytest.mark.parametrize("document", [{}, {"properties": {}}, {"properties": None}, {"properties": {"tls": {}}}])
def test_documents_without_the_secret_stay_as_they_are(document: dict[str, object]) -> None:
    mine = box()
    assert mine.seal(document, PATHS) == document
    assert mine.open(document, PATHS) == document
    assert secrets.hide(document, PATHS) == document


def test_keys_can_be_rotated_and_a_lost_one_is_told() -> None:
    old, new = fernet.Fernet.generate_key(), fernet.Fernet.generate_key()
    sealed = secrets.Box([old]).seal(DOCUMENT, PATHS)
    assert secrets.Box([new, old]).open(sealed, PATHS) == DOCUMENT
    again = secrets.Box([new, old]).seal(DOCUMENT, PATHS)
    assert secrets.Box([new]).open(again, PATHS) == DOCUMENT
    with pytest.raises(ValueError, match="restore its key file") as caught:
        secrets.Box([new]).open(sealed, PATHS)
    assert "hunter2" not in str(caught.value)


def test_the_key_file_is_made_once_for_its_owner_alone(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "keys"
    (key,) = secrets.load_keys(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert secrets.load_keys(file) == [key]
    newer = fernet.Fernet.generate_key()
    file.write_bytes(newer + b"\n\n" + key + b"\n")
    assert secrets.load_keys(file) == [newer, key]
    fernet.Fernet(key)


def test_a_key_file_that_a_death_left_empty_is_no_end(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "keys"
    file.touch(0o600)
    assert len(secrets.load_keys(file)) == 1


@pytest.mark.parametrize("by", ["cluster", "node", "host"])
def test_a_profile_in_use_stays(database: session.Database, by: str) -> None:
    databases.fill(
        database,
        clusters_=[values.cluster()] if by == "cluster" else [],
        nodes_=[values.node("n")] if by == "node" else [],
        hosts_=[values.host("h")] if by == "host" else [],
    )
    with pytest.raises(errors.InUse) as caught:
        database.write(catalog.delete_profile, databases.PROFILE)
    assert caught.value.message == (
        f"The profile '{databases.PROFILE}' cannot be deleted: still referenced by some clusters and/or nodes."
    )
    assert database.read(catalog.find_profile, None, databases.PROFILE).name == "busybox"


def test_a_profile_that_nothing_uses_goes(database: session.Database) -> None:
    databases.fill(database)
    database.write(catalog.update_profile, databases.PROFILE, name="new", metadata=None, now=5.0)
    database.write(catalog.update_profile, databases.PROFILE, name=None, metadata={"k": 1}, now=6.0)
    found = database.read(catalog.find_profile, "project-1", "new")
    assert (found.name, found.metadata, found.updated_at) == ("new", {"k": 1}, 6.0)
    database.write(catalog.delete_profile, databases.PROFILE)
    assert database.read(catalog.profiles_by_id, [databases.PROFILE]) == {}


def test_values_come_back_as_they_were_written(database: session.Database) -> None:
    cluster = values.cluster(metadata={"k": "v"}, config={"a": {"b": [1]}}, created_at=2.0, data={"ü": None})
    node = values.node(
        "n", cluster_id=cluster.id, index=4, host_id="h", cpus=0.1, memory=64, details={"x": 1}, tainted=True
    )
    action = values.action("a", inputs={"x": [1, None]}, plan=None, outputs={"o": {}})
    host = values.host("h", labels={"a": "b"}, max_containers=3, cluster_id=None)
    databases.fill(database, clusters_=[cluster], hosts_=[host], nodes_=[node, values.node("h")], actions=[action])
    assert database.read(clusters.get, cluster.id) == cluster
    assert database.read(clusters.get, "nothing") is None
    assert databases.node(database, "n") == node
    assert databases.action(database, "a") == action
    event = values.event("e", cluster_id="c", metadata={"x": 1})
    database.write(history.record, [event])
    assert database.read(history.find_event, None, "e") == event


def test_a_cluster_changes_only_for_who_has_read_its_last_state(database: session.Database) -> None:
    cluster = values.cluster()
    databases.fill(database, clusters_=[cluster])
    database.write(clusters.change, cluster, name="new")
    with pytest.raises(session.Stale):
        database.decide(clusters.change, cluster, name="newer")
    found = database.read(clusters.get, cluster.id)
    assert found is not None
    assert (found.name, found.generation) == ("new", 1)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (ClusterStatus.ACTIVE, ClusterStatus.WARNING),
        (ClusterStatus.ERROR, ClusterStatus.WARNING),
        (ClusterStatus.RESIZING, ClusterStatus.RESIZING),
        (ClusterStatus.INIT, ClusterStatus.INIT),
    ],
)
def test_a_cluster_that_nobody_works_on_is_judged_anew(
    database: session.Database, before: ClusterStatus, after: ClusterStatus
) -> None:
    cluster = values.cluster(status=before, desired_capacity=2, min_size=1)
    members = [
        values.node("n1", cluster_id=cluster.id, index=1),
        values.node("n2", cluster_id=cluster.id, index=2, status=NodeStatus.ERROR),
    ]
    databases.fill(database, clusters_=[cluster], nodes_=members)
    database.write(clusters.judge_idle, [cluster.id], "NODE_CHECK", 5.0)
    database.write(clusters.judge_idle, [], "NODE_CHECK", 5.0)
    found = database.read(clusters.get, cluster.id)
    assert found is not None
    assert found.status == after


def test_a_cluster_is_removed_and_the_count_of_a_project_falls(database: session.Database) -> None:
    databases.fill(database, clusters_=[values.cluster()])
    assert database.read(clusters.count, "project-1") == 1
    assert database.read(clusters.count, "project-2") == 0
    database.write(clusters.delete, values.cluster().id)
    assert database.read(clusters.count, "project-1") == 0


def test_services_come_beat_and_go(database: session.Database) -> None:
    for id_, at in (("b", 2.0), ("a", 1.0), ("c", 3.0)):
        service = model.Service(
            id=id_,
            host="m",
            binary="senlin-engine",
            topic="senlin-engine",
            disabled=False,
            disabled_reason=None,
            created_at=at,
            updated_at=at,
        )
        database.write(history.start_service, service)
    assert [one.id for one in database.read(history.services)] == ["a", "b", "c"]
    database.write(history.beat, "a", 10.0)
    database.write(history.end_services, silent_since=3.0)
    assert [(one.id, one.updated_at) for one in database.read(history.services)] == [("a", 10.0), ("c", 3.0)]
    database.write(history.end_services, service_id="a")
    assert [one.id for one in database.read(history.services)] == ["c"]


def test_the_clusters_of_events(database: session.Database) -> None:
    databases.fill(database, clusters_=[values.cluster()])
    found = database.read(history.clusters_of, [values.cluster().id, "gone"])
    assert set(found) == {values.cluster().id}
    assert database.read(history.clusters_of, []) == {}
