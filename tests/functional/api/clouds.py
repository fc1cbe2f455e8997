"""The API behind a real Keystone, in this process."""

from __future__ import annotations

import pathlib
from typing import Any

import webob
from oslo_config import cfg

from senlin_container import conf as options
from senlin_container.api import app, versions
from senlin_container.usecases import commands, queries
from tests.functional.api import conftest
from tests.lab import keystone as keystone_lab


def write_options(directory: pathlib.Path, keystone: keystone_lab.Keystone, **changes: str) -> pathlib.Path:
    """Write the configuration file of a service behind Keystone; ``changes`` are of [keystone_authtoken]."""
    file = directory / "service.conf"
    trustee = {"auth_type": "password", **keystone_lab.SERVICE.options(keystone.url)}
    groups = {
        "api": {"auth_strategy": "keystone"},
        "keystone_authtoken": keystone.authtoken() | changes,
        "trustee": trustee,
    }
    lines = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in of.items()) for group, of in groups.items()
    ]
    file.write_text("\n".join(lines))
    return file


def read(file: pathlib.Path) -> cfg.ConfigOpts:
    """Read a configuration file."""
    conf = cfg.ConfigOpts()
    options.register(conf)
    conf(["--config-file", str(file)], project="none")
    return conf


class Cloud:
    """The API behind Keystone, and tokens of all people."""

    def __init__(
        self, api: conftest.Api, keystone: keystone_lab.Keystone, tokens: dict[str, str], file: pathlib.Path
    ) -> None:
        self.api = api
        self.keystone = keystone
        self._tokens = tokens
        self.conf = read(file)
        self.build()

    def build(self) -> None:
        """Put the application together, after a change of the parts."""
        parts = self.api.parts
        self.application = app.build(self.conf, commands.Commands(parts), queries.Queries(parts))

    def token(self, who: str) -> str:
        """Return a token of somebody."""
        if who not in self._tokens:
            self._tokens[who] = self.keystone.token(keystone_lab.PERSONAS[who])
        return self._tokens[who]

    def send(self, who: str | None, method: str, path: str, body: Any = None, **kwargs: Any) -> webob.Response:
        """Send a request of somebody; of nobody known when ``who`` is None."""
        headers = {"X-Auth-Token": self.token(who)} if who else {}
        headers |= kwargs.pop("headers", {})
        version = kwargs.pop("version", versions.render(versions.MAXIMUM))
        return self.api.send(
            method, path, body, headers=headers, version=version, application=self.application, **kwargs
        )

    def get(self, who: str, path: str) -> Any:
        """Return what somebody sees at a path."""
        response = self.send(who, "GET", path)
        assert response.status_int == 200, response.text
        return response.json

    def make(self, who: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Create something; returns it."""
        response = self.send(who, "POST", path, body)
        assert response.status_int in (201, 202), response.text
        (value,) = response.json.values()
        made: dict[str, Any] = value
        return made
