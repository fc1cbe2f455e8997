"""A node that is a machine which runs containers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from senlin_container.domain import model
from senlin_container.drivers import ports
from senlin_container.profiles import base
from senlin_container.specs import registry

_LIMIT = 2**40


class HostProfile:
    """Version 1.0 of container.host.endpoint: it is there already, so all verbs only look."""

    needs = base.Needs.ENGINE

    def create(self, job: base.Job) -> base.Facts:
        """Ask the engine about itself: it must answer."""
        return _facts(job.node, job.profile, job.host.info())

    def delete(self, job: base.Job) -> None:
        """Forget the machine; nothing on it is touched."""

    def check(self, job: base.Job) -> base.Facts:
        """Ask the engine about itself."""
        try:
            return _facts(job.node, job.profile, job.host.info())
        except ports.Failure as exc:
            raise base.Unwell(exc.message) from exc

    def update(self, job: base.Job, new: model.Profile) -> base.Facts:
        """Ask the engine that the new profile names."""
        return _facts(job.node, new, job.host.info())

    def recover(self, job: base.Job, operation: str | None, params: Mapping[str, Any]) -> base.Facts:  # noqa: ARG002
        """Ask the engine about itself; somebody else must bring it back."""
        return self.create(job)

    def operate(self, job: base.Job, operation: str, params: Mapping[str, Any]) -> base.Facts:  # noqa: ARG002
        """Refuse: the type publishes no operations."""
        raise ports.Permanent(f"The host endpoint '{job.node.name}' has no operation '{operation}'.")


def endpoint_of(profile: model.Profile, read_tls: Callable[[str], ports.Tls]) -> ports.Endpoint:
    """Return how to reach the engine that a host profile names.

    :param read_tls: reads the operator's directory of TLS material by its name
    """
    spec = registry.host_spec(profile)
    if spec.tls_directory is not None:
        return ports.Endpoint(url=spec.endpoint, tls=read_tls(spec.tls_directory))
    if spec.ca and spec.cert and spec.key:
        return ports.Endpoint(url=spec.endpoint, tls=ports.Tls(ca=spec.ca, cert=spec.cert, key=spec.key))
    return ports.Endpoint(url=spec.endpoint)


def _facts(node: model.Node, profile: model.Profile, info: ports.HostInfo) -> base.Facts:
    spec = registry.host_spec(profile)
    if not (0 <= info.memory < _LIMIT and 0 <= info.cpus < _LIMIT):
        raise ports.Permanent(
            f"The engine of host '{node.name}' tells of {info.memory} MiB and {info.cpus} cores, which cannot be: see "
            "what answers there."
        )
    host = model.Host(
        id=node.id,
        name=node.name,
        cluster_id=node.cluster_id,
        state=model.HostState.UP,
        cpus=info.cpus if spec.cpus is None else spec.cpus,
        memory=info.memory if spec.memory is None else spec.memory,
        max_containers=spec.containers,
        used_cpus=0.0,
        used_memory=0,
        used_containers=0,
        labels=spec.labels,
        zone=spec.zone or info.zone,
        region=spec.region or info.region,
        generation=0,
    )
    details = {
        "endpoint": spec.endpoint,
        "engine_id": info.engine_id,
        "name": info.name,
        "version": info.version,
        "cpus": host.cpus,
        "memory": host.memory,
        "containers": info.containers,
        "running": info.running,
        "os": info.os,
        "kernel": info.kernel,
        "labels": dict(spec.labels),
        "zone": host.zone,
        "region": host.region,
    }
    return base.Facts(physical_id=info.engine_id, details=details, host=host)
