"""The specs of things that concern containers: the container itself and a machine that runs containers."""

from __future__ import annotations

import dataclasses
import re
import shlex
import urllib.parse
from collections.abc import Mapping
from typing import Any

from senlin_container.domain import errors
from senlin_container.specs import schema

RESERVED_LABELS = "senlin_container."
SCHEMES = ("unix", "tcp", "ssh", "sim")

_ENV_NAME = re.compile(r"[^=\s\x00]+")
_CONTAINER_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,200}")
_IMAGE = re.compile(r"[a-zA-Z0-9][\w./:@-]*")
_DIRECTORY = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
_PORT = 65535


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A published port; ``host_port`` None lets the engine choose."""

    container_port: int
    host_port: int | None
    host_ip: str
    protocol: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSpec:
    """A container as its owner described it. ``cpus`` and ``memory`` 0 mean nothing is promised."""

    host_node: str | None
    host_cluster: str | None
    image: str
    command: tuple[str, ...] | None
    name: str | None
    environment: Mapping[str, str] = dataclasses.field(repr=False)
    labels: Mapping[str, str]
    ports: tuple[Port, ...]
    cpus: float
    memory: int
    restart: str
    restart_retries: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HostSpec:
    """A machine with a container engine. ``tls_directory`` and the PEM texts exclude each other."""

    endpoint: str
    tls_directory: str | None
    ca: str | None
    cert: str | None
    key: str | None = dataclasses.field(repr=False)
    labels: Mapping[str, str]
    zone: str
    region: str
    cpus: float | None
    memory: int | None
    containers: int | None


_F = schema.Field
_T = schema.Type

_COMMON: dict[str, schema.Field] = {
    "context": _F(type=_T.MAP, description="Security context for operating containers; kept for Senlin's clients."),
    "host_cluster": _F(type=_T.STRING, description="Cluster of hosts, one of which runs the container."),
    "host_node": _F(type=_T.STRING, description="Node that is the host of the container."),
    "image": _F(type=_T.STRING, required=True, description="Image to make the container from."),
    "name": _F(type=_T.STRING, updatable=True, description="Name of the container; part of the node id is appended."),
}

CONTAINER_1_0: Mapping[str, schema.Field] = {
    **_COMMON,
    "command": _F(type=_T.STRING, description="Command to run, split as a shell splits words."),
    "port": _F(
        type=_T.INTEGER,
        default=2375,
        minimum=1,
        maximum=_PORT,
        description="Port of the engine on a host that is a server; a host endpoint brings its own.",
    ),
}

CONTAINER_1_1: Mapping[str, schema.Field] = {
    **_COMMON,
    "command": _F(
        type=_T.STRING,
        also_list=True,
        description="Command to run: a list of words, or a string split as a shell does.",
    ),
    "environment": _F(type=_T.MAP, private=True, description="Environment variables, name to value."),
    "labels": _F(type=_T.MAP, description="Labels of the container, key to value."),
    "ports": _F(
        type=_T.LIST,
        description="Ports of the container to publish on its host.",
        items=_F(
            type=_T.MAP,
            description="A published port.",
            fields={
                "container_port": _F(
                    type=_T.INTEGER, required=True, minimum=1, maximum=_PORT, description="Port in the container."
                ),
                "host_port": _F(
                    type=_T.INTEGER,
                    minimum=1,
                    maximum=_PORT,
                    description="Port on the host; the engine chooses one where none is given.",
                ),
                "host_ip": _F(type=_T.STRING, default="", description="Address of the host; all where none is given."),
                "protocol": _F(type=_T.STRING, default="tcp", allowed=("tcp", "udp"), description="Protocol."),
            },
        ),
    ),
    "cpu": _F(
        type=_T.NUMBER,
        updatable=True,
        minimum=0.01,
        maximum=4096,
        description="Cores; promised by the host and a limit.",
    ),
    "memory": _F(
        type=_T.INTEGER, updatable=True, minimum=6, description="Memory in MiB; promised by the host and a limit."
    ),
    "restart_policy": _F(
        type=_T.MAP,
        updatable=True,
        description="What the engine does by itself when the container ends.",
        fields={
            "name": _F(
                type=_T.STRING,
                updatable=True,
                default="no",
                allowed=("no", "always", "on-failure", "unless-stopped"),
                description="When the engine restarts the container.",
            ),
            "maximum_retry_count": _F(
                type=_T.INTEGER,
                updatable=True,
                default=0,
                minimum=0,
                description="Bound for on-failure; 0 means none.",
            ),
        },
    ),
}

HOST_1_0: Mapping[str, schema.Field] = {
    "endpoint": _F(
        type=_T.STRING,
        required=True,
        description="The engine: unix:///path, tcp://address:port, ssh://user@address, sim://name?cpus=8&memory=16384.",
    ),
    "tls": _F(
        type=_T.MAP,
        description="For tcp: PEM texts, or the name of a directory in [docker] certificates_directory.",
        fields={
            "ca_cert": _F(
                type=_T.STRING, description="Certificate of the CA that signed the host's certificate (PEM)."
            ),
            "client_cert": _F(type=_T.STRING, description="Certificate that we show to the host (PEM)."),
            "client_key": _F(type=_T.STRING, secret=True, description="Key of client_cert (PEM); never shown again."),
            "directory": _F(type=_T.STRING, description="Directory with ca.pem, cert.pem and key.pem."),
        },
    ),
    "labels": _F(type=_T.MAP, description="Labels of the host, key to value."),
    "zone": _F(type=_T.STRING, description="Availability zone of the host."),
    "region": _F(type=_T.STRING, description="Region of the host."),
    "capacity": _F(
        type=_T.MAP,
        description="Room for containers, where it is not what the engine tells.",
        fields={
            "cpus": _F(type=_T.NUMBER, minimum=0, description="Cores."),
            "memory": _F(type=_T.INTEGER, minimum=0, description="Memory in MiB."),
            "containers": _F(type=_T.INTEGER, minimum=0, description="Number of containers."),
        },
    ),
}


def container(properties: Mapping[str, Any]) -> ContainerSpec:
    """Type the validated properties of a container profile (either version).

    :raises errors.InvalidSpec: for what the schema alone cannot tell
    """
    if not properties.get("host_node") and not properties.get("host_cluster"):
        raise errors.InvalidSpec("Either 'host_node' or 'host_cluster' must be given: a container needs a host.")
    image = properties["image"]
    if not _IMAGE.fullmatch(image) or len(image) > 512:
        raise errors.InvalidSpec(f"'image' is '{image[:80]}': a name like 'registry/name:tag' is expected.")
    name = properties.get("name")
    if name is not None and not _CONTAINER_NAME.fullmatch(name):
        raise errors.InvalidSpec(
            f"'name' is '{name[:80]}': letters, digits, '_', '.' and '-' are expected, first a letter or digit."
        )
    restart = properties.get("restart_policy") or {}
    retries = restart.get("maximum_retry_count", 0)
    if retries and restart.get("name") != "on-failure":
        raise errors.InvalidSpec("'restart_policy.maximum_retry_count' goes with the name 'on-failure' only.")
    return ContainerSpec(
        host_node=properties.get("host_node") or None,
        host_cluster=properties.get("host_cluster") or None,
        image=image,
        command=_command(properties.get("command")),
        name=name,
        environment=_environment(properties.get("environment") or {}),
        labels=labels(properties.get("labels") or {}),
        ports=_ports(properties.get("ports") or ()),
        cpus=float(properties.get("cpu") or 0),
        memory=int(properties.get("memory") or 0),
        restart=restart.get("name", "no"),
        restart_retries=retries,
    )


def host(properties: Mapping[str, Any]) -> HostSpec:
    """Type the validated properties of a host endpoint.

    :raises errors.InvalidSpec: for what the schema alone cannot tell
    """
    endpoint = properties["endpoint"]
    _check_endpoint(endpoint)
    tls = properties.get("tls") or {}
    directory = tls.get("directory")
    texts = [tls.get(key) for key in ("ca_cert", "client_cert", "client_key")]
    if directory is not None:
        if any(texts):
            raise errors.InvalidSpec("'tls' has both 'directory' and PEM texts: one of them is expected.")
        if not _DIRECTORY.fullmatch(directory):
            raise errors.InvalidSpec(
                f"'tls.directory' is '{directory[:80]}': the plain name of a directory is expected."
            )
    elif tls and not all(texts):
        raise errors.InvalidSpec("'tls' needs all of 'ca_cert', 'client_cert' and 'client_key', or 'directory'.")
    for key in ("ca_cert", "client_cert", "client_key"):
        if tls.get(key) and "-----BEGIN " not in tls[key]:
            raise errors.InvalidSpec(f"'tls.{key}' is not a PEM text (no '-----BEGIN ...' line).")
    if tls and not endpoint.startswith("tcp://"):
        raise errors.InvalidSpec(f"'tls' goes with a tcp:// endpoint only, not with '{endpoint}'.")
    capacity = properties.get("capacity") or {}
    return HostSpec(
        endpoint=endpoint,
        tls_directory=directory,
        ca=tls.get("ca_cert"),
        cert=tls.get("client_cert"),
        key=tls.get("client_key"),
        labels=labels(properties.get("labels") or {}),
        zone=properties.get("zone", ""),
        region=properties.get("region", ""),
        cpus=capacity.get("cpus"),
        memory=capacity.get("memory"),
        containers=capacity.get("containers"),
    )


def labels(given: Mapping[str, Any]) -> dict[str, str]:
    """Check labels; keys with our own prefix are refused."""
    out: dict[str, str] = {}
    for key, value in given.items():
        if not key or key.startswith(RESERVED_LABELS):
            raise errors.InvalidSpec(f"Label '{key}' is refused: labels that begin with '{RESERVED_LABELS}' are ours.")
        out[key] = _scalar(value, f"labels.{key}")
    return out


def _check_endpoint(endpoint: str) -> None:
    expected = "unix:///path, tcp://address:port, ssh://user@address or sim://name"
    try:
        url = urllib.parse.urlsplit(endpoint)
        port = url.port
    except ValueError as exc:
        raise errors.InvalidSpec(f"'endpoint' cannot be read ({exc}): {expected} is expected.") from exc
    if url.password is not None:
        raise errors.InvalidSpec(f"'endpoint' holds a password: {expected} is expected, and a key for ssh.")
    good = url.scheme in SCHEMES and endpoint.startswith(f"{url.scheme}://") and not any(c.isspace() for c in endpoint)
    if url.scheme == "unix":
        good = good and not url.netloc and len(url.path) > 1
    elif url.scheme == "tcp":
        good = good and bool(url.hostname) and bool(port) and not url.path.strip("/")
    else:
        good = good and bool(url.hostname)
    if not good:
        raise errors.InvalidSpec(f"'endpoint' is '{endpoint[:120]}': {expected} is expected.")


def _command(given: Any) -> tuple[str, ...] | None:
    if given is None:
        return None
    if isinstance(given, str):
        try:
            words = shlex.split(given)
        except ValueError as exc:
            raise errors.InvalidSpec(f"'command' cannot be split into words ({exc}): check its quotes.") from exc
    else:
        words = list(given)
    return tuple(words) or None


def _environment(given: Mapping[str, Any]) -> dict[str, str]:
    out: dict[str, str] = {}
    for key, value in given.items():
        if not _ENV_NAME.fullmatch(key):
            # what follows a '=' may be the value that somebody put into the name
            name = key.split("=")[0][:80]
            raise errors.InvalidSpec(f"'environment' has a name like '{name}': no '=', space or NUL is expected.")
        out[key] = _scalar(value, f"environment.{key}", secret=True)
    return out


def _scalar(value: Any, path: str, *, secret: bool = False) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float) or "\x00" in str(value):
        shown = "" if secret else f" is {value!r}"[:80]
        raise errors.InvalidSpec(f"'{path}'{shown}: a text or a number is expected.")
    return str(value)


def _ports(given: Any) -> tuple[Port, ...]:
    ports = tuple(
        Port(
            container_port=item["container_port"],
            host_port=item.get("host_port"),
            host_ip=item.get("host_ip", ""),
            protocol=item.get("protocol", "tcp"),
        )
        for item in given
    )
    fixed = [(p.host_ip, p.host_port, p.protocol) for p in ports if p.host_port is not None]
    if len(set(fixed)) < len(fixed):
        raise errors.InvalidSpec("'ports' publishes the same host port twice.")
    return ports
