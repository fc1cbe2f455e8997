"""The description of the API is valid OpenAPI, and says something of everything."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import openapi_spec_validator
import pytest

from senlin_container.api import openapi, operations, spec_schemas, validation, versions
from senlin_container.api import operation as operation_module
from senlin_container.specs import policies, registry

SPECS = {"profile": registry.PROFILE_TYPES.values(), "policy": policies.POLICY_TYPES.values()}
DOCUMENT = json.loads(json.dumps(openapi.document(operations.OPERATIONS, SPECS)))
ALL = pytest.mark.parametrize("operation", operations.OPERATIONS, ids=lambda operation: operation.name)


def of(operation: operation_module.Operation) -> Any:
    return DOCUMENT["paths"][operation.path][operation.method.lower()]


def test_it_is_valid() -> None:
    openapi_spec_validator.validate(DOCUMENT, cls=openapi_spec_validator.OpenAPIV31SpecValidator)


def test_the_names_of_operations_are_unique() -> None:
    names = [found["operationId"] for path in DOCUMENT["paths"].values() for found in path.values()]
    assert len(names) == len(set(names)) == len(openapi.grouped(operations.OPERATIONS))


@ALL
def test_every_answer_of_an_operation_is_there(operation: operation_module.Operation) -> None:
    expected = {operation.success, *operation.errors, *operation_module.COMMON_ERRORS}
    assert {str(status) for status in expected} <= set(of(operation)["responses"])
    success = of(operation)["responses"][str(operation.success)]
    assert ("content" in success) == (operation.answer is not None)
    assert (operation.answer is None) == (
        operation.method == "DELETE" or operation.name in ("action_update", "receiver_notify")
    )


@ALL
def test_an_operation_is_described(operation: operation_module.Operation) -> None:
    found = of(operation)
    assert operation.title in found["summary"]
    assert found["description"]
    if operation.since > versions.MINIMUM:
        assert f"Since microversion 1.{operation.since[1]}." in found["description"]
    for parameter in found["parameters"][1:]:
        assert parameter["description"], (operation.name, parameter["name"])
    if isinstance(operation.body, validation.Wrapped):
        body: Any = openapi.body(operation)
        content = body["properties"][operation.body.key] if operation.body.key else body
        for name, schema in content["properties"].items():
            assert schema["description"], (operation.name, name)


def test_every_property_of_answers_is_described() -> None:
    for name, schema in DOCUMENT["components"]["schemas"].items():
        for property_, inner in schema.get("properties", {}).items():
            assert inner["description"], (name, property_)


def test_what_is_newer_says_so() -> None:
    assert DOCUMENT["components"]["schemas"]["Node"]["properties"]["tainted"]["x-openstack-since"] == "1.13"
    body = of(next(op for op in operations.OPERATIONS if op.name == "cluster_update"))["requestBody"]
    update = body["content"]["application/json"]["schema"]["properties"]["cluster"]
    assert update["properties"]["profile_only"]["x-openstack-since"] == "1.6"


def test_filters_are_arrays() -> None:
    found = {
        one["name"]: one
        for one in of(next(op for op in operations.OPERATIONS if op.name == "action_list"))["parameters"][1:]
    }
    assert {name for name, one in found.items() if one["schema"].get("type") == "array"} == {
        "action",
        "cluster_id",
        "name",
        "status",
        "target",
    }
    assert (found["status"]["style"], found["status"]["explode"]) == ("form", True)
    assert "CANCELLED" in found["status"]["schema"]["items"]["enum"]
    assert found["cluster_id"]["x-openstack-since"] == "1.14"


def test_operations_that_share_a_path_are_one_with_all_their_bodies() -> None:
    sharing = [op for op in operations.OPERATIONS if op.path == "/v1/clusters/{cluster_id}/actions"]
    found = of(sharing[0])
    assert found["operationId"] == "cluster_actions"
    assert len(found["requestBody"]["content"]["application/json"]["schema"]["oneOf"]) == len(sharing)


def test_what_is_made_leads_on() -> None:
    create = of(next(op for op in operations.OPERATIONS if op.name == "cluster_create"))
    assert create["responses"]["202"]["links"]["cluster_show"]["parameters"] == {
        "cluster_id": "$response.body#/cluster/id"
    }


GOOD = [
    {"type": "container.dockerinc.docker", "version": "1.1", "properties": {"image": "x", "ports": []}},
    {"type": "container.host.endpoint", "version": "1.0", "properties": {"endpoint": "sim://x"}},
]
BAD = [
    {},
    {"type": "container.dockerinc.docker", "version": "1.1"},
    {"type": "container.dockerinc.docker", "version": "1.1", "properties": {"image": 5}},
    {"type": "container.dockerinc.docker", "version": "1.1", "properties": {"image": "x", "bogus": 1}},
    {"type": "container.dockerinc.docker", "version": "2.0", "properties": {"image": "x"}},
]


def test_specs_are_described_by_their_types() -> None:
    schema = spec_schemas.of_types(registry.PROFILE_TYPES.values())
    validator = jsonschema.Draft202012Validator(schema)
    assert [spec for spec in GOOD if not validator.is_valid(spec)] == []
    assert [spec for spec in BAD if validator.is_valid(spec)] == []


@pytest.mark.parametrize("types", SPECS.values(), ids=SPECS)
def test_the_schemas_of_all_types_are_schemas(types: Any) -> None:
    for type_ in types:
        jsonschema.Draft202012Validator.check_schema(spec_schemas.of_properties(type_.schema_json()))
