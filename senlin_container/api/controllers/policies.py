"""Policy types, policies, and the policies of clusters."""

from __future__ import annotations

from senlin_container.api import calls, views
from senlin_container.api.controllers import paging
from senlin_container.specs import policies as policy_types


def list_policy_types(_services: calls.Services, call: calls.Call) -> calls.Answer:
    """Answer with all policy types, by name."""
    lines = [views.policy_type_line(type_, call.version) for _, type_ in sorted(policy_types.POLICY_TYPES.items())]
    return calls.Answer(document={"policy_types": lines})


def show_policy_type(_services: calls.Services, call: calls.Call) -> calls.Answer:
    """Answer with a policy type and its schema."""
    type_ = policy_types.find(call.path["policy_type"])
    return calls.Answer(document={"policy_type": views.policy_type(type_, call.version)})


def list_policies(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Answer with a page of policies."""
    found = services.queries.policies(call.context, paging.page(services, call), filters=paging.filters(call))
    return paging.answer(services, call, "policies", [views.kept_policy(policy) for policy in found])


def show_policy(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Answer with one policy."""
    return calls.Answer(
        document={"policy": views.kept_policy(services.queries.policy(call.context, call.path["policy_id"]))}
    )


def create_policy(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Keep a new policy and answer with it."""
    policy = services.commands.create_policy(call.context, name=call.body["name"], spec=call.body["spec"])
    return calls.Answer(document={"policy": views.policy(policy)})


def validate_policy(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Check a spec, keep nothing, and answer with what the policy would be."""
    policy = services.commands.validate_policy(call.context, spec=call.body["spec"])
    return calls.Answer(document={"policy": views.validated_policy(policy)})


def update_policy(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Change the name of a policy and answer with it."""
    policy = services.commands.update_policy(call.context, call.path["policy_id"], name=call.body.get("name"))
    return calls.Answer(document={"policy": views.policy(policy)})


def delete_policy(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Delete a policy that is attached to no cluster."""
    services.commands.delete_policy(call.context, call.path["policy_id"])
    return calls.Answer()


def list_cluster_policies(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Answer with the policies of a cluster."""
    filters = {name: value for name, value in call.query.items() if name != "sort"}
    found = services.queries.cluster_policies(
        call.context, call.path["cluster_id"], filters=filters, sort=call.query.get("sort", ())
    )
    return calls.Answer(document={"cluster_policies": [views.cluster_policy(view) for view in found]})


def show_cluster_policy(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Answer with one policy of a cluster."""
    view = services.queries.cluster_policy(call.context, call.path["cluster_id"], call.path["policy_id"])
    return calls.Answer(document={"cluster_policy": views.cluster_policy(view)})


def attach(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Attach a policy to a cluster; it counts unless it is said not to."""
    action_id = services.commands.attach_policy(
        call.context,
        call.path["cluster_id"],
        policy=call.body["policy_id"],
        enabled=call.body.get("enabled", True),
    )
    return calls.action_accepted(call, action_id)


def detach(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Detach a policy from a cluster."""
    action_id = services.commands.detach_policy(call.context, call.path["cluster_id"], policy=call.body["policy_id"])
    return calls.action_accepted(call, action_id)


def switch(services: calls.Services, call: calls.Call) -> calls.Answer:
    """Let a policy of a cluster count, or not."""
    action_id = services.commands.switch_policy(
        call.context,
        call.path["cluster_id"],
        policy=call.body["policy_id"],
        enabled=call.body.get("enabled"),
    )
    return calls.action_accepted(call, action_id)
