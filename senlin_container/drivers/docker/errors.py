"""What an engine's answer, or its silence, means: the one place where failures of the engine become ours.

ports.Retry        no answer, a broken answer, or a fault of the engine that may pass
ports.Permanent    a refusal
└── Refused        with the HTTP status and the engine's own words, for the driver to look at
"""

from __future__ import annotations

import re

import docker.errors
import requests
import urllib3.exceptions

from senlin_container.drivers import ports

# Faults (5xx) which an engine reports as its own, although only a change of the request can help. Lower case.
_LASTING_FAULTS = (
    "port is already allocated",
    "address already in use",
    "cannot assign requested address",
    "oci runtime create failed",
    "oci runtime exec failed",
    "no such file or directory",
    "executable file not found",
    "failed to create shim",
    "unknown runtime",
    "not supported",
    "invalid argument",
    "is not running",
    "is not paused",
    "already paused",
)
_TAKEN_PORTS = (
    re.compile(r"bind for \S*?:(?P<port>\d+) failed: port is already allocated", re.IGNORECASE),
    re.compile(r"listen \w+ \S*?:(?P<port>\d+): bind: address already in use", re.IGNORECASE),
)

CONNECTION_ERRORS = (
    requests.exceptions.RequestException,
    urllib3.exceptions.HTTPError,
    docker.errors.DockerException,
    docker.errors.StreamParseError,
    OSError,
)
"""All that a call to an engine may raise (an ``APIError`` is one of the first)."""


class Refused(ports.Permanent):
    """The engine understood and said no. ``words`` are its own."""

    def __init__(self, message: str, *, status: int, words: str) -> None:
        super().__init__(message)
        self.status = status
        self.words = words


def failure(error: Exception, *, host: str, doing: str) -> ports.Failure:
    """Tell what an error of a call means.

    Args:
        error: one of CONNECTION_ERRORS.
        host: how to name the engine, a URL.
        doing: what was asked of it, such as "create container 'web-1'".

    Returns:
        The failure to raise.
    """
    if isinstance(error, docker.errors.APIError):
        return _answered(error, host=host, doing=doing)
    if isinstance(error, (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)):
        return ports.Retry(f"host '{host}' does not answer in time: cannot {doing}")
    if isinstance(error, requests.exceptions.InvalidJSONError):
        return ports.Retry(f"host '{host}' answered with something that is not JSON: cannot {doing}")
    if isinstance(error, (requests.exceptions.SSLError, urllib3.exceptions.SSLError)):
        return refused_by_tls(host, str(_root(error)))
    if isinstance(error, (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError)):
        return ports.Retry(f"host '{host}' does not answer ({_root(error)}): cannot {doing}")
    return ports.Permanent(f"host '{host}' cannot be used: {error}")


def refused_by_tls(host: str, words: str) -> ports.Permanent:
    """Tell that the two sides do not trust each other's certificates."""
    return ports.Permanent(
        f"host '{host}' and this service do not agree on TLS certificates ({words}): check that ca_cert is the CA of "
        f"the host's certificate, that this names the address, and that the host's own CA signed client_cert"
    )


def why_not_started(refused: Refused, *, host: str, name: str, image: str) -> ports.Permanent:
    """Put the engine's refusal to start a container into words that tell what to change."""
    for pattern in _TAKEN_PORTS:
        taken = pattern.search(refused.words)
        if taken:
            return ports.Permanent(
                f"port {taken['port']} of host '{host}' is in use already, so container '{name}' cannot have it: "
                f"choose another host_port, or give none and the engine chooses a free one"
            )
    if "executable file not found" in refused.words or "exec:" in refused.words:
        return ports.Permanent(
            f"container '{name}' cannot be started on host '{host}', image '{image}' cannot run the command: "
            f"{refused.words}"
        )
    return ports.Permanent(f"container '{name}' cannot be started on host '{host}': {refused.words}")


def _answered(error: docker.errors.APIError, *, host: str, doing: str) -> ports.Failure:
    status = error.response.status_code if error.response is not None else 500
    words = str(error.explanation or error).strip()
    refused = Refused(f"host '{host}' refused to {doing}: {words}", status=status, words=words)
    if status < 500:
        return refused
    lowered = words.lower()
    if any(fault in lowered for fault in _LASTING_FAULTS):
        return refused
    return ports.Retry(f"host '{host}' failed to {doing}: {words}")


def _root(error: BaseException) -> BaseException:
    """The innermost cause: the layers above it only repeat it with object addresses."""
    seen = error
    while True:
        inner = [argument for argument in seen.args if isinstance(argument, BaseException)]
        reason = getattr(seen, "reason", None)
        if isinstance(reason, BaseException):
            inner.append(reason)
        if not inner or inner[-1] is seen:
            return seen
        seen = inner[-1]
