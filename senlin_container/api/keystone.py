"""Tokens of Keystone, checked by keystonemiddleware."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any

import cachetools
from keystoneauth1 import exceptions
from keystonemiddleware import auth_token
from oslo_config import cfg
from oslo_log import log

from senlin_container.api import auth, faults, layers
from senlin_container.conf import api as api_conf
from senlin_container.conf import keystone
from senlin_container.domain import model

LOG = log.getLogger(__name__)

_CHALLENGE = "www-authenticate"
_MOST_TOKENS = 4096
_TOKENS = "senlin_container.tokens"
"""Where the middleware finds the memory of tokens in the environment of a request."""


class Keystone:
    """Takes the word of Keystone for who sent a request.

    The middleware stands around an application that does nothing, so that a refusal has the same body as any other
    error. It drops the headers that stand for an identity before it sets them, so none that a client sends counts.

    :raises conf.api.ConfigurationError: when the options of [keystone_authtoken] cannot be used
    """

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        keystone.register(conf)
        if not conf[keystone.GROUP].auth_type and not conf[keystone.GROUP].auth_section:
            raise api_conf.ConfigurationError(
                "[api] auth_strategy is keystone, and the service cannot log in there: set [keystone_authtoken] "
                "auth_type (password), auth_url, username, password, project_name and the names of their domains."
            )
        try:
            # A request without a good token goes no further, whatever the file says.
            self._middleware = _Middleware(
                _nothing, {"oslo_config_config": conf, "delay_auth_decision": False, "cache": _TOKENS}
            )
        except (exceptions.ClientException, auth_token.ConfigurationError) as error:
            raise api_conf.ConfigurationError(f"[keystone_authtoken] cannot be used: {error}") from error
        options = conf[keystone.GROUP]
        self._patience = float(options.http_connect_timeout)
        self._tokens = None if options.memcached_servers else _Tokens(options.token_cache_time, self._patience)

    def __call__(self, environ: layers.Environ) -> auth.Identity:
        """Return whose token a request has.

        :raises faults.Fault: 401 when it is missing or not valid, 503 when Keystone cannot be asked
        """
        status, headers = 0, {}

        def start_response(line: str, given: list[tuple[str, str]], _exc_info: object = None) -> None:
            nonlocal status, headers
            status, headers = int(line.split()[0]), {name.lower(): value for name, value in given}

        if self._tokens is not None:
            environ[_TOKENS] = self._tokens
        began = time.monotonic()
        try:
            self._middleware(environ, start_response)
        except exceptions.ClientException as error:
            LOG.error("%s: Keystone cannot be asked: %s", environ.get(layers.REQUEST_ID), error)
            status = 503
        if self._tokens is not None and status == 503 and time.monotonic() - began >= self._patience:
            self._tokens.pause()
        if status == 401:
            raise faults.Fault(
                401,
                "Unauthorized",
                "The request you have made requires authentication.",
                headers=(("WWW-Authenticate", headers.get(_CHALLENGE, "Keystone")),),
            )
        if status != 200:
            raise faults.Fault(
                503,
                "ServiceUnavailable",
                "Keystone does not answer as it should: try again later.",
            )
        return _identity(environ)


class _Tokens:
    """What the middleware has learnt of tokens, for one process; it speaks as memcached does.

    The middleware has a memory of its own for that, but one for each thread and without a bound.

    :param seconds: how long it is remembered
    :param pause: for how many seconds Keystone is left alone after it hung
    """

    def __init__(self, seconds: int, pause: float) -> None:
        self._known: cachetools.TTLCache[str, bytes] = cachetools.TTLCache(_MOST_TOKENS, max(seconds, 0))
        self._pause = pause
        self._paused_until = 0.0
        self._lock = threading.Lock()

    def get(self, key: str) -> bytes | None:
        """Return what was learnt of a token.

        :raises exceptions.ConnectFailure: when that is nothing, and Keystone hung a moment ago: if all who send a new
            token waited for it, no thread would be left for the others
        """
        with self._lock:
            known = self._known.get(key)
        if known is None and time.monotonic() < self._paused_until:
            raise exceptions.ConnectFailure("Keystone did not answer a moment ago, and is not asked for now.")
        return known

    def pause(self) -> None:
        """Let nobody ask Keystone for a while."""
        self._paused_until = time.monotonic() + self._pause

    def set(self, key: str, value: bytes, time: int = 0) -> None:  # noqa: ARG002 (the same for all)
        """Keep what was learnt of a token."""
        with self._lock:
            self._known[key] = value


class _Middleware(auth_token.AuthProtocol):  # type: ignore[misc]
    """The middleware, for tokens without a catalog too."""

    def validate_allowed_request(self, request: Any, token: Mapping[str, Any]) -> None:
        """Check the access rules of an application credential."""
        # It looks for this service in the catalog first, which include_service_catalog leaves out.
        named = {"type": self._conf.get("service_type")}
        super().validate_allowed_request(request, {"catalog": [named], **token})


def _identity(environ: layers.Environ) -> auth.Identity:
    # Not by the headers, which hold the same: in them a role with a comma in its name would be two.
    user = environ["keystone.token_auth"].user
    return auth.Identity(
        owner=model.Owner(user=user.user_id, project=user.project_id or ""),
        roles=frozenset(user.role_names),
        domain=user.domain_id,
        system=bool(user.system_scoped),
        token=user.auth_token,
    )


def _nothing(_environ: layers.Environ, start_response: layers.StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [])
    return []
