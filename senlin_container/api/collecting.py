"""One attribute, named by a JSONPath, of many documents, with bounds to the work that a path can make.

``jsonpath_ng`` reads the paths and knows what names, indexes and slices select. What combines those is followed here,
one match at a time, as only the first match of a document is wanted: the library would first make all of them, and
each ``..`` and ``*`` of a path multiplies their number.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from jsonpath_ng import exceptions, jsonpath, parser

from senlin_container.domain import errors

_LENGTH = 255
_MARKS = ("..", "*", "|", "where")
_MOST_MARKS = 4
_STEPS = 100_000
_UNFIT = (
    exceptions.JSONPathError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    TypeError,
    ValueError,
)
"""What the library raises for paths that it cannot read, or not follow."""


class Search:
    """A JSONPath on its way through documents.

    :raises errors.Invalid: when the text is no path, or one beyond the bounds
    """

    def __init__(self, text: str) -> None:
        marks = sum(text.count(mark) for mark in _MARKS)
        if len(text) > _LENGTH or marks > _MOST_MARKS:
            raise errors.Invalid(
                f"The path '{_shown(text)}' is too long: at most {_LENGTH} characters are expected, and at most "
                f"{_MOST_MARKS} of {', '.join(_MARKS)}."
            )
        self._text = text
        self._steps = _STEPS
        try:
            self._path = parser.parse(text)
        except _UNFIT as exc:
            raise self._no_path() from exc

    def first(self, documents: Iterable[Mapping[str, Any]]) -> list[tuple[str, Any]]:
        """Return the id and the first match of each document where the path leads to something.

        :raises errors.Invalid: when the path cannot be followed, or only by looking at very much
        """
        found: list[tuple[str, Any]] = []
        for document in documents:
            matches = self._matches(self._path, jsonpath.DatumInContext(document))
            found.extend((document["id"], match.value) for match in itertools.islice(matches, 1))
        return found

    def _matches(self, path: Any, datum: Any) -> Iterator[Any]:
        # by name: the class of a union is called Union or _Union, as the version of the library has it
        follow = _OPERATORS.get(type(path).__name__.lstrip("_"))
        if follow is not None:
            yield from follow(self, path, datum)
            return
        try:
            found = path.find(datum)
        except _UNFIT as exc:
            raise self._no_path() from exc
        self._spend(1 + len(found))
        yield from found

    def _child(self, path: Any, datum: Any) -> Iterator[Any]:
        for left in self._matches(path.left, datum):
            yield from self._matches(path.right, left)

    def _descendants(self, path: Any, datum: Any) -> Iterator[Any]:
        for left in self._matches(path.left, datum):
            for below in self._below(left):
                yield from self._matches(path.right, below)

    def _union(self, path: Any, datum: Any) -> Iterator[Any]:
        yield from self._matches(path.left, datum)
        yield from self._matches(path.right, datum)

    def _where(self, path: Any, datum: Any) -> Iterator[Any]:
        wanted = type(path).__name__ == "Where"
        for left in self._matches(path.left, datum):
            if any(True for _ in self._matches(path.right, left)) == wanted:
                yield left

    def _children(self, _path: Any, datum: Any) -> Iterator[Any]:
        value = datum.value
        inner: Iterable[Any] = ()
        if isinstance(value, Mapping):
            inner = value.values()
        elif isinstance(value, list | tuple):
            inner = value
        for one in inner:
            self._spend(1)
            yield jsonpath.DatumInContext(one, context=datum)

    def _below(self, top: Any) -> Iterator[Any]:
        """Yield a value and all that is in it, each before what is in itself."""
        pending = [iter([top])]
        while pending:
            datum = next(pending[-1], None)
            if datum is None:
                pending.pop()
            else:
                yield datum
                pending.append(self._children(None, datum))

    def _spend(self, steps: int) -> None:
        self._steps -= steps
        if self._steps < 0:
            raise errors.Invalid(
                f"The path '{_shown(self._text)}' looks at more than {_STEPS} values: "
                "name what is wanted more exactly."
            )

    def _no_path(self) -> errors.Invalid:
        return errors.Invalid(
            f"The path '{_shown(self._text)}' is no JSONPath: one like 'details.status' is expected."
        )


_OPERATORS: Mapping[str, Callable[[Search, Any, Any], Iterator[Any]]] = {
    "Child": Search._child,
    "Descendants": Search._descendants,
    "Union": Search._union,
    "Where": Search._where,
    "WhereNot": Search._where,
    "Wildcard": Search._children,
}


def _shown(text: str) -> str:
    return text[:120]
