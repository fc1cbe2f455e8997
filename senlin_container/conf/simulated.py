"""The options of the group [simulated]."""

from __future__ import annotations

from oslo_config import cfg

GROUP = "simulated"

OPTS = [
    cfg.StrOpt(
        "directory",
        default="$state_path/simulated",
        help="Directory for the state of simulated container hosts (sim:// endpoints) and of the simulated cloud "
        "(cloud_backend). All processes of the "
        "installation that are to see the same hosts need the same directory. While a file NAME.down exists in it the "
        "host NAME refuses connections; while NAME.hang exists it takes calls and does not answer.",
    ),
    cfg.FloatOpt(
        "latency",
        default=0.0,
        min=0.0,
        help="Seconds that every call to a simulated host or cloud takes.",
    ),
    cfg.FloatOpt(
        "failure_rate",
        default=0.0,
        min=0.0,
        max=1.0,
        help="Share of the calls to simulated hosts and clouds that fail in a way that may pass. Half of these have "
        "done their work and only lose the answer.",
    ),
    cfg.FloatOpt(
        "permanent_failure_rate",
        default=0.0,
        min=0.0,
        max=1.0,
        help="Share of the calls to simulated hosts and clouds that are refused.",
    ),
    cfg.IntOpt(
        "seed",
        help="Makes the failures of simulated hosts and clouds the same in every run. Unset: they differ.",
    ),
    cfg.FloatOpt(
        "call_timeout",
        default=10.0,
        min=0.0,
        help="Seconds after which a call to a simulated host or cloud that hangs is given up.",
    ),
    cfg.FloatOpt(
        "poll_interval",
        default=0.2,
        min=0.01,
        help="Seconds between two looks for events of a simulated host.",
    ),
    cfg.FloatOpt(
        "build_time",
        default=0.0,
        min=0.0,
        help="Seconds that the simulated cloud takes to make, rebuild, resize, reboot or delete a server or a stack. "
        "The call that begins such work returns at once.",
    ),
]
