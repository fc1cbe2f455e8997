"""Receivers: what lets a signal from outside trigger an action.

A receiver acts as whoever created it, with the roles of the token that created it and as long as they have these. It
triggers nothing but the one action on the one cluster that it names; one of type ``message`` takes both from its
messages.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from oslo_log import log

from senlin_container.domain import errors, model
from senlin_container.drivers import messaging, ports
from senlin_container.rbac import enforcer, rules
from senlin_container.specs import registry
from senlin_container.store import receivers, session
from senlin_container.usecases import base, context, reading

LOG = log.getLogger(__name__)

WEBHOOK = "webhook"
MESSAGE = "message"

TRUST = "trust_id"
_ROLES = "roles"
"""What a receiver acts by: the trust, where its creator could make one, and roles. Only the trust is shown."""

Allows = Callable[[str, enforcer.Requester], bool]
"""Whether an access rule lets somebody through."""

_QUEUE = "senlin-receiver-"
_ROUNDS = 50
"""Most claims that one notification is worth; the next one goes on where it ended."""


class ReceiverCommands(base.Base):
    """Create, change and delete receivers, and look for the messages that came to one."""

    def create_receiver(
        self,
        ctx: context.Context,
        *,
        name: str,
        type_: str,
        cluster: str | None,
        action: str | None,
        params: Mapping[str, Any],
        public_endpoint: str | None,
    ) -> model.Receiver:
        """Write a new receiver; one for messages gets a queue of its own.

        :param public_endpoint: the address of the API, where a message queue announces its messages in the name of
            the creator; only the operator can say it, not a header of the request
        :raises errors.Invalid: when something is missing, a parameter is a secret, or there is no service for message
            queues
        :raises errors.Unavailable: when that service does not answer
        """
        if type_ == WEBHOOK and cluster is None:
            raise errors.Invalid("Cluster identity is required for creating webhook receiver.")
        if type_ == WEBHOOK and action is None:
            raise errors.Invalid("Action name is required for creating webhook receiver.")
        check_params(params)
        queues = self._queues() if type_ == MESSAGE else None
        if queues is not None and public_endpoint is None:
            raise errors.Invalid(
                "Receivers of type 'message' need the address of this service, and this installation does not say it: "
                "create one of type 'webhook', or ask the operator for it ([api] public_endpoint)."
            )
        trust = self._parts.trusts.ensure(ctx)
        id_ = self._parts.new_id()
        receiver = model.Receiver(
            id=id_,
            name=name,
            type=type_,
            cluster_id=cluster,
            action=action,
            actor={_ROLES: sorted(ctx.roles), **({} if trust is None else {TRUST: trust})},
            params=dict(params),
            channel={"queue_name": f"{_QUEUE}{id_}"} if type_ == MESSAGE else {},
            owner=ctx.owner,
            created_at=self._parts.clock(),
        )
        if queues is None or public_endpoint is None:
            return self._write(_create, ctx, receiver)
        notify = f"{public_endpoint.rstrip('/')}/v1/receivers/{id_}/notify"
        with _told():
            subscription = queues.open(_caller(ctx), receiver.channel["queue_name"], notify)
        receiver = dataclasses.replace(receiver, channel={**receiver.channel, "subscription": subscription})
        try:
            return self._write(_create, ctx, receiver)
        except errors.Error:
            _close(queues, ctx, receiver)
            raise

    def update_receiver(
        self,
        ctx: context.Context,
        identity: str,
        *,
        name: str | None,
        action: str | None,
        params: Mapping[str, Any] | None,
        check: Callable[[model.Receiver], None],
    ) -> model.Receiver:
        """Change name, action or parameters; None leaves a thing as it is.

        :param check: raises when a receiver cannot have the action and the parameters that it would have; nothing is
            changed then
        :raises errors.Invalid: when nothing is to change, or a parameter is a secret
        """
        changes: dict[str, Any] = {"name": name, "action": action, "params": params}
        changes = {key: value for key, value in changes.items() if value is not None}
        if not changes:
            raise errors.Invalid("No property needs an update.")
        return self._write(_update, ctx, identity, changes, self._parts.clock(), check)

    def delete_receiver(self, ctx: context.Context, identity: str) -> None:
        """Delete a receiver, with the queue that it has.

        :raises errors.Unavailable: when the service for message queues does not answer; the receiver stays then
        """
        left = self._write(_delete, ctx, identity)
        if left is None:
            return
        if self._parts.messaging is not None:
            _close(self._parts.messaging, ctx, left)
        self._write(receivers.delete, left.id)

    def take_messages(self, ctx: context.Context, identity: str, handle: Callable[[model.Receiver, Any], None]) -> int:
        """Hand the messages that wait for a receiver to ``handle``, which may refuse them; returns how many they were.

        A message is removed once it was handled or refused. Should the process die before that, it comes again.

        :raises errors.Invalid: when the receiver has no queue
        :raises errors.Unavailable: when a service that is needed does not answer; what is left comes again
        """
        receiver = self._parts.database.read(receivers.find, ctx.scope(), identity)
        if receiver.type != MESSAGE:
            raise errors.Invalid("Notifying non-message receiver is not allowed.")
        queues, caller, queue = self._queues(), _caller(ctx), receiver.channel["queue_name"]
        count = 0
        with _told():
            for _ in range(_ROUNDS):
                claimed = queues.claim(caller, queue)
                if not claimed:
                    break
                for message in claimed:
                    try:
                        handle(receiver, message.body)
                    except errors.Unavailable:
                        raise
                    except errors.Error as exc:
                        LOG.warning("A message to receiver %s is refused: %s", receiver.id, exc.message)
                    queues.done(caller, queue, message)
                count += len(claimed)
        return count

    def _queues(self) -> messaging.Messaging:
        if self._parts.messaging is None:
            raise errors.Invalid(
                "Receivers of type 'message' need a service for message queues (Zaqar), and this installation has "
                "none: create one of type 'webhook', or ask the operator for it ([zaqar] endpoint)."
            )
        return self._parts.messaging


class ReceiverQueries(reading.Reader):
    """Reads of receivers."""

    def receivers(self, ctx: context.Context, page: reading.Page, *, filters: reading.Filters) -> list[model.Receiver]:
        """Return a page of receivers; filters: name, type, cluster_id, action, user.

        :raises errors.Forbidden: to who asks for those of all projects, and may not
        """
        # who has no token has no Keystone either, and everything there is
        if page.global_project and ctx.token is not None and not ctx.may(rules.RECEIVERS_OF_ALL):
            raise errors.Forbidden(
                f"{rules.REFUSAL} The receivers of all projects are for administrators of the system: whoever knows "
                "one can trigger it."
            )
        return self._read(receivers.page, self._page(ctx, page), reading.many(filters))

    def receiver(self, ctx: context.Context, identity: str) -> model.Receiver:
        """Return one receiver."""
        return self._read(receivers.find, ctx.scope(), identity)

    def webhook(self, webhook_id: str) -> model.Receiver:
        """Return the receiver that a webhook belongs to, for whoever knows its whole id.

        :raises errors.NotFound: when there is none
        """
        receiver = self._read(receivers.by_id, webhook_id)
        if receiver.type != WEBHOOK:
            raise errors.NotFound("receiver", webhook_id)
        return receiver

    def creator(self, receiver: model.Receiver, request_id: str, allows: Allows) -> context.Context:
        """Return the requester of what a receiver triggers: its creator, with the roles that they had then.

        Where a trust was made, Keystone is asked (once a minute at most) whether they still have them. It may take a
        while: call it outside of transactions.

        :raises errors.Forbidden: when they have not
        :raises errors.Unavailable: when Keystone does not answer
        """
        roles, trust = frozenset(receiver.actor.get(_ROLES, ())), receiver.actor.get(TRUST)
        if trust is not None and not self._parts.trusts.vouches(receiver.owner, trust, roles):
            raise errors.Forbidden(
                f"The receiver '{receiver.id}' acts as its creator, and nobody vouches for them any more: they were "
                "deleted or disabled, have lost a role, or have withdrawn the trust. Create a new receiver."
            )
        requester = enforcer.Requester(owner=receiver.owner, roles=roles)
        return context.Context(
            owner=receiver.owner,
            request_id=request_id,
            admin=False,
            roles=roles,
            permits=lambda rule: allows(rule, requester),
        )


def check_params(params: Mapping[str, Any]) -> None:
    """Refuse parameters that are secrets: a receiver shows what it has to all who see it.

    :raises errors.Invalid: naming the first
    """
    name = secret_in(params)
    if name is not None:
        raise errors.Invalid(
            f"The parameter '{name}' is a secret, and a receiver shows its params to all who see it: leave it out, "
            "and send it in the body of the signal, or ask for the operation when it is wanted (POST "
            "/v1/clusters/CLUSTER_ID/ops)."
        )


def secret_in(params: Mapping[str, Any]) -> str | None:
    """Return the name of a parameter that is a secret in any operation, where there is one; None for none."""
    operations = {name for type_ in registry.PROFILE_TYPES.values() for name in type_.operations}
    secrets = {secret for name in operations for secret in registry.secret_parameters(name)}
    given = params.get("params")
    return min(secrets & {*params, *(given if isinstance(given, dict) else ())}, default=None)


def _create(tx: session.Transaction, ctx: context.Context, receiver: model.Receiver) -> model.Receiver:
    if receiver.cluster_id is not None:
        receiver = dataclasses.replace(receiver, cluster_id=base.cluster_for(tx, ctx, receiver.cluster_id).id)
    receivers.insert(tx, receiver)
    return receiver


def _update(
    tx: session.Transaction,
    ctx: context.Context,
    identity: str,
    changes: Mapping[str, Any],
    now: float,
    check: Callable[[model.Receiver], None],
) -> model.Receiver:
    receiver = receivers.find(tx, ctx.scope(), identity)
    changed = dataclasses.replace(receiver, **changes, updated_at=now)
    if changes.keys() & {"action", "params"}:
        check_params(changed.params)
        check(changed)
    receivers.update(tx, receiver.id, **changes, updated_at=now)
    return changed


def _delete(tx: session.Transaction, ctx: context.Context, identity: str) -> model.Receiver | None:
    """Delete a receiver; one whose queue must go first is returned instead."""
    receiver = receivers.find(tx, ctx.scope(), identity)
    if receiver.type == MESSAGE:
        return receiver
    receivers.delete(tx, receiver.id)
    return None


def _caller(ctx: context.Context) -> messaging.Caller:
    return messaging.Caller(project=ctx.owner.project, token=ctx.token)


def _close(queues: messaging.Messaging, ctx: context.Context, receiver: model.Receiver) -> None:
    channel = receiver.channel
    with _told():
        queues.close(_caller(ctx), channel["queue_name"], channel.get("subscription"))


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Turn what a queue service could not do into what its requester is told."""
    try:
        yield
    except ports.Retry as exc:
        raise errors.Unavailable(f"The service for message queues cannot be used now: {exc.message}") from exc
    except ports.Permanent as exc:
        raise errors.Invalid(f"The service for message queues refuses: {exc.message}") from exc
