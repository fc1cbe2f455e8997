"""Fixtures for all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.lab import docker_hosts
from tests.lab import keystone as keystone_lab


@pytest.fixture(scope="session")
def lab() -> Iterator[docker_hosts.DockerHosts]:
    """Real Docker hosts: ``lab.up(2)`` starts what is missing; all are taken away in the end.

    Where they cannot run the test is skipped, or fails when REQUIRE_LAB=1 says that this machine must have them.
    """
    why_not = docker_hosts.missing()
    if why_not and os.environ.get("REQUIRE_LAB") == "1":
        pytest.fail(f"REQUIRE_LAB=1, but {why_not}")
    if why_not:
        pytest.skip(why_not)
    hosts = docker_hosts.DockerHosts.new()
    try:
        yield hosts
    finally:
        hosts.close()


@pytest.fixture(scope="session")
def keystone() -> Iterator[keystone_lab.Keystone]:
    """A real Keystone with the people of ``tests.lab.keystone.PERSONAS``."""
    made = keystone_lab.Keystone()
    try:
        made.start()
        yield made
    finally:
        made.close()
