"""State that every process of the installation reads and writes: an append-only file.

``NAME.jsonl`` holds one entry per line. Writers take an exclusive lock on ``NAME.lock`` and append whole lines; the
kernel keeps what a killed process wrote, and drops its lock. A line without its end is of a writer that was killed
in the middle: readers do not look at it, the next writer cuts it off. Each process keeps the state in memory and
reads only what others have appended. When most lines are of the past, a writer puts a short file in place of the long
one; who still has the old file open sees by the inode that there is another.
"""

from __future__ import annotations

import abc
import contextlib
import fcntl
import os
import pathlib
import threading
from collections.abc import Iterable, Iterator
from typing import Any, Generic, Protocol, TypeVar

_COMPACT_LINES = 2000
_COMPACT_RATIO = 4


_E = TypeVar("_E")


class State(Protocol[_E]):
    """What a process keeps in memory of a file."""

    def __len__(self) -> int:
        """Count the things that are there."""
        ...

    def apply(self, entry: _E) -> None:
        """Take in an entry."""
        ...

    def entries(self) -> Iterable[_E]:
        """Return the entries that make the state anew."""
        ...


_S = TypeVar("_S", bound=State[Any])


class SharedFile(abc.ABC, Generic[_E, _S]):
    """A state, shared by threads and processes."""

    def __init__(self, directory: pathlib.Path, name: str) -> None:
        """Open the files, which are made when there are none.

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

    @property
    def offset(self) -> int:
        """How far the file has been read, in bytes."""
        return self._offset

    @contextlib.contextmanager
    def reading(self) -> Iterator[_S]:
        """Give the state as it is now; it changes no more until the block ends."""
        with self._mutex:
            self._catch_up()
            yield self._state

    @contextlib.contextmanager
    def writing(self) -> Iterator[_S]:
        """Give the state as it is now; no other thread or process changes it until the block ends."""
        with self._mutex:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            try:
                self._catch_up()
                self._cut_torn_line()
                yield self._state
                if self._lines > _COMPACT_LINES and self._lines > _COMPACT_RATIO * len(self._state):
                    self._compact()
            finally:
                fcntl.flock(self._lock, fcntl.LOCK_UN)

    def append(self, entry: _E) -> None:
        """Write an entry; only inside ``writing``."""
        line = self._encode(entry)
        written = os.write(self._file, line)
        if written != len(line):
            os.ftruncate(self._file, self._offset)
            raise OSError(f"{self._path}: no space left for another line")
        self._offset += written
        self._lines += 1
        self._state.apply(entry)

    def close(self) -> None:
        """Close the files."""
        with self._mutex:
            for descriptor in (self._file, self._lock):
                os.close(descriptor)
            self._file = self._lock = -1

    @abc.abstractmethod
    def _empty(self) -> _S:
        """Return the state of an empty file."""

    @abc.abstractmethod
    def _decode(self, line: bytes) -> _E:
        """Read a line; raises ValueError for one that is not an entry."""

    @abc.abstractmethod
    def _encode(self, entry: _E) -> bytes:
        """Write an entry as one line."""

    def _reopen(self) -> None:
        if self._file >= 0:
            os.close(self._file)
        self._file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._inode = os.fstat(self._file).st_ino
        self._offset = 0
        self._lines = 0
        self._state = self._empty()

    def _catch_up(self) -> None:
        there = os.stat(self._path)
        if there.st_ino != self._inode:
            self._reopen()
            there = os.fstat(self._file)
        if there.st_size > self._offset:
            data = os.pread(self._file, there.st_size - self._offset, self._offset)
            end = data.rfind(b"\n") + 1
            for line in data[:end].splitlines():
                self._state.apply(self._decode(line))
                self._lines += 1
            self._offset += end

    def _cut_torn_line(self) -> None:
        if os.fstat(self._file).st_size > self._offset:
            os.ftruncate(self._file, self._offset)

    def _compact(self) -> None:
        lines = [self._encode(entry) for entry in self._state.entries()]
        short = self._path.with_suffix(".tmp")
        short.write_bytes(b"".join(lines))
        short.chmod(0o600)
        short.replace(self._path)
        self._reopen()
        self._catch_up()
