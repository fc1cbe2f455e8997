"""A node that is a container on a host."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from senlin_container.domain import model
from senlin_container.drivers import ports
from senlin_container.profiles import base
from senlin_container.specs import containers, registry

_UNFIT = re.compile(r"[^a-zA-Z0-9_.-]+")
_NAME_LIMIT = 64


def container_name(spec: containers.ContainerSpec, node: model.Node) -> str:
    """Return the name of a node's container on its engine: readable, and one of its own for every node."""
    wanted = _UNFIT.sub("-", spec.name or node.name)[:_NAME_LIMIT].strip("-._") or "node"
    return f"{wanted}-{node.id.replace('-', '')[:12]}"


class ContainerProfile:
    """Versions 1.0 and 1.1 of container.dockerinc.docker."""

    needs = base.Needs.HOST

    def create(self, job: base.Job) -> base.Facts:
        """Make the container and start it."""
        return _facts(job, self._make(job, job.profile, resuming=job.resuming))

    def delete(self, job: base.Job) -> None:
        """Stop and remove the container; one that was never placed is nowhere."""
        if job.place is not None:
            job.host.delete(job.node.id, job.node.physical_id, resuming=job.resuming)

    def check(self, job: base.Job) -> base.Facts:
        """Inspect the container."""
        state = None if job.node.physical_id is None else job.host.inspect(job.node.physical_id)
        if state is None:
            raise base.Unwell(f"The container is gone from host '{job.host_name}'.")
        if not state.condition.alive or state.unhealthy:
            raise base.Unwell(why_unwell(state, job.host_name), _facts(job, state).details)
        return _facts(job, state)

    def update(self, job: base.Job, new: model.Profile) -> base.Facts:
        """Change in place what the engine can change in place; anything else replaces the container."""
        old, want = registry.container_spec(job.profile), registry.container_spec(new)
        state = None if job.node.physical_id is None else job.host.inspect(job.node.physical_id)
        if state is None or not state.condition.alive or not _fits_in_place(old, want):
            return _facts(job, self._replace(job, new))
        changed = job.host.update(
            state.id,
            name=container_name(want, job.node) if old.name != want.name else None,
            cpus=want.cpus if old.cpus != want.cpus else None,
            memory=want.memory if old.memory != want.memory else None,
            restart=want.restart
            if (old.restart, old.restart_retries) != (want.restart, want.restart_retries)
            else None,
            restart_retries=want.restart_retries,
        )
        return _facts(job, changed)

    def recover(self, job: base.Job, operation: str | None, params: Mapping[str, Any]) -> base.Facts:  # noqa: ARG002
        """REBOOT restarts a container that is still there; anything else makes it anew."""
        if operation == "REBOOT" and job.node.physical_id is not None:
            state = job.host.inspect(job.node.physical_id)
            if state is not None:
                return _facts(job, job.host.operate(state.id, "restart", {}))
        return _facts(job, self._replace(job, job.profile))

    def operate(self, job: base.Job, operation: str, params: Mapping[str, Any]) -> base.Facts:
        """Do an operation on the container."""
        if job.node.physical_id is None:
            raise ports.Permanent(f"Node '{job.node.name}' has no container: recover it first.")
        state = job.host.operate(job.node.physical_id, operation, params)
        idle = "" if state.condition.alive else f"The container is {state.condition} after operation '{operation}'."
        return dataclasses.replace(_facts(job, state), idle=idle)

    def _replace(self, job: base.Job, profile: model.Profile) -> ports.ContainerState:
        # everything that carries the node's label goes: what an earlier attempt at the replacement made, too
        job.host.delete(job.node.id, job.node.physical_id, resuming=True)
        return self._make(job, profile, resuming=False)

    def _make(self, job: base.Job, profile: model.Profile, *, resuming: bool) -> ports.ContainerState:
        spec = registry.container_spec(profile)
        request = ports.ContainerRequest(
            node_id=job.node.id,
            cluster_id=job.node.cluster_id,
            project_id=job.node.owner.project,
            name=container_name(spec, job.node),
            image=spec.image,
            command=spec.command,
            environment=spec.environment,
            labels=spec.labels,
            ports=tuple(
                ports.PortMapping(
                    container_port=port.container_port,
                    protocol=port.protocol,
                    host_port=port.host_port,
                    host_ip=port.host_ip,
                )
                for port in spec.ports
            ),
            cpus=spec.cpus,
            memory=spec.memory,
            restart=spec.restart,
            restart_retries=spec.restart_retries,
        )
        return job.host.create(request, resuming=resuming)


def why_unwell(state: ports.ContainerState, host_name: str) -> str:
    """Say in a sentence what is wrong with a container."""
    parts = [f"The container is {state.condition} on host '{host_name}'"]
    if state.unhealthy:
        parts.append("its health check fails")
    if state.oom_killed:
        parts.append("it was killed for want of memory: give it more")
    if state.exit_code is not None and not state.condition.alive:
        parts.append(f"exit code {state.exit_code}")
    if state.error:
        parts.append(state.error)
    return "; ".join(parts) + "."


def _fits_in_place(old: containers.ContainerSpec, new: containers.ContainerSpec) -> bool:
    if (old.cpus and not new.cpus) or (old.memory and not new.memory):
        return False  # an engine takes new limits, but does not lift one
    same = {"name": None, "cpus": 0.0, "memory": 0, "restart": "no", "restart_retries": 0}
    return dataclasses.replace(old, **same) == dataclasses.replace(new, **same)  # type: ignore[arg-type]


def _facts(job: base.Job, state: ports.ContainerState) -> base.Facts:
    details: dict[str, Any] = {
        "id": state.id,
        "name": state.name,
        "image": state.image,
        "status": state.condition.value,
        "host": job.host_name,
        "ports": dict(state.ports),
        "addresses": dict(state.addresses),
    }
    if state.exit_code is not None and not state.condition.alive:
        details["exit_code"] = state.exit_code
    return base.Facts(physical_id=state.id, details=details)
