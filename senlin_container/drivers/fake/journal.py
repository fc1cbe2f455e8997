"""The state of one simulated host: its containers, and what happened to them."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterator

from senlin_container.drivers import ports
from senlin_container.drivers.fake import records, shared_file


class Journal(shared_file.SharedFile[records.Entry, "Containers"]):
    """The containers of one simulated host, shared by threads and processes."""

    def follow(self) -> Follower:
        """Read the events from now on."""
        with self.writing():  # nobody is in the middle of a line
            return Follower(self.path, self.offset)

    def _empty(self) -> Containers:
        return Containers()

    def _decode(self, line: bytes) -> records.Entry:
        return records.read(line)

    def _encode(self, entry: records.Entry) -> bytes:
        return records.write(entry)


class Containers:
    """The containers of one host, with what is needed to find them without a search."""

    def __init__(self) -> None:
        self._by_id: dict[str, records.Record] = {}
        self._by_name: dict[str, str] = {}
        self._by_node: dict[str, dict[str, None]] = {}
        self._taken: dict[tuple[str, int], dict[str, str]] = {}  # (protocol, host port) -> container -> host ip

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[records.Record]:
        return iter(self._by_id.values())

    def entries(self) -> Iterator[records.Entry]:
        """Give the entries that make the same containers anew."""
        return (records.Entry(put=record) for record in self)

    def get(self, container_id: str) -> records.Record | None:
        """Find a container by its id."""
        return self._by_id.get(container_id)

    def named(self, name: str) -> records.Record | None:
        """Find a container by its name."""
        return self._by_id.get(self._by_name.get(name, ""))

    def of_node(self, node_id: str, service: str) -> tuple[records.Record, ...]:
        """Find the containers which one installation made for a node."""
        found = (self._by_id[container_id] for container_id in self._by_node.get(node_id, ()))
        return tuple(record for record in found if record.service == service)

    def port_taken(self, protocol: str, host_ip: str, host_port: int, *, but: str = "") -> bool:
        """Whether a living container other than ``but`` has a port of the host at this address."""
        return any(
            holder != but and ("" in (ip, host_ip) or ip == host_ip)
            for holder, ip in self._taken.get((protocol, host_port), {}).items()
        )

    def apply(self, entry: records.Entry) -> None:
        """Take an entry in."""
        gone = entry.drop or (entry.put.id if entry.put is not None else "")
        old = self._by_id.get(gone)
        if old is not None:
            self._forget_ports(old)
            if self._by_name.get(old.name) == old.id:
                del self._by_name[old.name]
        if entry.put is not None:
            self._keep(entry.put)
        elif old is not None:
            del self._by_id[old.id]
            nodes = self._by_node[old.node_id]
            del nodes[old.id]
            if not nodes:
                del self._by_node[old.node_id]

    def _keep(self, record: records.Record) -> None:
        self._by_id[record.id] = record
        self._by_name[record.name] = record.id
        self._by_node.setdefault(record.node_id, {})[record.id] = None
        if record.condition.alive:
            for key, (ip, port) in record.published.items():
                self._taken.setdefault((key.partition("/")[2], port), {})[record.id] = ip

    def _forget_ports(self, record: records.Record) -> None:
        for key, (_ip, port) in record.published.items():
            place = (key.partition("/")[2], port)
            holders = self._taken.get(place)
            if holders is not None:
                holders.pop(record.id, None)
                if not holders:
                    del self._taken[place]


class Follower:
    """A reader of the events of a journal, for one thread."""

    def __init__(self, path: pathlib.Path, offset: int) -> None:
        """Begin at ``offset``, which is the beginning of a line."""
        self._path = path
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._inode = os.fstat(self._file).st_ino
        self._offset = offset

    def read(self) -> list[tuple[str, ports.ContainerEvent]]:
        """Give the events since the last read, each with the service whose container it is about."""
        there = os.stat(self._path)
        found: list[tuple[str, ports.ContainerEvent]] = []
        if there.st_ino != self._inode:
            # Nobody appends to the old file any more: take its rest, then the new one, whose first lines are without
            # events because they only repeat what is.
            found += self._take(os.fstat(self._file).st_size)
            os.close(self._file)
            self._file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            self._inode, self._offset = os.fstat(self._file).st_ino, 0
            there = os.fstat(self._file)
        return found + self._take(there.st_size)

    def close(self) -> None:
        """Close the file; twice is fine."""
        descriptor, self._file = self._file, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _take(self, size: int) -> list[tuple[str, ports.ContainerEvent]]:
        if size <= self._offset:
            return []
        data = os.pread(self._file, size - self._offset, self._offset)
        end = data.rfind(b"\n") + 1
        self._offset += end
        return [
            event
            for line in data[:end].splitlines()
            if records.EVENT_MARK in line
            for event in records.read(line).events
        ]
