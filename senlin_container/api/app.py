"""The WSGI application, put together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib import parse

import orjson
import pecan
import webob
from oslo_config import cfg
from oslo_middleware import request_id
from pecan import core, hooks

from senlin_container.api import (
    auth,
    calls,
    documents,
    faults,
    keystone,
    layers,
    openapi,
    operations,
    outer,
    rates,
    routing,
    versions,
)
from senlin_container.api import operation as operation_module
from senlin_container.conf import api as api_conf
from senlin_container.conf import middleware
from senlin_container.domain import errors
from senlin_container.rbac import enforcer as enforcer_module
from senlin_container.specs import policies, registry
from senlin_container.store import session
from senlin_container.usecases import commands as commands_module
from senlin_container.usecases import context
from senlin_container.usecases import queries as queries_module


class _Request(pecan.Request):  # type: ignore[misc]
    """A request whose path may be anything."""

    @property
    def path_info(self) -> str:
        """The path, decoded; bytes that are not UTF-8 become characters that no check lets pass."""
        return str(self.environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "surrogateescape"))


class _Errors(hooks.PecanHook):  # type: ignore[misc]
    """Turns what a controller raises into an answer."""

    def on_error(self, _state: Any, error: Exception) -> webob.Response | None:
        """Return the answer to an error that was foreseen; pecan raises any other again, for the guard."""
        if isinstance(error, faults.Fault):
            return error.response()
        return faults.of_error(error).response() if isinstance(error, errors.Error) else None


class _Pecan(core.ExplicitPecan):  # type: ignore[misc]
    """Pecan with one controller, which makes the whole response.

    For each request pecan looks for its controller by the attributes of objects, and inspects its signature anew.
    Our routes are a table, and all of that together costs as much time as a statement to the database.
    """

    def find_controller(self, state: Any) -> tuple[Any, list[Any], dict[str, Any]]:
        """Return the controller, and what it is called with."""
        state.controller = self.root.run
        return state.controller, [state.request], {}

    def invoke_controller(self, controller: Any, args: list[Any], kwargs: dict[str, Any], state: Any) -> None:
        """Have the controller make the response."""
        state.response = controller(*args, **kwargs)


class _Root:
    """The root controller of pecan: routes by the table of operations."""

    def __init__(
        self,
        services: calls.Services,
        router: routing.Router,
        rules: enforcer_module.Enforcer,
        public_endpoint: str | None,
    ) -> None:
        self._services = services
        self._router = router
        self._rules = rules
        self._public_endpoint = public_endpoint

    @pecan.expose()  # type: ignore[untyped-decorator]
    def run(self, request: pecan.Request) -> webob.Response:
        """Route, authorise and validate a request, have it handled, and render the answer."""
        path = request.path_info
        if not path.isprintable():
            raise faults.malformed("The path holds characters that are not printable, or is not valid UTF-8.")
        match = self._router.match(request.method, _versioned(path), asked=path)
        version: versions.Version = request.environ.get(layers.VERSION, versions.DEFAULT)
        document = _document(request, match)
        operation = match.choose(document, version)
        identity: auth.Identity = request.environ.get(layers.IDENTITY, auth.ANYBODY)
        if operation.policy is not None:
            self._rules.check(operation.policy, identity)
        call = calls.Call(
            context=_context(request, identity, self._rules),
            version=version,
            path=match.path,
            query=operation.query.read(_pairs(request), version),
            body=operation.body.read(document, version) if operation.body else {},
            base_url=layers.base_url(request, self._public_endpoint),
            url_path=path,
            remote=request.remote_addr or "",
        )
        return _render(operation, operation.handler(self._services, call))


def build(
    conf: cfg.ConfigOpts,
    commands: commands_module.Commands,
    queries: queries_module.Queries,
    profile_types: Mapping[str, registry.ProfileType] = registry.PROFILE_TYPES,
) -> layers.Application:
    """Return the API as a WSGI application.

    :param conf: the options; those of ``conf.api`` need not be registered yet
    :raises conf.api.ConfigurationError: when the file with the users, the options for Keystone or a policy file
        cannot be used
    """
    conf.register_opts(api_conf.OPTS, group=api_conf.GROUP)
    middleware.register(conf)
    options = conf[api_conf.GROUP]
    rate = rates.parse(options.webhook_rate)
    access = enforcer_module.Enforcer(conf)
    services = calls.Services(
        commands=commands,
        queries=queries,
        profile_types=profile_types,
        max_limit=options.max_limit,
        webhooks=rates.Limiter(rate),
        strangers=rates.Limiter(rate),
        openapi=openapi.document(
            operations.OPERATIONS, {"profile": profile_types.values(), "policy": policies.POLICY_TYPES.values()}
        ),
        rules=access,
        public_endpoint=options.public_endpoint,
    )
    root = _Root(services, routing.Router(operations.OPERATIONS), access, options.public_endpoint)
    public = _PublicPaths(operations.OPERATIONS)
    # From the inside out. A request passes them from the last to the first:
    #  - RequestId first, so that whatever follows can be found in the log by the id in the answer;
    #  - Guard, so that every answer has the headers of its version, and no exception gets out;
    #  - what a proxy says of the requester, before anything makes use of it;
    #  - what web pages of elsewhere may do, without credentials, as browsers ask for it;
    #  - the health, for which neither a version nor credentials are needed;
    #  - Negotiation, so that all that follows, refusals too, knows its version;
    #  - SizeLimit before anything reads the body;
    #  - Authentication before anything tells a stranger what there is.
    application: layers.Application = _Pecan(root, request_cls=_Request, hooks=[_Errors()])
    application = auth.Authentication(application, _strategy(conf), public)
    application = layers.SizeLimit(application, options.max_body_size)
    application = layers.Negotiation(application, _unversioned_paths(operations.OPERATIONS))
    application = outer.Healthcheck(application, conf, queries.alive)
    application = outer.shared_with_pages(application, conf)
    application = outer.behind_proxy(application, conf)
    application = layers.Guard(application, session.PASSING)
    identified: layers.Application = request_id.RequestId(application)
    return identified


def _versioned(path: str) -> str:
    """Return a path below /v1; some clients take an endpoint without it as it is given, and do not look further."""
    return path if path in ("", "/") or path.split("/")[1] == "v1" else f"/v1{path}"


def _strategy(conf: cfg.ConfigOpts) -> auth.Strategy:
    options = conf[api_conf.GROUP]
    if options.auth_strategy == "keystone":
        return keystone.Keystone(conf)
    if options.auth_strategy == "http_basic":
        return auth.HttpBasic(options.http_basic_auth_user_file)
    public = parse.urlsplit(options.public_endpoint or "").hostname
    return auth.NoAuth({public} if public else ())


class _PublicPaths:
    """The paths of operations that need no credentials, with and without a slash at their end."""

    def __init__(self, table: Iterable[operation_module.Operation]) -> None:
        self._fixed = _unversioned_paths(table)
        templates = (operation.path for operation in table if operation.policy is None and "{" in operation.path)
        self._patterns = [re.compile(re.sub(r"\{\w+\}", "[^/]+", template) + "/?") for template in templates]

    def __contains__(self, path: object) -> bool:
        return path in self._fixed or any(pattern.fullmatch(str(path)) for pattern in self._patterns)


def _unversioned_paths(table: Iterable[operation_module.Operation]) -> frozenset[str]:
    """Return the paths that tell everybody the same, in every version, with and without a slash at their end."""
    public = (operation.path.rstrip("/") for operation in table if operation.policy is None)
    paths = {path for path in public if "{" not in path}
    return frozenset(paths | {f"{path}/" for path in paths})


def _context(request: pecan.Request, identity: auth.Identity, rules: enforcer_module.Enforcer) -> context.Context:
    return context.Context(
        owner=identity.owner,
        request_id=request.environ.get(layers.REQUEST_ID, ""),
        admin=auth.ADMIN in identity.roles,
        roles=identity.roles,
        system=identity.system,
        token=identity.token,
        permits=lambda rule: rules.allows(rule, identity),
    )


def _document(request: pecan.Request, match: routing.Match) -> dict[str, Any]:
    """Return the body, when the operation has use for one."""
    if match.candidates[0].body is None:
        return {}
    return documents.read(request.body, request.headers.get("Content-Type", ""))


def _pairs(request: pecan.Request) -> list[tuple[str, str]]:
    """Return the names and values of the query, decoded.

    :raises faults.Fault: 400 when they are not text that can be kept
    """
    raw = request.environ.get("QUERY_STRING", "")
    if not raw:
        return []
    try:
        pairs = parse.parse_qsl(
            raw.encode("latin-1").decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=100
        )
    except ValueError:  # UnicodeDecodeError is one
        raise faults.malformed("The query is not valid UTF-8, or has too many parameters.") from None
    for pair in pairs:
        for text in pair:
            documents.check_text(text, "The query")
    return pairs


def _render(operation: operation_module.Operation, answer: calls.Answer) -> webob.Response:
    if answer.document is None:
        response = webob.Response(status=operation.success, content_type="application/json")
        response.content_length = 0
    else:
        body = orjson.dumps(answer.document, default=dict)
        response = webob.Response(body=body, status=operation.success, content_type="application/json")
    response.headers.extend(answer.headers)
    return response
