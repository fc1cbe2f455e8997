"""What can be set about simulated hosts and the simulated cloud. Times are in seconds, rates between 0 and 1."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedOptions:
    """The settings of the simulated driver; ``senlin_container.conf.simulated`` tells what each one means."""

    directory: str
    latency: float = 0.0
    failure_rate: float = 0.0
    permanent_failure_rate: float = 0.0
    seed: int | None = None
    call_timeout: float = 10.0
    poll_interval: float = 0.2
    build_time: float = 0.0
