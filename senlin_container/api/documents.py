"""Reading the JSON of a request, strictly.

Everything that leaves here can be stored and sent back: no NaN, no infinity, no key given twice, no NUL, no half of a
surrogate pair, no nesting without end.
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from senlin_container.api import faults

MAX_DEPTH = 32
CONTENT_TYPES = ("application/json", "application/vnd.openstack.clustering-v1+json")


def read(raw: bytes, content_type: str) -> dict[str, Any]:
    """Return the JSON object in the body of a request; an empty body is an empty object.

    :param content_type: the Content-Type header, "" when it was not sent
    :raises faults.Fault: 400 when the body is not a JSON object that we can keep
    """
    if not raw.strip():
        return {}
    _check_type(content_type)
    try:
        document = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_bounded,
        )
    except UnicodeDecodeError:
        raise faults.malformed("The body is not valid UTF-8: send JSON in UTF-8.") from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:  # of json, or of one of the hooks below
        raise faults.malformed(str(error)) from None
    if not isinstance(document, dict):
        raise faults.malformed(f"The body must be a JSON object, not {_kind(document)}.")
    _check(document)
    return document


def check_text(value: str, what: str) -> None:
    """Refuse text that cannot be stored or sent back.

    :param what: how to name the value in the message
    :raises faults.Fault: 400 when it has a NUL character or half of a surrogate pair
    """
    if "\x00" in value:
        raise faults.malformed(f"{what} holds a NUL character, which is not allowed.")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise faults.malformed(f"{what} is not valid Unicode text.") from None


def _check_type(content_type: str) -> None:
    kind, _, parameters = content_type.partition(";")
    kind = kind.strip().lower()
    if kind and kind not in CONTENT_TYPES:
        raise faults.malformed(f"The content type '{faults.shorten(kind)}' is not understood: send application/json.")
    charset = parameters.partition("charset=")[2].strip(" \"'").lower()
    if charset not in ("", "utf-8", "utf8", "us-ascii"):
        raise faults.malformed(f"The charset '{faults.shorten(charset)}' is not understood: send UTF-8.")


def _check(document: dict[str, Any]) -> None:
    """Walk a document without recursion, and refuse what is nested too deeply or holds bad text."""
    pending: list[tuple[Any, int]] = [(document, 1)]
    while pending:
        value, depth = pending.pop()
        if isinstance(value, str):
            check_text(value, "A text in the body")
        elif isinstance(value, dict | list):
            if depth > MAX_DEPTH:
                raise _too_deep()
            if isinstance(value, dict):
                pending.extend((key, depth) for key in value)
                value = value.values()
            pending.extend((item, depth + 1) for item in value)


def _too_deep() -> faults.Fault:
    return faults.malformed(f"The body is nested too deeply: at most {MAX_DEPTH} levels are allowed.")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise ValueError(f"The key '{faults.shorten(key)}' is given more than once in one object.")
            seen.add(key)
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number.")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"The number {faults.shorten(text)} is too large.")
    return number


def _bounded(text: str) -> int:
    # 20 characters hold every 64-bit integer; to turn thousands of digits into a number costs quadratic time.
    number = int(text) if len(text) <= 20 else None
    if number is None or not -(2**63) <= number < 2**63:
        raise ValueError(f"The number {faults.shorten(text)} is too large.")
    return number


def _kind(document: Any) -> str:
    if isinstance(document, list):
        return "a list"
    return "null" if document is None else f"a {type(document).__name__}"
