"""The policy types that this service knows, by ``NAME-VERSION``."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from senlin_container.domain import bindings, errors, model
from senlin_container.specs import policy_fields, policy_rules, registry, schema

SCALING = "senlin.policy.scaling"
HEALTH = "senlin.policy.health"

Support = Mapping[str, tuple[Mapping[str, str], ...]]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PolicyType:
    """A published policy type.

    :ivar support_status: since when each version of the type is supported, by version
    :ivar rule: refuses what fits the schema and makes no sense
    :ivar kind: what all versions of it demand of a cluster
    """

    version: str
    support_status: Support
    fields: Mapping[str, schema.Field]
    rule: Callable[[Mapping[str, Any]], None]
    kind: bindings.Kind

    @property
    def name(self) -> str:
        """The name of the type without its version."""
        return self.kind.name

    @property
    def full_name(self) -> str:
        """``NAME-VERSION``."""
        return f"{self.name}-{self.version}"

    def schema_json(self) -> dict[str, Any]:
        """Return the schema as ``GET /v1/policy-types/X`` shows it."""
        return schema.render(self.fields)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A spec that fits: its type, its properties with defaults filled in, and its document as it is kept."""

    type: PolicyType
    properties: Mapping[str, Any]
    document: model.Json


_ON_HOSTS = (registry.SERVER, registry.CONTAINER)
_HEALABLE = (registry.SERVER, registry.STACK, registry.CONTAINER)


def _supported(since: str) -> tuple[Mapping[str, str], ...]:
    return ({"since": since, "status": "SUPPORTED"},)


def _experimental(since: str) -> tuple[Mapping[str, str], ...]:
    return ({"since": since, "status": "EXPERIMENTAL"},)


def _versions(
    kind: bindings.Kind,
    fields: Mapping[str, schema.Field],
    rule: Callable[[Mapping[str, Any]], None],
    support: Support,
) -> tuple[PolicyType, ...]:
    return tuple(
        PolicyType(version=version, support_status=support, fields=fields, rule=rule, kind=kind) for version in support
    )


POLICY_TYPES: Mapping[str, PolicyType] = {
    type_.full_name: type_
    for type_ in (
        *_versions(
            bindings.Kind(name="senlin.policy.affinity", priority=300, profiles=_ON_HOSTS),
            policy_fields.AFFINITY,
            policy_rules.affinity,
            {"1.0": _supported("2016.10")},
        ),
        *_versions(
            bindings.Kind(name="senlin.policy.batch", priority=200),
            policy_fields.BATCH,
            policy_rules.batch,
            {"1.0": _experimental("2017.02")},
        ),
        *_versions(
            bindings.Kind(name="senlin.policy.deletion", priority=400),
            policy_fields.DELETION,
            policy_rules.deletion,
            {"1.0": _supported("2016.04"), "1.1": _supported("2018.01")},
        ),
        *_versions(
            bindings.Kind(name=HEALTH, priority=600, profiles=_HEALABLE),
            policy_fields.HEALTH,
            policy_rules.health,
            {
                "1.0": (*_experimental("2017.02"), *_supported("2018.06")),
                "1.1": _supported("2018.09"),
                "1.2": _supported("2020.09"),
            },
        ),
        *_versions(
            bindings.Kind(name="senlin.policy.loadbalance", priority=500, profiles=_ON_HOSTS),
            policy_fields.LOADBALANCE,
            policy_rules.loadbalance,
            {
                "1.0": _supported("2016.04"),
                "1.1": _supported("2018.01"),
                "1.2": _supported("2020.02"),
                "1.3": _supported("2020.03"),
            },
        ),
        *_versions(
            bindings.Kind(name="senlin.policy.region_placement", priority=200, profiles=_ON_HOSTS),
            policy_fields.REGION_PLACEMENT,
            policy_rules.region_placement,
            {"1.0": (*_experimental("2016.04"), *_supported("2016.10"))},
        ),
        *_versions(
            bindings.Kind(name=SCALING, priority=100, single=False),
            policy_fields.SCALING,
            policy_rules.scaling,
            {"1.0": _supported("2016.04")},
        ),
        *_versions(
            bindings.Kind(name="senlin.policy.zone_placement", priority=300, profiles=_ON_HOSTS),
            policy_fields.ZONE_PLACEMENT,
            policy_rules.zone_placement,
            {"1.0": (*_experimental("2016.04"), *_supported("2016.10"))},
        ),
    )
}


def find(type_name: str) -> PolicyType:
    """Return a policy type by ``NAME-VERSION``.

    :raises errors.NotFound: when there is none
    """
    found = POLICY_TYPES.get(type_name)
    if found is None:
        raise errors.NotFound("policy_type", type_name)
    return found


def check(spec: Mapping[str, Any]) -> Checked:
    """Validate a whole policy spec: ``{"type": ..., "version": ..., "properties": {...}}``.

    It may have a ``description`` too.

    :raises errors.InvalidSpec: with the path of what is wrong
    :raises errors.NotFound: when the type or its version is unknown
    """
    type_ = find(schema.type_name(spec, more=("description",)))
    if not isinstance(spec.get("description", ""), str):
        raise errors.InvalidSpec("'description' is expected to be a text.")
    document = schema.kept(spec)
    properties = schema.validate(type_.fields, document.get("properties", {}))
    type_.rule(properties)
    return Checked(type=type_, properties=properties, document=document)


def attached(binding: model.Binding, policy: model.Policy) -> bindings.Attached:
    """Return a policy of a cluster as decisions need it."""
    scaling = _scaling(policy) if policy.type == SCALING else None
    return bindings.Attached(binding=binding, name=policy.name, kind=policy.type, scaling=scaling)


def _scaling(policy: model.Policy) -> bindings.Scaling:
    properties = schema.validate(policy_fields.SCALING, policy.properties)
    adjustment = properties.get("adjustment", {})
    return bindings.Scaling(event=model.ActionKind(properties["event"]), cooldown=adjustment.get("cooldown", 0))
