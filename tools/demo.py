"""The main job of tools/demo: a cluster on one engine that grows, heals, shrinks and goes.

Run by tools/demo, which has seen to the libraries and to the engine. It speaks to the service through its public API,
and to the engine only for what the service is not asked to do: get the image, kill a container, count what is left.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import demo_client
import demo_image
import docker
import docker.errors

# The shell is process 1, which a signal ends only where it asks for it: so that a stop takes no grace period.
SERVE = "mkdir -p /www; hostname >/www/index.html; trap 'exit 0' TERM; httpd -f -p 80 -h /www & wait"
LABEL_CLUSTER = "senlin_container.cluster_id"


class Interrupted(Exception):
    """Somebody wants the demo to end."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """What the demo keeps below its state directory."""

    state: pathlib.Path

    @property
    def config(self) -> pathlib.Path:
        """Configuration of the service."""
        return self.state / "senlin-container.conf"

    @property
    def data(self) -> pathlib.Path:
        """State directory of the service."""
        return self.state / "service"

    @property
    def log(self) -> pathlib.Path:
        """What the service writes."""
        return self.state / "service.log"

    @property
    def clusters(self) -> pathlib.Path:
        """Id of each cluster made, one per line, so that their containers are found even when the service is gone."""
        return self.state / "clusters"

    @property
    def image(self) -> pathlib.Path:
        """Name of the image that the demo brought to the engine, if it did."""
        return self.state / "image"

    @property
    def running(self) -> pathlib.Path:
        """JSON: pid and URL of the service."""
        return self.state / "service.json"


@contextlib.contextmanager
def step(text: str) -> Iterator[list[str]]:
    """Print a line with the seconds of the block; what the block puts into the list is printed below it."""
    more: list[str] = []
    start = time.monotonic()
    yield more
    print(f"{text:<72} {time.monotonic() - start:6.1f} s", flush=True)
    for line in more:
        print("    " + line, flush=True)


# --- the service ---


def free_port() -> int:
    """Return a port of loopback that nobody listens on now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def start_service(paths: Paths) -> demo_client.Api:
    """Start the service and wait until it answers."""
    port = free_port()
    paths.data.mkdir(mode=0o700, exist_ok=True)
    paths.config.write_text(
        f"[DEFAULT]\nstate_path = {paths.data}\n\n[api]\nhost = 127.0.0.1\nport = {port}\nauth_strategy = noauth\n"
    )
    command = pathlib.Path(sys.executable).with_name("senlin-container-standalone")
    with paths.log.open("ab") as log:
        process = subprocess.Popen(
            [command, "--config-file", paths.config],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    api = demo_client.Api(f"http://127.0.0.1:{port}")
    paths.running.write_text(json.dumps({"pid": process.pid, "url": api.url}))

    def answers() -> bool:
        if process.poll() is not None:
            raise demo_client.Failed(f"the service ended at once with status {process.returncode}")
        with contextlib.suppress(demo_client.Failed):
            api.get("/v1/build-info")
            return True
        return False

    demo_client.wait_until("the service answers", answers, seconds=60)
    return api


def stop_service(paths: Paths) -> None:
    """Stop the service that start_service started, if it still runs."""
    with contextlib.suppress(FileNotFoundError):
        pid = json.loads(paths.running.read_text())["pid"]
        if _alive(pid, paths):
            os.kill(pid, signal.SIGTERM)
            try:
                demo_client.wait_until("the service has stopped", lambda: not _alive(pid, paths), seconds=30)
            except demo_client.Failed:
                os.kill(pid, signal.SIGKILL)
        paths.running.unlink()


def _alive(pid: int, paths: Paths) -> bool:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        return os.fsencode(paths.config) in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


# --- the main job ---


def container_profile(image: str, host: str) -> dict[str, Any]:
    """Return the body of a profile of a small web server on one host."""
    properties = {
        "image": image,
        "command": ["sh", "-c", SERVE],
        "host_node": host,
        "ports": [{"container_port": 80}],
        "memory": 32,
    }
    return {
        "name": "demo-web",
        "spec": {"type": "container.dockerinc.docker", "version": "1.1", "properties": properties},
    }


def register_host(api: demo_client.Api, url: str) -> str:
    """Make this machine's engine known to the service; return the id of its node."""
    spec = {"type": "container.host.endpoint", "version": "1.0", "properties": {"endpoint": url}}
    profile = api.create("profile", {"name": "demo-host", "spec": spec})
    node = api.create("node", {"name": "demo-host", "profile_id": profile["id"]})
    return str(node["id"])


def create_cluster(api: demo_client.Api, paths: Paths, profile: str) -> str:
    """Create a cluster of three that heals by itself; return its id."""
    body = {
        "name": "demo-web",
        "profile_id": profile,
        "desired_capacity": 3,
        "config": {"health.recovery": "RECREATE"},
    }
    document, location = api.call("POST", "/v1/clusters", {"cluster": body})
    cluster = str(document["cluster"]["id"])
    with paths.clusters.open("a") as made:
        made.write(cluster + "\n")
    api.wait(location)
    return cluster


def heal(api: demo_client.Api, engine: docker.APIClient, cluster: str) -> list[str]:
    """Kill a container through the engine and wait for its replacement."""
    before = api.nodes(cluster)
    victim = before[0]
    start = time.monotonic()
    engine.kill(victim["physical_id"])

    def noticed() -> bool:
        node = api.get(f"/v1/nodes/{victim['id']}")["node"]
        return node["status"] != "ACTIVE" or node["physical_id"] != victim["physical_id"]

    demo_client.wait_until("the service sees that a container was killed", noticed)
    seen = time.monotonic() - start

    def whole() -> bool:
        nodes = api.nodes(cluster)
        healthy = [n for n in nodes if n["status"] == "ACTIVE" and n["physical_id"] != victim["physical_id"]]
        return len(healthy) == len(nodes) == len(before)

    demo_client.wait_until("the killed container is replaced", whole)
    return [
        f"killed {victim['physical_id'][:12]} ({victim['name']}): seen after {seen:.2f} s, "
        f"replaced after {time.monotonic() - start:.2f} s"
    ]


def left_over(engine: docker.APIClient, cluster: str) -> list[str]:
    """Return the names of the containers that a cluster still has on the engine."""
    found = engine.containers(all=True, filters={"label": f"{LABEL_CLUSTER}={cluster}"})
    return [container["Names"][0].lstrip("/") for container in found]


def show(api: demo_client.Api, paths: Paths, engine: docker.APIClient, image: str, url: str) -> str:
    """Go through the life of a cluster; return the id of the container profile, which stays."""
    with step(f"host registered: {url}"):
        host = register_host(api, url)
    with step("profile and cluster of 3 containers created") as more:
        profile = str(api.create("profile", container_profile(image, host))["id"])
        cluster = create_cluster(api, paths, profile)
        more += demo_client.fetch(api.addresses(cluster))
    with step("grown to 6") as more:
        api.act(cluster, "resize", {"adjustment_type": "EXACT_CAPACITY", "number": 6})
        more += demo_client.fetch(api.addresses(cluster))
    with step("one container killed behind the service's back, and replaced") as more:
        more += heal(api, engine, cluster)
        demo_client.fetch(api.addresses(cluster))
    with step("shrunk to 2") as more:
        api.act(cluster, "resize", {"adjustment_type": "EXACT_CAPACITY", "number": 2})
        more += demo_client.fetch(api.addresses(cluster))
    with step("cluster deleted"):
        api.delete(f"/v1/clusters/{cluster}")
    with step("nothing is left on the engine"):
        if names := left_over(engine, cluster):
            raise demo_client.Failed(f"containers are left: {', '.join(names)}")
    return profile


def delete_all(api: demo_client.Api) -> None:
    """Delete every cluster, node and profile of the demo's service."""
    for cluster in api.get("/v1/clusters")["clusters"]:
        api.delete(f"/v1/clusters/{cluster['id']}?force=true")
    for node in api.get("/v1/nodes")["nodes"]:
        api.delete(f"/v1/nodes/{node['id']}?force=true")
    for profile in api.get("/v1/profiles")["profiles"]:
        api.delete(f"/v1/profiles/{profile['id']}")


def clean_up(paths: Paths, engine: docker.APIClient) -> None:
    """End the service and remove what it made, through the service where it still answers."""
    with contextlib.suppress(FileNotFoundError):
        api = demo_client.Api(json.loads(paths.running.read_text())["url"])
        with contextlib.suppress(demo_client.Failed):
            delete_all(api)
    stop_service(paths)
    if paths.clusters.exists():
        for cluster in paths.clusters.read_text().split():
            for name in left_over(engine, cluster):
                engine.remove_container(name, force=True)
    if paths.image.exists():
        # Somebody else may have begun to use it.
        with contextlib.suppress(docker.errors.APIError):
            engine.remove_image(paths.image.read_text())
        paths.image.unlink()


HOW_TO_GO_ON = """
The service runs at {url}, with a cluster of 3 containers named demo-web. In another shell:

    export OS_AUTH_TYPE=none OS_ENDPOINT={url}
    export PATH={client}:$PATH
    openstack cluster list
    openstack cluster members list demo-web
    openstack cluster node list
    openstack cluster expand demo-web
    openstack cluster event list

The client came from: pip install python-senlinclient==3.1.0 python-openstackclient==7.5.1 osc-lib==3.2.0 cliff==4.8.0
Log of the service: {log}
Address of a container: openstack cluster node show --details NODE
To end it all: tools/demo --stop"""


def main() -> int:
    """Show it, or with --stop end what an earlier run left."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=pathlib.Path, required=True, help="directory for everything that is written")
    parser.add_argument("--engine", required=True, help="path of the engine's socket")
    parser.add_argument("--client", type=pathlib.Path, help="the public client, to be named in the advice")
    parser.add_argument("--keep", action="store_true", help="leave the service and a cluster running")
    parser.add_argument("--stop", action="store_true", help="end what --keep left")
    arguments = parser.parse_args()
    paths = Paths(state=arguments.state)
    url = f"unix://{arguments.engine}"
    engine = docker.APIClient(base_url=url, timeout=120)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    kept = False
    try:
        if not arguments.stop:
            demonstrate(paths, engine, url, arguments)
            kept = arguments.keep
        return 0
    except Interrupted:
        print("interrupted: cleaning up", file=sys.stderr)
        return 130
    except (demo_client.Failed, docker.errors.DockerException, OSError) as failure:
        print(f"demo: {failure}", file=sys.stderr)
        if paths.log.exists():
            last = paths.log.read_text().splitlines()[-15:]
            print(f"The last lines of {paths.log}:", *last, sep="\n", file=sys.stderr)
        return 1
    finally:
        if not kept:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)
            clean_up(paths, engine)


def demonstrate(paths: Paths, engine: docker.APIClient, url: str, arguments: argparse.Namespace) -> None:
    """Get the image, start the service, show the main job, and leave a cluster where that is wanted."""
    start = time.monotonic()
    with step("image ready") as more:
        image, origin, brought = demo_image.get_image(engine)
        if brought:
            paths.image.write_text(image)
        more.append(origin)
    with step("senlin-container-standalone answers") as more:
        api = start_service(paths)
        more.append(f"{api.url}, with all its data below {paths.data}")
    profile = show(api, paths, engine, image, url)
    print(f"{'all of it':<72} {time.monotonic() - start:6.1f} s")
    if arguments.keep:
        with step("cluster of 3 containers created again, to be kept") as more:
            more += demo_client.fetch(api.addresses(create_cluster(api, paths, profile)))
        client = arguments.client.parent if arguments.client else "DIRECTORY"
        print(HOW_TO_GO_ON.format(url=api.url, log=paths.log, client=client))


def _interrupt(_number: int, _frame: object) -> None:
    raise Interrupted


if __name__ == "__main__":
    sys.exit(main())
