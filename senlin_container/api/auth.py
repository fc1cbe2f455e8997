"""Who sends a request."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable, Container, Iterable

import webob.exc
from oslo_middleware import basic_auth, exceptions

from senlin_container.api import faults, layers
from senlin_container.conf import api as api_conf
from senlin_container.domain import model

PROJECT = "default"
"""The project of everybody, as long as there is no Keystone."""

_CACHE_SECONDS = 60.0
_CACHE_SIZE = 1024
_CHALLENGE = (("WWW-Authenticate", 'Basic realm="senlin-container", charset="UTF-8"'),)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whoever sent a request, and whether they may do everything."""

    owner: model.Owner
    admin: bool


Strategy = Callable[[layers.Environ], Identity]

ANYBODY = Identity(owner=model.Owner(user="", project=""), admin=False)
"""Whoever asks for what everybody may see."""

_NOAUTH = Identity(owner=model.Owner(user="noauth", project=PROJECT), admin=True)


class Authentication:
    """Finds out who sent a request, and refuses those that nobody vouches for.

    :param public: paths that need no credentials
    """

    def __init__(self, application: layers.Application, strategy: Strategy, public: Container[str]) -> None:
        self._application = application
        self._strategy = strategy
        self._public = public

    def __call__(self, environ: layers.Environ, start_response: layers.StartResponse) -> Iterable[bytes]:
        """Answer a request of somebody known."""
        if environ.get("PATH_INFO") not in self._public:
            environ[layers.IDENTITY] = self._strategy(environ)
        return self._application(environ, start_response)


def noauth(_environ: layers.Environ) -> Identity:
    """Take everybody for the same administrator."""
    return _NOAUTH


class HttpBasic:
    """User names and passwords (RFC 7617) against a file of bcrypt hashes.

    A bcrypt check costs a good part of a second by design. So a pair that was right is remembered for a minute, as a
    keyed hash whose key nobody else has and which ends with the process.

    :param clock: seconds that only grow
    :raises conf.api.ConfigurationError: when the file cannot be used
    """

    def __init__(self, user_file: str, clock: Callable[[], float] = time.monotonic) -> None:
        try:
            basic_auth.validate_auth_file(user_file)
        except (exceptions.ConfigInvalid, webob.exc.HTTPBadRequest) as error:
            raise api_conf.ConfigurationError(
                f"[api] http_basic_auth_user_file {user_file} cannot be used: it must be a readable file with a line "
                "NAME:HASH for each user, the hash from bcrypt, such as `htpasswd -B` writes."
            ) from error
        self._user_file = user_file
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._known: dict[bytes, tuple[float, Identity]] = {}

    def __call__(self, environ: layers.Environ) -> Identity:
        """Return whose credentials a request has.

        :raises faults.Fault: 401 when they are missing or wrong
        """
        try:
            token = basic_auth.parse_header(environ)
            digest = hmac.digest(self._key, token.encode("latin-1"), hashlib.sha256)
            found = self._recall(digest)
            if found is None:
                found = self._verify(token)
                self._remember(digest, found)
        except (webob.exc.HTTPUnauthorized, webob.exc.HTTPBadRequest, ValueError):
            # ValueError: what bcrypt says of a password that it cannot hash, such as one with more than 72 bytes.
            raise faults.Fault(
                401, "Unauthorized", "Give a valid user name and password (HTTP basic).", headers=_CHALLENGE
            ) from None
        return found

    def _verify(self, token: str) -> Identity:
        name, password = basic_auth.parse_token(token)
        basic_auth.authenticate(self._user_file, name, password)
        return Identity(owner=model.Owner(user=name, project=PROJECT), admin=True)

    def _recall(self, digest: bytes) -> Identity | None:
        with self._lock:
            until, identity = self._known.get(digest, (0.0, None))
        return identity if self._clock() < until else None

    def _remember(self, digest: bytes, identity: Identity) -> None:
        with self._lock:
            if len(self._known) >= _CACHE_SIZE:
                self._known.clear()
            self._known[digest] = (self._clock() + _CACHE_SECONDS, identity)
