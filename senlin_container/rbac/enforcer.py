"""Asks the rules, and the operator's policy file over them, whether a requester may do something."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable

from oslo_config import cfg
from oslo_log import log
from oslo_policy import policy

from senlin_container.conf import api as api_conf
from senlin_container.domain import errors, model
from senlin_container.rbac import rules

LOG = log.getLogger(__name__)

_RELOAD_SECONDS = 1.0
_UNREADABLE = (OSError, TypeError, ValueError, AttributeError, cfg.Error)
"""What oslo.policy raises for files that it cannot read, or whose content is no mapping of names to rules."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """Whoever asks.

    :ivar owner: user and project; the project is empty where the requester has none
    :ivar domain: the domain that the requester has roles on in place of a project
    :ivar system: whether the roles are on the cloud as a whole in place of a project
    """

    owner: model.Owner
    roles: frozenset[str]
    domain: str | None = None
    system: bool = False

    @property
    def scope(self) -> str:
        """What the roles are on: system, project, domain, or nothing."""
        if self.system:
            return "system"
        return "project" if self.owner.project else "domain" if self.domain else "nothing"


class Enforcer:
    """The rules of an installation. It may be shared by threads.

    :param conf: the options; ``[oslo_policy] policy_file`` is read when it is there, and again when it has changed
    :param clock: seconds that only grow
    :raises conf.api.ConfigurationError: when a policy file cannot be read
    """

    def __init__(self, conf: cfg.ConfigOpts, clock: Callable[[], float] = time.monotonic) -> None:
        self._rules = _Rules(conf, clock)
        self._rules.register_defaults(rules.list_rules())
        try:
            self._rules.load_rules(force_reload=True)
        except _UNREADABLE as error:
            raise api_conf.ConfigurationError(
                f"The policy file of [oslo_policy] policy_file or policy_dirs cannot be read ({error}): correct it, "
                "or take it away."
            ) from error
        # oslo.policy empties its table of rules before it fills it again, and who looks then is refused.
        self._lock = threading.Lock()
        self._clock = clock
        self._decided: dict[tuple[object, ...], bool] = {}
        self._decided_until = clock()

    def allows(self, rule: str, requester: Requester) -> bool:
        """Tell whether a rule lets a requester through.

        oslo.policy inspects the code of each check that it makes, which takes longer than a statement to the database:
        what was decided holds until it is time to look at the policy files again.
        """
        if self._clock() >= self._decided_until:
            self._decided.clear()
            self._decided_until = self._clock() + _RELOAD_SECONDS
        asked = (rule, requester.owner, requester.roles, requester.domain, requester.system)
        decision = self._decided.get(asked)
        if decision is None:
            decision = self._decided[asked] = self._decide(rule, requester)
        return decision

    def _decide(self, rule: str, requester: Requester) -> bool:
        # Not left to oslo.policy, which takes no scope for that of a project, and in older releases can be told not
        # to look at all.
        if requester.scope not in self._scopes(rule):
            return False
        owner = requester.owner
        target = {"project_id": owner.project, "user_id": owner.user}
        credentials = {
            "user_id": owner.user,
            "project_id": owner.project,
            "domain_id": requester.domain,
            "system_scope": "all" if requester.system else None,
            "roles": sorted(requester.roles),
        }
        with self._lock:
            return bool(self._rules.enforce(rule, target, credentials))

    def check(self, rule: str, requester: Requester) -> None:
        """Let a requester through, or not.

        :raises errors.Forbidden: when the rule does not
        """
        if self.allows(rule, requester):
            return
        LOG.info(
            "The rule %s refuses user %s of project %s with the roles %s",
            rule,
            requester.owner.user,
            requester.owner.project,
            ", ".join(sorted(requester.roles)) or "none",
        )
        raise errors.Forbidden(self._why(rule, requester))

    def _why(self, rule: str, requester: Requester) -> str:
        scopes = self._scopes(rule)
        if requester.scope in scopes:
            return rules.REFUSAL
        return (
            f"{rules.REFUSAL} It needs a token whose scope is {' or '.join(scopes)}, and the scope of this one is "
            f"{requester.scope}."
        )

    def _scopes(self, rule: str) -> list[str]:
        return self._rules.registered_rules[rule].scope_types or []


class _Rules(policy.Enforcer):
    """Rules that look for a changed file once a second and not at every request."""

    def __init__(self, conf: cfg.ConfigOpts, clock: Callable[[], float]) -> None:
        super().__init__(conf)
        self._clock = clock
        self._looked_at = float("-inf")

    def load_rules(self, force_reload: bool = False) -> None:
        """Read the files that have changed; while one cannot be read, what was read before holds."""
        if force_reload:
            self._looked_at = self._clock()
            super().load_rules(force_reload)
        elif self._clock() - self._looked_at >= _RELOAD_SECONDS:
            self._looked_at = self._clock()
            try:
                super().load_rules()
            except _UNREADABLE as error:
                LOG.error("A changed policy file cannot be read, and the rules stay as they were: %s", error)


def for_tools() -> policy.Enforcer:
    """Return an enforcer of the rules in code, for the tools of oslo.policy."""
    conf = cfg.ConfigOpts()
    conf([], project="senlin-container")
    enforcer = policy.Enforcer(conf)
    enforcer.register_defaults(rules.list_rules())
    return enforcer
