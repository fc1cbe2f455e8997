"""What is sent has the recorded keys, and values of the recorded types."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from senlin_container.api import views
from senlin_container.domain import model
from senlin_container.specs import registry
from senlin_container.usecases import queries
from tests.recordings import assert_same_shape

OWNER = model.Owner(user="u", project="p")
NOW = 1795159624.9

PROFILE = model.Profile(
    id="1", name="p", type="t", version="1.0", spec={}, metadata={}, owner=OWNER, created_at=NOW, updated_at=NOW
)
CLUSTER = model.Cluster(
    id="1",
    name="c",
    profile_id="1",
    owner=OWNER,
    min_size=0,
    max_size=-1,
    desired_capacity=1,
    next_index=2,
    timeout=3600,
    status=model.ClusterStatus.ACTIVE,
    status_reason="",
    metadata={},
    config={},
    data={},
    init_at=NOW,
    created_at=NOW,
    updated_at=NOW,
)
NODE = model.Node(
    id="1",
    name="n",
    profile_id="1",
    cluster_id=None,
    owner=OWNER,
    index=-1,
    role="",
    physical_id="x",
    host_id=None,
    cpus=0.0,
    memory=0,
    status=model.NodeStatus.ACTIVE,
    status_reason="",
    metadata={},
    data={},
    details={"a": 1},
    tainted=False,
    init_at=NOW,
    created_at=NOW,
    updated_at=NOW,
)
ACTION = model.Action(
    id="1",
    name="node_create_1",
    kind=model.ActionKind.NODE_CREATE,
    target="1",
    cluster_id=None,
    parent_id=None,
    cause="RPC Request",
    owner=OWNER,
    engine=None,
    attempt=1,
    failures=0,
    status=model.ActionStatus.SUCCEEDED,
    status_reason="",
    timeout=3600,
    inputs={},
    outputs={},
    data={},
    plan=None,
    pending=0,
    cancelling=False,
    created_at=NOW,
    start_time=NOW,
    end_time=NOW,
)
EVENT = model.Event(
    id="1",
    timestamp=NOW,
    level="INFO",
    otype="CLUSTER",
    oid="1",
    oname="c",
    cluster_id="1",
    action="CLUSTER_CREATE",
    status="end",
    status_reason="",
    owner=OWNER,
    metadata={},
)
SERVICE = model.Service(
    id="1", host="h", binary="b", topic="t", disabled=False, disabled_reason=None, created_at=NOW, updated_at=NOW
)


def answered(recordings: list[dict[str, Any]], case: str) -> Any:
    """Return what a recorded answer holds under its only key."""
    (body,) = [step["response"]["body"] for step in recordings if step["case"] == case]
    (value,) = body.values()
    return value[0] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("case", "view"),
    [
        ("profile update", views.profile(PROFILE)),
        ("profile validate", views.validated_profile(PROFILE)),
        ("cluster get", views.cluster(queries.ClusterView(cluster=CLUSTER, profile_name="p"))),
        ("node get at 1.0", views.node(queries.NodeView(node=NODE, profile_name="p"), (1, 0))),
        ("node get at 1.12", views.node(queries.NodeView(node=NODE, profile_name="p"), (1, 12))),
        ("node get at 1.13", views.node(queries.NodeView(node=NODE, profile_name="p"), (1, 13))),
        (
            "node get with details",
            views.node(queries.NodeView(node=NODE, profile_name="p"), (1, 14), with_details=True),
        ),
        ("action at 1.0", views.action(queries.ActionView(action=ACTION), (1, 0))),
        ("action at 1.13", views.action(queries.ActionView(action=ACTION), (1, 13))),
        ("action at 1.14", views.action(queries.ActionView(action=ACTION), (1, 14))),
        ("event", views.event(queries.EventView(event=EVENT, cluster=CLUSTER))),
        ("services as admin", views.service(SERVICE, True)),
        ("versions", views.api_version("http://ENDPOINT")),
        ("version v1 slash", views.api_version("http://ENDPOINT")),
    ],
)
def test_documents_have_the_recorded_shape(recordings: list[dict[str, Any]], case: str, view: dict[str, Any]) -> None:
    assert_same_shape(view, answered(recordings, case))


def test_the_cluster_of_an_event_has_the_recorded_shape(recordings: list[dict[str, Any]]) -> None:
    ours = views.event(queries.EventView(event=EVENT, cluster=CLUSTER))
    theirs = answered(recordings, "event")
    assert_same_shape(ours["cluster"], theirs["cluster"])
    assert views.event(queries.EventView(event=EVENT, cluster=None))["cluster"] is None


def test_times_are_written_as_recorded() -> None:
    cluster = views.cluster(queries.ClusterView(cluster=CLUSTER, profile_name="p"))
    assert cluster["created_at"] == "2026-11-20T07:27:04Z"
    assert cluster["init_at"] == "2026-11-20T07:27:04Z"
    event = views.event(queries.EventView(event=EVENT, cluster=CLUSTER))
    assert event["timestamp"] == "2026-11-20T07:27:04+00:00"
    assert event["cluster"]["created_at"] == "2026-11-20T07:27:04.000000"
    assert views.service(SERVICE, True)["updated_at"] == "2026-11-20T07:27:04"
    assert views.action(queries.ActionView(action=ACTION), (1, 0))["start_time"] == NOW
    assert (
        views.cluster(queries.ClusterView(cluster=dataclasses.replace(CLUSTER, updated_at=None), profile_name="p"))[
            "updated_at"
        ]
        is None
    )


def test_no_cluster_is_an_empty_text() -> None:
    assert views.node(queries.NodeView(node=NODE, profile_name="p"), (1, 0))["cluster_id"] == ""
    assert views.action(queries.ActionView(action=ACTION), (1, 14))["cluster_id"] == ""


def test_a_node_names_its_host_from_our_first_version_on() -> None:
    view = queries.NodeView(node=dataclasses.replace(NODE, host_id="h"), profile_name="p")
    assert "host_id" not in views.node(view, (1, 14))
    assert views.node(view, (1, 15))["host_id"] == "h"


def test_a_service_says_how_it_is() -> None:
    off = dataclasses.replace(SERVICE, disabled=True)
    assert (views.service(off, False)["state"], views.service(off, False)["status"]) == ("down", "disabled")


def test_profile_types_by_version(recordings: list[dict[str, Any]]) -> None:
    type_ = registry.PROFILE_TYPES["container.dockerinc.docker-1.0"]
    assert views.profile_type_line(type_, (1, 4)) == answered(recordings, "profile types at 1.0")
    assert views.profile_type_line(type_, (1, 5)) == answered(recordings, "profile types at 1.5")
    recorded = answered(recordings, "profile type container.dockerinc.docker-1.0")
    ours = views.profile_type(type_, (1, 14))
    assert ours["support_status"] == recorded["support_status"]
    assert ours["name"] == recorded["name"]
    assert set(ours["schema"]) == set(recorded["schema"])
    assert "support_status" not in views.profile_type(type_, (1, 4))
