"""What a simulated cloud holds: servers, stacks and images, and the lines of its file that tell of them.

Time is given: a thing that is being made carries the moment when that will be over, so nothing has to run for it to
become what it is to be, and nothing is lost when processes die.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

from senlin_container.drivers import cloud
from senlin_container.drivers.fake import shared_file
from senlin_container.specs import stacks

NAME = "@cloud"
"""What the files of the simulated cloud begin with; no simulated host can be called so."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One server. Until ``due`` its status is ``meanwhile``; a ``doomed`` one is gone from then on.

    ``networks`` holds what was asked for, ``addresses`` what came of it: network to (address, floating). Passwords,
    user data and files are not kept: they may be secrets, and nothing here needs them.
    """

    id: str
    service: str
    node_id: str
    project: str
    name: str
    status: str
    meanwhile: str = ""
    due: float = 0.0
    doomed: bool = False
    fault: str = ""
    flavor: str = ""
    image: str = ""
    key_name: str = ""
    availability_zone: str = ""
    metadata: Mapping[str, str] = dataclasses.field(default_factory=dict)
    networks: tuple[Mapping[str, Any], ...] = ()
    addresses: Mapping[str, list[tuple[str, bool]]] = dataclasses.field(default_factory=dict)
    security_groups: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    locked: bool = False

    def gone(self, now: float) -> bool:
        """Whether its deletion is over."""
        return self.doomed and now >= self.due

    def state(self, now: float, service: str) -> cloud.ServerState:
        """Tell of it in the words of the port."""
        at_work = now < self.due
        status = cloud.ServerStatus(self.meanwhile if at_work else self.status)
        return cloud.ServerState(
            id=self.id,
            node_id=self.node_id if self.service == service else "",
            name=self.name,
            status=status,
            wait=self.due - now if at_work else 0.0,
            fault=self.fault if status == cloud.ServerStatus.ERROR else "",
            flavor=self.flavor,
            image=self.image,
            key_name=self.key_name,
            availability_zone=self.availability_zone,
            metadata=dict(self.metadata),
            addresses={
                network: tuple(
                    cloud.Address(addr=addr, version=6 if ":" in addr else 4, floating=floating)
                    for addr, floating in found
                )
                for network, found in self.addresses.items()
            },
            security_groups=tuple(self.security_groups),
            volumes=tuple(self.volumes),
            locked=self.locked,
        )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """One stack. ``action`` is what was last done to it, ``failed`` how that ended; ``due`` as for servers."""

    id: str
    service: str
    node_id: str
    project: str
    name: str
    action: str
    due: float = 0.0
    doomed: bool = False
    fault: str = ""
    spec: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def gone(self, now: float) -> bool:
        """Whether its deletion is over."""
        return self.doomed and now >= self.due

    def definition(self) -> stacks.StackSpec:
        """Return what it was made from."""
        return stacks.StackSpec(**self.spec)

    def state(self, now: float, service: str) -> cloud.StackState:
        """Tell of it in the words of the port."""
        at_work = now < self.due
        how = "IN_PROGRESS" if at_work else "FAILED" if self.fault else "COMPLETE"
        outputs = (self.spec.get("template") or {}).get("outputs")
        described: Mapping[str, Any] = outputs if isinstance(outputs, Mapping) else {}
        return cloud.StackState(
            id=self.id,
            node_id=self.node_id if self.service == service else "",
            name=self.name,
            status=f"{self.action}_{how}",
            reason=self.fault or f"Stack {self.action} {'is under way' if at_work else 'completed'}",
            wait=self.due - now if at_work else 0.0,
            outputs=tuple(_output(key, one) for key, one in described.items()),
            timeout=self.spec.get("timeout"),
            disable_rollback=self.spec.get("disable_rollback", True),
        )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A snapshot of a server."""

    id: str
    project: str
    name: str


Thing = Server | Stack | Image


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line: a thing as it is from now on, or the id of one that is gone."""

    put: Thing | None = None
    drop: str = ""


_KINDS: Mapping[str, type[Thing]] = {"server": Server, "stack": Stack, "image": Image}
_WORDS: Mapping[type[Thing], str] = {kind: word for word, kind in _KINDS.items()}
_FIELDS = {kind: tuple(field.name for field in dataclasses.fields(kind)) for kind in _WORDS}
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False, default=dict).encode


class Things:
    """All that is in the cloud, with what is needed to find it without a search."""

    def __init__(self) -> None:
        self._by_id: dict[str, Thing] = {}
        self._by_node: dict[str, dict[str, None]] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def entries(self) -> Iterator[Entry]:
        """Give the entries that make the same things anew."""
        return (Entry(put=thing) for thing in self._by_id.values())

    def server(self, server_id: str) -> Server | None:
        """Find a server by its id."""
        found = self._by_id.get(server_id)
        return found if isinstance(found, Server) else None

    def stack(self, stack_id: str) -> Stack | None:
        """Find a stack by its id."""
        found = self._by_id.get(stack_id)
        return found if isinstance(found, Stack) else None

    def image(self, identity: str) -> Image | None:
        """Find a snapshot by its id."""
        found = self._by_id.get(identity)
        return found if isinstance(found, Image) else None

    def servers(self) -> list[Server]:
        """Return all servers."""
        return [thing for thing in self._by_id.values() if isinstance(thing, Server)]

    def stacks(self) -> list[Stack]:
        """Return all stacks."""
        return [thing for thing in self._by_id.values() if isinstance(thing, Stack)]

    def servers_of(self, node_id: str, service: str) -> list[Server]:
        """Find the servers which one installation made for a node."""
        found = [self.server(id_) for id_ in self._by_node.get(node_id, ())]
        return [one for one in found if one is not None and one.service == service]

    def stacks_of(self, node_id: str, service: str) -> list[Stack]:
        """Find the stacks which one installation made for a node."""
        found = [self.stack(id_) for id_ in self._by_node.get(node_id, ())]
        return [one for one in found if one is not None and one.service == service]

    def apply(self, entry: Entry) -> None:
        """Take an entry in."""
        thing = entry.put
        if thing is not None:
            self._by_id[thing.id] = thing
            if not isinstance(thing, Image):
                self._by_node.setdefault(thing.node_id, {})[thing.id] = None
            return
        old = self._by_id.pop(entry.drop, None)
        if old is not None and not isinstance(old, Image):
            ids = self._by_node[old.node_id]
            ids.pop(old.id, None)
            if not ids:
                del self._by_node[old.node_id]


class Estate(shared_file.SharedFile[Entry, Things]):
    """The simulated cloud of an installation's directory, shared by threads and processes."""

    def __init__(self, directory: pathlib.Path) -> None:
        """Open the files, which are made when there are none.

        Raises:
            OSError: the directory cannot be used.
        """
        super().__init__(directory, NAME)

    def _empty(self) -> Things:
        return Things()

    def _decode(self, line: bytes) -> Entry:
        document = json.loads(line)
        try:
            if "drop" in document:
                return Entry(drop=document["drop"])
            ((word, fields),) = document.items()
            kind = _KINDS[word]
            return Entry(put=kind(**dict(zip(_FIELDS[kind], fields, strict=False))))
        except (AttributeError, TypeError, KeyError) as error:
            raise ValueError(f"not an entry of a simulated cloud: {line[:80]!r}") from error

    def _encode(self, entry: Entry) -> bytes:
        if entry.put is None:
            return f"{_encode({'drop': entry.drop})}\n".encode()
        kind = type(entry.put)
        fields = [getattr(entry.put, name) for name in _FIELDS[kind]]
        return f"{_encode({_WORDS[kind]: fields})}\n".encode()


def _output(key: str, given: Any) -> cloud.Output:
    described: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    return cloud.Output(key=key, value=described.get("value"), description=str(described.get("description") or ""))
