"""A simulated identity service: it knows who delegated what, and forgets it with the process."""

from __future__ import annotations

import dataclasses
import threading
import uuid
from collections.abc import Collection

from senlin_container.drivers import ports


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What somebody delegated."""

    user: str
    project: str
    roles: frozenset[str]


class SimulatedIdentity:
    """A ``ports.Identity`` for which every text is a token, as long as it is not among the ``refused``."""

    def __init__(self, refused: Collection[str] = ()) -> None:
        self.refused = refused
        self.away = False
        self._lock = threading.Lock()
        self._trusts: dict[str, Trust] = {}

    @property
    def trusts(self) -> dict[str, Trust]:
        """All trusts that hold, by id."""
        with self._lock:
            return dict(self._trusts)

    def delegate(self, token: str, *, user: str, project: str, roles: Collection[str]) -> str:
        """Make a trust; see ``ports.Identity``."""
        self._answer(token)
        if not roles:
            raise ports.Permanent("A trust cannot be made: at least one role is expected.")
        with self._lock:
            trust = uuid.uuid4().hex
            self._trusts[trust] = Trust(user=user, project=project, roles=frozenset(roles))
        return trust

    def holds(self, trust: str) -> bool:
        """Whether nobody has deleted a trust; see ``ports.Identity``."""
        self._answer("")
        with self._lock:
            return trust in self._trusts

    def withdraw(self, token: str, trust: str) -> None:
        """Delete a trust; see ``ports.Identity``."""
        self._answer(token)
        with self._lock:
            self._trusts.pop(trust, None)

    def _answer(self, token: str) -> None:
        if self.away:
            raise ports.Retry("The simulated identity service is away.")
        if token in self.refused:
            raise ports.Permanent("The simulated identity service refuses the token.")
