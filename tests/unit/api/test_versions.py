from __future__ import annotations

import pytest

from senlin_container.api import faults, versions


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, (1, 0)),
        ("", (1, 0)),
        ("clustering 1.9", (1, 9)),
        ("clustering 1.14", (1, 14)),
        ("Clustering   1.2", (1, 2)),
        ("clustering latest", (1, 15)),
        ("compute 2.1, clustering 1.3", (1, 3)),
        ("compute 2.1", (1, 0)),
        ("1.5", (1, 5)),
    ],
)
def test_a_version_is_chosen(header: str | None, expected: versions.Version) -> None:
    assert versions.negotiate(header) == expected


@pytest.mark.parametrize(
    ("header", "status", "kind", "message"),
    [
        (
            "clustering 9.9",
            406,
            "InvalidGlobalAPIVersion",
            "Version '9.9' is not supported by the API. Minimum is '1.0' and maximum is '1.15'.",
        ),
        ("clustering 1.16", 406, "InvalidGlobalAPIVersion", "Version '1.16'"),
        ("clustering 0.9", 406, "InvalidGlobalAPIVersion", "Version '0.9'"),
        ("clustering abc", 400, "BadRequest", "API Version String 'abc' is of invalid format."),
        ("clustering", 400, "BadRequest", "API Version String ''"),
        ("clustering 1.1.1", 400, "BadRequest", "must be of format 'major.minor'"),
        ("clustering 1", 400, "BadRequest", "API Version String '1'"),
        ("clustering -1.0", 400, "BadRequest", "API Version String '-1.0'"),
        ("clustering 1.\u0663", 400, "BadRequest", "invalid format"),
        ("clustering " + "1" * 5000 + ".0", 400, "BadRequest", "invalid format"),
    ],
)
def test_what_is_no_version_of_ours_is_refused(header: str, status: int, kind: str, message: str) -> None:
    with pytest.raises(faults.Fault) as caught:
        versions.negotiate(header)
    assert (caught.value.status, caught.value.kind) == (status, kind)
    assert message in caught.value.message
