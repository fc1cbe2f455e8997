"""The servers of a simulated cloud."""

from __future__ import annotations

import dataclasses
import os
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from senlin_container.drivers import cloud, ports
from senlin_container.drivers.cloud import ServerStatus
from senlin_container.drivers.fake import estate, line
from senlin_container.specs import servers

_MISSING = "missing/"
_BROKEN = "broken/"
_DEFAULT_NETWORK = "private"
_DEFAULT_GROUP = "default"
_S = ServerStatus


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Move:
    """An operation: the statuses that it begins from, the one it ends in, and the one that it takes time in."""

    begins: tuple[ServerStatus, ...]
    ends: ServerStatus
    meanwhile: ServerStatus | None = None


_MOVES: Mapping[str, _Move] = {
    "change_password": _Move(begins=(_S.ACTIVE,), ends=_S.ACTIVE),
    "evacuate": _Move(begins=(_S.ACTIVE, _S.SHUTOFF, _S.ERROR), ends=_S.ACTIVE, meanwhile=_S.REBUILD),
    "pause": _Move(begins=(_S.ACTIVE,), ends=_S.PAUSED),
    "rebuild": _Move(begins=(_S.ACTIVE, _S.SHUTOFF, _S.ERROR), ends=_S.ACTIVE, meanwhile=_S.REBUILD),
    "rescue": _Move(begins=(_S.ACTIVE, _S.SHUTOFF, _S.ERROR), ends=_S.RESCUE),
    "resume": _Move(begins=(_S.SUSPENDED,), ends=_S.ACTIVE),
    "start": _Move(begins=(_S.SHUTOFF,), ends=_S.ACTIVE),
    "stop": _Move(begins=(_S.ACTIVE, _S.RESCUE, _S.ERROR), ends=_S.SHUTOFF),
    "suspend": _Move(begins=(_S.ACTIVE,), ends=_S.SUSPENDED),
    "unpause": _Move(begins=(_S.PAUSED,), ends=_S.ACTIVE),
    "unrescue": _Move(begins=(_S.RESCUE,), ends=_S.ACTIVE),
}
_REBOOTS: Mapping[str, _Move] = {
    "SOFT": _Move(begins=(_S.ACTIVE,), ends=_S.ACTIVE, meanwhile=_S.REBOOT),
    "HARD": _Move(
        begins=(_S.ACTIVE, _S.SHUTOFF, _S.PAUSED, _S.SUSPENDED, _S.ERROR), ends=_S.ACTIVE, meanwhile=_S.HARD_REBOOT
    ),
}
_AGAIN = ("change_password", "evacuate", "rebuild", "reboot")
"""What is done as often as it is asked for; other operations leave alone what is so already."""


class SimulatedCompute:
    """The servers of one project."""

    def __init__(
        self, estate_: estate.Estate, line_: line.Line, service: str, project: str, build_time: float
    ) -> None:
        self._estate = estate_
        self._line = line_
        self._service = service
        self._project = project
        self._build_time = build_time

    def create(self, request: cloud.ServerRequest, *, resuming: bool) -> cloud.ServerState:
        """Have a server made; adopts what an earlier attempt left (to look for it costs nothing here)."""
        del resuming
        now, spec = time.time(), request.spec
        with self._line.call("create a server"), self._estate.writing() as things:
            mine = [one for one in things.servers_of(request.node_id, self._service) if not one.doomed]
            if mine:
                return mine[0].state(now, self._service)
            for key, name in (
                ("flavor", spec.flavor),
                ("image", spec.image or ""),
                *(("network", network.network or "") for network in spec.networks),
            ):
                _check_exists(key, name)
            broken = (spec.image or "").startswith(_BROKEN)
            record = estate.Server(
                id=str(uuid.uuid4()),
                service=self._service,
                node_id=request.node_id,
                project=self._project,
                name=request.name,
                status=(_S.ERROR if broken else _S.ACTIVE).value,
                meanwhile=_S.BUILD.value,
                due=now + self._build_time,
                fault=f"image '{spec.image}' does not boot: simulated fault" if broken else "",
                flavor=spec.flavor,
                image=spec.image or "",
                key_name=spec.key_name or "",
                availability_zone=spec.availability_zone or "nova",
                metadata=dict(spec.metadata),
                networks=_wanted(spec.networks),
                addresses=_addresses(spec.networks),
                security_groups=spec.security_groups or (_DEFAULT_GROUP,),
                volumes=tuple(
                    device.uuid or str(uuid.uuid4())
                    for device in spec.block_devices
                    if device.destination_type == "volume"
                ),
            )
            return self._put(record, now)

    def delete(self, node_id: str, server_id: str | None, *, resuming: bool) -> float:
        """Have the node's server deleted; returns the seconds to wait for its end."""
        now = time.time()
        with self._line.call("delete a server"), self._estate.writing() as things:
            found = {} if server_id is None else {server_id: things.server(server_id)}
            if server_id is None or resuming:
                found |= {one.id: one for one in things.servers_of(node_id, self._service)}
            waits = [self._doom(record, now) for record in found.values() if record is not None]
        return max(waits, default=0.0)

    def get(self, server_id: str) -> cloud.ServerState | None:
        """Tell of one server; None when the project has none such."""
        now = time.time()
        with self._line.call("show a server"), self._estate.reading() as things:
            record = things.server(server_id)
            if record is None or record.project != self._project or record.gone(now):
                return None
            return record.state(now, self._service)

    def list(self) -> tuple[cloud.ServerState, ...]:
        """Tell of all servers that this installation has made for the project (one call)."""
        now = time.time()
        with self._line.call("list servers"), self._estate.reading() as things:
            return tuple(
                record.state(now, self._service)
                for record in things.servers()
                if record.service == self._service and record.project == self._project and not record.gone(now)
            )

    def update(self, server_id: str, change: cloud.ServerChange) -> cloud.ServerState:
        """Bring a server to what it should become; a resize or rebuild takes its time, one after the other."""
        now = time.time()
        with self._line.call("update a server"), self._estate.writing() as things:
            record = self._idle(things, server_id, now)
            if change.flavor is not None:
                _check_exists("flavor", change.flavor)
            if change.image is not None:
                _check_exists("image", change.image)
            record = dataclasses.replace(
                record,
                name=record.name if change.name is None else change.name,
                metadata=record.metadata if change.metadata is None else dict(change.metadata),
            )
            if change.networks is not None and _wanted(change.networks) != _plain(record.networks):
                record = dataclasses.replace(
                    record, networks=_wanted(change.networks), addresses=_addresses(change.networks)
                )
            if change.image is not None and change.image != record.image:
                record = _begun(record, _S.ACTIVE, _S.REBUILD, now + self._build_time, image=change.image)
            if change.flavor is not None and change.flavor != record.flavor and now >= record.due:
                record = _begun(record, _S.ACTIVE, _S.RESIZE, now + self._build_time, flavor=change.flavor)
            return self._put(record, now)

    def operate(self, server_id: str, operation: str, params: Mapping[str, Any]) -> cloud.ServerState:
        """Begin an operation."""
        now = time.time()
        with self._line.call(f"{operation} a server"), self._estate.writing() as things:
            record = self._idle(things, server_id, now, locked=operation != "unlock")
            if operation in ("lock", "unlock"):
                return self._put(dataclasses.replace(record, locked=operation == "lock"), now)
            move = _REBOOTS.get(str(params.get("type") or "SOFT")) if operation == "reboot" else _MOVES.get(operation)
            if move is None:
                known = ", ".join(sorted({*_MOVES, "lock", "reboot", "unlock"}))
                raise ports.Permanent(
                    f"operation '{operation}' is unknown: expected one of {known}, with a type SOFT or HARD"
                )
            if record.status == move.ends and operation not in _AGAIN:
                return record.state(now, self._service)
            if record.status not in move.begins:
                expected = ", ".join(move.begins)
                raise ports.Permanent(
                    f"cannot {operation} server {server_id} while it is {record.status}: {expected} is expected"
                )
            due = now + self._build_time if move.meanwhile is not None else 0.0
            return self._put(_begun(record, move.ends, move.meanwhile or move.ends, due), now)

    def snapshot(self, server_id: str, name: str) -> str:
        """Have an image made of a server; returns its id."""
        now = time.time()
        with self._line.call("snapshot a server"), self._estate.writing() as things:
            self._idle(things, server_id, now)
            image = estate.Image(id=str(uuid.uuid4()), project=self._project, name=name)
            self._estate.append(estate.Entry(put=image))
            return image.id

    def vanish(self, server_id: str) -> None:
        """Remove a server behind everybody's back; not a call to the cloud."""
        with self._estate.writing():
            self._estate.append(estate.Entry(drop=server_id))

    def damage(self, server_id: str, fault: str = "simulated fault") -> None:
        """Have a server end in ERROR behind everybody's back; not a call to the cloud."""
        with self._estate.writing() as things:
            record = things.server(server_id)
            if record is not None:
                broken = dataclasses.replace(record, status=_S.ERROR.value, fault=fault, due=0.0)
                self._estate.append(estate.Entry(put=broken))

    def _put(self, record: estate.Server, now: float) -> cloud.ServerState:
        self._estate.append(estate.Entry(put=record))
        return record.state(now, self._service)

    def _doom(self, record: estate.Server, now: float) -> float:
        if record.project != self._project:
            return 0.0
        if record.locked:
            raise ports.Permanent(f"server {record.id} is locked: unlock it first")
        if not record.doomed:
            due = now + self._build_time
            record = dataclasses.replace(
                record, meanwhile=record.state(now, self._service).status.value, due=due, doomed=True
            )
            if not record.gone(now):
                self._estate.append(estate.Entry(put=record))
        if record.gone(now):
            self._estate.append(estate.Entry(drop=record.id))
        return max(record.due - now, 0.0)

    def _idle(self, things: estate.Things, server_id: str, now: float, *, locked: bool = True) -> estate.Server:
        """Find a server that can be changed; ``locked`` says whether a lock keeps it from that."""
        record = things.server(server_id)
        if record is None or record.project != self._project or record.gone(now):
            raise ports.Permanent(f"server {server_id} is not in the cloud: recover its node")
        if now < record.due:
            raise ports.Retry(f"server {server_id} is {record.meanwhile}", after=record.due - now)
        if locked and record.locked:
            raise ports.Permanent(f"server {server_id} is locked: unlock it first")
        return record


def _begun(
    record: estate.Server, ends: ServerStatus, meanwhile: ServerStatus, due: float, **changes: Any
) -> estate.Server:
    return dataclasses.replace(record, status=ends.value, meanwhile=meanwhile.value, due=due, fault="", **changes)


def _check_exists(key: str, name: str) -> None:
    if name.startswith(_MISSING):
        raise ports.Permanent(f"{key} '{name}' is not in the cloud: name one that is")


def _wanted(networks: Sequence[servers.Network]) -> tuple[Mapping[str, Any], ...]:
    """Return networks as they are kept."""
    return _plain(tuple({key: value for key, value in dataclasses.asdict(one).items() if value} for one in networks))


def _plain(networks: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """Return networks as they come back from the file, where tuples have become lists."""
    return tuple(
        {key: list(value) if isinstance(value, tuple) else value for key, value in o.items()} for o in networks
    )


def _addresses(networks: Sequence[servers.Network]) -> dict[str, list[tuple[str, bool]]]:
    """Give a server an address on each of its networks; without any it is on one that all servers share."""
    found: dict[str, list[tuple[str, bool]]] = {}
    for network in networks or (servers.Network(network=_DEFAULT_NETWORK),):
        name = network.network or f"port-{network.port}"
        addresses = found.setdefault(name, [])
        addresses.append((network.fixed_ip or _some_address("10"), False))
        if network.floating_ip or network.floating_network:
            addresses.append((network.floating_ip or _some_address("172"), True))
    return found


def _some_address(first: str) -> str:
    one, two, three = os.urandom(3)
    return f"{first}.{one}.{two}.{three}"
