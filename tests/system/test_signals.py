"""What goes in and out of a running service besides its API: notifications, events, signals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests import standalone

NewService = Callable[..., standalone.Standalone]
NewApi = Callable[..., standalone.Api]

SIMULATED = "sim://one?cpus=64&memory=65536"


def cluster(api: standalone.Api) -> Any:
    """Make a cluster of one simulated container."""
    api.host("one", endpoint=SIMULATED)
    profile = api.container("web", host_node="one")
    return api.make("cluster", name="web", profile_id=profile["id"], desired_capacity=1)


def test_notifications_and_events_go_out_as_configured(new_service: NewService, new_api: NewApi) -> None:
    service = new_service(
        DEFAULT={"event_dispatchers": "message", "transport_url": "kombu+memory:////"},
        oslo_messaging_notifications={"driver": "log"},
    )
    service.start()
    api = new_api(service)
    cluster(api)
    assert api.get("/v1/events") == []
    assert service.stop() == 0  # what waited is sent by then
    log = service.log.read_text()
    for kind in ("cluster.create.start", "node.create.end", "cluster.create.end", "event.cluster.create.end"):
        assert f'"event_type": "{kind}"' in log
    assert "Traceback" not in log


def test_messages_that_go_nowhere_are_warned_of(new_service: NewService, new_api: NewApi) -> None:
    service = new_service(DEFAULT={"event_dispatchers": "database,message"})
    service.start()
    cluster(new_api(service))
    assert "event_dispatchers has 'message', and messages go nowhere" in service.log.read_text()
    assert new_api(service).get("/v1/events")


def test_a_dispatcher_that_is_not_known_is_refused(new_service: NewService) -> None:
    service = new_service(DEFAULT={"event_dispatchers": "pigeon"})
    done = standalone.run("standalone", "--config-file", service.config)
    assert done.returncode != 0
    assert "pigeon" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_webhook_of_a_running_service_makes_a_cluster_grow(new_service: NewService, new_api: NewApi) -> None:
    public = "http://cluster.example"
    service = new_service(
        api={"webhook_rate": "2/hour", "public_endpoint": public}, zaqar={"endpoint": "http://127.0.0.1:9"}
    )
    service.start()
    api = new_api(service)
    cluster_id = cluster(api)["id"]
    wanted = {"name": "r", "type": "webhook", "cluster_id": "web", "action": "CLUSTER_SCALE_OUT"}
    made = api.ask("POST", "/v1/receivers", {"receiver": wanted}).document["receiver"]
    hook = made["channel"]["alarm_url"].removeprefix(public)
    api.succeed(api.ask("POST", hook, {"count": 2}))
    assert len(api.nodes(cluster_id)) == 3
    api.succeed(api.ask("POST", hook))
    assert api.send("POST", hook).status == 429
    answer = api.send("POST", "/v1/receivers", {"receiver": {"name": "m", "type": "message"}})
    assert (answer.status, "cannot be used now" in answer.message) == (503, True)
