"""The access rules in code, and an operator's policy file over them."""

from __future__ import annotations

import os
import pathlib
from typing import Any

import pytest
from oslo_config import cfg

from senlin_container.conf import api as api_conf
from senlin_container.domain import errors, model
from senlin_container.rbac import enforcer, rules

PROJECT = model.Owner(user="u", project="p")
NOWHERE = model.Owner(user="u", project="")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def somebody(*roles: str, **given: Any) -> enforcer.Requester:
    return enforcer.Requester(**{"owner": PROJECT, "roles": frozenset(roles), **given})


@pytest.fixture
def directory(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / "service.conf").write_text("[DEFAULT]\n")
    return tmp_path


def made(directory: pathlib.Path, clock: Clock | None = None) -> enforcer.Enforcer:
    conf = cfg.ConfigOpts()
    conf(["--config-file", str(directory / "service.conf")], project="none")
    return enforcer.Enforcer(conf, clock or Clock())


def write(file: pathlib.Path, text: str, age: int) -> None:
    """Write a file that was changed at a time of its own: two writes within a tick of the clock look like one."""
    file.write_text(text)
    os.utime(file, (age, age))


@pytest.mark.parametrize(
    ("requester", "reads", "writes", "administers"),
    [
        (somebody("reader"), True, False, False),
        (somebody("member"), True, True, False),
        (somebody("member", "reader"), True, True, False),
        (somebody("Member"), True, True, False),
        (somebody("admin"), True, True, True),
        (somebody(), False, False, False),
        (somebody("auditor"), False, False, False),
        (somebody("admin,member"), False, False, False),
        (somebody("reader", owner=NOWHERE, system=True), True, False, True),
        (somebody("admin", owner=NOWHERE, system=True), True, False, True),
        (somebody("auditor", owner=NOWHERE, system=True), False, False, False),
        (somebody("admin", owner=NOWHERE, domain="d"), False, False, False),
        (somebody("admin", owner=NOWHERE), False, False, False),
    ],
)
def test_personas(
    directory: pathlib.Path, requester: enforcer.Requester, reads: bool, writes: bool, administers: bool
) -> None:
    ruling = made(directory)
    assert ruling.allows("clusters:get", requester) is reads
    assert ruling.allows("clusters:create", requester) is writes
    assert ruling.allows(rules.SERVICES, requester) is administers
    assert ruling.allows(rules.GLOBAL_PROJECT, requester) is administers


@pytest.mark.parametrize(
    ("requester", "own", "all_"),
    [
        (somebody("reader"), False, False),
        (somebody("member"), True, False),
        (somebody("admin"), True, False),
        (somebody("reader", owner=NOWHERE, system=True), False, False),
        (somebody("member", owner=NOWHERE, system=True), False, False),
        (somebody("admin", owner=NOWHERE, system=True), True, True),
    ],
)
def test_who_sees_receivers(directory: pathlib.Path, requester: enforcer.Requester, own: bool, all_: bool) -> None:
    ruling = made(directory)
    assert ruling.allows("receivers:index", requester) is own
    assert ruling.allows("receivers:get", requester) is own
    assert ruling.allows(rules.RECEIVERS_OF_ALL, requester) is all_


def test_a_refusal_says_which_scope_was_expected(directory: pathlib.Path) -> None:
    ruling = made(directory)
    ruling.check("clusters:create", somebody("member"))
    with pytest.raises(errors.Forbidden) as caught:
        ruling.check("clusters:create", somebody("reader"))
    assert caught.value.message == rules.REFUSAL
    for given, scope in (
        ({"system": True}, "system"),
        ({"domain": "d"}, "domain"),
        ({}, "nothing"),
    ):
        with pytest.raises(errors.Forbidden) as caught:
            ruling.check("clusters:create", somebody("admin", owner=NOWHERE, **given))
        assert caught.value.message == (
            f"{rules.REFUSAL} It needs a token whose scope is project, and the scope of this one is {scope}."
        )


def test_a_policy_file_changes_rules_and_is_read_again_when_it_has_changed(directory: pathlib.Path) -> None:
    file = directory / "policy.yaml"
    clock = Clock()
    ruling = made(directory, clock)
    reader = somebody("reader")
    assert not ruling.allows("clusters:create", reader)
    write(file, '"clusters:create": "role:reader"\n', 1)
    assert not ruling.allows("clusters:create", reader)
    clock.now += 1
    assert ruling.allows("clusters:create", reader)
    assert not ruling.allows("clusters:delete", reader)
    write(file, '"clusters:delete": "role:reader"\n', 2)
    clock.now += 1
    assert ruling.allows("clusters:delete", reader)
    assert not ruling.allows("clusters:create", reader)


def test_no_policy_file_opens_what_needs_a_project_to_others(directory: pathlib.Path) -> None:
    (directory / "policy.yaml").write_text('"clusters:create": "@"\n')
    ruling = made(directory)
    assert ruling.allows("clusters:create", somebody())
    for given in ({"system": True}, {"domain": "d"}, {}):
        assert not ruling.allows("clusters:create", somebody("admin", owner=NOWHERE, **given))


@pytest.mark.parametrize("text", ["{", "- a\n- b\n", "text", '"clusters:create": 5\n'])
def test_a_policy_file_that_cannot_be_read_is_noticed_at_the_start(directory: pathlib.Path, text: str) -> None:
    (directory / "policy.yaml").write_text(text)
    with pytest.raises(api_conf.ConfigurationError, match="policy_file"):
        made(directory)


@pytest.mark.parametrize("text", ["{", "- a\n- b\n", "text", '"clusters:create": 5\n'])
def test_a_running_service_keeps_the_rules_that_it_has_read(
    directory: pathlib.Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    file = directory / "policy.yaml"
    write(file, '"clusters:create": "role:reader"\n', 1)
    clock = Clock()
    ruling = made(directory, clock)
    write(file, text, 2)
    for _ in range(3):
        clock.now += 1
        assert ruling.allows("clusters:create", somebody("reader"))
        assert not ruling.allows("clusters:delete", somebody("reader"))
    assert "cannot be read" in caplog.text


def test_the_tools_of_oslo_policy_get_the_same_rules() -> None:
    assert set(enforcer.for_tools().registered_rules) == {rule.name for rule in rules.list_rules()}
