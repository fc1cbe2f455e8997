"""The operations on receivers and webhooks."""

from __future__ import annotations

from collections.abc import Mapping

from senlin_container.api import answers, operation
from senlin_container.api.controllers import receivers
from senlin_container.api.operations import clusters
from senlin_container.api.schemas import receivers as schemas
from senlin_container.domain.model import ActionKind

_TRIGGERED: Mapping[ActionKind, str] = {
    ActionKind.CLUSTER_ATTACH_POLICY: "cluster_policy_attach",
    ActionKind.CLUSTER_DETACH_POLICY: "cluster_policy_detach",
    ActionKind.CLUSTER_UPDATE_POLICY: "cluster_policy_update",
}
"""The operations whose names are not those of their actions."""

_BY_NAME = {found.name: found for found in clusters.OPERATIONS}
_HANDLERS = receivers.Receivers(
    {str(kind): _BY_NAME[_TRIGGERED.get(kind, str(kind).lower())] for kind in schemas.ACTIONS}
)

OPERATIONS: tuple[operation.Operation, ...] = (
    operation.get(
        "receiver_list",
        "List receivers",
        "/v1/receivers",
        _HANDLERS.list_all,
        "receivers:index",
        answers.many("receivers", answers.RECEIVER),
        query=schemas.RECEIVER_LIST,
    ),
    operation.get(
        "receiver_show",
        "Show a receiver",
        "/v1/receivers/{receiver_id}",
        _HANDLERS.show,
        "receivers:get",
        answers.one("receiver", answers.RECEIVER),
    ),
    operation.Operation(
        name="receiver_create",
        title="Create a receiver",
        method="POST",
        path="/v1/receivers",
        handler=_HANDLERS.create,
        policy="receivers:create",
        success=201,
        body=schemas.RECEIVER_CREATE,
        answer=answers.one("receiver", answers.RECEIVER),
    ),
    operation.Operation(
        name="receiver_update",
        title="Update a receiver",
        method="PATCH",
        path="/v1/receivers/{receiver_id}",
        handler=_HANDLERS.update,
        policy="receivers:update",
        errors=(404,),
        since=(1, 7),
        body=schemas.RECEIVER_UPDATE,
        answer=answers.one("receiver", answers.RECEIVER),
    ),
    operation.Operation(
        name="receiver_delete",
        title="Delete a receiver",
        method="DELETE",
        path="/v1/receivers/{receiver_id}",
        handler=_HANDLERS.delete,
        policy="receivers:delete",
        success=204,
        errors=(404,),
        answer=None,
    ),
    operation.Operation(
        name="receiver_notify",
        title="Take the messages that came to a receiver",
        method="POST",
        path="/v1/receivers/{receiver_id}/notify",
        handler=_HANDLERS.notify,
        policy="receivers:notify",
        success=202,
        errors=(404,),
        answer=None,
    ),
    operation.Operation(
        name="webhook_trigger",
        title="Trigger the action of a webhook",
        method="POST",
        path="/v1/webhooks/{webhook_id}/trigger",
        handler=_HANDLERS.trigger,
        policy=None,
        success=202,
        errors=(404, 409, 429),
        body=schemas.SIGNAL,
        query=schemas.WEBHOOK_TRIGGER,
        answer=answers.ACTION_ID,
    ),
)
