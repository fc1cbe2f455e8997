"""The service as its users have it: a process of its own, started from a configuration file, spoken to over HTTP."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import requests

from tests.lab import docker_hosts

READY = 60.0
"""Seconds that the service may take to answer, on a machine that is busy."""

DONE = 60.0
"""Seconds that an action may take."""

RUNS_ON = ("sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1 & wait; done")
"""A command that runs until it is asked to end, and then ends at once."""

_CHECKOUT = pathlib.Path(__file__).parent.parent
_LISTENS = re.compile(r"The API listens on \S+ port (\d+)")
_OVER = ("SUCCEEDED", "FAILED", "CANCELLED")

Options = Mapping[str, Mapping[str, object]]


def wait_until(what: str, met: Callable[[], bool], *, seconds: float = DONE) -> None:
    """Poll until something holds."""
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
        time.sleep(0.05)


def command(name: str, *arguments: str | pathlib.Path) -> list[str]:
    """Return the command line of one of the service's commands, from this checkout: ``name`` is its module."""
    return [sys.executable, "-m", f"senlin_container.cmd.{name}", *map(str, arguments)]


def run(name: str, *arguments: str | pathlib.Path, seconds: float = READY) -> subprocess.CompletedProcess[str]:
    """Run one of the service's commands to its end."""
    return subprocess.run(
        command(name, *arguments), cwd=_CHECKOUT, env=_environment(), capture_output=True, text=True, timeout=seconds
    )


def _environment() -> dict[str, str]:
    kept = {
        key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")
    }  # all is on this machine
    return kept | {"PYTHONPATH": str(_CHECKOUT)}


def write_config(path: pathlib.Path, options: Options) -> pathlib.Path:
    """Write a configuration file."""
    lines = []
    for group, values in options.items():
        lines += [f"[{group}]", *(f"{key} = {value}" for key, value in values.items()), ""]
    path.write_text("\n".join(lines))
    return path


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What the API said."""

    status: int
    document: Any
    location: str

    @property
    def message(self) -> str:
        """The message of an error."""
        return str(self.document["error"]["message"])


class Api:
    """The API, as a client that knows little of it."""

    def __init__(
        self,
        url: str,
        *,
        user: tuple[str, str] | None = None,
        ca: pathlib.Path | None = None,
        token: str | None = None,
    ) -> None:
        self.url = url
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.auth = user
        self._session.verify = str(ca) if ca is not None else True
        if token is not None:
            self._session.headers["X-Auth-Token"] = token

    def close(self) -> None:
        """Drop the connections."""
        self._session.close()

    def send(self, method: str, path: str, body: object = None, *, version: str = "1.14") -> Answer:
        """Send a request; returns the answer, whatever it is."""
        headers = {"OpenStack-API-Version": f"clustering {version}"}
        response = self._session.request(method, self.url + path, json=body, timeout=30, headers=headers)
        document = response.json() if response.content else None
        return Answer(response.status_code, document, response.headers.get("Location", ""))

    def ask(self, method: str, path: str, body: object = None, *, version: str = "1.14") -> Answer:
        """Send a request that must be accepted."""
        answer = self.send(method, path, body, version=version)
        assert answer.status < 300, f"{method} {path}: {answer.status} {answer.document}"
        return answer

    def get(self, path: str) -> Any:
        """Return what is in the document at a path."""
        (value,) = self.ask("GET", path).document.values()
        return value

    def make(self, kind: str, **attributes: Any) -> Any:
        """Create a profile, a cluster or a node, and return it as it is when its action is done."""
        answer = self.ask("POST", f"/v1/{kind}s", {kind: attributes})
        if kind != "profile":
            self.succeed(answer)
        return self.get(f"/v1/{kind}s/{answer.document[kind]['id']}")

    def profile(self, name: str, type_name: str, **properties: Any) -> Any:
        """Create a profile of a type such as ``container.host.endpoint-1.0``."""
        type_, _, version = type_name.rpartition("-")
        return self.make("profile", name=name, spec={"type": type_, "version": version, "properties": properties})

    def container(self, name: str, **properties: Any) -> Any:
        """Create the profile of a container that runs on, where ``properties`` do not say otherwise."""
        usual = {"image": docker_hosts.IMAGE, "command": list(RUNS_ON)}
        return self.profile(name, "container.dockerinc.docker-1.1", **usual | properties)

    def host(self, name: str, **properties: Any) -> Any:
        """Create a host node with a profile of its own."""
        return self.make(
            "node", name=name, profile_id=self.profile(name, "container.host.endpoint-1.0", **properties)["id"]
        )

    def act(self, path: str, action: str, **parameters: Any) -> Any:
        """Ask a cluster or a node for something and return the action when it is done."""
        return self.succeed(self.ask("POST", f"/v1/{path}/actions", {action: parameters}))

    def delete(self, path: str, **parameters: Any) -> None:
        """Delete something and wait until it is gone."""
        answer = self.ask("DELETE", f"/v1/{path}", parameters or None)
        if answer.location:
            self.succeed(answer)

    def end(self, answer: Answer, *, seconds: float = DONE) -> Any:
        """Wait for the end of the action that an answer refers to, and return it."""
        path = "/v1/actions/" + answer.location.rpartition("/")[2]
        wait_until(f"{path} is over", lambda: self.get(path)["status"] in _OVER, seconds=seconds)
        return self.get(path)

    def succeed(self, answer: Answer, *, seconds: float = DONE) -> Any:
        """Wait for the good end of the action that an answer refers to, and return it."""
        action = self.end(answer, seconds=seconds)
        assert action["status"] == "SUCCEEDED", f"{action['action']}: {action['status_reason']}"
        return action

    def nodes(self, cluster: str) -> list[Any]:
        """List the nodes of a cluster."""
        found: list[Any] = self.get(f"/v1/nodes?cluster_id={cluster}")
        return found


class Standalone:
    """senlin-container-standalone with everything it writes below one directory. ``stop`` or ``kill`` ends it.

    It listens on a port that was free; what it logs goes to ``log``, through all its starts.
    """

    def __init__(self, directory: pathlib.Path, options: Options | None = None) -> None:
        directory.mkdir(exist_ok=True)
        self.state = directory / "state"
        self.log = directory / "log"
        given = options or {}
        api = {"port": 0} | dict(given.get("api", {}))
        default = {"state_path": self.state} | dict(given.get("DEFAULT", {}))
        self.config = write_config(directory / "service.conf", {**given, "DEFAULT": default, "api": api})
        self._scheme = "https" if "ssl_cert_file" in api else "http"
        self._process: subprocess.Popen[bytes] | None = None
        self._url = ""

    @property
    def url(self) -> str:
        """Where the API is, since the last start."""
        return self._url

    @property
    def pid(self) -> int:
        """The process, while it runs."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it listens."""
        with self.log.open("ab") as log:
            begin = log.tell()
            self._process = subprocess.Popen(
                command("standalone", "--config-file", self.config),
                cwd=_CHECKOUT,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        process = self._process

        def listens() -> bool:
            said = self.log.read_bytes()[begin:].decode()
            assert process.poll() is None, f"the service ended with status {process.returncode}: {said}"
            found = _LISTENS.search(said)
            if found:
                self._url = f"{self._scheme}://127.0.0.1:{found[1]}"
            return found is not None

        wait_until("the service listens", listens, seconds=READY)

    def stop(self) -> int:
        """End it with SIGTERM; returns its exit status."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it with SIGKILL."""
        self._end(signal.SIGKILL)

    def close(self) -> None:
        """End it if it still runs."""
        if self._process is not None:
            self.kill()

    def _end(self, number: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        status = self._process.wait(READY)
        self._process = None
        return status
