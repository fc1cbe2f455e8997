"""A MariaDB server of one's own, from the distribution's package, for tests and benchmarks."""

from __future__ import annotations

import contextlib
import getpass
import importlib.util
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping

COMMANDS = ("mariadbd", "mariadb-install-db", "mariadb")

_READY = 60.0
# The data is thrown away in the end, so a commit need not wait for the disk. The rest is what Debian's package sets.
_SETTINGS: Mapping[str, str] = {
    "innodb-flush-log-at-trx-commit": "0",
    "innodb-buffer-pool-size": "256M",
    "character-set-server": "utf8mb4",
    "collation-server": "utf8mb4_general_ci",
    "max-connections": "500",
}


def missing() -> str:
    """Say what stands in the way of a server on this machine; "" for nothing."""
    absent = [command for command in COMMANDS if shutil.which(command) is None]
    return f"MariaDB needs {', '.join(absent)}: install the packages of bindep.txt" if absent else ""


class MariaDB:
    """A running server. Whoever reaches its port on this machine is its root, without a password."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self._process = process
        self.port = port

    @property
    def pid(self) -> int:
        """The process of the server."""
        return self._process.pid

    def url(self, database: str) -> str:
        """Return the URL of a database, for the faster one of the drivers that are installed."""
        driver = "mysqldb" if importlib.util.find_spec("MySQLdb") else "pymysql"
        return f"mysql+{driver}://root@127.0.0.1:{self.port}/{database}"

    def run(self, statements: str) -> str:
        """Run statements; returns what they tell, columns between tabs."""
        return _client(self.port, statements)

    @contextlib.contextmanager
    def logged(self) -> Iterator[list[str]]:
        """Note what is asked of the server while the context lasts, "Ping" for the question whether it is there."""
        log: list[str] = []
        self.run("SET GLOBAL log_output = 'TABLE'; TRUNCATE mysql.general_log; SET GLOBAL general_log = ON")
        try:
            yield log
        finally:
            self.run("SET GLOBAL general_log = OFF")
        ours = "SELECT thread_id FROM mysql.general_log WHERE argument LIKE '%general_log%'"
        asked = "IF(command_type = 'Query', REPLACE(argument, '\\n', ' '), command_type)"
        where = f"command_type NOT IN ('Connect', 'Quit') AND thread_id NOT IN ({ours})"
        told = self.run(f"SELECT {asked} FROM mysql.general_log WHERE {where} ORDER BY event_time")
        log.extend(told.splitlines())


@contextlib.contextmanager
def running() -> Iterator[MariaDB]:
    """Run a server on a free port and on a directory of its own; stopped and removed in the end."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="senlin-container-mariadb-"))
    try:
        common = ["--no-defaults", f"--user={getpass.getuser()}", f"--datadir={directory}/data"]
        subprocess.run(
            ["mariadb-install-db", *common, "--auth-root-authentication-method=normal", "--skip-test-db"],
            check=True,
            capture_output=True,
        )
        port = _free_port()
        settings = {
            **_SETTINGS,
            "port": port,
            "bind-address": "127.0.0.1",
            "socket": directory / "socket",
            "pid-file": directory / "pid",
            "log-error": directory / "log",
        }
        process = subprocess.Popen(
            [
                *("mariadbd", *common, "--skip-name-resolve", "--skip-log-bin"),
                *(f"--{name}={value}" for name, value in settings.items()),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _await(process, port, directory / "log")
            yield MariaDB(process, port)
        finally:
            process.terminate()
            process.wait(_READY)
    finally:
        shutil.rmtree(directory)


def _await(process: subprocess.Popen[bytes], port: int, log: pathlib.Path) -> None:
    end = time.monotonic() + _READY
    while True:
        try:
            _client(port, "SELECT 1")
            return
        except subprocess.CalledProcessError:
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"MariaDB does not start: {log.read_text()[-2000:]}") from None
        time.sleep(0.1)


def _client(port: int, statements: str) -> str:
    where = ["--host=127.0.0.1", f"--port={port}", "--user=root", "--protocol=tcp"]
    command = ["mariadb", "--no-defaults", *where, "--batch", "--skip-column-names"]
    return subprocess.run(command, input=statements, check=True, capture_output=True, text=True).stdout


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
