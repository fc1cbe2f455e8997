"""Virtual environments for other projects' programs, which never share one with the service."""

from __future__ import annotations

import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

_CACHE = pathlib.Path(__file__).parent.parent / ".cache"
_INSTALL_SECONDS = 900


def programs(name: str, requirements: pathlib.Path, variable: str) -> pathlib.Path:
    """Return the folder with the programs of an environment, ``python`` among them.

    That is where the command is that the environment variable ``variable`` names. Without it the environment is made,
    once, in the checkout's .cache folder; pip is told where to look by its usual variables (PIP_INDEX_URL and so on).
    """
    named = os.environ.get(variable)
    if named:
        return pathlib.Path(named).parent
    wanted = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()
    environment = _CACHE / f"{name}-{wanted[:12]}"
    stamp = environment / ".installed"
    _CACHE.mkdir(exist_ok=True)
    with (_CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists():
            shutil.rmtree(environment, ignore_errors=True)
            _run(sys.executable, "-m", "venv", str(environment))
            _run(str(environment / "bin" / "pip"), "install", "--quiet", "--no-input", "-r", str(requirements))
            stamp.touch()
    return environment / "bin"


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=_INSTALL_SECONDS)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
