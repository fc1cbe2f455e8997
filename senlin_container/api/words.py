"""What the names on the wire mean, said once: for the OpenAPI document and for the reference.

A name may mean something more special in one place: in an operation (``cluster_create.name``), of a resource
(``cluster.name``) or of an object in answers (``Cluster.name``).
"""

from __future__ import annotations

from collections.abc import Mapping

INTRODUCTION = (
    "Manages clusters of nodes. A profile says what a node is; policies bound to a cluster say how it behaves; "
    "actions are the durable record of each change; receivers let a signal from outside trigger an action; "
    "events tell what happened."
)
MICROVERSION = (
    "The microversion that the request is meant for; the oldest one when it is left out. What is marked with a "
    "microversion is refused, or not shown, in those before it."
)
TOKEN = "A token of Keystone, with auth_strategy keystone."  # noqa: S105 (says what a token is)
SEVERAL = "It may be given several times: one of the values must fit."
BASIC = "User name and password, with auth_strategy http_basic."

ERRORS: Mapping[int, str] = {
    400: "The request is malformed, or asks for what cannot be; the message says why.",
    401: "There are no credentials, or they are not valid.",
    403: "The requester may not do this.",
    404: "Something that the path names could not be found.",
    405: "The path does not know this method.",
    406: "The microversion is not one that the service speaks.",
    409: "It conflicts with the present state, such as an action in progress or an object in use.",
    413: "The body is too large.",
    429: "There were too many requests in a short time.",
    500: "The service met an unexpected error.",
    503: "The service, or one that it depends on, cannot be reached for now.",
}

_TEXTS: Mapping[str, str] = {
    "action": "The name of what is done, such as CLUSTER_CREATE.",
    "action_list.action": "Only actions of this kind, such as CLUSTER_CREATE.",
    "event_list.action": "Only events of actions of this kind, such as CLUSTER_CREATE.",
    "Event.action": "The kind of the action that the event tells of.",
    "receiver.action": "The action that a signal triggers on the cluster, such as CLUSTER_SCALE_OUT.",
    "Receiver.action": "The action that a signal triggers on the cluster.",
    "receiver_list.action": "Only receivers that trigger this action.",
    "action_id": "The id of an action, its name, or the unique beginning of its id.",
    "actor": "What lets the receiver act for its creator: the id of a trust, where its creator could make one.",
    "receiver_create.actor": "Accepted and not kept: a receiver acts as its creator.",
    "adjustment_type": "How ``number`` is meant: EXACT_CAPACITY, CHANGE_IN_CAPACITY or CHANGE_IN_PERCENTAGE.",
    "api": "The revision of the API.",
    "binary": "The program that the process runs.",
    "cause": "Why there is the action: a request (RPC Request), or another action (Derived Action).",
    "channel": "Where to send the signal: ``alarm_url`` of a webhook, the queue of a message receiver.",
    "check": "Whether to look first how the nodes are, and to recover only those that are not well.",
    "check_capacity": "Whether to bring the cluster to its desired capacity as well.",
    "cluster": "The cluster as it is now, null when there is none.",
    "cluster_id": "The id of the cluster.",
    "action_list.cluster_id": "Only actions on this cluster or its nodes.",
    "event_list.cluster_id": "Only events of this cluster and its nodes.",
    "node_list.cluster_id": "Only nodes of this cluster, given by name, id, or the unique beginning of its id.",
    "receiver_list.cluster_id": "Only receivers of this cluster.",
    "node_create.cluster_id": (
        "The cluster to create the node in, by name, id, or the unique beginning of its id; without it, the "
        "node belongs to no cluster."
    ),
    "receiver_create.cluster_id": (
        "The cluster that signals are for, by name, id, or the unique beginning of its id; a webhook needs it."
    ),
    "Node.cluster_id": "The id of the cluster that the node is a member of, empty when there is none.",
    "Action.cluster_id": "The id of the cluster that the action concerns, empty when there is none.",
    "Event.cluster_id": "The id of the cluster that the event concerns, null when there is none.",
    "Receiver.cluster_id": "The id of the cluster that signals are for, null when there is none.",
    "cluster_name": "The name of the cluster.",
    "code": "The HTTP status.",
    "config": "Settings of the cluster, such as ``health.recovery``, by name.",
    "count": "How many nodes; without it, what a scaling policy says, or one.",
    "created_at": "When it was created, null when it has not been yet.",
    "Action.created_at": "When it was accepted.",
    "data": "What the service remembers of it.",
    "depended_by": "The ids of the actions that wait for this one.",
    "depends_on": "The ids of the actions that this one waits for.",
    "dependents": "What depends on it.",
    "desired_capacity": "How many nodes the cluster should have.",
    "destroy_after_deletion": "Whether the nodes are destroyed once they are out of the cluster.",
    "details": "What was last seen of the physical object; only with ``show_details``.",
    "disabled_reason": "Why the process takes no work.",
    "domain": "The id of the domain of whom it belongs to.",
    "enabled": "Whether the policy is in force on the cluster.",
    "cluster_policy_list.enabled": "Only policies that are in force, or only those that are not.",
    "end_time": "When it ended, in seconds since 1970, null as long as it has not.",
    "engine": "The revision of the engine.",
    "error": "What is wrong: the HTTP status, a message for people, and the type of the error for programs.",
    "event_id": "The id of an event, or the unique beginning of it.",
    "explanation": "What the HTTP status means.",
    "force": "Whether to go on even though something stands in the way, such as another action in progress.",
    "action_update.force": "Whether to cancel the action even though its nodes may be left half done.",
    "global_project": "Whether to list the objects of all projects; needs the rights of an administrator.",
    "host": "The machine that the process runs on.",
    "host_id": "The id of the host node that runs the container, null where there is none.",
    "node_list.host_id": "Only nodes whose container runs on the host node with this id.",
    "id": "The unique id.",
    "ClusterAttribute.id": "The id of the node.",
    "identity": "The name or the id of the object that exists already.",
    "index": "The place of the node in its cluster, -1 when it belongs to none.",
    "init_at": "When it was asked for.",
    "inputs": "The parameters of the action.",
    "interval": "Seconds between two runs; -1, as actions run once.",
    "last_op": "When the policy last decided something, null when it has not yet.",
    "level": "How important the event is, such as INFO or ERROR.",
    "event_list.level": "Only events of this level.",
    "limit": "How many items at most; the service has a bound of its own.",
    "links": "Addresses: of the version itself, and of its description.",
    "lifecycle_action_token": "The token that the lifecycle hook sent: the id of the action that waits.",
    "marker": "The id of the last item of the page before.",
    "max_size": "The most nodes that the cluster may have, -1 for no bound.",
    "max_version": "The newest microversion.",
    "media-types": "The types of content.",
    "meta_data": "More about the event, by name.",
    "metadata": "Names and values that the owner attaches to it.",
    "min_size": "The fewest nodes that the cluster may have.",
    "min_step": "With CHANGE_IN_PERCENTAGE: how many nodes to add or to remove at least.",
    "min_version": "The oldest microversion.",
    "name": "The name: printable characters, up to 255 of them.",
    "query.name": "Only items with this name.",
    "ProfileType.name": "The name and the version of the type, NAME-VERSION.",
    "ProfileTypeLine.name": "The name of the type; before microversion 1.5, NAME-VERSION.",
    "PolicyType.name": "The name and the version of the type, NAME-VERSION.",
    "PolicyTypeLine.name": "The name of the type; before microversion 1.5, NAME-VERSION.",
    "node_id": "The node, by name, id, or the unique beginning of its id.",
    "nodes": "The ids of the nodes.",
    "cluster_add_nodes.nodes": (
        "The nodes to take into the cluster, by name, id, or the unique beginning of their ids."
    ),
    "cluster_del_nodes.nodes": (
        "The nodes to take out of the cluster, by name, id, or the unique beginning of their ids."
    ),
    "cluster_replace_nodes.nodes": (
        "Which node gives way to which: members of the cluster, and the nodes to put in their places."
    ),
    "number": "How many nodes, or how many more or fewer, or percent of what there is; see ``adjustment_type``.",
    "oid": "The id of the object that the event is about.",
    "event_list.oid": "Only events about the object with this id.",
    "oname": "The name of the object that the event is about.",
    "event_list.oname": "Only events about objects with this name.",
    "operation": "How to recover, such as REBOOT, REBUILD or RECREATE; the profile type says what it can.",
    "operation_params": "Parameters of the operation, by name.",
    "otype": "The type of the object that the event is about: CLUSTER or NODE.",
    "event_list.otype": "Only events about objects of this type: CLUSTER or NODE.",
    "outputs": "What the action left for its requester.",
    "overrides": "Properties of the profile to be made that replace what is found.",
    "owner": "The id of the engine that runs the action, null when none does.",
    "params": "The parameters of the action that a signal triggers, by name.",
    "path": "A JSONPath into the node as shown, such as ``name`` or ``details.addresses``; the first match counts.",
    "physical_id": "The id of the physical object, such as the container, null when there is none.",
    "policies": "The ids of the policies bound to the cluster.",
    "policy_id": "The policy, by name, id, or the unique beginning of its id.",
    "ClusterPolicy.policy_id": "The id of the policy.",
    "policy_name": "The name of the policy.",
    "cluster_policy_list.policy_name": "Only the policy with this name.",
    "policy_type": "The type of the policy, NAME-VERSION.",
    "cluster_policy_list.policy_type": "Only policies of this type, NAME-VERSION.",
    "priority": "The order among the policies of the cluster: lower numbers come first.",
    "profile_id": "The profile, by name, id, or the unique beginning of its id.",
    "Cluster.profile_id": "The id of the profile of its nodes.",
    "Node.profile_id": "The id of its profile.",
    "profile_name": "The name of the profile.",
    "profile_only": "Whether the new profile is for nodes to come only, and leaves those that there are alone.",
    "profile_type": "The name and the version of the type, NAME-VERSION.",
    "project": "The id of the project that it belongs to.",
    "properties": "The properties of the profile that would be made.",
    "receiver_id": "The receiver, by name, id, or the unique beginning of its id.",
    "role": "What part the node plays in its cluster; free text.",
    "schema": "The properties that a spec of the type may have, each with its type, default and constraints.",
    "show_details": "Whether to show what was last seen of the physical object.",
    "snapshot": "Whether to take a snapshot of the object before it is adopted.",
    "sort": "The keys to sort by, separated by commas, each with ``:asc`` or ``:desc`` where wanted.",
    "spec": "The type, the version and the properties.",
    "start_time": "When it was started, in seconds since 1970, null as long as it was not.",
    "state": "Whether the process was heard of lately: up or down.",
    "status": "The status.",
    "Version.status": "Whether the version is the current one.",
    "Service.status": "Whether the process takes work: enabled or disabled.",
    "query.status": "Only items with this status.",
    "action_update.status": "The new status; only CANCELLED can be set.",
    "Event.status": "The phase of the action, such as start, end or error.",
    "status_reason": "Why it has its status.",
    "strict": "Whether to refuse a size beyond the bounds; otherwise it goes as far as they allow.",
    "support_status": "How well each version of the type is supported, and since when.",
    "tainted": "Whether the node goes first when nodes are to be removed.",
    "target": "The id of the cluster or node that the action changes.",
    "action_list.target": "Only actions on the cluster or node with this id.",
    "timeout": "Seconds that an action may take.",
    "timestamp": "When it happened.",
    "title": "The name of the HTTP status.",
    "topic": "The topic that the process listens to.",
    "type": "The name and the version of the type, NAME-VERSION.",
    "query.type": "Only items of this type.",
    "receiver.type": "The type of the receiver: webhook or message.",
    "Receiver.type": "The type of the receiver: webhook or message.",
    "receiver_list.type": "Only receivers of this type: webhook or message.",
    "updated": "When the version was last changed.",
    "updated_at": "When it was last changed, null when it never was.",
    "Service.updated_at": "When the process was last heard of.",
    "user": "The id of the user that it belongs to.",
    "receiver_list.user": "Only receivers of the user with this id.",
    "V": "The version of the protocol of the webhook, 1 or 2.",
    "value": "The value of the attribute on this node, null where it has none.",
    "version": "The version of the type.",
    "webhook_id": "The id of the receiver of the webhook.",
    "webhook_trigger.params": "Inputs of the action as the text of a JSON object; with ``V=2`` they do nothing.",
}


def of(name: str, *scopes: str) -> str:
    """Return what a name means, nothing where that is not known (a test sees to it that it is).

    :param scopes: where the name is met, the most special first
    """
    for scope in scopes:
        if f"{scope}.{name}" in _TEXTS:
            return _TEXTS[f"{scope}.{name}"]
    return _TEXTS.get(name, "")
