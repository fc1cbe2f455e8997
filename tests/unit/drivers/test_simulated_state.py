"""The state of simulated hosts: shared by processes, and whole after any of them is killed."""

from __future__ import annotations

import multiprocessing
import os
import pathlib
import random
import signal
import time
from typing import Any

import pytest

from senlin_container.drivers import fake, ports
from senlin_container.drivers.fake import journal, records

CONTEXT = multiprocessing.get_context("spawn")


def host(directory: pathlib.Path, url: str = "sim://one", **options: Any) -> fake.SimulatedHost:
    return fake.SimulatedHost(
        ports.Endpoint(url=url), service="ours", options=fake.SimulatedOptions(directory=str(directory), **options)
    )


def request(number: object, **changes: Any) -> ports.ContainerRequest:
    values = {"node_id": f"node-{number}", "cluster_id": None, "project_id": "p", "name": f"web-{number}"}
    return ports.ContainerRequest(**{"image": "any", **values, **changes})


def churn(directory: pathlib.Path, worker: str, progress: Any) -> None:
    """Create, and delete some ten creations later, until killed; ``progress`` counts what is created for sure."""
    mine = host(directory)
    for number in range(1_000_000):
        mine.create(request(f"{worker}-{number}"), resuming=False)
        progress.value = number + 1
        if number >= 10:
            mine.delete(f"node-{worker}-{number - 10}", None, resuming=False)


def create_some(directory: pathlib.Path, worker: int) -> None:
    mine = host(directory)
    for number in range(200):
        mine.create(request(f"{worker}-{number}"), resuming=False)


def names(simulated: fake.SimulatedHost) -> list[str]:
    return [state.name for state in simulated.list()]


class TestSharing:
    def test_another_process_sees_it(self, tmp_path: pathlib.Path) -> None:
        mine = host(tmp_path)
        workers = [CONTEXT.Process(target=create_some, args=(tmp_path, worker)) for worker in range(2)]
        for worker in workers:
            worker.start()
        for number in range(200):
            mine.create(request(f"here-{number}"), resuming=False)
        for worker in workers:
            worker.join()

        assert [worker.exitcode for worker in workers] == [0, 0]
        assert len(names(mine)) == len(set(names(mine))) == 600

    def test_two_instances_in_one_process(self, tmp_path: pathlib.Path) -> None:
        one, two = host(tmp_path), host(tmp_path)

        state = one.create(request(1), resuming=False)

        assert two.inspect(state.id) == state
        two.remove(state.id)
        assert one.list() == ()

    def test_hosts_are_apart(self, tmp_path: pathlib.Path) -> None:
        host(tmp_path).create(request(1), resuming=False)

        assert names(host(tmp_path, "sim://two")) == []

    def test_it_is_there_after_a_restart(self, tmp_path: pathlib.Path) -> None:
        mapping = ports.PortMapping(container_port=80, host_port=8080)
        first = host(tmp_path)
        state = first.create(request(1, ports=(mapping,), restart="always"), resuming=False)
        first.close()

        again = host(tmp_path)

        assert again.inspect(state.id) == state
        with pytest.raises(ports.Permanent, match="port 8080"):
            again.create(request(2, ports=(mapping,)), resuming=False)


class TestDamage:
    @pytest.mark.parametrize("cut", [1, 10, 60])
    def test_torn_line_is_cut_off(self, tmp_path: pathlib.Path, cut: int) -> None:
        first = host(tmp_path)
        first.create(request(1), resuming=False)
        whole = (tmp_path / "one.jsonl").stat().st_size
        first.create(request(2), resuming=False)
        os.truncate(tmp_path / "one.jsonl", whole + cut)
        again = host(tmp_path)

        assert names(again) == ["web-1"]
        again.create(request(3), resuming=False)
        assert names(host(tmp_path)) == ["web-1", "web-3"]

    def test_killed_while_writing(self, tmp_path: pathlib.Path) -> None:
        rng = random.Random(7)
        for round_ in range(5):
            done = {f"{round_}-{worker}": CONTEXT.RawValue("q", 0) for worker in range(2)}
            workers = [
                CONTEXT.Process(target=churn, args=(tmp_path, worker, counter)) for worker, counter in done.items()
            ]
            for worker in workers:
                worker.start()
            while not all(counter.value for counter in done.values()):
                time.sleep(0.01)
            time.sleep(rng.random() / 10)
            for worker in workers:
                os.kill(worker.pid or 0, signal.SIGKILL)
                worker.join()

            found = names(host(tmp_path))
            assert len(found) == len(set(found))
            assert {f"web-{worker}-{counter.value - 1}" for worker, counter in done.items()} <= set(found)
            host(tmp_path).create(request(f"after-{round_}"), resuming=False)
            assert f"web-after-{round_}" in names(host(tmp_path))

    def test_line_of_an_older_version(self, tmp_path: pathlib.Path) -> None:
        fields = '["an-id","ours","n","c","p","web","any","running"]'
        (tmp_path / "one.jsonl").write_text(f'{{"put":{fields}}}\n')

        (state,) = host(tmp_path).list()

        assert (state.id, state.name, state.condition) == ("an-id", "web", ports.Condition.RUNNING)

    def test_file_that_is_not_ours_is_a_retry(self, tmp_path: pathlib.Path) -> None:
        (tmp_path / "one.jsonl").write_text("something else\n")

        with pytest.raises(ports.Retry, match="state of simulated host 'sim://one' cannot be used"):
            host(tmp_path).list()

    def test_directory_that_cannot_be_made(self, tmp_path: pathlib.Path) -> None:
        (tmp_path / "file").touch()

        with pytest.raises(ports.Permanent, match=r"directory = .*/file/x cannot be used"):
            host(tmp_path / "file" / "x")


class TestCompaction:
    def test_file_stays_short(self, tmp_path: pathlib.Path) -> None:
        mine, other = host(tmp_path), host(tmp_path)
        stays = other.create(request("stays"), resuming=False)
        for number in range(3000):
            mine.create(request(number), resuming=False)
            mine.delete(f"node-{number}", None, resuming=False)

        lines = (tmp_path / "one.jsonl").read_bytes().count(b"\n")

        assert lines < 3000
        assert [state.id for state in other.list()] == [stays.id]
        assert other.create(request("new"), resuming=False) in mine.list()

    def test_events_are_told_once(self, tmp_path: pathlib.Path) -> None:
        book = journal.Journal(tmp_path, "one")
        follower = book.follow()
        record = records.Record(
            id="x", service="ours", node_id="n", cluster_id="", project_id="p", name="web", image="any",
            condition=ports.Condition.RUNNING,
        )  # fmt: skip
        told = []
        for number in range(5000):
            event = ports.ContainerEvent(kind="die", container_id="x", node_id="n", exit_code=number, time=1.0)
            with book.writing():
                book.append(records.Entry(put=record, events=(("ours", event),)))
            if number % 100 == 0:
                told += follower.read()
        told += follower.read()

        assert [event.exit_code for _service, event in told] == list(range(5000))
        follower.close()
        book.close()


class TestControl:
    def test_down(self, tmp_path: pathlib.Path) -> None:
        mine = host(tmp_path)
        state = mine.create(request(1), resuming=False)
        stream = mine.events()
        fake.set_control(str(tmp_path), "one", down=True)

        with pytest.raises(ports.Retry, match="is down"):
            mine.list()
        with pytest.raises(ports.Retry, match="is down"):
            list(stream)

        fake.set_control(str(tmp_path), "one")
        assert mine.list() == (state,)

    def test_hang(self, tmp_path: pathlib.Path) -> None:
        mine = host(tmp_path, call_timeout=0.2)
        fake.set_control(str(tmp_path), "one", hang=True)

        begin = time.monotonic()
        with pytest.raises(ports.Retry, match="does not answer in time"):
            mine.list()

        assert 0.2 <= time.monotonic() - begin < 1

    def test_passing_faults(self, tmp_path: pathlib.Path) -> None:
        mine = host(tmp_path, failure_rate=0.5, seed=1)
        failed = 0
        for number in range(100):
            while True:
                try:
                    mine.create(request(number), resuming=True)
                    break
                except ports.Retry:
                    failed += 1

        assert 50 < failed < 200
        assert len(names(host(tmp_path))) == 100

    def test_refusals_leave_nothing(self, tmp_path: pathlib.Path) -> None:
        with pytest.raises(ports.Permanent, match="simulated refusal"):
            host(tmp_path, permanent_failure_rate=1.0).create(request(1), resuming=False)

        assert names(host(tmp_path)) == []

    def test_latency(self, tmp_path: pathlib.Path) -> None:
        begin = time.monotonic()

        host(tmp_path, latency=0.1).list()

        assert time.monotonic() - begin >= 0.1


class TestKill:
    @pytest.mark.parametrize(
        ("policy", "retries", "exit_code", "condition"),
        [
            ("no", 0, 1, ports.Condition.EXITED),
            ("always", 0, 0, ports.Condition.RUNNING),
            ("unless-stopped", 0, 1, ports.Condition.RUNNING),
            ("on-failure", 0, 1, ports.Condition.RUNNING),
            ("on-failure", 0, 0, ports.Condition.EXITED),
        ],
    )
    def test_minds_the_restart_policy(
        self, tmp_path: pathlib.Path, policy: str, retries: int, exit_code: int, condition: ports.Condition
    ) -> None:
        mine = host(tmp_path)
        state = mine.create(request(1, restart=policy, restart_retries=retries), resuming=False)

        mine.kill(state.id, exit_code)

        assert mine.list()[0].condition is condition

    def test_restarts_are_counted(self, tmp_path: pathlib.Path) -> None:
        mine = host(tmp_path)
        state = mine.create(request(1, restart="on-failure", restart_retries=2), resuming=False)

        for _ in range(3):
            mine.kill(state.id, 1)

        assert mine.list()[0].condition is ports.Condition.EXITED
        with pytest.raises(ports.Permanent, match="not running"):
            mine.kill(state.id, 1)


class TestUrl:
    def test_capacity_and_place(self, tmp_path: pathlib.Path) -> None:
        info = host(tmp_path, "sim://one?cpus=2.5&memory=512&zone=az1&region=r1").info()

        assert (info.name, info.cpus, info.memory, info.zone, info.region) == ("one", 2.5, 512, "az1", "r1")

    @pytest.mark.parametrize(
        "url",
        [
            "sim://",
            "sim://../up",
            "sim://..",
            "sim://a/b",
            "sim://a?cpus=x",
            "sim://a?cpus=nan",
            "sim://a?cpus=0",
            "sim://a?memory=1.5",
            "sim://a?memory=-1",
            "sim://a?disk=5",
        ],
    )
    def test_that_does_not_fit(self, tmp_path: pathlib.Path, url: str) -> None:
        with pytest.raises(ports.Permanent, match="endpoint 'sim://"):
            host(tmp_path, url)

        assert list(tmp_path.iterdir()) == []


def test_no_environment_value_is_written(tmp_path: pathlib.Path) -> None:
    host(tmp_path).create(request(1, environment={"TOKEN": "hush-hush"}), resuming=False)

    assert b"hush-hush" not in (tmp_path / "one.jsonl").read_bytes()
    assert (tmp_path / "one.jsonl").stat().st_mode & 0o077 == 0
