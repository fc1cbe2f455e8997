"""The unmodified public clients, in an environment of their own."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import re
import subprocess
from collections.abc import Sequence
from typing import Any

from tests import environments

HERE = pathlib.Path(__file__).parent
REQUIREMENTS = HERE / "requirements.txt"
_ACTION = re.compile(r"action:? ([0-9a-f-]{36})")


def python() -> pathlib.Path:
    """Return the Python of an environment with the clients: of the command that OPENSTACK_CLIENT names, if it does."""
    return environments.programs("client", REQUIREMENTS, "OPENSTACK_CLIENT") / "python"


def subcommands() -> frozenset[str]:
    """Return what may follow ``openstack cluster``: every command that python-senlinclient brings."""
    told = _said(
        "import importlib.metadata as m; "
        "print(*(e.name for e in m.entry_points(group='openstack.clustering.v1')), sep='\\n')"
    )
    return frozenset(name.removeprefix("cluster_").replace("_", " ") for name in told)


def methods() -> frozenset[str]:
    """Return the public methods of openstacksdk's clustering proxy, without those that all proxies have."""
    told = _said(
        "import openstack.proxy as p; from openstack.clustering.v1 import _proxy; "
        "print(*(n for n in dir(_proxy.Proxy) if n[0] != '_' and n not in dir(p.Proxy)), sep='\\n')"
    )
    return frozenset(told) - {"api_version", "skip_discovery"}


def _said(program: str) -> list[str]:
    done = subprocess.run([python(), "-c", program], env=_environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")[:-1]


def _environment() -> dict[str, str]:
    """What the user's own clouds and proxies say has nothing to do with these tests."""
    kept = {key: value for key, value in os.environ.items() if not re.match("(?i)OS_|PYTHON|.*_proxy$", key)}
    return kept | {"OS_CLIENT_CONFIG_FILE": os.devnull}


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """What a command did."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """What was printed as JSON, below what else the command had to say."""
        begin = re.search(r"^[\[{]", self.out, re.MULTILINE)
        assert begin is not None, f"no JSON: {self.out!r} {self.err!r}"
        return json.loads(self.out[begin.start() :])

    @property
    def action(self) -> str:
        """The id of the action that accepted the request."""
        found = _ACTION.search(self.out)
        assert found is not None, f"no action: {self.out!r} {self.err!r}"
        return found[1]


class _Process:
    """A program of the clients' environment that answers a line for a line."""

    def __init__(self, *arguments: str | pathlib.Path) -> None:
        self._process = subprocess.Popen(
            [python(), *arguments], env=_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, request: object) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the client's process has ended"
        return json.loads(line)

    def close(self) -> None:
        self._process.communicate(timeout=60)


class Cli:
    """``openstack cluster``, with these options before each command."""

    def __init__(self, *options: str, process: _Process | None = None) -> None:
        self._options = options
        self._process = process or _Process(HERE / "cli_process.py")

    def close(self) -> None:
        """End the client's process, and with it those that ``like`` returned."""
        self._process.close()

    def like(self, *options: str) -> Cli:
        """Return a client with other options."""
        return Cli(*options, process=self._process)

    def run_all(self, commands: Sequence[Sequence[str]]) -> list[Result]:
        """Run commands at the same time, whatever comes of them."""
        lines = [[*self._options, "cluster", *command] for command in commands]
        return [Result(*answer) for answer in self._process.ask(lines)]

    def run(self, *command: str) -> Result:
        """Run a command, whatever comes of it."""
        return self.run_all([command])[0]

    def succeed(self, *command: str) -> Result:
        """Run a command that must succeed."""
        result = self.run(*command)
        assert result.status == 0, f"{' '.join(command)}: {result.status} {result.out} {result.err}"
        return result

    def ask(self, *command: str) -> Any:
        """Run a command that must succeed; returns what it shows."""
        return self.succeed(*command, "-f", "json").document


class Sdk:
    """openstacksdk's ``clustering`` of a connection."""

    def __init__(self, **connection: Any) -> None:
        self._process = _Process(HERE / "sdk_process.py", json.dumps(connection))

    def close(self) -> None:
        """End the client's process."""
        self._process.close()

    def answer(self, method: str, *arguments: Any, **keywords: Any) -> dict[str, Any]:
        """Call a method, whatever comes of it: {"result": ...} or {"error": [class, message]}."""
        found: dict[str, Any] = self._process.ask([method, arguments, keywords])
        return found

    def call(self, method: str, *arguments: Any, **keywords: Any) -> Any:
        """Call a method that must succeed; a resource comes as a dictionary."""
        answer = self.answer(method, *arguments, **keywords)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def fail(self, method: str, *arguments: Any, **keywords: Any) -> tuple[str, str]:
        """Call a method that must fail; returns the class of its exception and the message."""
        answer = self.answer(method, *arguments, **keywords)
        assert "error" in answer, f"{method}: {answer['result']}"
        kind, message = answer["error"]
        return kind, message
