"""A service with real container hosts, and the public clients that speak to it."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest

from senlin_container.drivers import ports
from tests import keystone_service, standalone
from tests.compat import clients, scene
from tests.lab import docker_hosts
from tests.lab import keystone as keystone_lab


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A service with a host cluster ``hosts`` of two engines and a profile ``web`` of containers on it.

    ``api`` prepares what a test needs and looks at what came of it; ``cli`` is what is tested.
    """

    api: standalone.Api
    cli: clients.Cli
    lab: docker_hosts.DockerHosts
    url: str
    numbers: Iterator[int] = dataclasses.field(default_factory=itertools.count)

    def name(self, kind: str) -> str:
        """Make a name that nothing has yet."""
        return f"{kind}{next(self.numbers)}"

    def cluster(self, size: int = 2, *, profile: str = "web", **attributes: Any) -> str:
        """Make a cluster; returns its name."""
        name = self.name("cluster")
        self.api.make("cluster", name=name, profile_id=profile, desired_capacity=size, **attributes)
        return name

    def node(self, profile: str = "web") -> str:
        """Make a node of no cluster; returns its name."""
        name = self.name("node")
        self.api.make("node", name=name, profile_id=profile)
        return name

    def containers(self) -> dict[str, tuple[str, str]]:
        """Return the node and the cluster that the labels of each container on the engines name, by its id."""
        shown = '{{.ID}},{{.Label "senlin_container.node_id"}},{{.Label "senlin_container.cluster_id"}}'
        lines = [
            line.split(",")
            for number in (1, 2)
            for line in self.lab.docker(number, "ps", "-a", "--no-trunc", "--format", shown).splitlines()
        ]
        return {container: (node, cluster) for container, node, cluster in lines}

    def size(self, cluster: str) -> int:
        """Count the containers of a cluster on the engines: those that the API lists, each once, and no others.

        A node that joined or left has a container whose label tells of what was before.
        """
        id_ = self.api.get(f"/v1/clusters/{cluster}")["id"]
        listed = {node["id"]: node["physical_id"] for node in self.api.nodes(id_)}
        found = self.containers()
        assert sorted(container for container, (node, _) in found.items() if node in listed) == sorted(listed.values())
        for node, made_for in found.values():
            assert made_for != id_ or node in listed or self.api.get(f"/v1/nodes/{node}")["cluster_id"] != id_
        return len(listed)

    def ended(self, result: clients.Result) -> Any:
        """Wait for the good end of the action that a command names."""
        assert result.status == 0, result.err
        return self.api.succeed(standalone.Answer(202, None, f"/v1/actions/{result.action}"))


@pytest.fixture(scope="package")
def site(lab: docker_hosts.DockerHosts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The service, with no authentication."""
    lab.up(2)
    service = standalone.Standalone(tmp_path_factory.mktemp("compat") / "service", {"docker": {"stop_timeout": 3}})
    with contextlib.ExitStack() as ends:
        ends.callback(service.close)
        service.start()
        api = standalone.Api(service.url)
        ends.callback(api.close)
        cli = clients.Cli("--os-auth-type", "none", "--os-endpoint", service.url)
        ends.callback(cli.close)
        hosts = [api.host(f"host{number}", **endpoint(lab, number)) for number in (1, 2)]
        profile = api.get("/v1/profiles/host1")
        api.make("cluster", name="hosts", profile_id=profile["id"])
        api.act("clusters/hosts", "add_nodes", nodes=[host["id"] for host in hosts])
        api.container("web", host_cluster="hosts")
        yield Site(api=api, cli=cli, lab=lab, url=service.url)
    for number in (1, 2):  # other tests count what is on these hosts
        left = lab.docker(number, "ps", "-aq", "--filter", f"label={ports.LABEL_SERVICE}").split()
        if left:
            lab.docker(number, "rm", "-f", "-v", *left)


def endpoint(lab: docker_hosts.DockerHosts, number: int) -> dict[str, Any]:
    """Return the properties of a host endpoint over TLS."""
    tls = lab.tls()
    texts = {"ca_cert": tls.ca, "client_cert": tls.cert, "client_key": tls.key}
    return {"endpoint": f"tcp://{lab.address(number)}:2376", "tls": texts}


def write_spec(directory: pathlib.Path, text: str) -> str:
    """Write a spec file; returns its path."""
    file = directory / "spec.yaml"
    file.write_text(text)
    return str(file)


@pytest.fixture(scope="package")
def cloud(
    keystone: keystone_lab.Keystone, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[keystone_service.KeystoneService]:
    """A service under Keystone, with a simulated cloud."""
    made = keystone_service.KeystoneService(tmp_path_factory.mktemp("cloud") / "service", keystone)
    with contextlib.closing(made):
        made.start()
        yield made


@pytest.fixture(scope="package")
def stocked(cloud: keystone_service.KeystoneService) -> standalone.Api:
    """The project ``beta`` with one of each kind in it, for those who try to change it."""
    api = cloud.api("beta-member")
    api.make("profile", name="p", spec=scene.SERVER)
    api.ask("POST", "/v1/policies", {"policy": {"name": "out", "spec": scene.SCALING}})
    api.make("cluster", name="c", profile_id="p", desired_capacity=1)
    api.act("clusters/c", "policy_attach", policy_id="out", enabled=True)
    api.make("node", name="n", profile_id="p")
    api.make("node", name="m", profile_id="p", cluster_id="c")
    receiver = {"name": "r", "type": "webhook", "cluster_id": "c", "action": "CLUSTER_CHECK"}
    api.ask("POST", "/v1/receivers", {"receiver": receiver})
    return api
