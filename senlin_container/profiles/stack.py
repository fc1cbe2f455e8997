"""A node that is a Heat stack."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from senlin_container.domain import model
from senlin_container.drivers import cloud as clouds
from senlin_container.drivers import ports
from senlin_container.profiles import base
from senlin_container.specs import registry

_BEGUN = "begun"
"""In the progress of a job: the update has been asked for, which is not to be asked for twice."""

_REPLACED = "replaced_by"
"""In the progress of a job: the stack that takes the place of the old one, which is gone."""

_UNFIT = re.compile(r"[^a-zA-Z0-9_.-]+")
_NAME_LIMIT = 200


class StackProfile:
    """Version 1.0 of os.heat.stack."""

    needs = base.Needs.CLOUD

    def create(self, job: base.Job) -> base.Facts:
        """Have the stack made, and wait until it is complete."""
        return _facts(self._made(job, _make(job, job.profile, resuming=job.resuming)))

    def delete(self, job: base.Job) -> None:
        """Have the stack deleted, and wait until it is gone."""
        if job.place is None:
            return  # there is no cloud that it could be in
        resuming = job.resuming or job.node.physical_id is None
        wait = job.cloud.orchestration.delete(job.node.id, job.node.physical_id, resuming=resuming)
        if wait > 0:
            raise base.Underway("The stack is being deleted.", after=wait)

    def check(self, job: base.Job) -> base.Facts:
        """Look at the stack."""
        state = _found(job)
        if state is None:
            raise base.Unwell("The stack is gone from the cloud.")
        if not state.well:
            raise base.Unwell(why_unwell(state), details(state))
        return _facts(state)

    def update(self, job: base.Job, new: model.Profile) -> base.Facts:
        """Have Heat make the stack what the new profile says; one that is gone is made anew."""
        state = None if _REPLACED in job.progress else _found(job)
        if state is None:
            return _facts(self._replace(job, new))
        if _BEGUN not in job.progress:
            if state.wait > 0:
                raise _underway(state)
            state = job.cloud.orchestration.update(state.id, registry.stack_spec(new))
        if state.wait > 0:
            raise _underway(state, progress={_BEGUN: "update"})
        if not state.well:
            raise ports.Permanent(why_unwell(state))
        return _facts(state)

    def recover(self, job: base.Job, operation: str | None, params: Mapping[str, Any]) -> base.Facts:  # noqa: ARG002
        """Make the stack anew; there is no other way."""
        if operation not in (None, "RECREATE"):
            raise ports.Permanent(f"A stack cannot be recovered by {operation}: RECREATE is the only way.")
        return _facts(self._replace(job, job.profile))

    def operate(self, job: base.Job, operation: str, params: Mapping[str, Any]) -> base.Facts:  # noqa: ARG002
        """Do the one operation that there is: have Heat forget the stack."""
        state = _found(job)
        if state is None and job.resuming and job.node.physical_id is not None:
            # an earlier attempt did it, and the answer was lost
            return base.Facts(physical_id=job.node.physical_id, details={}, idle="The stack was abandoned.")
        if state is None:
            raise ports.Permanent(f"Node '{job.node.name}' has no stack: recover it first.")
        left = job.cloud.orchestration.abandon(state.id)
        return dataclasses.replace(_facts(state), idle="The stack was abandoned.", outputs={"abandoned": left})

    def find(self, cloud: clouds.Cloud, identity: str) -> base.Found | None:
        """Describe a stack by its id."""
        state = cloud.orchestration.get(identity)
        if state is None:
            return None
        spec = cloud.orchestration.definition(state.id)
        properties: dict[str, Any] = {
            "disable_rollback": spec.disable_rollback,
            "environment": dict(spec.environment),
            "files": dict(spec.files),
            "parameters": dict(spec.parameters),
            "template": dict(spec.template),
            "template_url": spec.template_url,
            "timeout": spec.timeout,
        }
        return base.Found(
            physical_id=state.id,
            node_id=state.node_id,
            properties={key: value for key, value in properties.items() if value not in (None, "")},
            details=details(state),
            trouble="" if state.well else why_unwell(state),
        )

    def snapshot(self, cloud: clouds.Cloud, found: base.Found, name: str) -> model.Json:  # noqa: ARG002
        """Refuse: a stack is not made from an image."""
        raise ports.Permanent("'snapshot' is for servers: a stack is made from its template, not from an image.")

    def _made(self, job: base.Job, state: clouds.StackState, *, replacing: bool = False) -> clouds.StackState:
        """Wait for a new stack; one that failed is removed."""
        if state.wait > 0:
            raise _underway(state, progress={_REPLACED: state.id} if replacing else {})
        if not state.well:
            job.cloud.orchestration.delete(job.node.id, state.id, resuming=True)
            raise ports.Permanent(f"The stack could not be made. {why_unwell(state)}")
        return state

    def _replace(self, job: base.Job, profile: model.Profile) -> clouds.StackState:
        """Make the stack anew; the old one goes first, with whatever an earlier attempt has made."""
        orchestration = job.cloud.orchestration
        new_id = job.progress.get(_REPLACED)
        new = None if new_id is None else orchestration.get(new_id)
        if new is None:
            wait = orchestration.delete(job.node.id, job.node.physical_id, resuming=True)
            if wait > 0:
                raise base.Underway("The old stack is being deleted.", after=wait)
            new = _make(job, profile, resuming=False)
        return self._made(job, new, replacing=True)


def stack_name(node: model.Node) -> str:
    """Return the name of a node's stack: readable, fit for Heat, and one of its own for every node."""
    wanted = _UNFIT.sub("-", node.name)[:_NAME_LIMIT].strip("-._")
    wanted = wanted if wanted[:1].isascii() and wanted[:1].isalpha() else f"stack-{wanted}".rstrip("-")
    return f"{wanted}-{node.id.replace('-', '')[:12]}"


def why_unwell(state: clouds.StackState) -> str:
    """Say in a sentence what is wrong with a stack."""
    return f"The stack is {state.status}{': ' if state.reason else ''}{state.reason}."


def details(state: clouds.StackState) -> dict[str, Any]:
    """Return what is shown of a stack, in Heat's words; its parameters may be secrets and are not."""
    return {
        "disable_rollback": state.disable_rollback,
        "id": state.id,
        "name": state.name,
        "outputs": [
            {"description": output.description, "output_key": output.key, "output_value": output.value}
            for output in state.outputs
        ],
        "status": state.status,
        "status_reason": state.reason,
        "timeout_mins": state.timeout,
    }


def _facts(state: clouds.StackState) -> base.Facts:
    return base.Facts(physical_id=state.id, details=details(state))


def _found(job: base.Job) -> clouds.StackState | None:
    return None if job.node.physical_id is None else job.cloud.orchestration.get(job.node.physical_id)


def _underway(state: clouds.StackState, progress: Mapping[str, Any] | None = None) -> base.Underway:
    return base.Underway(f"The stack is {state.status}.", after=state.wait, physical_id=state.id, progress=progress)


def _make(job: base.Job, profile: model.Profile, *, resuming: bool) -> clouds.StackState:
    request = clouds.StackRequest(
        node_id=job.node.id,
        cluster_id=job.node.cluster_id,
        name=stack_name(job.node),
        spec=registry.stack_spec(profile),
    )
    return job.cloud.orchestration.create(request, resuming=resuming)
