"""Receivers and webhooks: the resource, and what a signal from outside becomes.

A signal is turned into the operation of this API that does the same, checked by the same schema and run by the same
handler, so that it can do nothing that a request could not.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from senlin_container.api import calls, faults, operation, rates, validation, versions, views
from senlin_container.api.controllers import paging
from senlin_container.api.schemas import receivers as schemas
from senlin_container.domain import errors, model
from senlin_container.usecases import receivers as usecases

_BODY_SINCE: versions.Version = (1, 10)
"""From this version on, the body of a signal holds the inputs themselves; before, they are under ``params``."""

_ADJUSTABLE = frozenset({"count", "number"})
"""What a signal may say otherwise than the receiver; whoever holds a webhook holds no more than that."""

_OPERATION = validation.Shape(
    {"operation": {"type": "string", "minLength": 1}, "params": {"type": "object"}, "filters": {"type": "object"}},
    required=("operation",),
)


class Triggered:
    """An operation on a cluster as a signal triggers it: with inputs in the place of a body."""

    def __init__(self, target: operation.Operation) -> None:
        self.operation = target
        named = isinstance(target.body, validation.NamedOperation)
        self._shape = _OPERATION if named else _shape_of(target)
        self._inputs = validation.Shape(self._shape.schema["properties"])
        self._named = named

    def known(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return those of the given values that are inputs of the operation."""
        return {name: value for name, value in given.items() if name in self._shape.schema["properties"]}

    def check(self, params: Mapping[str, Any]) -> None:
        """Refuse parameters that could never do; what is missing may come with the signal.

        :raises faults.Fault: 400 when they do not fit
        """
        self._inputs.check(self.known(params))

    def body(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return inputs as the handler takes them.

        :raises faults.Fault: 400 when they do not fit
        """
        body = self.operation.body
        if body is None:
            return {}
        if self._named:
            values = self._shape.check(inputs)
            return body.read({values.pop("operation"): values}, versions.MAXIMUM)
        key = body.key if isinstance(body, validation.Wrapped) else None
        return body.read(dict(inputs) if key is None else {key: dict(inputs)}, versions.MAXIMUM)

    def merged(self, params: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the inputs: those of a receiver, and those of a signal, which says how many and adds what is missing.

        :raises faults.Fault: 400 when the signal would change what else the receiver says
        """
        own = {name: value for name, value in self.known(params).items() if value is not None}
        for name in sorted(own.keys() & given.keys() - _ADJUSTABLE):
            if self._inputs.check({name: given[name]}) != self._inputs.check({name: own[name]}):
                raise faults.malformed(
                    f"The receiver says what '{name}' is, and a signal cannot change it: leave it out, or change the "
                    "params of the receiver."
                )
        return own | dict(given)

    def run(self, services: calls.Services, call: calls.Call, cluster: str, inputs: Mapping[str, Any]) -> str:
        """Have the operation done on a cluster by the requester of a call; returns the id of the action."""
        asked = dataclasses.replace(call, path={"cluster_id": cluster}, query={}, body=self.body(inputs))
        answer = self.operation.handler(services, asked)
        return dict(answer.headers)["Location"].rpartition("/")[2]


class Receivers:
    """The handlers.

    :param actions: what receivers can trigger, by the names of the actions
    """

    def __init__(self, actions: Mapping[str, operation.Operation]) -> None:
        self._actions = {name: Triggered(found) for name, found in actions.items()}

    def list_all(self, services: calls.Services, call: calls.Call) -> calls.Answer:
        """Answer with a page of receivers."""
        found = services.queries.receivers(call.context, paging.page(services, call), filters=paging.filters(call))
        return paging.answer(services, call, "receivers", [views.receiver(one, call.base_url) for one in found])

    def show(self, services: calls.Services, call: calls.Call) -> calls.Answer:
        """Answer with one receiver."""
        return _answer(call, services.queries.receiver(call.context, _identity(call)))

    def create(self, services: calls.Services, call: calls.Call) -> calls.Answer:
        """Keep a new receiver and answer with it. It acts as its creator, whatever ``actor`` says."""
        body = call.body
        params = body.get("params", {})
        if "action" in body:
            self._allow(call, body["action"])
        self._check(body.get("action"), params)
        receiver = services.commands.create_receiver(
            call.context,
            name=body["name"],
            type_=body["type"],
            cluster=body.get("cluster_id"),
            action=body.get("action"),
            params=params,
            public_endpoint=services.public_endpoint,
        )
        return _answer(call, receiver)

    def update(self, services: calls.Services, call: calls.Call) -> calls.Answer:
        """Change the name, the action or the parameters of a receiver and answer with it."""
        body = call.body
        if "action" in body:
            self._allow(call, body["action"])
        receiver = services.commands.update_receiver(
            call.context,
            _identity(call),
            name=body.get("name"),
            action=body.get("action"),
            params=body.get("params"),
            check=lambda changed: self._check(changed.action, changed.params),
        )
        return _answer(call, receiver)

    def delete(self, services: calls.Services, call: calls.Call) -> calls.Answer:
        """Delete a receiver."""
        services.commands.delete_receiver(call.context, _identity(call))
        return calls.Answer()

    def notify(self, services: calls.Services, call: calls.Call) -> calls.Answer:
        """Look for messages to a receiver and do what they ask for, as its owner."""

        def handle(receiver: model.Receiver, message: Any) -> None:
            try:
                self._obey(services, call, receiver, message)
            except faults.Fault as fault:
                raise errors.Invalid(fault.message) from fault

        services.commands.take_messages(call.context, _identity(call), handle)
        return calls.Answer()

    def trigger(self, services: calls.Services, call: calls.Call) -> calls.Answer:
        """Do what a webhook is for, as the creator of its receiver."""
        webhook_id, sender = call.path["webhook_id"], rates.neighbourhood(call.remote)
        if not services.webhooks.knows(webhook_id):  # one that was well a moment ago suffers for no neighbour
            services.strangers.check(sender)
        try:
            receiver = services.queries.webhook(webhook_id)
        except errors.NotFound:
            services.strangers.count(sender)
            raise
        services.webhooks.count(receiver.id)
        assert receiver.action is not None
        assert receiver.cluster_id is not None
        triggered = self._actions[receiver.action]
        inputs = triggered.merged(receiver.params, _inputs(call, triggered))
        asked = self._as_creator(services, call, receiver, receiver.action)
        return calls.action_accepted(call, triggered.run(services, asked, receiver.cluster_id, inputs))

    def _obey(self, services: calls.Services, call: calls.Call, receiver: model.Receiver, message: Any) -> None:
        if not isinstance(message, dict):
            raise errors.Invalid("it is not an object with the keys cluster, action and params")
        # whatever else its sender says is not our business
        asked = schemas.MESSAGE.check({key: message.get(key) for key in ("cluster", "action", "params")})
        action, cluster = asked.get("action", receiver.action), asked.get("cluster", receiver.cluster_id)
        if action is None or cluster is None:
            raise errors.Invalid("it has no 'cluster' or no 'action'")
        self._allow(call, action)
        triggered = self._actions[action]
        inputs = triggered.merged(receiver.params, triggered.known(asked.get("params", {})))
        triggered.run(services, self._as_creator(services, call, receiver, action), cluster, inputs)

    def _allow(self, call: calls.Call, action: str) -> None:
        """Refuse to trigger for a requester later what the requester may not do now."""
        rule = self._actions[action].operation.policy
        if rule is not None and not call.context.may(rule):
            raise errors.Forbidden(f"You are not authorized to have the action {action} triggered.")

    def _as_creator(
        self, services: calls.Services, call: calls.Call, receiver: model.Receiver, action: str
    ) -> calls.Call:
        """Return a call as the creator of a receiver makes it now.

        :raises errors.Forbidden: when the creator is not who they were, or may not do the action any more
        """
        creator = services.queries.creator(receiver, call.context.request_id, services.rules.allows)
        rule = self._actions[action].operation.policy
        if rule is not None and not creator.may(rule):
            raise errors.Forbidden(
                f"The receiver '{receiver.id}' acts as its creator, who is not authorized to do the action {action}."
            )
        return dataclasses.replace(call, context=creator)

    def _check(self, action: str | None, params: Mapping[str, Any]) -> None:
        """Check an action and the parameters that a receiver keeps for it."""
        kept = params.get("params", {})
        if not isinstance(kept, dict):  # the address of the webhook, which shows it, would be refused
            raise faults.malformed(f"The value for params must be an object: '{faults.shorten(kept)}'.")
        if action is not None:
            self._actions[action].check(params)


def _inputs(call: calls.Call, triggered: Triggered) -> dict[str, Any]:
    """Return the inputs that come with a signal; in a body, what the action has no use for is left out.

    Services that raise alarms send what they know of them, and cannot be told to leave it.
    """
    inputs: dict[str, Any] = {}
    version_1 = call.query["V"] == "1"
    if version_1:
        named = dict(call.query["inputs"])
        if not triggered.known({"params": None}):
            named = named.pop("params", {}) | named
        secret = usecases.secret_in(named)
        if secret is not None:
            raise faults.malformed(f"The parameter '{secret}' is a secret: send it in the body, addresses are logged.")
        inputs = triggered.known(named)
        unknown = sorted(set(named) - set(inputs))
        if unknown:
            raise faults.malformed(f"Invalid parameter {faults.shorten(unknown[0])}")
    direct = not version_1 or call.version >= _BODY_SINCE
    under_params = call.body.get("params")
    if under_params is not None and not (direct and triggered.known({"params": None})):
        if not isinstance(under_params, dict):
            raise faults.malformed(f"The value for params must be an object: '{faults.shorten(under_params)}'.")
        inputs |= triggered.known(under_params)
    return inputs | triggered.known(call.body) if direct else inputs


def _shape_of(target: operation.Operation) -> validation.Shape:
    return target.body.shape if isinstance(target.body, validation.Wrapped) else validation.Shape({})


def _answer(call: calls.Call, receiver: model.Receiver) -> calls.Answer:
    return calls.Answer(document={"receiver": views.receiver(receiver, call.base_url)})


def _identity(call: calls.Call) -> str:
    return call.path["receiver_id"]
