"""The Docker Engine API's documents: ours to theirs, theirs to ours. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from senlin_container.drivers import ports

MIB = 1024 * 1024
_NANO = 1_000_000_000
_EXIT_CODE = re.compile(r"^(?:Exited|Restarting) \((-?\d+)\)")
_WILDCARDS = ("", "0.0.0.0", "::")  # noqa: S104 (compared with, never bound)
_CONDITIONS = {condition.value: condition for condition in ports.Condition} | {"removing": ports.Condition.DEAD}
_EVENTS = {"die": "die", "oom": "oom", "destroy": "destroy", "health_status: unhealthy": "unhealthy"}


def creation(request: ports.ContainerRequest, service: str) -> dict[str, Any]:
    """Write the body of a create request.

    Raises:
        ports.Permanent: an environment variable has no usable name. (The engine would refuse it too, but repeat its
            value in the message.)
    """
    for name, value in request.environment.items():
        if not name or "=" in name or "\0" in name or "\0" in value:
            raise ports.Permanent(
                f"container '{request.name}': environment variable {name!r}: a name must not be empty or contain '=', "
                f"and neither name nor value may contain a NUL"
            )
    keys = [f"{mapping.container_port}/{mapping.protocol}" for mapping in request.ports]
    bindings: dict[str, list[dict[str, str]]] = {}
    for key, mapping in zip(keys, request.ports, strict=True):
        host_port = "" if mapping.host_port is None else str(mapping.host_port)
        bindings.setdefault(key, []).append({"HostIp": mapping.host_ip, "HostPort": host_port})
    body: dict[str, Any] = {
        "Image": request.image,
        "Env": [f"{name}={value}" for name, value in request.environment.items()],
        "Labels": labels(request, service),
        "ExposedPorts": {key: {} for key in keys},
        "HostConfig": {
            "PortBindings": bindings,
            "Privileged": request.privileged,
            "Memory": request.memory * MIB,
            "NanoCpus": nano_cpus(request.cpus),
            "RestartPolicy": restart_policy(request.restart, request.restart_retries),
        },
    }
    if request.command is not None:
        body["Cmd"] = list(request.command)
    return body


def labels(request: ports.ContainerRequest, service: str) -> dict[str, str]:
    """Give the labels of a container: the user's, and ours, which win."""
    return {
        **request.labels,
        ports.LABEL_NODE: request.node_id,
        ports.LABEL_CLUSTER: request.cluster_id or "",
        ports.LABEL_PROJECT: request.project_id,
        ports.LABEL_SERVICE: service,
    }


def changes(*, cpus: float | None, memory: int | None, restart: str | None, restart_retries: int) -> dict[str, Any]:
    """Write the body of an update request; {} when there is nothing to change."""
    body: dict[str, Any] = {}
    if cpus is not None:
        body["NanoCpus"] = nano_cpus(cpus)
    if memory is not None:
        # The engine refuses a limit above that of memory and swap together, so both move, in its own proportion.
        body |= {"Memory": memory * MIB, "MemorySwap": 2 * memory * MIB}
    if restart is not None:
        body["RestartPolicy"] = restart_policy(restart, restart_retries)
    return body


def nano_cpus(cpus: float) -> int:
    """Cores to the engine's unit."""
    return round(cpus * _NANO)


def restart_policy(name: str, retries: int) -> dict[str, Any]:
    """Write a restart policy; only "on-failure" counts."""
    return {"Name": name, "MaximumRetryCount": retries if name == "on-failure" else 0}


def of_inspect(document: Mapping[str, Any], address: str) -> ports.ContainerState:
    """Read the answer to an inspection.

    Args:
        document: the engine's answer.
        address: the host's address, which takes the place of "all addresses" in the published ports; "" for none.
    """
    state = document["State"]
    config = document.get("Config") or {}
    network = document.get("NetworkSettings") or {}
    condition = _CONDITIONS.get(state["Status"], ports.Condition.DEAD)
    published = {
        key: _published(((binding["HostIp"], binding["HostPort"]) for binding in bindings), address)
        for key, bindings in (network.get("Ports") or {}).items()
        if bindings
    }
    return ports.ContainerState(
        id=document["Id"],
        node_id=(config.get("Labels") or {}).get(ports.LABEL_NODE, ""),
        name=document["Name"].removeprefix("/"),
        image=config.get("Image", ""),
        condition=condition,
        exit_code=state.get("ExitCode") if condition in (ports.Condition.EXITED, ports.Condition.DEAD) else None,
        oom_killed=bool(state.get("OOMKilled")),
        unhealthy=(state.get("Health") or {}).get("Status") == "unhealthy",
        error=state.get("Error") or "",
        ports=published,
        addresses=_addresses(network),
    )


def of_listing(document: Mapping[str, Any], address: str) -> ports.ContainerState:
    """Read one entry of a listing, which tells less: no engine error, no OOM."""
    status = document.get("Status") or ""
    code = _EXIT_CODE.match(status)
    condition = _CONDITIONS.get(document["State"], ports.Condition.DEAD)
    bindings: dict[str, list[tuple[str, str]]] = {}
    for port in document.get("Ports") or ():
        if port.get("PublicPort"):
            key = f"{port['PrivatePort']}/{port['Type']}"
            bindings.setdefault(key, []).append((port.get("IP", ""), str(port["PublicPort"])))
    # Names of links to a container have a second slash.
    own_names = [name for name in document.get("Names") or () if name.count("/") == 1]
    return ports.ContainerState(
        id=document["Id"],
        node_id=(document.get("Labels") or {}).get(ports.LABEL_NODE, ""),
        name=own_names[0].removeprefix("/") if own_names else "",
        image=document.get("Image", ""),
        condition=condition,
        exit_code=int(code[1]) if code and condition is ports.Condition.EXITED else None,
        unhealthy="(unhealthy)" in status,
        ports={key: _published(found, address) for key, found in bindings.items()},
        addresses=_addresses(document.get("NetworkSettings") or {}),
    )


def of_info(document: Mapping[str, Any]) -> ports.HostInfo:
    """Read what an engine tells of itself."""
    return ports.HostInfo(
        engine_id=document.get("ID") or "",
        name=document.get("Name") or "",
        version=document.get("ServerVersion") or "",
        cpus=float(document["NCPU"]),
        memory=document["MemTotal"] // MIB,
        containers=document["Containers"],
        running=document["ContainersRunning"],
        os=document.get("OperatingSystem") or "",
        kernel=document.get("KernelVersion") or "",
    )


def event_filters(service: str) -> dict[str, list[str]]:
    """Choose the events of one installation's containers."""
    return {
        "type": ["container"],
        "label": [f"{ports.LABEL_SERVICE}={service}"],
        "event": ["die", "oom", "destroy", "health_status"],
    }


def of_event(document: Mapping[str, Any]) -> ports.ContainerEvent | None:
    """Read an event; None for one that is not of interest."""
    kind = _EVENTS.get(document.get("Action", ""))
    if kind is None:
        return None
    actor = document["Actor"]
    attributes = actor.get("Attributes") or {}
    code = attributes.get("exitCode")
    return ports.ContainerEvent(
        kind=kind,
        container_id=actor["ID"],
        node_id=attributes.get(ports.LABEL_NODE, ""),
        exit_code=int(code) if code is not None else None,
        time=document.get("timeNano", 0) / _NANO or float(document.get("time", 0)),
    )


def _published(bindings: Iterable[tuple[str, str]], address: str) -> str:
    # The engine publishes on IPv4 and IPv6 alike; one of them is enough to tell.
    ip, port = min(bindings, key=lambda binding: ":" in binding[0])
    if ip in _WILDCARDS and address:
        ip = address
    return f"[{ip}]:{port}" if ":" in ip else f"{ip or '0.0.0.0'}:{port}"  # noqa: S104 (told, not bound)


def _addresses(network: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: found["IPAddress"] for name, found in (network.get("Networks") or {}).items() if found.get("IPAddress")
    }
