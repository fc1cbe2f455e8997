"""The bodies and queries of policies, and of the policies of clusters."""

from __future__ import annotations

from senlin_container.api import validation
from senlin_container.api.schemas import parts

POLICY_CREATE = validation.Wrapped(
    "policy", validation.Shape({"name": parts.NAME, "spec": parts.OBJECT}, required=("name", "spec"))
)
POLICY_UPDATE = parts.update("policy", validation.Shape({"name": parts.NAME}, required=("name",)))
POLICY_VALIDATE = validation.Wrapped("policy", validation.Shape({"spec": parts.OBJECT}, required=("spec",)))
POLICY_LIST = parts.listing(("name", "type", "created_at", "updated_at"), {"name": parts.TEXT, "type": parts.TEXT})

CLUSTER_POLICY_LIST = validation.Query(
    validation.Shape(
        {"enabled": parts.BOOLEAN, "policy_name": parts.TEXT, "policy_type": parts.TEXT, "sort": parts.TEXT}
    ),
    sort_keys=("enabled",),
)
POLICY_ATTACH = parts.cluster_action(
    "policy_attach",
    validation.Shape({"policy_id": parts.IDENTITY, "enabled": parts.BOOLEAN}, required=("policy_id",)),
)
POLICY_DETACH = parts.cluster_action(
    "policy_detach", validation.Shape({"policy_id": parts.IDENTITY}, required=("policy_id",))
)
POLICY_SWITCH = parts.cluster_action(
    "policy_update",
    validation.Shape({"policy_id": parts.IDENTITY, "enabled": parts.BOOLEAN}, required=("policy_id",)),
)
