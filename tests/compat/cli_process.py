"""Runs the public command line client many times for the price of one start.

A program for the Python of the client's own environment. Each line that it reads is a JSON list of command lines; all
of them are run at the same time, each by the client's own entry point in a fork of this process, which has imported
it. The line that it answers with is a list of [exit status, standard output, standard error].
"""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import sys
import tempfile

import openstackclient.shell


def start(arguments: list[str], out: pathlib.Path, err: pathlib.Path) -> int:
    """Run a command in a fork, with its output in files; returns its process id."""
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number, file in ((1, out), (2, err)):
            os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), number)
        sys.exit(openstackclient.shell.main(arguments))
    return pid


def run(commands: list[list[str]]) -> list[tuple[int, str, str]]:
    """Run commands at the same time, and wait for all of them."""
    directory = pathlib.Path(tempfile.mkdtemp())
    pids = []
    for i, arguments in enumerate(commands):
        pids.append(start(arguments, directory / f"{i}.out", directory / f"{i}.err"))
    results = []
    for i, pid in enumerate(pids):
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        results.append((status, *((directory / f"{i}.{kind}").read_text() for kind in ("out", "err"))))
    shutil.rmtree(directory)
    return results


def main() -> None:
    """Answer until the input ends."""
    for line in iter(sys.stdin.readline, ""):
        sys.stdout.write(json.dumps(run(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
