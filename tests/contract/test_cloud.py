"""What every driver of a cloud does, against each cloud: servers and stacks that take their time."""

from __future__ import annotations

import dataclasses
import pathlib
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from senlin_container.domain import model
from senlin_container.drivers import cloud, fake, ports
from senlin_container.drivers.cloud import ServerStatus
from senlin_container.specs import servers, stacks

OWNER = model.Owner(user="u", project="p")
PATIENCE = 600.0

NewCloud = Callable[..., cloud.Cloud]


@pytest.fixture(params=["simulated at once", "simulated in time"])
def new_cloud(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[NewCloud]:
    """Make clouds (service, owner) that are views of the same one."""
    made: list[fake.SimulatedClouds] = []
    build_time = 0.2 if request.param == "simulated in time" else 0.0

    def make(service: str = "ours", owner: model.Owner = OWNER) -> cloud.Cloud:
        options = fake.SimulatedOptions(directory=str(tmp_path), build_time=build_time)
        made.append(fake.SimulatedClouds(service=service, options=options))
        return made[-1](owner)

    yield make
    for one in made:
        one.close()


@pytest.fixture
def compute(new_cloud: NewCloud) -> cloud.Compute:
    return new_cloud().compute


@pytest.fixture
def orchestration(new_cloud: NewCloud) -> cloud.Orchestration:
    return new_cloud().orchestration


def server(**properties: Any) -> cloud.ServerRequest:
    spec = servers.ServerSpec(**{"flavor": "m1.tiny", "image": "cirros", **properties})
    return cloud.ServerRequest(node_id=str(uuid.uuid4()), cluster_id=None, name="web", spec=spec)


def stack(**properties: Any) -> cloud.StackRequest:
    template = {"heat_template_version": "2021-04-16", "outputs": {"one": {"value": 1, "description": "a number"}}}
    spec = stacks.StackSpec(**{"template": template, **properties})
    node_id = str(uuid.uuid4())
    return cloud.StackRequest(node_id=node_id, cluster_id=None, name=f"web-{node_id[:8]}", spec=spec)


def settled(compute: cloud.Compute, state: cloud.ServerState | None) -> cloud.ServerState:
    """Look until nothing is under way, no sooner than the cloud says."""
    end = time.monotonic() + PATIENCE
    while state is not None and state.wait > 0:
        assert time.monotonic() < end
        time.sleep(state.wait)
        state = compute.get(state.id)
    assert state is not None
    return state


def made(compute: cloud.Compute, request: cloud.ServerRequest) -> cloud.ServerState:
    return settled(compute, compute.create(request, resuming=False))


def complete(orchestration: cloud.Orchestration, state: cloud.StackState | None) -> cloud.StackState:
    end = time.monotonic() + PATIENCE
    while state is not None and state.wait > 0:
        assert time.monotonic() < end
        time.sleep(state.wait)
        state = orchestration.get(state.id)
    assert state is not None
    return state


def gone(delete: Callable[..., float], *given: Any, resuming: bool = False) -> None:
    """Delete until it is over."""
    while (wait := delete(*given, resuming=resuming)) > 0:
        time.sleep(wait)


class TestServers:
    def test_one_is_made_as_asked(self, compute: cloud.Compute) -> None:
        request = server(
            key_name="mine",
            metadata={"tier": "web"},
            networks=(servers.Network(network="private"),),
            security_groups=("default",),
        )
        begun = compute.create(request, resuming=False)
        assert begun.status in (ServerStatus.BUILD, ServerStatus.ACTIVE)
        state = settled(compute, begun)
        assert state.status == ServerStatus.ACTIVE
        assert (state.node_id, state.name, state.key_name) == (request.node_id, "web", "mine")
        assert (state.flavor, state.image, state.metadata) == ("m1.tiny", "cirros", {"tier": "web"})
        assert list(state.addresses) == ["private"]
        assert state.security_groups == ("default",)
        assert compute.list() == (state,)

    def test_a_second_attempt_adopts_what_the_first_began(self, compute: cloud.Compute) -> None:
        request = server()
        begun = compute.create(request, resuming=False)
        assert compute.create(request, resuming=True).id == begun.id
        state = settled(compute, begun)
        assert compute.create(request, resuming=True) == state
        assert compute.list() == (state,)

    def test_what_does_not_exist_is_refused_and_leaves_nothing(self, compute: cloud.Compute) -> None:
        with pytest.raises(ports.Permanent, match="image 'missing/x'"):
            compute.create(server(image="missing/x"), resuming=False)
        assert compute.list() == ()

    def test_one_that_fails_says_why(self, compute: cloud.Compute) -> None:
        state = settled(compute, compute.create(server(image="broken/x"), resuming=False))
        assert state.status == ServerStatus.ERROR
        assert state.fault

    def test_it_goes(self, compute: cloud.Compute) -> None:
        request = server()
        state = made(compute, request)
        gone(compute.delete, request.node_id, state.id)
        assert compute.get(state.id) is None
        assert compute.list() == ()
        assert compute.delete(request.node_id, state.id, resuming=False) == 0

    def test_one_whose_id_nobody_knows_goes_by_its_label(self, compute: cloud.Compute) -> None:
        request, other = server(), made(compute, server())
        compute.create(request, resuming=False)
        gone(compute.delete, request.node_id, None)
        assert compute.list() == (other,)

    def test_a_new_one_can_be_made_while_the_old_one_goes(self, compute: cloud.Compute) -> None:
        request = server()
        old = made(compute, request)
        compute.delete(request.node_id, old.id, resuming=False)
        assert made(compute, request).id != old.id

    def test_other_projects_and_installations_are_out_of_sight(self, new_cloud: NewCloud) -> None:
        request = server()
        mine = new_cloud().compute
        state = made(mine, request)
        others = new_cloud(owner=model.Owner(user="u", project="other")).compute
        assert others.get(state.id) is None
        assert others.list() == ()
        others.delete(request.node_id, state.id, resuming=True)
        elsewhere = new_cloud("theirs").compute
        assert elsewhere.list() == ()
        seen = elsewhere.get(state.id)
        assert seen is not None
        assert seen.node_id == ""
        elsewhere.delete(request.node_id, None, resuming=True)
        assert mine.get(state.id) == state

    def test_it_changes_in_place(self, compute: cloud.Compute) -> None:
        state = made(compute, server())
        networks = (servers.Network(network="public"),)
        change = cloud.ServerChange(
            name="new", metadata={"a": "b"}, networks=networks, flavor="m1.large", image="debian"
        )
        after = compute.update(state.id, change)
        while after.wait > 0:  # a rebuild and a resize may go one after the other
            settled(compute, after)
            after = compute.update(state.id, change)
        assert (after.id, after.status) == (state.id, ServerStatus.ACTIVE)
        assert (after.name, after.metadata, list(after.addresses)) == ("new", {"a": "b"}, ["public"])
        assert (after.flavor, after.image) == ("m1.large", "debian")

    def test_what_is_so_already_is_left_alone(self, compute: cloud.Compute) -> None:
        state = made(compute, server())
        change = cloud.ServerChange(name=state.name, metadata={}, flavor=state.flavor, image=state.image)
        assert compute.update(state.id, change) == state

    @pytest.mark.parametrize(
        ("operations", "ends"),
        [
            (("stop",), ServerStatus.SHUTOFF),
            (("stop", "start"), ServerStatus.ACTIVE),
            (("pause",), ServerStatus.PAUSED),
            (("pause", "unpause"), ServerStatus.ACTIVE),
            (("suspend",), ServerStatus.SUSPENDED),
            (("suspend", "resume"), ServerStatus.ACTIVE),
            (("rescue",), ServerStatus.RESCUE),
            (("rescue", "unrescue"), ServerStatus.ACTIVE),
            (("reboot",), ServerStatus.ACTIVE),
            (("rebuild",), ServerStatus.ACTIVE),
        ],
    )
    def test_operations_once_and_again(
        self, compute: cloud.Compute, operations: tuple[str, ...], ends: ServerStatus
    ) -> None:
        state = made(compute, server())
        for operation in operations:
            for _ in range(2):
                state = settled(compute, compute.operate(state.id, operation, {}))
        assert state.status == ends

    def test_a_lock_keeps_it_as_it_is(self, compute: cloud.Compute) -> None:
        state = made(compute, server())
        assert compute.operate(state.id, "lock", {}).locked
        with pytest.raises(ports.Permanent, match="locked"):
            compute.operate(state.id, "stop", {})
        assert not compute.operate(state.id, "unlock", {}).locked

    def test_what_is_unknown_is_refused(self, compute: cloud.Compute) -> None:
        state = made(compute, server())
        with pytest.raises(ports.Permanent, match="'dance' is unknown"):
            compute.operate(state.id, "dance", {})
        with pytest.raises(ports.Permanent, match="not in the cloud"):
            compute.operate(str(uuid.uuid4()), "stop", {})
        assert compute.get("nothing") is None

    def test_an_image_is_made_of_it(self, compute: cloud.Compute) -> None:
        state = made(compute, server())
        assert compute.snapshot(state.id, "copy")
        assert compute.get(state.id) == state


class TestStacks:
    def test_one_is_made_as_asked(self, orchestration: cloud.Orchestration) -> None:
        request = stack(parameters={"size": 3}, timeout=7)
        state = complete(orchestration, orchestration.create(request, resuming=False))
        assert (state.status, state.node_id, state.name) == ("CREATE_COMPLETE", request.node_id, request.name)
        assert state.outputs == (cloud.Output(key="one", value=1, description="a number"),)
        assert orchestration.definition(state.id) == request.spec
        assert orchestration.list() == (state,)

    def test_a_second_attempt_adopts_what_the_first_began(self, orchestration: cloud.Orchestration) -> None:
        request = stack()
        begun = orchestration.create(request, resuming=False)
        assert orchestration.create(request, resuming=True).id == begun.id
        assert len(orchestration.list()) == 1

    def test_it_changes_and_goes(self, orchestration: cloud.Orchestration) -> None:
        request = stack()
        state = complete(orchestration, orchestration.create(request, resuming=False))
        wanted = dataclasses.replace(request.spec, parameters={"size": 9})
        changed = complete(orchestration, orchestration.update(state.id, wanted))
        assert (changed.id, changed.status) == (state.id, "UPDATE_COMPLETE")
        assert orchestration.definition(state.id) == wanted
        gone(orchestration.delete, request.node_id, None)
        assert orchestration.get(state.id) is None
        assert orchestration.delete(request.node_id, state.id, resuming=True) == 0

    def test_one_that_fails_says_why(self, orchestration: cloud.Orchestration) -> None:
        request = stack(template={"heat_template_version": "2021-04-16", "description": "broken/so that it fails"})
        state = complete(orchestration, orchestration.create(request, resuming=False))
        assert state.failed
        assert not state.well
        assert state.reason

    def test_an_abandoned_one_is_forgotten(self, orchestration: cloud.Orchestration) -> None:
        request = stack()
        state = complete(orchestration, orchestration.create(request, resuming=False))
        assert orchestration.abandon(state.id)["template"] == request.spec.template
        assert orchestration.get(state.id) is None
        with pytest.raises(ports.Permanent, match="not in the cloud"):
            orchestration.abandon(state.id)
