"""The profile types that this service knows, by ``NAME-VERSION``."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from senlin_container.domain import errors, model
from senlin_container.specs import containers, schema

CONTAINER = "container.dockerinc.docker"
HOST = "container.host.endpoint"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation on a node of a type, with the schema of its parameters."""

    description: str
    parameters: Mapping[str, schema.Field] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ProfileType:
    """A published profile type: its schema, its operations, and since when it is supported."""

    name: str
    version: str
    support_status: tuple[Mapping[str, str], ...]
    fields: Mapping[str, schema.Field]
    operations: Mapping[str, Operation]

    @property
    def full_name(self) -> str:
        """``NAME-VERSION``."""
        return f"{self.name}-{self.version}"

    def schema_json(self) -> dict[str, Any]:
        """Return the schema as ``GET /v1/profile-types/X`` shows it."""
        return schema.render(self.fields)

    def operations_json(self) -> dict[str, Any]:
        """Return the operations as ``GET /v1/profile-types/X/ops`` shows them."""
        out: dict[str, Any] = {}
        for name, operation in sorted(self.operations.items()):
            parameters = schema.render(operation.parameters)
            for parameter in parameters.values():
                del parameter["updatable"]
            out[name] = {"description": operation.description, "parameters": parameters}
        return out


_F = schema.Field
_T = schema.Type
_WAIT = {
    "wait_time": _F(
        type=_T.INTEGER, minimum=0, maximum=3600, description="Seconds to wait before the container is killed."
    )
}
_OPERATIONS_1_0 = {
    "pause": Operation(description="Suspend all processes of the container."),
    "unpause": Operation(description="Resume the processes of a paused container."),
    "restart": Operation(description="Stop the container and start it again.", parameters=_WAIT),
}
_OPERATIONS_1_1 = {
    **_OPERATIONS_1_0,
    "start": Operation(description="Start a stopped container."),
    "stop": Operation(description="Stop the container and keep it.", parameters=_WAIT),
    "kill": Operation(
        description="Send a signal to the container's first process.",
        parameters={"signal": _F(type=_T.STRING, default="SIGKILL", description="Name or number of the signal.")},
    ),
}

PROFILE_TYPES: Mapping[str, ProfileType] = {
    type_.full_name: type_
    for type_ in (
        ProfileType(
            name=CONTAINER,
            version="1.0",
            support_status=({"status": "EXPERIMENTAL", "since": "2017.02"},),
            fields=containers.CONTAINER_1_0,
            operations=_OPERATIONS_1_0,
        ),
        ProfileType(
            name=CONTAINER,
            version="1.1",
            support_status=({"status": "SUPPORTED", "since": "2026.11"},),
            fields=containers.CONTAINER_1_1,
            operations=_OPERATIONS_1_1,
        ),
        ProfileType(
            name=HOST,
            version="1.0",
            support_status=({"status": "SUPPORTED", "since": "2026.11"},),
            fields=containers.HOST_1_0,
            operations={},
        ),
    )
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A spec that fits: its type, its properties with defaults filled in, and its document as it is kept."""

    type: ProfileType
    properties: Mapping[str, Any] = dataclasses.field(repr=False)
    document: model.Json = dataclasses.field(repr=False)


def find(type_name: str) -> ProfileType:
    """Return a profile type by ``NAME-VERSION``.

    :raises errors.NotFound: when there is none
    """
    found = PROFILE_TYPES.get(type_name)
    if found is None:
        raise errors.NotFound("profile_type", type_name)
    return found


def check(spec: Mapping[str, Any]) -> Checked:
    """Validate a whole profile spec: ``{"type": ..., "version": ..., "properties": {...}}``.

    :raises errors.InvalidSpec: with the path of what is wrong
    :raises errors.NotFound: when the type or its version is unknown
    """
    for key in ("type", "version"):
        if not isinstance(spec.get(key), str | int | float) or isinstance(spec.get(key), bool):
            raise errors.InvalidSpec(f"Required spec item '{key}' not provided")
    unknown = sorted(set(spec) - {"type", "version", "properties"})
    if unknown:
        raise errors.InvalidSpec(f"Unrecognizable spec item '{unknown[0]}' (known here: properties, type, version)")
    type_ = find(f"{spec['type']}-{spec['version']}")
    given = spec.get("properties")
    properties = schema.validate(type_.fields, {} if given is None else given)
    parse(type_.name, properties)
    return Checked(type=type_, properties=properties, document=dict(spec))


def parse(name: str, properties: Mapping[str, Any]) -> containers.ContainerSpec | containers.HostSpec:
    """Type validated properties by the name of their type."""
    return containers.container(properties) if name == CONTAINER else containers.host(properties)


def container_spec(profile: model.Profile) -> containers.ContainerSpec:
    """Return the typed spec of a container profile."""
    type_ = find(profile.type_name)
    return containers.container(schema.validate(type_.fields, profile.properties))


def host_spec(profile: model.Profile) -> containers.HostSpec:
    """Return the typed spec of a host endpoint profile."""
    type_ = find(profile.type_name)
    return containers.host(schema.validate(type_.fields, profile.properties))


def operation(profile: model.Profile, name: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Check an operation and its parameters against the profile's type; returns the parameters with defaults.

    :raises errors.Invalid: when the type has no such operation, or a parameter is wrong
    """
    type_ = find(profile.type_name)
    found = type_.operations.get(name)
    if found is None:
        known = ", ".join(sorted(type_.operations)) or "none"
        raise errors.Invalid(
            f"The requested operation '{name}' is not supported by the profile type '{type_.full_name}' "
            f"(known: {known})."
        )
    return schema.validate(found.parameters, params)
