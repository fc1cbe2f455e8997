"""What is known of the service and its work: versions, build, services, actions, events."""

from __future__ import annotations

from senlin_container.api import calls, views
from senlin_container.api.controllers import paging
from senlin_container.domain import errors, model

_REVISION = "1.0"


def list_versions(_services: calls.Services, call: calls.Call) -> calls.Answer:
    """Answer with the major versions that there are."""
    return calls.Answer(document={"versions": [views.api_version(call.base_url)]})


def show_version(_services: calls.Services, call: calls.Call) -> calls.Answer:
    """Answer with the range of microversions of v1."""
    return calls.Answer(document={"version": views.api_version(call.base_url)})


def show_openapi(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Answer with the description of the API, and where the requester reaches it."""
    return calls.Answer(document={**services.openapi, "servers": [{"url": call.base_url}]})


def show_build_info(_services: calls.Services, _call: calls.Call) -> calls.Answer:
    """Answer with the revisions of the API and the engine."""
    return calls.Answer(document={"build_info": {"api": {"revision": _REVISION}, "engine": {"revision": _REVISION}}})


def list_services(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Answer with the processes of the installation, to administrators only."""
    found = services.queries.services(call.context)
    return calls.Answer(document={"services": [views.service(service, up) for service, up in found]})


def list_actions(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Answer with a page of actions."""
    found = services.queries.actions(call.context, paging.page(services, call), filters=paging.filters(call))
    return paging.answer(services, call, "actions", [views.action(view, call.version) for view in found])


def show_action(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Answer with one action."""
    view = services.queries.action(call.context, call.path["action_id"])
    return calls.Answer(document={"action": views.action(view, call.version)})


def update_action(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Cancel an action; this is all that can be changed of one."""
    identity, status = call.path["action_id"], call.body["status"]
    if status != model.ActionStatus.CANCELLED:
        raise errors.Invalid(f"Unknown status {status} for action {identity}.")
    services.commands.cancel_action(call.context, identity, force=call.query.get("force", False))
    return calls.accepted(call, identity)


def list_events(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Answer with a page of events."""
    found = services.queries.events(call.context, paging.page(services, call), filters=paging.filters(call))
    return paging.answer(services, call, "events", [views.event(view) for view in found])


def show_event(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Answer with one event."""
    return calls.Answer(document={"event": views.event(services.queries.event(call.context, call.path["event_id"]))})
