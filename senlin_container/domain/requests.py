"""What a cluster can be asked to do: one value for each action, and its form in ``action.inputs``."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from typing import Any

from senlin_container.domain import model
from senlin_container.domain.model import ActionKind


class Adjustment(enum.StrEnum):
    """How the number of a resize is meant."""

    EXACT = "EXACT_CAPACITY"
    CHANGE = "CHANGE_IN_CAPACITY"
    PERCENTAGE = "CHANGE_IN_PERCENTAGE"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """Bring a new cluster to its desired capacity."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """Remove the nodes and then the cluster."""

    force: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Resize:
    """Change size or bounds. ``strict`` refuses what breaks a bound; otherwise the size is cut to fit."""

    adjustment: Adjustment | None = None
    number: float | None = None
    min_size: int | None = None
    max_size: int | None = None
    min_step: int | None = None
    strict: bool = True


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Add (``out``) or remove ``count`` nodes."""

    out: bool
    count: int = 1


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AddNodes:
    """Make nodes that exist members."""

    nodes: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DelNodes:
    """Take members out; ``destroy`` deletes them too."""

    nodes: tuple[str, ...]
    destroy: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceNodes:
    """Take members out and others in, pair by pair (old, new)."""

    pairs: tuple[tuple[str, str], ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """Change the cluster; a new profile goes to its nodes too unless ``profile_only``."""

    name: str | None = None
    profile_id: str | None = None
    timeout: int | None = None
    metadata: model.Json | None = None
    config: model.Json | None = None
    profile_only: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Look at every node."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Recover:
    """Bring back the nodes that are not well; ``check`` looks at every node first.

    ``check_capacity`` also makes the nodes that are missing from the desired capacity.
    """

    operation: str | None = None
    params: model.Json = dataclasses.field(default_factory=dict)
    check: bool = False
    check_capacity: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Operate:
    """Do an operation of the profile's type on every node that fits the filters (name, role, status)."""

    operation: str
    params: model.Json = dataclasses.field(default_factory=dict)
    filters: model.Json = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AttachPolicy:
    """Make a policy one of the cluster's; one that is attached already stays as it is."""

    policy_id: str
    enabled: bool = True


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DetachPolicy:
    """Make a policy none of the cluster's."""

    policy_id: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class UpdatePolicy:
    """Let a policy of the cluster count, or not."""

    policy_id: str
    enabled: bool


OfPolicy = AttachPolicy | DetachPolicy | UpdatePolicy
Request = (
    Create
    | Delete
    | Resize
    | Scale
    | AddNodes
    | DelNodes
    | ReplaceNodes
    | Update
    | Check
    | Recover
    | Operate
    | OfPolicy
)


def kind_of(request: Request) -> ActionKind:
    """Return the kind of the action that carries out a request."""
    if isinstance(request, Scale):
        return ActionKind.CLUSTER_SCALE_OUT if request.out else ActionKind.CLUSTER_SCALE_IN
    return _KINDS[type(request)]


def dump(request: Request) -> dict[str, Any]:
    """Turn a request into the ``inputs`` of its action; absent values are left out."""
    given: dict[str, Any]
    if isinstance(request, OfPolicy):
        return dataclasses.asdict(request)
    match request:
        case Create() | Check():
            return {}
        case Resize():
            given = {
                "adjustment_type": request.adjustment.value if request.adjustment else None,
                "number": request.number,
                "min_size": request.min_size,
                "max_size": request.max_size,
                "min_step": request.min_step,
                "strict": request.strict,
            }
        case Delete():
            given = {"force": request.force or None}
        case Scale():
            given = {"count": request.count}
        case AddNodes():
            given = {"nodes": list(request.nodes)}
        case DelNodes():
            given = {
                "candidates": list(request.nodes),
                "count": len(request.nodes),
                "destroy_after_deletion": request.destroy,
            }
        case ReplaceNodes():
            given = {"candidates": dict(request.pairs)}
        case Update():
            given = {
                "name": request.name,
                "new_profile_id": request.profile_id,
                "timeout": request.timeout,
                "metadata": request.metadata,
                "config": request.config,
                "profile_only": request.profile_only or None,
            }
        case Recover():
            given = {
                "operation": request.operation,
                "operation_params": dict(request.params) or None,
                "check": request.check or None,
                "check_capacity": request.check_capacity or None,
            }
        case Operate():
            given = {"operation": request.operation, "params": dict(request.params), "filters": dict(request.filters)}
    return {key: value for key, value in given.items() if value is not None}


def load(kind: ActionKind, inputs: Mapping[str, Any]) -> Request:
    """Read back what ``dump`` wrote into an action of this kind.

    :raises ValueError: for a kind that is not a cluster's
    """
    match kind:
        case ActionKind.CLUSTER_CREATE:
            return Create()
        case ActionKind.CLUSTER_CHECK:
            return Check()
        case ActionKind.CLUSTER_DELETE:
            return Delete(force=inputs.get("force", False))
        case ActionKind.CLUSTER_RESIZE:
            adjustment = inputs.get("adjustment_type")
            return Resize(
                adjustment=Adjustment(adjustment) if adjustment else None,
                number=inputs.get("number"),
                min_size=inputs.get("min_size"),
                max_size=inputs.get("max_size"),
                min_step=inputs.get("min_step"),
                strict=inputs.get("strict", True),
            )
        case ActionKind.CLUSTER_SCALE_OUT | ActionKind.CLUSTER_SCALE_IN:
            return Scale(out=kind == ActionKind.CLUSTER_SCALE_OUT, count=inputs.get("count", 1))
        case ActionKind.CLUSTER_ADD_NODES:
            return AddNodes(nodes=tuple(inputs["nodes"]))
        case ActionKind.CLUSTER_DEL_NODES:
            return DelNodes(nodes=tuple(inputs["candidates"]), destroy=inputs.get("destroy_after_deletion", False))
        case ActionKind.CLUSTER_REPLACE_NODES:
            return ReplaceNodes(pairs=tuple(inputs["candidates"].items()))
        case ActionKind.CLUSTER_UPDATE:
            return Update(
                name=inputs.get("name"),
                profile_id=inputs.get("new_profile_id"),
                timeout=inputs.get("timeout"),
                metadata=inputs.get("metadata"),
                config=inputs.get("config"),
                profile_only=inputs.get("profile_only", False),
            )
        case ActionKind.CLUSTER_RECOVER:
            return Recover(
                operation=inputs.get("operation"),
                params=inputs.get("operation_params", {}),
                check=inputs.get("check", False),
                check_capacity=inputs.get("check_capacity", False),
            )
        case ActionKind.CLUSTER_OPERATION:
            return Operate(
                operation=inputs["operation"], params=inputs.get("params", {}), filters=inputs.get("filters", {})
            )
    return _load_of_policy(kind, inputs)


def _load_of_policy(kind: ActionKind, inputs: Mapping[str, Any]) -> OfPolicy:
    match kind:
        case ActionKind.CLUSTER_ATTACH_POLICY:
            return AttachPolicy(policy_id=inputs["policy_id"], enabled=inputs["enabled"])
        case ActionKind.CLUSTER_DETACH_POLICY:
            return DetachPolicy(policy_id=inputs["policy_id"])
        case ActionKind.CLUSTER_UPDATE_POLICY:
            return UpdatePolicy(policy_id=inputs["policy_id"], enabled=inputs["enabled"])
    raise ValueError(f"{kind} is not an action of a cluster")


_KINDS: Mapping[type[Request], ActionKind] = {
    Create: ActionKind.CLUSTER_CREATE,
    Delete: ActionKind.CLUSTER_DELETE,
    Resize: ActionKind.CLUSTER_RESIZE,
    AddNodes: ActionKind.CLUSTER_ADD_NODES,
    DelNodes: ActionKind.CLUSTER_DEL_NODES,
    ReplaceNodes: ActionKind.CLUSTER_REPLACE_NODES,
    Update: ActionKind.CLUSTER_UPDATE,
    Check: ActionKind.CLUSTER_CHECK,
    Recover: ActionKind.CLUSTER_RECOVER,
    Operate: ActionKind.CLUSTER_OPERATION,
    AttachPolicy: ActionKind.CLUSTER_ATTACH_POLICY,
    DetachPolicy: ActionKind.CLUSTER_DETACH_POLICY,
    UpdatePolicy: ActionKind.CLUSTER_UPDATE_POLICY,
}
