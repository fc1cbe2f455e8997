"""Options of the health checks."""

from __future__ import annotations

from oslo_config import cfg

GROUP = "health"

OPTS = [
    cfg.FloatOpt(
        "interval",
        default=60.0,
        min=1.0,
        help="Seconds between listings of a host. Events make the reaction immediate; listings are the safety net.",
    ),
    cfg.IntOpt(
        "watchers",
        default=200,
        min=0,
        help="How many hosts are followed by their events, a thread each. Those beyond it are listed only.",
    ),
    cfg.FloatOpt(
        "host_grace",
        default=60.0,
        min=1.0,
        help="Seconds after which the containers of a host that does not answer are taken for lost, and recovered "
        "elsewhere where their clusters want that.",
    ),
]
