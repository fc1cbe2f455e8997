"""The published schemas of the policy types: names, types, defaults and constraints are Senlin's.

All versions of a type share one schema, as they do in what Senlin publishes. What a schema cannot say is in
``policy_rules``.
"""

from __future__ import annotations

from collections.abc import Mapping

from senlin_container.specs import schema

_F = schema.Field
_T = schema.Type

POLL_URL = "NODE_STATUS_POLL_URL"

_PROTOCOLS = ("HTTP", "HTTPS", "TCP")

AFFINITY: Mapping[str, schema.Field] = {
    "servergroup": _F(
        type=_T.MAP,
        description="The group that holds the nodes together, or apart.",
        fields={
            "name": _F(type=_T.STRING, description="Name of the group."),
            "policies": _F(
                type=_T.STRING,
                default="anti-affinity",
                allowed=("affinity", "soft-affinity", "anti-affinity", "soft-anti-affinity"),
                description="Whether nodes go to one host or to different ones; the soft kinds if possible.",
            ),
        },
    ),
    "availability_zone": _F(type=_T.STRING, description="Zone that all nodes go to."),
    "enable_drs_extension": _F(
        type=_T.BOOLEAN, default=False, description="Leave the choice of hosts to a vSphere cluster."
    ),
}

BATCH: Mapping[str, schema.Field] = {
    "min_in_service": _F(
        type=_T.INTEGER, default=1, description="How many nodes go on serving while others are updated."
    ),
    "max_batch_size": _F(
        type=_T.INTEGER, default=-1, description="How many nodes are updated at once at most; -1 is no bound."
    ),
    "pause_time": _F(type=_T.INTEGER, default=60, description="Seconds between two batches."),
}

DELETION: Mapping[str, schema.Field] = {
    "criteria": _F(
        type=_T.STRING,
        default="RANDOM",
        allowed=("OLDEST_FIRST", "OLDEST_PROFILE_FIRST", "YOUNGEST_FIRST", "RANDOM"),
        description="Which nodes go first when a cluster shrinks.",
    ),
    "destroy_after_deletion": _F(
        type=_T.BOOLEAN,
        default=True,
        description="Whether a node that leaves the cluster is destroyed too.",
    ),
    "grace_period": _F(type=_T.INTEGER, default=0, description="Seconds between the choice of a node and its end."),
    "reduce_desired_capacity": _F(
        type=_T.BOOLEAN, default=True, description="Whether the cluster then desires fewer nodes."
    ),
    "hooks": _F(
        type=_T.MAP,
        default={},
        description="Who is told before a node goes, and may hold it up.",
        fields={
            "type": _F(
                type=_T.STRING, default="zaqar", allowed=("zaqar", "webhook"), description="How the message is sent."
            ),
            "params": _F(
                type=_T.MAP,
                default={},
                description="Where the message is sent.",
                fields={
                    "queue": _F(type=_T.STRING, default="", description="Zaqar queue, for type zaqar."),
                    "url": _F(type=_T.STRING, default="", description="URL to post to, for type webhook."),
                },
            ),
            "timeout": _F(
                type=_T.INTEGER, default=0, description="Seconds after which the node goes without an answer."
            ),
        },
    ),
}

_POLL_OPTIONS: Mapping[str, schema.Field] = {
    "poll_url": _F(
        type=_T.STRING,
        default="",
        description=f"URL to ask about a node, with expansions such as {{nodename}}. For {POLL_URL}, which needs it.",
    ),
    "poll_url_ssl_verify": _F(
        type=_T.BOOLEAN, default=True, description=f"Whether the certificate of the URL is verified. For {POLL_URL}."
    ),
    "poll_url_conn_error_as_unhealthy": _F(
        type=_T.BOOLEAN,
        default=True,
        description=f"Whether a connection that fails says that the node is unwell. For {POLL_URL}.",
    ),
    "poll_url_healthy_response": _F(
        type=_T.STRING,
        default="",
        description=f"Pattern in the answer that says that the node is well. For {POLL_URL}.",
    ),
    "poll_url_retry_limit": _F(
        type=_T.INTEGER, default=3, description=f"How often a node that seems unwell is asked again. For {POLL_URL}."
    ),
    "poll_url_retry_interval": _F(
        type=_T.INTEGER, default=3, description=f"Seconds between these questions. For {POLL_URL}."
    ),
}

HEALTH: Mapping[str, schema.Field] = {
    "detection": _F(
        type=_T.MAP,
        required=True,
        description="How the service finds out that a node is unwell.",
        fields={
            "interval": _F(type=_T.INTEGER, default=60, description="Seconds between two looks, for modes that poll."),
            "node_update_timeout": _F(
                type=_T.INTEGER,
                default=300,
                description="Seconds after a change of a node in which it is not looked at.",
            ),
            "detection_modes": _F(
                type=_T.LIST,
                description="The ways to find out.",
                items=_F(
                    type=_T.MAP,
                    description="One way to find out.",
                    fields={
                        "type": _F(
                            type=_T.STRING,
                            required=True,
                            allowed=(
                                "LIFECYCLE_EVENTS",
                                "NODE_STATUS_POLLING",
                                POLL_URL,
                                "HYPERVISOR_STATUS_POLLING",
                            ),
                            description="What is looked at.",
                        ),
                        "options": _F(type=_T.MAP, default={}, description="Details of a way.", fields=_POLL_OPTIONS),
                    },
                ),
            ),
            "recovery_conditional": _F(
                type=_T.STRING,
                default="ANY_FAILED",
                allowed=("ALL_FAILED", "ANY_FAILED"),
                description="Whether a node is unwell as soon as one of several ways says so, or when all do.",
            ),
        },
    ),
    "recovery": _F(
        type=_T.MAP,
        required=True,
        description="What is done about a node that is unwell.",
        fields={
            "actions": _F(
                type=_T.LIST,
                description="What is done; one item at most.",
                items=_F(
                    type=_T.MAP,
                    description="Something to do.",
                    fields={
                        "name": _F(
                            type=_T.STRING,
                            required=True,
                            allowed=("REBOOT", "REBUILD", "RECREATE"),
                            description="What to do with the node.",
                        ),
                        "params": _F(type=_T.MAP, description="Parameters of it."),
                    },
                ),
            ),
            "fencing": _F(
                type=_T.LIST,
                description="What must be known to be off before a node is made anew.",
                items=_F(type=_T.STRING, required=True, allowed=("COMPUTE",), description="A kind of service."),
            ),
            "node_delete_timeout": _F(
                type=_T.INTEGER,
                default=20,
                description="Seconds that the deletion of the old node may take when a node is made anew.",
            ),
            "node_force_recreate": _F(
                type=_T.BOOLEAN,
                default=False,
                description="Whether a node is made anew though the old one could not be deleted.",
            ),
        },
    ),
}

_POOL: Mapping[str, schema.Field] = {
    "id": _F(type=_T.STRING, description="A pool that is there already."),
    "protocol": _F(type=_T.STRING, default="HTTP", allowed=_PROTOCOLS, description="Protocol towards the nodes."),
    "protocol_port": _F(type=_T.INTEGER, default=80, description="Port of the nodes."),
    "subnet": _F(type=_T.STRING, required=True, description="Subnet where the nodes are reached, by name or id."),
    "lb_method": _F(
        type=_T.STRING,
        default="ROUND_ROBIN",
        allowed=("ROUND_ROBIN", "LEAST_CONNECTIONS", "SOURCE_IP"),
        description="How connections are shared out.",
    ),
    "admin_state_up": _F(type=_T.BOOLEAN, default=True, description="Whether the pool is switched on."),
    "session_persistence": _F(
        type=_T.MAP,
        default={},
        description="What keeps a client with one node.",
        fields={
            "type": _F(
                type=_T.STRING,
                allowed=("SOURCE_IP", "HTTP_COOKIE", "APP_COOKIE", "NONE"),
                description="How a client is recognised.",
            ),
            "cookie_name": _F(type=_T.STRING, description="Name of the cookie, for APP_COOKIE."),
        },
    ),
}

_VIP: Mapping[str, schema.Field] = {
    "subnet": _F(type=_T.STRING, description="Subnet of the address, by name or id; this or the network is needed."),
    "network": _F(type=_T.STRING, description="Network of the address, by name or id."),
    "address": _F(type=_T.STRING, description="The address; one is chosen where none is given."),
    "connection_limit": _F(
        type=_T.INTEGER, default=-1, description="How many connections are let in per second; -1 is no bound."
    ),
    "protocol": _F(type=_T.STRING, default="HTTP", allowed=_PROTOCOLS, description="Protocol towards the clients."),
    "protocol_port": _F(type=_T.INTEGER, default=80, description="Port towards the clients."),
    "admin_state_up": _F(type=_T.BOOLEAN, default=True, description="Whether the address is switched on."),
}

_MONITOR: Mapping[str, schema.Field] = {
    "id": _F(type=_T.STRING, description="A monitor that is there already."),
    "type": _F(
        type=_T.STRING,
        default="PING",
        allowed=("PING", "TCP", "HTTP", "HTTPS"),
        description="How the load balancer probes a node.",
    ),
    "delay": _F(type=_T.INTEGER, default=10, description="Milliseconds between two probes."),
    "timeout": _F(type=_T.INTEGER, default=5, description="Milliseconds that a probe may take to connect."),
    "max_retries": _F(
        type=_T.INTEGER, default=3, description="After how many failures a node gets no more connections."
    ),
    "admin_state_up": _F(type=_T.BOOLEAN, default=True, description="Whether the monitor is switched on."),
    "http_method": _F(
        type=_T.STRING, allowed=("GET", "POST", "PUT", "DELETE"), description="HTTP method of the probe."
    ),
    "url_path": _F(type=_T.STRING, description="HTTP path of the probe."),
    "expected_codes": _F(type=_T.STRING, description="HTTP codes that say that a node is well."),
}

LOADBALANCE: Mapping[str, schema.Field] = {
    "pool": _F(type=_T.MAP, description="The nodes, as the load balancer sees them.", fields=_POOL),
    "vip": _F(type=_T.MAP, description="The address that clients use.", fields=_VIP),
    "health_monitor": _F(type=_T.MAP, description="How the load balancer watches the nodes.", fields=_MONITOR),
    "lb_status_timeout": _F(
        type=_T.INTEGER, default=300, description="Seconds that the load balancer may take to become ready."
    ),
    "loadbalancer": _F(type=_T.STRING, description="A load balancer that is there already, by name or id."),
    "availability_zone": _F(type=_T.STRING, description="Zone of a new load balancer."),
    "flavor_id": _F(type=_T.STRING, description="Octavia flavor of a new load balancer."),
}

REGION_PLACEMENT: Mapping[str, schema.Field] = {
    "regions": _F(
        type=_T.LIST,
        description="Regions that nodes may go to.",
        items=_F(
            type=_T.MAP,
            description="A region.",
            fields={
                "name": _F(type=_T.STRING, description="Name of the region."),
                "weight": _F(type=_T.INTEGER, default=100, description="Its share, relative to the others."),
                "cap": _F(type=_T.INTEGER, default=-1, description="Most nodes that go there; -1 is no bound."),
            },
        ),
    ),
}

SCALING: Mapping[str, schema.Field] = {
    "event": _F(
        type=_T.STRING,
        required=True,
        allowed=("CLUSTER_SCALE_IN", "CLUSTER_SCALE_OUT"),
        description="The kind of action that the policy is for.",
    ),
    "adjustment": _F(
        type=_T.MAP,
        description="By how much such an action changes the cluster.",
        fields={
            "type": _F(
                type=_T.STRING,
                default="CHANGE_IN_CAPACITY",
                allowed=("EXACT_CAPACITY", "CHANGE_IN_CAPACITY", "CHANGE_IN_PERCENTAGE"),
                description="What the number means.",
            ),
            "number": _F(type=_T.NUMBER, default=1, description="The number of nodes, or the percentage."),
            "min_step": _F(
                type=_T.INTEGER, default=1, description="How many nodes a CHANGE_IN_PERCENTAGE changes at least."
            ),
            "best_effort": _F(
                type=_T.BOOLEAN,
                default=False,
                description="Whether a size beyond the bounds is cut to them, rather than refused.",
            ),
            "cooldown": _F(
                type=_T.INTEGER,
                default=0,
                description="Seconds after such an action in which the next one is refused.",
            ),
        },
    ),
}

ZONE_PLACEMENT: Mapping[str, schema.Field] = {
    "zones": _F(
        type=_T.LIST,
        description="Zones that nodes may go to.",
        items=_F(
            type=_T.MAP,
            description="A zone.",
            fields={
                "name": _F(type=_T.STRING, description="Name of the zone."),
                "weight": _F(type=_T.INTEGER, default=100, description="Its share, relative to the others."),
            },
        ),
    ),
}
