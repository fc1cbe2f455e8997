"""What the engine asks of a profile."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Protocol

from senlin_container.domain import model
from senlin_container.drivers import ports


class Unwell(Exception):
    """The thing was looked at and is not well; the message says what is wrong."""

    def __init__(self, reason: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.details = dict(details or {})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One node to work on: its profile (secrets readable), and the engine that it is, or runs on.

    ``resuming`` says that an earlier attempt may have got somewhere.
    """

    node: model.Node
    profile: model.Profile
    host: ports.ContainerHost
    host_name: str
    resuming: bool


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What became of the thing: its id outside, and what is shown of it. ``host`` is set where it is a host."""

    physical_id: str
    details: model.Json
    host: model.Host | None = None


class NodeProfile(Protocol):
    """The verbs of a profile type. All raise ``ports.Retry`` or ``ports.Permanent`` when they fail."""

    def create(self, job: Job) -> Facts:
        """Make the thing; adopt what an earlier attempt left."""
        ...

    def delete(self, job: Job) -> None:
        """Remove the thing; one that is gone is fine."""
        ...

    def check(self, job: Job) -> Facts:
        """Look at the thing.

        :raises Unwell: when it is not well
        """
        ...

    def update(self, job: Job, new: model.Profile) -> Facts:
        """Make the thing what another profile of the type says."""
        ...

    def recover(self, job: Job, operation: str | None) -> Facts:
        """Bring the thing back."""
        ...

    def operate(self, job: Job, operation: str, params: Mapping[str, Any]) -> Facts:
        """Do one of the operations that the type publishes."""
        ...
