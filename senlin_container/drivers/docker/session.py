"""The docker SDK over our own connections: the pool, the time limits, the count of calls, the meaning of errors."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import docker
import docker.constants
import docker.errors
import requests
import requests.adapters
import urllib3.connection
import urllib3.connectionpool

from senlin_container.drivers import ports
from senlin_container.drivers.docker import errors
from senlin_container.drivers.docker.options import DockerOptions
from senlin_container.drivers.docker.transport import Transport

# The SDK wants a URL that it understands; the adapter never looks at it.
_BASE_URL = "tcp://engine:2375"


class Session:
    """One engine, asked by many threads at a time."""

    def __init__(
        self, name: str, transport: Transport, options: DockerOptions, *, pool_size: int | None = None
    ) -> None:
        """Prepare; the first call connects and asks for the version of the engine's API.

        Args:
            name: how to name the engine in messages, a URL.
            transport: gives the connections.
            options: the time limits.
            pool_size: connections to keep, ``options.pool_size`` unless given.
        """
        self._name = name
        self._transport = transport
        self._options = options
        self._adapter = _Adapter(transport, options.connect_timeout, pool_size or options.pool_size)
        self._lock = threading.Lock()
        self._client: docker.APIClient | None = None

    @property
    def calls(self) -> int:
        """HTTP requests sent so far."""
        return self._adapter.calls

    @property
    def last_socket(self) -> Any:
        """The socket dialled last (for a stream, which has only one)."""
        return self._adapter.last_socket

    @contextlib.contextmanager
    def asking(self, doing: str, seconds: float) -> Iterator[docker.APIClient]:
        """Give the SDK's client for a call, and turn whatever it raises into Retry or Permanent.

        Args:
            doing: completes "cannot ..." in messages.
            seconds: how long to wait for each part of the answer.
        """
        try:
            client = self._client or self._connect()
            self._adapter.patience.seconds = seconds
            yield client
        except errors.CONNECTION_ERRORS as error:
            raise self._meaning(error, doing) from error

    def close(self) -> None:
        """Drop the idle connections."""
        self._adapter.close()

    def _connect(self) -> docker.APIClient:
        # No lock while waiting for the host: of many threads at a silent host each waits its own time, not the sum.
        self._adapter.patience.seconds = self._options.query_timeout
        asker = self._new_client(docker.constants.MINIMUM_DOCKER_API_VERSION)
        version = asker.version(api_version=False)
        if not isinstance(version, dict) or "ApiVersion" not in version:
            raise ports.Permanent(f"host '{self._name}' is no Docker engine: its /version tells no ApiVersion")
        client = self._new_client(str(version["ApiVersion"]))
        with self._lock:
            self._client = self._client or client
            return self._client

    def _new_client(self, version: str) -> docker.APIClient:
        client = docker.APIClient(base_url=_BASE_URL, version=version)
        client.trust_env = False
        client.mount("http://", self._adapter)
        client.mount("https://", self._adapter)
        return client

    def _meaning(self, error: Exception, doing: str) -> ports.Failure:
        failure = errors.failure(error, host=self._name, doing=doing)
        if isinstance(failure, errors.Refused) and "client version" in failure.words:
            self._client = None  # the engine was replaced by one of another version: ask again
            return ports.Retry(failure.message)
        if isinstance(error, requests.exceptions.ConnectionError) and not isinstance(
            error, requests.exceptions.Timeout
        ):
            return self._transport.explain_reset(self._options.connect_timeout) or failure
        return failure


class _Patience(threading.local):
    """How long the present call of this thread may wait for an answer."""

    seconds = 10.0


class _Adapter(requests.adapters.HTTPAdapter):
    """Sends requests over the transport's connections; our time limits overrule those of the SDK.

    The SDK has one limit for a whole client and none for pulls and streams.
    """

    def __init__(self, transport: Transport, connect_timeout: float, pool_size: int) -> None:
        super().__init__()
        self.patience = _Patience()
        self.calls = 0
        self.last_socket: Any = None
        self._transport = transport
        self._connect_timeout = connect_timeout
        self._lock = threading.Lock()
        limit = transport.max_connections
        self._pool = _Pool(self._dial, pool_size if limit is None else min(pool_size, limit), wait=limit is not None)

    def get_connection_with_tls_context(
        self, *_args: Any, **_kwargs: Any
    ) -> urllib3.connectionpool.HTTPConnectionPool:
        """Give the one pool: whatever the URL says, there is one engine."""
        return self._pool

    def request_url(self, request: requests.PreparedRequest, *_args: Any, **_kwargs: Any) -> str:
        """Give the path only."""
        return str(request.path_url)

    def send(self, request: requests.PreparedRequest, *_args: Any, **kwargs: Any) -> requests.Response:
        """Send with the time limits of the present call."""
        with self._lock:
            self.calls += 1
        kwargs |= {"timeout": (self._connect_timeout, self.patience.seconds), "verify": False, "cert": None}
        return super().send(request, **kwargs)

    def close(self) -> None:
        """Drop the idle connections."""
        super().close()
        self._pool.close()

    def _dial(self) -> Any:
        sock = self._transport.dial(self._connect_timeout)
        self.last_socket = sock
        return sock


class _Pool(urllib3.connectionpool.HTTPConnectionPool):
    def __init__(self, dial: Any, size: int, *, wait: bool) -> None:
        super().__init__("localhost", maxsize=size, block=wait)
        self._dial = dial

    def _new_conn(self) -> _Connection:
        return _Connection(self._dial)


class _Connection(urllib3.connection.HTTPConnection):
    def __init__(self, dial: Any) -> None:
        super().__init__("localhost")
        self._dial_engine = dial

    def connect(self) -> None:
        self.sock = self._dial_engine()
