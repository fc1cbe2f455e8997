"""Serves Keystone over HTTP until its standard input ends, with a database that it makes itself.

A program for the Python of Keystone's own environment; its arguments are a configuration file, a port (0 for a free
one) and the password of the user ``admin``. It prints the port when it listens.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

import cheroot.wsgi
import keystone.server
from keystone.cmd import bootstrap
from keystone.common.sql import upgrades
from keystone.server.flask import core

THREADS = 8
CONNECTIONS = 1000
"""Which may be idle and are kept; cheroot's own bound closes them under the hands of clients."""


def prepare(file: str, url: str, password: str) -> None:
    """Do what ``keystone-manage db_sync`` and ``bootstrap`` do, for the price of one start."""
    keystone.server.configure(config_files=[file])
    upgrades.offline_sync_database_to_version()
    first = bootstrap.Bootstrapper()
    first.admin_username = first.project_name = first.admin_role_name = "admin"
    first.admin_password = password
    first.region_id, first.service_name = "RegionOne", "keystone"
    first.public_url = first.internal_url = first.admin_url = url
    first.bootstrap()


def one_at_a_time(application: Callable[..., Iterable[bytes]]) -> Callable[..., list[bytes]]:
    """Return an application that finishes one request before the next: two that write make SQLite refuse one."""
    lock = threading.Lock()

    def answer(*args: Any) -> list[bytes]:
        with lock:
            return list(application(*args))

    return answer


def main() -> None:
    """Serve."""
    _, file, port, password = sys.argv
    sys.argv = ["keystone"]  # where Keystone looks for options
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # Keystone logs to the standard output
    server = cheroot.wsgi.Server(("127.0.0.1", int(port)), None, numthreads=THREADS)
    server.keep_alive_conn_limit = CONNECTIONS
    server.prepare()
    # What cheroot leaves out for a free port: a second start takes the port again, old connections or not.
    server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    child = os.fork()  # Keystone's modules can be set up once in a process
    if child == 0:
        prepare(file, f"http://127.0.0.1:{server.bind_addr[1]}/v3", password)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status:
        sys.exit(f"the database of Keystone cannot be made: status {status}")
    server.wsgi_app = one_at_a_time(core.initialize_application("public", config_files=[file]))
    threading.Thread(target=server.serve, daemon=True).start()
    print(server.bind_addr[1], file=answer, flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
