"""The choice of the driver, its options, and TLS material from the operator's directory."""

from __future__ import annotations

import concurrent.futures
import pathlib

import pytest
from oslo_config import cfg

import senlin_container.conf.docker
import senlin_container.conf.simulated
from senlin_container.drivers import docker, fake, hosts, ports


def pool(directory: pathlib.Path) -> hosts.HostPool:
    return hosts.HostPool(
        service="ours",
        docker_options=docker.DockerOptions(),
        simulated_options=fake.SimulatedOptions(directory=str(directory)),
    )


class TestHostPool:
    @pytest.mark.parametrize(
        ("url", "kind"),
        [
            ("unix:///run/docker.sock", docker.DockerHost),
            ("ssh://root@10.0.0.1", docker.DockerHost),
            ("sim://one", fake.SimulatedHost),
        ],
    )
    def test_scheme_decides(self, tmp_path: pathlib.Path, url: str, kind: type) -> None:
        assert isinstance(pool(tmp_path)(ports.Endpoint(url=url)), kind)

    @pytest.mark.parametrize("url", ["http://10.0.0.1", "nonsense", "", "tcp://10.0.0.1"])
    def test_what_cannot_be_used(self, tmp_path: pathlib.Path, url: str) -> None:
        with pytest.raises(ports.Permanent, match=f"endpoint '{url}'"):
            pool(tmp_path)(ports.Endpoint(url=url))

    def test_one_driver_for_all_threads(self, tmp_path: pathlib.Path) -> None:
        factory = pool(tmp_path)
        endpoint = ports.Endpoint(url="sim://one")

        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            drivers = set(threads.map(lambda _: factory(endpoint), range(50)))

        assert len(drivers) == 1
        factory.close()
        assert factory(endpoint) not in drivers


def test_options_of_the_configuration_are_those_of_the_drivers() -> None:
    conf = cfg.ConfigOpts()
    conf.register_opt(cfg.StrOpt("state_path", default="/state"))
    conf.register_opts(senlin_container.conf.docker.OPTS, senlin_container.conf.docker.GROUP)
    conf.register_opts(senlin_container.conf.simulated.OPTS, senlin_container.conf.simulated.GROUP)
    conf([])

    assert hosts.docker_options(conf) == docker.DockerOptions()
    assert hosts.simulated_options(conf) == fake.SimulatedOptions(directory="/state/simulated")


class TestReadTls:
    @pytest.fixture
    def directory(self, tmp_path: pathlib.Path) -> pathlib.Path:
        for folder in (tmp_path / "certs" / "rack-1", tmp_path / "elsewhere"):
            folder.mkdir(parents=True)
            for part in ("ca", "cert", "key"):
                (folder / f"{part}.pem").write_text(f"the {part}")
        return tmp_path / "certs"

    def test_reads(self, directory: pathlib.Path) -> None:
        tls = hosts.read_tls(str(directory), "rack-1")

        assert (tls.ca, tls.cert, tls.key) == ("the ca", "the cert", "the key")
        assert "the key" not in repr(tls)

    @pytest.mark.parametrize("name", ["", ".", "..", "../elsewhere", "/etc", "rack-1/..", "rack-1/x", "a\0b"])
    def test_does_not_leave_the_directory(self, directory: pathlib.Path, name: str) -> None:
        with pytest.raises(ports.Permanent, match="name of a folder"):
            hosts.read_tls(str(directory), name)

    def test_missing_part(self, directory: pathlib.Path) -> None:
        (directory / "rack-1" / "key.pem").unlink()

        with pytest.raises(ports.Permanent, match=r"key.pem cannot be read \(No such file"):
            hosts.read_tls(str(directory), "rack-1")

    def test_without_a_directory(self) -> None:
        with pytest.raises(ports.Permanent, match="certificates_directory"):
            hosts.read_tls("", "rack-1")
