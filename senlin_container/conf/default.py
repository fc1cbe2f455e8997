"""Options of the service as a whole."""

from __future__ import annotations

from oslo_config import cfg

GROUP = "DEFAULT"

OPTS = [
    cfg.StrOpt(
        "state_path",
        default="/var/lib/senlin-container",
        help="Directory for what the service keeps: in standalone the database, and the key that encrypts secrets.",
    ),
    cfg.IntOpt(
        "max_clusters_per_project", default=100, min=0, help="Largest number of clusters that a project may have."
    ),
    cfg.IntOpt("max_nodes_per_cluster", default=1000, min=0, help="Largest number of nodes that a cluster may have."),
    cfg.IntOpt(
        "default_action_timeout",
        default=3600,
        min=1,
        help="Seconds after which an action fails, where its cluster does not say otherwise.",
    ),
]
