"""The whole API over a real database."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
import webob
from cryptography import fernet
from oslo_config import cfg

from senlin_container.api import app
from senlin_container.domain import model
from senlin_container.store import clusters, history, policies, schema, secrets, session, tables
from senlin_container.usecases import commands, context, queries, records
from tests import conforming, databases

Rows = dict[str, list[tuple[Any, ...]]]


class Api:
    """An API, its database, and a clock that stands still unless another is given."""

    def __init__(self, url: str, *, clock: Callable[[], float] | None = None) -> None:
        self.now = 1795159620.0
        self.nudges = 0
        self.on_nudge: Callable[[], object] = lambda: None
        self.database = session.connect(url)
        self.parts = context.Parts(
            database=self.database,
            box=secrets.Box([fernet.Fernet.generate_key()]),
            clock=clock or (lambda: self.now),
            nudge=self._nudge,
        )
        self.application = self.build()

    def build(self, **options: Any) -> Any:
        """Return an application over the same database with other options."""
        conf = cfg.ConfigOpts()
        conf([], project="none", default_config_files=[])
        # Options can be overridden only after they are registered, which the application does itself.
        application = app.build(conf, commands.Commands(self.parts), queries.Queries(self.parts))
        if not options:
            return application
        for name, value in options.items():
            conf.set_override(name, value, group="api")
        return app.build(conf, commands.Commands(self.parts), queries.Queries(self.parts))

    def _nudge(self) -> None:
        self.nudges += 1
        self.on_nudge()

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        version: str | None = "1.14",
        headers: dict[str, str] | None = None,
        application: Any = None,
        environ: dict[str, Any] | None = None,
    ) -> webob.Response:
        """Send a request and return the answer."""
        sent = {"OpenStack-API-Version": f"clustering {version}"} if version else {}
        if body is not None:
            raw = json.dumps(body).encode()
        if raw is not None:
            sent["Content-Type"] = "application/json"
        request = webob.Request.blank(path, method=method, headers=sent | (headers or {}), environ=environ)
        if raw is not None:
            request.body = raw
        response = request.get_response(application or self.application)
        conforming.check(method, path, raw or b"", response)
        return response

    def get(self, path: str, **kwargs: Any) -> Any:
        """Return the document at a path."""
        response = self.send("GET", path, **kwargs)
        assert response.status_int == 200, response.text
        return response.json

    def make(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Create something and return it."""
        response = self.send("POST", path, body)
        assert response.status_int in (201, 202), response.text
        (value,) = response.json.values()
        made: dict[str, Any] = value
        return made

    def attach(self, cluster: str, policy_id: str, *, priority: int = 100) -> None:
        """Attach a policy as the engine does it."""
        cluster_id = self.get(f"/v1/clusters/{cluster}")["cluster"]["id"]
        binding = model.Binding(
            id=self.parts.new_id(), cluster_id=cluster_id, policy_id=policy_id, enabled=True, priority=priority
        )
        self.database.write(policies.attach, binding)

    def tell(self, cluster: str) -> None:
        """Record an event of a cluster."""
        event = records.event(
            id_=self.parts.new_id(),
            about=self.database.read(clusters.find, "default", cluster)[0],
            action="CLUSTER_CREATE",
            status="start",
            reason="",
            level="INFO",
            now=self.now,
        )
        self.database.write(history.record, [event])

    def rows(self) -> Rows:
        """Return all that the database holds."""
        with self.database.engine.connect() as connection:
            return {
                table.name: sorted((tuple(row) for row in connection.execute(sa.select(table))), key=repr)
                for table in tables.Base.metadata.sorted_tables
            }


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A database with its schema and nothing in it."""
    file = tmp_path_factory.mktemp("database") / "empty.db"
    database = session.connect(f"sqlite:///{file}")
    schema.sync(database)
    database.close()
    return file


@pytest.fixture
def api(empty_database: pathlib.Path, tmp_path: pathlib.Path) -> Iterator[Api]:
    """An API over a database of its own, to whose users everything is allowed."""
    made = Api(databases.copy(empty_database, tmp_path))
    yield made
    made.database.close()


HOST_SPEC = {
    "type": "container.host.endpoint",
    "version": "1.0",
    "properties": {"endpoint": "sim://h1?cpus=8&memory=16384"},
}


@pytest.fixture
def stocked(api: Api) -> Api:
    """An API with a cluster ``hosts``, a profile ``web`` of containers on it, a cluster ``c`` and a node ``n``.

    A policy is called ``c`` too; it is attached to the cluster.
    """
    api.make("/v1/profiles", {"profile": {"name": "host", "spec": HOST_SPEC}})
    api.make("/v1/clusters", {"cluster": {"name": "hosts", "profile_id": "host"}})
    spec = {
        "type": "container.dockerinc.docker",
        "version": "1.1",
        "properties": {"image": "busybox", "host_cluster": "hosts"},
    }
    api.make("/v1/profiles", {"profile": {"name": "web", "spec": spec}})
    api.make("/v1/clusters", {"cluster": {"name": "c", "profile_id": "web", "max_size": 10}})
    api.make("/v1/nodes", {"node": {"name": "n", "profile_id": "web"}})
    scaling = {
        "type": "senlin.policy.scaling",
        "version": "1.0",
        "properties": {"event": "CLUSTER_SCALE_OUT", "adjustment": {"cooldown": 60}},
    }
    policy = api.make("/v1/policies", {"policy": {"name": "c", "spec": scaling}})
    api.attach("c", policy["id"])
    api.tell("c")
    return api
