"""The operations on what is known of the service and its work."""

from __future__ import annotations

from senlin_container.api import answers, operation
from senlin_container.api.controllers import records
from senlin_container.api.schemas import records as schemas

OPERATIONS: tuple[operation.Operation, ...] = (
    operation.get(
        "version_list",
        "List the major versions",
        "/",
        records.list_versions,
        None,
        answers.many("versions", answers.VERSION),
        success=300,
    ),
    operation.get(
        "version_show",
        "Show the microversions of v1",
        "/v1",
        records.show_version,
        None,
        answers.one("version", answers.VERSION),
    ),
    operation.get(
        "openapi_show",
        "Describe the API",
        "/v1/openapi.json",
        records.show_openapi,
        None,
        answers.Answer(key=None, content=answers.OPENAPI),
    ),
    operation.get(
        "build_info_show",
        "Show the build",
        "/v1/build-info",
        records.show_build_info,
        "build_info:build_info",
        answers.one("build_info", answers.BUILD_INFO),
    ),
    operation.get(
        "service_list",
        "List the processes",
        "/v1/services",
        records.list_services,
        "services:index",
        answers.many("services", answers.SERVICE),
        since=(1, 7),
    ),
    operation.get(
        "action_list",
        "List actions",
        "/v1/actions",
        records.list_actions,
        "actions:index",
        answers.many("actions", answers.ACTION),
        query=schemas.ACTION_LIST,
    ),
    operation.get(
        "action_show",
        "Show an action",
        "/v1/actions/{action_id}",
        records.show_action,
        "actions:get",
        answers.one("action", answers.ACTION),
    ),
    operation.Operation(
        name="action_update",
        title="Cancel an action",
        method="PATCH",
        path="/v1/actions/{action_id}",
        handler=records.update_action,
        policy="actions:update",
        success=202,
        errors=(404, 409),
        since=(1, 12),
        body=schemas.ACTION_UPDATE,
        query=schemas.ACTION_FORCE,
        answer=None,
    ),
    operation.get(
        "event_list",
        "List events",
        "/v1/events",
        records.list_events,
        "events:index",
        answers.many("events", answers.EVENT),
        query=schemas.EVENT_LIST,
    ),
    operation.get(
        "event_show",
        "Show an event",
        "/v1/events/{event_id}",
        records.show_event,
        "events:get",
        answers.one("event", answers.EVENT),
    ),
)
