"""A node that is a Nova server."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from senlin_container.domain import model
from senlin_container.drivers import cloud as clouds
from senlin_container.drivers import ports
from senlin_container.drivers.cloud import ServerStatus
from senlin_container.profiles import base
from senlin_container.specs import registry, servers

_BEGUN = "begun"
"""In the progress of a job: the operation that has been asked for, which is not to be asked for twice."""

_REPLACED = "replaced_by"
"""In the progress of a job: the server that takes the place of the old one, which is gone."""

_RUNNING = (ServerStatus.ACTIVE, ServerStatus.PASSWORD, ServerStatus.VERIFY_RESIZE)


class ServerProfile:
    """Version 1.0 of os.nova.server."""

    needs = base.Needs.CLOUD

    def create(self, job: base.Job) -> base.Facts:
        """Have the server made, and wait until it runs."""
        return _facts(self._made(job, _make(job, job.profile, resuming=job.resuming)))

    def delete(self, job: base.Job) -> None:
        """Have the server deleted, and wait until it is gone."""
        if job.place is None:
            return  # there is no cloud that it could be in
        resuming = job.resuming or job.node.physical_id is None
        wait = job.cloud.compute.delete(job.node.id, job.node.physical_id, resuming=resuming)
        if wait > 0:
            raise base.Underway("The server is being deleted.", after=wait)

    def check(self, job: base.Job) -> base.Facts:
        """Look at the server."""
        state = _found(job)
        if state is None:
            raise base.Unwell("The server is gone from the cloud.")
        if state.status not in _RUNNING:
            raise base.Unwell(why_unwell(state), details(state))
        return _facts(state)

    def update(self, job: base.Job, new: model.Profile) -> base.Facts:
        """Change name, metadata, networks, image and flavor in place; anything else replaces the server."""
        old, want = registry.server_spec(job.profile), registry.server_spec(new)
        state = None if _REPLACED in job.progress else _found(job)
        if state is not None and state.wait > 0:
            raise _underway(state)
        if state is None or state.status == ServerStatus.ERROR or not _fits_in_place(old, want):
            return _facts(self._replace(job, new))
        change = clouds.ServerChange(
            name=_name(want, job.node),
            metadata=want.metadata,
            networks=want.networks if old.networks != want.networks else None,
            flavor=want.flavor if old.flavor != want.flavor else None,
            image=want.image if old.image != want.image else None,
        )
        changed = job.cloud.compute.update(state.id, change)
        if changed.wait > 0:
            raise _underway(changed)
        if changed.status == ServerStatus.ERROR:
            raise ports.Permanent(why_unwell(changed))
        return _facts(changed)

    def recover(self, job: base.Job, operation: str | None, params: Mapping[str, Any]) -> base.Facts:
        """REBOOT and REBUILD keep a server that is still there; anything else makes it anew."""
        if operation in ("REBOOT", "REBUILD") and _REPLACED not in job.progress:
            state = _found(job)
            if state is not None:
                kind = str(params.get("type") or "HARD").upper()  # what needs recovery may not react to a soft one
                given = {"type": kind} if operation == "REBOOT" else {}
                return _facts(self._done(job, state, operation.lower(), given))
        return _facts(self._replace(job, job.profile))

    def operate(self, job: base.Job, operation: str, params: Mapping[str, Any]) -> base.Facts:
        """Do an operation on the server, and wait for its end."""
        state = _found(job)
        if state is None:
            raise ports.Permanent(f"Node '{job.node.name}' has no server: recover it first.")
        if operation == "change_password" and not params.get("admin_pass"):
            raise ports.Permanent("The operation 'change_password' needs 'admin_pass': nobody would know another one.")
        return _facts(self._done(job, state, operation, params))

    def find(self, cloud: clouds.Cloud, identity: str) -> base.Found | None:
        """Describe a server by its id."""
        state = cloud.compute.get(identity)
        if state is None:
            return None
        properties: dict[str, Any] = {
            "flavor": state.flavor,
            "image": state.image,
            "key_name": state.key_name,
            "metadata": dict(state.metadata),
            "name": state.name,
            "networks": [{"network": network} for network in state.addresses],
            "security_groups": list(state.security_groups),
        }
        trouble = "" if state.status == ServerStatus.ACTIVE else why_unwell(state)
        return base.Found(
            physical_id=state.id,
            node_id=state.node_id,
            properties={key: value for key, value in properties.items() if value},
            details=details(state),
            trouble=trouble,
        )

    def snapshot(self, cloud: clouds.Cloud, found: base.Found, name: str) -> model.Json:
        """Have an image made, from which the server can be made again."""
        return {"image": cloud.compute.snapshot(found.physical_id, name)}

    def _made(self, job: base.Job, state: clouds.ServerState, *, replacing: bool = False) -> clouds.ServerState:
        """Wait for a new server; one that failed is removed."""
        if state.wait > 0:
            raise _underway(state, progress={_REPLACED: state.id} if replacing else {})
        if state.status not in _RUNNING:
            job.cloud.compute.delete(job.node.id, state.id, resuming=True)
            raise ports.Permanent(f"The server could not be made. {why_unwell(state)}")
        return state

    def _replace(self, job: base.Job, profile: model.Profile) -> clouds.ServerState:
        """Make the server anew; the old one goes first, with whatever an earlier attempt has made."""
        compute = job.cloud.compute
        new_id = job.progress.get(_REPLACED)
        new = None if new_id is None else compute.get(new_id)
        if new is None:
            wait = compute.delete(job.node.id, job.node.physical_id, resuming=True)
            if wait > 0:
                raise base.Underway("The old server is being deleted.", after=wait)
            new = _make(job, profile, resuming=False)
        return self._made(job, new, replacing=True)

    def _done(
        self, job: base.Job, state: clouds.ServerState, operation: str, params: Mapping[str, Any]
    ) -> clouds.ServerState:
        """Do an operation, once, and wait for its end."""
        if job.progress.get(_BEGUN) != operation:
            if state.wait > 0:
                raise _underway(state)  # first things first
            state = job.cloud.compute.operate(state.id, operation, params)
        if state.wait > 0:
            raise _underway(state, progress={_BEGUN: operation})
        if state.status == ServerStatus.ERROR:
            raise ports.Permanent(why_unwell(state))
        return state


def why_unwell(state: clouds.ServerState) -> str:
    """Say in a sentence what is wrong with a server."""
    return f"The server is {state.status}{': ' if state.fault else ''}{state.fault}."


def details(state: clouds.ServerState) -> dict[str, Any]:
    """Return what is shown of a server, in Senlin's form."""
    return {
        "OS-EXT-AZ:availability_zone": state.availability_zone,
        "addresses": {
            network: [_address(address) for address in addresses] for network, addresses in state.addresses.items()
        },
        "attached_volumes": list(state.volumes),
        "flavor": state.flavor,
        "id": state.id,
        "image": state.image,
        "key_name": state.key_name,
        "locked": state.locked,
        "metadata": dict(state.metadata),
        "name": state.name,
        "progress": state.progress,
        "security_groups": ",".join(state.security_groups),
        "status": state.status.value,
    }


def _address(address: clouds.Address) -> dict[str, Any]:
    shown: dict[str, Any] = {"addr": address.addr, "version": address.version}
    if address.mac:
        shown["OS-EXT-IPS-MAC:mac_addr"] = address.mac
    if address.floating:
        shown["OS-EXT-IPS:type"] = "floating"
    return shown


def _facts(state: clouds.ServerState) -> base.Facts:
    idle = "" if state.status in _RUNNING else why_unwell(state)
    return base.Facts(physical_id=state.id, details=details(state), idle=idle)


def _found(job: base.Job) -> clouds.ServerState | None:
    return None if job.node.physical_id is None else job.cloud.compute.get(job.node.physical_id)


def _underway(state: clouds.ServerState, progress: Mapping[str, Any] | None = None) -> base.Underway:
    reason = f"The server is {state.status}."
    return base.Underway(reason, after=state.wait, physical_id=state.id, progress=progress)


def _make(job: base.Job, profile: model.Profile, *, resuming: bool) -> clouds.ServerState:
    spec = registry.server_spec(profile)
    request = clouds.ServerRequest(
        node_id=job.node.id, cluster_id=job.node.cluster_id, name=_name(spec, job.node), spec=spec
    )
    return job.cloud.compute.create(request, resuming=resuming)


def _name(spec: servers.ServerSpec, node: model.Node) -> str:
    return spec.name or node.name


def _fits_in_place(old: servers.ServerSpec, new: servers.ServerSpec) -> bool:
    if old.image is not None and new.image is None:
        return False
    same: dict[str, Any] = {"name": None, "metadata": {}, "networks": (), "flavor": "", "image": None}
    return dataclasses.replace(old, **same) == dataclasses.replace(new, **same)
