"""The state of the simulated cloud: shared by processes, whole after any of them is killed, switched as hosts are."""

from __future__ import annotations

import multiprocessing
import os
import pathlib
import signal
import time
from typing import Any

import pytest

from senlin_container.domain import model
from senlin_container.drivers import cloud, clouds, fake, ports
from senlin_container.drivers.fake import estate
from senlin_container.specs import servers

CONTEXT = multiprocessing.get_context("spawn")
OWNER = model.Owner(user="u", project="p")


def compute(directory: pathlib.Path, **options: Any) -> Any:
    given = fake.SimulatedOptions(directory=str(directory), **options)
    return fake.SimulatedClouds(service="ours", options=given)(OWNER).compute


def request(number: object, **properties: Any) -> cloud.ServerRequest:
    spec = servers.ServerSpec(**{"flavor": "1", "image": "cirros", **properties})
    return cloud.ServerRequest(node_id=f"node-{number}", cluster_id=None, name=f"vm-{number}", spec=spec)


def churn(directory: pathlib.Path, worker: int, progress: Any) -> None:
    """Create, and delete some ten creations later, until killed; ``progress`` counts what is created for sure."""
    mine = compute(directory)
    for number in range(1_000_000):
        mine.create(request(f"{worker}-{number}"), resuming=False)
        progress.value = number + 1
        if number >= 10:
            mine.delete(f"node-{worker}-{number - 10}", None, resuming=False)


def test_nothing_is_torn_when_writers_are_killed(tmp_path: pathlib.Path) -> None:
    counts = [CONTEXT.Value("l", 0) for _ in range(2)]
    workers = [CONTEXT.Process(target=churn, args=(tmp_path, i, count)) for i, count in enumerate(counts)]
    for worker in workers:
        worker.start()
    while any(count.value < 200 for count in counts):
        time.sleep(0.01)
    for worker in workers:
        os.kill(worker.pid or 0, signal.SIGKILL)
        worker.join()
    mine = compute(tmp_path)
    names = [state.name for state in mine.list()]
    assert len(names) == len(set(names))
    for i, count in enumerate(counts):
        assert f"vm-{i}-{count.value - 1}" in names
    mine.create(request("after"), resuming=False)
    assert "vm-after" in [state.name for state in compute(tmp_path).list()]


def test_the_file_does_not_grow_for_ever(tmp_path: pathlib.Path) -> None:
    mine, other = compute(tmp_path), compute(tmp_path)
    stays = mine.create(request("stays"), resuming=False)
    for number in range(3000):
        mine.create(request(number), resuming=False)
        mine.delete(f"node-{number}", None, resuming=False)
    assert (tmp_path / f"{estate.NAME}.jsonl").read_bytes().count(b"\n") < 3000
    assert other.list() == (stays,)


def test_passwords_and_user_data_are_not_kept(tmp_path: pathlib.Path) -> None:
    compute(tmp_path).create(
        request(
            1,
            admin_pass="swordfish",
            user_data="#!swordfish",
            files=(servers.InjectedFile(path="/x", contents="swordfish"),),
        ),
        resuming=False,
    )
    assert b"swordfish" not in (tmp_path / f"{estate.NAME}.jsonl").read_bytes()
    assert (tmp_path / f"{estate.NAME}.jsonl").stat().st_mode & 0o077 == 0


def test_it_is_switched_off_and_on(tmp_path: pathlib.Path) -> None:
    mine = compute(tmp_path)
    fake.set_control(str(tmp_path), estate.NAME, down=True)
    with pytest.raises(ports.Retry, match="simulated cloud does not answer: it is down"):
        mine.list()
    fake.set_control(str(tmp_path), estate.NAME)
    assert mine.list() == ()


def test_a_file_that_is_none_of_ours_is_told_of(tmp_path: pathlib.Path) -> None:
    (tmp_path / f"{estate.NAME}.jsonl").write_text('{"what": [1]}\n')
    with pytest.raises(ports.Retry, match="not an entry of a simulated cloud"):
        compute(tmp_path).list()


def test_refusals_and_faults_come_at_their_rates(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ports.Permanent, match="refused to list servers: simulated refusal"):
        compute(tmp_path, permanent_failure_rate=1.0).list()
    with pytest.raises(ports.Retry, match="simulated fault"):
        compute(tmp_path, failure_rate=1.0).list()


def test_the_backend_is_chosen_by_its_name(tmp_path: pathlib.Path) -> None:
    options = fake.SimulatedOptions(directory=str(tmp_path))
    simulated = clouds.choose("simulated", service="ours", simulated_options=options)
    assert simulated(OWNER).compute.list() == ()
    simulated.close()
    real = clouds.choose("openstack", service="ours", simulated_options=options)
    with pytest.raises(ports.Permanent, match=r"not supported yet: set \[DEFAULT\] cloud_backend = simulated"):
        real(OWNER)
    real.close()


def test_a_directory_that_cannot_be_used_is_told_of(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ports.Permanent, match=r"\[simulated\] directory"):
        compute(tmp_path / "file" / "below")
