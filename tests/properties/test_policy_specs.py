"""Specs of policies: whatever is given, it is taken or refused with a sentence, and nothing else happens."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from senlin_container.domain import errors
from senlin_container.specs import policies, schema
from tests.properties import test_specs

NAMES = list(policies.POLICY_TYPES)


def outcome(spec: dict[str, Any]) -> policies.Checked | str:
    """Check a spec; returns what came of it, or the sentence of the refusal."""
    try:
        return policies.check(spec)
    except errors.InvalidSpec as refused:
        return refused.message


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_what_fits_the_schema_is_taken_or_refused(name: str, data: st.DataObject) -> None:
    type_ = policies.find(name)
    properties = data.draw(test_specs.documents(type_.fields))
    spec = {"type": type_.name, "version": type_.version, "properties": properties}
    found = outcome(spec)
    event("refused" if isinstance(found, str) else "taken")
    if isinstance(found, str):
        assert 0 < len(found) < 1000
        return
    assert found.document == spec
    again = outcome({**spec, "properties": found.properties})
    assert isinstance(again, policies.Checked)
    stored = json.loads(json.dumps(found.document))
    assert isinstance(outcome(stored), policies.Checked)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_junk_is_refused_with_a_sentence(name: str, data: st.DataObject) -> None:
    type_ = policies.find(name)
    properties: Any = data.draw(test_specs.documents(type_.fields))
    for key in data.draw(st.lists(st.sampled_from([*type_.fields, "unknown"]), min_size=1, max_size=3)):
        properties[key] = data.draw(test_specs.JUNK)
    properties = data.draw(st.one_of(st.just(properties), test_specs.JUNK))
    found = outcome({"type": type_.name, "version": type_.version, "properties": properties})
    if isinstance(found, str):
        assert 0 < len(found) < 1000
    else:
        assert set(schema.validate(type_.fields, found.properties)) == set(found.properties)


@given(spec=st.dictionaries(st.sampled_from(["type", "version", "properties", "x"]), test_specs.JUNK))
def test_a_spec_of_junk_is_refused(spec: dict[str, Any]) -> None:
    with pytest.raises((errors.InvalidSpec, errors.NotFound)):
        policies.check(spec)
