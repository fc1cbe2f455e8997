"""Trusts: made once, kept encrypted, and made anew when they hold no more."""

from __future__ import annotations

import dataclasses
import logging
import threading
from collections.abc import Collection
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography import fernet

from senlin_container.domain import errors
from senlin_container.drivers import fake, ports
from senlin_container.store import secrets, tables
from senlin_container.usecases import commands, context, trusts
from tests import values

CONTEXT = context.Context(
    owner=values.OWNER, request_id="r", admin=False, roles=frozenset({"member", "reader"}), token="good"
)


@pytest.fixture
def identity() -> fake.SimulatedIdentity:
    return fake.SimulatedIdentity(refused={"restricted"})


@pytest.fixture
def kept(service: Any, identity: fake.SimulatedIdentity) -> trusts.Trusts:
    return _trusts(service, identity)


def _trusts(service: Any, identity: fake.SimulatedIdentity, **given: Any) -> trusts.Trusts:
    parts = {"database": service.database, "box": service.parts.box, "clock": service.parts.clock, **given}
    return trusts.Trusts(identity=identity, **parts)


def rows(service: Any) -> list[Any]:
    with service.database.engine.connect() as connection:
        return list(connection.execute(sa.select(tables.Base.metadata.tables["credentials"])))


def test_one_trust_is_made_for_a_user_in_a_project(
    service: Any, kept: trusts.Trusts, identity: fake.SimulatedIdentity
) -> None:
    trust = kept.ensure(CONTEXT)
    assert trust is not None
    assert kept.ensure(CONTEXT) == trust
    assert set(identity.trusts) == {trust}
    made = identity.trusts[trust]
    assert (made.user, made.project, made.roles) == (values.OWNER.user, values.OWNER.project, CONTEXT.roles)
    other = kept.ensure(dataclasses.replace(CONTEXT, owner=values.OTHER))
    assert other != trust
    assert kept.ensure(CONTEXT) == trust
    assert len(rows(service)) == 2


def test_a_trust_is_encrypted_in_the_database(service: Any, kept: trusts.Trusts) -> None:
    trust = kept.ensure(CONTEXT)
    assert trust is not None
    (row,) = rows(service)
    assert (row.user, row.project, row.created_at) == (values.OWNER.user, values.OWNER.project, service.now)
    assert trust not in row.secret
    assert trust in service.parts.box.decrypt(row.secret)


def test_a_trust_that_holds_no_more_is_made_anew_within_a_minute(
    service: Any, kept: trusts.Trusts, identity: fake.SimulatedIdentity
) -> None:
    first = kept.ensure(CONTEXT)
    assert kept.ensure(CONTEXT) == first
    assert first is not None
    identity.withdraw("good", first)
    assert kept.ensure(CONTEXT) == first
    service.now += 61
    second = kept.ensure(CONTEXT)
    assert second != first
    assert kept.ensure(CONTEXT) == second
    assert set(identity.trusts) == {second}


def test_who_has_got_more_roles_delegates_these_too(kept: trusts.Trusts, identity: fake.SimulatedIdentity) -> None:
    first = kept.ensure(CONTEXT)
    assert kept.ensure(dataclasses.replace(CONTEXT, roles=frozenset({"reader"}))) == first
    second = kept.ensure(dataclasses.replace(CONTEXT, roles=CONTEXT.roles | {"load-balancer_member"}))
    assert second != first
    assert set(identity.trusts) == {second}
    assert kept.ensure(CONTEXT) == second


def test_a_trust_that_a_receiver_names_is_left_when_another_takes_its_place(
    service: Any, kept: trusts.Trusts, identity: fake.SimulatedIdentity
) -> None:
    first = kept.ensure(CONTEXT)
    asked = commands.Commands(dataclasses.replace(service.parts, trusts=kept))
    values_: dict[str, Any] = {"min_size": 0, "max_size": -1, "desired_capacity": 0, "timeout": None}
    asked.create_cluster(CONTEXT, name="c", profile="container", metadata={}, config={}, **values_)
    receiver = asked.create_receiver(
        CONTEXT,
        name="r",
        type_="webhook",
        cluster="c",
        action="CLUSTER_CHECK",
        params={},
        public_endpoint=None,
    )
    assert receiver.actor["trust_id"] == first
    second = kept.ensure(dataclasses.replace(CONTEXT, roles=CONTEXT.roles | {"load-balancer_member"}))
    assert set(identity.trusts) == {first, second}
    third = kept.ensure(dataclasses.replace(CONTEXT, roles=CONTEXT.roles | {"auditor"}))
    assert set(identity.trusts) == {first, third}


class _Stubborn(fake.SimulatedIdentity):
    """Who deletes nothing."""

    def withdraw(self, token: str, trust: str) -> None:
        raise ports.Permanent("It stays.")


def test_a_trust_that_cannot_be_withdrawn_is_no_harm(service: Any, caplog: pytest.LogCaptureFixture) -> None:
    identity = _Stubborn()
    kept = _trusts(service, identity)
    first = kept.ensure(CONTEXT)
    second = kept.ensure(dataclasses.replace(CONTEXT, roles=CONTEXT.roles | {"auditor"}))
    assert second == kept.ensure(CONTEXT)
    assert set(identity.trusts) == {first, second}
    assert f"the trust {first} is of no use any more and stays: It stays." in caplog.text


def test_without_a_keystone_nobody_is_vouched_for() -> None:
    assert not context.NoTrusts().vouches(values.OWNER, "t", frozenset())


def test_without_a_token_or_a_project_there_is_no_trust(service: Any, kept: trusts.Trusts) -> None:
    assert kept.ensure(dataclasses.replace(CONTEXT, token=None)) is None
    nowhere = dataclasses.replace(values.OWNER, project="")
    assert kept.ensure(dataclasses.replace(CONTEXT, owner=nowhere, system=True)) is None
    assert rows(service) == []


def test_who_may_not_delegate_goes_on_without(
    service: Any, kept: trusts.Trusts, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert kept.ensure(dataclasses.replace(CONTEXT, token="restricted")) is None
    assert f"no trust of user {values.OWNER.user}" in caplog.text
    assert "restricted" not in caplog.text
    assert rows(service) == []


def test_a_keystone_that_is_away_refuses_the_request_and_changes_nothing(
    service: Any, kept: trusts.Trusts, identity: fake.SimulatedIdentity
) -> None:
    identity.away = True
    with pytest.raises(errors.Unavailable, match="try again later"):
        kept.ensure(CONTEXT)
    assert rows(service) == []


def test_a_trust_whose_key_is_lost_is_made_anew(
    service: Any, kept: trusts.Trusts, identity: fake.SimulatedIdentity
) -> None:
    first = kept.ensure(CONTEXT)
    other = _trusts(service, identity, box=secrets.Box([fernet.Fernet.generate_key()]))
    second = other.ensure(CONTEXT)
    assert second not in (None, first)
    assert other.ensure(CONTEXT) == second
    assert len(rows(service)) == 1


class _Meeting(fake.SimulatedIdentity):
    """Two requests that make a trust at the same time."""

    def __init__(self) -> None:
        super().__init__()
        self._barrier = threading.Barrier(2, timeout=30)

    def delegate(self, token: str, *, user: str, project: str, roles: Collection[str]) -> str:
        self._barrier.wait()
        return super().delegate(token, user=user, project=project, roles=roles)


def test_of_two_requests_at_once_one_trust_is_left(service: Any) -> None:
    identity = _Meeting()
    kept = _trusts(service, identity)
    found: list[str | None] = []
    threads = [threading.Thread(target=lambda: found.append(kept.ensure(CONTEXT))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [kept.ensure(CONTEXT)] * 2
    assert list(identity.trusts) == found[:1]


def test_who_creates_a_cluster_or_a_node_delegates(service: Any, identity: fake.SimulatedIdentity) -> None:
    for create in ("create_cluster", "create_node"):
        keeper = _trusts(service, identity)
        parts = dataclasses.replace(service.parts, trusts=keeper)
        asked = commands.Commands(parts)
        before = len(identity.trusts)
        ctx = dataclasses.replace(CONTEXT, owner=dataclasses.replace(values.OWNER, user=create))
        if create == "create_cluster":
            asked.create_cluster(
                ctx,
                name="new",
                profile="container",
                min_size=0,
                max_size=-1,
                desired_capacity=0,
                timeout=None,
                metadata={},
                config={},
            )
        else:
            asked.create_node(ctx, name="new", profile="container", cluster=None, role="", metadata={})
        assert len(identity.trusts) == before + 1
        assert keeper.ensure(ctx) in identity.trusts
        assert len(identity.trusts) == before + 1
