"""What is in the cloud already becomes a node: whole, once, and only for who it belongs to."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest

from senlin_container.domain import errors, model
from senlin_container.drivers import cloud as clouds
from senlin_container.drivers import fake
from senlin_container.drivers.fake import estate
from senlin_container.specs import servers, stacks
from senlin_container.store import catalog
from senlin_container.usecases import commands, reading
from tests import databases, values
from tests.functional.usecases import conftest

SERVER = "os.nova.server-1.0"
STACK = "os.heat.stack-1.0"


class Adopting:
    """The use cases, and a cloud in which others work, too."""

    def __init__(self, service: conftest.Service, directory: pathlib.Path) -> None:
        self.service = service
        self.directory = directory
        self.options = fake.SimulatedOptions(directory=str(directory))
        self.clouds = fake.SimulatedClouds(service="ours", options=self.options)
        self.outside = fake.SimulatedClouds(service="nobody", options=self.options)
        self.parts = dataclasses.replace(service.parts, clouds=self.clouds)
        self.commands = commands.Commands(self.parts)
        self.context = service.context

    def server(self, owner: model.Owner = values.OWNER, **properties: Any) -> str:
        """Have somebody make a server; returns its id."""
        spec = servers.ServerSpec(**{"flavor": "m1.small", "image": "cirros", **properties})
        request = clouds.ServerRequest(node_id="none", cluster_id=None, name="web", spec=spec)
        return self.outside(owner).compute.create(request, resuming=False).id

    def stack(self, **properties: Any) -> str:
        """Have somebody make a stack; returns its id."""
        spec = stacks.StackSpec(**{"template": {"heat_template_version": "2021-04-16"}, **properties})
        request = clouds.StackRequest(node_id="none", cluster_id=None, name="web", spec=spec)
        return self.outside(values.OWNER).orchestration.create(request, resuming=False).id

    def adopt(self, identity: str, type_name: str = SERVER, **given: Any) -> model.Node:
        """Adopt something; returns the node as the database has it."""
        usual: dict[str, Any] = {"name": "found", "role": "", "metadata": {}, "overrides": {}, "snapshot": False}
        view = self.commands.adopt_node(self.context, type_name=type_name, identity=identity, **(usual | given))
        return databases.node(self.service.database, view.node.id)

    def refused(self, kind: type[errors.Error], identity: str, type_name: str = SERVER, **given: Any) -> str:
        """Adopt something in vain; returns what is told. Nothing is written."""
        before = self.count()
        with pytest.raises(kind) as caught:
            self.adopt(identity, type_name, **given)
        assert type(caught.value) is kind
        assert self.count() == before
        return caught.value.message

    def preview(self, identity: str, type_name: str = SERVER, **overrides: Any) -> model.Json:
        """Return the properties that an adopted thing would have."""
        return self.commands.preview_adoption(
            self.context, type_name=type_name, identity=identity, overrides=overrides
        ).properties

    def profile(self, node: model.Node) -> model.Profile:
        """Return the profile of a node as the database has it."""
        return self.service.database.read(catalog.profiles_by_id, [node.profile_id])[node.profile_id]

    def count(self) -> tuple[int, int]:
        """Count nodes and profiles."""
        page = reading.Page(global_project=True)
        queries = self.service.queries
        return (
            len(queries.nodes(self.service.admin, page, filters={})),
            len(queries.profiles(self.service.admin, page, filters={})),
        )


@pytest.fixture
def adopting(service: conftest.Service, tmp_path: pathlib.Path) -> Iterator[Adopting]:
    """The use cases over a database of the test's own, and a cloud."""
    one = Adopting(service, tmp_path / "simulated")
    yield one
    one.clouds.close()
    one.outside.close()


class TestServers:
    def test_one_becomes_a_node(self, adopting: Adopting) -> None:
        id_ = adopting.server(
            key_name="oskey", metadata={"a": "b"}, networks=(servers.Network(network="private"),), name=None
        )
        node = adopting.adopt(id_, role="master", metadata={"x": 1})
        assert (node.physical_id, node.name, node.role, node.metadata) == (id_, "found", "master", {"x": 1})
        assert (node.status, node.status_reason) == (model.NodeStatus.ACTIVE, "Node adopted successfully")
        assert (node.cluster_id, node.index, node.created_at, node.owner) == (None, -1, None, values.OWNER)
        assert node.details["status"] == "ACTIVE"
        profile = adopting.profile(node)
        assert (profile.name, profile.type_name, profile.owner) == ("prof-found", SERVER, values.OWNER)
        assert profile.properties == {
            "flavor": "m1.small",
            "image": "cirros",
            "key_name": "oskey",
            "metadata": {"a": "b"},
            "name": "web",
            "networks": [{"network": "private"}],
            "security_groups": ["default"],
        }

    def test_without_a_name_it_gets_one(self, adopting: Adopting) -> None:
        node = adopting.adopt(adopting.server(), name=None)
        assert node.name == f"node-{node.id[:8]}"

    def test_an_event_tells_of_it(self, adopting: Adopting) -> None:
        node = adopting.adopt(adopting.server())
        found = adopting.service.queries.events(adopting.context, reading.Page(), filters={"oid": (node.id,)})
        assert [(view.event.action, view.event.status_reason) for view in found] == [
            ("NODE_ADOPT", "Node adopted successfully")
        ]

    def test_properties_can_be_other_than_found(self, adopting: Adopting) -> None:
        overrides = {"flavor": "m1.large", "image": None, "admin_pass": "swordfish"}
        node = adopting.adopt(adopting.server(), overrides=overrides)
        stored = adopting.profile(node)
        assert stored.properties["flavor"] == "m1.large"
        assert "image" not in stored.properties
        assert "swordfish" not in str(stored.spec)

    def test_an_image_can_be_made_of_it(self, adopting: Adopting) -> None:
        node = adopting.adopt(adopting.server(), snapshot=True)
        image = adopting.profile(node).properties["image"]
        with adopting.outside._estate.reading() as things:
            kept = things.image(image)
        assert kept is not None
        assert kept.name == "found-snapshot"

    def test_it_is_adopted_once(self, adopting: Adopting) -> None:
        id_ = adopting.server()
        node = adopting.adopt(id_)
        told = adopting.refused(errors.Invalid, id_, snapshot=True)
        assert told == f"The server '{id_}' is the node 'found' ({node.id}) already."
        with adopting.outside._estate.reading() as things:
            assert len(things) == 1

    def test_of_many_at_once_one_gets_it(self, adopting: Adopting) -> None:
        id_ = adopting.server()

        def attempt(number: int) -> str:
            try:
                return adopting.adopt(id_, name=f"n{number}").name
            except errors.Invalid:
                return ""

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            won = [name for name in pool.map(attempt, range(8)) if name]
        assert len(won) == 1

    def test_what_we_are_making_for_a_node_is_not_adopted(self, adopting: Adopting) -> None:
        spec = servers.ServerSpec(flavor="1")
        request = clouds.ServerRequest(node_id="lone", cluster_id=None, name="x", spec=spec)
        made = adopting.clouds(values.OWNER).compute.create(request, resuming=False)
        assert "is the node 'lone' (lone) already" in adopting.refused(errors.Invalid, made.id)

    def test_what_is_left_of_a_node_that_is_gone_is_adopted(self, adopting: Adopting) -> None:
        spec = servers.ServerSpec(flavor="1")
        request = clouds.ServerRequest(node_id="gone", cluster_id=None, name="x", spec=spec)
        made = adopting.clouds(values.OWNER).compute.create(request, resuming=False)
        assert adopting.adopt(made.id).physical_id == made.id


class TestStacks:
    def test_one_becomes_a_node(self, adopting: Adopting) -> None:
        id_ = adopting.stack(parameters={"n": 1}, timeout=9)
        node = adopting.adopt(id_, STACK)
        assert (node.physical_id, node.status) == (id_, model.NodeStatus.ACTIVE)
        properties = adopting.profile(node).properties
        assert (properties["parameters"], properties["timeout"]) == ({"n": 1}, 9)
        assert properties["template"] == {"heat_template_version": "2021-04-16"}

    def test_no_image_is_made_of_it(self, adopting: Adopting) -> None:
        assert "'snapshot' is for servers" in adopting.refused(errors.Invalid, adopting.stack(), STACK, snapshot=True)


class TestRefusals:
    def test_what_is_not_there_is_not_found(self, adopting: Adopting) -> None:
        assert adopting.refused(errors.NotFound, "nothing") == "The server 'nothing' could not be found."
        assert adopting.refused(errors.NotFound, "nothing", STACK) == "The stack 'nothing' could not be found."

    def test_a_stack_is_no_server(self, adopting: Adopting) -> None:
        adopting.refused(errors.NotFound, adopting.stack())

    def test_what_belongs_to_others_is_not_found(self, adopting: Adopting) -> None:
        adopting.refused(errors.NotFound, adopting.server(values.OTHER))

    def test_types_that_there_are_not_or_that_are_in_no_cloud(self, adopting: Adopting) -> None:
        assert "'os.nova.server' could not be found" in adopting.refused(errors.Invalid, "x", "os.nova.server")
        for name in ("container.dockerinc.docker-1.1", "container.host.endpoint-1.0"):
            told = adopting.refused(errors.Invalid, "x", name)
            assert "cannot be adopted: those of os.heat.stack-1.0, os.nova.server-1.0 can" in told

    def test_what_is_not_well(self, adopting: Adopting) -> None:
        told = adopting.refused(errors.Invalid, adopting.server(image="broken/x"))
        assert "cannot be adopted: The server is ERROR: image 'broken/x' does not boot" in told

    def test_overrides_that_do_not_fit(self, adopting: Adopting) -> None:
        told = adopting.refused(errors.InvalidSpec, adopting.server(), overrides={"bogus": 1})
        assert "Unrecognizable spec item 'bogus'" in told

    def test_a_cloud_that_does_not_answer(self, adopting: Adopting) -> None:
        id_ = adopting.server()
        fake.set_control(str(adopting.directory), estate.NAME, down=True)
        assert "Try again later" in adopting.refused(errors.Unavailable, id_)

    def test_no_cloud(self, adopting: Adopting) -> None:
        adopting.commands = adopting.service.commands
        assert "cloud_backend = simulated" in adopting.refused(errors.Invalid, "x")


class TestPreview:
    def test_it_tells_what_adoption_would_keep_and_keeps_nothing(self, adopting: Adopting) -> None:
        id_, before = adopting.server(), adopting.count()
        shown = adopting.preview(id_, flavor="m1.large")
        assert adopting.count() == before
        assert shown == adopting.profile(adopting.adopt(id_, overrides={"flavor": "m1.large"})).properties

    def test_secrets_are_not_shown(self, adopting: Adopting) -> None:
        assert adopting.preview(adopting.server(), admin_pass="swordfish")["admin_pass"] == "******"

    def test_what_is_not_there_is_not_found(self, adopting: Adopting) -> None:
        with pytest.raises(errors.NotFound, match="'nothing' could not be found"):
            adopting.preview("nothing")
