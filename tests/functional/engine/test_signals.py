"""Signals from outside, up to the containers that come of them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import pytest
import webob
from oslo_config import cfg

from senlin_container.api import app
from senlin_container.conf import api as api_conf
from senlin_container.domain import model
from senlin_container.drivers import zaqar as zaqar_driver
from senlin_container.usecases import commands, context, queries, settling
from tests import zaqar as zaqar_server
from tests.installation import Installation


@pytest.fixture
def zaqar() -> Iterator[zaqar_server.Zaqar]:
    server = zaqar_server.Zaqar()
    yield server
    server.close()


class Api:
    """The API of an installation. Its requester is the administrator of the project ``default``."""

    def __init__(self, one: Installation, zaqar: zaqar_server.Zaqar) -> None:
        conf = cfg.ConfigOpts()
        conf([], project="none", default_config_files=[])
        conf.register_opts(api_conf.OPTS, group=api_conf.GROUP)
        conf.set_override("public_endpoint", "http://localhost", group=api_conf.GROUP)
        parts = dataclasses.replace(one.parts, messaging=zaqar_driver.Zaqar(zaqar.endpoint))
        self._application = app.build(conf, commands.Commands(parts), queries.Queries(parts))

    def post(self, path: str, body: Any = None) -> Any:
        """Send a request as clients of alarms do: without a version."""
        request = webob.Request.blank(path, method="POST")
        if body is not None:
            request.body = json.dumps(body).encode()
            request.content_type = "application/json"
        response = request.get_response(self._application)
        assert response.status_int in (201, 202), response.text
        return response.json if response.body else None


REQUESTER = context.Context(owner=model.Owner(user="noauth", project="default"), request_id="req-1", admin=True)


def done(one: Installation, action_id: str) -> model.Action:
    """Wait until an action of the requester has succeeded."""

    def read() -> model.Action:
        return one.queries.action(REQUESTER, action_id).action

    one.eventually(lambda: settling.is_over(read()), what="the end of an action")
    action = read()
    assert action.status == model.ActionStatus.SUCCEEDED, action.status_reason
    return action


@pytest.fixture
def cluster(running: Installation) -> str:
    """A cluster of one container of the requester."""
    spec = {
        "type": "container.dockerinc.docker",
        "version": "1.1",
        "properties": {"image": "busybox", "host_cluster": "theirs"},
    }
    host = {"type": "container.host.endpoint", "version": "1.0", "properties": {"endpoint": "sim://h9?cpus=8"}}
    make = running.commands
    make.create_profile(REQUESTER, name="host", spec=host, metadata={})
    values: dict[str, Any] = {"min_size": 0, "max_size": -1, "timeout": None, "metadata": {}, "config": {}}
    done(running, make.create_cluster(REQUESTER, name="theirs", profile="host", desired_capacity=0, **values)[1])
    done(running, make.create_node(REQUESTER, name="h9", profile="host", cluster="theirs", role="", metadata={})[1])
    make.create_profile(REQUESTER, name="web", spec=spec, metadata={})
    view, action = make.create_cluster(REQUESTER, name="c", profile="web", desired_capacity=1, **values)
    done(running, action)
    return view.cluster.id


def size(one: Installation) -> int:
    return len(one.running("h9"))


def test_a_webhook_makes_a_cluster_grow(running: Installation, cluster: str, zaqar: zaqar_server.Zaqar) -> None:
    api = Api(running, zaqar)
    receiver = {"name": "r", "type": "webhook", "cluster_id": cluster, "action": "CLUSTER_SCALE_OUT"}
    url = api.post("/v1/receivers", {"receiver": receiver})["receiver"]["channel"]["alarm_url"]
    assert size(running) == 1
    action = done(running, api.post(url, {"alarm_name": "cpu_high", "count": "2"})["action"])
    assert action.owner == REQUESTER.owner
    assert size(running) == 3


def test_a_message_makes_a_cluster_shrink(running: Installation, cluster: str, zaqar: zaqar_server.Zaqar) -> None:
    api = Api(running, zaqar)
    made = api.post("/v1/receivers", {"receiver": {"name": "m", "type": "message"}})["receiver"]
    message = {"cluster": "c", "action": "CLUSTER_SCALE_IN", "params": {"count": 1}}
    zaqar.post("default", made["channel"]["queue_name"], message)
    api.post(f"/v1/receivers/{made['id']}/notify")
    running.eventually(lambda: size(running) == 0, what="the container goes")
