"""The commands beside the service, and what all of them are built on."""

from __future__ import annotations

import pathlib
import subprocess
import sys
from typing import Any

import pytest

from tests import standalone


@pytest.fixture
def config(tmp_path: pathlib.Path) -> pathlib.Path:
    return standalone.write_config(tmp_path / "service.conf", {"DEFAULT": {"state_path": tmp_path / "state"}})


def test_the_database_is_brought_up_to_date(config: pathlib.Path) -> None:
    def status() -> subprocess.CompletedProcess[str]:
        return standalone.run("status", "--config-file", config, "upgrade", "check")

    def manage(*arguments: str) -> str:
        done = standalone.run("manage", "--config-file", config, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    assert manage("db_version") == "none: run db_sync"
    before = status()
    assert before.returncode == 2
    assert "run senlin-container-manage db_sync" in " ".join(before.stdout.replace("|", " ").split())
    told = manage("db_sync")
    assert "(was at none)" in told
    version = manage("db_version")
    assert version in told
    assert manage("db_sync") == f"The database is at {version} (was at {version})."
    after = status()
    assert after.returncode == 0
    assert "Result: Success" in after.stdout


def test_processes_are_listed_while_they_run(tmp_path: pathlib.Path) -> None:
    service = standalone.Standalone(tmp_path / "service")
    service.start()
    try:
        listed = standalone.run("manage", "--config-file", service.config, "service", "list")
        assert listed.returncode == 0, listed.stderr
        (line,) = listed.stdout.splitlines()
        assert "senlin-engine" in line
        assert "last heard of" in line
    finally:
        service.stop()
    listed = standalone.run("manage", "--config-file", service.config, "service", "list")
    assert listed.stdout == ""


@pytest.mark.parametrize(
    ("name", "arguments", "status"),
    [("manage", ("service", "list"), 1), ("manage", ("db_sync",), 1), ("status", ("upgrade", "check"), 2)],
    ids=["list", "sync", "check"],
)
def test_a_state_directory_that_cannot_be_used_is_named(
    tmp_path: pathlib.Path, name: str, arguments: tuple[str, ...], status: int
) -> None:
    config = standalone.write_config(tmp_path / "service.conf", {"DEFAULT": {"state_path": "/proc/nowhere"}})
    done = standalone.run(name, "--config-file", config, *arguments)
    assert done.returncode == status
    said = " ".join((done.stdout + done.stderr).replace("|", " ").split())
    assert "The state directory '/proc/nowhere' cannot be made" in said
    assert "set [DEFAULT] state_path" in said
    assert "Traceback" not in said


def test_a_database_without_tables_asks_for_db_sync(config: pathlib.Path) -> None:
    done = standalone.run("manage", "--config-file", config, "service", "list")
    assert done.returncode == 1
    assert "run db_sync" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["standalone", "manage", "status"])
@pytest.mark.parametrize(
    ("arguments", "told"),
    [(("--no-such-option",), "--no-such-option"), (("--config-file", "/nowhere.conf"), "/nowhere.conf")],
    ids=["option", "file"],
)
def test_what_is_not_known_is_named(name: str, arguments: tuple[str, ...], told: str) -> None:
    work: dict[str, Any] = {"standalone": (), "manage": ("db_version",), "status": ("upgrade", "check")}
    done = standalone.run(name, *arguments, *work[name])
    assert done.returncode != 0
    assert told in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("options", "loaded"),
    [
        ({}, []),
        # eventlet itself is loaded by libraries that look whether it is there, and by nobody who would use it
        ({"oslo_messaging_notifications": {"driver": "messagingv2", "transport_url": "fake:/"}}, ["oslo_service"]),
    ],
    ids=["alone", "notifications"],
)
def test_nothing_is_monkey_patched(tmp_path: pathlib.Path, options: standalone.Options, loaded: list[str]) -> None:
    code = """
import logging, select, socket, sys, threading, time
logging.basicConfig(level=logging.INFO)
before = (socket.socket, socket.create_connection, threading.Thread, threading.Lock, time.sleep, select.poll)
import senlin_container.cmd.manage, senlin_container.cmd.standalone, senlin_container.cmd.status
from oslo_config import cfg
from senlin_container.drivers import notifier
conf = cfg.ConfigOpts()
conf(["--config-file", sys.argv[1]], project="none")
emit = notifier.emitter(conf)
after = (socket.socket, socket.create_connection, threading.Thread, threading.Lock, time.sleep, select.poll)
wrong = {"gevent", "oslo_service", "oslo_service.backend._eventlet"} | ({"eventlet"} if emit is None else set())
print(emit is not None, before == after, *sorted(wrong & set(sys.modules)))
"""
    config = standalone.write_config(tmp_path / "service.conf", options)
    done = subprocess.run([sys.executable, "-c", code, str(config)], capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == [str(bool(options)), "True", *loaded], done.stderr
    assert "Loading backend: eventlet" not in done.stderr
