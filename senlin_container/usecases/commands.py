"""All commands of the API in one object."""

from __future__ import annotations

from senlin_container.usecases import clusters, members, nodes, profiles


class Commands(profiles.ProfileCommands, clusters.ClusterCommands, members.MemberCommands, nodes.NodeCommands):
    """Create, change and delete profiles, clusters and nodes; cancel actions."""
