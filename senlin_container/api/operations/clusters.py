"""The operations on clusters."""

from __future__ import annotations

from senlin_container.api import answers, operation
from senlin_container.api.controllers import clusters, policies
from senlin_container.api.schemas import clusters as schemas
from senlin_container.api.schemas import parts
from senlin_container.api.schemas import policies as policy_schemas

OPERATIONS: tuple[operation.Operation, ...] = (
    operation.get(
        "cluster_list",
        "List clusters",
        "/v1/clusters",
        clusters.list_clusters,
        "clusters:index",
        answers.many("clusters", answers.CLUSTER),
        query=schemas.CLUSTER_LIST,
    ),
    operation.get(
        "cluster_show",
        "Show a cluster",
        "/v1/clusters/{cluster_id}",
        clusters.show_cluster,
        "clusters:get",
        answers.one("cluster", answers.CLUSTER),
    ),
    operation.Operation(
        name="cluster_create",
        title="Create a cluster",
        method="POST",
        path="/v1/clusters",
        handler=clusters.create_cluster,
        policy="clusters:create",
        success=202,
        body=schemas.CLUSTER_CREATE,
        answer=answers.one("cluster", answers.CLUSTER),
    ),
    operation.Operation(
        name="cluster_update",
        title="Update a cluster",
        method="PATCH",
        path="/v1/clusters/{cluster_id}",
        handler=clusters.update_cluster,
        policy="clusters:update",
        success=202,
        errors=(404, 409),
        body=schemas.CLUSTER_UPDATE,
        answer=answers.one("cluster", answers.CLUSTER),
    ),
    operation.Operation(
        name="cluster_delete",
        title="Delete a cluster",
        method="DELETE",
        path="/v1/clusters/{cluster_id}",
        handler=clusters.delete_cluster,
        policy="clusters:delete",
        success=202,
        errors=(404, 409),
        body=parts.DELETE,
        answer=None,
    ),
    operation.action("cluster", schemas.CLUSTER_ADD_NODES, "Add nodes to a cluster", clusters.add_nodes),
    operation.action("cluster", schemas.CLUSTER_DEL_NODES, "Remove nodes from a cluster", clusters.del_nodes),
    operation.action(
        "cluster", schemas.CLUSTER_REPLACE_NODES, "Replace nodes of a cluster", clusters.replace_nodes, since=(1, 3)
    ),
    operation.action("cluster", schemas.CLUSTER_RESIZE, "Resize a cluster", clusters.resize),
    operation.action("cluster", schemas.CLUSTER_SCALE_IN, "Shrink a cluster", clusters.scale_in),
    operation.action("cluster", schemas.CLUSTER_SCALE_OUT, "Grow a cluster", clusters.scale_out),
    operation.action("cluster", schemas.CLUSTER_CHECK, "Check the nodes of a cluster", clusters.check),
    operation.action("cluster", schemas.CLUSTER_RECOVER, "Recover the nodes of a cluster", clusters.recover),
    operation.action("cluster", policy_schemas.POLICY_ATTACH, "Attach a policy to a cluster", policies.attach),
    operation.action("cluster", policy_schemas.POLICY_DETACH, "Detach a policy from a cluster", policies.detach),
    operation.action(
        "cluster", policy_schemas.POLICY_SWITCH, "Switch a policy of a cluster on or off", policies.switch
    ),
    operation.action(
        "cluster",
        schemas.CLUSTER_COMPLETE_LIFECYCLE,
        "Complete the lifecycle hook that an action waits for",
        clusters.complete_lifecycle,
        since=(1, 9),
    ),
    operation.Operation(
        name="cluster_operation",
        title="Run an operation on the nodes of a cluster",
        method="POST",
        path="/v1/clusters/{cluster_id}/ops",
        handler=clusters.operate,
        policy="clusters:operation",
        success=202,
        errors=(404, 409),
        since=(1, 4),
        body=schemas.CLUSTER_OPERATION,
        answer=answers.ACTION_ID,
    ),
    operation.get(
        "cluster_collect",
        "Collect an attribute of all nodes of a cluster",
        "/v1/clusters/{cluster_id}/attrs/{path}",
        clusters.collect,
        "clusters:collect",
        answers.many("cluster_attributes", answers.CLUSTER_ATTRIBUTE),
        since=(1, 2),
    ),
)
