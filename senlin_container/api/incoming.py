"""Where a request ends: what has come over a connection, put together to whole requests. It reads nothing itself.

It is strict about what could make two servers see different requests in the same bytes.
"""

from __future__ import annotations

import re

from senlin_container.api import faults

LARGEST_HEAD = 64 * 1024
SMALL = 64 * 1024
"""A body up to this size needs no leave to be kept in memory, in bytes."""

_LINE = b"\r\n"
_END = b"\r\n\r\n"
_LONGEST_CHUNK_LINE = 4096
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_LENGTH = re.compile(rb"[0-9]{1,18}")
_EXPECTS = re.compile(rb"(?i)\r\nexpect:[ \t]*100-continue[ \t]*\r\n")
_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,15}")


class Incoming:
    """One request of a connection after the other.

    :param largest_body: largest body that is taken, in bytes
    """

    def __init__(self, largest_body: int) -> None:
        self._largest_body = largest_body
        self._raw = bytearray()
        self._searched = 0
        self._head = b""
        self._length = 0
        self._chunks: _Chunks | None = None

    @property
    def begun(self) -> bool:
        """Whether a part of a request is there."""
        return bool(self._raw or self._head)

    @property
    def large(self) -> bool:
        """Whether the body of the request that has begun may become a large one."""
        return self._chunks is not None or self._length > SMALL

    @property
    def awaited(self) -> bool:
        """Whether the sender waits for leave to send the body."""
        return bool(self._head) and not self._raw and _EXPECTS.search(self._head) is not None

    def feed(self, data: bytes) -> None:
        """Take in what has come."""
        self._raw += data

    def take(self) -> bytes | None:
        """Return the next request, or None while a part of it is missing.

        What was sent in chunks is one chunk then. A head that is too large, or is no head, is returned as it is, for
        the server to refuse.

        :raises faults.Fault: 4xx when nobody can tell where the request ends, or its body is too large, and 501; what
            comes after it means nothing
        """
        if not self._head:
            end = self._raw.find(_END, self._searched)
            if end < 0:
                self._searched = max(0, len(self._raw) - len(_END) + 1)
                return self._all() if len(self._raw) > 2 * LARGEST_HEAD else None
            # A line that is empty may be left over from the request before.
            begin = len(_LINE) if end and self._raw.startswith(_LINE) else 0
            self._head, self._searched = bytes(self._raw[begin : end + len(_END)]), 0
            del self._raw[: end + len(_END)]
            self._read_head()
        if self._chunks is not None:
            if not self._chunks.take(self._raw):
                return None
            body = bytes(self._chunks.body)
            return self._done(self._head + (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n")
        if len(self._raw) < self._length:
            return None
        body = bytes(self._raw[: self._length])
        del self._raw[: self._length]
        return self._done(self._head + body)

    def end(self) -> bytes | None:
        """Return what there is of a request of whom nothing more will come; None when there is nothing.

        :raises faults.Fault: 400 when it are chunks without an end
        """
        if self._chunks is not None:
            raise _unreadable()
        return self._all() if self.begun else None

    def _all(self) -> bytes:
        rest = bytes(self._raw)
        self._raw.clear()
        return self._done(self._head + rest)

    def _done(self, message: bytes) -> bytes:
        self._head, self._length, self._chunks, self._searched = b"", 0, None, 0
        return message

    def _read_head(self) -> None:
        """Find out how long the body is."""
        if len(self._head) > LARGEST_HEAD:
            return
        lengths, encodings = [], []
        for line in self._head[: -len(_END)].split(_LINE)[1:]:
            name, colon, value = line.partition(b":")
            # A space before the colon and a line that goes on in the next are among what this refuses.
            if not colon or not _NAME.fullmatch(name) or any(byte in value for byte in (b"\r", b"\n", b"\0")):
                raise faults.malformed("A header is malformed: send 'Name: value', each in a line of its own.")
            if name.lower() == b"content-length":
                lengths.append(value.strip())
            elif name.lower() == b"transfer-encoding":
                encodings.append(value.strip().lower())
        if len(lengths) + len(encodings) > 1:
            raise faults.malformed(
                "The Content-Length and Transfer-Encoding headers contradict each other: send one of them, once."
            )
        if encodings:
            if encodings != [b"chunked"]:
                raise faults.Fault(501, "HTTPNotImplemented", "No transfer encoding but 'chunked' is understood.")
            self._chunks = _Chunks(self._largest_body)
        elif lengths:
            self._length = self._checked(lengths[0])

    def _checked(self, length: bytes) -> int:
        if not length.isdigit():
            raise faults.malformed("The Content-Length header must be a number of bytes.")
        if not _LENGTH.fullmatch(length) or int(length) > self._largest_body:
            raise _too_large(self._largest_body)
        return int(length)


class _Chunks:
    """A body in chunks, put together.

    :ivar body: what has come of it
    """

    def __init__(self, largest: int) -> None:
        self.body = bytearray()
        self._largest = largest
        self._last = False
        self._trailer = 0

    def take(self, raw: bytearray) -> bool:
        """Move what is complete from the front of what has come to the body; tell whether that was all of it.

        :raises faults.Fault: 400 when it is malformed, 413 when the body is too large
        """
        while (end := raw.find(_LINE, 0, _LONGEST_CHUNK_LINE)) >= 0:
            after = end + len(_LINE)
            if self._last:
                del raw[:after]
                self._trailer += after
                if end == 0:
                    return True
                if self._trailer > _LONGEST_CHUNK_LINE:
                    raise _unreadable()
                continue
            size = self._size(bytes(raw[:end]))
            if size == 0:
                self._last = True
                del raw[:after]
                continue
            if len(raw) < after + size + len(_LINE):
                return False
            if raw[after + size : after + size + len(_LINE)] != _LINE:
                raise _unreadable()
            self.body += raw[after : after + size]
            del raw[: after + size + len(_LINE)]
        if len(raw) >= _LONGEST_CHUNK_LINE:
            raise _unreadable()
        return False

    def _size(self, line: bytes) -> int:
        text = line.partition(b";")[0].rstrip(b" \t")
        if not _CHUNK_SIZE.fullmatch(text):
            raise _unreadable()
        size = int(text, 16)
        if len(self.body) + size > self._largest:
            raise _too_large(self._largest)
        return size


def _unreadable() -> faults.Fault:
    return faults.malformed("The body could not be read: it is not complete, or its chunks are malformed.")


def _too_large(largest: int) -> faults.Fault:
    return faults.Fault(413, "HTTPRequestEntityTooLarge", f"The body is too large: at most {largest} bytes are read.")
