"""Every operation of the API, as data: the routes, and all that is known of them.

The application routes and validates with this table, and tests walk it; nothing about an operation is written down
anywhere else.
"""

from __future__ import annotations

import dataclasses

from senlin_container.api import calls, schemas, validation, versions
from senlin_container.api.controllers import catalog, clusters, nodes, records

_Version = versions.Version


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation.

    :ivar name: unique name
    :ivar title: what it does, in a few words
    :ivar path: template, with variables in braces
    :ivar action: where several operations share a method and a path, the key in the body that stands for this one
    :ivar policy: name of the access rule; None for what everybody may see without credentials
    :ivar success: HTTP status of the good end
    :ivar errors: HTTP statuses of the bad ends, besides those that everything shares (see ``COMMON_ERRORS``)
    :ivar since: first microversion that has it
    :ivar until: last microversion that has it, None for no end
    :ivar body: what it expects as body; None when it ignores what is sent
    """

    name: str
    title: str
    method: str
    path: str
    handler: calls.Handler
    policy: str | None
    success: int = 200
    errors: tuple[int, ...] = ()
    since: _Version = versions.MINIMUM
    until: _Version | None = None
    action: str | None = None
    body: validation.Body | None = None
    query: validation.Query = validation.NO_QUERY

    def exists_in(self, version: _Version) -> bool:
        """Return whether a microversion has the operation."""
        return self.since <= version and (self.until is None or version <= self.until)


COMMON_ERRORS = (400, 401, 403, 406, 413, 500, 503)


def _get(
    name: str,
    title: str,
    path: str,
    handler: calls.Handler,
    policy: str | None,
    *,
    query: validation.Query = validation.NO_QUERY,
    since: _Version = versions.MINIMUM,
    success: int = 200,
) -> Operation:
    """Return an operation that reads; what has a variable in its path can be missing."""
    return Operation(
        name=name,
        title=title,
        method="GET",
        path=path,
        handler=handler,
        policy=policy,
        success=success,
        errors=(404,) if "{" in path else (),
        since=since,
        query=query,
    )


def _cluster_action(
    body: validation.Wrapped, title: str, handler: calls.Handler, *, since: _Version = versions.MINIMUM
) -> Operation:
    return Operation(
        name=f"cluster_{body.key}",
        title=title,
        method="POST",
        path="/v1/clusters/{cluster_id}/actions",
        handler=handler,
        policy="clusters:action",
        success=202,
        errors=(404, 409),
        since=since,
        action=body.key,
        body=body,
    )


def _node_action(body: validation.Wrapped, title: str, handler: calls.Handler) -> Operation:
    return Operation(
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
    )


_VERSIONS = (
    _get("version_list", "List the major versions", "/", records.list_versions, None, success=300),
    _get("version_show", "Show the microversions of v1", "/v1", records.show_version, None),
    _get("build_info_show", "Show the build", "/v1/build-info", records.show_build_info, "build_info:build_info"),
    _get("service_list", "List the processes", "/v1/services", records.list_services, "services:index", since=(1, 7)),
)

_PROFILES = (
    _get(
        "profile_type_list",
        "List the profile types",
        "/v1/profile-types",
        catalog.list_profile_types,
        "profile_types:index",
    ),
    _get(
        "profile_type_show",
        "Show the schema of a profile type",
        "/v1/profile-types/{profile_type}",
        catalog.show_profile_type,
        "profile_types:get",
    ),
    _get(
        "profile_type_operations",
        "List the operations of a profile type",
        "/v1/profile-types/{profile_type}/ops",
        catalog.list_profile_type_operations,
        "profile_types:ops",
        since=(1, 4),
    ),
    _get(
        "profile_list",
        "List profiles",
        "/v1/profiles",
        catalog.list_profiles,
        "profiles:index",
        query=schemas.PROFILE_LIST,
    ),
    _get("profile_show", "Show a profile", "/v1/profiles/{profile_id}", catalog.show_profile, "profiles:get"),
    Operation(
        name="profile_create",
        title="Create a profile",
        method="POST",
        path="/v1/profiles",
        handler=catalog.create_profile,
        policy="profiles:create",
        success=201,
        errors=(404,),
        body=schemas.PROFILE_CREATE,
    ),
    Operation(
        name="profile_validate",
        title="Validate the spec of a profile",
        method="POST",
        path="/v1/profiles/validate",
        handler=catalog.validate_profile,
        policy="profiles:validate",
        errors=(404,),
        since=(1, 2),
        body=schemas.PROFILE_VALIDATE,
    ),
    Operation(
        name="profile_update",
        title="Update a profile",
        method="PATCH",
        path="/v1/profiles/{profile_id}",
        handler=catalog.update_profile,
        policy="profiles:update",
        errors=(404,),
        body=schemas.PROFILE_UPDATE,
    ),
    Operation(
        name="profile_delete",
        title="Delete a profile",
        method="DELETE",
        path="/v1/profiles/{profile_id}",
        handler=catalog.delete_profile,
        policy="profiles:delete",
        success=204,
        errors=(404, 409),
    ),
)

_CLUSTERS = (
    _get(
        "cluster_list",
        "List clusters",
        "/v1/clusters",
        clusters.list_clusters,
        "clusters:index",
        query=schemas.CLUSTER_LIST,
    ),
    _get("cluster_show", "Show a cluster", "/v1/clusters/{cluster_id}", clusters.show_cluster, "clusters:get"),
    Operation(
        name="cluster_create",
        title="Create a cluster",
        method="POST",
        path="/v1/clusters",
        handler=clusters.create_cluster,
        policy="clusters:create",
        success=202,
        body=schemas.CLUSTER_CREATE,
    ),
    Operation(
        name="cluster_update",
        title="Update a cluster",
        method="PATCH",
        path="/v1/clusters/{cluster_id}",
        handler=clusters.update_cluster,
        policy="clusters:update",
        success=202,
        errors=(404, 409),
        body=schemas.CLUSTER_UPDATE,
    ),
    Operation(
        name="cluster_delete",
        title="Delete a cluster",
        method="DELETE",
        path="/v1/clusters/{cluster_id}",
        handler=clusters.delete_cluster,
        policy="clusters:delete",
        success=202,
        errors=(404, 409),
        body=schemas.DELETE,
    ),
    _cluster_action(schemas.CLUSTER_ADD_NODES, "Add nodes to a cluster", clusters.add_nodes),
    _cluster_action(schemas.CLUSTER_DEL_NODES, "Remove nodes from a cluster", clusters.del_nodes),
    _cluster_action(schemas.CLUSTER_REPLACE_NODES, "Replace nodes of a cluster", clusters.replace_nodes, since=(1, 3)),
    _cluster_action(schemas.CLUSTER_RESIZE, "Resize a cluster", clusters.resize),
    _cluster_action(schemas.CLUSTER_SCALE_IN, "Shrink a cluster", clusters.scale_in),
    _cluster_action(schemas.CLUSTER_SCALE_OUT, "Grow a cluster", clusters.scale_out),
    _cluster_action(schemas.CLUSTER_CHECK, "Check the nodes of a cluster", clusters.check),
    _cluster_action(schemas.CLUSTER_RECOVER, "Recover the nodes of a cluster", clusters.recover),
    Operation(
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
    ),
    _get(
        "cluster_collect",
        "Collect an attribute of all nodes of a cluster",
        "/v1/clusters/{cluster_id}/attrs/{path}",
        clusters.collect,
        "clusters:collect",
        since=(1, 2),
    ),
)

_NODES = (
    _get("node_list", "List nodes", "/v1/nodes", nodes.list_nodes, "nodes:index", query=schemas.NODE_LIST),
    _get("node_show", "Show a node", "/v1/nodes/{node_id}", nodes.show_node, "nodes:get", query=schemas.NODE_SHOW),
    Operation(
        name="node_create",
        title="Create a node",
        method="POST",
        path="/v1/nodes",
        handler=nodes.create_node,
        policy="nodes:create",
        success=202,
        errors=(409,),
        body=schemas.NODE_CREATE,
    ),
    Operation(
        name="node_update",
        title="Update a node",
        method="PATCH",
        path="/v1/nodes/{node_id}",
        handler=nodes.update_node,
        policy="nodes:update",
        success=202,
        errors=(404, 409),
        body=schemas.NODE_UPDATE,
    ),
    Operation(
        name="node_delete",
        title="Delete a node",
        method="DELETE",
        path="/v1/nodes/{node_id}",
        handler=nodes.delete_node,
        policy="nodes:delete",
        success=202,
        errors=(404, 409),
        body=schemas.DELETE,
    ),
    _node_action(schemas.NODE_CHECK, "Check a node", nodes.check),
    _node_action(schemas.NODE_RECOVER, "Recover a node", nodes.recover),
    Operation(
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
    ),
)

_RECORDS = (
    _get(
        "action_list",
        "List actions",
        "/v1/actions",
        records.list_actions,
        "actions:index",
        query=schemas.ACTION_LIST,
    ),
    _get("action_show", "Show an action", "/v1/actions/{action_id}", records.show_action, "actions:get"),
    Operation(
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
    ),
    _get("event_list", "List events", "/v1/events", records.list_events, "events:index", query=schemas.EVENT_LIST),
    _get("event_show", "Show an event", "/v1/events/{event_id}", records.show_event, "events:get"),
)

OPERATIONS: tuple[Operation, ...] = _VERSIONS + _PROFILES + _CLUSTERS + _NODES + _RECORDS
