"""Policies, and the clusters that they are attached to."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from oslo_db import exception as db_exception

from senlin_container.domain import errors, model
from senlin_container.store import listing, rows

_P = rows.POLICIES
_B = rows.BINDINGS
_ALL = sa.select(_P)
_WITH_POLICY = sa.select(_P, *(column.label(f"binding_{column.name}") for column in _B.c)).join_from(
    _B, _P, _B.c.policy_id == _P.c.id
)
POLICY_KEYS = {"name": _P.c.name, "type": _P.c.type, "created_at": _P.c.created_at, "updated_at": _P.c.updated_at}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A policy of a cluster with all that is known of it."""

    binding: model.Binding
    policy: model.Policy


def insert(tx: sa.Connection, policy: model.Policy) -> None:
    """Write a new policy."""
    tx.execute(
        sa.insert(_P).values(
            id=policy.id,
            name=policy.name,
            type=policy.type,
            version=policy.version,
            spec=policy.spec,
            data=policy.data,
            created_at=policy.created_at,
            updated_at=policy.updated_at,
            **rows.owner_columns(policy.owner),
        )
    )


def find(tx: sa.Connection, project: str | None, identity: str) -> model.Policy:
    """Find one by id, name or short id."""
    return rows.policy(listing.find(tx, _ALL, _P, "policy", project, identity))


def page(tx: sa.Connection, wanted: listing.Page, filters: Mapping[str, Sequence[str]]) -> list[model.Policy]:
    """Return a page of policies; filters: name, type (``NAME-VERSION`` or the name alone)."""
    query = _ALL
    columns: dict[str, tuple[sa.Column[Any], Sequence[Any]]] = {}
    for key, values in filters.items():
        if key == "type":
            query = query.where(_of_type(values))
        else:
            columns[key] = (_P.c[key], values)
    found = listing.page(tx, query, _P, wanted, keys=POLICY_KEYS, default="created_at", filters=columns)
    return [rows.policy(row) for row in found]


def rename(tx: sa.Connection, policy_id: str, name: str, now: float) -> None:
    """Change the name of a policy, which is all that may change."""
    tx.execute(sa.update(_P).where(_P.c.id == policy_id).values(name=name, updated_at=now))


def delete(tx: sa.Connection, policy_id: str) -> None:
    """Remove a policy.

    :raises errors.InUse: when it is attached to a cluster (the foreign key decides)
    """
    try:
        tx.execute(sa.delete(_P).where(_P.c.id == policy_id))
    except db_exception.DBReferenceError as exc:
        raise errors.InUse(f"The policy '{policy_id}' cannot be deleted: still attached to some clusters.") from exc


def hold(tx: sa.Connection, policy_id: str) -> model.Policy | None:
    """Return a policy by id, and keep others from deleting it until the transaction ends."""
    row = tx.execute(sa.select(_P).where(_P.c.id == policy_id).with_for_update(read=True)).one_or_none()
    return None if row is None else rows.policy(row)


def attached(
    tx: sa.Connection, cluster_id: str, *, filters: Mapping[str, Any] | None = None, by_enabled: bool | None = None
) -> list[Bound]:
    """Return the policies of a cluster, those of the lowest priority first, in one statement.

    :param filters: enabled, policy_name, policy_type (``NAME-VERSION`` or the name alone)
    :param by_enabled: sort by whether they are enabled before all, True for those that are first
    """
    query = _WITH_POLICY.where(_B.c.cluster_id == cluster_id)
    for key, value in (filters or {}).items():
        match key:
            case "enabled":
                query = query.where(_B.c.enabled.is_(value))
            case "policy_name":
                query = query.where(_P.c.name == value)
            case "policy_type":
                query = query.where(_of_type([value]))
    if by_enabled is not None:
        query = query.order_by(_B.c.enabled.desc() if by_enabled else _B.c.enabled.asc())
    # by more than the priority, which many share: the order must not be left to chance
    query = query.order_by(_B.c.priority, _P.c.type, _P.c.version, _P.c.name, _P.c.id)
    return [_bound(row) for row in tx.execute(query)]


def find_attached(tx: sa.Connection, cluster_id: str, identity: str) -> Bound:
    """Find a policy of a cluster by the policy's id, name or short id.

    :raises errors.NotFound: when the cluster has none such
    :raises errors.Ambiguous: when it has several
    """
    found = attached(tx, cluster_id)  # they are few
    for fits in (
        [one for one in found if one.policy.id == identity],
        [one for one in found if one.policy.name == identity],
        [one for one in found if len(identity) >= listing.SHORT_ID and one.policy.id.startswith(identity)],
    ):
        if len(fits) > 1:
            raise errors.Ambiguous("policy", identity)
        if fits:
            return fits[0]
    raise errors.NotFound("policy", identity)


def is_attached(tx: sa.Connection, cluster_id: str, policy_id: str) -> bool:
    """Tell whether a cluster has a policy."""
    query = sa.select(_B.c.id).where(_B.c.cluster_id == cluster_id, _B.c.policy_id == policy_id)
    return tx.execute(query).first() is not None


def attach(tx: sa.Connection, binding: model.Binding) -> None:
    """Make a policy one of a cluster's, unless it is already."""
    if is_attached(tx, binding.cluster_id, binding.policy_id):
        return
    columns = {field.name: getattr(binding, field.name) for field in dataclasses.fields(binding)}
    tx.execute(sa.insert(_B).values(columns))


def detach(tx: sa.Connection, cluster_id: str, policy_id: str) -> None:
    """Make a policy none of a cluster's."""
    tx.execute(sa.delete(_B).where(_B.c.cluster_id == cluster_id, _B.c.policy_id == policy_id))


def switch(tx: sa.Connection, cluster_id: str, policy_id: str, *, enabled: bool) -> None:
    """Let a policy of a cluster count, or not."""
    tx.execute(sa.update(_B).where(_B.c.cluster_id == cluster_id, _B.c.policy_id == policy_id).values(enabled=enabled))


def note_use(tx: sa.Connection, binding_ids: Collection[str], now: float) -> None:
    """Note when policies had a say about something for the last time."""
    if binding_ids:
        tx.execute(sa.update(_B).where(_B.c.id.in_(binding_ids)).values(last_op=now))


def _of_type(names: Sequence[str]) -> sa.ColumnElement[bool]:
    return sa.or_(_P.c.type.in_(names), (_P.c.type + "-" + _P.c.version).in_(names))


def _bound(row: rows.Row) -> Bound:
    binding = model.Binding(
        id=row.binding_id,
        cluster_id=row.binding_cluster_id,
        policy_id=row.binding_policy_id,
        enabled=row.binding_enabled,
        priority=row.binding_priority,
        data=row.binding_data,
        last_op=row.binding_last_op,
    )
    return Bound(binding=binding, policy=rows.policy(row))
