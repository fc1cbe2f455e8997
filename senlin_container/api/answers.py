"""The documents that successful requests end with, as JSON Schemas.

They are written down once more than ``views`` makes them, on purpose: the one says what clients may rely on, the other
keeps to it, and tests hold every answer against its schema.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from typing import Any

from senlin_container.api import versions
from senlin_container.domain import model

Schema = Mapping[str, Any]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A kind of object in answers.

    :ivar name: unique name, for references
    :ivar properties: the schema of each property
    :ivar since: the first microversion of those that were not there from the beginning
    :ivar optional: those that only some requests ask for
    """

    name: str
    properties: Mapping[str, Schema]
    since: Mapping[str, versions.Version] = dataclasses.field(default_factory=dict)
    optional: frozenset[str] = frozenset()

    def schema(self, version: versions.Version | None = None) -> dict[str, Any]:
        """Return what the object is like in one microversion; without one, what it is like in all of them."""
        known = {
            name: schema
            for name, schema in self.properties.items()
            if version is None or self.since.get(name, version) <= version
        }
        sometimes = self.optional | (frozenset(self.since) if version is None else frozenset())
        return closed(known, [name for name in known if name not in sometimes])


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The document of an operation: an object under a key, a list of them, or what stands for itself.

    :ivar key: the key; None where the content is the whole document
    :ivar again: another key under which the same content is found once more
    """

    key: str | None
    content: Part | Schema
    many: bool = False
    again: str | None = None

    def schema(self, version: versions.Version | None = None) -> dict[str, Any]:
        """Return the JSON Schema of the document; see ``Part.schema``."""
        return self.wrap(self.content.schema(version) if isinstance(self.content, Part) else self.content)

    def wrap(self, content: Schema) -> dict[str, Any]:
        """Return the JSON Schema of the document around that of its content."""
        inner = {"type": "array", "items": content} if self.many else content
        if self.key is None:
            return dict(inner)
        keys = [key for key in (self.key, self.again) if key is not None]
        return closed(dict.fromkeys(keys, inner), keys)


def closed(properties: Mapping[str, Schema], required: list[str]) -> dict[str, Any]:
    """Return the schema of an object with these properties and no others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": required,
        "additionalProperties": False,
    }


_SECONDS = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}"

ID: Schema = {"type": "string", "minLength": 1, "maxLength": 36}
IDS: Schema = {"type": "array", "items": ID}
TEXT: Schema = {"type": "string"}
TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
INTEGER: Schema = {"type": "integer"}
BOOLEAN: Schema = {"type": "boolean"}
OBJECT: Schema = {"type": "object"}
OBJECT_OR_NULL: Schema = {"type": ["object", "null"]}
ANYTHING: Schema = {}
TIME: Schema = {"type": "string", "pattern": f"^{_SECONDS}Z$"}
TIME_OR_NULL: Schema = {"type": ["string", "null"], "pattern": f"^{_SECONDS}Z$"}
EITHER_TIME: Schema = {"type": ["string", "null"], "pattern": rf"^{_SECONDS}(Z|\.\d{{6}})$"}
MICRO_TIME: Schema = {"type": ["string", "null"], "pattern": rf"^{_SECONDS}\.\d{{6}}$"}
EPOCH: Schema = {"type": ["number", "null"]}
DEPENDENTS: Schema = OBJECT

_OWNER: Mapping[str, Schema] = {"domain": TEXT_OR_NULL, "project": TEXT, "user": TEXT}


def _words(values: type[enum.StrEnum]) -> Schema:
    return {"type": "string", "enum": [str(value) for value in values]}


# what is known of the service

_LINK = closed({"href": TEXT, "rel": TEXT}, ["href", "rel"])
_MEDIA_TYPE = closed({"base": TEXT, "type": TEXT}, ["base", "type"])
_MICROVERSION: Schema = {"type": "string", "pattern": r"^\d+\.\d+$"}
VERSION = Part(
    name="Version",
    properties={
        "id": _MICROVERSION,
        "links": {"type": "array", "items": _LINK},
        "max_version": _MICROVERSION,
        "media-types": {"type": "array", "items": _MEDIA_TYPE},
        "min_version": _MICROVERSION,
        "status": TEXT,
        "updated": TIME,
    },
)
_REVISION = closed({"revision": TEXT}, ["revision"])
BUILD_INFO = Part(name="BuildInfo", properties={"api": _REVISION, "engine": _REVISION})
SERVICE = Part(
    name="Service",
    properties={
        "binary": TEXT,
        "disabled_reason": TEXT_OR_NULL,
        "host": TEXT,
        "id": ID,
        "state": {"type": "string", "enum": ["up", "down"]},
        "status": {"type": "string", "enum": ["enabled", "disabled"]},
        "topic": TEXT,
        "updated_at": {"type": "string", "pattern": f"^{_SECONDS}$"},
    },
)
OPENAPI: Schema = {
    "type": "object",
    "properties": {"openapi": {"type": "string", "pattern": r"^3\.1\."}, "info": OBJECT, "paths": OBJECT},
    "required": ["openapi", "info", "paths"],
}

# types

_SPEC_SCHEMA: Schema = {
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "properties": {
            "constraints": {"type": "array"},
            "default": ANYTHING,
            "description": TEXT,
            "required": BOOLEAN,
            "schema": OBJECT,
            "type": {"type": "string", "enum": ["String", "Integer", "Number", "Boolean", "Map", "List"]},
            "updatable": BOOLEAN,
        },
        "required": ["description", "required", "type", "updatable"],
        "additionalProperties": False,
    },
}
_SUPPORT_STATUS: Schema = {
    "type": "object",
    "additionalProperties": {
        "type": "array",
        "items": closed({"since": TEXT, "status": TEXT}, ["since", "status"]),
    },
}
_TYPE_LINE: Mapping[str, Schema] = {"name": TEXT, "support_status": _SUPPORT_STATUS, "version": TEXT}
_TYPE: Mapping[str, Schema] = {"name": TEXT, "schema": _SPEC_SCHEMA, "support_status": _SUPPORT_STATUS}
_STATUS_SINCE: Mapping[str, versions.Version] = {"support_status": (1, 5)}
_LINE_SINCE: Mapping[str, versions.Version] = {"support_status": (1, 5), "version": (1, 5)}

PROFILE_TYPE_LINE = Part(name="ProfileTypeLine", properties=_TYPE_LINE, since=_LINE_SINCE)
PROFILE_TYPE = Part(name="ProfileType", properties=_TYPE, since=_STATUS_SINCE)
POLICY_TYPE_LINE = Part(name="PolicyTypeLine", properties=_TYPE_LINE, since=_LINE_SINCE)
POLICY_TYPE = Part(name="PolicyType", properties=_TYPE, since=_STATUS_SINCE)
TYPE_OPERATIONS: Schema = {
    "type": "object",
    "additionalProperties": {"type": "object", "properties": {"description": TEXT}, "required": ["description"]},
}

# profiles and policies

# the version is shown as it was given, which may be a number
_SPEC = closed({"type": TEXT, "version": {"type": ["string", "number"]}, "properties": OBJECT}, ["type", "version"])
PROFILE = Part(
    name="Profile",
    properties={
        "created_at": TIME_OR_NULL,
        "id": ID,
        "metadata": OBJECT,
        "name": TEXT,
        "spec": _SPEC,
        "type": TEXT,
        "updated_at": TIME_OR_NULL,
        **_OWNER,
    },
)
_NULL: Schema = {"type": "null"}
VALIDATED_PROFILE = Part(
    name="ValidatedProfile",
    properties={**PROFILE.properties, "created_at": _NULL, "id": _NULL, "metadata": _NULL, "updated_at": _NULL},
)
POLICY = Part(
    name="Policy",
    properties={
        "created_at": EITHER_TIME,
        "data": OBJECT,
        "id": ID,
        "name": TEXT,
        "spec": {**_SPEC, "properties": {**_SPEC["properties"], "description": TEXT}},
        "type": TEXT,
        "updated_at": EITHER_TIME,
        **_OWNER,
    },
)
VALIDATED_POLICY = Part(
    name="ValidatedPolicy",
    properties={**POLICY.properties, "created_at": _NULL, "id": _NULL, "updated_at": _NULL},
)
CLUSTER_POLICY = Part(
    name="ClusterPolicy",
    properties={
        "cluster_id": ID,
        "cluster_name": TEXT,
        "data": OBJECT_OR_NULL,
        "enabled": BOOLEAN,
        "id": ID,
        "last_op": TEXT_OR_NULL,
        "policy_id": ID,
        "policy_name": TEXT,
        "policy_type": TEXT,
        "priority": INTEGER,
    },
)

# clusters and nodes

CLUSTER = Part(
    name="Cluster",
    properties={
        "config": OBJECT,
        "created_at": TIME_OR_NULL,
        "data": OBJECT,
        "dependents": DEPENDENTS,
        "desired_capacity": INTEGER,
        "id": ID,
        "init_at": TIME,
        "max_size": INTEGER,
        "metadata": OBJECT,
        "min_size": INTEGER,
        "name": TEXT,
        "nodes": IDS,
        "policies": IDS,
        "profile_id": ID,
        "profile_name": TEXT,
        "status": _words(model.ClusterStatus),
        "status_reason": TEXT,
        "timeout": INTEGER,
        "updated_at": TIME_OR_NULL,
        **_OWNER,
    },
)
CLUSTER_ATTRIBUTE = Part(name="ClusterAttribute", properties={"id": ID, "value": ANYTHING})
NODE = Part(
    name="Node",
    properties={
        "cluster_id": {"type": "string", "maxLength": 36},
        "created_at": TIME_OR_NULL,
        "data": OBJECT,
        "dependents": DEPENDENTS,
        "details": OBJECT,
        "host_id": {**ID, "type": ["string", "null"]},
        "id": ID,
        "index": INTEGER,
        "init_at": TIME,
        "metadata": OBJECT,
        "name": TEXT,
        "physical_id": TEXT_OR_NULL,
        "profile_id": ID,
        "profile_name": TEXT,
        "role": TEXT,
        "status": _words(model.NodeStatus),
        "status_reason": TEXT,
        "tainted": BOOLEAN,
        "updated_at": TIME_OR_NULL,
        **_OWNER,
    },
    since={"tainted": (1, 13), "host_id": (1, 15)},
    optional=frozenset({"details"}),
)
NODE_PREVIEW = Part(
    name="NodePreview",
    properties={"properties": OBJECT, "type": TEXT, "version": TEXT},
)

# receivers

RECEIVER = Part(
    name="Receiver",
    properties={
        "action": TEXT_OR_NULL,
        "actor": OBJECT,
        "channel": OBJECT,
        "cluster_id": {**ID, "type": ["string", "null"]},
        "created_at": TIME_OR_NULL,
        "id": ID,
        "name": TEXT,
        "params": OBJECT,
        "type": {"type": "string", "enum": ["webhook", "message"]},
        "updated_at": TIME_OR_NULL,
        **_OWNER,
    },
)

# actions and events

ACTION = Part(
    name="Action",
    properties={
        "action": _words(model.ActionKind),
        "cause": TEXT,
        "cluster_id": {"type": "string", "maxLength": 36},
        "created_at": TIME,
        "data": OBJECT,
        "depended_by": IDS,
        "depends_on": IDS,
        "end_time": EPOCH,
        "id": ID,
        "inputs": OBJECT,
        "interval": INTEGER,
        "name": TEXT,
        "outputs": OBJECT,
        "owner": TEXT_OR_NULL,
        "project": TEXT,
        "start_time": EPOCH,
        "status": _words(model.ActionStatus),
        "status_reason": TEXT,
        "target": ID,
        "timeout": INTEGER,
        "updated_at": TIME_OR_NULL,
        "user": TEXT,
    },
    since={"cluster_id": (1, 14)},
)
_EVENT_CLUSTER_PROPERTIES: Mapping[str, Schema] = {
    "config": OBJECT,
    "created_at": MICRO_TIME,
    "data": OBJECT,
    "dependents": DEPENDENTS,
    "desired_capacity": INTEGER,
    "id": ID,
    "init_at": MICRO_TIME,
    "max_size": INTEGER,
    "meta_data": OBJECT,
    "min_size": INTEGER,
    "name": TEXT,
    "next_index": INTEGER,
    "parent": TEXT_OR_NULL,
    "profile_id": ID,
    "status": _words(model.ClusterStatus),
    "status_reason": TEXT,
    "timeout": INTEGER,
    "updated_at": MICRO_TIME,
    **_OWNER,
}
_EVENT_CLUSTER: Schema = {
    **closed(_EVENT_CLUSTER_PROPERTIES, list(_EVENT_CLUSTER_PROPERTIES)),
    "type": ["object", "null"],
}
EVENT = Part(
    name="Event",
    properties={
        "action": TEXT,
        "cluster": _EVENT_CLUSTER,
        "cluster_id": {**ID, "type": ["string", "null"]},
        "id": ID,
        "level": TEXT,
        "meta_data": OBJECT,
        "oid": ID,
        "oname": TEXT,
        "otype": TEXT,
        "project": TEXT,
        "status": TEXT,
        "status_reason": TEXT,
        "timestamp": {"type": "string", "pattern": rf"^{_SECONDS}\+00:00$"},
        "user": TEXT,
    },
)

# what was refused

ERROR = Part(
    name="Error",
    properties={
        "code": INTEGER,
        "error": closed({"code": INTEGER, "message": TEXT, "type": TEXT}, ["code", "message", "type"]),
        "explanation": TEXT,
        "title": TEXT,
    },
)


def one(key: str, content: Part | Schema, *, again: str | None = None) -> Answer:
    """Return a document that holds one object under a key, or under two."""
    return Answer(key=key, content=content, again=again)


def many(key: str, content: Part | Schema) -> Answer:
    """Return a document that holds a list under a key."""
    return Answer(key=key, content=content, many=True)


ACTION_ID = one("action", ID)
"""What most changes of clusters and nodes answer with: the id of the action that carries them out."""
