"""From a method and a path to an operation."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from senlin_container.api import faults, versions
from senlin_container.api import operation as operation_module


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What a method and a path lead to: one operation, or several that the body chooses from."""

    candidates: tuple[operation_module.Operation, ...]
    path: Mapping[str, str]

    def choose(self, document: Mapping[str, Any], version: versions.Version) -> operation_module.Operation:
        """Return the operation that a document is meant for.

        :raises faults.Fault: 400 when the document names none or several, or the version does not have it
        """
        operation = self.candidates[0]
        if operation.action is not None:
            operation = self._named(document)
        if not operation.exists_in(version):
            raise faults.Fault(
                400,
                "MethodVersionNotFound",
                f"API version '{versions.render(version)}' is not supported on this method.",
            )
        return operation

    def _named(self, document: Mapping[str, Any]) -> operation_module.Operation:
        # the words are Senlin's, which ends these two sentences for nodes and not for clusters
        stop = "." if self.candidates[0].path.startswith("/v1/nodes") else ""
        if not document:
            raise faults.malformed(f"No action specified{stop}")
        if len(document) > 1:
            raise faults.malformed(f"Multiple actions specified{stop}")
        (name,) = document
        for operation in self.candidates:
            if operation.action == name:
                return operation
        raise faults.malformed(f"Unrecognized action '{faults.shorten(name)}' specified")


class _Branch:
    """A segment of a path: what may follow it, and what ends here, by method."""

    def __init__(self) -> None:
        self.fixed: dict[str, _Branch] = {}
        self.variable: tuple[str, _Branch] | None = None
        self.methods: dict[str, tuple[operation_module.Operation, ...]] = {}


class Router:
    """A tree of the path templates of operations. A fixed segment is preferred to a variable."""

    def __init__(self, table: Iterable[operation_module.Operation]) -> None:
        self._root = _Branch()
        for operation in table:
            branch = self._root
            for segment in _segments(operation.path):
                branch = _descend(branch, segment)
            branch.methods[operation.method] = (*branch.methods.get(operation.method, ()), operation)

    def match(self, method: str, path: str, *, asked: str | None = None) -> Match:
        """Return where a request leads; a slash at the end of a path makes no difference.

        :param asked: the path as the requester wrote it, where that is another
        :raises faults.Fault: 404 for a path that leads nowhere, 405 for a method that it does not know
        """
        ends = list(_ends(self._root, _segments(path), {}))
        if not ends:
            raise faults.not_found(asked or path)
        # A HEAD is answered like a GET; what runs us leaves the body out.
        wanted = "GET" if method == "HEAD" else method
        for branch, variables in ends:
            if wanted in branch.methods:
                return Match(candidates=branch.methods[wanted], path=variables)
        allowed = {name for branch, _ in ends for name in branch.methods}
        raise faults.not_allowed(method, allowed | {"HEAD"} if "GET" in allowed else allowed)


def _segments(path: str) -> list[str]:
    trimmed = path.removeprefix("/").removesuffix("/")
    return trimmed.split("/") if trimmed else []


def _descend(branch: _Branch, segment: str) -> _Branch:
    if not segment.startswith("{"):
        return branch.fixed.setdefault(segment, _Branch())
    name = segment.strip("{}")
    if branch.variable is None:
        branch.variable = (name, _Branch())
    if branch.variable[0] != name:
        raise ValueError(f"The variable {segment} has another name, {branch.variable[0]}, in an earlier path.")
    return branch.variable[1]


def _ends(branch: _Branch, segments: list[str], variables: dict[str, str]) -> Iterator[tuple[_Branch, dict[str, str]]]:
    """Yield the branches where the segments can end, with their variables; fixed segments come first."""
    if not segments:
        if branch.methods:
            yield branch, variables
        return
    segment, rest = segments[0], segments[1:]
    if segment in branch.fixed:
        yield from _ends(branch.fixed[segment], rest, variables)
    if branch.variable is not None and segment:
        name, following = branch.variable
        yield from _ends(following, rest, variables | {name: segment})
