"""Puts the parts of a process together from its configuration."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import functools
import gc
import os
import pathlib
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Sequence

from oslo_config import cfg
from oslo_log import log

from senlin_container import conf as options
from senlin_container.api import app, layers
from senlin_container.conf import api as api_conf
from senlin_container.conf import keystone as keystone_conf
from senlin_container.drivers import clouds, hosts, keystone, messaging, notifier, ports
from senlin_container.engine import service, shared
from senlin_container.store import catalog, schema, secrets, session
from senlin_container.usecases import commands, context, notices, queries, trusts

LOG = log.getLogger(__name__)

PROJECT = "senlin_container"
KEY_FILE = "secret.key"

_SWITCH_SECONDS = 0.02

_COLLECT_AFTER = 50_000  # objects; Python's own 700 are for programs that have little


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
    clouds: clouds.Clouds
    application: layers.Application
    engine: service.Engine
    sender: notifier.Sender | None

    def close(self) -> None:
        """Let go of connections."""
        if self.sender is not None:
            self.sender.close()
        self.pool.close()
        self.clouds.close()
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


def trusts_of(conf: cfg.ConfigOpts, database: session.Database, box: secrets.Box) -> context.Trusts:
    """Say how the service comes to act for its users later.

    :raises conf.api.ConfigurationError: when [trustee] cannot be used
    """
    if conf.api.auth_strategy != "keystone":
        return context.NoTrusts()
    keystone_conf.register(conf)
    if not keystone.configured(conf):
        LOG.warning(
            "No user is set in [trustee]: users cannot delegate to this service, and whatever it would have to do in "
            "their name in the cloud later will fail. Containers on hosts need none of that."
        )
        return context.NoTrusts()
    return trusts.Trusts(database=database, box=box, clock=time.time, identity=keystone.Keystone(conf))


def notify(conf: cfg.ConfigOpts, database: session.Database) -> notifier.Sender | None:
    """Have others told what happens, as far as they are to be told."""
    emit = notifier.emitter(conf)
    dispatchers = conf.event_dispatchers
    if emit is None and notices.MESSAGE in dispatchers:
        LOG.warning(
            "[DEFAULT] event_dispatchers has 'message', and messages go nowhere: set [oslo_messaging_notifications] "
            "driver, for example to messagingv2."
        )
    sender = None if emit is None else notifier.Sender(emit)
    listener = notices.listener(sender.put if sender else _ignore, events=notices.MESSAGE in dispatchers)
    if sender is not None or notices.DATABASE not in dispatchers:
        database.listen(listener, keep_events=notices.DATABASE in dispatchers)
    return sender


def _ignore(_notices: object) -> None:
    """Tell nobody."""


def messaging_of(conf: cfg.ConfigOpts) -> messaging.Messaging | None:
    """Open the service for message queues, where there is one."""
    options = conf.zaqar
    if options.endpoint is None:
        return None
    from senlin_container.drivers import zaqar  # most installations have none, and need not load its client

    return zaqar.Zaqar(options.endpoint, verify=options.cafile or True, timeout=options.timeout)


def clouds_of(conf: cfg.ConfigOpts, identity: str) -> clouds.Clouds:
    """Open the cloud that servers and stacks are in.

    :raises StartError: when it cannot be opened
    """
    try:
        return clouds.choose(conf.cloud_backend, service=identity, simulated_options=hosts.simulated_options(conf))
    except ports.Permanent as exc:
        raise StartError(exc.message) from exc


def standalone(conf: cfg.ConfigOpts, directory: pathlib.Path) -> System:
    """Put API and engine together, on a database of their own that is brought up to date."""
    database = open_database(conf, directory)
    schema.sync(database)
    wake = threading.Event()
    limits = context.Limits(
        max_clusters_per_project=conf.max_clusters_per_project,
        max_nodes_per_cluster=conf.max_nodes_per_cluster,
        default_action_timeout=conf.default_action_timeout,
        health_check_interval_min=conf.health_check_interval_min,
        page=conf.api.max_limit,
        service_silence=2 * conf.engine.lease,
    )
    box = secrets.Box(secrets.load_keys(directory / KEY_FILE))
    sender = notify(conf, database)
    identity = database.write(catalog.installation, str(uuid.uuid4()), time.time())
    cloud = clouds_of(conf, identity)
    parts = context.Parts(
        database=database,
        box=box,
        clock=time.time,
        nudge=wake.set,
        limits=limits,
        trusts=trusts_of(conf, database, box),
        messaging=messaging_of(conf),
        clouds=cloud,
    )
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
        clouds=cloud,
        application=app.build(conf, commands.Commands(parts), queries.Queries(parts)),
        engine=service.Engine(parts, catalogue, settings_of(conf), wake, alone=True),
        sender=sender,
    )


def calm_threads() -> None:
    """Let a thread that computes go on for a while before another one takes its place.

    With many requests at once, Python's usual 5 ms make the threads push one another away in the midst of long lists,
    which costs a sixth of their time. A thread that waits for the network or a file gives way at once as ever.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)


def calm_collector() -> None:
    """Keep the garbage collector from what the process is made of; called when its parts are together.

    A list of a thousand nodes makes so many objects that the collector sets in several times, and now and then it
    walks over everything that there is, modules and tables too, for a tenth of a second.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, 10, 10)
