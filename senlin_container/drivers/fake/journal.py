"""The state of one simulated host: an append-only file that every process of the installation reads and writes.

``NAME.jsonl`` holds one entry per line. Writers take an exclusive lock on ``NAME.lock`` and append whole lines; the
kernel keeps what a killed process wrote, and drops its lock. A line without its end is of a writer that was killed
in the middle: readers do not look at it, the next writer cuts it off. Each process keeps the containers in memory and
reads only what others have appended. When most lines are of the past, a writer puts a short file in place of the long
one; who still has the old file open sees by the inode that there is another.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pathlib
import threading
from collections.abc import Iterator

from senlin_container.drivers import ports
from senlin_container.drivers.fake import records

_COMPACT_LINES = 2000
_COMPACT_RATIO = 4


class Journal:
    """The containers of one simulated host, shared by threads and processes."""

    def __init__(self, directory: pathlib.Path, name: str) -> None:
        """Open the host's files, which are made when there are none.

        Raises:
            OSError: the directory cannot be used.
        """
        directory.mkdir(parents=True, exist_ok=True)
        self._path = directory / f"{name}.jsonl"
        self._mutex = threading.RLock()
        self._lock = os.open(directory / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._file = -1
        self._reopen()

    @property
    def path(self) -> pathlib.Path:
        """The file of the entries."""
        return self._path

    @contextlib.contextmanager
    def reading(self) -> Iterator[Containers]:
        """Give the containers as they are now; they change no more until the block ends."""
        with self._mutex:
            self._catch_up()
            yield self._containers

    @contextlib.contextmanager
    def writing(self) -> Iterator[Containers]:
        """Give the containers as they are now; no other thread or process changes them until the block ends."""
        with self._mutex:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            try:
                self._catch_up()
                self._cut_torn_line()
                yield self._containers
                if self._lines > _COMPACT_LINES and self._lines > _COMPACT_RATIO * len(self._containers):
                    self._compact()
            finally:
                fcntl.flock(self._lock, fcntl.LOCK_UN)

    def append(self, entry: records.Entry) -> None:
        """Write an entry; only inside ``writing``."""
        line = records.write(entry)
        written = os.write(self._file, line)
        if written != len(line):
            os.ftruncate(self._file, self._offset)
            raise OSError(f"{self._path}: no space left for another line")
        self._offset += written
        self._lines += 1
        self._containers.apply(entry)

    def follow(self) -> Follower:
        """Read the events from now on."""
        with self.writing():  # nobody is in the middle of a line
            return Follower(self._path, self._offset)

    def close(self) -> None:
        """Close the files."""
        with self._mutex:
            for descriptor in (self._file, self._lock):
                os.close(descriptor)
            self._file = self._lock = -1

    def _reopen(self) -> None:
        if self._file >= 0:
            os.close(self._file)
        self._file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._inode = os.fstat(self._file).st_ino
        self._offset = 0
        self._lines = 0
        self._containers = Containers()

    def _catch_up(self) -> None:
        there = os.stat(self._path)
        if there.st_ino != self._inode:
            self._reopen()
            there = os.fstat(self._file)
        if there.st_size > self._offset:
            data = os.pread(self._file, there.st_size - self._offset, self._offset)
            end = data.rfind(b"\n") + 1
            for line in data[:end].splitlines():
                self._containers.apply(records.read(line))
                self._lines += 1
            self._offset += end

    def _cut_torn_line(self) -> None:
        if os.fstat(self._file).st_size > self._offset:
            os.ftruncate(self._file, self._offset)

    def _compact(self) -> None:
        lines = [records.write(records.Entry(put=record)) for record in self._containers]
        short = self._path.with_suffix(".tmp")
        short.write_bytes(b"".join(lines))
        short.chmod(0o600)
        short.replace(self._path)
        self._reopen()
        self._catch_up()


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
