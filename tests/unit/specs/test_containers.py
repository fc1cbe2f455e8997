"""The specs of containers and of hosts, by examples."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from senlin_container.domain import errors
from senlin_container.specs import containers, registry
from tests import values

PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n"
TLS = {"ca_cert": PEM, "client_cert": PEM, "client_key": KEY}


def checked(version: str = "1.1", **properties: Any) -> registry.Checked:
    """Check the spec of a container on a host cluster."""
    given = {"image": "busybox", "host_cluster": "hosts", **properties}
    kept = {key: value for key, value in given.items() if value is not ...}
    return registry.check({"type": registry.CONTAINER, "version": version, "properties": kept})


def container(version: str = "1.1", **properties: Any) -> containers.ContainerSpec:
    """Return the typed spec of a container."""
    return containers.container(checked(version, **properties).properties)


def host(**properties: Any) -> containers.HostSpec:
    """Return the typed spec of a host."""
    spec = {"type": registry.HOST, "version": "1.0", "properties": properties}
    return containers.host(registry.check(spec).properties)


def refusal(function: Any, **properties: Any) -> str:
    """Return what is said of a spec that does not fit."""
    with pytest.raises(errors.InvalidSpec) as caught:
        function(**properties)
    return caught.value.message


def test_all_that_a_container_can_have() -> None:
    spec = container(
        host_node="h1",
        name="web",
        command="sh -c 'echo \"a b\"'",
        environment={"A": "1", "B": 2, "C": True, "D": 1.5, "E": ""},
        labels={"tier": "front", "on": False},
        ports=[
            {"container_port": 80, "host_port": 8080},
            {"container_port": "53", "protocol": "udp", "host_ip": "::1"},
        ],
        cpu="0.5",
        memory="64",
        restart_policy={"name": "on-failure", "maximum_retry_count": 3},
    )
    assert spec == containers.ContainerSpec(
        host_node="h1",
        host_cluster="hosts",
        image="busybox",
        command=("sh", "-c", 'echo "a b"'),
        name="web",
        environment={"A": "1", "B": "2", "C": "true", "D": "1.5", "E": ""},
        labels={"tier": "front", "on": "false"},
        ports=(
            containers.Port(container_port=80, host_port=8080, host_ip="", protocol="tcp"),
            containers.Port(container_port=53, host_port=None, host_ip="::1", protocol="udp"),
        ),
        cpus=0.5,
        memory=64,
        restart="on-failure",
        restart_retries=3,
    )


def test_a_container_of_which_only_the_least_is_said() -> None:
    spec = container("1.0")
    assert (spec.command, spec.name, spec.cpus, spec.memory, spec.restart) == (None, None, 0.0, 0, "no")
    assert (spec.ports, dict(spec.environment), dict(spec.labels), spec.restart_retries) == ((), {}, {}, 0)
    assert checked("1.0").properties["port"] == 2375


@pytest.mark.parametrize(
    ("given", "words"),
    [(None, None), ("", None), ([], None), ("a  'b c'", ("a", "b c")), (["a", "b c"], ("a", "b c")), ([1], ("1",))],
)
def test_commands(given: Any, words: tuple[str, ...] | None) -> None:
    assert container(command=given).command == words


@pytest.mark.parametrize("image", ["busybox", "a:5000/b/c:tag", "x@sha256:" + "0" * 64, "UPPER", "a" * 512])
def test_images(image: str) -> None:
    assert container(image=image).image == image


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        (
            {"host_cluster": ...},
            "Either 'host_node' or 'host_cluster' must be given: a container needs a host.",
        ),
        (
            {"host_cluster": "", "host_node": ""},
            "Either 'host_node' or 'host_cluster' must be given: a container needs a host.",
        ),
        ({"image": ...}, "Required spec item 'image' not provided"),
        ({"image": ""}, "'image' is '': a name like 'registry/name:tag' is expected."),
        ({"image": "a b"}, "'image' is 'a b': a name like 'registry/name:tag' is expected."),
        ({"image": "a" * 513}, f"'image' is '{'a' * 80}': a name like 'registry/name:tag' is expected."),
        ({"image": "-rm"}, "'image' is '-rm': a name like 'registry/name:tag' is expected."),
        (
            {"name": "-a"},
            "'name' is '-a': letters, digits, '_', '.' and '-' are expected, first a letter or digit.",
        ),
        ({"command": "a 'b"}, "'command' cannot be split into words (No closing quotation): check its quotes."),
        (
            {"labels": {"senlin_container.node_id": "x"}},
            "Label 'senlin_container.node_id' is refused: labels that begin with 'senlin_container.' are ours.",
        ),
        (
            {"labels": {"": "x"}},
            "Label '' is refused: labels that begin with 'senlin_container.' are ours.",
        ),
        ({"labels": {"a": []}}, "'labels.a' is []: a text or a number is expected."),
        ({"labels": {"a": "\x00"}}, "'labels.a' is '\\x00': a text or a number is expected."),
        (
            {"restart_policy": {"name": "always", "maximum_retry_count": 1}},
            "'restart_policy.maximum_retry_count' goes with the name 'on-failure' only.",
        ),
        (
            {"restart_policy": {"name": "sometimes"}},
            "'restart_policy.name': 'sometimes' must be one of the allowed values: no, always, "
            "on-failure, unless-stopped",
        ),
        (
            {"ports": [{"container_port": 80, "host_port": 1}, {"container_port": 81, "host_port": 1}]},
            "'ports' publishes the same host port twice.",
        ),
        ({"ports": [{}]}, "Required spec item 'ports[0].container_port' not provided"),
        ({"ports": [{"container_port": 0}]}, "'ports[0].container_port' is 0: at least 1 is expected."),
        (
            {"ports": [{"container_port": 1, "host_port": 65536}]},
            "'ports[0].host_port' is 65536: at most 65535 is expected.",
        ),
        (
            {"ports": [{"container_port": 1, "protocol": "sctp"}]},
            "'ports[0].protocol': 'sctp' must be one of the allowed values: tcp, udp",
        ),
        ({"cpu": 0.001}, "'cpu' is 0.001: at least 0.01 is expected."),
        ({"cpu": 4097}, "'cpu' is 4097.0: at most 4096 is expected."),
        ({"memory": 5}, "'memory' is 5: at least 6 is expected."),
    ],
)
def test_containers_that_are_refused(properties: dict[str, Any], message: str) -> None:
    assert refusal(container, **properties) == message


def test_the_same_host_port_for_other_addresses_or_protocols_is_fine() -> None:
    ports = [
        {"container_port": 80, "host_port": 1, "host_ip": "127.0.0.1"},
        {"container_port": 80, "host_port": 1, "host_ip": "127.0.0.2"},
        {"container_port": 80, "host_port": 1, "host_ip": "127.0.0.1", "protocol": "udp"},
        {"container_port": 80},
        {"container_port": 80},
    ]
    assert len(container(ports=ports).ports) == 5


def test_what_either_version_has_of_its_own() -> None:
    assert "'environment'" in refusal(container, version="1.0", environment={})
    assert "'port'" in refusal(container, port=2375)
    assert "['a']" in refusal(container, version="1.0", command=["a"])


@pytest.mark.parametrize(
    "environment",
    [
        {"PASSWORD": ["hunter2"]},
        {"PASSWORD": {"x": "hunter2"}},
        {"PASSWORD": "hunter2\x00"},
        {"PASSWORD=hunter2": ""},
        ["PASSWORD=hunter2"],
        "PASSWORD=hunter2",
    ],
)
def test_values_of_the_environment_are_in_no_message(environment: Any) -> None:
    assert "hunter2" not in refusal(container, environment=environment)


@pytest.mark.parametrize("name", ["", "A=B", "A B", "A\x00"])
def test_names_of_the_environment(name: str) -> None:
    assert "no '=', space or NUL is expected" in refusal(container, environment={name: "x"})


def test_secrets_are_in_no_repr() -> None:
    for shown in (
        container(environment={"PASSWORD": "hunter2"}),
        checked(environment={"PASSWORD": "hunter2"}),
        host(endpoint="tcp://10.0.0.1:2376", tls=TLS),
        registry.check(
            {"type": registry.HOST, "version": "1.0", "properties": {"endpoint": "tcp://10.0.0.1:2376", "tls": TLS}}
        ),
    ):
        assert "hunter2" not in repr(shown)
        assert "hunter2" not in str(shown)


@pytest.mark.parametrize(
    "endpoint",
    [
        "unix:///var/run/docker.sock",
        "tcp://10.0.0.1:2376",
        "tcp://host.example.org:2376/",
        "tcp://[fd00::1]:2376",
        "ssh://root@host",
        "ssh://host:2222",
        "sim://m1",
        "sim://m1?cpus=8&memory=16384&zone=az1&region=r1",
    ],
)
def test_endpoints(endpoint: str) -> None:
    assert host(endpoint=endpoint).endpoint == endpoint


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "nowhere",
        "http://10.0.0.1:2375",
        "/var/run/docker.sock",
        "unix://",
        "unix:///",
        "unix://host/path",
        "unix:relative",
        "tcp://10.0.0.1",
        "tcp://:2376",
        "tcp://10.0.0.1:0",
        "tcp://10.0.0.1:65536",
        "tcp://10.0.0.1:port",
        "tcp://10.0.0.1:2376/path",
        "tcp://10.0.0.1:2376 ",
        "tcp://[fd00::1:2376",
        "TCP://10.0.0.1:2376",
        "ssh://",
        "ssh://root@",
        "ssh://ro ot@host",
        "sim://",
        "sim:///m1",
    ],
)
def test_endpoints_that_are_refused(endpoint: str) -> None:
    expected = "unix:///path, tcp://address:port, ssh://user@address or sim://name is expected."
    assert refusal(host, endpoint=endpoint).endswith(expected)


@pytest.mark.parametrize("endpoint", ["ssh://root:hunter2@host", "tcp://u:hunter2@10.0.0.1:2376", "http://:hunter2@x"])
def test_a_password_in_an_endpoint_is_refused_and_not_repeated(endpoint: str) -> None:
    told = refusal(host, endpoint=endpoint)
    assert "password" in told
    assert "hunter2" not in told


def test_a_host_with_everything() -> None:
    spec = host(
        endpoint="tcp://10.0.0.1:2376",
        tls=TLS,
        labels={"disk": "ssd"},
        zone="az1",
        region="r1",
        capacity={"cpus": 2, "memory": 100, "containers": 5},
    )
    assert (spec.ca, spec.cert, spec.key, spec.tls_directory) == (PEM, PEM, KEY, None)
    assert (dict(spec.labels), spec.zone, spec.region) == ({"disk": "ssd"}, "az1", "r1")
    assert (spec.cpus, spec.memory, spec.containers) == (2.0, 100, 5)
    bare = host(endpoint="unix:///run/docker.sock")
    assert (bare.key, bare.tls_directory, bare.cpus, bare.memory, bare.containers) == (None, None, None, None, None)
    assert (bare.zone, bare.region) == ("", "")


def test_a_directory_with_the_certificates() -> None:
    assert host(endpoint="tcp://10.0.0.1:2376", tls={"directory": "site-1"}).tls_directory == "site-1"


@pytest.mark.parametrize(
    ("tls", "words"),
    [
        ({"directory": "a", **TLS}, "both 'directory' and PEM texts"),
        ({"directory": "a", "ca_cert": PEM}, "both 'directory' and PEM texts"),
        ({"directory": "../x"}, "the plain name of a directory"),
        ({"directory": ".."}, "the plain name of a directory"),
        ({"directory": "/etc"}, "the plain name of a directory"),
        ({"directory": ""}, "the plain name of a directory"),
        *(({key: value for key, value in TLS.items() if key != left}, "needs all of") for left in TLS),
        *(({**TLS, key: "hunter2"}, f"'tls.{key}' is not a PEM text") for key in TLS),
        ({"key": KEY}, "Unrecognizable spec item 'tls.key'"),
        ({**TLS, "client_key": [KEY]}, "'tls.client_key'"),
        (KEY, "'tls'"),
        ([KEY], "'tls'"),
    ],
)
def test_tls_that_is_refused(tls: Any, words: str) -> None:
    told = refusal(host, endpoint="tcp://10.0.0.1:2376", tls=tls)
    assert words in told
    assert "hunter2" not in told


@pytest.mark.parametrize("endpoint", ["unix:///run/docker.sock", "ssh://root@host", "sim://m1"])
def test_tls_goes_with_tcp_only(endpoint: str) -> None:
    assert "tcp:// endpoint only" in refusal(host, endpoint=endpoint, tls=TLS)


@pytest.mark.parametrize("labels", [{"senlin_container.x": "1"}, {"a": None}])
def test_labels_of_hosts(labels: dict[str, Any]) -> None:
    assert "abel" in refusal(host, endpoint="sim://m1", labels=labels)


@pytest.mark.parametrize("key", ["cpus", "memory", "containers"])
def test_capacities(key: str) -> None:
    assert f"'capacity.{key}'" in refusal(host, endpoint="sim://m1", capacity={key: -1})
    assert getattr(host(endpoint="sim://m1", capacity={key: 0}), key) == 0


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({}, "Required spec item 'type' not provided"),
        ({"type": "x"}, "Required spec item 'version' not provided"),
        ({"type": "x", "version": True}, "Required spec item 'version' not provided"),
        ({"type": "x", "version": None}, "Required spec item 'version' not provided"),
        (
            {"type": "x", "version": "1.0", "extra": 1},
            "Unrecognizable spec item 'extra' (known here: properties, type, version)",
        ),
        (
            {"type": registry.HOST, "version": "1.0"},
            "Required spec item 'endpoint' not provided",
        ),
        (
            {"type": registry.HOST, "version": "1.0", "properties": None},
            "Required spec item 'endpoint' not provided",
        ),
        (
            {"type": registry.HOST, "version": "1.0", "properties": []},
            "'properties' is []: a map is expected.",
        ),
    ],
)
def test_specs_that_are_refused(spec: dict[str, Any], message: str) -> None:
    with pytest.raises(errors.InvalidSpec) as caught:
        registry.check(spec)
    assert caught.value.message == message


@pytest.mark.parametrize(("type_", "version"), [("x", "1.0"), (registry.HOST, "9.9"), (registry.HOST, 1)])
def test_types_that_nobody_knows(type_: str, version: Any) -> None:
    with pytest.raises(errors.NotFound) as caught:
        registry.check({"type": type_, "version": version})
    assert caught.value.message == f"The profile_type '{type_}-{version}' could not be found."


def test_a_version_may_be_a_number_and_the_document_stays_as_it_was() -> None:
    spec = {"type": registry.HOST, "version": 1.0, "properties": {"endpoint": "sim://m1"}}
    before = copy.deepcopy(spec)
    found = registry.check(spec)
    assert (spec, found.document, found.type.full_name) == (before, before, "container.host.endpoint-1.0")


@pytest.mark.parametrize(
    ("version", "name", "params", "expected"),
    [
        ("1.0", "restart", {}, {}),
        ("1.0", "restart", {"wait_time": "5"}, {"wait_time": 5}),
        ("1.0", "pause", {}, {}),
        ("1.1", "kill", {}, {"signal": "SIGKILL"}),
        ("1.1", "stop", {"wait_time": 0}, {"wait_time": 0}),
    ],
)
def test_operations(version: str, name: str, params: dict[str, Any], expected: dict[str, Any]) -> None:
    assert registry.operation(values.profile("p", version=version), name, params) == expected


@pytest.mark.parametrize(
    ("version", "name", "params", "words"),
    [
        (
            "1.0",
            "stop",
            {},
            "'stop' is not supported by the profile type 'container.dockerinc.docker-1.0' (known: pause, ",
        ),
        ("1.1", "stop", {"wait_time": 3601}, "'wait_time' is 3601: at most 3600 is expected."),
        ("1.1", "stop", {"wait": 1}, "Unrecognizable spec item 'wait'"),
        ("1.1", "start", {"x": 1}, "Unrecognizable spec item 'x'"),
    ],
)
def test_operations_that_are_refused(version: str, name: str, params: dict[str, Any], words: str) -> None:
    with pytest.raises(errors.Invalid) as caught:
        registry.operation(values.profile("p", version=version), name, params)
    assert words in caught.value.message


def test_hosts_have_no_operations() -> None:
    with pytest.raises(errors.Invalid, match="known: none"):
        registry.operation(values.profile("p", type=registry.HOST, version="1.0"), "start", {})


def test_profiles_come_back_typed() -> None:
    assert registry.container_spec(values.profile("p")).image == "busybox"
    spec = {"type": registry.HOST, "version": "1.0", "properties": {"endpoint": "sim://m1"}}
    assert registry.host_spec(values.profile("p", type=registry.HOST, version="1.0", spec=spec)).endpoint == "sim://m1"
