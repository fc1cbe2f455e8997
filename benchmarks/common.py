"""What the benchmarks share: a service in a process of its own, container hosts, waiting, tables."""

from __future__ import annotations

import contextlib
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tests import standalone
from tests.lab import docker_hosts

POLL = 0.5
"""Seconds between two looks at whether something is done: so seldom that the looks are not what is measured. When it
was done is then told by whoever did it."""

COMMAND = ("sh", "-c", "trap 'exit 0' TERM; sleep 100000 & wait")
"""What the containers run: nothing, until they are asked to end."""

_PATIENCE = 600.0


@contextlib.contextmanager
def service(
    options: standalone.Options | None = None, *, token: str | None = None
) -> Iterator[tuple[standalone.Standalone, standalone.Api]]:
    """Run senlin-container-standalone, where not told otherwise on SQLite on disk; stopped and removed in the end."""
    with contextlib.ExitStack() as ends:
        directory = pathlib.Path(tempfile.mkdtemp(prefix="senlin-container-benchmark-"))
        ends.callback(shutil.rmtree, directory)
        running = standalone.Standalone(directory / "service", options)
        ends.callback(running.close)
        running.start()
        api = standalone.Api(running.url, token=token)
        ends.callback(api.close)
        yield running, api
        running.stop()


@contextlib.contextmanager
def docker_lab(count: int) -> Iterator[docker_hosts.DockerHosts]:
    """Run so many real Docker hosts on this machine."""
    problem = docker_hosts.missing()
    if problem:
        sys.exit(problem)
    lab = docker_hosts.DockerHosts.new()
    try:
        lab.up(count)
        yield lab
    finally:
        lab.close()


def tls_properties(lab: docker_hosts.DockerHosts, number: int) -> dict[str, Any]:
    """Return the properties of a profile for a host that is reached over TLS."""
    endpoint = lab.remote(number)
    assert endpoint.tls is not None
    tls = {"ca_cert": endpoint.tls.ca, "client_cert": endpoint.tls.cert, "client_key": endpoint.tls.key}
    return {"endpoint": endpoint.url, "tls": tls}


def host_cluster(api: standalone.Api, name: str, hosts: Sequence[dict[str, Any]]) -> None:
    """Make a cluster of hosts with these properties."""
    made = [api.host(f"{name}-{number}", **properties) for number, properties in enumerate(hosts)]
    api.make("cluster", name=name, profile_id=made[0]["profile_id"], desired_capacity=0)
    api.act(f"clusters/{name}", "add_nodes", nodes=[host["id"] for host in made])


def await_end(api: standalone.Api, cluster: str, kind: str) -> float:
    """Wait until an action of a cluster, such as CLUSTER_CREATE, has succeeded; ends the program when it has not.

    With the good end of the first action of a cluster this is ACTIVE, in the same transaction. To look at the cluster
    itself would cost the service more: its thousands of nodes are in the answer each time.

    Returns:
        When that was, as the API tells it, in seconds since the epoch.
    """
    path = f"/v1/actions?target={cluster}&action={kind}"

    def look() -> Any:
        if failed := api.get(f"{path}&status=FAILED"):
            sys.exit(f"{kind}: {failed[0]['status_reason']}")
        return api.get(f"{path}&status=SUCCEEDED") or None

    (action,) = await_value(f"{kind} has succeeded", look)
    return float(action["end_time"])


def await_value(what: str, look: Callable[[], Any], *, poll: float = POLL) -> Any:
    """Call until the answer is neither None nor False, and return it; ends the program when that takes too long."""
    end = time.monotonic() + _PATIENCE
    while (found := look()) is None or found is False:
        if time.monotonic() > end:
            sys.exit(f"not within {_PATIENCE:g} s: {what}")
        time.sleep(poll)
    return found


def machine() -> str:
    """Describe the machine in a line."""
    cpu = re.search(r"^model name\s*: (.+)$", _read("/proc/cpuinfo"), re.MULTILINE)
    memory = re.search(r"^MemTotal:\s*(\d+)", _read("/proc/meminfo"), re.MULTILINE)
    return (
        f"{os.cpu_count()} x {cpu[1] if cpu else platform.machine()}, "
        f"{int(memory[1]) / 2**20 if memory else 0:.0f} GiB, Linux {platform.release().partition('-')[0]}, "
        f"Python {platform.python_version()}{_engine()}; load {os.getloadavg()[0]:.1f}"
    )


def _engine() -> str:
    try:
        told = subprocess.run(["dockerd", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""
    found = re.search(r"version ([\w.]+)", told)
    return f", Docker {found[1]}" if found else ""


def cpu_seconds(pid: int) -> float:
    """Tell how long a process has been at work, in user and in system mode."""
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_memory(pid: int) -> float:
    """Tell how much memory a process has had at the most, in MiB."""
    found = re.search(r"^VmHWM:\s*(\d+)", _read(f"/proc/{pid}/status"), re.MULTILINE)
    assert found is not None
    return int(found[1]) / 1024


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value that so great a share of the values does not exceed (the nearest one that was measured)."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def median(values: Sequence[float]) -> float:
    """Return the median."""
    return statistics.median(values)


def show(title: str, heads: Sequence[str], lines: Sequence[Sequence[object]]) -> None:
    """Print a table as reStructuredText, with the machine that it was measured on."""
    texts = [[f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in line] for line in lines]
    widths = [max(map(len, column)) for column in zip(heads, *texts, strict=True)]
    rule = "  ".join("=" * width for width in widths)

    def row(cells: Sequence[str]) -> str:
        first, *rest = (
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return "  ".join((first, *rest))

    print(f"\n{title}\n({machine()})\n")
    print("\n".join((rule, row(heads), rule, *(row(text) for text in texts), rule)), flush=True)


def _read(path: str) -> str:
    return pathlib.Path(path).read_text()
