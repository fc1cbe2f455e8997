"""The engines of the contract suite, each started when the first test wants it."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from senlin_container.drivers import ports
from tests.contract import engines
from tests.lab import docker_hosts, ssh_server


@pytest.fixture(scope="session")
def docker_host(lab: docker_hosts.DockerHosts) -> docker_hosts.DockerHosts:
    """A lab with at least host 1."""
    lab.up(1)
    return lab


@pytest.fixture(scope="session")
def ssh(
    docker_host: docker_hosts.DockerHosts, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ssh_server.SshServer]:
    """A way to host 1 through SSH."""
    why_not = ssh_server.missing()
    if why_not and os.environ.get("REQUIRE_LAB") == "1":
        pytest.fail(f"REQUIRE_LAB=1, but {why_not}")
    if why_not:
        pytest.skip(why_not)
    server = ssh_server.start(tmp_path_factory.mktemp("ssh"), docker_host.socket(1))
    yield server
    server.close()


@pytest.fixture(params=["simulated", *(pytest.param(way, marks=pytest.mark.lab) for way in ("unix", "tls", "ssh"))])
def engine(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> engines.Engine:
    """Each engine in turn."""
    if request.param == "simulated":
        return engines.SimulatedEngine(directory=tmp_path)
    found: engines.DockerEngine = request.getfixturevalue(f"{request.param}_engine")
    return found


@pytest.fixture
def unix_engine(docker_host: docker_hosts.DockerHosts) -> engines.DockerEngine:
    """Host 1 by its socket."""
    return engines.DockerEngine(
        lab=docker_host, number=1, endpoint=docker_host.local(1), settings={}, address="0.0.0.0"
    )


@pytest.fixture
def tls_engine(docker_host: docker_hosts.DockerHosts) -> engines.DockerEngine:
    """Host 1 over TLS."""
    return engines.DockerEngine(
        lab=docker_host, number=1, endpoint=docker_host.remote(1), settings={}, address=docker_host.address(1)
    )


@pytest.fixture
def ssh_engine(docker_host: docker_hosts.DockerHosts, ssh: ssh_server.SshServer) -> engines.DockerEngine:
    """Host 1 through SSH."""
    settings = {"ssh_known_hosts": str(ssh.known_hosts), "ssh_identity": str(ssh.identity)}
    return engines.DockerEngine(
        lab=docker_host, number=1, endpoint=ports.Endpoint(url=ssh.url), settings=settings, address="127.0.0.1"
    )


@pytest.fixture
def new_driver(engine: engines.Engine) -> Iterator[Callable[..., engines.Driver]]:
    """Make drivers (service, options); what they have created is removed in the end."""
    made: list[engines.Driver] = []
    services: set[str] = set()

    def make(service: str = "ours", **options: Any) -> engines.Driver:
        driver = engine.driver(service, **options)
        made.append(driver)
        services.add(service)
        return driver

    yield make
    # not with the test's own drivers, which may have little patience
    for service in services:
        sweeper = engine.driver(service)
        for state in sweeper.list():
            sweeper.remove(state.id)
        sweeper.close()
    for driver in made:
        driver.close()


@pytest.fixture
def host(new_driver: Callable[..., engines.Driver]) -> engines.Driver:
    """A driver of this installation."""
    return new_driver()
