"""What passes between the application and its handlers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from senlin_container.api import rates, versions
from senlin_container.rbac import enforcer
from senlin_container.specs import registry
from senlin_container.usecases import commands as commands_module
from senlin_container.usecases import context
from senlin_container.usecases import queries as queries_module


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What handlers may use.

    :ivar webhooks: how often each webhook may be triggered
    :ivar strangers: how often an address may ask for webhooks that there are not
    :ivar openapi: the description of the API, but for its address
    :ivar rules: the access rules, for requesters other than that of the call
    :ivar public_endpoint: the address of the service, where the operator has said it
    """

    commands: commands_module.Commands
    queries: queries_module.Queries
    profile_types: Mapping[str, registry.ProfileType]
    max_limit: int
    webhooks: rates.Limiter
    strangers: rates.Limiter
    openapi: Mapping[str, Any]
    rules: enforcer.Enforcer
    public_endpoint: str | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that was authenticated, routed and validated.

    :ivar path: the variables of the path, by name
    :ivar query: the validated query parameters that were given, with their types
    :ivar body: the validated part of the body that concerns the operation, without what was null
    :ivar base_url: the address of the service as the requester sees it, without a slash at the end
    :ivar url_path: the path of the request, as it was asked for
    :ivar remote: the network address that the request came from
    """

    context: context.Context
    version: versions.Version
    path: Mapping[str, str]
    query: Mapping[str, Any]
    body: Mapping[str, Any]
    base_url: str
    url_path: str
    remote: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The successful end of a call: its document (None for an empty body) and its headers."""

    document: Mapping[str, Any] | None = None
    headers: tuple[tuple[str, str], ...] = ()


Handler = Callable[[Services, Call], Answer]


def accepted(call: Call, action_id: str, document: Mapping[str, Any] | None = None) -> Answer:
    """Return the answer to a request that an action will carry out."""
    return Answer(document=document, headers=(("Location", f"{call.base_url}/v1/actions/{action_id}"),))


def action_accepted(call: Call, action_id: str) -> Answer:
    """Return the answer to a request whose whole result is an action."""
    return accepted(call, action_id, {"action": action_id})
