"""Trusts: with one, the service acts for a requester when the request is long over."""

from __future__ import annotations

import json
from collections.abc import Callable

from oslo_log import log

from senlin_container.domain import errors, model
from senlin_container.drivers import ports
from senlin_container.store import credentials, receivers, secrets, session
from senlin_container.usecases import context

LOG = log.getLogger(__name__)

_KNOWN_SECONDS = 60.0
_KNOWN_SIZE = 1024

_TRUST = "trust_id"
_ROLES = "roles"


class Trusts:
    """A ``context.Trusts`` that keeps one trust for each user and project, encrypted in the database.

    That a trust holds is asked once a minute at most, as the answer takes Keystone the work of a login.
    """

    def __init__(
        self,
        *,
        database: session.Database,
        box: secrets.Box,
        clock: Callable[[], float],
        identity: ports.Identity,
    ) -> None:
        self._database = database
        self._box = box
        self._clock = clock
        self._identity = identity
        self._known: dict[str, float] = {}

    def ensure(self, ctx: context.Context) -> str | None:
        """Return the id of the requester's trust; one that is missing, does not hold any more or lacks roles is made.

        None for who has no token, and for who may not delegate (such as with an application credential):
        containers need no trust, and what needs one says so when it is carried out.

        :raises errors.Unavailable: when Keystone does not answer
        """
        if ctx.token is None or not ctx.owner.project:
            return None
        sealed = self._database.read(credentials.find, ctx.owner)
        trust, roles = self._opened(sealed, ctx.owner)
        try:
            if trust is not None and ctx.roles <= roles and self._holds(trust):
                return trust
            return self._make(ctx, ctx.token, sealed, trust)
        except ports.Retry as exc:
            LOG.error("%s: %s", ctx.request_id, exc.message)  # it tells where Keystone is
            raise _unavailable() from exc
        except ports.Permanent as exc:
            LOG.warning(
                "%s: no trust of user %s in project %s: %s",
                ctx.request_id,
                ctx.owner.user,
                ctx.owner.project,
                exc.message,
            )
            return None

    def vouches(self, owner: model.Owner, trust: str, roles: frozenset[str]) -> bool:
        """Whether an owner still has roles that they delegated once: Keystone lets no trust act beyond its maker.

        The trust that has taken the place of the given one is as good, if it has the roles.

        :raises errors.Unavailable: when Keystone does not answer
        """
        try:
            if self._holds(trust):
                return True
            present, delegated = self._kept(owner)
            return present not in (None, trust) and roles <= delegated and self._holds(str(present))
        except (ports.Retry, ports.Permanent) as exc:
            LOG.error("Whether the trust %s holds cannot be told: %s", trust, exc.message)
            raise _unavailable() from exc

    def _holds(self, trust: str) -> bool:
        if self._known.get(trust, 0.0) > self._clock():
            return True
        held = self._identity.holds(trust)
        if held:
            self._remember(trust)
        return held

    def _remember(self, trust: str) -> None:
        if len(self._known) >= _KNOWN_SIZE:
            self._known.clear()
        self._known[trust] = self._clock() + _KNOWN_SECONDS

    def _make(self, ctx: context.Context, token: str, sealed: str | None, replaced: str | None) -> str:
        owner = ctx.owner
        trust = self._identity.delegate(token, user=owner.user, project=owner.project, roles=ctx.roles)
        secret = self._box.encrypt(json.dumps({_TRUST: trust, _ROLES: sorted(ctx.roles)}))
        if self._database.write(credentials.replace, owner, old=sealed, secret=secret, now=self._clock()):
            self._remember(trust)
            LOG.info(
                "%s: user %s has made the trust %s in project %s", ctx.request_id, owner.user, trust, owner.project
            )
            if replaced is not None:
                self._retire(ctx, token, replaced)
            return trust
        # another request of the same user was faster: its trust is as good
        self._identity.withdraw(token, trust)
        return self._kept(owner)[0] or trust

    def _retire(self, ctx: context.Context, token: str, trust: str) -> None:
        """Withdraw a trust that another has taken the place of, unless a receiver names it."""
        if any(actor.get(_TRUST) == trust for actor in self._database.read(receivers.actors_of, ctx.owner)):
            return
        self._known.pop(trust, None)
        try:
            self._identity.withdraw(token, trust)
        except (ports.Retry, ports.Permanent) as exc:
            # it does no harm but to be there, and the request has what it needs
            LOG.warning("%s: the trust %s is of no use any more and stays: %s", ctx.request_id, trust, exc.message)

    def _kept(self, owner: model.Owner) -> tuple[str | None, frozenset[str]]:
        return self._opened(self._database.read(credentials.find, owner), owner)

    def _opened(self, sealed: str | None, owner: model.Owner) -> tuple[str | None, frozenset[str]]:
        if sealed is None:
            return None, frozenset()
        try:
            kept = json.loads(self._box.decrypt(sealed))
        except ValueError as exc:
            LOG.warning("The trust of user %s in project %s is lost: %s", owner.user, owner.project, exc)
            return None, frozenset()
        return kept[_TRUST], frozenset(kept[_ROLES])


def _unavailable() -> errors.Unavailable:
    return errors.Unavailable("Keystone does not answer as it should, and a trust is needed from it: try again later.")
