"""One scaling action at a time, and the rest that scaling policies want after one."""

from __future__ import annotations

from senlin_container.domain import bindings, errors, model
from senlin_container.domain.model import ActionKind
from senlin_container.specs import policies as policy_types
from senlin_container.store import clusters, policies, queue, session

_SCALINGS = frozenset(bindings.SCALINGS)


def known(tx: session.Transaction, cluster_id: str) -> tuple[bindings.Attached, ...]:
    """Return the policies of a cluster as decisions need them."""
    return tuple(policy_types.attached(one.binding, one.policy) for one in policies.attached(tx, cluster_id))


def check_free(tx: session.Transaction, cluster: model.Cluster, kind: ActionKind, now: float) -> None:
    """Check that a scaling action of a kind may be taken up now.

    The cluster is locked first: of two requests at once the second finds the action of the first.

    :raises errors.Scaling: when another one is not finished
    :raises errors.Cooling: when a policy wants the cluster to rest
    """
    clusters.lock(tx, cluster.id)
    for action in queue.unfinished(tx, target=cluster.id):
        if action.kind in _SCALINGS:
            raise errors.Scaling(
                f"The cluster '{cluster.id}' is being scaled by action {action.id} ({action.kind}, {action.status}): "
                "wait for its end, or cancel it."
            )
    refusal = bindings.cooling(known(tx, cluster.id), kind, now)
    if refusal is not None:
        raise errors.Cooling(refusal.reason)


def note_success(tx: session.Transaction, action: model.Action, now: float) -> None:
    """Begin the cooldown of the policies that had a say about an action that has succeeded."""
    if action.kind in (ActionKind.CLUSTER_SCALE_IN, ActionKind.CLUSTER_SCALE_OUT):
        used = bindings.consulted(known(tx, action.target), action.kind)
        policies.note_use(tx, [one.binding.id for one in used], now)
