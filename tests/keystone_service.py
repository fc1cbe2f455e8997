"""The service under a real Keystone, with a simulated cloud and simulated hosts."""

from __future__ import annotations

import contextlib
import pathlib
from collections.abc import Mapping

from senlin_container.domain import model
from senlin_container.drivers import cloud, fake
from senlin_container.specs import servers
from tests import standalone
from tests.lab import keystone as keystone_lab


class KeystoneService:
    """A service of its own for who made it: ``start`` it, and ``close`` it in the end.

    :param options: groups of the configuration file, besides those that make it what it is
    """

    def __init__(
        self,
        directory: pathlib.Path,
        keystone: keystone_lab.Keystone,
        options: Mapping[str, Mapping[str, object]] | None = None,
    ) -> None:
        given = dict(options or {})
        self.keystone = keystone
        self._simulated = directory / "simulated"
        self.standalone = standalone.Standalone(
            directory,
            {
                **given,
                "DEFAULT": {"cloud_backend": "simulated", **given.get("DEFAULT", {})},
                "api": {"auth_strategy": "keystone", **given.get("api", {})},
                "simulated": {"directory": self._simulated, **given.get("simulated", {})},
                "keystone_authtoken": keystone.authtoken(),
                "trustee": keystone.login(),
            },
        )
        self._apis: list[standalone.Api] = []

    @property
    def url(self) -> str:
        """Where the API is."""
        return self.standalone.url

    def start(self) -> None:
        """Start it, and have Keystone's catalog say where it is."""
        self.standalone.start()
        self.keystone.publish(self.url)

    def api(self, who: str | None) -> standalone.Api:
        """Return a client of one of ``keystone.PERSONAS``, or of nobody at all; it is closed with the service."""
        token = self.keystone.token(keystone_lab.PERSONAS[who]) if who is not None else None
        made = standalone.Api(self.url, token=token)
        self._apis.append(made)
        return made

    def server(self, name: str, project: str) -> str:
        """Make a server of a project that is no node, as its users do without this service; returns its id."""
        clouds = fake.SimulatedClouds(
            service="nobody", options=fake.SimulatedOptions(directory=str(self._simulated), build_time=0.0)
        )
        with contextlib.closing(clouds):
            owner = model.Owner(user="somebody", project=self.keystone.id("project", project))
            spec = servers.ServerSpec(name=name, flavor="1", image="cirros")
            request = cloud.ServerRequest(node_id="none", cluster_id=None, name=name, spec=spec)
            return clouds(owner).compute.create(request, resuming=False).id

    def close(self) -> None:
        """Leave nothing of it."""
        for api in self._apis:
            api.close()
        self.standalone.close()
