"""The stacks of a simulated cloud. Templates are not read but for their description and their outputs."""

from __future__ import annotations

import dataclasses
import time
import uuid
from collections.abc import Mapping
from typing import Any

from senlin_container.domain import model
from senlin_container.drivers import cloud, ports
from senlin_container.drivers.fake import estate, line
from senlin_container.specs import stacks

_BROKEN = "broken/"


class SimulatedOrchestration:
    """The stacks of one project."""

    def __init__(
        self, estate_: estate.Estate, line_: line.Line, service: str, project: str, build_time: float
    ) -> None:
        self._estate = estate_
        self._line = line_
        self._service = service
        self._project = project
        self._build_time = build_time

    def create(self, request: cloud.StackRequest, *, resuming: bool) -> cloud.StackState:
        """Have a stack made; adopts what an earlier attempt left (to look for it costs nothing here)."""
        del resuming
        now = time.time()
        with self._line.call("create a stack"), self._estate.writing() as things:
            mine = [one for one in things.stacks_of(request.node_id, self._service) if not one.doomed]
            if mine:
                return mine[0].state(now, self._service)
            record = estate.Stack(
                id=str(uuid.uuid4()),
                service=self._service,
                node_id=request.node_id,
                project=self._project,
                name=request.name,
                action="CREATE",
                due=now + self._build_time,
                fault=_fault_of(request.spec),
                spec=dataclasses.asdict(request.spec),
            )
            return self._put(record, now)

    def delete(self, node_id: str, stack_id: str | None, *, resuming: bool) -> float:
        """Have the node's stack deleted; returns the seconds to wait for its end."""
        now = time.time()
        with self._line.call("delete a stack"), self._estate.writing() as things:
            found = {} if stack_id is None else {stack_id: things.stack(stack_id)}
            if stack_id is None or resuming:
                found |= {one.id: one for one in things.stacks_of(node_id, self._service)}
            waits = [self._doom(record, now) for record in found.values() if record is not None]
        return max(waits, default=0.0)

    def get(self, stack_id: str) -> cloud.StackState | None:
        """Tell of one stack; None when the project has none such."""
        now = time.time()
        with self._line.call("show a stack"), self._estate.reading() as things:
            record = self._mine(things, stack_id, now)
            return None if record is None else record.state(now, self._service)

    def list(self) -> tuple[cloud.StackState, ...]:
        """Tell of all stacks that this installation has made for the project (one call)."""
        now = time.time()
        with self._line.call("list stacks"), self._estate.reading() as things:
            return tuple(
                record.state(now, self._service)
                for record in things.stacks()
                if record.service == self._service and record.project == self._project and not record.gone(now)
            )

    def definition(self, stack_id: str) -> stacks.StackSpec:
        """Return what a stack was made from."""
        with self._line.call("show a template"), self._estate.reading() as things:
            return self._existing(things, stack_id, time.time()).definition()

    def update(self, stack_id: str, spec: stacks.StackSpec) -> cloud.StackState:
        """Begin to make a stack what another spec says."""
        now = time.time()
        with self._line.call("update a stack"), self._estate.writing() as things:
            record = self._existing(things, stack_id, now)
            if now < record.due:
                raise ports.Retry(f"stack {stack_id} is {record.action}_IN_PROGRESS", after=record.due - now)
            changed = dataclasses.replace(
                record,
                action="UPDATE",
                due=now + self._build_time,
                fault=_fault_of(spec),
                spec=dataclasses.asdict(spec),
            )
            return self._put(changed, now)

    def abandon(self, stack_id: str) -> model.Json:
        """Forget a stack; returns what adopts it again."""
        now = time.time()
        with self._line.call("abandon a stack"), self._estate.writing() as things:
            record = self._existing(things, stack_id, now)
            self._estate.append(estate.Entry(drop=stack_id))
            document: dict[str, Any] = {
                "action": record.action,
                "id": record.id,
                "name": record.name,
                "resources": {},
                "status": record.state(now, self._service).status.removeprefix(f"{record.action}_"),
                "template": record.spec.get("template") or {},
            }
            return document

    def vanish(self, stack_id: str) -> None:
        """Remove a stack behind everybody's back; not a call to the cloud."""
        with self._estate.writing():
            self._estate.append(estate.Entry(drop=stack_id))

    def _put(self, record: estate.Stack, now: float) -> cloud.StackState:
        self._estate.append(estate.Entry(put=record))
        return record.state(now, self._service)

    def _doom(self, record: estate.Stack, now: float) -> float:
        if record.project != self._project:
            return 0.0
        if not record.doomed:
            record = dataclasses.replace(record, action="DELETE", due=now + self._build_time, doomed=True, fault="")
            if not record.gone(now):
                self._estate.append(estate.Entry(put=record))
        if record.gone(now):
            self._estate.append(estate.Entry(drop=record.id))
        return max(record.due - now, 0.0)

    def _mine(self, things: estate.Things, stack_id: str, now: float) -> estate.Stack | None:
        record = things.stack(stack_id)
        return None if record is None or record.project != self._project or record.gone(now) else record

    def _existing(self, things: estate.Things, stack_id: str, now: float) -> estate.Stack:
        record = self._mine(things, stack_id, now)
        if record is None:
            raise ports.Permanent(f"stack {stack_id} is not in the cloud: recover its node")
        return record


def _fault_of(spec: stacks.StackSpec) -> str:
    description: Mapping[str, Any] | str = spec.template.get("description") or ""
    return "a resource could not be made: simulated fault" if str(description).startswith(_BROKEN) else ""
