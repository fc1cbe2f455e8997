from __future__ import annotations

import pytest

from senlin_container.api import documents, faults


@pytest.mark.parametrize("content_type", ["", "application/json", "application/JSON; charset=UTF-8"])
def test_json_is_read(content_type: str) -> None:
    assert documents.read('{"a": [1, -2.5, null, "ü"]}'.encode(), content_type) == {"a": [1, -2.5, None, "ü"]}


@pytest.mark.parametrize("raw", [b"", b"  \n"])
def test_an_empty_body_is_an_empty_object(raw: bytes) -> None:
    assert documents.read(raw, "text/plain") == {}


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"{not json", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        (b"[]", "The body must be a JSON object, not a list."),
        (b"null", "not null"),
        (b'"text"', "not a str"),
        (b'{"a": NaN}', "NaN is not a JSON number."),
        (b'{"a": -Infinity}', "-Infinity is not a JSON number."),
        (b'{"a": 1e999}', "The number 1e999 is too large."),
        (b'{"a": 9223372036854775808}', "is too large"),
        (b'{"a": ' + b"9" * 100_000 + b"}", "is too large"),
        (b'{"a": 1, "a": 2}', "The key 'a' is given more than once in one object."),
        (b'{"a": {"b": 1, "b": 2}}', "The key 'b' is given more than once in one object."),
        (b'{"a": "\\u0000"}', "NUL"),
        (b'{"\\u0000": 1}', "NUL"),
        (b'{"a": ["\\ud800"]}', "not valid Unicode"),
        (b'{"a": "\xff"}', "not valid UTF-8"),
        (b'{"a": ' * 33 + b"1" + b"}" * 33, "nested too deeply"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        ('{"a": 1}'.encode("utf-16"), "not valid UTF-8"),
    ],
)
def test_what_could_not_be_kept_is_refused(raw: bytes, message: str) -> None:
    with pytest.raises(faults.Fault) as caught:
        documents.read(raw, "application/json")
    assert caught.value.status == 400
    assert message in caught.value.message
    assert len(caught.value.message) < 300


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml"])
def test_another_content_type_is_refused(content_type: str) -> None:
    with pytest.raises(faults.Fault, match="send application/json"):
        documents.read(b"{}", content_type)


def test_another_charset_is_refused() -> None:
    with pytest.raises(faults.Fault, match="send UTF-8"):
        documents.read(b"{}", "application/json; charset=latin-1")


def test_as_deep_as_allowed() -> None:
    documents.read(b'{"a": ' * 32 + b"1" + b"}" * 32, "")
