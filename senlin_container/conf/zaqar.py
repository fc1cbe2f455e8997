"""Options for the service that keeps message queues."""

from __future__ import annotations

from oslo_config import cfg

GROUP = "zaqar"

OPTS = [
    cfg.URIOpt(
        "endpoint",
        schemes=["http", "https"],
        help="URL of Zaqar, such as https://cloud.example:8888. Without it, or without [api] public_endpoint, there "
        "are no receivers of type message.",
    ),
    cfg.StrOpt("cafile", help="Certificates that vouch for Zaqar's, in PEM; without it, those of the system."),
    cfg.FloatOpt("timeout", default=10.0, min=0.1, help="Seconds that a call may take."),
]
