"""Microversions: what we speak, and what a request asks for.

A version is a pair of integers, so that versions compare as they should (1.9 is before 1.10). Up to 1.14 they are
those that Senlin published; what this service adds begins with 1.15.
"""

from __future__ import annotations

import re

from senlin_container.api import faults

Version = tuple[int, int]

SERVICE_TYPE = "clustering"
HEADER = "OpenStack-API-Version"
MINIMUM: Version = (1, 0)
MAXIMUM: Version = (1, 15)
DEFAULT = MINIMUM

_FORMAT = re.compile(r"(\d{1,4})\.(\d{1,4})", re.ASCII)


def render(version: Version) -> str:
    """Return a version as the wire writes it, such as ``1.14``."""
    return f"{version[0]}.{version[1]}"


def negotiate(header: str | None) -> Version:
    """Choose the version of a request from its ``OpenStack-API-Version`` header.

    The header may name several services (``compute 2.1, clustering 1.14``); others than ours are not our business.
    A version without a service is taken as meant for us.

    :param header: the value of the header, None when it was not sent
    :raises faults.Fault: 400 when it is not a version, 406 when it is not one that we speak
    """
    asked = _asked(header)
    if asked is None:
        return DEFAULT
    if asked.lower() == "latest":
        return MAXIMUM
    found = _FORMAT.fullmatch(asked)
    if found is None:
        raise faults.Fault(
            400,
            "BadRequest",
            f"API Version String '{faults.shorten(asked)}' is of invalid format. It must be of format 'major.minor'.",
        )
    version = (int(found[1]), int(found[2]))
    if not MINIMUM <= version <= MAXIMUM:
        raise faults.Fault(
            406,
            "InvalidGlobalAPIVersion",
            f"Version '{asked}' is not supported by the API. "
            f"Minimum is '{render(MINIMUM)}' and maximum is '{render(MAXIMUM)}'.",
        )
    return version


def _asked(header: str | None) -> str | None:
    """Return what the header asks of our service; the last mention counts."""
    asked = None
    for part in (header or "").split(","):
        words = part.split()
        if not words:
            continue
        if words[0].lower() == SERVICE_TYPE:
            asked = " ".join(words[1:])
        elif len(words) == 1:
            asked = words[0]
    return asked
