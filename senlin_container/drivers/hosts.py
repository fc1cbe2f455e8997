"""Which driver serves which container host, and one driver for each host however many threads ask."""

from __future__ import annotations

import pathlib
import re
import threading
import urllib.parse
from typing import Protocol

from oslo_config import cfg

from senlin_container.drivers import docker, fake, ports

_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_DOCKER_SCHEMES = ("unix", "tcp", "ssh")
SCHEMES = (*_DOCKER_SCHEMES, "sim")
"""The schemes of the endpoints that can be served."""


class _Driver(ports.ContainerHost, Protocol):
    def close(self) -> None: ...


class HostPool:
    """Gives the driver for an endpoint and keeps it (a ``ports.HostFactory``)."""

    def __init__(
        self, *, service: str, docker_options: docker.DockerOptions, simulated_options: fake.SimulatedOptions
    ) -> None:
        """Begin empty.

        Args:
            service: the name of this installation, the value of the label ``ports.LABEL_SERVICE``.
            docker_options: for the schemes unix, tcp and ssh.
            simulated_options: for the scheme sim.
        """
        self._service = service
        self._docker_options = docker_options
        self._simulated_options = simulated_options
        self._lock = threading.Lock()
        self._drivers: dict[ports.Endpoint, _Driver] = {}

    def __call__(self, endpoint: ports.Endpoint) -> ports.ContainerHost:
        """Return the driver, made at the first call and without a word to the host.

        Raises:
            ports.Permanent: the endpoint cannot be used.
        """
        driver = self._drivers.get(endpoint)
        if driver is None:
            with self._lock:
                driver = self._drivers.get(endpoint)
                if driver is None:
                    driver = self._drivers[endpoint] = self._new(endpoint)
        return driver

    def close(self) -> None:
        """Close all drivers; the pool is empty afterwards."""
        with self._lock:
            drivers, self._drivers = list(self._drivers.values()), {}
        for driver in drivers:
            driver.close()

    def _new(self, endpoint: ports.Endpoint) -> _Driver:
        scheme = urllib.parse.urlsplit(endpoint.url).scheme
        if scheme == "sim":
            return fake.SimulatedHost(endpoint, service=self._service, options=self._simulated_options)
        if scheme in _DOCKER_SCHEMES:
            return docker.DockerHost(endpoint, service=self._service, options=self._docker_options)
        raise ports.Permanent(
            f"endpoint '{endpoint.url}' has an unknown scheme: expected unix:///PATH, tcp://HOST:PORT, "
            f"ssh://USER@HOST or sim://NAME"
        )


def docker_options(conf: cfg.ConfigOpts) -> docker.DockerOptions:
    """Read the group [docker]."""
    group = conf.docker
    return docker.DockerOptions(
        connect_timeout=group.connect_timeout,
        query_timeout=group.query_timeout,
        work_timeout=group.work_timeout,
        pull_timeout=group.pull_timeout,
        stop_timeout=group.stop_timeout,
        events_timeout=group.events_timeout,
        pool_size=group.pool_size,
        allow_insecure_tcp=group.allow_insecure_tcp,
        ssh_known_hosts=group.ssh_known_hosts,
        ssh_identity=group.ssh_identity,
        ssh_sessions=group.ssh_sessions,
    )


def simulated_options(conf: cfg.ConfigOpts) -> fake.SimulatedOptions:
    """Read the group [simulated]."""
    group = conf.simulated
    return fake.SimulatedOptions(
        directory=group.directory,
        latency=group.latency,
        failure_rate=group.failure_rate,
        permanent_failure_rate=group.permanent_failure_rate,
        seed=group.seed,
        call_timeout=group.call_timeout,
        poll_interval=group.poll_interval,
        build_time=group.build_time,
    )


def read_tls(certificates_directory: str, name: str) -> ports.Tls:
    """Read the TLS material that an operator keeps for a host.

    Args:
        certificates_directory: ``[docker] certificates_directory``.
        name: a folder in it that holds ca.pem, cert.pem and key.pem.

    Raises:
        ports.Permanent: there is no such folder, the name is not a plain one, or a file cannot be read.
    """
    if not certificates_directory:
        raise ports.Permanent(
            f"tls directory '{name}' cannot be used: the operator has set no [docker] certificates_directory"
        )
    # A plain name, so that no profile leads out of the directory; links in it are the operator's own.
    if not _FOLDER.fullmatch(name):
        raise ports.Permanent(f"tls directory '{name}': expected the name of a folder in certificates_directory")
    folder = pathlib.Path(certificates_directory, name)
    texts = {}
    for part in ("ca", "cert", "key"):
        try:
            texts[part] = (folder / f"{part}.pem").read_text()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "not a text"
            raise ports.Permanent(f"tls directory '{name}': {part}.pem cannot be read ({why})") from error
    return ports.Tls(ca=texts["ca"], cert=texts["cert"], key=texts["key"])
