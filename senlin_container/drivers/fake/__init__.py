"""The simulated container engine: the semantics of Docker without containers, for scale tests and for trying out."""

from __future__ import annotations

from senlin_container.drivers.fake.host import SimulatedHost
from senlin_container.drivers.fake.machine import set_control
from senlin_container.drivers.fake.options import SimulatedOptions

__all__ = ["SimulatedHost", "SimulatedOptions", "set_control"]
