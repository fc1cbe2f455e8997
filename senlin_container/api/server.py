"""Serving the API over HTTP, on native threads."""

from __future__ import annotations

import ssl
import threading

from oslo_config import cfg
from oslo_log import log

from senlin_container.api import auth, connections, layers
from senlin_container.conf import api as api_conf

LOG = log.getLogger(__name__)


class Server:
    """An HTTP server for one WSGI application.

    :param conf: the options, with those of ``conf.api`` registered
    :raises conf.api.ConfigurationError: when the options would expose the service
    """

    def __init__(self, conf: cfg.ConfigOpts, application: layers.Application) -> None:
        options = conf[api_conf.GROUP]
        check(options)
        self._server = connections.Http(
            (options.host, options.port),
            application,
            threads=options.threads,
            request_timeout=options.request_timeout,
            largest_body=options.max_body_size,
        )
        if options.ssl_cert_file:
            self._server.ssl_adapter = _tls(options)
        self._listening = threading.Event()
        self._failure: OSError | None = None
        # Cheroot's threads are started by this one and are daemons like it: a request that hangs cannot keep the
        # process from ending.
        self._thread = threading.Thread(target=self._run, name="api", daemon=True)

    @property
    def address(self) -> tuple[str, int]:
        """The address and the port that the server listens on, once it was started."""
        host, port = self._server.bind_addr
        return str(host), int(port)

    def start(self) -> None:
        """Listen, and answer requests in threads of their own until ``stop``.

        :raises OSError: when the address cannot be had
        """
        self._thread.start()
        self._listening.wait()
        if self._failure is not None:
            raise self._failure
        LOG.info("The API listens on %s port %s", *self.address)

    def stop(self, timeout: float = 10.0) -> None:
        """Stop listening and let running requests end.

        :param timeout: seconds after which what still runs is left alone
        """
        self._server.shutdown_timeout = timeout
        # Cheroot waits without end for a request that outlives its timeout, so that wait is not ours.
        stopping = threading.Thread(target=self._server.stop, name="api-stop", daemon=True)
        stopping.start()
        stopping.join(timeout + 1.0)

    def _run(self) -> None:
        try:
            self._server.prepare()
        except OSError as error:
            self._failure = error
            return
        finally:
            self._listening.set()
        self._server.serve()


def check(options: cfg.ConfigOpts.GroupAttr) -> None:
    """Refuse options that would let strangers in.

    :raises conf.api.ConfigurationError: naming the option to change
    """
    if bool(options.ssl_cert_file) != bool(options.ssl_key_file):
        raise api_conf.ConfigurationError("Give both [api] ssl_cert_file and ssl_key_file, or neither.")
    if auth.is_loopback(options.host):
        return
    if options.auth_strategy == "noauth":
        raise api_conf.ConfigurationError(
            f"[api] host is {options.host}, which other machines may reach, and [api] auth_strategy is noauth, "
            "which makes everybody an administrator: set host to 127.0.0.1, or auth_strategy to keystone or "
            "http_basic."
        )
    if not options.ssl_cert_file and not options.allow_insecure_http:
        raise api_conf.ConfigurationError(
            f"[api] host is {options.host}, which other machines may reach, and passwords or tokens would travel in "
            "the clear: set ssl_cert_file and ssl_key_file, or allow_insecure_http where a proxy in front ends TLS."
        )


def _tls(options: cfg.ConfigOpts.GroupAttr) -> connections.Tls:
    try:
        adapter = connections.Tls(options.ssl_cert_file, options.ssl_key_file)
    except (OSError, ssl.SSLError) as error:
        raise api_conf.ConfigurationError(
            f"[api] ssl_cert_file {options.ssl_cert_file} and ssl_key_file {options.ssl_key_file} "
            f"cannot be used: {error}"
        ) from error
    adapter.context.minimum_version = ssl.TLSVersion.TLSv1_2
    return adapter
