"""The layers around the application that oslo.middleware brings, each only where the configuration asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import webob
from oslo_config import cfg
from oslo_middleware import cors, healthcheck, http_proxy_to_wsgi

from senlin_container.api import faults, layers
from senlin_container.conf import middleware

HEALTH_PATH = "/healthcheck"


class Healthcheck:
    """Tells whoever balances load, on a path of its own and without credentials, whether this process is of use.

    It is while the database answers and no backend of [healthcheck] objects, such as ``disable_by_file``.

    :param alive: whether the database answers
    """

    def __init__(self, application: layers.Application, conf: cfg.ConfigOpts, alive: Callable[[], bool]) -> None:
        self._application = application
        self._alive = alive
        # What it does not want to answer, such as a request from elsewhere, goes the way of all others.
        self._checks: layers.Application = healthcheck.Healthcheck(application, conf)

    def __call__(self, environ: layers.Environ, start_response: layers.StartResponse) -> Iterable[bytes]:
        """Answer a question after the health, and pass on all else."""
        if environ.get("PATH_INFO") != HEALTH_PATH:
            return self._application(environ, start_response)
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            raise faults.not_allowed(environ["REQUEST_METHOD"], ("GET", "HEAD"))
        if self._alive():
            return self._checks(environ, start_response)
        answer: Iterable[bytes] = webob.Response(
            body=b"the database does not answer", status=503, content_type="text/plain"
        )(environ, start_response)
        return answer


def shared_with_pages(application: layers.Application, conf: cfg.ConfigOpts) -> layers.Application:
    """Return the application as web pages of [cors] allowed_origin may use it; without any, as it is."""
    if not conf[middleware.CORS].allowed_origin:
        return application
    # The headers for browsers belong on refusals too, so those are made answers before.
    wrapped: layers.Application = cors.CORS(layers.Refusals(application), conf)
    return wrapped


class _Nearest:
    """Leaves of what proxies say of the requester what the nearest says; the rest may be the requester's own words.

    A proxy appends to these headers what it knows, and lets be what came before.
    """

    def __init__(self, application: layers.Application) -> None:
        self._application = application

    def __call__(self, environ: layers.Environ, start_response: layers.StartResponse) -> Iterable[bytes]:
        """Pass a request on."""
        for name in ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR"):
            if name in environ:
                environ[name] = environ[name].rpartition(",")[2].strip()
        return self._application(environ, start_response)


def behind_proxy(application: layers.Application, conf: cfg.ConfigOpts) -> layers.Application:
    """Return the application that believes what a proxy says of the requester, where the configuration does."""
    if not conf[middleware.PROXY].enable_proxy_headers_parsing:
        return application
    return _Nearest(http_proxy_to_wsgi.HTTPProxyToWSGI(application, conf))
