"""Who asks, and what a use case needs besides its request."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable

from senlin_container.domain import model
from senlin_container.store import secrets, session


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The requester, and the id of the request for logs.

    ``admin`` may look beyond its own project; ``system`` is a requester who belongs to no project but to the cloud.
    ``token`` lets us act for the requester while the request lasts.
    """

    owner: model.Owner
    request_id: str
    admin: bool
    roles: frozenset[str] = frozenset()
    system: bool = False
    token: str | None = dataclasses.field(default=None, repr=False)

    def scope(self, *, everything: bool = False) -> str | None:
        """Return the project whose objects the requester sees; None is all of them (for an admin who asks so)."""
        return None if everything and self.admin else self.owner.project


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds that the operator sets."""

    max_clusters_per_project: int = 100
    max_nodes_per_cluster: int = 1000
    default_action_timeout: int = 3600
    page: int = 1000
    service_silence: float = 60.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The database, the clock and whatever else the use cases share.

    ``nudge`` tells engines that there is work; nothing depends on its arrival.
    """

    database: session.Database
    box: secrets.Box
    clock: Callable[[], float]
    nudge: Callable[[], None]
    limits: Limits = dataclasses.field(default_factory=Limits)
    new_id: Callable[[], str] = lambda: str(uuid.uuid4())
