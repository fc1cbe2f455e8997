"""Names of new nodes."""

from __future__ import annotations

import hashlib
import re
import string

DEFAULT_FORMAT = "node-$8R"
LIMIT = 255

_LETTERS = string.ascii_letters + string.digits
_PLACEHOLDER = re.compile(r"\$(\d{0,2})([IR])")


def node_name(pattern: str, *, index: int, seed: str) -> str:
    """Fill in a pattern: ``$I`` or ``$3I`` is the index (padded with zeros), ``$R`` or ``$8R`` letters by chance.

    :param seed: decides the letters, together with the index; the same seed gives the same name
    """

    def fill(match: re.Match[str]) -> str:
        width = int(match[1] or 0)
        if match[2] == "I":
            return str(index).zfill(width)
        return _letters(f"{seed}:{index}", width or 8)

    return _PLACEHOLDER.sub(fill, pattern)[:LIMIT]


def _letters(seed: str, count: int) -> str:
    digest = hashlib.blake2b(seed.encode(), digest_size=64).digest()
    return "".join(_LETTERS[digest[i % 64] % len(_LETTERS)] for i in range(count))
