"""Profile types and profiles."""

from __future__ import annotations

from senlin_container.api import calls, views
from senlin_container.api.controllers import paging
from senlin_container.domain import errors
from senlin_container.specs import registry


def list_profile_types(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Answer with all profile types, by name."""
    lines = [views.profile_type_line(type_, call.version) for _, type_ in sorted(services.profile_types.items())]
    return calls.Answer(document={"profile_types": lines})


def show_profile_type(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Answer with a profile type and its schema."""
    return calls.Answer(document={"profile_type": views.profile_type(_profile_type(services, call), call.version)})


def list_profile_type_operations(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Answer with the operations that nodes of a profile type understand."""
    return calls.Answer(document={"operations": _profile_type(services, call).operations_json()})


def _profile_type(services: calls.Services, call: calls.Call) -> registry.ProfileType:
    name = call.path["profile_type"]
    found = services.profile_types.get(name)
    if found is None:
        raise errors.NotFound("profile_type", name)
    return found


def list_profiles(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Answer with a page of profiles."""
    found = services.queries.profiles(call.context, paging.page(services, call), filters=paging.filters(call))
    return paging.answer(services, call, "profiles", [views.profile(profile) for profile in found])


def show_profile(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Answer with one profile."""
    return calls.Answer(
        document={"profile": views.profile(services.queries.profile(call.context, call.path["profile_id"]))}
    )


def create_profile(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Keep a new profile and answer with it."""
    profile = services.commands.create_profile(
        call.context, name=call.body["name"], spec=call.body["spec"], metadata=call.body.get("metadata", {})
    )
    return calls.Answer(document={"profile": views.profile(profile)})


def validate_profile(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Check a spec, keep nothing, and answer with what the profile would be."""
    profile = services.commands.validate_profile(call.context, spec=call.body["spec"])
    return calls.Answer(document={"profile": views.validated_profile(profile)})


def update_profile(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Change the name or the metadata of a profile and answer with it."""
    profile = services.commands.update_profile(
        call.context, call.path["profile_id"], name=call.body.get("name"), metadata=call.body.get("metadata")
    )
    return calls.Answer(document={"profile": views.profile(profile)})


def delete_profile(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Delete a profile that nothing uses."""
    services.commands.delete_profile(call.context, call.path["profile_id"])
    return calls.Answer()
