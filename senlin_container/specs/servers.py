"""The spec of a Nova server: ``os.nova.server`` 1.0 as Senlin published it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from senlin_container.domain import errors
from senlin_container.specs import schema

RESERVED = "senlin_container."
"""What the keys of metadata that we set begin with."""

_PAIR_LIMIT = 255
_SOURCES = ("image", "snapshot", "volume", "blank")
_DESTINATIONS = ("volume", "local")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A network that a server is on, by its name or id, or by a port that is there already."""

    network: str | None = None
    subnet: str | None = None
    port: str | None = None
    fixed_ip: str | None = None
    floating_ip: str | None = None
    floating_network: str | None = None
    vnic_type: str | None = None
    security_groups: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BlockDevice:
    """A disk of a server. ``volume_size`` is in GB, for swap in MB."""

    source_type: str
    destination_type: str
    volume_size: int
    uuid: str | None = None
    boot_index: int | None = None
    delete_on_termination: bool | None = None
    device_name: str | None = None
    device_type: str | None = None
    disk_bus: str | None = None
    guest_format: str | None = None
    volume_type: str | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class InjectedFile:
    """A file that is put into a new server."""

    path: str
    contents: str = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ServerSpec:
    """A server as its owner described it; None leaves a thing to the cloud, or to the node (``name``)."""

    flavor: str
    image: str | None = None
    name: str | None = None
    key_name: str | None = None
    availability_zone: str | None = None
    admin_pass: str | None = dataclasses.field(default=None, repr=False)
    auto_disk_config: bool = True
    config_drive: bool | None = None
    context: Mapping[str, Any] = dataclasses.field(default_factory=dict, repr=False)
    metadata: Mapping[str, str] = dataclasses.field(default_factory=dict)
    networks: tuple[Network, ...] = ()
    block_devices: tuple[BlockDevice, ...] = ()
    files: tuple[InjectedFile, ...] = ()
    scheduler_hints: Mapping[str, str] = dataclasses.field(default_factory=dict)
    security_groups: tuple[str, ...] = ()
    user_data: str | None = dataclasses.field(default=None, repr=False)


_F = schema.Field
_T = schema.Type


def _text(description: str, *, required: bool = False, updatable: bool = False, private: bool = False) -> schema.Field:
    return _F(type=_T.STRING, description=description, required=required, updatable=updatable, private=private)


def _groups(description: str) -> schema.Field:
    return _F(
        type=_T.LIST, description=description, items=_text("A security group, by its name or id.", required=True)
    )


_BLOCK_DEVICE: Mapping[str, schema.Field] = {
    "boot_index": _F(type=_T.INTEGER, description="Place in the order of booting; the device with 0 is the root."),
    "delete_on_termination": _F(type=_T.BOOLEAN, description="Whether the volume goes together with the server."),
    "destination_type": _text("Where the data lives: 'volume' or 'local'.", required=True),
    "device_name": _text("Name of the device in the server, such as vda."),
    "device_type": _text("Kind of the device, such as disk or cdrom."),
    "disk_bus": _text("Bus that the device is on, such as virtio."),
    "guest_format": _text("File system, or swap, that the device is made with."),
    "source_type": _text("What the data comes from: 'image', 'snapshot', 'volume' or 'blank'.", required=True),
    "uuid": _text("Id of that image, snapshot or volume."),
    "volume_size": _F(type=_T.INTEGER, required=True, description="Size in GB, of a swap device in MB."),
    "volume_type": _text("Type of the volume, by its name or id."),
}
_NETWORK: Mapping[str, schema.Field] = {
    "fixed_ip": _text("Address that the server shall have on the network."),
    "floating_ip": _text("Floating address that shall lead to the server."),
    "floating_network": _text("Network that a floating address is taken from."),
    "network": _text("The network, by its name or id; a port is made on it."),
    "port": _text("Port that exists already, by its id."),
    "security_groups": _groups("Security groups of the port."),
    "subnet": _text("Subnet that the address is taken from, by its name or id."),
    "vnic_type": _text("How the port is bound, such as normal or direct."),
}
_FILE: Mapping[str, schema.Field] = {
    "contents": _text("What is written to the file.", required=True, private=True),
    "path": _text("Path of the file in the server.", required=True),
}

SERVER_1_0: Mapping[str, schema.Field] = {
    "admin_pass": _F(type=_T.STRING, secret=True, description="Password of the administrator; never shown again."),
    "auto_disk_config": _F(
        type=_T.BOOLEAN, default=True, description="Whether the root partition is grown to the size of the disk."
    ),
    "availability_zone": _text("Availability zone that the server is made in."),
    "block_device_mapping_v2": _F(
        type=_T.LIST,
        description="Disks of the server.",
        items=_F(type=_T.MAP, description="A disk of the server.", fields=_BLOCK_DEVICE),
    ),
    "config_drive": _F(type=_T.BOOLEAN, description="Whether the server gets its metadata on a drive of its own."),
    "context": _F(type=_T.MAP, description="Security context for operating servers; kept for Senlin's clients."),
    "flavor": _text("Flavor of the server, by its name or id.", required=True, updatable=True),
    "image": _text("Image that the server is made from, by its name or id.", updatable=True),
    "key_name": _text("Key pair that may log in."),
    "metadata": _F(
        type=_T.MAP,
        updatable=True,
        description="Metadata of the server, key to value; both have up to 255 characters.",
    ),
    "name": _text("Name of the server; that of the node where none is given.", updatable=True),
    "networks": _F(
        type=_T.LIST,
        updatable=True,
        description="Networks that the server is on.",
        items=_F(type=_T.MAP, description="A network that the server is on.", fields=_NETWORK),
    ),
    "personality": _F(
        type=_T.LIST,
        description="Files that are put into a new server.",
        items=_F(type=_T.MAP, description="A file that is put into a new server.", fields=_FILE),
    ),
    "scheduler_hints": _F(
        type=_T.MAP,
        description="Hints for Nova's scheduler, key to value; both have up to 255 characters.",
    ),
    "security_groups": _groups("Security groups of ports that name none."),
    "user_data": _text("What the server reads from the metadata service when it boots.", private=True),
}


def server(properties: Mapping[str, Any]) -> ServerSpec:
    """Type the validated properties of a server profile.

    :raises errors.InvalidSpec: for what the schema alone cannot tell
    """
    return ServerSpec(
        flavor=properties["flavor"],
        image=properties.get("image") or None,
        name=_name(properties.get("name")),
        key_name=properties.get("key_name"),
        availability_zone=properties.get("availability_zone"),
        admin_pass=properties.get("admin_pass"),
        auto_disk_config=properties.get("auto_disk_config", True),
        config_drive=properties.get("config_drive"),
        context=properties.get("context") or {},
        metadata=_pairs(properties.get("metadata") or {}, "metadata"),
        networks=tuple(_network(item, i) for i, item in enumerate(properties.get("networks") or ())),
        block_devices=tuple(
            _block_device(item, i) for i, item in enumerate(properties.get("block_device_mapping_v2") or ())
        ),
        files=tuple(InjectedFile(**item) for item in properties.get("personality") or ()),
        scheduler_hints=_pairs(properties.get("scheduler_hints") or {}, "scheduler_hints"),
        security_groups=tuple(properties.get("security_groups") or ()),
        user_data=properties.get("user_data"),
    )


def _name(given: str | None) -> str | None:
    if given and not (given.isprintable() and len(given) <= _PAIR_LIMIT):
        raise errors.InvalidSpec(f"'name' is {given[:80]!r}: up to {_PAIR_LIMIT} printable characters are expected.")
    return given or None


def _network(item: Mapping[str, Any], index: int) -> Network:
    if not (item.get("network") or item.get("port")):
        raise errors.InvalidSpec(f"'networks[{index}]' has neither 'network' nor 'port': one of them is expected.")
    return Network(**{**item, "security_groups": tuple(item.get("security_groups") or ())})


def _block_device(item: Mapping[str, Any], index: int) -> BlockDevice:
    for key, allowed in (("source_type", _SOURCES), ("destination_type", _DESTINATIONS)):
        if item[key] not in allowed:
            raise errors.InvalidSpec(
                f"'block_device_mapping_v2[{index}].{key}' is '{item[key][:80]}': one of {', '.join(allowed)} is "
                "expected."
            )
    return BlockDevice(**item)


def _pairs(given: Mapping[str, Any], path: str) -> dict[str, str]:
    """Check keys and values that Nova keeps; keys with our own prefix are refused."""
    out: dict[str, str] = {}
    for key, value in given.items():
        if key.startswith(RESERVED):
            raise errors.InvalidSpec(f"'{path}' has a key '{key[:80]}': those that begin with '{RESERVED}' are ours.")
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if isinstance(value, Mapping | list) or value is None or "\x00" in text:
            raise errors.InvalidSpec(f"'{path}.{key[:80]}' is {value!r:.80}: a text or a number is expected.")
        if not 0 < len(key) <= _PAIR_LIMIT or len(text) > _PAIR_LIMIT:
            raise errors.InvalidSpec(
                f"'{path}' has a key '{key[:80]}' of {len(key)} characters with a value of {len(text)}: up to "
                f"{_PAIR_LIMIT} are expected."
            )
        out[key] = text
    return out
