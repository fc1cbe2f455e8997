"""What is Docker's own: ways to connect, certificates, pulls, an engine that goes away."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import http.server
import logging
import pathlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from senlin_container.drivers import docker, ports
from tests.contract import engines
from tests.lab import docker_hosts, ssh_server

lab_test = pytest.mark.lab


def driver(endpoint: ports.Endpoint, **options: Any) -> docker.DockerHost:
    return docker.DockerHost(endpoint, service="ours", options=docker.DockerOptions(**options))


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class TestEndpoint:
    @pytest.mark.parametrize(
        ("url", "complaint"),
        [
            ("tcp://10.0.0.1:2375", r"no TLS.*allow_insecure_tcp"),
            ("unix://relative", "expected unix:///PATH"),
            ("http://10.0.0.1", "expected unix"),
            ("tcp://10.0.0.1:70000", "between 1 and 65535"),
            ("tcp://", "expected tcp://HOST"),
            ("tcp://10.0.0.1/path", "nothing after it"),
            ("ssh://", "expected ssh://HOST"),
        ],
    )
    def test_bad_is_refused(self, url: str, complaint: str) -> None:
        with pytest.raises(ports.Permanent, match=complaint):
            driver(ports.Endpoint(url=url))

    def test_password_is_refused_and_not_repeated(self) -> None:
        with pytest.raises(ports.Permanent, match="no password") as refusal:
            driver(ports.Endpoint(url="ssh://root:hush@10.0.0.1"))

        assert "hush" not in refusal.value.message

    def test_bad_certificates_are_refused(self) -> None:
        tls = ports.Tls(ca="nonsense", cert="nonsense", key="hush-hush")

        with pytest.raises(ports.Permanent, match="ca_cert is not a PEM certificate") as refusal:
            driver(ports.Endpoint(url="tcp://10.0.0.1", tls=tls))

        assert "hush-hush" not in f"{refusal.value!r} {tls!r}"

    def test_insecure_tcp_is_warned_of(self, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.WARNING):
            driver(ports.Endpoint(url="tcp://10.0.0.1"), allow_insecure_tcp=True).close()

        assert "is used without TLS" in caplog.text


class TestSilentHost:
    @pytest.mark.parametrize("scheme", ["tcp", "ssh", "unix"])
    def test_unreachable_is_known_at_the_call(self, scheme: str, tmp_path: pathlib.Path) -> None:
        known_hosts = tmp_path / "known_hosts"
        known_hosts.touch()
        place = f"{tmp_path}/none.sock" if scheme == "unix" else f"127.0.0.1:{closed_port()}"
        host = driver(
            ports.Endpoint(url=f"{scheme}://{place}"), allow_insecure_tcp=True, ssh_known_hosts=str(known_hosts)
        )

        with pytest.raises(ports.Retry, match=f"host '{scheme}://{place}' does not answer"):
            host.info()

    @pytest.mark.parametrize("scheme", ["tcp", "ssh", "unix"])
    def test_that_takes_connections_only(self, scheme: str, tmp_path: pathlib.Path) -> None:
        known_hosts = tmp_path / "known_hosts"
        known_hosts.touch()
        family = socket.AF_UNIX if scheme == "unix" else socket.AF_INET
        with socket.socket(family) as listener:
            listener.bind(str(tmp_path / "sock") if scheme == "unix" else ("127.0.0.1", 0))
            listener.listen(50)
            place = tmp_path / "sock" if scheme == "unix" else f"127.0.0.1:{listener.getsockname()[1]}"
            host = driver(
                ports.Endpoint(url=f"{scheme}://{place}"),
                allow_insecure_tcp=True,
                ssh_known_hosts=str(known_hosts),
                connect_timeout=0.5,
                query_timeout=0.5,
            )
            begin = time.monotonic()
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                for call in [pool.submit(host.list) for _ in range(4)]:
                    with pytest.raises(ports.Retry, match="does not answer"):
                        call.result()
            assert time.monotonic() - begin < 3
            host.close()


class Answers(http.server.BaseHTTPRequestHandler):
    """Gives one answer to everything."""

    protocol_version = "HTTP/1.1"
    answer = b"{}"
    status = 200

    def do_GET(self) -> None:
        version = b'{"ApiVersion": "1.41"}'
        body = version if self.path == "/version" and self.status == 200 else self.answer
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_about: object) -> None:
        """Say nothing of a client that has hung up."""


class TestStrangeAnswers:
    @pytest.fixture(
        params=[
            (200, b"<html>"),
            (200, b"[]"),
            (200, b"null"),
            (200, b'{"half": '),
            (500, b"out of order"),
            (502, b""),
        ],
        ids=str,
    )
    def address(self, request: pytest.FixtureRequest) -> Iterator[str]:
        status, answer = request.param
        handler = type("Handler", (Answers,), {"answer": answer, "status": status})
        with Server(("127.0.0.1", 0), handler) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            yield f"127.0.0.1:{server.server_address[1]}"
            server.shutdown()
            thread.join()

    def test_are_a_retry(self, address: str) -> None:
        host = driver(ports.Endpoint(url=f"tcp://{address}"), allow_insecure_tcp=True)

        with pytest.raises(ports.Retry, match=f"host 'tcp://{address}'"):
            host.info()

        host.close()

    def test_to_events_are_a_retry(self, address: str) -> None:
        host = driver(ports.Endpoint(url=f"tcp://{address}"), allow_insecure_tcp=True)

        with pytest.raises(ports.Retry, match=f"host 'tcp://{address}'"):
            list(host.events())

        host.close()


@lab_test
class TestTls:
    def test_the_ca_of_the_host_decides(
        self, tls_engine: engines.DockerEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
    ) -> None:
        bundle = tmp_path / "bundle.pem"
        bundle.write_text((tls_engine.lab.directory / "hosts/tls/stranger-ca.pem").read_text())
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
            monkeypatch.setenv(name, str(bundle))
        monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")

        assert tls_engine.driver("ours").info().version

    def test_key_is_on_no_disk(
        self, tls_engine: engines.DockerEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
    ) -> None:
        monkeypatch.setenv("TMPDIR", str(tmp_path))

        host = tls_engine.driver("ours")
        host.info()

        assert list(tmp_path.iterdir()) == []
        host.close()

    def test_stranger_is_refused_for_good(self, tls_engine: engines.DockerEngine) -> None:
        endpoint = dataclasses.replace(tls_engine.endpoint, tls=tls_engine.lab.tls("stranger"))
        for _ in range(20):  # the refusal races with the request
            host = driver(endpoint)
            with pytest.raises(ports.Permanent, match="do not agree on TLS certificates"):
                host.info()
            host.close()

    def test_host_of_another_ca_is_refused_for_good(self, tls_engine: engines.DockerEngine) -> None:
        mine = tls_engine.lab.tls()
        other_ca = (tls_engine.lab.directory / "hosts/tls/stranger-ca.pem").read_text()

        host = driver(dataclasses.replace(tls_engine.endpoint, tls=dataclasses.replace(mine, ca=other_ca)))

        with pytest.raises(ports.Permanent, match="do not agree on TLS certificates"):
            host.list()

    def test_host_by_a_name_that_is_not_in_its_certificate(self, tls_engine: engines.DockerEngine) -> None:
        lab = tls_engine.lab
        lab.up(2)  # its certificate names .12; .1 of the network forwards nothing, so ask host 2 as host 1
        url = f"tcp://{lab.address(2)}:2376"
        lab.run("exec", "2", "ip", "addr", "add", f"{lab.net}.212/24", "dev", "eth0")
        lab.run(
            "exec", "2", "sh", "-c", f"iptables -t nat -I PREROUTING -d {lab.net}.212 -j DNAT --to {lab.address(2)}"
        )

        host = driver(ports.Endpoint(url=url.replace(lab.address(2), f"{lab.net}.212"), tls=lab.tls()))

        with pytest.raises(ports.Permanent, match="names the address"):
            host.list()

    def test_key_of_another_certificate(self, tls_engine: engines.DockerEngine) -> None:
        mixed = dataclasses.replace(tls_engine.lab.tls(), key=tls_engine.lab.tls("stranger").key)

        with pytest.raises(ports.Permanent, match="belong together"):
            driver(dataclasses.replace(tls_engine.endpoint, tls=mixed))

    def test_connections_are_used_again(self, tls_engine: engines.DockerEngine) -> None:
        host = tls_engine.driver("ours")
        host.info()
        first = host._session.last_socket

        for _ in range(5):
            host.list()

        assert host._session.last_socket is first
        host.close()


@lab_test
class TestSsh:
    def test_unknown_host_key_is_refused(self, ssh: ssh_server.SshServer, tmp_path: pathlib.Path) -> None:
        empty = tmp_path / "known_hosts"
        empty.touch()
        host = driver(ports.Endpoint(url=ssh.url), ssh_known_hosts=str(empty), ssh_identity=str(ssh.identity))

        with pytest.raises(ports.Permanent, match=f"SSH key ssh-ed25519 SHA256.* is not known here.*{empty}"):
            host.info()

    def test_changed_host_key_is_refused(self, ssh: ssh_server.SshServer, tmp_path: pathlib.Path) -> None:
        place = ssh.known_hosts.read_text().split()[0]
        wrong = tmp_path / "known_hosts"
        wrong.write_text(f"{place} {ssh.identity.with_suffix('.pub').read_text()}")
        host = driver(ports.Endpoint(url=ssh.url), ssh_known_hosts=str(wrong), ssh_identity=str(ssh.identity))

        with pytest.raises(ports.Permanent, match="shows another SSH key"):
            host.info()

    def test_key_that_does_not_open(self, ssh: ssh_server.SshServer) -> None:
        other = ssh.identity.with_name("host_key")
        host = driver(ports.Endpoint(url=ssh.url), ssh_known_hosts=str(ssh.known_hosts), ssh_identity=str(other))

        with pytest.raises(ports.Permanent, match="does not let us log in"):
            host.info()

    @pytest.mark.parametrize("option", ["ssh_known_hosts", "ssh_identity"])
    def test_missing_file(self, ssh: ssh_server.SshServer, option: str, tmp_path: pathlib.Path) -> None:
        files = {"ssh_known_hosts": str(ssh.known_hosts), "ssh_identity": str(ssh.identity)}
        host = driver(ports.Endpoint(url=ssh.url), **files | {option: str(tmp_path / "none")})

        with pytest.raises(ports.Permanent, match=f"ssh_.* = {tmp_path}/none"):
            host.info()

    def test_connection_that_broke_is_made_anew(self, ssh_engine: engines.DockerEngine) -> None:
        host = ssh_engine.driver("ours")
        host.info()
        host._transport._client.get_transport().sock.shutdown(socket.SHUT_RDWR)  # type: ignore[attr-defined]
        time.sleep(0.1)

        for _attempt in range(3):
            try:
                assert host.info().version
                break
            except ports.Retry:
                continue
        else:
            pytest.fail("did not connect again")
        host.close()

    def test_identity_that_is_no_key(self, ssh: ssh_server.SshServer) -> None:
        host = driver(
            ports.Endpoint(url=ssh.url), ssh_known_hosts=str(ssh.known_hosts), ssh_identity=str(ssh.known_hosts)
        )

        with pytest.raises(ports.Permanent, match="not a private key"):
            host.info()

    def test_more_threads_than_sessions(self, ssh_engine: engines.DockerEngine) -> None:
        host = ssh_engine.driver("ours", ssh_sessions=2)

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            found = [pool.submit(host.list) for _ in range(64)]

        assert [call.result() for call in found] == [()] * 64
        host.close()


@lab_test
class TestEngineThatGoesAway:
    @pytest.fixture
    def second(self, lab: docker_hosts.DockerHosts) -> Iterator[docker.DockerHost]:
        lab.up(2)
        host = driver(lab.remote(2), connect_timeout=1, query_timeout=5, events_timeout=2)
        yield host
        for state in host.list():
            host.remove(state.id)
        host.close()

    def test_power_cut(self, lab: docker_hosts.DockerHosts, second: docker.DockerHost) -> None:
        request = ports.ContainerRequest(
            node_id="n", cluster_id=None, project_id="p", name="one", image=docker_hosts.IMAGE, command=engines.RUNS_ON
        )
        first = second.create(request, resuming=False)
        stream = second.events()
        lab.off(2)
        try:
            with pytest.raises(ports.Retry):
                list(stream)
            with pytest.raises(ports.Retry, match="does not answer"):
                second.inspect(first.id)
        finally:
            lab.on(2)

        again = second.create(request, resuming=True)

        assert (again.id, again.condition) == (first.id, ports.Condition.RUNNING)

    def test_partition(self, lab: docker_hosts.DockerHosts, second: docker.DockerHost) -> None:
        second.info()
        stream = second.events()
        lab.cut(2)
        try:
            begin = time.monotonic()
            with pytest.raises(ports.Retry):
                list(stream)
            assert time.monotonic() - begin < 4
            with pytest.raises(ports.Retry, match="does not answer"):
                driver(lab.remote(2), connect_timeout=1).list()
        finally:
            lab.join(2)

        assert second.list() == ()

    def test_create_that_got_no_answer_is_taken_up(
        self, lab: docker_hosts.DockerHosts, second: docker.DockerHost
    ) -> None:
        request = ports.ContainerRequest(
            node_id="m", cluster_id=None, project_id="p", name="two", image=docker_hosts.IMAGE, command=engines.RUNS_ON
        )
        hasty = driver(lab.remote(2), connect_timeout=5, work_timeout=0.02)
        with pytest.raises(ports.Retry):
            hasty.create(request, resuming=False)
        hasty.close()

        state = second.create(request, resuming=True)

        assert state.condition is ports.Condition.RUNNING
        assert [found.id for found in second.list()] == [state.id]


@lab_test
class TestRequests:
    @pytest.fixture
    def host(self, unix_engine: engines.DockerEngine) -> Iterator[docker.DockerHost]:
        host = unix_engine.driver("ours", events_timeout=10)
        yield host
        for state in host.list():
            host.remove(state.id)
        host.close()

    def test_all_of_a_request_arrives(self, unix_engine: engines.DockerEngine, host: docker.DockerHost) -> None:
        request = engines.request(
            unix_engine,
            environment={"COLOUR": "red", "EMPTY": ""},
            labels={"tier": "web"},
            cpus=0.5,
            memory=64,
            restart="on-failure",
            restart_retries=3,
            command=("sh", "-c", 'echo "$COLOUR"; trap "exit 0" TERM; while :; do sleep 1 & wait; done'),
        )
        state = host.create(request, resuming=False)
        shown = unix_engine.lab.docker(
            1,
            "inspect",
            "--format",
            "{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.RestartPolicy.Name}} "
            "{{.HostConfig.RestartPolicy.MaximumRetryCount}} {{.Config.Labels.tier}} "
            '{{index .Config.Labels "senlin_container.cluster_id"}} '
            '{{index .Config.Labels "senlin_container.service"}}',
            state.id,
        )

        assert shown.split() == ["67108864", "500000000", "on-failure", "3", "web", "a-cluster", "ours"]
        assert unix_engine.lab.docker(1, "logs", state.id).strip() == "red"
        host.update(state.id, cpus=1.5, memory=32, restart="always")
        shown = unix_engine.lab.docker(
            1,
            "inspect",
            "--format",
            "{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.RestartPolicy.Name}}",
            state.id,
        )
        assert shown.split() == ["33554432", "1500000000", "always"]

    @pytest.mark.parametrize(
        ("changes", "complaint"),
        [
            ({"command": ("/no/such/command",)}, "cannot run the command.*/no/such/command"),
            ({"memory": 1}, "Minimum memory limit"),
            ({"cpus": 5000.0}, "Range of CPUs"),
            ({"image": "Not A Name"}, "invalid reference"),
            (
                {"image": "registry.invalid/some/image:1"},
                "image 'registry.invalid/some/image:1' .* could not be pulled",
            ),
            ({"image": "lab/busybox@sha256:" + 64 * "0"}, "could not be pulled"),
            ({"name": "bad name"}, "Invalid container name"),
            ({"ports": (ports.PortMapping(container_port=80, host_ip="203.0.113.7", host_port=80),)}, "cannot assign"),
            ({"environment": {"": "hush-hush"}}, "must not be empty"),
            ({"restart": "sometimes"}, "restart policy"),
        ],
        ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
    )
    def test_that_cannot_be_met_leave_nothing(
        self, unix_engine: engines.DockerEngine, host: docker.DockerHost, changes: dict[str, Any], complaint: str
    ) -> None:
        with pytest.raises(ports.Permanent, match=complaint) as refusal:
            host.create(engines.request(unix_engine, **changes), resuming=False)

        assert "hush-hush" not in refusal.value.message
        assert host.list() == ()

    def test_unhealthy_is_told(self, unix_engine: engines.DockerEngine, host: docker.DockerHost) -> None:
        stream = host.events()
        unix_engine.lab.docker(
            1, "run", "-d", "--name", "sick", "--label", f"{ports.LABEL_SERVICE}=ours", "--health-cmd", "false",
            "--health-interval", "100ms", "--health-retries", "1", docker_hosts.IMAGE, "sleep", "1000",
        )  # fmt: skip
        try:
            assert next(iter(stream)).kind == "unhealthy"
            (listed,) = host.list()
            inspected = host.inspect(listed.id)
            assert inspected is not None
            assert listed.unhealthy
            assert inspected.unhealthy
        finally:
            stream.close()
            unix_engine.lab.docker(1, "rm", "-f", "sick")

    def test_oom_is_told(self, unix_engine: engines.DockerEngine, host: docker.DockerHost) -> None:
        eater = ("sh", "-c", "sleep 1; tail -c 200000000 /dev/zero")
        state = host.create(engines.request(unix_engine, memory=16, command=eater), resuming=False)
        stream = host.events()
        kinds = []
        for event in stream:
            kinds.append(event.kind)
            if event.kind == "die":
                break
        stream.close()
        ended = host.inspect(state.id)
        assert "oom" in kinds or (ended is not None and ended.oom_killed)
        assert ended is not None
        assert ended.condition is ports.Condition.EXITED
