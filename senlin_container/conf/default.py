"""Options of the service as a whole."""

from __future__ import annotations

from oslo_config import cfg, types

GROUP = "DEFAULT"

OPTS = [
    cfg.StrOpt(
        "state_path",
        default="/var/lib/senlin-container",
        help="Directory for what the service keeps: in standalone the database, and the key that encrypts secrets.",
    ),
    cfg.StrOpt(
        "cloud_backend",
        default="openstack",
        choices=[
            ("openstack", "the cloud that the service belongs to; its servers and stacks are not supported yet"),
            ("simulated", "one that is kept in a file, see the group [simulated]: for tests and for trying out"),
        ],
        help="Where the servers and stacks of nodes of the types os.nova.server and os.heat.stack are.",
    ),
    cfg.ListOpt(
        "event_dispatchers",
        default=["database"],
        item_type=types.String(choices=["database", "message"]),
        help="Where events go: to the database, from where the API shows them, or out as messages, by the options in "
        "[oslo_messaging_notifications]; or to both.",
    ),
    cfg.IntOpt(
        "max_clusters_per_project", default=100, min=0, help="Largest number of clusters that a project may have."
    ),
    cfg.IntOpt("max_nodes_per_cluster", default=1000, min=0, help="Largest number of nodes that a cluster may have."),
    cfg.IntOpt(
        "health_check_interval_min",
        default=10,
        min=1,
        help="Smallest interval, in seconds, that a health policy may have between two checks of a cluster.",
    ),
    cfg.IntOpt(
        "default_action_timeout",
        default=3600,
        min=1,
        help="Seconds after which an action fails, where its cluster does not say otherwise.",
    ),
]
