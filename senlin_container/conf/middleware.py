"""Options of the layers around the API that oslo.middleware brings; it describes them itself."""

from __future__ import annotations

from oslo_config import cfg
from oslo_middleware import cors, http_proxy_to_wsgi
from oslo_middleware.healthcheck import opts as healthcheck

CORS = "cors"
HEALTHCHECK = "healthcheck"
PROXY = "oslo_middleware"

_CORS_DEFAULTS = {
    "allow_headers": ["Authorization", "OpenStack-API-Version", "X-Auth-Token", "X-OpenStack-Request-ID"],
    "allow_methods": ["GET", "POST", "PATCH", "DELETE"],
    "expose_headers": ["Link", "Location", "OpenStack-API-Version", "X-OpenStack-Request-ID"],
}


def register(conf: cfg.ConfigOpts) -> None:
    """Register the options of oslo.middleware that the API uses, with defaults that suit it."""
    conf.register_opts(cors.OPTS, group=CORS)
    conf.register_opts(healthcheck.HEALTHCHECK_OPTS, group=HEALTHCHECK)
    conf.register_opts(http_proxy_to_wsgi.OPTS, group=PROXY)
    for name, value in _CORS_DEFAULTS.items():
        conf.set_default(name, value, group=CORS)


def set_defaults() -> None:
    """Put the same defaults into the generated sample of the configuration."""
    cors.set_defaults(**_CORS_DEFAULTS)
