"""Adoption over HTTP: statuses and shapes."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest

from senlin_container.domain import model
from senlin_container.drivers import cloud as clouds
from senlin_container.drivers import fake
from senlin_container.drivers.fake import estate
from senlin_container.specs import servers
from tests.functional.api import conftest

PATH = "/v1/nodes/adopt"
PREVIEW = "/v1/nodes/adopt-preview"
TYPE = "os.nova.server-1.0"


@pytest.fixture
def cloud(api: conftest.Api, tmp_path: pathlib.Path) -> Iterator[fake.SimulatedClouds]:
    """A cloud behind the API."""
    made = fake.SimulatedClouds(service="ours", options=fake.SimulatedOptions(directory=str(tmp_path / "simulated")))
    api.parts = dataclasses.replace(api.parts, clouds=made)
    api.application = api.build()
    yield made
    made.close()


@pytest.fixture
def server(cloud: fake.SimulatedClouds) -> str:
    """The id of a server that is no node."""
    owner = model.Owner(user="noauth", project="default")
    request = clouds.ServerRequest(
        node_id="none", cluster_id=None, name="vm", spec=servers.ServerSpec(flavor="1", image="cirros")
    )
    return cloud(owner).compute.create(request, resuming=False).id


def refused(api: conftest.Api, path: str, body: Any, *, version: str = "1.14") -> tuple[int, str]:
    before = api.rows()
    response = api.send("POST", path, body, version=version)
    assert api.rows() == before
    return response.status_int, response.json["error"]["message"]


def test_the_published_request_is_understood(api: conftest.Api, server: str) -> None:
    body: dict[str, Any] = {
        "identity": server,
        "metadata": {},
        "name": "node009",
        "overrides": None,
        "role": "master",
        "snapshot": True,
        "type": TYPE,
    }
    response = api.send("POST", PATH, body)
    assert response.status_int == 200, response.text
    node = response.json["node"]
    assert (node["name"], node["physical_id"], node["profile_name"]) == ("node009", server, "prof-node009")
    assert (node["status"], node["status_reason"]) == ("ACTIVE", "Node adopted successfully")
    shown = api.get(f"/v1/nodes/{node['id']}?show_details=true")["node"]
    assert shown["details"]["id"] == server
    assert {key: shown[key] for key in node} == node
    profile = api.get(f"/v1/profiles/{node['profile_id']}")["profile"]
    assert profile["type"] == TYPE


def test_the_published_preview_is_understood(api: conftest.Api, server: str) -> None:
    before = api.rows()
    response = api.send("POST", PREVIEW, {"identity": server, "overrides": None, "snapshot": True, "type": TYPE})
    assert response.status_int == 200, response.text
    assert api.rows() == before
    assert set(response.json["node_preview"]) == {"properties", "type", "version"}
    assert response.json["node_preview"]["properties"]["flavor"] == "1"
    assert (response.json["node_preview"]["type"], response.json["node_preview"]["version"]) == (
        "os.nova.server",
        "1.0",
    )


@pytest.mark.parametrize("path", [PATH, PREVIEW])
class TestRefusals:
    def test_what_is_unknown_is_404(self, api: conftest.Api, server: str, path: str) -> None:
        told = refused(api, path, {"identity": "nothing", "type": TYPE})
        assert told == (404, "The server 'nothing' could not be found.")

    @pytest.mark.parametrize(
        "wrong",
        [
            {"type": "bogus-1.0"},
            {"type": "container.dockerinc.docker-1.1"},
            {"type": None},
            {"type": 1},
            {"identity": None},
            {"identity": ""},
            {"identity": ["x"]},
            {"overrides": []},
            {"overrides": {"bogus": 1}},
            {"overrides": {"flavor": {}}},
            {"snapshot": "perhaps"},
            {"bogus": 1},
        ],
    )
    def test_what_does_not_fit_is_400(self, api: conftest.Api, server: str, path: str, wrong: dict[str, Any]) -> None:
        assert refused(api, path, {"identity": server, "type": TYPE, **wrong})[0] == 400

    def test_before_1_7_there_is_none(self, api: conftest.Api, server: str, path: str) -> None:
        status, told = refused(api, path, {"identity": server, "type": TYPE}, version="1.6")
        assert status == 400
        assert "API version '1.6' is not supported on this method" in told

    def test_a_cloud_that_does_not_answer_is_503(
        self, api: conftest.Api, server: str, path: str, tmp_path: pathlib.Path
    ) -> None:
        fake.set_control(str(tmp_path / "simulated"), estate.NAME, down=True)
        assert refused(api, path, {"identity": server, "type": TYPE})[0] == 503


def test_a_second_time_is_400(api: conftest.Api, server: str) -> None:
    assert api.send("POST", PATH, {"identity": server, "type": TYPE, "name": "first"}).status_int == 200
    status, told = refused(api, PATH, {"identity": server, "type": TYPE})
    assert status == 400
    assert "is the node 'first'" in told
