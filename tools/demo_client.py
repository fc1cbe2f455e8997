"""The clustering API and the web servers of the demo, as plain HTTP."""

from __future__ import annotations

import contextlib
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

DEADLINE = 120.0  # seconds that any one step may take

# Loopback never goes through a proxy.
_open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


class Failed(Exception):
    """Something did not happen as it should; the message says what."""


class Api:
    """The service's v1 API, as much of it as is needed here."""

    def __init__(self, url: str) -> None:
        self.url = url

    def call(self, method: str, path: str, body: Any = None) -> tuple[Any, str]:
        """Return the document of the answer and its Location; raise Failed with the service's own words."""
        request = urllib.request.Request(  # noqa: S310 (loopback)
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "OpenStack-API-Version": "clustering 1.14"},
        )
        try:
            with _open(request, timeout=30) as answer:
                text = answer.read()
                return (json.loads(text) if text else None), answer.headers.get("Location", "")
        except urllib.error.HTTPError as error:
            raise Failed(f"{method} {path} was answered with {error.code}: {_fault(error.read())}") from error
        except OSError as error:
            raise Failed(f"{method} {path}: the service does not answer ({error})") from error

    def get(self, path: str) -> Any:
        """Read one document."""
        return self.call("GET", path)[0]

    def create(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        """Create a profile or a node and wait until it is there."""
        document, location = self.call("POST", f"/v1/{kind}s", {kind: body})
        if kind != "profile":
            self.wait(location)
        created: dict[str, Any] = document[kind]
        return created

    def act(self, cluster: str, action: str, arguments: dict[str, Any]) -> None:
        """Ask a cluster for something and wait for its end."""
        document, location = self.call("POST", f"/v1/clusters/{cluster}/actions", {action: arguments})
        self.wait(location or f"/v1/actions/{document['action']}")

    def delete(self, path: str) -> None:
        """Delete something and wait until it is gone; gone already is fine."""
        try:
            _, location = self.call("DELETE", path)
        except Failed as failure:
            if isinstance(failure.__cause__, urllib.error.HTTPError) and failure.__cause__.code == 404:
                return
            raise
        if location:
            self.wait(location)

    def wait(self, location: str) -> None:
        """Wait until an action has succeeded."""
        path = "/v1/actions/" + location.rstrip("/").rsplit("/", 1)[-1]

        def over() -> bool:
            action = self.get(path)["action"]
            if action["status"] in ("FAILED", "CANCELLED"):
                raise Failed(f"the action {action['action']} is {action['status']}: {action['status_reason']}")
            return bool(action["status"] == "SUCCEEDED")

        wait_until(f"the action {path} has ended", over)

    def nodes(self, cluster: str) -> list[dict[str, Any]]:
        """List the nodes of a cluster."""
        found: list[dict[str, Any]] = self.get(f"/v1/nodes?cluster_id={cluster}")["nodes"]
        return found

    def addresses(self, cluster: str) -> list[str]:
        """Return the URL of each node of a cluster."""
        found = []
        for node in self.nodes(cluster):
            details = self.get(f"/v1/nodes/{node['id']}?show_details=true")["node"]["details"]
            address, port = details["ports"]["80/tcp"].rsplit(":", 1)
            found.append(f"http://{'127.0.0.1' if address in ('0.0.0.0', '', '[::]') else address}:{port}/")  # noqa: S104
        return found


def _fault(body: bytes) -> str:
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return str(json.loads(body)["error"]["message"])
    return body.decode(errors="replace")[:300]


def wait_until(what: str, met: Callable[[], bool], *, seconds: float = DEADLINE) -> float:
    """Poll until a condition is met; return the seconds that it took, raise Failed when it is not met in time."""
    start = time.monotonic()
    while not met():
        if time.monotonic() - start > seconds:
            raise Failed(f"not within {seconds:.0f} seconds: {what}")
        time.sleep(0.05)
    return time.monotonic() - start


def fetch(urls: list[str]) -> list[str]:
    """Fetch each URL; return a line for each."""
    lines = []
    for url in urls:
        text = ""

        def served(url: str = url) -> bool:
            nonlocal text
            with contextlib.suppress(OSError), _open(url, timeout=2) as answer:
                text = answer.read().decode().strip()
            return bool(text)

        wait_until(f"{url} answers", served, seconds=15)
        lines.append(f"GET {url} -> {text}")
    if len({line.rsplit(" ", 1)[-1] for line in lines}) != len(lines):
        raise Failed("two addresses are answered by the same container: " + "; ".join(lines))
    return lines
