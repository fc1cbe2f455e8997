"""The specs of servers and stacks: what Senlin published, and what the schema alone cannot tell."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest

from senlin_container.domain import errors
from senlin_container.specs import registry, servers
from tests import recordings, values

SERVER = {"flavor": "1", "image": "cirros"}
STACK = {"template": {"heat_template_version": "2021-04-16"}}


def published(name: str) -> dict[str, Any]:
    """Return what Senlin published about a type; skips the test where the data is not at hand."""
    file = pathlib.Path(recordings._DATA) / "types" / name
    if not file.exists():
        pytest.skip(f"{file} is not here: set SENLIN_V1_DATA to the folder with the data of the v1 API")
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def undescribed(document: Any) -> Any:
    """Return a schema without its descriptions, at any depth."""
    if not isinstance(document, dict):
        return document
    return {
        key: undescribed(value)
        for key, value in document.items()
        if not (key == "description" and isinstance(value, str))
    }


def check(type_: str, properties: Any) -> registry.Checked:
    return registry.check({"type": type_, "version": "1.0", "properties": properties})


def refused(type_: str, properties: Any) -> str:
    with pytest.raises(errors.InvalidSpec) as caught:
        check(type_, properties)
    return caught.value.message


@pytest.mark.parametrize("name", ["os.nova.server-1.0", "os.heat.stack-1.0"])
class TestPublished:
    def test_the_schema_is_senlins(self, name: str) -> None:
        theirs = published(f"profile.{name}.json")["profile_type"]
        ours = registry.find(name)
        assert undescribed(ours.schema_json()) == undescribed(theirs["schema"])
        status = {ours.version: ours.support_status, **ours.other_status}
        assert {version: [dict(one) for one in entries] for version, entries in status.items()} == theirs[
            "support_status"
        ]

    def test_the_operations_are_senlins(self, name: str) -> None:
        theirs = published(f"profile.{name}.ops.json")["operations"]
        assert undescribed(registry.find(name).operations_json()) == undescribed(theirs)


class TestServers:
    def test_all_of_it_is_typed(self) -> None:
        properties = {
            "admin_pass": "swordfish",
            "auto_disk_config": False,
            "availability_zone": "az1",
            "block_device_mapping_v2": [
                {
                    "source_type": "image",
                    "destination_type": "volume",
                    "volume_size": 3,
                    "uuid": "u",
                    "boot_index": 0,
                    "delete_on_termination": True,
                }
            ],
            "config_drive": True,
            "context": {"region_name": "r"},
            "flavor": 1,
            "image": "cirros",
            "key_name": "oskey",
            "metadata": {"a": 1, "b": True, "c": "text"},
            "name": "web",
            "networks": [
                {"network": "private", "fixed_ip": "10.0.0.3", "security_groups": ["web"]},
                {"port": "p", "floating_network": "public"},
            ],
            "personality": [{"path": "/etc/motd", "contents": "swordfish"}],
            "scheduler_hints": {"group": "g"},
            "security_groups": ["default"],
            "user_data": "#!/bin/sh\necho swordfish",
        }
        checked = check(registry.SERVER, properties)
        stored = json.loads(json.dumps(checked.document))
        profile = values.profile("p", type=registry.SERVER, version="1.0", spec=stored)
        spec = registry.server_spec(profile)
        assert (spec.flavor, spec.image, spec.name, spec.key_name) == ("1", "cirros", "web", "oskey")
        assert spec.metadata == {"a": "1", "b": "true", "c": "text"}
        assert spec.networks == (
            servers.Network(network="private", fixed_ip="10.0.0.3", security_groups=("web",)),
            servers.Network(port="p", floating_network="public"),
        )
        assert spec.block_devices[0].delete_on_termination is True
        assert spec.files == (servers.InjectedFile(path="/etc/motd", contents="swordfish"),)
        assert (spec.config_drive, spec.auto_disk_config) == (True, False)
        assert "swordfish" not in repr(spec)

    def test_a_version_may_come_as_a_number(self) -> None:
        checked = registry.check({"type": registry.SERVER, "version": 1.0, "properties": SERVER})
        assert checked.type.full_name == "os.nova.server-1.0"

    @pytest.mark.parametrize(
        ("wrong", "told"),
        [
            ({"flavor": None}, "Required spec item 'flavor' not provided"),
            ({"bogus": 1}, "Unrecognizable spec item 'bogus'"),
            ({"networks": "private"}, "'networks' is 'private': a list is expected"),
            ({"networks": [{"subnet": "s"}]}, "'networks[0]' has neither 'network' nor 'port'"),
            ({"networks": [{"net": "s"}]}, "Unrecognizable spec item 'networks[0].net'"),
            ({"metadata": {"k" * 256: "v"}}, "of 256 characters with a value of 1: up to 255 are expected"),
            ({"metadata": {"k": "v" * 256}}, "of 1 characters with a value of 256: up to 255 are expected"),
            ({"metadata": {"": "v"}}, "of 0 characters"),
            ({"metadata": {"k": [1]}}, "'metadata.k' is [1]: a text or a number is expected"),
            ({"metadata": {"senlin_container.node_id": "x"}}, "those that begin with 'senlin_container.' are ours"),
            ({"scheduler_hints": {"k": None}}, "'scheduler_hints.k' is None"),
            ({"config_drive": "perhaps"}, "not a valid Boolean"),
            ({"name": "a\nb"}, "up to 255 printable characters are expected"),
            ({"name": "x" * 256}, "up to 255 printable characters are expected"),
            ({"security_groups": [{}]}, "'security_groups[0]' is {}, not a valid String"),
            (
                {"block_device_mapping_v2": [{"source_type": "tape", "destination_type": "local", "volume_size": 1}]},
                "'block_device_mapping_v2[0].source_type' is 'tape': one of image, snapshot, volume, blank",
            ),
            (
                {"block_device_mapping_v2": [{"source_type": "blank", "destination_type": "local"}]},
                "Required spec item 'block_device_mapping_v2[0].volume_size' not provided",
            ),
        ],
    )
    def test_what_does_not_fit_is_told_by_its_path(self, wrong: dict[str, Any], told: str) -> None:
        assert told in refused(registry.SERVER, {**SERVER, **wrong})

    def test_what_may_be_a_secret_is_not_quoted(self) -> None:
        for wrong in (
            {"admin_pass": ["swordfish"]},
            {"personality": "swordfish"},
            {"personality": {"contents": "swordfish"}},
        ):
            assert "swordfish" not in refused(registry.SERVER, {**SERVER, **wrong})

    def test_a_password_is_a_secret(self) -> None:
        assert registry.secret_parameters("change_password") == ("admin_pass",)
        assert registry.secret_parameters("reboot") == ()
        assert registry.secret_parameters("unknown") == ()

    def test_operations_have_parameters(self) -> None:
        profile = values.profile("p", type=registry.SERVER, version="1.0")
        assert registry.operation(profile, "reboot", {}) == {"type": "SOFT"}
        assert registry.operation(profile, "evacuate", {"force": True}) == {"force": "true"}
        with pytest.raises(errors.InvalidSpec, match="must be one of the allowed values: SOFT, HARD"):
            registry.operation(profile, "reboot", {"type": "GENTLE"})
        with pytest.raises(errors.InvalidSpec, match="Unrecognizable spec item 'x'"):
            registry.operation(profile, "stop", {"x": 1})


class TestStacks:
    def test_all_of_it_is_typed(self) -> None:
        properties = {
            **STACK,
            "parameters": {"password": "swordfish"},
            "environment": {"parameter_defaults": {}},
            "files": {"a.yaml": "swordfish"},
            "timeout": 5,
            "disable_rollback": False,
        }
        stored = json.loads(json.dumps(check(registry.STACK, properties).document))
        spec = registry.stack_spec(values.profile("p", type=registry.STACK, version="1.0", spec=stored))
        assert (spec.template, spec.timeout, spec.disable_rollback) == (STACK["template"], 5, False)
        assert spec.parameters == {"password": "swordfish"}
        assert "swordfish" not in repr(spec)

    @pytest.mark.parametrize(
        ("wrong", "told"),
        [
            ({"template": {}}, "Either 'template' or 'template_url' must be given"),
            ({"template": "text"}, "'template' is 'text': a map is expected"),
            ({"timeout": 0}, "'timeout' is 0: minutes between 1 and"),
            ({"parameters": ["swordfish"]}, "'parameters': a map is expected"),
        ],
    )
    def test_what_does_not_fit_is_told_by_its_path(self, wrong: dict[str, Any], told: str) -> None:
        message = refused(registry.STACK, {**STACK, **wrong})
        assert told in message
        assert "swordfish" not in message

    def test_an_operation_that_is_a_map_takes_any(self) -> None:
        profile = values.profile("p", type=registry.STACK, version="1.0")
        assert registry.operation(profile, "abandon", {"whatever": [1]}) == {"whatever": [1]}
