"""senlin-container-standalone: API and engine in one process, on SQLite and a state directory."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence

from oslo_config import cfg
from oslo_log import log

from senlin_container.api import server
from senlin_container.cmd import compose

LOG = log.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; returns the exit status."""
    given = list(sys.argv[1:] if argv is None else argv)
    try:
        conf = compose.configure(
            given,
            prog="senlin-container-standalone",
            description="Clusters of containers: API and engine in one process.",
        )
        directory = compose.state_directory(conf)
        with compose.only_one(directory):
            _run(conf, compose.standalone(conf, directory))
    except compose.TROUBLE as exc:
        print(f"senlin-container-standalone: {compose.told(exc)}", file=sys.stderr)
        return 1
    return 0


def _run(conf: cfg.ConfigOpts, system: compose.System) -> None:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with contextlib.closing(system):
        http = server.Server(conf, system.application)
        compose.calm_threads()
        compose.calm_collector()
        system.engine.start()
        try:
            http.start()
        except OSError as exc:
            system.engine.stop()
            raise compose.StartError(
                f"The API cannot listen on {conf.api.host} port {conf.api.port} ({exc.strerror or exc}): set [api] "
                "host and port."
            ) from exc
        LOG.info("senlin_container is ready")
        stop.wait()
        LOG.info("senlin_container stops")
        http.stop()
        clean = system.engine.stop()
    if not clean:
        # Threads wait for hosts that do not answer, and Python would wait for them, while the next service cannot
        # start. What they are at is taken up again.
        logging.shutdown()
        os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
