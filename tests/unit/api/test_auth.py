from __future__ import annotations

import base64
import pathlib

import bcrypt
import pytest

from senlin_container.api import auth, faults
from senlin_container.conf import api as api_conf


@pytest.fixture
def user_file(tmp_path: pathlib.Path) -> pathlib.Path:
    file = tmp_path / "htpasswd"
    file.write_text(f"ann:{bcrypt.hashpw(b'secret', bcrypt.gensalt(4)).decode()}\n")
    return file


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def credentials(name: str, password: str) -> dict[str, str]:
    token = base64.b64encode(f"{name}:{password}".encode()).decode()
    return {"HTTP_AUTHORIZATION": f"Basic {token}"}


def test_noauth_takes_everybody_for_the_same_administrator() -> None:
    identity = auth.NoAuth()({})
    assert (identity.owner.user, identity.owner.project, identity.roles) == ("noauth", "default", {"admin"})


@pytest.mark.parametrize(
    "environ",
    [
        {"HTTP_HOST": "localhost"},
        {"HTTP_HOST": "LocalHost:8778"},
        {"HTTP_HOST": "127.0.0.1:8778"},
        {"HTTP_HOST": "127.8.9.1"},
        {"HTTP_HOST": "[::1]:8778"},
        {"HTTP_HOST": "[::1]"},
        {"HTTP_HOST": "cloud.example:443"},
        {"HTTP_HOST": "localhost:8778", "HTTP_ORIGIN": "http://localhost:3000"},
        {"HTTP_HOST": "localhost:8778", "HTTP_ORIGIN": "https://cloud.example"},
        {"HTTP_HOST": "", "HTTP_ORIGIN": ""},
    ],
)
def test_noauth_answers_this_machine_and_the_names_of_the_service(environ: dict[str, str]) -> None:
    assert auth.NoAuth({"cloud.example"})(environ).roles == {"admin"}


@pytest.mark.parametrize(
    "environ",
    [
        {"HTTP_HOST": "evil.example"},
        {"HTTP_HOST": "evil.example:8778"},
        {"HTTP_HOST": "localhost.evil.example"},
        {"HTTP_HOST": "127.0.0.1.evil.example"},
        {"HTTP_HOST": "localhost@evil.example"},
        {"HTTP_HOST": "evil.example#localhost"},
        {"HTTP_HOST": "192.0.2.1:8778"},
        {"HTTP_HOST": "0.0.0.0:8778"},
        {"HTTP_HOST": "[2001:db8::1]:8778"},
        {"HTTP_HOST": "[::1"},
        {"HTTP_HOST": "cloud.example"},
        {"HTTP_HOST": "localhost:8778", "HTTP_ORIGIN": "http://evil.example"},
        {"HTTP_HOST": "localhost:8778", "HTTP_ORIGIN": "https://localhost.evil.example:8778"},
        {"HTTP_HOST": "localhost:8778", "HTTP_ORIGIN": "null"},
        {"HTTP_HOST": "localhost:8778", "HTTP_ORIGIN": "file://"},
        {"HTTP_HOST": "evil.example", "HTTP_ORIGIN": "http://localhost"},
    ],
)
def test_noauth_refuses_the_pages_of_others(environ: dict[str, str]) -> None:
    with pytest.raises(faults.Fault) as caught:
        auth.NoAuth()(environ)
    assert caught.value.status == 403


def test_who_knows_the_password_is_let_in(user_file: pathlib.Path) -> None:
    identity = auth.HttpBasic(str(user_file))(credentials("ann", "secret"))
    assert (identity.owner.user, identity.owner.project, identity.roles) == ("ann", "default", {"admin"})


@pytest.mark.parametrize(
    "environ",
    [
        {},
        credentials("ann", "wrong"),
        credentials("bob", "secret"),
        credentials("ann", "secret" + "x" * 100),
        credentials("", ""),
        {"HTTP_AUTHORIZATION": ""},
        {"HTTP_AUTHORIZATION": "Basic"},
        {"HTTP_AUTHORIZATION": "Basic !!!"},
        {"HTTP_AUTHORIZATION": "Basic \u20ac"},
        {"HTTP_AUTHORIZATION": "Basic " + base64.b64encode(b"no colon").decode()},
        {"HTTP_AUTHORIZATION": "Basic " + base64.b64encode(b"ann:sec\x00ret").decode()},
        {"HTTP_AUTHORIZATION": "Basic " + base64.b64encode(b"\xff:x").decode()},
        {"HTTP_AUTHORIZATION": "Bearer abc"},
    ],
)
def test_everybody_else_is_asked_for_credentials(user_file: pathlib.Path, environ: dict[str, str]) -> None:
    with pytest.raises(faults.Fault) as caught:
        auth.HttpBasic(str(user_file))(dict(environ))
    assert caught.value.status == 401
    assert dict(caught.value.headers)["WWW-Authenticate"].startswith("Basic realm=")
    assert "secret" not in caught.value.message


def test_a_good_password_is_remembered_for_a_minute(user_file: pathlib.Path) -> None:
    clock = Clock()
    strategy = auth.HttpBasic(str(user_file), clock)
    strategy(credentials("ann", "secret"))
    user_file.write_text("")
    clock.now += 59
    strategy(credentials("ann", "secret"))
    with pytest.raises(faults.Fault):
        strategy(credentials("ann", "wrong"))
    clock.now += 2
    with pytest.raises(faults.Fault):
        strategy(credentials("ann", "secret"))


def test_nothing_of_the_password_is_kept(user_file: pathlib.Path) -> None:
    strategy = auth.HttpBasic(str(user_file))
    environ = credentials("ann", "secret")
    token = environ["HTTP_AUTHORIZATION"].split()[1]
    strategy(environ)
    assert "HTTP_AUTHORIZATION" not in environ
    kept = repr(strategy.__dict__)
    assert "secret" not in kept
    assert token not in kept


def test_a_file_that_is_not_there_is_noticed_at_once(tmp_path: pathlib.Path) -> None:
    with pytest.raises(api_conf.ConfigurationError, match=r"http_basic_auth_user_file .*/none cannot be used"):
        auth.HttpBasic(str(tmp_path / "none"))


def test_a_file_with_another_hash_is_noticed_at_once(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "htpasswd"
    file.write_text("ann:$apr1$Y0rDvnzc$uGuDnWTWPTCTlpzQNpkJO/\n")
    with pytest.raises(api_conf.ConfigurationError, match="the hash from bcrypt"):
        auth.HttpBasic(str(file))
