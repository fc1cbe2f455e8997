"""Making nodes of what is in the cloud already."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from senlin_container.domain import errors, model
from senlin_container.drivers import cloud, ports
from senlin_container.profiles import base as profiles
from senlin_container.profiles import types
from senlin_container.specs import registry
from senlin_container.store import adoption, catalog, history, nodes, session
from senlin_container.usecases import base, context, queries, records

_ADOPTED = "Node adopted successfully"
_NAME_LIMIT = 255
_NOUNS: Mapping[str, str] = {registry.SERVER: "server", registry.STACK: "stack"}

_T = TypeVar("_T")


class AdoptionCommands(base.Base):
    """Adopt servers and stacks. The cloud is asked before the transaction, which changes only the database."""

    def adopt_node(
        self,
        ctx: context.Context,
        *,
        type_name: str,
        identity: str,
        name: str | None,
        role: str,
        metadata: Mapping[str, Any],
        overrides: Mapping[str, Any],
        snapshot: bool,
    ) -> queries.NodeView:
        """Make a node of a thing that exists, with a profile that describes it.

        :param type_name: the profile type, ``NAME-VERSION``
        :param identity: what the cloud calls the thing
        :param overrides: properties of the profile that are to be other than they were found
        :param snapshot: whether the profile names an image that is made of the thing now
        :raises errors.NotFound: when the requester has no such thing
        :raises errors.Invalid: when it cannot be adopted, or is a node already
        :raises errors.Unavailable: when the cloud does not answer
        """
        self._parts.trusts.ensure(ctx)
        type_, clouds = _adoptable(type_name), _asked(self._parts.clouds, ctx.owner)
        found = self._adoptable_thing(type_, clouds, identity)
        node_id = self._parts.new_id()
        name = name or f"node-{node_id[:8]}"
        profile = self._adopted_profile(ctx, type_, found, overrides, name=name)
        if snapshot:
            self._parts.database.write(_check_free, found, type_)  # no image of what cannot be adopted anyway
            image = _asked(types.ADOPTABLE[type_.name].snapshot, clouds, found, f"{name}-snapshot"[:_NAME_LIMIT])
            profile = self._adopted_profile(ctx, type_, found, {**image, **overrides}, name=name)
        node = self._adopted_node(ctx, node_id, found, profile, name=name, role=role, metadata=metadata)
        sealed = dataclasses.replace(profile, spec=self._parts.box.seal(profile.spec, queries.secret_paths(profile)))
        self._write(self._keep_adopted, found, type_, sealed, node)
        return queries.NodeView(node=node, profile_name=profile.name)

    def preview_adoption(
        self, ctx: context.Context, *, type_name: str, identity: str, overrides: Mapping[str, Any]
    ) -> model.Profile:
        """Return the profile that an adopted node would have; nothing is kept. Errors as for ``adopt_node``."""
        self._parts.trusts.ensure(ctx)
        type_, clouds = _adoptable(type_name), _asked(self._parts.clouds, ctx.owner)
        found = self._adoptable_thing(type_, clouds, identity)
        return queries.shown_profile(self._adopted_profile(ctx, type_, found, overrides, name="preview"))

    def _adoptable_thing(self, type_: registry.ProfileType, clouds: cloud.Cloud, identity: str) -> profiles.Found:
        noun = _NOUNS[type_.name]
        found = _asked(types.ADOPTABLE[type_.name].find, clouds, identity)
        if found is None:
            raise errors.NotFound(noun, identity)
        if found.trouble:
            raise errors.Invalid(f"The {noun} '{identity}' cannot be adopted: {found.trouble}")
        return found

    def _adopted_profile(
        self,
        ctx: context.Context,
        type_: registry.ProfileType,
        found: profiles.Found,
        overrides: Mapping[str, Any],
        *,
        name: str,
    ) -> model.Profile:
        properties = {key: value for key, value in {**found.properties, **overrides}.items() if value is not None}
        checked = registry.check({"type": type_.name, "version": type_.version, "properties": properties})
        return model.Profile(
            id=self._parts.new_id(),
            name=f"prof-{name}"[:_NAME_LIMIT],
            type=type_.name,
            version=type_.version,
            spec=checked.document,
            metadata={},
            owner=ctx.owner,
            created_at=self._parts.clock(),
        )

    def _adopted_node(
        self,
        ctx: context.Context,
        node_id: str,
        found: profiles.Found,
        profile: model.Profile,
        *,
        name: str,
        role: str,
        metadata: Mapping[str, Any],
    ) -> model.Node:
        return model.Node(
            id=node_id,
            name=name,
            profile_id=profile.id,
            cluster_id=None,
            owner=ctx.owner,
            index=-1,
            role=role,
            physical_id=found.physical_id,
            host_id=None,
            cpus=0.0,
            memory=0,
            status=model.NodeStatus.ACTIVE,
            status_reason=_ADOPTED,
            metadata=dict(metadata),
            data={},
            details=found.details,
            tainted=False,
            init_at=profile.created_at,
        )

    def _keep_adopted(
        self,
        tx: session.Transaction,
        found: profiles.Found,
        type_: registry.ProfileType,
        profile: model.Profile,
        node: model.Node,
    ) -> None:
        _check_free(tx, found, type_)
        catalog.insert_profile(tx, profile)
        nodes.insert(tx, [node])
        event = records.event(
            id_=self._parts.new_id(),
            about=node,
            action="NODE_ADOPT",
            status="end",
            reason=_ADOPTED,
            level=records.INFO,
            now=node.init_at,
        )
        history.record(tx, [event])


def _adoptable(type_name: str) -> registry.ProfileType:
    """Find a profile type whose things can be adopted.

    :raises errors.Invalid: when there is none of this name, or its things cannot be
    """
    type_ = registry.PROFILE_TYPES.get(type_name)
    if type_ is None:
        raise errors.Invalid(f"The specified profile type '{type_name}' could not be found.")
    if type_.name not in types.ADOPTABLE:
        known = ", ".join(
            sorted(one.full_name for one in registry.PROFILE_TYPES.values() if one.name in types.ADOPTABLE)
        )
        raise errors.Invalid(
            f"Things of the profile type '{type_name}' cannot be adopted: those of {known} can, which are in a cloud. "
            "Create a node for anything else."
        )
    return type_


def _asked(function: Callable[..., _T], *args: Any) -> _T:
    """Ask the cloud; what goes wrong there is told to the requester."""
    try:
        return function(*args)
    except ports.Retry as exc:
        raise errors.Unavailable(f"The cloud cannot be asked now: {exc.message}. Try again later.") from exc
    except ports.Permanent as exc:
        raise errors.Invalid(exc.message) from exc


def _check_free(tx: session.Transaction, found: profiles.Found, type_: registry.ProfileType) -> None:
    holder = adoption.holder(tx, found.physical_id, type_.name, found.node_id)
    if holder is not None:
        raise errors.Invalid(
            f"The {_NOUNS[type_.name]} '{found.physical_id}' is the node '{holder.name}' ({holder.id}) already."
        )
