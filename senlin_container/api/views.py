"""From values of the domain to the documents of the wire: the only place that knows their shapes."""

from __future__ import annotations

import datetime
import functools
import json
from collections.abc import Mapping
from typing import Any
from urllib import parse

import orjson

from senlin_container.api import versions
from senlin_container.domain import model
from senlin_container.specs import policies as policy_types
from senlin_container.specs import registry
from senlin_container.usecases import policies, queries, receivers

Document = dict[str, Any]

SUPPORT_STATUS_SINCE: versions.Version = (1, 5)
TAINTED_SINCE: versions.Version = (1, 13)
ACTION_CLUSTER_SINCE: versions.Version = (1, 14)
HOST_SINCE: versions.Version = (1, 15)

_HELP = "https://docs.openstack.org/api-ref/clustering"


def time(seconds: float | None) -> str | None:
    """Return a time as most of the API writes it: ``2026-11-20T07:27:00Z``."""
    return _zulu(None if seconds is None else int(seconds))


@functools.lru_cache(maxsize=4096)
def _zulu(seconds: int | None) -> str | None:
    # kept, because what is listed together was often made within a few seconds
    return None if seconds is None else f"{_iso(seconds)}Z"


def _iso(seconds: float) -> str:
    # To the second, and never a second too late: fractions are cut off.
    return datetime.datetime.fromtimestamp(int(seconds), datetime.UTC).replace(tzinfo=None).isoformat()


def _micro(seconds: float | None) -> str | None:
    return None if seconds is None else f"{_iso(seconds)}.000000"


def _owner(owner: model.Owner) -> Document:
    return {"domain": owner.domain, "project": owner.project, "user": owner.user}


def api_version(base_url: str) -> Document:
    """Return the description of v1 for version discovery."""
    return {
        "id": "1.0",
        "links": [{"href": f"{base_url}/v1", "rel": "self"}, {"href": _HELP, "rel": "help"}],
        "max_version": versions.render(versions.MAXIMUM),
        "media-types": [{"base": "application/json", "type": "application/vnd.openstack.clustering-v1+json"}],
        "min_version": versions.render(versions.MINIMUM),
        "status": "CURRENT",
        "updated": "2016-01-18T00:00:00Z",
    }


def _support_status(type_: registry.ProfileType) -> Document:
    return {type_.version: [dict(entry) for entry in type_.support_status]}


def profile_type_line(type_: registry.ProfileType, version: versions.Version) -> Document:
    """Return a profile type as its list shows it."""
    if version < SUPPORT_STATUS_SINCE:
        return {"name": type_.full_name}
    return {"name": type_.name, "support_status": _support_status(type_), "version": type_.version}


def profile_type(type_: registry.ProfileType, version: versions.Version) -> Document:
    """Return a profile type with its schema."""
    document: Document = {"name": type_.full_name, "schema": type_.schema_json()}
    if version >= SUPPORT_STATUS_SINCE:
        others = {name: [dict(entry) for entry in entries] for name, entries in type_.other_status.items()}
        document["support_status"] = _support_status(type_) | others
    return document


def profile(value: model.Profile) -> Document:
    """Return a profile."""
    return {
        "created_at": time(value.created_at),
        "id": value.id,
        "metadata": value.metadata,
        "name": value.name,
        "spec": value.spec,
        "type": value.type_name,
        "updated_at": time(value.updated_at),
        **_owner(value.owner),
    }


def validated_profile(value: model.Profile) -> Document:
    """Return what a profile would be that was only validated."""
    return profile(value) | {"created_at": None, "id": None, "metadata": None, "name": "validated_profile"}


def policy_type_line(type_: policy_types.PolicyType, version: versions.Version) -> Document:
    """Return a policy type as its list shows it."""
    if version < SUPPORT_STATUS_SINCE:
        return {"name": type_.full_name}
    status = {type_.version: type_.support_status[type_.version]}
    return {"name": type_.name, "support_status": status, "version": type_.version}


def policy_type(type_: policy_types.PolicyType, version: versions.Version) -> Document:
    """Return a policy type with its schema, and since when each of its versions is supported."""
    document: Document = {"name": type_.full_name, "schema": type_.schema_json()}
    if version >= SUPPORT_STATUS_SINCE:
        document["support_status"] = dict(type_.support_status)
    return document


def policy(value: model.Policy) -> Document:
    """Return a policy."""
    return {
        "created_at": time(value.created_at),
        "data": value.data,
        "id": value.id,
        "name": value.name,
        "spec": value.spec,
        "type": value.type_name,
        "updated_at": time(value.updated_at),
        **_owner(value.owner),
    }


def kept_policy(value: model.Policy) -> Document:
    """Return a policy as reads show it, which write its times in another way."""
    return policy(value) | {"created_at": _micro(value.created_at), "updated_at": _micro(value.updated_at)}


def validated_policy(value: model.Policy) -> Document:
    """Return what a policy would be that was only validated."""
    return policy(value) | {"created_at": None, "id": None, "name": "validated_policy"}


def cluster_policy(view: policies.BindingView) -> Document:
    """Return a policy of a cluster."""
    value = view.binding
    return {
        "cluster_id": value.cluster_id,
        "cluster_name": view.cluster_name,
        "data": value.data,
        "enabled": value.enabled,
        "id": value.id,
        "last_op": time(value.last_op),
        "policy_id": value.policy_id,
        "policy_name": view.policy_name,
        "policy_type": view.policy_type,
        "priority": value.priority,
    }


def cluster(view: queries.ClusterView) -> Document:
    """Return a cluster with the ids of its nodes and policies."""
    value = view.cluster
    return {
        "config": value.config,
        "created_at": time(value.created_at),
        "data": value.data,
        "dependents": {},
        "desired_capacity": value.desired_capacity,
        "id": value.id,
        "init_at": time(value.init_at),
        "max_size": value.max_size,
        "metadata": value.metadata,
        "min_size": value.min_size,
        "name": value.name,
        "nodes": view.node_ids,
        "policies": view.policy_ids,
        "profile_id": value.profile_id,
        "profile_name": view.profile_name,
        "status": value.status,
        "status_reason": value.status_reason,
        "timeout": value.timeout,
        "updated_at": time(value.updated_at),
        **_owner(value.owner),
    }


def node(view: queries.NodeView, version: versions.Version, *, with_details: bool = False) -> Document:
    """Return a node, with what was last seen of its physical object when asked."""
    value = view.node
    times = time(value.init_at), time(value.created_at), time(value.updated_at)
    document = _node(value, value.index, view.profile_name, value.owner, times, value.metadata, value.data, version)
    if with_details:
        document["details"] = value.details
    return document


def node_preview(profile: model.Profile) -> Document:
    """Return the spec that an adopted node would have."""
    return {"properties": profile.properties, "type": profile.type, "version": profile.version}


def node_line(line: queries.NodeLine, version: versions.Version) -> Document:
    """Return a node of a list, which looks like any other."""
    times = _zulu(line.init_at), _zulu(line.created_at), _zulu(line.updated_at)
    metadata, data = orjson.Fragment(line.metadata), orjson.Fragment(line.data)
    return _node(line, line.position, line.profile_name, line, times, metadata, data, version)


def _node(
    value: model.Node | queries.NodeLine,
    index: int,
    profile_name: str,
    owner: model.Owner | queries.NodeLine,
    times: tuple[str | None, str | None, str | None],
    metadata: Any,
    data: Any,
    version: versions.Version,
) -> Document:
    document = {
        "cluster_id": value.cluster_id or "",
        "created_at": times[1],
        "data": data,
        "dependents": {},
        "domain": owner.domain,
        "id": value.id,
        "index": index,
        "init_at": times[0],
        "metadata": metadata,
        "name": value.name,
        "physical_id": value.physical_id,
        "profile_id": value.profile_id,
        "profile_name": profile_name,
        "project": owner.project,
        "role": value.role,
        "status": value.status,
        "status_reason": value.status_reason,
        "updated_at": times[2],
        "user": owner.user,
    }
    if version >= TAINTED_SINCE:
        document["tainted"] = value.tainted
    if version >= HOST_SINCE:
        document["host_id"] = value.host_id
    return document


def action(view: queries.ActionView, version: versions.Version) -> Document:
    """Return an action with the ids of those that it waits for and that wait for it."""
    value = view.action
    document = {
        "action": value.kind,
        "cause": value.cause,
        "created_at": time(value.created_at),
        "data": value.data,
        "depended_by": view.depended_by,
        "depends_on": view.depends_on,
        "end_time": value.end_time,
        "id": value.id,
        "inputs": value.inputs,
        "interval": -1,
        "name": value.name,
        "outputs": value.outputs,
        "owner": value.engine,
        "project": value.owner.project,
        "start_time": value.start_time,
        "status": value.status,
        "status_reason": value.status_reason,
        "target": value.target,
        "timeout": value.timeout,
        "updated_at": time(value.updated_at),
        "user": value.owner.user,
    }
    if version >= ACTION_CLUSTER_SINCE:
        document["cluster_id"] = value.cluster_id or ""
    return document


def event(view: queries.EventView) -> Document:
    """Return an event with its cluster as it is now, null when there is none."""
    value = view.event
    return {
        "action": value.action,
        "cluster": None if view.cluster is None else _event_cluster(view.cluster),
        "cluster_id": value.cluster_id,
        "id": value.id,
        "level": value.level,
        "meta_data": value.metadata,
        "oid": value.oid,
        "oname": value.oname,
        "otype": value.otype,
        "project": value.owner.project,
        "status": value.status,
        "status_reason": value.status_reason,
        "timestamp": f"{_iso(value.timestamp)}+00:00",
        "user": value.owner.user,
    }


def receiver(value: model.Receiver, base_url: str) -> Document:
    """Return a receiver, with the address of its webhook where it is one."""
    channel = value.channel
    if value.type == receivers.WEBHOOK:
        # only for people to read: what counts are the parameters of the receiver
        query = parse.urlencode({"V": 2, **{name: _text(value.params[name]) for name in sorted(value.params)}})
        channel = {"alarm_url": f"{base_url}/v1/webhooks/{value.id}/trigger?{query}"}
    return {
        "action": value.action,
        "actor": {key: value.actor[key] for key in (receivers.TRUST,) if key in value.actor},
        "channel": channel,
        "cluster_id": value.cluster_id,
        "created_at": time(value.created_at),
        "id": value.id,
        "name": value.name,
        "params": value.params,
        "type": value.type,
        "updated_at": time(value.updated_at),
        **_owner(value.owner),
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _event_cluster(value: model.Cluster) -> Document:
    """Return a cluster as events carry it, which is not as the clusters' own resource shows it."""
    return {
        "config": value.config,
        "created_at": _micro(value.created_at),
        "data": value.data,
        "dependents": {},
        "desired_capacity": value.desired_capacity,
        "id": value.id,
        "init_at": _micro(value.init_at),
        "max_size": value.max_size,
        "meta_data": value.metadata,
        "min_size": value.min_size,
        "name": value.name,
        "next_index": value.next_index,
        "parent": None,
        "profile_id": value.profile_id,
        "status": value.status,
        "status_reason": value.status_reason,
        "timeout": value.timeout,
        "updated_at": _micro(value.updated_at),
        **_owner(value.owner),
    }


def service(value: model.Service, up: bool) -> Document:
    """Return a process of the installation."""
    return {
        "binary": value.binary,
        "disabled_reason": value.disabled_reason,
        "host": value.host,
        "id": value.id,
        "state": "up" if up else "down",
        "status": "disabled" if value.disabled else "enabled",
        "topic": value.topic,
        "updated_at": _iso(value.updated_at),
    }


def attribute(node_id: str, value: Any) -> Mapping[str, Any]:
    """Return one node's value in a collection across a cluster."""
    return {"id": node_id, "value": value}
