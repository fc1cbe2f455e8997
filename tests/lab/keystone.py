"""A real Keystone for tests: SQLite, Fernet tokens, a free port, and the people that the tests act as."""

from __future__ import annotations

import base64
import dataclasses
import os
import pathlib
import re
import secrets
import shutil
import subprocess
import tempfile
from typing import Any

import requests

from tests import environments

PASSWORD = "secret"
"""Everybody's."""

PROJECTS = ("alpha", "beta")
SERVICE_USER = "senlin"
"""The user of the service itself, in the project ``service``: it validates tokens and is the trustee."""

_HERE = pathlib.Path(__file__).parent
_READY = 60.0
_PREFIX = "senlin-container-keystone-"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """A user and where they act: in a project, in the system, or nowhere (an unscoped token)."""

    user: str
    project: str | None = None
    system: bool = False

    def options(self, auth_url: str) -> dict[str, str]:
        """Return what a client is told, in the words of clouds.yaml and of [keystone_authtoken]."""
        told = {
            "auth_url": auth_url,
            "username": self.user,
            "password": PASSWORD,
            "user_domain_name": "Default",
        }
        if self.project is not None:
            told |= {"project_name": self.project, "project_domain_name": "Default"}
        return told | ({"system_scope": "all"} if self.system else {})


PERSONAS = {
    **{
        f"{project}-{role}": Persona(user=f"{project}-{role}", project=project)
        for project in PROJECTS
        for role in ("reader", "member", "admin")
    },
    "system-admin": Persona(user="system-admin", system=True),
    "system-reader": Persona(user="system-reader", system=True),
    "nobody": Persona(user="nobody"),
}
"""All people: of each project a reader, a member and an admin; two of the system; and one who has no role at all."""

SERVICE = Persona(user=SERVICE_USER, project="service")


class Keystone:
    """A Keystone of its own for who made it. ``start`` before anything else, ``close`` in the end.

    ``stop`` ends the process and ``start`` starts it again, on the same port and with all that it knew.
    """

    def __init__(self) -> None:
        _sweep()
        self._directory = pathlib.Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        self.log = self._directory / "log"
        self._process: subprocess.Popen[str] | None = None
        self._port = 0
        self._ids: dict[str, str] = {}
        self._session = requests.Session()
        self._session.trust_env = False

    @property
    def url(self) -> str:
        """Where it is: the ``auth_url`` of clients."""
        return f"http://127.0.0.1:{self._port}/v3"

    def start(self) -> None:
        """Start it and wait until it answers."""
        config = self._directory / "keystone.conf"
        if not config.exists():
            self._configure(config)
        program = environments.programs("keystone", _HERE / "keystone.txt", "KEYSTONE_MANAGE") / "python"
        kept = {key: value for key, value in os.environ.items() if not re.match("(?i)OS_|PYTHON|.*_proxy$", key)}
        first = not self._port
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                [program, "-P", "-W", "ignore", _HERE / "keystone_process.py", config, str(self._port), PASSWORD],
                env=kept,
                stdin=subprocess.PIPE,  # it ends when nobody holds the other end any more
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"Keystone does not start: {self.log.read_text()[-4000:]}"
        self._port = int(line)
        if first:
            self._seed()

    def stop(self) -> None:
        """End it, as a crash would; it knows everything when it is started again."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def close(self) -> None:
        """End it and leave nothing of it."""
        self.stop()
        self._session.close()
        shutil.rmtree(self._directory)

    def login(self) -> dict[str, str]:
        """Return how the service logs in as itself, in the words of its configuration file."""
        return {"auth_type": "password", "region_name": "RegionOne", **SERVICE.options(self.url)}

    def authtoken(self) -> dict[str, str]:
        """Return what the service's [keystone_authtoken] says."""
        return self.login() | {"www_authenticate_uri": self.url, "service_token_roles_required": "true"}

    def token(self, persona: Persona) -> str:
        """Return a new token."""
        user = {"name": persona.user, "domain": {"id": "default"}, "password": PASSWORD}
        scope: Any = "unscoped"
        if persona.system:
            scope = {"system": {"all": True}}
        elif persona.project is not None:
            scope = {"project": {"name": persona.project, "domain": {"id": "default"}}}
        body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}}
        response = self._session.post(f"{self.url}/auth/tokens", json=body, timeout=_READY)
        assert response.status_code == 201, f"{persona}: {response.text}"
        return response.headers["X-Subject-Token"]

    def id(self, kind: str, name: str) -> str:
        """Return the id of a "user", "project" or "role" by its name."""
        return self._ids[f"{kind} {name}"]

    def ask(self, method: str, path: str, body: Any = None, *, token: str | None = None) -> Any:
        """Send a request that must be accepted, by the cloud's administrator unless told; returns what is answered."""
        response = self._session.request(
            method,
            self.url + path,
            json=body,
            headers={"X-Auth-Token": token or self.token(Persona(user="admin", system=True))},
            timeout=_READY,
        )
        assert response.status_code < 300, f"{method} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else None

    def publish(self, url: str, *, kind: str = "clustering") -> None:
        """Have the catalog say where a service is; what it said before is forgotten."""
        token = self.token(Persona(user="admin", system=True))
        for old in self.ask("GET", f"/services?type={kind}", token=token)["services"]:
            self.ask("DELETE", f"/services/{old['id']}", token=token)
        made = self.ask("POST", "/services", {"service": {"type": kind, "name": kind}}, token=token)
        for interface in ("public", "internal", "admin"):
            endpoint = {
                "service_id": made["service"]["id"],
                "interface": interface,
                "url": url,
                "region_id": "RegionOne",
            }
            self.ask("POST", "/endpoints", {"endpoint": endpoint}, token=token)

    def _configure(self, config: pathlib.Path) -> None:
        keys = self._directory / "keys"
        keys.mkdir(mode=0o700)
        for name in ("0", "1"):  # the next key and the one in use
            (keys / name).write_bytes(base64.urlsafe_b64encode(secrets.token_bytes(32)))
        config.write_text(
            f"[database]\nconnection = sqlite:///{self._directory}/keystone.db\n"
            f"[fernet_tokens]\nkey_repository = {keys}\n"
            f"[fernet_receipts]\nkey_repository = {keys}\n"
            f"[credential]\nkey_repository = {keys}\n"
            # as cheap as bcrypt gets: nobody is after these passwords
            "[identity]\npassword_hash_rounds = 4\nmax_password_length = 72\n"
        )

    def _seed(self) -> None:
        """Make the projects and the people."""
        token = self.token(Persona(user="admin", system=True))
        for role in self.ask("GET", "/roles", token=token)["roles"]:
            self._ids[f"role {role['name']}"] = role["id"]
        for project in (*PROJECTS, "service"):
            self._make("project", project, token)
        for persona in (*PERSONAS.values(), SERVICE):
            self._make("user", persona.user, token, password=PASSWORD)
            role = "service" if persona is SERVICE else persona.user.rpartition("-")[2]
            if persona.system:
                self._grant("/system", persona, role, token)
            elif persona.project is not None:
                self._grant(f"/projects/{self.id('project', persona.project)}", persona, role, token)

    def _make(self, kind: str, name: str, token: str, **attributes: str) -> None:
        made = self.ask("POST", f"/{kind}s", {kind: {"name": name, "domain_id": "default", **attributes}}, token=token)
        self._ids[f"{kind} {name}"] = made[kind]["id"]

    def _grant(self, where: str, persona: Persona, role: str, token: str) -> None:
        user = self.id("user", persona.user)
        self.ask("PUT", f"{where}/users/{user}/roles/{self.id('role', role)}", token=token)


def _sweep() -> None:
    """Clear away what test runs have left that were killed; their processes have ended with them."""
    for directory in pathlib.Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        pid = directory.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdigit() and not pathlib.Path(f"/proc/{pid}").exists():
            shutil.rmtree(directory, ignore_errors=True)
