"""A simulated container and the lines of the journal that tell of it. No I/O."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from senlin_container.drivers import ports


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One container of a simulated host. ``published`` maps "80/tcp" to (host ip, host port).

    The journal holds the fields by position: a new one goes to the end and has a default, for the lines before it.
    Environment values are not kept: they may be secrets, and nothing here needs them.
    """

    id: str
    service: str
    node_id: str
    cluster_id: str
    project_id: str
    name: str
    image: str
    condition: ports.Condition
    exit_code: int | None = None
    published: Mapping[str, tuple[str, int]] = dataclasses.field(default_factory=dict)
    address: str = ""
    cpus: float = 0.0
    memory: int = 0
    restart: str = "no"
    restart_retries: int = 0
    restarts: int = 0
    ends_with: int | None = None

    def state(self) -> ports.ContainerState:
        """Tell of it in the words of the port."""
        alive = self.condition.alive
        return ports.ContainerState(
            id=self.id,
            node_id=self.node_id,
            name=self.name,
            image=self.image,
            condition=self.condition,
            exit_code=None if alive else self.exit_code,
            ports={key: f"{ip or '0.0.0.0'}:{port}" for key, (ip, port) in self.published.items()} if alive else {},  # noqa: S104
            addresses={"bridge": self.address} if alive else {},
        )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line: a container as it is from now on (``put``), or gone (``drop``), and what that made known."""

    put: Record | None = None
    drop: str = ""
    events: tuple[tuple[str, ports.ContainerEvent], ...] = ()


EVENT_MARK = b'"events":'
"""Found in every line that carries events."""

_FIELDS = tuple(field.name for field in dataclasses.fields(Record))
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def write(entry: Entry) -> bytes:
    """Write an entry as one line. Events carry the service whose they are."""
    document: dict[str, Any] = {}
    if entry.put is not None:
        # Not dataclasses.asdict: it copies deeply, which takes longer than all the rest of a simulated create.
        document["put"] = [getattr(entry.put, name) for name in _FIELDS]
    if entry.drop:
        document["drop"] = entry.drop
    if entry.events:
        document["events"] = [
            [service, event.kind, event.container_id, event.node_id, event.exit_code, event.time]
            for service, event in entry.events
        ]
    return f"{_encode(document)}\n".encode()


def read(line: bytes) -> Entry:
    """Read a line; raises ValueError for one that is not an entry."""
    document = json.loads(line)
    try:
        fields = document.get("put")
        return Entry(
            put=None if fields is None else _record(fields),
            drop=document.get("drop", ""),
            events=tuple(
                (
                    service,
                    ports.ContainerEvent(
                        kind=kind, container_id=container_id, node_id=node_id, exit_code=exit_code, time=time
                    ),
                )
                for service, kind, container_id, node_id, exit_code, time in document.get("events", ())
            ),
        )
    except (AttributeError, TypeError, KeyError) as error:
        raise ValueError(f"not an entry of a simulated host: {line[:80]!r}") from error


def _record(fields: list[Any]) -> Record:
    values = dict(zip(_FIELDS, fields, strict=False))
    values["condition"] = ports.Condition(values["condition"])
    values["published"] = {key: (ip, port) for key, (ip, port) in values.get("published", {}).items()}
    return Record(**values)
