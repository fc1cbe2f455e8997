"""What every container driver does, against each engine."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import queue
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from senlin_container.drivers import ports
from tests.contract import engines

NewDriver = Callable[..., engines.Driver]


def names(host: ports.ContainerHost) -> list[str]:
    return sorted(state.name for state in host.list())


def test_info(host: engines.Driver) -> None:
    info = host.info()

    assert info.engine_id
    assert info.version
    assert info.cpus >= 1
    assert info.memory >= 512
    assert info.running <= info.containers


class TestCreate:
    def test_runs_and_is_told(self, host: engines.Driver, engine: engines.Engine) -> None:
        request = engines.request(engine, cpus=0.5, memory=32, labels={"tier": "web"}, restart="on-failure")

        state = host.create(request, resuming=False)

        assert state.condition is ports.Condition.RUNNING
        assert (state.node_id, state.name, state.image) == (request.node_id, request.name, request.image)
        assert state.addresses
        assert state.exit_code is None
        assert host.inspect(state.id) == state
        assert [listed.id for listed in host.list()] == [state.id]

    def test_costs_three_calls_at_most(self, host: engines.Driver, engine: engines.Engine) -> None:
        host.info()
        before = host.calls

        host.create(engines.request(engine), resuming=False)

        assert host.calls - before <= 3

    def test_listing_costs_one_call(self, host: engines.Driver, engine: engines.Engine) -> None:
        for _ in range(3):
            host.create(engines.request(engine), resuming=False)
        before = host.calls

        assert len(host.list()) == 3

        assert host.calls - before == 1

    def test_resumed_adopts_what_runs(self, host: engines.Driver, engine: engines.Engine) -> None:
        request = engines.request(engine)
        first = host.create(request, resuming=False)

        again = host.create(request, resuming=True)

        assert again == first
        assert names(host) == [request.name]

    def test_resumed_starts_what_was_left_stopped(self, host: engines.Driver, engine: engines.Engine) -> None:
        request = engines.request(engine)
        first = host.create(request, resuming=False)
        host.operate(first.id, "stop", {"wait_time": 5})

        again = host.create(request, resuming=True)

        assert again.id == first.id
        assert again.condition is ports.Condition.RUNNING

    def test_resumed_goes_on_with_what_is_paused(self, host: engines.Driver, engine: engines.Engine) -> None:
        request = engines.request(engine)
        first = host.create(request, resuming=False)
        host.operate(first.id, "pause", {})

        again = host.create(request, resuming=True)

        assert (again.id, again.condition) == (first.id, ports.Condition.RUNNING)

    def test_resumed_with_nothing_left_creates(self, host: engines.Driver, engine: engines.Engine) -> None:
        request = engines.request(engine)

        host.create(request, resuming=True)

        assert names(host) == [request.name]

    def test_own_container_under_the_name_is_adopted(self, host: engines.Driver, engine: engines.Engine) -> None:
        request = engines.request(engine)
        first = host.create(request, resuming=False)

        again = host.create(request, resuming=False)

        assert again.id == first.id

    def test_foreign_container_under_the_name_is_refused(
        self, host: engines.Driver, new_driver: NewDriver, engine: engines.Engine
    ) -> None:
        request = engines.request(engine)
        other = new_driver("theirs")
        foreign = other.create(dataclasses.replace(request, node_id="theirs"), resuming=False)

        with pytest.raises(ports.Permanent, match=f"'{request.name}' is taken.*{foreign.id}"):
            host.create(request, resuming=False)

        assert names(host) == []
        assert other.inspect(foreign.id) == foreign

    def test_missing_image(self, host: engines.Driver, engine: engines.Engine) -> None:
        request = engines.request(engine, image="missing/image:7")

        with pytest.raises(
            ports.Permanent, match=r"image 'missing/image:7' is not on host .* could not be pulled: .+"
        ):
            host.create(request, resuming=False)

        assert names(host) == []

    def test_what_ends_at_once_is_not_left(self, host: engines.Driver, engine: engines.Engine) -> None:
        def until_seen() -> None:
            for _attempt in range(20):
                state = host.create(engines.ends_at_once(engine), resuming=False)
                host.remove(state.id)  # it ran until after the look at it: the events tell of such an end

        with pytest.raises(ports.Permanent, match=r"ended as soon as it was started .* exit code 3"):
            until_seen()

        assert names(host) == []

    def test_many_at_a_time(self, host: engines.Driver, engine: engines.Engine) -> None:
        requests = [engines.request(engine) for _ in range(12)]

        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            states = list(pool.map(lambda request: host.create(request, resuming=False), requests))

        assert len({state.id for state in states}) == 12
        assert names(host) == sorted(request.name for request in requests)


class TestPorts:
    def test_published(self, host: engines.Driver, engine: engines.Engine) -> None:
        mappings = (
            ports.PortMapping(container_port=80, host_port=18080),
            ports.PortMapping(container_port=53, protocol="udp"),
            ports.PortMapping(container_port=81, host_ip="127.0.0.1"),
        )

        state = host.create(engines.request(engine, ports=mappings), resuming=False)

        assert state.ports["80/tcp"] == f"{engine.address}:18080"
        assert 1024 < int(state.ports["53/udp"].removeprefix(f"{engine.address}:")) < 65536
        assert state.ports["81/tcp"].startswith("127.0.0.1:")

    def test_taken_port_leaves_nothing(self, host: engines.Driver, engine: engines.Engine) -> None:
        mapping = ports.PortMapping(container_port=80, host_port=18081)
        holder = engines.request(engine, ports=(mapping,))
        host.create(holder, resuming=False)

        with pytest.raises(ports.Permanent, match=r"port 18081 of host .* is in use already") as refusal:
            host.create(engines.request(engine, ports=(mapping,)), resuming=False)

        assert "another host_port" in refusal.value.message
        assert names(host) == [holder.name]

    def test_stopped_container_lets_go_of_its_port(self, host: engines.Driver, engine: engines.Engine) -> None:
        mapping = ports.PortMapping(container_port=80, host_port=18082)
        first = host.create(engines.request(engine, ports=(mapping,)), resuming=False)
        host.operate(first.id, "stop", {})

        host.create(engines.request(engine, ports=(mapping,)), resuming=False)

        with pytest.raises(ports.Permanent):
            host.operate(first.id, "start", {})


class TestDelete:
    def test_twice(self, host: engines.Driver, engine: engines.Engine) -> None:
        state = host.create(engines.request(engine), resuming=False)

        host.delete(state.node_id, state.id, resuming=False)
        host.delete(state.node_id, state.id, resuming=False)

        assert host.inspect(state.id) is None

    def test_costs_two_calls(self, host: engines.Driver, engine: engines.Engine) -> None:
        state = host.create(engines.request(engine), resuming=False)
        before = host.calls

        host.delete(state.node_id, state.id, resuming=False)

        assert host.calls - before <= 2

    @pytest.mark.parametrize("resuming", [False, True])
    def test_by_label(self, host: engines.Driver, engine: engines.Engine, resuming: bool) -> None:
        gone, stays = (host.create(engines.request(engine), resuming=False) for _ in range(2))

        host.delete(gone.node_id, gone.id if resuming else None, resuming=resuming)

        assert names(host) == [stays.name]

    def test_of_what_is_paused_or_ended(self, host: engines.Driver, engine: engines.Engine) -> None:
        paused, ended = (host.create(engines.request(engine), resuming=False) for _ in range(2))
        host.operate(paused.id, "pause", {})
        engine.kill(ended.id)

        for state in (paused, ended):
            host.delete(state.node_id, state.id, resuming=False)

        assert names(host) == []

    def test_of_a_node_without_a_container(self, host: engines.Driver) -> None:
        host.delete("no-such-node", None, resuming=True)

    def test_from_two_sides(self, host: engines.Driver, engine: engines.Engine) -> None:
        state = host.create(engines.request(engine), resuming=False)

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for done in [pool.submit(host.remove, state.id) for _ in range(4)]:
                done.result()

        assert host.inspect(state.id) is None

    def test_remove_of_what_is_gone(self, host: engines.Driver) -> None:
        host.remove("0" * 64)


def test_only_ours_are_listed(host: engines.Driver, new_driver: NewDriver, engine: engines.Engine) -> None:
    theirs, ours = engines.request(engine), engines.request(engine)
    other = new_driver("theirs")
    other.create(theirs, resuming=False)
    host.create(ours, resuming=False)

    assert names(host) == [ours.name]
    assert names(other) == [theirs.name]


def test_labels_of_the_user_do_not_hide_ours(host: engines.Driver, engine: engines.Engine) -> None:
    request = engines.request(engine, labels={ports.LABEL_SERVICE: "theirs", ports.LABEL_NODE: "another"})

    host.create(request, resuming=False)

    assert [state.node_id for state in host.list()] == [request.node_id]


def test_inspect_of_what_is_not(host: engines.Driver) -> None:
    assert host.inspect("0" * 64) is None


def test_listing_tells_how_each_is(host: engines.Driver, engine: engines.Engine) -> None:
    running, paused, killed, stopped = (host.create(engines.request(engine), resuming=False) for _ in range(4))
    host.operate(paused.id, "pause", {})
    engine.kill(killed.id)
    host.operate(stopped.id, "stop", {})

    found = {state.id: state for state in host.list()}

    assert found[running.id].condition is ports.Condition.RUNNING
    assert found[paused.id].condition is ports.Condition.PAUSED
    assert (found[killed.id].condition, found[killed.id].exit_code) == (ports.Condition.EXITED, 137)
    assert (found[stopped.id].condition, found[stopped.id].exit_code) == (ports.Condition.EXITED, 0)
    assert found[running.id].addresses


class TestOperate:
    @pytest.mark.parametrize(
        ("steps", "condition"),
        [
            (["stop"], ports.Condition.EXITED),
            (["stop", "stop"], ports.Condition.EXITED),
            (["stop", "start"], ports.Condition.RUNNING),
            (["start"], ports.Condition.RUNNING),
            (["restart"], ports.Condition.RUNNING),
            (["stop", "restart"], ports.Condition.RUNNING),
            (["pause"], ports.Condition.PAUSED),
            (["pause", "pause"], ports.Condition.PAUSED),
            (["pause", "unpause"], ports.Condition.RUNNING),
            (["unpause"], ports.Condition.RUNNING),
            (["kill"], ports.Condition.EXITED),
        ],
        ids="-".join,
    )
    def test_ends_in(
        self, host: engines.Driver, engine: engines.Engine, steps: list[str], condition: ports.Condition
    ) -> None:
        state = host.create(engines.request(engine), resuming=False)

        for step in steps:
            state = host.operate(state.id, step, {})

        assert state.condition is condition
        assert host.inspect(state.id) == state

    def test_signal_that_does_not_end(self, host: engines.Driver, engine: engines.Engine) -> None:
        state = host.create(engines.request(engine), resuming=False)

        assert host.operate(state.id, "kill", {"signal": "SIGUSR1"}).condition is ports.Condition.RUNNING

    @pytest.mark.parametrize("operation", ["pause", "kill"])
    def test_of_what_does_not_run_is_refused(
        self, host: engines.Driver, engine: engines.Engine, operation: str
    ) -> None:
        state = host.create(engines.request(engine), resuming=False)
        host.operate(state.id, "stop", {})

        with pytest.raises(ports.Permanent, match="not running"):
            host.operate(state.id, operation, {})

    @pytest.mark.parametrize("operation", ["start", "stop", "restart", "pause", "unpause", "kill"])
    def test_of_what_is_not_there_is_refused(self, host: engines.Driver, operation: str) -> None:
        with pytest.raises(ports.Permanent, match="is not on host"):
            host.operate("0" * 64, operation, {})

    def test_unknown_is_refused(self, host: engines.Driver, engine: engines.Engine) -> None:
        state = host.create(engines.request(engine), resuming=False)

        with pytest.raises(ports.Permanent, match="'fly' is unknown: expected one of kill, pause"):
            host.operate(state.id, "fly", {})


class TestUpdate:
    def test_in_place(self, host: engines.Driver, engine: engines.Engine) -> None:
        state = host.create(engines.request(engine, cpus=0.5, memory=32), resuming=False)

        for _ in range(2):  # the second time is that of an action which is resumed
            updated = host.update(
                state.id, name=f"{state.name}-new", cpus=1.0, memory=128, restart="on-failure", restart_retries=2
            )

        assert updated.id == state.id
        assert updated.name == f"{state.name}-new"
        assert updated.condition is ports.Condition.RUNNING

    def test_limits_where_there_were_none(self, host: engines.Driver, engine: engines.Engine) -> None:
        state = host.create(engines.request(engine), resuming=False)

        assert host.update(state.id, cpus=0.5, memory=64).condition is ports.Condition.RUNNING

    def test_restart_policy_is_at_work(self, host: engines.Driver, engine: engines.Engine) -> None:
        state = host.create(engines.request(engine), resuming=False)

        host.update(state.id, restart="always")
        host.operate(state.id, "restart", {})

        assert host.update(state.id, restart="no").condition is ports.Condition.RUNNING

    def test_name_that_is_taken_is_refused(self, host: engines.Driver, engine: engines.Engine) -> None:
        one, two = (host.create(engines.request(engine), resuming=False) for _ in range(2))

        with pytest.raises(ports.Permanent, match=one.name):
            host.update(two.id, name=one.name)

    def test_limit_cannot_be_lifted(self, host: engines.Driver, engine: engines.Engine) -> None:
        state = host.create(engines.request(engine, memory=64), resuming=False)

        with pytest.raises(ports.Permanent, match=r"memory limit .* cannot be lifted in place"):
            host.update(state.id, memory=0)

    def test_of_what_is_not_there_is_refused(self, host: engines.Driver) -> None:
        with pytest.raises(ports.Permanent, match="is not on host"):
            host.update("0" * 64, cpus=1.0)


class Watch:
    """Follows a host's events in a thread."""

    def __init__(self, host: ports.ContainerHost) -> None:
        self.events: queue.Queue[ports.ContainerEvent] = queue.Queue()
        self.failure: ports.Failure | None = None
        self.stream = host.events()
        self.thread = threading.Thread(target=self._follow)
        self.thread.start()

    def _follow(self) -> None:
        try:
            for event in self.stream:
                self.events.put(event)
        except ports.Failure as failure:
            self.failure = failure

    def close(self) -> None:
        self.stream.close()
        self.thread.join(5)
        assert not self.thread.is_alive()


@contextlib.contextmanager
def watching(host: ports.ContainerHost) -> Iterator[Watch]:
    watch = Watch(host)
    try:
        yield watch
    finally:
        watch.close()


class TestEvents:
    def test_death_is_known_within_a_second(self, host: engines.Driver, engine: engines.Engine) -> None:
        state = host.create(engines.request(engine), resuming=False)

        with watching(host) as watch:
            engine.kill(state.id)
            event = watch.events.get(timeout=1)

        assert (event.kind, event.container_id, event.node_id) == ("die", state.id, state.node_id)
        assert event.exit_code == 137
        assert abs(event.time - time.time()) < 5

    def test_removal(self, host: engines.Driver, engine: engines.Engine) -> None:
        state = host.create(engines.request(engine), resuming=False)

        with watching(host) as watch:
            host.remove(state.id)
            kinds = [watch.events.get(timeout=1).kind for _ in range(2)]

        assert kinds == ["die", "destroy"]

    def test_of_others_are_not_seen(self, host: engines.Driver, new_driver: NewDriver, engine: engines.Engine) -> None:
        other = new_driver("theirs")
        foreign = other.create(engines.request(engine), resuming=False)
        mine = host.create(engines.request(engine), resuming=False)

        with watching(host) as watch:
            engine.kill(foreign.id)
            engine.kill(mine.id)
            event = watch.events.get(timeout=1)

        assert event.container_id == mine.id

    def test_close_ends_a_quiet_stream(self, host: engines.Driver) -> None:
        watch = Watch(host)
        time.sleep(0.2)

        begin = time.monotonic()
        watch.close()

        assert time.monotonic() - begin < 1
        assert watch.failure is None

    def test_close_before_iteration(self, host: engines.Driver) -> None:
        stream = host.events()

        stream.close()

        assert list(stream) == []

    def test_two_streams(self, host: engines.Driver, engine: engines.Engine) -> None:
        state = host.create(engines.request(engine), resuming=False)

        with watching(host) as one, watching(host) as two:
            engine.kill(state.id)

            assert one.events.get(timeout=1).kind == two.events.get(timeout=1).kind == "die"


class TestHungHost:
    def test_costs_its_time_limit(self, new_driver: NewDriver, engine: engines.Engine) -> None:
        host = new_driver(**engine.impatience())
        state = host.create(engines.request(engine), resuming=False)

        with engine.hang():
            for call in (
                host.info,
                host.list,
                lambda: host.inspect(state.id),
                lambda: host.operate(state.id, "start", {}),
            ):
                begin = time.monotonic()
                with pytest.raises(ports.Retry, match="does not answer"):
                    call()
                assert time.monotonic() - begin < 3

        assert new_driver().inspect(state.id) is not None

    def test_threads_wait_side_by_side(self, new_driver: NewDriver, engine: engines.Engine) -> None:
        host = new_driver(**engine.impatience())

        with engine.hang(), concurrent.futures.ThreadPoolExecutor(8) as pool:
            begin = time.monotonic()
            waiting = [pool.submit(host.list) for _ in range(8)]
            for call in waiting:
                with pytest.raises(ports.Retry):
                    call.result()
            assert time.monotonic() - begin < 4


def test_environment_values_are_in_no_repr(engine: engines.Engine, host: engines.Driver) -> None:
    request = engines.request(engine, environment={"TOKEN": "hush-hush"})

    state = host.create(request, resuming=False)

    assert "hush-hush" not in f"{request!r} {state!r} {host!r}"
