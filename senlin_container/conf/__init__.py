"""Options, one module per group, each with ``GROUP`` and ``OPTS``. A configuration is passed in, never global."""

from __future__ import annotations

from oslo_config import cfg
from oslo_db import options as db_options
from oslo_log import log

from senlin_container.conf import api, default, docker, engine, health, middleware, simulated, zaqar

MODULES = (default, api, engine, health, docker, simulated, zaqar)


def register(conf: cfg.ConfigOpts) -> None:
    """Register all options of this service with a configuration."""
    for module in MODULES:
        conf.register_opts(module.OPTS, group=None if module.GROUP == "DEFAULT" else module.GROUP)
    conf.register_opts(db_options.database_opts, group="database")
    log.register_options(conf)
    middleware.register(conf)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    """Return all options of this service by group, for the generator of the sample."""
    return [(module.GROUP, module.OPTS) for module in MODULES]
