"""Who asks, and what a use case needs besides its request."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable
from typing import Protocol

from senlin_container.domain import model
from senlin_container.drivers import cloud, messaging
from senlin_container.rbac import rules
from senlin_container.store import secrets, session


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The requester, and the id of the request for logs.

    ``system`` is a requester who belongs to no project but to the cloud, and sees all that it may read at all.
    ``token`` lets us act for the requester while the request lasts. ``permits`` asks the access rules; without it an
    ``admin`` may do everything that there is a rule for, and nobody else.
    """

    owner: model.Owner
    request_id: str
    admin: bool
    roles: frozenset[str] = frozenset()
    system: bool = False
    token: str | None = dataclasses.field(default=None, repr=False)
    permits: Callable[[str], bool] | None = dataclasses.field(default=None, repr=False, compare=False)

    def may(self, rule: str) -> bool:
        """Whether a rule (see ``rbac.rules``) lets the requester through."""
        return self.admin if self.permits is None else self.permits(rule)

    def scope(self, *, everything: bool = False) -> str | None:
        """Return the project whose objects the requester sees; None is all of them (for who asks so and may)."""
        if self.system or (everything and self.may(rules.GLOBAL_PROJECT)):
            return None
        return self.owner.project


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds that the operator sets."""

    max_clusters_per_project: int = 100
    max_nodes_per_cluster: int = 1000
    default_action_timeout: int = 3600
    health_check_interval_min: int = 10
    page: int = 1000
    service_silence: float = 60.0


class Trusts(Protocol):
    """What lets the service act for a requester when the request is long over."""

    def ensure(self, ctx: Context) -> str | None:
        """Return the id of the requester's trust, which is made when there is none; None for who can have none.

        This asks another service: call it outside of transactions.

        :raises errors.Unavailable: when that service does not answer
        """
        ...

    def vouches(self, owner: model.Owner, trust: str, roles: frozenset[str]) -> bool:
        """Whether somebody who delegated these roles by a trust still has them; see ``ensure`` for the rest."""
        ...


class NoTrusts:
    """The trusts of requesters that no Keystone knows: none."""

    def ensure(self, ctx: Context) -> str | None:  # noqa: ARG002 (the protocol's)
        """Return None: nobody has to be asked later."""
        return None

    def vouches(self, owner: model.Owner, trust: str, roles: frozenset[str]) -> bool:  # noqa: ARG002 (the protocol's)
        """Return False: there is nobody who could be asked."""
        return False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The database, the clock and whatever else the use cases share.

    ``nudge`` tells engines that there is work; nothing depends on its arrival. ``messaging`` None means that there is
    no service for message queues.
    """

    database: session.Database
    box: secrets.Box
    clock: Callable[[], float]
    nudge: Callable[[], None]
    limits: Limits = dataclasses.field(default_factory=Limits)
    trusts: Trusts = dataclasses.field(default_factory=NoTrusts)
    clouds: cloud.CloudFactory = dataclasses.field(default_factory=cloud.NoClouds)
    messaging: messaging.Messaging | None = None
    new_id: Callable[[], str] = lambda: str(uuid.uuid4())
