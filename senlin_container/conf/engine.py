"""Options of the engine."""

from __future__ import annotations

from oslo_config import cfg

GROUP = "engine"

OPTS = [
    cfg.IntOpt(
        "threads", default=128, min=1, max=1024, help="How many node actions are carried out at the same time."
    ),
    cfg.IntOpt(
        "claim_limit", default=256, min=1, help="How many node actions an engine takes on before some are finished."
    ),
    cfg.FloatOpt(
        "lease",
        default=30.0,
        min=1.0,
        help="Seconds after which what an engine is at work on is taken over by another, when it does not renew.",
    ),
    cfg.FloatOpt(
        "sweep_interval", default=5.0, min=0.05, help="Seconds between looks for work that no nudge has announced."
    ),
    cfg.IntOpt("retries", default=3, min=1, help="How often a step is tried when the outside fails in passing."),
    cfg.FloatOpt(
        "retry_delay", default=1.0, min=0.0, help="Seconds before the second try; doubled for each one after it."
    ),
    cfg.IntOpt(
        "settle_batch", default=16, min=1, help="How many outcomes of one cluster action are written together."
    ),
    cfg.FloatOpt(
        "settle_delay", default=1.0, min=0.0, help="Seconds that an outcome waits for others to be written with it."
    ),
    cfg.IntOpt(
        "host_parallelism",
        default=8,
        min=1,
        help="How many calls a host is given at the same time to begin with. The engine finds out what suits it.",
    ),
    cfg.IntOpt(
        "host_parallelism_max", default=16, min=1, help="How many calls a host is given at the same time at the most."
    ),
    cfg.IntOpt(
        "host_endings",
        default=12,
        min=1,
        help="How many containers are ended on a host at the same time. Most of that is waiting for the workload.",
    ),
    cfg.FloatOpt(
        "stop_timeout",
        default=30.0,
        min=0.0,
        help="Seconds that what is at work has to end when the service is stopped; the rest is taken up again later.",
    ),
]
