"""The profile types that this service knows, by ``NAME-VERSION``."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from senlin_container.domain import errors, model
from senlin_container.specs import containers, schema, servers, stacks

CONTAINER = "container.dockerinc.docker"
HOST = "container.host.endpoint"
SERVER = "os.nova.server"
STACK = "os.heat.stack"

Spec = containers.ContainerSpec | containers.HostSpec | servers.ServerSpec | stacks.StackSpec


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation on a node of a type, with the schema of its parameters (None: any, and published as a map)."""

    description: str
    parameters: Mapping[str, schema.Field] | None = dataclasses.field(default_factory=dict)

    def render(self) -> dict[str, Any]:
        """Return the operation as the API publishes it."""
        if self.parameters is None:
            return schema.Field(type=schema.Type.MAP, description=self.description).render()
        parameters = schema.render(self.parameters)
        for parameter in parameters.values():
            del parameter["updatable"]
        return {"description": self.description, "parameters": parameters}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ProfileType:
    """A published profile type: its schema, its operations, and since when it is supported.

    ``parse`` types validated properties. ``other_status`` is what Senlin publishes of other versions together with
    this one, by version.
    """

    name: str
    version: str
    support_status: tuple[Mapping[str, str], ...]
    fields: Mapping[str, schema.Field]
    operations: Mapping[str, Operation]
    parse: Callable[[Mapping[str, Any]], Spec]
    other_status: Mapping[str, tuple[Mapping[str, str], ...]] = dataclasses.field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """``NAME-VERSION``."""
        return f"{self.name}-{self.version}"

    def schema_json(self) -> dict[str, Any]:
        """Return the schema as ``GET /v1/profile-types/X`` shows it."""
        return schema.render(self.fields)

    def operations_json(self) -> dict[str, Any]:
        """Return the operations as ``GET /v1/profile-types/X/ops`` shows them."""
        return {name: operation.render() for name, operation in sorted(self.operations.items())}


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
_SERVER_OPERATIONS = {
    "change_password": Operation(
        description="Set the password of the administrator.",
        parameters={"admin_pass": _F(type=_T.STRING, secret=True, description="The new password.")},
    ),
    "evacuate": Operation(
        description="Make the server anew on another host, when its own is down.",
        parameters={
            "force": _F(
                type=_T.STRING, also_boolean=True, description="Whether the scheduler's word on the host is ignored."
            ),
            "host": _F(type=_T.STRING, description="The host to go to; the scheduler chooses where none is given."),
        },
    ),
    "lock": Operation(description="Lock the server against changes."),
    "pause": Operation(description="Freeze the server in memory."),
    "reboot": Operation(
        description="Reboot the server.",
        parameters={
            "type": _F(
                type=_T.STRING,
                default="SOFT",
                allowed=("SOFT", "HARD"),
                description="SOFT asks the system to reboot, HARD cuts its power.",
            )
        },
    ),
    "rebuild": Operation(description="Make the server anew from its present image, under the same id and addresses."),
    "rescue": Operation(
        description="Boot the server from a rescue image.",
        parameters={"image_ref": _F(type=_T.STRING, description="The image; the cloud's own where none is given.")},
    ),
    "resume": Operation(description="Bring a suspended server back to work."),
    "start": Operation(description="Power the server on."),
    "stop": Operation(description="Power the server off."),
    "suspend": Operation(description="Write the server's memory to disk and power it off."),
    "unlock": Operation(description="Lift the lock."),
    "unpause": Operation(description="Let a paused server go on."),
    "unrescue": Operation(description="Boot the server from its own disk again."),
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
            parse=containers.container,
        ),
        ProfileType(
            name=CONTAINER,
            version="1.1",
            support_status=({"status": "SUPPORTED", "since": "2026.11"},),
            fields=containers.CONTAINER_1_1,
            operations=_OPERATIONS_1_1,
            parse=containers.container,
        ),
        ProfileType(
            name=HOST,
            version="1.0",
            support_status=({"status": "SUPPORTED", "since": "2026.11"},),
            fields=containers.HOST_1_0,
            operations={},
            parse=containers.host,
        ),
        ProfileType(
            name=SERVER,
            version="1.0",
            support_status=({"status": "SUPPORTED", "since": "2016.04"},),
            other_status={
                "1.1": ({"status": "SUPPORTED", "since": "2023.04"},),
                "1.2": ({"status": "SUPPORTED", "since": "2023.07"},),
            },
            fields=servers.SERVER_1_0,
            operations=_SERVER_OPERATIONS,
            parse=servers.server,
        ),
        ProfileType(
            name=STACK,
            version="1.0",
            support_status=({"status": "SUPPORTED", "since": "2016.04"},),
            fields=stacks.STACK_1_0,
            operations={
                "abandon": Operation(description="Have Heat forget the stack and keep its resources.", parameters=None)
            },
            parse=stacks.stack,
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
    type_ = find(schema.type_name(spec))
    document = schema.kept(spec)
    properties = schema.validate(type_.fields, document.get("properties", {}))
    type_.parse(properties)
    return Checked(type=type_, properties=properties, document=document)


def container_spec(profile: model.Profile) -> containers.ContainerSpec:
    """Return the typed spec of a container profile."""
    type_ = find(profile.type_name)
    return containers.container(schema.validate(type_.fields, profile.properties))


def host_spec(profile: model.Profile) -> containers.HostSpec:
    """Return the typed spec of a host endpoint profile."""
    type_ = find(profile.type_name)
    return containers.host(schema.validate(type_.fields, profile.properties))


def server_spec(profile: model.Profile) -> servers.ServerSpec:
    """Return the typed spec of a server profile."""
    type_ = find(profile.type_name)
    return servers.server(schema.validate(type_.fields, profile.properties))


def stack_spec(profile: model.Profile) -> stacks.StackSpec:
    """Return the typed spec of a stack profile."""
    type_ = find(profile.type_name)
    return stacks.stack(schema.validate(type_.fields, profile.properties))


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
    return dict(params) if found.parameters is None else schema.validate(found.parameters, params)


def secret_parameters(operation_name: str) -> tuple[str, ...]:
    """Return the names of an operation's parameters that are secrets, in any type that has the operation."""
    found = (type_.operations.get(operation_name) for type_ in PROFILE_TYPES.values())
    names = {name for one in found if one for name, field in (one.parameters or {}).items() if field.secret}
    return tuple(sorted(names))
