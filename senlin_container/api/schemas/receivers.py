"""The bodies and queries of receivers and webhooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from senlin_container.api import documents, faults, validation, versions
from senlin_container.api.schemas import parts
from senlin_container.domain.model import ActionKind
from senlin_container.usecases import receivers

ACTIONS = (
    ActionKind.CLUSTER_SCALE_OUT,
    ActionKind.CLUSTER_SCALE_IN,
    ActionKind.CLUSTER_RESIZE,
    ActionKind.CLUSTER_CHECK,
    ActionKind.CLUSTER_RECOVER,
    ActionKind.CLUSTER_OPERATION,
    ActionKind.CLUSTER_ADD_NODES,
    ActionKind.CLUSTER_DEL_NODES,
    ActionKind.CLUSTER_REPLACE_NODES,
    ActionKind.CLUSTER_UPDATE,
    ActionKind.CLUSTER_DELETE,
    ActionKind.CLUSTER_ATTACH_POLICY,
    ActionKind.CLUSTER_DETACH_POLICY,
    ActionKind.CLUSTER_UPDATE_POLICY,
)
"""What a receiver can trigger: every action on a cluster that there is."""

_TYPE = parts.enum((receivers.WEBHOOK, receivers.MESSAGE))
_ACTION = parts.enum([str(kind) for kind in ACTIONS])

RECEIVER_CREATE = validation.Wrapped(
    "receiver",
    validation.Shape(
        {
            "name": parts.NAME,
            "type": _TYPE,
            "cluster_id": parts.IDENTITY,
            "action": _ACTION,
            "actor": parts.METADATA,
            "params": parts.METADATA,
        },
        required=("name", "type"),
    ),
)
RECEIVER_UPDATE = parts.update(
    "receiver", validation.Shape({"name": parts.NAME, "action": _ACTION, "params": parts.METADATA})
)
RECEIVER_LIST = parts.listing(
    ("name", "type", "action", "cluster_id", "created_at", "user"),
    {
        "name": parts.TEXT,
        "type": parts.TEXT,
        "cluster_id": parts.TEXT,
        "action": parts.TEXT,
        "user": parts.TEXT,
    },
    since={"user": (1, 4)},
)
MESSAGE = validation.Shape({"cluster": parts.IDENTITY, "action": _ACTION, "params": parts.METADATA})
"""What a message to a receiver asks for."""


class _Signal:
    """A body that is whatever the sender of a signal has to say, as long as it is an object."""

    def read(self, document: Mapping[str, Any], version: versions.Version) -> dict[str, Any]:  # noqa: ARG002
        """Return the document as it is; see :class:`validation.Body`."""
        return dict(document)

    def schema(self) -> Mapping[str, Any]:
        """Return the JSON Schema of the whole document; see :class:`validation.Body`."""
        return {"type": "object"}


class _WebhookQuery(validation.Query):
    """The query of a webhook: ``V``, the version of its protocol, and inputs of the action, alone or as ``params``."""

    def __init__(self) -> None:
        super().__init__(
            validation.Shape({"V": parts.enum(("1", "2")), "params": {"type": "string"}}, required=("V",))
        )

    def read(self, pairs: Sequence[tuple[str, str]], version: versions.Version) -> dict[str, Any]:
        """Return the version as ``V`` and the rest as ``inputs``, text but for ``params``, which is an object.

        See :class:`validation.Query` for the rest.
        """
        own = [pair for pair in pairs if pair[0] == "V"]
        if not own:
            raise faults.malformed("V query parameter is required in webhook trigger URL")
        values = super().read(own, version)
        inputs: dict[str, Any] = {}
        for name, value in pairs:
            if name in inputs:
                raise faults.malformed(f"The parameter {faults.shorten(name)} is given more than once.")
            if name != "V":
                inputs[name] = _object(value) if name == "params" else value
        return {**values, "inputs": inputs}


def _object(text: str) -> dict[str, Any]:
    """Return what is a JSON object in the query."""
    try:
        return documents.read(text.strip().encode() or b"null", "")
    except faults.Fault:
        raise faults.malformed(f"The value for params must be a JSON object: '{faults.shorten(text)}'.") from None


SIGNAL = _Signal()
WEBHOOK_TRIGGER = _WebhookQuery()
