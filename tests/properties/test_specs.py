"""Specs: what validation gives back fits again, and nothing but a refusal comes of what does not fit."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from senlin_container.domain import errors
from senlin_container.specs import registry, schema
from tests import values

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)
JUNK = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=5,
)


def fitting(field: schema.Field) -> st.SearchStrategy[Any]:
    """Draw values that fit a field, in all the ways they may be written."""
    low = int(field.minimum if field.minimum is not None else -(2**31) + 1)
    high = int(field.maximum if field.maximum is not None else 2**31 - 1)
    match field.type:
        case schema.Type.STRING if field.allowed:
            return st.sampled_from(field.allowed)
        case schema.Type.STRING:
            words = st.one_of(WORDS, st.integers(), st.floats(allow_nan=False))
            return st.one_of(words, st.lists(words, max_size=3)) if field.also_list else words
        case schema.Type.INTEGER:
            return st.integers(low, high).flatmap(lambda number: st.sampled_from([number, str(number)]))
        case schema.Type.NUMBER:
            return st.one_of(st.floats(max(low, 1), high), st.integers(max(low, 1), high))
        case schema.Type.BOOLEAN:
            return st.sampled_from([True, False, "true", "False"])
        case schema.Type.MAP if field.fields is None:
            return st.dictionaries(WORDS, JUNK, max_size=3)
        case schema.Type.MAP:
            return documents(field.fields or {})
        case schema.Type.LIST:
            return st.lists(JUNK if field.items is None else fitting(field.items), max_size=3)
    raise AssertionError(field.type)


def documents(fields: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Draw documents that fit a schema."""
    required = {name: fitting(field) for name, field in fields.items() if field.required}
    optional = {name: st.one_of(st.none(), fitting(field)) for name, field in fields.items() if not field.required}
    return st.fixed_dictionaries(required, optional=optional)


@pytest.mark.parametrize("name", list(registry.PROFILE_TYPES))
@given(data=st.data())
def test_what_was_validated_fits_again_and_stays_the_same(name: str, data: st.DataObject) -> None:
    type_ = registry.find(name)
    document = data.draw(documents(type_.fields))
    once = schema.validate(type_.fields, document)
    assert repr(schema.validate(type_.fields, once)) == repr(once)  # NaN is not equal to itself
    assert set(once) <= set(type_.fields)
    for key, value in document.items():
        assert (key in once) == (value is not None or type_.fields[key].default is not schema.MISSING)


@pytest.mark.parametrize("name", list(registry.PROFILE_TYPES))
@given(data=st.data())
def test_junk_is_refused_with_a_sentence_and_never_breaks_anything(name: str, data: st.DataObject) -> None:
    type_ = registry.find(name)
    document = data.draw(documents(type_.fields))
    for key in data.draw(st.lists(st.sampled_from([*type_.fields, "unknown"]), max_size=3)):
        document[key] = data.draw(JUNK)
    spec = {"type": type_.name, "version": type_.version, "properties": document}
    told = ""
    try:
        checked = registry.check(spec)
    except errors.InvalidSpec as refused:
        told = refused.message
    else:
        assert checked.document == spec or "nan" in repr(spec)
    event("refused" if told else "accepted")
    assert len(told) < 1000


@given(
    image=st.sampled_from(["busybox", "a:5000/b:c"]),
    environment=st.dictionaries(st.from_regex(r"[A-Z_]{1,5}", fullmatch=True), WORDS, max_size=3),
    labels=st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), WORDS, max_size=3),
    command=st.one_of(st.none(), st.lists(WORDS, max_size=3)),
    memory=st.integers(6, 10**6),
    ports=st.lists(st.integers(1, 65535), unique=True, max_size=3),
)
def test_a_container_comes_back_from_its_stored_profile(
    image: str,
    environment: dict[str, str],
    labels: dict[str, str],
    command: list[str] | None,
    memory: int,
    ports: list[int],
) -> None:
    properties = {
        "host_cluster": "hosts",
        "image": image,
        "environment": environment,
        "labels": labels,
        "command": command,
        "memory": memory,
        "ports": [{"container_port": port, "host_port": port} for port in ports],
    }
    checked = registry.check({"type": registry.CONTAINER, "version": "1.1", "properties": properties})
    stored = json.loads(json.dumps(checked.document))
    spec = registry.container_spec(values.profile("p", spec=stored))
    assert (spec.image, spec.environment, spec.labels, spec.memory) == (image, environment, labels, memory)
    assert spec.command == (tuple(command) if command else None)
    assert [port.host_port for port in spec.ports] == ports
