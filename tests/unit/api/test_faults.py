from __future__ import annotations

import pytest

from senlin_container.api import faults
from senlin_container.domain import errors


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (errors.Invalid("m"), 400, "BadRequest"),
        (errors.InvalidSpec("m"), 400, "InvalidSpec"),
        (errors.Forbidden("m"), 403, "Forbidden"),
        (errors.NotFound("node", "n"), 404, "ResourceNotFound"),
        (errors.Ambiguous("node", "n"), 400, "MultipleChoices"),
        (errors.Conflict("m"), 409, "Conflict"),
        (errors.InUse("m"), 409, "ResourceInUse"),
        (errors.Busy("m"), 409, "ActionInProgress"),
        (errors.Ended("m"), 409, "ActionImmutable"),
    ],
)
def test_every_error_of_the_domain_has_a_status_and_a_type(error: errors.Error, status: int, kind: str) -> None:
    fault = faults.of_error(error)
    assert (fault.status, fault.kind, fault.message) == (status, kind, error.message)


def test_every_class_of_errors_is_mapped() -> None:
    def below(kind: type[errors.Error]) -> set[type[errors.Error]]:
        return {kind}.union(*(below(child) for child in kind.__subclasses__()))

    mapped = set(faults._WIRE)
    assert {kind for kind in below(errors.Error) if kind.__module__ == errors.__name__} == mapped


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 406, 409, 413, 500, 503])
def test_the_body_has_the_usual_keys(status: int) -> None:
    document = faults.Fault(status, "Kind", "words").document()
    assert set(document) == {"code", "error", "explanation", "title"}
    assert document["code"] == status
    assert document["error"] == {"code": status, "message": "words", "type": "Kind"}
    assert document["title"]
    assert document["explanation"]


def test_quoted_values_are_short() -> None:
    assert len(faults.shorten("x" * 10_000)) < 110
