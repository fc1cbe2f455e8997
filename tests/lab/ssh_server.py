"""An sshd for tests: on a free port of loopback, with keys of its own, in front of one Docker engine."""

from __future__ import annotations

import dataclasses
import getpass
import os
import pathlib
import shutil
import socket
import subprocess
import time

_CONFIG = """
ListenAddress 127.0.0.1:{port}
HostKey {directory}/host_key
AuthorizedKeysFile {directory}/identity.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
SetEnv DOCKER_HOST=unix://{engine}
"""


def missing() -> str:
    """Say what stands in the way; "" for nothing."""
    absent = [name for name in ("sshd", "ssh-keygen") if _find(name) is None]
    return f"needs {', '.join(absent)}: install openssh-server" if absent else ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SshServer:
    """A running sshd. ``known_hosts`` and ``identity`` are files for its client."""

    url: str
    known_hosts: pathlib.Path
    identity: pathlib.Path
    process: subprocess.Popen[bytes]

    def close(self) -> None:
        """End it, and the sessions with it."""
        os.killpg(self.process.pid, 15)
        self.process.wait(10)


def start(directory: pathlib.Path, engine: pathlib.Path) -> SshServer:
    """Start an sshd whose sessions find the engine at the given Unix socket."""
    sshd, keygen = _find("sshd"), _find("ssh-keygen")
    assert sshd is not None
    assert keygen is not None
    pathlib.Path("/run/sshd").mkdir(exist_ok=True)
    for name in ("host_key", "identity"):
        subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", directory / name], check=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = directory / "sshd_config"
    config.write_text(_CONFIG.format(port=port, directory=directory, engine=engine))
    known_hosts = directory / "known_hosts"
    known_hosts.write_text(f"[127.0.0.1]:{port} {(directory / 'host_key.pub').read_text()}")
    with (directory / "sshd.log").open("wb") as log:
        process = subprocess.Popen([sshd, "-D", "-e", "-f", config], stderr=log, start_new_session=True)
    _await_port(port, process, directory / "sshd.log")
    url = f"ssh://{getpass.getuser()}@127.0.0.1:{port}"
    return SshServer(url=url, known_hosts=known_hosts, identity=directory / "identity", process=process)


def _await_port(port: int, process: subprocess.Popen[bytes], log: pathlib.Path) -> None:
    for _attempt in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError(f"sshd does not listen: {log.read_text()}")


def _find(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
