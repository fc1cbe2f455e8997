"""Secrets at rest: encrypted inside the specs that hold them."""

from __future__ import annotations

import copy
import os
import pathlib
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography import fernet

SHOWN = "******"
"""What is shown in place of a secret."""

_KEY = "encrypted"


class Box:
    """Encrypts with the first of its keys, decrypts with any of them (so that keys can be rotated)."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._fernet = fernet.MultiFernet([fernet.Fernet(key) for key in keys])

    def encrypt(self, text: str) -> str:
        """Return a text encrypted."""
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, sealed: str) -> str:
        """Return a text decrypted.

        :raises ValueError: when none of the keys fits
        """
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except fernet.InvalidToken as exc:
            raise ValueError("a stored secret does not fit the keys of this service: restore its key file") from exc

    def seal(self, document: Mapping[str, Any], paths: Sequence[tuple[str, ...]]) -> dict[str, Any]:
        """Return the document with the values at the paths encrypted."""
        return _replaced(document, paths, lambda value: {_KEY: self.encrypt(str(value))})

    def open(self, document: Mapping[str, Any], paths: Sequence[tuple[str, ...]]) -> dict[str, Any]:
        """Return the document with the values at the paths decrypted.

        :raises ValueError: when none of the keys fits
        """
        return _replaced(document, paths, self._decrypt)

    def _decrypt(self, value: Any) -> Any:
        if not isinstance(value, Mapping) or _KEY not in value:
            return value
        return self.decrypt(value[_KEY])


def hide(document: Mapping[str, Any], paths: Sequence[tuple[str, ...]]) -> dict[str, Any]:
    """Return the document with the values at the paths made unreadable."""
    return _replaced(document, paths, lambda _: SHOWN)


def load_keys(path: pathlib.Path) -> list[bytes]:
    """Read the key file, one key a line, the newest first; a missing file is made, readable by its owner alone."""
    if not path.exists() or not path.stat().st_size:
        _make_key(path)
    return [line.strip() for line in path.read_bytes().splitlines() if line.strip()]


def _make_key(path: pathlib.Path) -> None:
    """Write the file whole or not at all; where two processes make it at once, both use the same one."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")  # mode 0600
    with os.fdopen(descriptor, "wb") as file:
        file.write(fernet.Fernet.generate_key() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(name, path)
    except FileExistsError:
        if not path.stat().st_size:  # nothing is in it that could be lost
            pathlib.Path(name).replace(path)
    finally:
        pathlib.Path(name).unlink(missing_ok=True)


def _replaced(document: Mapping[str, Any], paths: Sequence[tuple[str, ...]], change: Any) -> dict[str, Any]:
    if not paths:
        return dict(document)
    out = copy.deepcopy(dict(document))
    for path in paths:
        holder = out
        for key in path[:-1]:
            holder = holder.get(key) or {}
        if holder.get(path[-1]) is not None:
            holder[path[-1]] = change(holder[path[-1]])
    return out
