"""The operations on nodes."""

from __future__ import annotations

from senlin_container.api import answers, calls, operation, validation
from senlin_container.api.controllers import nodes
from senlin_container.api.schemas import nodes as schemas
from senlin_container.api.schemas import parts


def _node_action(body: validation.Wrapped, title: str, handler: calls.Handler) -> operation.Operation:
    return operation.Operation(
        name=f"node_{body.key}",
        title=title,
        method="POST",
        path="/v1/nodes/{node_id}/actions",
        handler=handler,
        policy="nodes:action",
        success=202,
        errors=(404, 409),
        action=body.key,
        body=body,
        answer=answers.ACTION_ID,
    )


OPERATIONS: tuple[operation.Operation, ...] = (
    operation.get(
        "node_list",
        "List nodes",
        "/v1/nodes",
        nodes.list_nodes,
        "nodes:index",
        answers.many("nodes", answers.NODE),
        query=schemas.NODE_LIST,
    ),
    operation.get(
        "node_show",
        "Show a node",
        "/v1/nodes/{node_id}",
        nodes.show_node,
        "nodes:get",
        answers.one("node", answers.NODE),
        query=schemas.NODE_SHOW,
    ),
    operation.Operation(
        name="node_create",
        title="Create a node",
        method="POST",
        path="/v1/nodes",
        handler=nodes.create_node,
        policy="nodes:create",
        success=202,
        errors=(409,),
        body=schemas.NODE_CREATE,
        answer=answers.one("node", answers.NODE),
    ),
    operation.Operation(
        name="node_adopt",
        title="Adopt something that exists as a node",
        method="POST",
        path="/v1/nodes/adopt",
        handler=nodes.adopt_node,
        policy="nodes:adopt",
        errors=(404,),
        since=(1, 7),
        body=schemas.NODE_ADOPT,
        answer=answers.one("node", answers.NODE),
    ),
    operation.Operation(
        name="node_adopt_preview",
        title="Preview the adoption of a node",
        method="POST",
        path="/v1/nodes/adopt-preview",
        handler=nodes.preview_adoption,
        policy="nodes:adopt-preview",
        errors=(404,),
        since=(1, 7),
        body=schemas.NODE_ADOPT_PREVIEW,
        answer=answers.one("node_preview", answers.NODE_PREVIEW, again="node_profile"),
    ),
    operation.Operation(
        name="node_update",
        title="Update a node",
        method="PATCH",
        path="/v1/nodes/{node_id}",
        handler=nodes.update_node,
        policy="nodes:update",
        success=202,
        errors=(404, 409),
        body=schemas.NODE_UPDATE,
        answer=answers.one("node", answers.NODE),
    ),
    operation.Operation(
        name="node_delete",
        title="Delete a node",
        method="DELETE",
        path="/v1/nodes/{node_id}",
        handler=nodes.delete_node,
        policy="nodes:delete",
        success=202,
        errors=(404, 409),
        body=parts.DELETE,
        answer=None,
    ),
    _node_action(schemas.NODE_CHECK, "Check a node", nodes.check),
    _node_action(schemas.NODE_RECOVER, "Recover a node", nodes.recover),
    operation.Operation(
        name="node_operation",
        title="Run an operation on a node",
        method="POST",
        path="/v1/nodes/{node_id}/ops",
        handler=nodes.operate,
        policy="nodes:operation",
        success=202,
        errors=(404, 409),
        since=(1, 4),
        body=schemas.NODE_OPERATION,
        answer=answers.ACTION_ID,
    ),
)
