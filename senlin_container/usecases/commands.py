"""All commands of the API in one object."""

from __future__ import annotations

from senlin_container.usecases import actions, adoption, clusters, members, nodes, policies, profiles, receivers


class Commands(
    profiles.ProfileCommands,
    policies.PolicyCommands,
    clusters.ClusterCommands,
    members.MemberCommands,
    nodes.NodeCommands,
    adoption.AdoptionCommands,
    actions.ActionCommands,
    receivers.ReceiverCommands,
):
    """Create, change and delete profiles, policies, clusters, nodes and receivers; cancel actions."""
