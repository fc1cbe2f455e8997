"""The access rules, with their defaults.

An operation of the API asks the rule that its entry in the table of operations names. The requester's own project is
the target: whose objects a request finds is decided by the queries and not here, so no rule can open another project's
objects, save those that are for the whole cloud.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from oslo_policy import policy

ADMIN = "context_is_admin"
"""Somebody who runs the cloud, or a project of it."""

GLOBAL_PROJECT = "global_project"
"""Asked for a list of the objects of all projects."""

RECEIVERS_OF_ALL = "receivers:index:global_project"
"""Asked, in place of ``global_project``, for a list of the receivers of all projects: it shows how to trigger them."""

SERVICES = "services:index"

HOST_ENDPOINT = "profiles:create:host_endpoint"
"""Asked, beside ``profiles:create``, for a profile that makes the service connect to an address of its author's."""

REFUSAL = "You are not authorized to complete this operation."
"""What a requester is told whom a rule stops."""

_PROJECT = ("project",)
_SYSTEM = ("system",)
_ANY = ("project", "system")

_ADMIN = f"rule:{ADMIN}"
_MEMBER = "rule:project_member"
_READER = "rule:project_reader"
_CLOUD_READER = "rule:cloud_reader"
_RECEIVER_READER = "rule:receiver_reader"

_PERSONAS = (
    policy.RuleDefault(ADMIN, "role:admin", description="An administrator; may do what all others may."),
    policy.RuleDefault(
        "project_member",
        f"role:member or {_ADMIN}",
        description="May read and change what the project of the token owns.",
    ),
    policy.RuleDefault(
        "project_reader", f"role:reader or {_MEMBER}", description="May read what the project of the token owns."
    ),
    policy.RuleDefault(
        "cloud_reader",
        f"{_ADMIN} or (role:reader and system_scope:all)",
        description="May read what all projects own, and how the service is.",
    ),
    policy.RuleDefault(
        "receiver_reader",
        f"({_MEMBER} and not system_scope:all) or {_ADMIN}",
        description="May see receivers: whoever knows the id of one can trigger it.",
    ),
)

_Route = tuple[str, str]


def _rule(
    name: str, check: str, description: str, *routes: _Route, scopes: Sequence[str] = _PROJECT
) -> policy.DocumentedRuleDefault:
    operations: list[Any] = [{"method": method, "path": path} for method, path in routes]
    return policy.DocumentedRuleDefault(name, check, description, operations, scope_types=list(scopes))


def _read(name: str, description: str, path: str) -> policy.DocumentedRuleDefault:
    return _rule(name, _READER, description, ("GET", path), scopes=_ANY)


def _write(name: str, description: str, method: str, path: str) -> policy.DocumentedRuleDefault:
    return _rule(name, _MEMBER, description, (method, path))


_SERVICE = (
    _read("build_info:build_info", "Show the build of the service.", "/v1/build-info"),
    _rule(SERVICES, _CLOUD_READER, "List the processes of the service.", ("GET", "/v1/services"), scopes=_ANY),
    _rule(
        GLOBAL_PROJECT,
        _CLOUD_READER,
        "List the objects of all projects.",
        *(
            ("GET", f"/v1/{kind}?global_project=true")
            for kind in ("actions", "clusters", "events", "nodes", "policies", "profiles")
        ),
        scopes=_ANY,
    ),
)

_PROFILES = (
    _read("profile_types:index", "List the profile types.", "/v1/profile-types"),
    _read("profile_types:get", "Show the schema of a profile type.", "/v1/profile-types/{profile_type}"),
    _read("profile_types:ops", "List the operations of a profile type.", "/v1/profile-types/{profile_type}/ops"),
    _read("profiles:index", "List profiles.", "/v1/profiles"),
    _read("profiles:get", "Show a profile.", "/v1/profiles/{profile_id}"),
    _write("profiles:create", "Create a profile.", "POST", "/v1/profiles"),
    _rule("profiles:validate", _READER, "Validate the spec of a profile.", ("POST", "/v1/profiles/validate")),
    _write("profiles:update", "Update a profile.", "PATCH", "/v1/profiles/{profile_id}"),
    _write("profiles:delete", "Delete a profile.", "DELETE", "/v1/profiles/{profile_id}"),
    _rule(
        HOST_ENDPOINT,
        _ADMIN,
        "Create or validate a profile of type container.host.endpoint. It names the address of a container engine, "
        "which may be a socket of a machine of this service, and the service connects to it with the service's keys.",
        ("POST", "/v1/profiles"),
        ("POST", "/v1/profiles/validate"),
    ),
)

_POLICIES = (
    _read("policy_types:index", "List the policy types.", "/v1/policy-types"),
    _read("policy_types:get", "Show the schema of a policy type.", "/v1/policy-types/{policy_type}"),
    _read("policies:index", "List policies.", "/v1/policies"),
    _read("policies:get", "Show a policy.", "/v1/policies/{policy_id}"),
    _write("policies:create", "Create a policy.", "POST", "/v1/policies"),
    _rule("policies:validate", _READER, "Validate the spec of a policy.", ("POST", "/v1/policies/validate")),
    _write("policies:update", "Update a policy.", "PATCH", "/v1/policies/{policy_id}"),
    _write("policies:delete", "Delete a policy.", "DELETE", "/v1/policies/{policy_id}"),
    _read("cluster_policies:index", "List the policies of a cluster.", "/v1/clusters/{cluster_id}/policies"),
    _read("cluster_policies:get", "Show a policy of a cluster.", "/v1/clusters/{cluster_id}/policies/{policy_id}"),
)

_CLUSTERS = (
    _read("clusters:index", "List clusters.", "/v1/clusters"),
    _read("clusters:get", "Show a cluster.", "/v1/clusters/{cluster_id}"),
    _read(
        "clusters:collect", "Collect an attribute of all nodes of a cluster.", "/v1/clusters/{cluster_id}/attrs/{path}"
    ),
    _write("clusters:create", "Create a cluster.", "POST", "/v1/clusters"),
    _write("clusters:update", "Update a cluster.", "PATCH", "/v1/clusters/{cluster_id}"),
    _write("clusters:delete", "Delete a cluster.", "DELETE", "/v1/clusters/{cluster_id}"),
    _write(
        "clusters:action",
        "Run an action on a cluster: its size, its members, its policies, its health.",
        "POST",
        "/v1/clusters/{cluster_id}/actions",
    ),
    _write(
        "clusters:operation", "Run an operation on the nodes of a cluster.", "POST", "/v1/clusters/{cluster_id}/ops"
    ),
)

_NODES = (
    _read("nodes:index", "List nodes.", "/v1/nodes"),
    _read("nodes:get", "Show a node.", "/v1/nodes/{node_id}"),
    _write("nodes:create", "Create a node.", "POST", "/v1/nodes"),
    _write("nodes:adopt", "Make a node of what exists already.", "POST", "/v1/nodes/adopt"),
    _write(
        "nodes:adopt-preview", "Show the profile that an adopted node would have.", "POST", "/v1/nodes/adopt-preview"
    ),
    _write("nodes:update", "Update a node.", "PATCH", "/v1/nodes/{node_id}"),
    _write("nodes:delete", "Delete a node.", "DELETE", "/v1/nodes/{node_id}"),
    _write("nodes:action", "Check or recover a node.", "POST", "/v1/nodes/{node_id}/actions"),
    _write("nodes:operation", "Run an operation on a node.", "POST", "/v1/nodes/{node_id}/ops"),
)

_RECEIVERS = (
    # Whoever knows the id of a receiver can trigger it. So who may only read may not see receivers, and who
    # administers a project may not see those of others.
    _rule("receivers:index", _RECEIVER_READER, "List receivers.", ("GET", "/v1/receivers"), scopes=_ANY),
    _rule("receivers:get", _RECEIVER_READER, "Show a receiver.", ("GET", "/v1/receivers/{receiver_id}"), scopes=_ANY),
    _rule(
        RECEIVERS_OF_ALL,
        _ADMIN,
        "List the receivers of all projects.",
        ("GET", "/v1/receivers?global_project=true"),
        scopes=_SYSTEM,
    ),
    _write("receivers:create", "Create a receiver.", "POST", "/v1/receivers"),
    _write("receivers:update", "Update a receiver.", "PATCH", "/v1/receivers/{receiver_id}"),
    _write("receivers:delete", "Delete a receiver.", "DELETE", "/v1/receivers/{receiver_id}"),
    _write(
        "receivers:notify",
        "Have the service look for messages to a receiver.",
        "POST",
        "/v1/receivers/{receiver_id}/notify",
    ),
)

_RECORDS = (
    _read("actions:index", "List actions.", "/v1/actions"),
    _read("actions:get", "Show an action.", "/v1/actions/{action_id}"),
    _write("actions:update", "Cancel an action.", "PATCH", "/v1/actions/{action_id}"),
    _read("events:index", "List events.", "/v1/events"),
    _read("events:get", "Show an event.", "/v1/events/{event_id}"),
)


def list_rules() -> Sequence[policy.RuleDefault]:
    """Return all rules, for an enforcer and for the generator of the sample."""
    return (
        *_PERSONAS,
        *_SERVICE,
        *_PROFILES,
        *_POLICIES,
        *_CLUSTERS,
        *_NODES,
        *_RECEIVERS,
        *_RECORDS,
    )
