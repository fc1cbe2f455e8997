"""The ContainerHost of a simulated engine, ``sim://NAME?cpus=8&memory=16384&zone=az1&region=r1``.

Containers are lines in a file (see ``journal``). Every image exists, except those that begin with ``missing/``; one
that begins with ``exits/`` ends at once, with the exit code that follows (``exits/3``). As with Docker, the engine
does not enforce its capacity.

A host is switched by files beside its state, for every process at once (``machine.set_control``): while ``NAME.down``
exists it refuses connections, while ``NAME.hang`` exists it accepts calls and does not answer.
"""

from __future__ import annotations

import dataclasses
import os
import pathlib
import time
from collections.abc import Mapping
from typing import Any

from senlin_container.drivers import ports
from senlin_container.drivers.fake import events, journal, line, machine, records
from senlin_container.drivers.fake.options import SimulatedOptions

_FIRST_PORT, _LAST_PORT = 32768, 60999
_SIGNALS = {"HUP": 1, "INT": 2, "QUIT": 3, "ABRT": 6, "KILL": 9, "USR1": 10, "USR2": 12, "TERM": 15}
_DEADLY = ("INT", "QUIT", "ABRT", "KILL", "TERM")


class SimulatedHost:
    """One simulated engine; safe to use from many threads and processes at a time."""

    def __init__(self, endpoint: ports.Endpoint, *, service: str, options: SimulatedOptions) -> None:
        """Read the URL.

        Args:
            endpoint: ``sim://NAME?...``.
            service: the name of this installation; containers of others are never seen.
            options: where the state is, and how well the host works.

        Raises:
            ports.Permanent: the URL does not fit, or the directory cannot be used.
        """
        self._url = endpoint.url
        self._service = service
        self._options = options
        self._machine = machine.parse(endpoint.url)
        directory = pathlib.Path(options.directory)
        try:
            self._journal = journal.Journal(directory, self._machine.name)
        except OSError as error:
            raise ports.Permanent(f"[simulated] directory = {options.directory} cannot be used: {error}") from error
        self._line = line.Line(f"host '{endpoint.url}'", self._machine.name, options)

    def __repr__(self) -> str:
        return f"SimulatedHost({self._url!r})"

    @property
    def calls(self) -> int:
        """How often the engine was asked something; a create counts as one."""
        return self._line.calls

    def close(self) -> None:
        """Close the files."""
        self._journal.close()

    def info(self) -> ports.HostInfo:
        """Tell of the host."""
        with self._line.call("info"), self._journal.reading() as containers:
            running = sum(record.condition.alive for record in containers)
            return ports.HostInfo(
                engine_id=f"sim-{self._machine.name}",
                name=self._machine.name,
                version="simulated",
                cpus=self._machine.cpus,
                memory=self._machine.memory,
                containers=len(containers),
                running=running,
                os="simulated",
                zone=self._machine.zone,
                region=self._machine.region,
            )

    def list(self) -> tuple[ports.ContainerState, ...]:
        """Tell of all containers of this installation."""
        with self._line.call("list"), self._journal.reading() as containers:
            return tuple(record.state() for record in containers if record.service == self._service)

    def inspect(self, container_id: str) -> ports.ContainerState | None:
        """Tell of one container; None when there is none."""
        with self._line.call("inspect"), self._journal.reading() as containers:
            record = containers.get(container_id)
            return None if record is None else record.state()

    def create(self, request: ports.ContainerRequest, *, resuming: bool) -> ports.ContainerState:
        """Make the container exist and run; adopts what an earlier attempt left.

        ``resuming`` changes nothing: to look for the node's container costs nothing here.
        """
        del resuming
        with self._line.call("create"), self._journal.writing() as containers:
            mine = containers.of_node(request.node_id, self._service)
            if mine:
                return self._started(mine[0]).state()
            if request.image.startswith("missing/"):
                raise ports.Permanent(
                    f"image '{request.image}' is not on host '{self._url}' and could not be pulled: no such image"
                )
            holder = containers.named(request.name)
            if holder is not None:
                raise ports.Permanent(
                    f"the name '{request.name}' is taken on host '{self._url}' by container {holder.id} that is not "
                    f"of this node: remove or rename that one, or choose another name"
                )
            record = self._new(request, containers)
            if record.ends_with is not None:
                raise ports.Permanent(
                    f"container '{request.name}' ended as soon as it was started on host '{self._url}', with exit "
                    f"code {record.ends_with}: check its image '{request.image}' and its command"
                )
            self._journal.append(records.Entry(put=record))
            return record.state()

    def delete(self, node_id: str, container_id: str | None, *, resuming: bool) -> None:
        """Remove the node's container; a container that is gone is fine."""
        with self._line.call("delete"), self._journal.writing() as containers:
            if container_id is not None and not resuming:
                self._drop(containers.get(container_id))
                return
            for record in containers.of_node(node_id, self._service):
                self._drop(record)

    def remove(self, container_id: str) -> None:
        """Remove one container by id; gone is fine."""
        with self._line.call("remove"), self._journal.writing() as containers:
            self._drop(containers.get(container_id))

    def operate(self, container_id: str, operation: str, params: Mapping[str, Any]) -> ports.ContainerState:
        """Do one of start, stop, restart, pause, unpause, kill (signal)."""
        with self._line.call(operation), self._journal.writing() as containers:
            record = self._existing(containers, container_id)
            if operation == "start":
                return self._started(record).state()
            if operation == "restart":
                self._ended(record, exit_code=0)
                return self._started(self._existing(containers, container_id)).state()
            if operation == "stop":
                return self._ended(record, exit_code=0).state()
            if operation in ("pause", "unpause"):
                return self._paused(record, paused=operation == "pause").state()
            if operation == "kill":
                return self._signalled(record, str(params.get("signal", "KILL"))).state()
        raise ports.Permanent(
            f"operation '{operation}' is unknown: expected one of kill, pause, restart, start, stop, unpause"
        )

    def update(
        self,
        container_id: str,
        *,
        name: str | None = None,
        cpus: float | None = None,
        memory: int | None = None,
        restart: str | None = None,
        restart_retries: int = 0,
    ) -> ports.ContainerState:
        """Change name, limits and restart policy; None leaves a thing as it is."""
        for limit, value in (("cpu", cpus), ("memory", memory)):
            if value is not None and value <= 0:
                raise ports.Permanent(
                    f"the {limit} limit of container {container_id} cannot be lifted in place: replace the container"
                )
        with self._line.call("update"), self._journal.writing() as containers:
            record = self._existing(containers, container_id)
            holder = containers.named(name) if name is not None else None
            if holder is not None and holder.id != container_id:
                raise ports.Permanent(f"the name '{name}' is taken on host '{self._url}' by container {holder.id}")
            record = dataclasses.replace(
                record,
                name=record.name if name is None else name,
                cpus=record.cpus if cpus is None else cpus,
                memory=record.memory if memory is None else memory,
                restart=record.restart if restart is None else restart,
                restart_retries=record.restart_retries if restart is None else restart_retries,
            )
            self._journal.append(records.Entry(put=record))
            return record.state()

    def events(self) -> events.SimulatedEvents:
        """Follow the events of this installation's containers from now on."""
        with self._line.call("events"):
            follower = self._journal.follow()
        return events.SimulatedEvents(
            follower, url=self._url, service=self._service, down=self._line.down, interval=self._options.poll_interval
        )

    def kill(self, container_id: str, exit_code: int = 137) -> None:
        """End a container behind everybody's back, as a crash of its process does; not a call to the engine.

        Its restart policy brings it back, as with Docker.

        Raises:
            ports.Permanent: there is no such container, or it does not run.
        """
        with self._journal.writing() as containers:
            record = self._existing(containers, container_id)
            if not record.condition.alive:
                raise ports.Permanent(f"container {container_id} is not running")
            comes_back = record.restart in ("always", "unless-stopped") or (
                record.restart == "on-failure"
                and exit_code != 0
                and (record.restart_retries == 0 or record.restarts < record.restart_retries)
            )
            if comes_back:
                record = dataclasses.replace(record, restarts=record.restarts + 1, exit_code=exit_code)
                self._journal.append(records.Entry(put=record, events=(self._event(record, "die", exit_code),)))
            else:
                self._ended(record, exit_code=exit_code)

    def _new(self, request: ports.ContainerRequest, containers: journal.Containers) -> records.Record:
        published: dict[str, tuple[str, int]] = {}
        for mapping in request.ports:
            host_port = mapping.host_port
            if host_port is None:
                host_port = self._free_port(mapping, containers)
            elif containers.port_taken(mapping.protocol, mapping.host_ip, host_port):
                raise self._port_taken(host_port, request.name)
            published[f"{mapping.container_port}/{mapping.protocol}"] = (mapping.host_ip, host_port)
        number = len(containers) + 2
        return records.Record(
            id=os.urandom(32).hex(),
            service=self._service,
            node_id=request.node_id,
            cluster_id=request.cluster_id or "",
            project_id=request.project_id,
            name=request.name,
            image=request.image,
            condition=ports.Condition.RUNNING,
            published=published,
            address=f"172.17.{number // 256 % 256}.{number % 256}",
            cpus=request.cpus,
            memory=request.memory,
            restart=request.restart,
            restart_retries=request.restart_retries,
            ends_with=_end_of(request.image),
        )

    def _free_port(self, mapping: ports.PortMapping, containers: journal.Containers) -> int:
        span = _LAST_PORT - _FIRST_PORT + 1
        start = self._line.random.randrange(span)
        for step in range(span):
            port = _FIRST_PORT + (start + step) % span
            if not containers.port_taken(mapping.protocol, mapping.host_ip, port):
                return port
        raise ports.Permanent(f"host '{self._url}' has no free port left")

    def _port_taken(self, port: int, name: str) -> ports.Permanent:
        return ports.Permanent(
            f"port {port} of host '{self._url}' is in use already, so container '{name}' cannot have it: choose "
            f"another host_port, or give none and the engine chooses a free one"
        )

    def _started(self, record: records.Record) -> records.Record:
        if record.condition.alive:
            return self._paused(record, paused=False)
        with self._journal.reading() as containers:
            for key, (ip, port) in record.published.items():
                if containers.port_taken(key.partition("/")[2], ip, port, but=record.id):
                    raise self._port_taken(port, record.name)
        return self._put(dataclasses.replace(record, condition=ports.Condition.RUNNING, exit_code=None))

    def _paused(self, record: records.Record, *, paused: bool) -> records.Record:
        if not record.condition.alive:
            raise ports.Permanent(f"container {record.id} on host '{self._url}' is not running")
        condition = ports.Condition.PAUSED if paused else ports.Condition.RUNNING
        return record if record.condition is condition else self._put(dataclasses.replace(record, condition=condition))

    def _signalled(self, record: records.Record, signal: str) -> records.Record:
        short = signal.upper().removeprefix("SIG")
        if short not in _SIGNALS:
            raise ports.Permanent(f"signal '{signal}' is unknown: expected one of {', '.join(_SIGNALS)}")
        if not record.condition.alive:
            raise ports.Permanent(f"container {record.id} on host '{self._url}' is not running")
        return self._ended(record, exit_code=128 + _SIGNALS[short]) if short in _DEADLY else record

    def _ended(self, record: records.Record, *, exit_code: int) -> records.Record:
        if not record.condition.alive:
            return record
        record = dataclasses.replace(record, condition=ports.Condition.EXITED, exit_code=exit_code)
        self._journal.append(records.Entry(put=record, events=(self._event(record, "die", exit_code),)))
        return record

    def _put(self, record: records.Record) -> records.Record:
        self._journal.append(records.Entry(put=record))
        return record

    def _drop(self, record: records.Record | None) -> None:
        if record is None:
            return
        told: tuple[tuple[str, ports.ContainerEvent], ...] = (self._event(record, "destroy", None),)
        if record.condition.alive:
            told = (self._event(record, "die", 137), *told)
        self._journal.append(records.Entry(drop=record.id, events=told))

    def _event(self, record: records.Record, kind: str, exit_code: int | None) -> tuple[str, ports.ContainerEvent]:
        event = ports.ContainerEvent(
            kind=kind, container_id=record.id, node_id=record.node_id, exit_code=exit_code, time=time.time()
        )
        return record.service, event

    def _existing(self, containers: journal.Containers, container_id: str) -> records.Record:
        record = containers.get(container_id)
        if record is None:
            raise ports.Permanent(f"container {container_id} is not on host '{self._url}': recover its node")
        return record


def _end_of(image: str) -> int | None:
    if not image.startswith("exits/"):
        return None
    code = image.removeprefix("exits/").partition(":")[0]
    return int(code) if code.isdigit() else 1
