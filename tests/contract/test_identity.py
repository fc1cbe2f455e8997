"""What an identity service promises, held by the simulated one and by a real Keystone."""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

import pytest
from oslo_config import cfg

from senlin_container.conf import keystone as options
from senlin_container.drivers import fake, ports
from senlin_container.drivers import keystone as driver
from tests.lab import keystone as keystone_lab

WHO = "alpha-member"
ROLES = ("member", "reader")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """An identity service and somebody it knows."""

    identity: ports.Identity
    token: str
    user: str
    project: str

    def delegate(self, **given: Any) -> str:
        """Have the user delegate."""
        values: dict[str, Any] = {"user": self.user, "project": self.project, "roles": ROLES, "token": self.token}
        values |= given
        return self.identity.delegate(values.pop("token"), **values)


def connect(lab: keystone_lab.Keystone, directory: pathlib.Path, **changes: str) -> driver.Keystone:
    """Return the driver of a service that is the trustee; ``changes`` are of its options."""
    told = {"auth_type": "password", **keystone_lab.SERVICE.options(lab.url), **changes}
    file = directory / "service.conf"
    file.write_text("[trustee]\n" + "".join(f"{name} = {value}\n" for name, value in told.items()))
    conf = cfg.ConfigOpts()
    conf(["--config-file", str(file)], project="none")
    options.register(conf)
    assert driver.configured(conf)
    return driver.Keystone(conf)


def real(lab: keystone_lab.Keystone, directory: pathlib.Path) -> Service:
    """Return a real Keystone and somebody it knows."""
    return Service(
        identity=connect(lab, directory),
        token=lab.token(keystone_lab.PERSONAS[WHO]),
        user=lab.id("user", WHO),
        project=lab.id("project", "alpha"),
    )


@pytest.fixture(params=["simulated", "keystone"])
def service(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Service:
    """Each of the two."""
    if request.param == "simulated":
        return Service(identity=fake.SimulatedIdentity(refused={"bad"}), token="t", user="u", project="p")
    return real(request.getfixturevalue("keystone"), tmp_path)


def test_a_trust_holds_until_it_is_withdrawn(service: Service) -> None:
    trust, other = service.delegate(), service.delegate()
    assert trust != other
    assert service.identity.holds(trust)
    service.identity.withdraw(service.token, trust)
    assert not service.identity.holds(trust)
    assert service.identity.holds(other)
    service.identity.withdraw(service.token, trust)  # what is gone is fine
    service.identity.withdraw(service.token, other)


def test_a_trust_that_never_was_does_not_hold(service: Service) -> None:
    assert not service.identity.holds("0" * 32)


def test_what_cannot_be_delegated_is_refused_for_good(service: Service) -> None:
    with pytest.raises(ports.Permanent):
        service.delegate(token="bad")
    with pytest.raises(ports.Permanent):
        service.delegate(roles=())


def test_keystone_refuses_what_somebody_else_has(keystone: keystone_lab.Keystone, tmp_path: pathlib.Path) -> None:
    service = real(keystone, tmp_path)
    for given in (
        {"roles": ("admin",)},
        {"project": keystone.id("project", "beta")},
        {"user": keystone.id("user", "beta-member")},
    ):
        with pytest.raises(ports.Permanent, match="A trust cannot be made"):
            service.delegate(**given)


def test_a_session_acts_as_the_user_and_cannot_delegate_further(
    keystone: keystone_lab.Keystone, tmp_path: pathlib.Path
) -> None:
    service = real(keystone, tmp_path)
    trust = service.delegate(roles=("reader",))
    session = service.identity.session(trust)  # type: ignore[attr-defined]
    assert (session.get_user_id(), session.get_project_id()) == (service.user, service.project)
    assert session.auth.get_access(session).role_names == ["reader"]
    with pytest.raises(ports.Permanent):
        service.delegate(token=session.get_token(), roles=("reader",))
    service.identity.withdraw(service.token, trust)


def test_a_trust_does_not_outlive_the_role(keystone: keystone_lab.Keystone, tmp_path: pathlib.Path) -> None:
    made = keystone.ask(
        "POST", "/users", {"user": {"name": "passing", "domain_id": "default", "password": keystone_lab.PASSWORD}}
    )
    user, project = made["user"]["id"], keystone.id("project", "alpha")
    role = f"/projects/{project}/users/{user}/roles/{keystone.id('role', 'member')}"
    keystone.ask("PUT", role)
    token = keystone.token(keystone_lab.Persona(user="passing", project="alpha"))
    service = dataclasses.replace(real(keystone, tmp_path), token=token, user=user)
    trust = service.delegate(roles=("member",))
    assert service.identity.holds(trust)
    keystone.ask("DELETE", role)
    assert not service.identity.holds(trust)


def test_a_keystone_that_is_away_may_come_back(keystone: keystone_lab.Keystone, tmp_path: pathlib.Path) -> None:
    away = connect(keystone, tmp_path, auth_url="http://127.0.0.1:1/v3")
    service = dataclasses.replace(real(keystone, tmp_path), identity=away)
    for ask in (service.delegate, lambda: service.identity.holds("x")):
        with pytest.raises(ports.Retry, match="Keystone does not answer"):
            ask()


def test_a_wrong_password_of_the_trustee_says_nothing_of_a_trust(
    keystone: keystone_lab.Keystone, tmp_path: pathlib.Path
) -> None:
    service = real(keystone, tmp_path)
    trust = service.delegate()
    with pytest.raises(ports.Permanent):
        connect(keystone, tmp_path, password="wrong").holds(trust)
    service.identity.withdraw(service.token, trust)
