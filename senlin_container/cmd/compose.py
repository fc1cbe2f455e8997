"""Puts the parts of a process together from its configuration."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import functools
import os
import pathlib
import threading
import time
from collections.abc import Iterator, Sequence

from oslo_config import cfg
from oslo_log import log

from senlin_container import conf as options
from senlin_container.api import app, layers
from senlin_container.conf import api as api_conf
from senlin_container.drivers import hosts
from senlin_container.engine import service, shared
from senlin_container.store import catalog, schema, secrets, session
from senlin_container.usecases import commands, context, queries

PROJECT = "senlin_container"
KEY_FILE = "secret.key"


class StartError(Exception):
    """The process cannot run as it is configured; the message says what to change."""


TROUBLE: tuple[type[Exception], ...] = (StartError, api_conf.ConfigurationError, cfg.Error, *session.TROUBLE)
"""What ends a command with a message to its user."""


def told(trouble: Exception) -> str:
    """Say in a sentence what is in the way and what to change."""
    if isinstance(trouble, session.TROUBLE):
        words = str(trouble).partition("\n")[0]  # the statement and a link follow
        return f"The database cannot be used ({words}): check [database] connection, or the state directory."
    return str(trouble)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A whole service in one process."""

    database: session.Database
    pool: hosts.HostPool
    application: layers.Application
    engine: service.Engine

    def close(self) -> None:
        """Let go of connections."""
        self.pool.close()
        self.database.close()


def configure(argv: list[str], *, prog: str, description: str, cli: Sequence[cfg.Opt] = ()) -> cfg.ConfigOpts:
    """Read command line and configuration files, and set up logging."""
    conf = cfg.ConfigOpts()
    options.register(conf)
    conf.register_cli_opts(cli)
    conf(argv, project="senlin-container", prog=prog, description=description)
    conf.set_default("use_stderr", True)
    log.set_defaults(
        default_log_levels=[
            *log.get_default_log_levels(),
            "alembic=WARN",
            "docker=WARN",
            "paramiko=WARN",
            "oslo_db.sqlalchemy.exc_filters=CRITICAL",  # whoever handles an error of the database tells of it
        ]
    )
    log.setup(conf, PROJECT)
    return conf


def state_directory(conf: cfg.ConfigOpts) -> pathlib.Path:
    """Return the state directory, made when it is missing; it and all files made from now on are the service's own.

    :raises StartError: when it cannot be used
    """
    path = pathlib.Path(conf.state_path)
    os.umask(0o077)  # the directory may be there already and open to others; what we put into it is not
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise StartError(
            f"The state directory '{path}' cannot be made ({exc.strerror}): set [DEFAULT] state_path."
        ) from exc
    if not os.access(path, os.W_OK | os.X_OK):
        raise StartError(f"The state directory '{path}' cannot be written to: set [DEFAULT] state_path.")
    return path


@contextlib.contextmanager
def only_one(directory: pathlib.Path) -> Iterator[None]:
    """Hold the state directory for this process.

    :raises StartError: when another one has it
    """
    with (directory / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            raise StartError(f"Another service runs on the state directory '{directory}'.") from exc
        yield


def open_database(conf: cfg.ConfigOpts, directory: pathlib.Path) -> session.Database:
    """Open the database of the configuration; without one, a file in the state directory.

    :raises StartError: when its directory cannot be made
    """
    url = conf.database.connection or f"sqlite:///{directory}/senlin-container.db"
    try:
        return session.connect(url, options=session.options_of(conf))
    except OSError as exc:
        raise StartError(
            f"The directory '{exc.filename}' of the database cannot be made ({exc.strerror}): check [database] "
            "connection."
        ) from exc


def settings_of(conf: cfg.ConfigOpts) -> shared.Settings:
    """Read how the engine works."""
    engine, health = conf.engine, conf.health
    return shared.Settings(
        threads=engine.threads,
        claim_limit=engine.claim_limit,
        lease=engine.lease,
        sweep_interval=engine.sweep_interval,
        retries=engine.retries,
        retry_delay=engine.retry_delay,
        settle_batch=engine.settle_batch,
        settle_delay=engine.settle_delay,
        host_parallelism=engine.host_parallelism,
        host_parallelism_max=engine.host_parallelism_max,
        host_endings=engine.host_endings,
        stop_timeout=engine.stop_timeout,
        health_interval=health.interval,
        health_watchers=health.watchers,
        host_grace=health.host_grace,
    )


def standalone(conf: cfg.ConfigOpts, directory: pathlib.Path) -> System:
    """Put API and engine together, on a database of their own that is brought up to date."""
    database = open_database(conf, directory)
    schema.sync(database)
    wake = threading.Event()
    limits = context.Limits(
        max_clusters_per_project=conf.max_clusters_per_project,
        max_nodes_per_cluster=conf.max_nodes_per_cluster,
        default_action_timeout=conf.default_action_timeout,
        page=conf.api.max_limit,
        service_silence=2 * conf.engine.lease,
    )
    parts = context.Parts(
        database=database,
        box=secrets.Box(secrets.load_keys(directory / KEY_FILE)),
        clock=time.time,
        nudge=wake.set,
        limits=limits,
    )
    identity = database.write(catalog.installation, parts.new_id(), parts.clock())
    pool = hosts.HostPool(
        service=identity,
        docker_options=hosts.docker_options(conf),
        simulated_options=hosts.simulated_options(conf),
    )
    read_tls = functools.partial(hosts.read_tls, conf.docker.certificates_directory)
    catalogue = shared.Catalogue(parts, pool, read_tls)
    return System(
        database=database,
        pool=pool,
        application=app.build(conf, commands.Commands(parts), queries.Queries(parts)),
        engine=service.Engine(parts, catalogue, settings_of(conf), wake, alone=True),
    )
