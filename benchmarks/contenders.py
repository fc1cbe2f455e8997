"""Ways to bring up containers, measured in turn: this service, the bare docker SDK, Swarm."""

from __future__ import annotations

import concurrent.futures
import contextlib
import datetime
import itertools
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Protocol

import docker
import docker.constants
import docker.errors
import docker.tls
import docker.types

from benchmarks import common
from tests import standalone
from tests.lab import docker_hosts

_MARK = "benchmark"
_REST = 1.5


class Contender(Protocol):
    """One of them."""

    @property
    def name(self) -> str:
        """What it is called in the table."""
        ...

    def create(self, count: int) -> float:
        """Bring up so many containers; returns when all of them ran, in seconds since the epoch."""
        ...

    def remove(self) -> None:
        """Take them away again."""
        ...


class Service:
    """This service: a cluster, from the POST until it is ACTIVE."""

    name = "senlin-container"

    def __init__(self, api: standalone.Api, profile: str) -> None:
        self._api = api
        self._profile = profile

    def create(self, count: int) -> float:
        """Create a cluster of this size."""
        body = {"name": _MARK, "profile_id": self._profile, "desired_capacity": count}
        answer = self._api.ask("POST", "/v1/clusters", {"cluster": body})
        return common.await_end(self._api, answer.document["cluster"]["id"], "CLUSTER_CREATE")

    def remove(self) -> None:
        """Delete the cluster."""
        self._api.delete(f"clusters/{_MARK}")


class Sdk:
    """Threads that call the docker SDK, so many for each engine: create and start and no more."""

    def __init__(self, clients: Sequence[docker.APIClient], parallel: int) -> None:
        self.name = f"docker SDK, {parallel} in parallel"
        self._clients = clients
        self._parallel = parallel

    def create(self, count: int) -> float:
        """Create and start containers, shared out evenly between the engines."""
        with contextlib.ExitStack() as ends:
            pools = [concurrent.futures.ThreadPoolExecutor(self._parallel) for _ in self._clients]
            places = itertools.islice(itertools.cycle(zip(pools, self._clients, strict=True)), count)
            for pool in pools:
                ends.enter_context(pool)
            for future in [pool.submit(self._create_one, client) for pool, client in places]:
                future.result()
            return time.time()

    def remove(self) -> None:
        """Remove the containers by force."""
        with concurrent.futures.ThreadPoolExecutor(4 * len(self._clients)) as pool:
            for client in self._clients:
                for found in client.containers(all=True, filters={"label": _MARK}):
                    pool.submit(client.remove_container, found["Id"], force=True)

    @staticmethod
    def _create_one(client: docker.APIClient) -> None:
        made = client.create_container(docker_hosts.IMAGE, list(common.COMMAND), labels=[_MARK])
        client.start(made["Id"])


class Swarm:
    """Swarm on one engine: what ``docker service create --detach --replicas N --endpoint-mode dnsrr`` asks for.

    Asked through the SDK, which spares Swarm the start of the command.
    """

    name = "Swarm"

    def __init__(self, client: docker.APIClient, address: str) -> None:
        self._client = client
        client.init_swarm(advertise_addr=address, listen_addr=f"{address}:2377")

    def create(self, count: int) -> float:
        """Create a service with so many replicas and wait until all of them run."""
        container = docker.types.ContainerSpec(docker_hosts.IMAGE, args=list(common.COMMAND))
        task = docker.types.TaskTemplate(container, restart_policy=docker.types.RestartPolicy(condition="none"))
        self._client.create_service(
            task,
            name=_MARK,
            mode=docker.types.ServiceMode("replicated", replicas=count),
            endpoint_spec=docker.types.EndpointSpec(mode="dnsrr"),
        )
        return float(common.await_value(f"{count} replicas run", lambda: self._all_ran(count)))

    def remove(self) -> None:
        """Remove the service, and wait for its containers to be gone."""
        self._client.remove_service(_MARK)
        mine = {"label": f"com.docker.swarm.service.name={_MARK}"}
        for found in self._client.containers(all=True, filters=mine):
            with contextlib.suppress(docker.errors.APIError):  # Swarm was quicker
                self._client.remove_container(found["Id"], force=True)
        common.await_value("the replicas are gone", lambda: not self._client.containers(all=True, filters=mine))

    def _all_ran(self, count: int) -> float | None:
        states = [task["Status"] for task in self._client.tasks(filters={"service": _MARK})]
        ran = [state["Timestamp"] for state in states if state["State"] == "running"]
        if len(ran) < count:
            return None
        return max(datetime.datetime.fromisoformat(f"{moment[:26].rstrip('Z')}+00:00") for moment in ran).timestamp()


@contextlib.contextmanager
def client(lab: docker_hosts.DockerHosts, number: int, *, remote: bool) -> Iterator[docker.APIClient]:
    """Give the SDK's client for a host of the lab: by its socket, or over TLS as ``remote``."""
    endpoint, tls = lab.local(number), None
    if remote:
        endpoint, folder = lab.remote(number), lab.directory / "hosts" / "tls" / "client"
        pair = (str(folder / "cert.pem"), str(folder / "key.pem"))
        tls = docker.tls.TLSConfig(client_cert=pair, ca_cert=str(folder / "ca.pem"), verify=True)
    with contextlib.closing(_client(endpoint.url, tls, docker.constants.MINIMUM_DOCKER_API_VERSION)) as asker:
        version = asker.version(api_version=False)["ApiVersion"]
    with contextlib.closing(_client(endpoint.url, tls, version)) as made:
        yield made


def _client(url: str, tls: docker.tls.TLSConfig | None, version: str) -> docker.APIClient:
    made = docker.APIClient(base_url=url, tls=tls or False, version=version, num_pools=32)
    made.trust_env = False  # a CA bundle in the environment would take the place of the host's CA
    return made


def alternate(
    contenders: Sequence[Contender], clients: Sequence[docker.APIClient], *, count: int, rounds: int
) -> dict[str, list[float]]:
    """Let them all bring up containers, one after the other, round by round; each round begins with another one.

    A first round warms up and does not count.

    Args:
        contenders: who takes part.
        clients: the engines, which are asked whether the containers run.
        count: how many containers.
        rounds: how often.

    Returns:
        The seconds of each, a list of one for each round.
    """
    taken: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for number in range(rounds + 1):
        first = number % len(contenders)
        for contender in (*contenders[first:], *contenders[:first]):
            began = time.time()
            seconds = contender.create(count if number else min(count, 8)) - began
            there = sum(len(client.containers()) for client in clients)
            if number and there != count:
                sys.exit(f"{contender.name}: {there} containers run and not {count}")
            contender.remove()
            time.sleep(_REST)
            if number:
                taken[contender.name].append(seconds)
                print(f"round {number}  {seconds:6.2f} s  {contender.name}", file=sys.stderr, flush=True)
    return taken


def show(title: str, taken: dict[str, list[float]], *, count: int) -> None:
    """Print what each took, and how that compares with the best of the SDK (and no other)."""
    bare = {name: seconds for name, seconds in taken.items() if name.startswith("docker SDK")}
    best = min(bare, key=lambda name: common.median(bare[name]))
    lines = []
    for name, seconds in taken.items():
        by_round = [mine / other for mine, other in zip(seconds, taken[best], strict=True)]
        middle = common.median(seconds)
        ratio = middle / common.median(taken[best])
        lines.append((name, middle, min(seconds), max(seconds), count / middle, ratio, common.median(by_round)))
    rounds = len(taken[best])
    print(f"\nratio: to the median of {best}; by round: the median of the ratios of the {rounds} rounds")
    common.show(title, ("", "median s", "least", "most", "per s", "ratio", "by round"), lines)
