"""What the engine asks of a profile."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from typing import Any, Protocol

from senlin_container.domain import model
from senlin_container.drivers import cloud as clouds
from senlin_container.drivers import ports


class Unwell(Exception):
    """The thing was looked at and is not well; the message says what is wrong."""

    def __init__(self, reason: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.details = dict(details or {})


class Underway(Exception):
    """What was asked for has begun outside and is not over: the verb is to be called again ``after`` seconds.

    ``progress`` comes back in the next job, whoever does it; ``physical_id`` is what the thing is called by now.
    """

    def __init__(
        self,
        reason: str,
        *,
        after: float,
        physical_id: str | None = None,
        progress: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after = after
        self.physical_id = physical_id
        self.progress = dict(progress or {})


class Needs(enum.Enum):
    """Where a thing is: on the engine that its own profile names, on a host that was chosen for it, or in a cloud."""

    ENGINE = "engine"
    HOST = "host"
    CLOUD = "cloud"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OnEngine:
    """A container engine, and what the host is called."""

    engine: ports.ContainerHost
    name: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class InCloud:
    """A cloud, as the node's owner sees it."""

    cloud: clouds.Cloud


Place = OnEngine | InCloud


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One node to work on: its profile (secrets readable), and where it is (None: it never got anywhere).

    ``resuming`` says that an earlier attempt may have got somewhere, ``progress`` what it noted (see ``Underway``).
    """

    node: model.Node
    profile: model.Profile
    place: Place | None
    resuming: bool
    progress: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def host(self) -> ports.ContainerHost:
        """The engine; raises ``ports.Permanent`` where the node has none."""
        return self._on_engine().engine

    @property
    def host_name(self) -> str:
        """What the host is called; raises ``ports.Permanent`` where the node has none."""
        return self._on_engine().name

    @property
    def cloud(self) -> clouds.Cloud:
        """The cloud; raises ``ports.Permanent`` where the node has none."""
        if not isinstance(self.place, InCloud):
            raise ports.Permanent(f"Node '{self.node.name}' is in no cloud.")
        return self.place.cloud

    def _on_engine(self) -> OnEngine:
        if not isinstance(self.place, OnEngine):
            raise ports.Permanent(f"Node '{self.node.name}' has no host: recover it, or delete it.")
        return self.place


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What became of the thing: its id outside, and what is shown of it.

    ``host`` is set where it is a host. ``idle`` says why it does not serve although what was asked for succeeded:
    its owner has stopped it. ``outputs`` is what the action shows as its result.
    """

    physical_id: str
    details: model.Json
    host: model.Host | None = None
    idle: str = ""
    outputs: model.Json = dataclasses.field(default_factory=dict)


class NodeProfile(Protocol):
    """The verbs of a profile type. All raise ``ports.Retry`` or ``ports.Permanent`` when they fail.

    Those that begin something which takes its time raise ``Underway`` until it is over; they are called again then.
    """

    @property
    def needs(self) -> Needs:
        """Where its things are."""
        ...

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

    def recover(self, job: Job, operation: str | None, params: Mapping[str, Any]) -> Facts:
        """Bring the thing back."""
        ...

    def operate(self, job: Job, operation: str, params: Mapping[str, Any]) -> Facts:
        """Do one of the operations that the type publishes."""
        ...


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A thing that is there already: what the cloud calls it, and the properties of a profile that describes it.

    ``node_id`` is the node that it was made for, "" for none of ours; ``trouble`` says why it cannot be taken over.
    """

    physical_id: str
    node_id: str
    properties: model.Json = dataclasses.field(repr=False)
    details: model.Json
    trouble: str = ""


class Adoptable(Protocol):
    """A profile type whose things can be found in a cloud and become nodes."""

    def find(self, cloud: clouds.Cloud, identity: str) -> Found | None:
        """Describe a thing by its id; None when the owner has none such."""
        ...

    def snapshot(self, cloud: clouds.Cloud, found: Found, name: str) -> model.Json:
        """Have an image made of a thing; returns what of its properties that changes.

        :raises ports.Permanent: when the type cannot
        """
        ...
