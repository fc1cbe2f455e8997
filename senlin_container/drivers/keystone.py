"""Keystone, as the user of this service to whom others delegate: trusts, and sessions that act through them."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from typing import Any

from keystoneauth1 import adapter, exceptions, loading, session, token_endpoint
from oslo_config import cfg

from senlin_container.conf import api as api_conf
from senlin_container.conf import keystone
from senlin_container.drivers import ports

_SCOPE = frozenset(
    {
        "domain_id",
        "domain_name",
        "project_id",
        "project_name",
        "project_domain_id",
        "project_domain_name",
        "system_scope",
    }
)
"""What a login must not name beside a trust."""

_PASSING = (
    exceptions.ConnectionError,
    exceptions.HttpServerError,
    exceptions.RequestTimeout,
    exceptions.TooManyRequests,
    exceptions.RetriableConnectionFailure,
)
_GONE = (exceptions.NotFound, exceptions.Gone)
_REFUSED = (exceptions.Unauthorized, exceptions.Forbidden, *_GONE)


class Keystone:
    """A ``ports.Identity``; it may be shared by threads.

    :param conf: the options, with those of ``conf.keystone`` registered and [trustee] set (see ``configured``)
    :raises conf.api.ConfigurationError: when [trustee] cannot be used
    """

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        self._conf = conf
        group = conf[keystone.TRUSTEE]
        try:
            own = loading.load_auth_from_conf_options(conf, keystone.TRUSTEE)
            self._unscoped = self._no_scope(group)
            self._session = loading.load_session_from_conf_options(conf, keystone.TRUSTEE, auth=own)
        except exceptions.ClientException as error:
            raise api_conf.ConfigurationError(f"[trustee] cannot be used: {error}") from error
        self._own = adapter.Adapter(
            self._session,
            service_type="identity",
            interface=group.valid_interfaces,
            region_name=group.region_name,
            min_version="3",
            max_version="3.latest",
        )

    def delegate(self, token: str, *, user: str, project: str, roles: Collection[str]) -> str:
        """Have the owner of a token let this service act for them on a project; see ``ports.Identity``."""
        with _told("A trust cannot be made"):
            document = {
                "trustor_user_id": user,
                "trustee_user_id": self._session.get_user_id(),
                "project_id": project,
                "roles": [{"name": name} for name in sorted(roles)],
                "impersonation": True,
                "allow_redelegation": False,
            }
            response = self._as(token).post("/OS-TRUST/trusts", json={"trust": document})
            return str(response.json()["trust"]["id"])

    def holds(self, trust: str) -> bool:
        """Whether this service can still act through a trust; see ``ports.Identity``."""
        with _told(f"The trust {trust} cannot be looked at"):
            self._session.get_user_id()  # a login that fails by itself says nothing of the trust
            try:
                self.session(trust).get_token()
            except _REFUSED:
                return False
            return True

    def withdraw(self, token: str, trust: str) -> None:
        """Delete a trust of the owner of a token; see ``ports.Identity``."""
        with _told(f"The trust {trust} cannot be deleted"), contextlib.suppress(*_GONE):
            self._as(token).delete(f"/OS-TRUST/trusts/{trust}")

    def session(self, trust: str) -> session.Session:
        """Return a session that acts as the user who delegated, with the roles of the trust."""
        through = loading.load_auth_from_conf_options(
            self._conf, keystone.TRUSTEE, trust_id=trust, **dict.fromkeys(self._unscoped)
        )
        made: session.Session = loading.load_session_from_conf_options(self._conf, keystone.TRUSTEE, auth=through)
        return made

    def _as(self, token: str) -> adapter.Adapter:
        """Return a client that speaks with the token of somebody else."""
        endpoint = self._own.get_endpoint()
        if endpoint is None:
            raise exceptions.EndpointNotFound("the catalog has no endpoint of the type identity")
        return adapter.Adapter(self._session, auth=token_endpoint.Token(endpoint, token), endpoint_override=endpoint)

    def _no_scope(self, group: Any) -> frozenset[str]:
        """Return those options of the login that name a scope.

        :raises conf.api.ConfigurationError: when it is a kind of login that cannot go through a trust
        """
        section = group.auth_section or keystone.TRUSTEE
        kind = self._conf[section].auth_type
        known = {option.dest for option in plugin_options(kind)}
        if "trust_id" not in known:
            raise api_conf.ConfigurationError(
                f"[{section}] auth_type is {kind}, which cannot act through a trust: set it to password."
            )
        return _SCOPE & known


def plugin_options(kind: str) -> list[Any]:
    """Return the options of a kind of login."""
    return list(loading.get_plugin_loader(kind).get_options())


def configured(conf: cfg.ConfigOpts) -> bool:
    """Whether [trustee] says how to log in."""
    group = conf[keystone.TRUSTEE]
    return bool(group.auth_section or group.auth_type)


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    """Turn what keystoneauth raises into the two kinds of failure."""
    try:
        yield
    except _PASSING as error:
        raise ports.Retry(f"{what}, as Keystone does not answer as it should ({error}): try again later.") from error
    except exceptions.ClientException as error:
        raise ports.Permanent(f"{what}: {error}") from error
