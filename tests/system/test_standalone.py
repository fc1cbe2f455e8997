"""senlin-container-standalone and the commands beside it, as their operator meets them."""

from __future__ import annotations

import pathlib
import socket
import sqlite3
import stat
import time
from collections.abc import Callable
from typing import Any

import bcrypt
import pytest
import requests

from senlin_container.drivers import fake, ports
from tests import certificates, standalone

SIMULATED = "sim://one?cpus=64&memory=65536"
SECRET = "a-secret-that-nobody-may-see"

NewService = Callable[..., standalone.Standalone]
NewApi = Callable[..., standalone.Api]


def growing(service: standalone.Standalone, api: standalone.Api, size: int) -> standalone.Answer:
    """Bring a cluster of simulated containers into the middle of its growth; returns the answer to the request."""
    api.host("one", endpoint=SIMULATED)
    profile = api.container("web", host_node="one")
    answer = api.ask(
        "POST", "/v1/clusters", {"cluster": {"name": "web", "profile_id": profile["id"], "desired_capacity": size}}
    )
    standalone.wait_until("some containers are there", lambda: containers(service) > size // 8)
    return answer


def containers(service: standalone.Standalone) -> int:
    """Count the containers of the simulated host, whoever made them."""
    engine = fake.SimulatedHost(
        ports.Endpoint(url=SIMULATED),
        service="observer",
        options=fake.SimulatedOptions(directory=str(service.state / "simulated")),
    )
    try:
        return engine.info().containers
    finally:
        engine.close()


def at_work(service: standalone.Standalone) -> int:
    """Count the actions that belong to an engine."""
    with sqlite3.connect(service.state / "senlin-container.db") as database:
        (count,) = database.execute("SELECT count(*) FROM actions WHERE engine IS NOT NULL").fetchone()
    database.close()
    return int(count)


def assert_whole(service: standalone.Standalone, api: standalone.Api, size: int) -> None:
    """Assert that the cluster has its size, each node a container of its own, and the host no other."""
    cluster = api.get("/v1/clusters/web")
    assert cluster["status"] == "ACTIVE", cluster["status_reason"]
    nodes = api.nodes("web")
    assert [node["status"] for node in nodes] == ["ACTIVE"] * size
    assert len({node["physical_id"] for node in nodes}) == size
    assert containers(service) == size


def test_it_ends_in_order_on_sigterm_and_goes_on_when_it_is_started_again(
    new_service: NewService, new_api: NewApi
) -> None:
    service = new_service(simulated={"latency": 0.2}, engine={"threads": 4})
    service.start()
    answer = growing(service, new_api(service), 60)
    assert service.stop() == 0
    before = containers(service)
    assert 0 < before < 60
    assert at_work(service) == 0
    assert "Traceback" not in service.log.read_text()
    service.start()
    api = new_api(service)
    api.succeed(answer)
    assert_whole(service, api, 60)
    assert "were left at work" not in service.log.read_text()


def test_it_ends_in_time_although_a_host_hangs(new_service: NewService, new_api: NewApi) -> None:
    service = new_service(engine={"stop_timeout": 1}, simulated={"call_timeout": 60})
    service.start()
    api = new_api(service)
    api.host("one", endpoint=SIMULATED)
    profile = api.container("web", host_node="one")
    hang = service.state / "simulated" / "one.hang"
    hang.touch()
    answer = api.ask(
        "POST", "/v1/clusters", {"cluster": {"name": "web", "profile_id": profile["id"], "desired_capacity": 5}}
    )
    standalone.wait_until("calls hang", lambda: at_work(service) > 0)
    begun = time.monotonic()
    assert service.stop() == 0
    assert time.monotonic() - begun < 10.0
    assert at_work(service) == 0
    hang.unlink()
    begun = time.monotonic()
    service.start()  # nothing of the first one is left in its way
    api = new_api(service)
    api.succeed(answer)
    assert time.monotonic() - begun < 30.0
    assert_whole(service, api, 5)


def test_no_web_page_of_others_is_answered(new_service: NewService) -> None:
    service = new_service()
    service.start()
    port = service.url.rpartition(":")[2]
    for headers, status in (
        ({}, 200),
        ({"Host": f"localhost:{port}"}, 200),
        ({"Host": f"[::1]:{port}"}, 200),
        ({"Origin": f"http://localhost:{port}"}, 200),
        ({"Host": f"evil.example:{port}"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ):
        answer = requests.get(f"{service.url}/v1/clusters", headers=headers, timeout=30)
        assert answer.status_code == status, (headers, answer.text)


def test_it_goes_on_where_it_was_killed(new_service: NewService, new_api: NewApi) -> None:
    service = new_service(simulated={"latency": 0.1}, engine={"threads": 8})
    service.start()
    answer = growing(service, new_api(service), 60)
    service.kill()
    assert 0 < containers(service) < 60
    assert at_work(service) > 0
    service.start()
    service.kill()
    service.start()
    api = new_api(service)
    api.succeed(answer)
    assert_whole(service, api, 60)
    api.act("clusters/web", "resize", adjustment_type="EXACT_CAPACITY", number=5)
    assert_whole(service, api, 5)
    api.delete("clusters/web")
    assert containers(service) == 0


def test_a_second_one_on_the_same_state_is_refused(new_service: NewService, new_api: NewApi) -> None:
    service = new_service()
    service.start()
    second = standalone.run("standalone", "--config-file", service.config)
    assert second.returncode == 1
    assert f"Another service runs on the state directory '{service.state}'" in second.stderr
    assert "Traceback" not in second.stderr
    assert new_api(service).get("/v1/build-info")


def test_a_port_that_is_taken_is_named(new_service: NewService) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        service = new_service(api={"port": port})
        done = standalone.run("standalone", "--config-file", service.config)
    assert done.returncode == 1
    assert f"The API cannot listen on 127.0.0.1 port {port}" in done.stderr
    assert "[api] host and port" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"api": {"host": "0.0.0.0"}}, ("[api] host is 0.0.0.0", "auth_strategy is noauth")),
        ({"api": {"host": "0.0.0.0", "auth_strategy": "http_basic"}}, ("http_basic_auth_user_file",)),
        ({"api": {"auth_strategy": "guess"}}, ("auth_strategy", "guess")),
        ({"api": {"port": "many"}}, ("port", "many")),
        ({"api": {"ssl_cert_file": "/nowhere"}}, ("ssl_key_file",)),
        ({"DEFAULT": {"state_path": "/proc/nowhere"}}, ("'/proc/nowhere'", "state_path")),
        ({"database": {"connection": "nonsense"}}, ("[database] connection",)),
        ({"database": {"connection": "sqlite:////proc/nowhere/x.db"}}, ("'/proc/nowhere'", "[database] connection")),
    ],
    ids=["noauth", "no-users", "strategy", "port", "no-key", "state", "no-url", "database"],
)
def test_what_cannot_be_used_is_named(new_service: NewService, options: dict[str, Any], told: tuple[str, ...]) -> None:
    service = new_service(**options)
    done = standalone.run("standalone", "--config-file", service.config)
    assert done.returncode == 1
    for words in told:
        assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_that_is_none_is_named(new_service: NewService) -> None:
    service = new_service()
    service.state.mkdir(mode=0o700)
    (service.state / "senlin-container.db").write_text("not what you think " * 100)
    done = standalone.run("standalone", "--config-file", service.config)
    assert done.returncode == 1
    assert "The database cannot be used" in done.stderr
    assert "file is not a database" in done.stderr
    assert "Traceback" not in done.stderr


def test_passwords_are_asked_for(new_service: NewService, new_api: NewApi, tmp_path: pathlib.Path) -> None:
    users = tmp_path / "users"
    users.write_text(f"ann:{bcrypt.hashpw(b'right', bcrypt.gensalt(4)).decode()}\n")
    service = new_service(api={"auth_strategy": "http_basic", "http_basic_auth_user_file": users})
    service.start()
    assert new_api(service, user=("ann", "right")).send("GET", "/v1/clusters").status == 200
    for api in (new_api(service), new_api(service, user=("ann", "wrong")), new_api(service, user=("bob", "right"))):
        assert api.send("GET", "/v1/clusters").status == 401
        assert api.send("POST", "/v1/clusters", {"cluster": {}}).status == 401
        assert api.send("GET", "/").status == 300
    assert "right" not in service.log.read_text()


def test_tls_is_served(new_service: NewService, new_api: NewApi, tmp_path: pathlib.Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    made = certificates.self_signed("127.0.0.1")
    cert.write_text(made.cert)
    key.write_text(made.key)
    service = new_service(api={"ssl_cert_file": cert, "ssl_key_file": key})
    service.start()
    api = new_api(service, ca=cert)
    assert api.get("/v1/clusters") == []
    document = api.send("GET", "/").document
    assert document["versions"][0]["links"][0]["href"] == f"{service.url}/v1"


def test_secrets_stay_secret(new_service: NewService, new_api: NewApi) -> None:
    service = new_service(DEFAULT={"debug": "true"})
    service.start()
    api = new_api(service)
    made = certificates.self_signed("127.0.0.1")
    # what is not a key but was meant to be one is a secret too
    bad = f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----\n"
    for name, key in (("good", made.key), ("bad", bad)):
        tls = {"ca_cert": made.cert, "client_cert": made.cert, "client_key": key}
        profile = api.profile(name, "container.host.endpoint-1.0", endpoint="tcp://127.0.0.1:9", tls=tls)
        assert profile["spec"]["properties"]["tls"]["client_key"] == "******"
        answer = api.ask("POST", "/v1/nodes", {"node": {"name": name, "profile_id": profile["id"]}})
        assert api.end(answer)["status"] == "FAILED"
    api.host("one", endpoint=SIMULATED)
    web = api.container("web", host_node="one", environment={"PASSWORD": SECRET})
    broken = api.container("broken", host_node="one", environment={"PASSWORD": SECRET}, image="missing/image")
    for profile, status in ((web, "SUCCEEDED"), (broken, "FAILED")):
        answer = api.ask("POST", "/v1/nodes", {"node": {"name": profile["name"], "profile_id": profile["id"]}})
        assert api.end(answer)["status"] == status
    api.act("nodes/web", "check")
    api.act("nodes/web", "recover")
    refused = [
        {"environment": {"PASSWORD": {"deep": SECRET}}},
        {"environment": SECRET},
        {"environment": {f"PASSWORD={SECRET}": "x"}},
        {"environment": {"PASSWORD": f"{SECRET}\x00"}},
    ]
    said = []
    for properties in refused:
        spec = {
            "type": "container.dockerinc.docker",
            "version": "1.1",
            "properties": {"image": "x", "host_node": "one", **properties},
        }
        answer = api.send("POST", "/v1/profiles", {"profile": {"name": "refused", "spec": spec}})
        assert answer.status == 400, answer.document
        said.append(str(answer.document))
    for kind in ("nodes", "actions", "events", "clusters"):
        said += [
            str(api.get(f"/v1/{kind}/{item['id']}?{'show_details=true' if kind == 'nodes' else ''}"))
            for item in api.get(f"/v1/{kind}")
        ]
    environment = [str(profile["spec"]) for profile in api.get("/v1/profiles") if profile["name"] in ("web", "broken")]
    assert len(environment) == 2  # who made the profile may read it again
    keys = [str(profile["spec"]) for profile in api.get("/v1/profiles") if profile["name"] in ("good", "bad")]
    assert service.stop() == 0
    key_lines = made.key.splitlines()[1:-1]
    for place in (*said, *keys, service.log.read_text()):
        assert SECRET not in place
        assert not any(line in place for line in key_lines)
    kept = b"".join(file.read_bytes() for file in service.state.rglob("*") if file.is_file())
    assert not any(line.encode() in kept for line in key_lines)
    assert b"secret.key" not in kept


def test_its_files_are_its_own(new_service: NewService, new_api: NewApi) -> None:
    service = new_service()
    service.start()
    new_api(service).host("one", endpoint=SIMULATED)
    assert stat.S_IMODE(service.state.stat().st_mode) == 0o700
    assert stat.S_IMODE((service.state / "secret.key").stat().st_mode) == 0o600
    service.stop()
    # where the directory was made by somebody else, its files must not be for everybody's eyes
    for file in service.state.rglob("*"):
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file
