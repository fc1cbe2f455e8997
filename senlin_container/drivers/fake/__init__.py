"""Simulated container engines and a simulated cloud, for scale tests and for trying out."""

from __future__ import annotations

from senlin_container.drivers.fake.cloud import SimulatedCloud, SimulatedClouds
from senlin_container.drivers.fake.host import SimulatedHost
from senlin_container.drivers.fake.identity import SimulatedIdentity
from senlin_container.drivers.fake.machine import set_control
from senlin_container.drivers.fake.options import SimulatedOptions

__all__ = [
    "SimulatedCloud",
    "SimulatedClouds",
    "SimulatedHost",
    "SimulatedIdentity",
    "SimulatedOptions",
    "set_control",
]
