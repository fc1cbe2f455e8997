"""Nodes: the resource, its actions, and the operations on it."""

from __future__ import annotations

from senlin_container.api import calls, views
from senlin_container.api.controllers import paging


def list_nodes(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Answer with a page of nodes."""
    found = services.queries.nodes(call.context, paging.page(services, call), filters=paging.filters(call))
    return paging.answer(services, call, "nodes", [views.node_line(line, call.version) for line in found])


def show_node(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Answer with one node, with the details of its physical object when asked."""
    view = services.queries.node(call.context, _identity(call))
    document = views.node(view, call.version, with_details=call.query.get("show_details", False))
    return calls.Answer(document={"node": document})


def create_node(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Create a node, in a cluster when one is named."""
    body = call.body
    view, action_id = services.commands.create_node(
        call.context,
        name=body["name"],
        profile=body["profile_id"],
        cluster=body.get("cluster_id") or None,  # clients write "" as well as null for a node of its own
        role=body.get("role", ""),
        metadata=body.get("metadata", {}),
    )
    return calls.accepted(call, action_id, {"node": views.node(view, call.version)})


def adopt_node(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Make a node of something that is in the cloud already."""
    body = call.body
    view = services.commands.adopt_node(
        call.context,
        type_name=body["type"],
        identity=body["identity"],
        name=body.get("name"),
        role=body.get("role", ""),
        metadata=body.get("metadata", {}),
        overrides=body.get("overrides", {}),
        snapshot=body.get("snapshot", False),
    )
    return calls.Answer(document={"node": views.node(view, call.version)})


def preview_adoption(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Answer with the spec of the profile that an adopted node would have.

    Under two names: the published one, and the one by which the public client looks for it.
    """
    body = call.body
    profile = services.commands.preview_adoption(
        call.context, type_name=body["type"], identity=body["identity"], overrides=body.get("overrides", {})
    )
    preview = views.node_preview(profile)
    return calls.Answer(document={"node_preview": preview, "node_profile": preview})


def update_node(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Change what a node is called, made of or annotated with."""
    body = call.body
    view, action_id = services.commands.update_node(
        call.context,
        _identity(call),
        name=body.get("name"),
        profile=body.get("profile_id"),
        role=body.get("role"),
        metadata=body.get("metadata"),
        tainted=body.get("tainted"),
    )
    return calls.accepted(call, action_id, {"node": views.node(view, call.version)})


def delete_node(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Delete a node with its physical object."""
    action_id = services.commands.delete_node(call.context, _identity(call), force=call.body.get("force", False))
    return calls.accepted(call, action_id)


def check(services: calls.Services, call: calls.Call) -> calls.Answer:
    """See how a node is."""
    return calls.action_accepted(call, services.commands.check_node(call.context, _identity(call)))


def recover(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Bring a node back that is not well."""
    return calls.action_accepted(call, services.commands.recover_node(call.context, _identity(call), params=call.body))


def operate(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Run an operation of the profile on a node."""
    action_id = services.commands.operate_node(
        call.context, _identity(call), operation=call.body["operation"], params=call.body["params"]
    )
    return calls.action_accepted(call, action_id)


def _identity(call: calls.Call) -> str:
    return call.path["node_id"]
