"""The WSGI application, put together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib import parse

import pecan
import webob
from oslo_config import cfg
from oslo_middleware import request_id
from pecan import hooks

from senlin_container.api import auth, calls, documents, faults, layers, operations, routing, versions
from senlin_container.api import operation as operation_module
from senlin_container.conf import api as api_conf
from senlin_container.domain import errors
from senlin_container.specs import registry
from senlin_container.usecases import commands as commands_module
from senlin_container.usecases import context
from senlin_container.usecases import queries as queries_module

_MATCH = "senlin_container.match"


class _NoArguments(webob.multidict.MultiDict):  # type: ignore[misc]
    """Arguments of a controller, of which there are none."""


class _Request(pecan.Request):  # type: ignore[misc]
    """A request that keeps pecan from reading query, body and Accept header by itself.

    Pecan makes arguments for controllers of query and body, and guesses a content type. Ours are read by the schemas
    of the operation, strictly, and all that we send is JSON.
    """

    GET = params = _NoArguments()
    json = None
    accept = None

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


class _Root:
    """The root controller of pecan: routes by the table of operations."""

    def __init__(self, services: calls.Services, router: routing.Router, public_endpoint: str | None) -> None:
        self._services = services
        self._router = router
        self._public_endpoint = public_endpoint

    @pecan.expose()  # type: ignore[untyped-decorator]
    def _route(self, _segments: list[str], request: pecan.Request) -> tuple[Any, list[str]]:
        path = request.path_info
        if not path.isprintable():
            raise faults.malformed("The path holds characters that are not printable, or is not valid UTF-8.")
        request.environ[_MATCH] = self._router.match(request.method, _versioned(path))
        return self.run, []

    @pecan.expose()  # type: ignore[untyped-decorator]
    def run(self, request: pecan.Request, _response: pecan.Response) -> webob.Response:
        """Validate a request that was routed, have it handled, and render the answer."""
        match: routing.Match = request.environ[_MATCH]
        version: versions.Version = request.environ.get(layers.VERSION, versions.DEFAULT)
        document = _document(request, match)
        operation = match.choose(document, version)
        call = calls.Call(
            context=_context(request),
            version=version,
            path=match.path,
            query=operation.query.read(_pairs(request), version),
            body=operation.body.read(document, version) if operation.body else {},
            base_url=layers.base_url(request, self._public_endpoint),
            url_path=request.path_info,
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
    :raises conf.api.ConfigurationError: when the file with the users cannot be used
    """
    conf.register_opts(api_conf.OPTS, group=api_conf.GROUP)
    options = conf[api_conf.GROUP]
    services = calls.Services(
        commands=commands, queries=queries, profile_types=profile_types, max_limit=options.max_limit
    )
    root = _Root(services, routing.Router(operations.OPERATIONS), options.public_endpoint)
    public = _public_paths(operations.OPERATIONS)
    # From the inside out. A request passes them from the last to the first:
    #  - RequestId first, so that whatever follows can be found in the log by the id in the answer;
    #  - Guard, so that every answer has the headers of its version, and no exception gets out;
    #  - Negotiation, so that all that follows, refusals too, knows its version;
    #  - SizeLimit before anything reads the body;
    #  - Authentication before anything tells a stranger what there is.
    application: layers.Application = pecan.make_app(
        root,
        use_context_locals=False,
        guess_content_type_from_ext=False,
        force_canonical=False,
        debug=False,
        request_cls=_Request,
        hooks=[_Errors()],
    )
    application = auth.Authentication(application, _strategy(options), public)
    application = layers.SizeLimit(application, options.max_body_size)
    application = layers.Negotiation(application, public)
    application = layers.Guard(application)
    identified: layers.Application = request_id.RequestId(application)
    return identified


def _versioned(path: str) -> str:
    """Return a path below /v1; some clients take an endpoint without it as it is given, and do not look further."""
    return path if path in ("", "/") or path.split("/")[1] == "v1" else f"/v1{path}"


def _strategy(options: cfg.ConfigOpts.GroupAttr) -> auth.Strategy:
    if options.auth_strategy == "http_basic":
        return auth.HttpBasic(options.http_basic_auth_user_file)
    public = parse.urlsplit(options.public_endpoint or "").hostname
    return auth.NoAuth({public} if public else ())


def _public_paths(table: Iterable[operation_module.Operation]) -> frozenset[str]:
    """Return the paths that need no credentials, with and without a slash at their end."""
    paths = {operation.path.rstrip("/") for operation in table if operation.policy is None}
    return frozenset(paths | {f"{path}/" for path in paths})


def _context(request: pecan.Request) -> context.Context:
    identity: auth.Identity = request.environ.get(layers.IDENTITY, auth.ANYBODY)
    return context.Context(
        owner=identity.owner, request_id=request.environ.get(layers.REQUEST_ID, ""), admin=identity.admin
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
        body = json.dumps(answer.document, separators=(",", ":"), default=dict).encode("ascii")
        response = webob.Response(body=body, status=operation.success, content_type="application/json")
    response.headers.extend(answer.headers)
    return response
