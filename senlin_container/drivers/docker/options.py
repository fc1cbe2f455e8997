"""What an operator can set about the Docker engines. Times are in seconds."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DockerOptions:
    """The settings of the Docker driver; ``senlin_container.conf.docker`` tells what each one means."""

    connect_timeout: float = 5.0
    query_timeout: float = 10.0
    work_timeout: float = 60.0
    pull_timeout: float = 600.0
    stop_timeout: int = 10
    events_timeout: float = 60.0
    pool_size: int = 40
    allow_insecure_tcp: bool = False
    ssh_known_hosts: str = ""
    ssh_identity: str = ""
    ssh_sessions: int = 8
