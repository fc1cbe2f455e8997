"""A simulated machine: what its URL says of it, and the switches that make it fail."""

from __future__ import annotations

import dataclasses
import pathlib
import re
import urllib.parse

from senlin_container.drivers import ports

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the URL says of the host."""

    name: str
    cpus: float = 8.0
    memory: int = 16384
    zone: str = ""
    region: str = ""


def parse(url: str) -> Machine:
    """Read ``sim://NAME?...``; raises Permanent where it does not fit."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "sim" or parts.path not in ("", "/") or not _NAME.fullmatch(parts.netloc):
        raise ports.Permanent(
            f"endpoint '{url}': expected sim://NAME?cpus=8&memory=16384&zone=az1&region=r1, with a NAME of letters, "
            f"digits, '.', '_' and '-'"
        )
    words = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))
    unknown = sorted(words.keys() - {"cpus", "memory", "zone", "region"})
    if unknown:
        raise ports.Permanent(
            f"endpoint '{url}': unknown parameter '{unknown[0]}', expected cpus, memory (MiB), zone or region"
        )
    try:
        machine = Machine(
            name=parts.netloc,
            cpus=float(words.get("cpus", 8)),
            memory=int(words.get("memory", 16384)),
            zone=words.get("zone", ""),
            region=words.get("region", ""),
        )
    except ValueError as error:
        raise ports.Permanent(f"endpoint '{url}': cpus must be a number and memory a whole number of MiB") from error
    if not 0 < machine.cpus < float("inf") or machine.memory <= 0:
        raise ports.Permanent(f"endpoint '{url}': cpus and memory must be greater than 0")
    return machine


def set_control(directory: str, name: str, *, down: bool = False, hang: bool = False) -> None:
    """Switch a simulated host for every process of the installation.

    Args:
        directory: ``SimulatedOptions.directory``.
        name: the host, the NAME of its URL.
        down: whether it refuses connections.
        hang: whether it accepts calls without answering.
    """
    for suffix, wanted in (("down", down), ("hang", hang)):
        path = pathlib.Path(directory, f"{name}.{suffix}")
        if wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        else:
            path.unlink(missing_ok=True)
