"""The bodies and queries of profiles."""

from __future__ import annotations

from senlin_container.api import validation
from senlin_container.api.schemas import parts

PROFILE_CREATE = validation.Wrapped(
    "profile",
    validation.Shape(
        {"name": parts.NAME, "spec": parts.OBJECT, "metadata": parts.METADATA}, required=("name", "spec")
    ),
)
PROFILE_UPDATE = parts.update("profile", validation.Shape({"name": parts.NAME, "metadata": parts.METADATA}))
PROFILE_VALIDATE = validation.Wrapped("profile", validation.Shape({"spec": parts.OBJECT}, required=("spec",)))
PROFILE_LIST = parts.listing(("name", "type", "created_at", "updated_at"), {"name": parts.TEXT, "type": parts.TEXT})
