"""What the service asks of a message queue service, for receivers that take messages."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Protocol


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """On whose behalf a call is made. ``token`` None is for a queue service that asks for none."""

    project: str
    token: str | None = dataclasses.field(default=None, repr=False)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message that was claimed: nobody else is given it for a while. ``body`` is whatever its sender wrote."""

    id: str
    claim: str
    body: Any


class Messaging(Protocol):
    """A queue service. All calls raise ``ports.Retry`` or ``ports.Permanent`` and nothing else."""

    def open(self, caller: Caller, queue: str, notify: str) -> str:
        """Make a queue exist whose messages are announced by a POST to the URL ``notify``, as the caller.

        Returns the id of the subscription that sees to that.
        """
        ...

    def close(self, caller: Caller, queue: str, subscription: str | None) -> None:
        """Remove a queue with its messages; one that is gone is fine."""
        ...

    def claim(self, caller: Caller, queue: str) -> Sequence[Message]:
        """Take over some of the messages that wait, the oldest first; none when none wait."""
        ...

    def done(self, caller: Caller, queue: str, message: Message) -> None:
        """Remove a message that was claimed; one that is gone is fine."""
        ...
