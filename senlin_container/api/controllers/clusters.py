"""Clusters: the resource, its actions, the operations on its nodes, and attributes across them."""

from __future__ import annotations

from senlin_container.api import calls, collecting, faults, versions, views
from senlin_container.api.controllers import paging
from senlin_container.domain import model

_CONFLICTS_SINCE: versions.Version = (1, 11)
"""Before, scaling actions waited in line, and failed when a cooldown was not over by then."""


def list_clusters(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Answer with a page of clusters."""
    found = services.queries.clusters(call.context, paging.page(services, call), filters=paging.filters(call))
    return paging.answer(services, call, "clusters", [views.cluster(view) for view in found])


def show_cluster(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Answer with one cluster."""
    return calls.Answer(document={"cluster": views.cluster(services.queries.cluster(call.context, _identity(call)))})


def create_cluster(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Create a cluster; without a desired capacity it starts with its minimum."""
    body = call.body
    min_size = body.get("min_size", 0)
    view, action_id = services.commands.create_cluster(
        call.context,
        name=body["name"],
        profile=body["profile_id"],
        min_size=min_size,
        max_size=body.get("max_size", model.UNBOUNDED),
        desired_capacity=body.get("desired_capacity", min_size),
        timeout=body.get("timeout"),
        metadata=body.get("metadata", {}),
        config=body.get("config", {}),
    )
    return calls.accepted(call, action_id, {"cluster": views.cluster(view)})


def update_cluster(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Change what a cluster is called, made of or annotated with."""
    body = call.body
    view, action_id = services.commands.update_cluster(
        call.context,
        _identity(call),
        name=body.get("name"),
        profile=body.get("profile_id"),
        timeout=body.get("timeout"),
        metadata=body.get("metadata"),
        config=body.get("config"),
        profile_only=body.get("profile_only", False),
    )
    return calls.accepted(call, action_id, {"cluster": views.cluster(view)})


def delete_cluster(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Delete a cluster with its nodes."""
    action_id = services.commands.delete_cluster(call.context, _identity(call), force=call.body.get("force", False))
    return calls.accepted(call, action_id)


def add_nodes(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Take nodes of their own into a cluster."""
    return calls.action_accepted(
        call, services.commands.add_nodes(call.context, _identity(call), nodes=call.body["nodes"])
    )


def del_nodes(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Take nodes out of a cluster, and destroy them when asked."""
    action_id = services.commands.del_nodes(
        call.context,
        _identity(call),
        nodes=call.body["nodes"],
        destroy=call.body.get("destroy_after_deletion", False),
    )
    return calls.action_accepted(call, action_id)


def replace_nodes(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Put nodes of their own in the place of members."""
    return calls.action_accepted(
        call, services.commands.replace_nodes(call.context, _identity(call), nodes=call.body["nodes"])
    )


def resize(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Change the size of a cluster, its bounds, or both."""
    body = call.body
    action_id = services.commands.resize_cluster(
        call.context,
        _identity(call),
        adjustment_type=body.get("adjustment_type"),
        number=body.get("number"),
        min_size=body.get("min_size"),
        max_size=body.get("max_size"),
        min_step=body.get("min_step"),
        strict=body.get("strict", True),
    )
    return calls.action_accepted(call, action_id)


def scale_out(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Add nodes to a cluster."""
    return _scale(services, call, out=True)


def scale_in(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Take nodes from a cluster."""
    return _scale(services, call, out=False)


def check(services: calls.Services, call: calls.Call) -> calls.Answer:
    """See how all nodes of a cluster are."""
    return calls.action_accepted(call, services.commands.check_cluster(call.context, _identity(call)))


def recover(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Bring the nodes of a cluster back that are not well."""
    return calls.action_accepted(
        call, services.commands.recover_cluster(call.context, _identity(call), params=call.body)
    )


def complete_lifecycle(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Let an action go on that waits for the end of a lifecycle hook."""
    action_id = services.commands.complete_lifecycle(
        call.context, _identity(call), token=call.body["lifecycle_action_token"]
    )
    return calls.action_accepted(call, action_id)


def operate(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Run an operation of the profile on the nodes of a cluster that fit the filters."""
    action_id = services.commands.operate_cluster(
        call.context,
        _identity(call),
        operation=call.body["operation"],
        params=call.body["params"],
        filters=call.body["filters"],
    )
    return calls.action_accepted(call, action_id)


def collect(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Answer with one attribute of every node of a cluster that has it.

    :raises faults.Fault: 400 when the path is missing, in the place of which clients write None
    """
    if call.path["path"].strip() in ("", "None"):
        raise faults.malformed("Required path attribute is missing.")
    search = collecting.Search(call.path["path"])
    members = services.queries.members(call.context, _identity(call))
    found = search.first(views.node(view, call.version, with_details=True) for view in members)
    return calls.Answer(document={"cluster_attributes": [views.attribute(node, value) for node, value in found]})


def _scale(services: calls.Services, call: calls.Call, *, out: bool) -> calls.Answer:
    action_id = services.commands.scale_cluster(
        call.context,
        _identity(call),
        out=out,
        count=call.body.get("count"),
        alone=call.version >= _CONFLICTS_SINCE,
    )
    return calls.action_accepted(call, action_id)


def _identity(call: calls.Call) -> str:
    return call.path["cluster_id"]
