"""Which states follow which, and how well a cluster is given its nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from senlin_container.domain import model
from senlin_container.domain.model import ActionKind, ActionStatus, ClusterStatus, NodeStatus

ACTION_MOVES: Mapping[ActionStatus, frozenset[ActionStatus]] = {
    ActionStatus.INIT: frozenset({ActionStatus.READY, ActionStatus.CANCELLED}),
    ActionStatus.READY: frozenset({ActionStatus.RUNNING, ActionStatus.CANCELLED, ActionStatus.FAILED}),
    ActionStatus.RUNNING: frozenset(
        {
            ActionStatus.READY,
            ActionStatus.WAITING,
            ActionStatus.SUCCEEDED,
            ActionStatus.FAILED,
            ActionStatus.CANCELLED,
        }
    ),
    ActionStatus.WAITING: frozenset({ActionStatus.READY, ActionStatus.FAILED, ActionStatus.CANCELLED}),
    ActionStatus.WAITING_LIFECYCLE_COMPLETION: frozenset(
        {ActionStatus.READY, ActionStatus.FAILED, ActionStatus.CANCELLED}
    ),
    ActionStatus.SUSPENDED: frozenset(),
    ActionStatus.SUCCEEDED: frozenset(),
    ActionStatus.FAILED: frozenset(),
    ActionStatus.CANCELLED: frozenset(),
}
"""The moves an action may make."""

UNFINISHED: frozenset[ActionStatus] = frozenset(status for status, moves in ACTION_MOVES.items() if moves)
"""States of an action from which it can still go on, in which it can be cancelled."""

CLUSTER_AT_WORK: Mapping[ActionKind, ClusterStatus] = {
    ActionKind.CLUSTER_CREATE: ClusterStatus.CREATING,
    ActionKind.CLUSTER_DELETE: ClusterStatus.DELETING,
    ActionKind.CLUSTER_UPDATE: ClusterStatus.UPDATING,
    ActionKind.CLUSTER_RESIZE: ClusterStatus.RESIZING,
    ActionKind.CLUSTER_SCALE_OUT: ClusterStatus.RESIZING,
    ActionKind.CLUSTER_SCALE_IN: ClusterStatus.RESIZING,
    ActionKind.CLUSTER_ADD_NODES: ClusterStatus.RESIZING,
    ActionKind.CLUSTER_DEL_NODES: ClusterStatus.RESIZING,
    ActionKind.CLUSTER_REPLACE_NODES: ClusterStatus.RESIZING,
    ActionKind.CLUSTER_CHECK: ClusterStatus.CHECKING,
    ActionKind.CLUSTER_RECOVER: ClusterStatus.RECOVERING,
    ActionKind.CLUSTER_OPERATION: ClusterStatus.OPERATING,
}
"""What a cluster is doing while the children of an action are at work."""

NODE_AT_WORK: Mapping[ActionKind, NodeStatus] = {
    ActionKind.NODE_CREATE: NodeStatus.CREATING,
    ActionKind.NODE_DELETE: NodeStatus.DELETING,
    ActionKind.NODE_UPDATE: NodeStatus.UPDATING,
    ActionKind.NODE_RECOVER: NodeStatus.RECOVERING,
    ActionKind.NODE_OPERATION: NodeStatus.OPERATING,
}
"""What a node is doing; a kind that is not here leaves the status as it is."""

BUSY_CLUSTER: frozenset[ClusterStatus] = frozenset(CLUSTER_AT_WORK.values())
BUSY_NODE: frozenset[NodeStatus] = frozenset(NODE_AT_WORK.values())


def may_move(old: ActionStatus, new: ActionStatus) -> bool:
    """Whether an action may go from one state to another."""
    return new in ACTION_MOVES[old]


def cluster_status(
    *, min_size: int, max_size: int, desired: int, statuses: Sequence[NodeStatus], why: str
) -> tuple[ClusterStatus, str]:
    """Judge a cluster by the statuses of its nodes; ``why`` (an action's name) opens the reason.

    Returns ACTIVE, WARNING (below what is desired, or above the maximum) or ERROR (below the minimum).
    """
    active = sum(1 for status in statuses if status == NodeStatus.ACTIVE)
    if active < min_size:
        return ClusterStatus.ERROR, f"{why}: number of active nodes is below min_size ({min_size})."
    if active < desired:
        return ClusterStatus.WARNING, f"{why}: number of active nodes is below desired_capacity ({desired})."
    if max_size != model.UNBOUNDED and active > max_size:
        return ClusterStatus.WARNING, f"{why}: number of active nodes is above max_size ({max_size})."
    return ClusterStatus.ACTIVE, f"{why}: number of active nodes is equal or above desired_capacity ({desired})."
