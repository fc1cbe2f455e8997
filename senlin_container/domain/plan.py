"""What is to be done, and why; or why it is not to be done.

A plan is waves of steps. The steps of a wave run side by side; the next wave starts when all of one have succeeded.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from senlin_container.domain import model


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CreateNode:
    """Make a node: its place in the cluster, and the host that runs it (None where the profile needs none)."""

    index: int
    name: str
    host_id: str | None
    reason: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class NodeStep:
    """Do something to a node that exists: any of the node actions but NODE_CREATE."""

    kind: model.ActionKind
    node_id: str
    reason: str
    inputs: model.Json = dataclasses.field(default_factory=dict)


Step = CreateNode | NodeStep
Wave = tuple[Step, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ClusterChange:
    """What changes in the cluster itself when the plan is taken up; None leaves a thing as it is."""

    desired_capacity: int | None = None
    min_size: int | None = None
    max_size: int | None = None
    name: str | None = None
    profile_id: str | None = None
    timeout: int | None = None
    metadata: model.Json | None = None
    config: model.Json | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Attach:
    """A policy becomes one of the cluster's."""

    policy_id: str
    enabled: bool
    priority: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Detach:
    """A policy is no longer one of the cluster's."""

    policy_id: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """A policy of the cluster counts, or does not."""

    policy_id: str
    enabled: bool


BindingChange = Attach | Detach | Switch


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Waves of steps, what changes in the cluster, and what the owner is told (``data`` of the action)."""

    waves: tuple[Wave, ...]
    reason: str
    change: ClusterChange = dataclasses.field(default_factory=ClusterChange)
    binding: BindingChange | None = None
    data: model.Json = dataclasses.field(default_factory=dict)

    @property
    def creates(self) -> int:
        """How many nodes the plan makes."""
        return sum(isinstance(step, CreateNode) for wave in self.waves for step in wave)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Nothing will be done: a code for programs and a sentence for people."""

    code: str
    reason: str


def dump_wave(wave: Wave) -> list[dict[str, Any]]:
    """Turn a wave of steps on existing nodes into JSON, to be kept until its turn comes."""
    out = []
    for step in wave:
        if isinstance(step, CreateNode):
            raise TypeError(
                "nodes are created in the first wave only: their rows are written when the plan is taken up"
            )
        out.append(
            {"kind": step.kind.value, "node_id": step.node_id, "reason": step.reason, "inputs": dict(step.inputs)}
        )
    return out


def load_wave(document: list[dict[str, Any]]) -> Wave:
    """Read back what ``dump_wave`` wrote."""
    return tuple(
        NodeStep(
            kind=model.ActionKind(item["kind"]), node_id=item["node_id"], reason=item["reason"], inputs=item["inputs"]
        )
        for item in document
    )
