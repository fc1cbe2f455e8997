"""What was recorded of the service whose API this is, lived again: with a real Keystone and a simulated cloud.

Statuses, headers, keys, types, and values where a request decides them are compared. In what ours differs on purpose
is listed below, with the reason; an entry that is not needed any more fails the test.
"""

from __future__ import annotations

import contextlib
import json
import pathlib
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests import keystone_service, recordings
from tests.lab import keystone as keystone_lab

ROLES = {
    "member": keystone_lab.PERSONAS["alpha-member"],
    "admin": keystone_lab.PERSONAS["alpha-admin"],
    "none": None,
}
HISTORY = ("/v1/actions", "/v1/events")
"""Where the answers tell what happened, and when."""

SPARED = 320
"""Where the session looked for a node that a policy had destroyed: see CLI_KEPT. We destroy it ourselves then."""

PATIENCE = 60.0
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_LATEST = "our additions make another version the latest"
_TYPES = "our own types are listed, too"
_DESCRIBED = "ours describes what the published schema does not"
_SERVER = "the recorded cloud had one answer for every server; ours shows the server that was asked for"
_MISTAKE = "a spec that breaks its schema is the user's mistake"
_STAYS = "there, a deletion policy destroyed the node that was taken out of its cluster; here it stays"

KEPT = (
    recordings.Kept(
        cases=("versions", "version v1", "version v1 slash"),
        where=r"body\.versions?(\[\])?\.max_version",
        ours=r"1\.15",
        reason=_LATEST,
    ),
    recordings.Kept(
        cases=("version v1", "version v1 slash"),
        where=r"body\.version\.links\[\]\.href",
        ours="http://ENDPOINT/v1$",
        reason="the recorded link led to /v1/v1, where nothing is",
    ),
    recordings.Kept(
        cases=("version latest",),
        where="header openstack-api-version",
        ours=r"clustering 1\.15",
        reason=_LATEST,
    ),
    recordings.Kept(
        cases=("version too high",),
        where="message",
        reason=_LATEST,
    ),
    recordings.Kept(
        cases=tuple(f"profile types at {version}" for version in ("1.0", "1.4", "1.5", "1.14")),
        where=r"body\.profile_types names",
        reason=_TYPES,
    ),
    recordings.Kept(
        cases=("profile type container.dockerinc.docker-1.0", "ops of container.dockerinc.docker-1.0"),
        where=r".*\.(port|wait_time) keys",
        reason="a port and a number of seconds have bounds, and we say so",
    ),
    recordings.Kept(
        cases=tuple(f"policy type {name}" for name in ("deletion-1.0", "deletion-1.1"))
        + tuple(f"policy type health-{version}" for version in ("1.0", "1.1", "1.2")),
        where=r".*\.(params|options) keys",
        reason=_DESCRIBED,
    ),
    recordings.Kept(cases=("node get with details",), where=r"body\.node\.details.*", reason=_SERVER),
    recordings.Kept(
        cases=("no token", "unknown path", "version malformed", "webhook without V"),
        where="body",
        reason="these errors had other bodies than all the rest; with us all are alike",
    ),
    recordings.Kept(
        cases=("method not allowed",),
        where="status",
        ours="405",
        reason="405 with Allow, where the recorded service had a 404",
    ),
    recordings.Kept(
        cases=("profile create unknown property", "cluster op unknown", "node op unknown"),
        where="message",
        reason="ours tells what would be right",
    ),
    recordings.Kept(cases=("action cancel ended",), where="message", reason="the statuses come in another order"),
    recordings.Kept(cases=("policy create bad property",), where="status", ours="400", reason=_MISTAKE),
    recordings.Kept(
        cases=("node adopt preview unknown",),
        where="status",
        ours="404",
        reason="what is not there is a 404 and no failure of the service",
    ),
    recordings.Kept(
        cases=("members del non member",), where="message", ours="Nodes not members of specified", reason=_STAYS
    ),
    recordings.Kept(cases=("members replace", "node leftovers"), where="status", ours="202", reason=_STAYS),
    recordings.Kept(cases=("members replace", "node leftovers"), where="end", ours="SUCCEEDED", reason=_STAYS),
)
"""In what ours differs on purpose from the recorded life of every resource."""

CLI_KEPT = (
    recordings.Kept(cases=("GET /",), where=r"body\.versions\[\]\.max_version", ours=r"1\.15", reason=_LATEST),
    recordings.Kept(cases=("3 GET /v1/profile-types",), where=r"body\.profile_types names", reason=_TYPES),
    recordings.Kept(
        cases=("11 GET /v1/policy-types/senlin.policy.deletion-1.1",), where=r".*\.params keys", reason=_DESCRIBED
    ),
    recordings.Kept(
        cases=("30 GET /v1/clusters/ID",), where=r"body\.cluster\.nodes", reason="here, the creation was awaited"
    ),
    recordings.Kept(cases=("150 POST /v1/policies",), where="status", ours="400", reason=_MISTAKE),
    recordings.Kept(
        cases=("226 PATCH /v1/receivers/ID", "227 GET /v1/receivers/ID", "229 GET /v1/receivers/cli30769-r2"),
        where=r"body\.receiver\.channel\.alarm_url",
        reason="the address shows the parameters that the receiver has, and not those that it was made with",
    ),
    recordings.Kept(
        cases=("274 GET /v1/nodes/cli30769-n?show_details=True",), where=r"body\.node\.details.*", reason=_SERVER
    ),
    recordings.Kept(cases=("320 GET /v1/nodes/cli30769-nn",), where="status", ours="200", reason=_STAYS),
    recordings.Kept(
        cases=("358 GET /v1/clusters?name=cli30769-c&global_project=False",),
        where=r"body\.clusters",
        reason="here, the deletion was awaited",
    ),
)
"""In what ours differs on purpose from the recorded session of the client."""


class Service:
    """The service under Keystone, and whoever speaks to it."""

    def __init__(self, directory: pathlib.Path, keystone: keystone_lab.Keystone) -> None:
        self._service = keystone_service.KeystoneService(directory / "service", keystone)
        self._service.start()
        self._tokens = {role: keystone.token(persona) for role, persona in ROLES.items() if persona is not None}
        self._session = requests.Session()
        self._session.trust_env = False

    def close(self) -> None:
        """Leave nothing of it."""
        self._session.close()
        self._service.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        raw: str | None = None,
        version: str | None = "1.14",
        role: str = "member",
    ) -> recordings.Answer:
        """Send a request; the service's own address is ENDPOINT in what it says."""
        headers = {}
        if version is not None:
            headers["OpenStack-API-Version"] = f"clustering {version}"
        if role in self._tokens:
            headers["X-Auth-Token"] = self._tokens[role]
        if body is not None:
            raw = json.dumps(body)
        if raw is not None:
            headers["Content-Type"] = "application/json"
        response = self._session.request(
            method, self._service.url + path, data=raw, headers=headers, timeout=PATIENCE, allow_redirects=False
        )
        host = self._service.url.rpartition("/")[2]
        return recordings.Answer(
            status=response.status_code,
            headers={name.lower(): value.replace(host, "ENDPOINT") for name, value in response.headers.items()},
            body=json.loads(response.text.replace(host, "ENDPOINT")) if response.content else None,
        )

    def ended(self, answer: recordings.Answer) -> dict[str, Any]:
        """Wait for the end of the action that an answer refers to and return it."""
        path = answer.headers["location"].removeprefix("http://ENDPOINT")
        until = time.monotonic() + PATIENCE
        while True:
            action: dict[str, Any] = self.send("GET", path).body["action"]
            if action["status"] in ("SUCCEEDED", "FAILED", "CANCELLED"):
                return action
            assert time.monotonic() < until, f"{action['name']}: {action['status']} {action['status_reason']}"
            time.sleep(0.02)


@pytest.fixture
def service(tmp_path: pathlib.Path, keystone: keystone_lab.Keystone) -> Iterator[Service]:
    with contextlib.closing(Service(tmp_path, keystone)) as made:
        yield made


def filled(value: Any, variables: dict[str, str]) -> Any:
    """Return a value with ``${name}`` replaced."""
    return json.loads(re.sub(r"\$\{(\w+)\}", lambda found: variables[found[1]], json.dumps(value)))


def saved(document: Any, path: str) -> str:
    """Return what is at a place in a document, or what finds nothing where an answer has no such place."""
    try:
        for part in path.split("."):
            document = document[int(part)] if part.isdigit() else document[part]
    except (LookupError, TypeError):
        return f"no-{path}"
    return str(document)


def recorded(response: dict[str, Any]) -> recordings.Answer:
    return recordings.Answer(status=response["status"], headers=response["headers"], body=response["body"])


def test_the_recorded_life_of_every_resource(service: Service) -> None:
    steps = recordings.load()
    assert len(steps) == 206
    known = recordings.types(recordings.bodies())
    variables = {"run": "fff6ad"}  # as recorded, so that names are the same
    differences: list[recordings.Difference] = []
    for step in steps:
        theirs = recorded(step["response"])
        ours = service.send(
            step["method"],
            filled(step["path"], variables),
            body=filled(step.get("body"), variables),
            raw=step.get("raw"),
            version=step.get("version"),
            role=step.get("as", "member"),
        )
        differences += compared(step["case"], step["path"], theirs, ours, changing=HISTORY, known=known)
        for name, path in (step.get("save") or {}).items():
            variables[name] = saved(ours.body, path)
        if "location" in ours.headers:
            ended = service.ended(ours)["status"]
            if ended != step.get("action_ended", ended):
                differences.append(
                    recordings.Difference(case=step["case"], where="end", theirs=step["action_ended"], ours=ended)
                )
    recordings.assert_kept(differences, KEPT)


def compared(
    case: str,
    path: str,
    theirs: recordings.Answer,
    ours: recordings.Answer,
    *,
    changing: tuple[str, ...],
    known: recordings.Types,
) -> Iterator[recordings.Difference]:
    """Compare two answers: what happened when is every run's own, and so is an order that was not asked for."""
    values = not path.startswith(changing)
    return recordings.compare(case, theirs, ours, values=values, order="sort=" in path, elsewhere=known)


class Ids:
    """What the ids of a recorded session are in ours, learnt from answers to the same questions."""

    def __init__(self) -> None:
        self._ours: dict[str, str] = {}

    def learn(self, theirs: Any, ours: Any) -> None:
        """Take notice of the ids in two documents of the same form."""
        if isinstance(theirs, dict) and isinstance(ours, dict):
            for key in set(theirs) & set(ours):
                self.learn(theirs[key], ours[key])
        elif isinstance(theirs, list) and isinstance(ours, list):
            for pair in zip(theirs, ours, strict=False):
                self.learn(*pair)
        elif isinstance(theirs, str) and isinstance(ours, str):
            for pair in zip(_ID.findall(theirs), _ID.findall(ours), strict=False):
                self._ours.update([pair])  # the latest is what a list has at this place now

    def ours(self, text: str) -> str:
        """Return a text with our ids in the place of theirs, whole or shortened."""
        for theirs, ours in self._ours.items():
            text = text.replace(theirs, ours).replace(theirs[:13], ours[:13])
        return text


def test_the_recorded_session_of_the_public_client(service: Service) -> None:
    """Actions are awaited as soon as they are accepted: what the client asked while it waited is asked of the end."""
    ids = Ids()
    differences: list[recordings.Difference] = []
    exchanges = recordings.session()
    assert len(exchanges) == 387
    known = recordings.types(recordings.bodies())
    for number, exchange in enumerate(exchanges):
        request, theirs = exchange["request"], recorded(exchange["response"])
        ours = service.send(
            request["method"],
            ids.ours(request["path"]),
            body=json.loads(ids.ours(json.dumps(request["body"]))),
            version=request["headers"].get("openstack-api-version", "").removeprefix("clustering ") or None,
        )
        asked = f"{request['method']} {_ID.sub('ID', request['path'])}"
        case = asked if asked == "GET /" else f"{number} {asked}"  # the client asks that before everything else
        # how far the client's clusters were when it asked is not decided by what it had asked for
        changing = (*HISTORY, "/v1/clusters", "/v1/nodes")
        differences += compared(case, request["path"], theirs, ours, changing=changing, known=known)
        ids.learn(theirs.body, ours.body)
        ids.learn(theirs.headers.get("location"), ours.headers.get("location"))
        if "location" in ours.headers:
            service.ended(ours)
        if number == SPARED:
            service.ended(service.send("DELETE", request["path"]))
    recordings.assert_kept(differences, CLI_KEPT)
