"""Who sends a request."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import ipaddress
import secrets
import threading
import time
from collections.abc import Callable, Container, Iterable
from urllib import parse

import webob.exc
from oslo_middleware import basic_auth, exceptions

from senlin_container.api import faults, layers
from senlin_container.conf import api as api_conf
from senlin_container.domain import model
from senlin_container.rbac import enforcer

PROJECT = "default"
"""The project of everybody, as long as there is no Keystone."""

ADMIN = "admin"
"""The role of everybody, as long as there is no Keystone."""

_LOOPBACK_NAMES = ("localhost", "localhost.localdomain", "ip6-localhost")
_CACHE_SECONDS = 60.0
_CACHE_SIZE = 1024
_CHALLENGE = (("WWW-Authenticate", 'Basic realm="senlin-container", charset="UTF-8"'),)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Identity(enforcer.Requester):
    """Whoever sent a request, and the token that it came with."""

    token: str | None = dataclasses.field(default=None, repr=False)


Strategy = Callable[[layers.Environ], Identity]

ANYBODY = Identity(owner=model.Owner(user="", project=""), roles=frozenset())
"""Whoever asks for what everybody may see."""

_NOAUTH = Identity(owner=model.Owner(user="noauth", project=PROJECT), roles=frozenset({ADMIN}))


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


class NoAuth:
    """Takes everybody on this machine for the same administrator, but not the web pages that they look at.

    A page from anywhere can make a browser send requests to a loopback address; its own address is then in Origin, or,
    where it has made its name point to us, in Host.

    :param names: names of the service besides those of the loopback interface
    """

    def __init__(self, names: Container[str] = ()) -> None:
        self._names = names

    def __call__(self, environ: layers.Environ) -> Identity:
        """Return who sent a request.

        :raises faults.Fault: 403 for a web page of somebody else
        """
        for variable, prefix in (("HTTP_HOST", "//"), ("HTTP_ORIGIN", "")):
            value = environ.get(variable)
            if value and not self._is_ours(prefix + value):
                raise faults.forbidden(
                    f"{variable[5:].title()} is '{faults.shorten(value)}': without authentication only requests to a "
                    "loopback address, and from one, are answered."
                )
        return _NOAUTH

    def _is_ours(self, url: str) -> bool:
        try:
            name = parse.urlsplit(url).hostname or ""
        except ValueError:
            return False
        return name in self._names or is_loopback(name)


def is_loopback(name: str) -> bool:
    """Whether a host name or an address stands for this machine and cannot be reached from another."""
    if name.lower() in _LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


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
        return Identity(owner=model.Owner(user=name, project=PROJECT), roles=frozenset({ADMIN}))

    def _recall(self, digest: bytes) -> Identity | None:
        with self._lock:
            until, identity = self._known.get(digest, (0.0, None))
        return identity if self._clock() < until else None

    def _remember(self, digest: bytes, identity: Identity) -> None:
        with self._lock:
            if len(self._known) >= _CACHE_SIZE:
                self._known.clear()
            self._known[digest] = (self._clock() + _CACHE_SECONDS, identity)
