"""Real Docker hosts for tests: the script ``hosts`` with a tag, a network and a directory of its own for each run."""

from __future__ import annotations

import contextlib
import dataclasses
import ipaddress
import json
import os
import pathlib
import random
import shutil
import subprocess
import tempfile

from senlin_container.drivers import ports

IMAGE = "lab/busybox:latest"
"""What ``DockerHosts.up`` loads into every host: a static busybox."""

_SCRIPT = pathlib.Path(__file__).with_name("hosts")
_PREFIX = "senlin-container-lab-"
_COMMANDS = ("dockerd", "containerd", "runc", "docker", "iptables", "ip", "nsenter", "busybox", "openssl", "pgrep")


class LabError(Exception):
    """The lab could not do what was asked."""


def missing() -> str:
    """Say what stands in the way of a lab on this machine; "" for nothing."""
    if os.geteuid() != 0:
        return "the lab needs root"
    absent = [command for command in _COMMANDS if shutil.which(command) is None]
    return f"the lab needs {', '.join(absent)}: install the packages of bindep.txt" if absent else ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DockerHosts:
    """Hosts 1 to N of one lab. Made by ``new``; ``close`` takes everything away."""

    directory: pathlib.Path
    tag: str
    net: str

    @classmethod
    def new(cls) -> DockerHosts:
        """Choose a tag and a free network; nothing runs yet. Labs whose test run was killed are cleared away first."""
        _sweep()
        directory = pathlib.Path(tempfile.mkdtemp(prefix=_PREFIX))
        lab = cls(directory=directory, tag=f"t{random.randrange(16**4):04x}x", net=_free_net())
        record = {"pid": os.getpid(), "started": _start_time(os.getpid()), "tag": lab.tag, "net": lab.net}
        (directory / "lab.json").write_text(json.dumps(record))
        return lab

    def up(self, count: int) -> None:
        """Have at least ``count`` hosts, with the image."""
        if len(list(self.directory.glob(f"hosts/{self.tag}*"))) < count:
            self.run("up", str(count))
            self.run("image")

    def close(self) -> None:
        """Take everything away."""
        self.run("down")
        shutil.rmtree(self.directory)

    def off(self, number: int) -> None:
        """Cut the power of a host."""
        self.run("off", str(number))

    def on(self, number: int) -> None:
        """Boot a host."""
        self.run("on", str(number))

    def cut(self, number: int) -> None:
        """Take a host off the network."""
        self.run("cut", str(number))

    def join(self, number: int) -> None:
        """Bring a host back to the network."""
        self.run("join", str(number))

    def hang(self, number: int) -> None:
        """Stop the engine of a host in its tracks: it takes connections and does not answer."""
        self.run("hang", str(number))

    def resume(self, number: int) -> None:
        """Let the engine of a host go on."""
        self.run("resume", str(number))

    def docker(self, number: int, *arguments: str) -> str:
        """Run the docker command against a host; returns what it says."""
        return self.run("docker", str(number), *arguments)

    def socket(self, number: int) -> pathlib.Path:
        """The Unix socket of a host's engine."""
        return self.directory / "hosts" / f"{self.tag}{number}" / "docker.sock"

    def address(self, number: int) -> str:
        """The IP address of a host."""
        return f"{self.net}.{10 + number}"

    def local(self, number: int) -> ports.Endpoint:
        """The endpoint of a host by its Unix socket."""
        return ports.Endpoint(url=f"unix://{self.socket(number)}")

    def remote(self, number: int) -> ports.Endpoint:
        """The endpoint of a host over TLS."""
        return ports.Endpoint(url=f"tcp://{self.address(number)}:2376", tls=self.tls())

    def tls(self, who: str = "client") -> ports.Tls:
        """The TLS material of the "client" that all hosts trust, or of the "stranger" whom none does."""
        folder = self.directory / "hosts" / "tls" / who
        return ports.Tls(**{part: (folder / f"{part}.pem").read_text() for part in ("ca", "cert", "key")})

    def run(self, *arguments: str) -> str:
        """Run the script."""
        settings = {"LAB_DIR": str(self.directory), "LAB_TAG": self.tag, "LAB_NET": self.net}
        done = subprocess.run(
            [str(_SCRIPT), *arguments], env=os.environ | settings, capture_output=True, text=True, timeout=180
        )
        if done.returncode:
            raise LabError(f"hosts {' '.join(arguments)}: {done.stderr.strip() or f'status {done.returncode}'}")
        return done.stdout


def _free_net() -> str:
    routed = [
        ipaddress.ip_network(route["dst"], strict=False)
        for route in json.loads(subprocess.run(["ip", "-j", "-4", "route"], capture_output=True, check=True).stdout)
        if route["dst"] != "default"
    ]
    for _attempt in range(100):
        net = f"10.{random.randrange(100, 200)}.{random.randrange(256)}"
        if not any(ipaddress.ip_network(f"{net}.0/24").overlaps(other) for other in routed):
            return net
    raise LabError("no free network 10.100-199.x.0/24 on this machine")


def _sweep() -> None:
    """Clear away the labs of test runs that are dead."""
    for record in pathlib.Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/lab.json"):
        with contextlib.suppress(OSError, ValueError, KeyError, LabError):
            told = json.loads(record.read_text())
            if _start_time(told["pid"]) != told["started"]:
                DockerHosts(directory=record.parent, tag=told["tag"], net=told["net"]).close()


def _start_time(pid: int) -> str:
    """When a process was started, in ticks since the boot; "" when there is none. Tells one from a later namesake."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""
