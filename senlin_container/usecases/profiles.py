"""Commands on profiles."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from senlin_container.domain import errors, model
from senlin_container.rbac import rules
from senlin_container.specs import registry
from senlin_container.store import catalog, session
from senlin_container.usecases import base, context, queries


class ProfileCommands(base.Base):
    """Create, change and delete profiles."""

    def create_profile(
        self, ctx: context.Context, *, name: str, spec: Mapping[str, Any], metadata: Mapping[str, Any]
    ) -> model.Profile:
        """Write a new profile; its secrets are encrypted.

        :raises errors.InvalidSpec: with the path of what is wrong in the spec
        :raises errors.NotFound: for an unknown type or version
        :raises errors.Forbidden: for a host, when the requester may not say where the service connects to
        """
        try:
            profile = self._profile(ctx, name=name, spec=spec, metadata=metadata)
        except errors.InvalidSpec as exc:
            raise errors.InvalidSpec(f"Failed in creating profile {name}: {exc.message}") from exc
        sealed = dataclasses.replace(profile, spec=self._parts.box.seal(profile.spec, queries.secret_paths(profile)))
        self._write(_create, ctx, sealed)
        return queries.shown_profile(profile)

    def validate_profile(self, ctx: context.Context, *, spec: Mapping[str, Any]) -> model.Profile:
        """Check a spec without keeping it."""
        return queries.shown_profile(self._profile(ctx, name="validated_profile", spec=spec, metadata={}))

    def update_profile(
        self, ctx: context.Context, identity: str, *, name: str | None, metadata: Mapping[str, Any] | None
    ) -> model.Profile:
        """Change name or metadata; a spec never changes."""
        if name is None and metadata is None:
            raise errors.Invalid("No property needs an update.")
        profile = self._write(_update, ctx, identity, name, metadata, self._parts.clock())
        return queries.shown_profile(profile)

    def delete_profile(self, ctx: context.Context, identity: str) -> None:
        """Delete a profile that nothing uses."""
        self._write(_delete, ctx, identity)

    def _profile(
        self, ctx: context.Context, *, name: str, spec: Mapping[str, Any], metadata: Mapping[str, Any]
    ) -> model.Profile:
        checked = registry.check(spec)
        if checked.type.name == registry.HOST and not ctx.may(rules.HOST_ENDPOINT):
            raise errors.Forbidden(
                f"{rules.REFUSAL} A profile of type {registry.HOST} makes the service connect to an address of your "
                "choice: ask an administrator to create it in your project."
            )
        return model.Profile(
            id=self._parts.new_id(),
            name=name,
            type=checked.type.name,
            version=checked.type.version,
            spec=checked.document,
            metadata=dict(metadata),
            owner=ctx.owner,
            created_at=self._parts.clock(),
        )


def _create(tx: session.Transaction, ctx: context.Context, profile: model.Profile) -> None:
    base.check_host(tx, ctx.scope(), profile, must_exist=False)
    catalog.insert_profile(tx, profile)


def _update(
    tx: session.Transaction,
    ctx: context.Context,
    identity: str,
    name: str | None,
    metadata: Mapping[str, Any] | None,
    now: float,
) -> model.Profile:
    profile = catalog.find_profile(tx, ctx.scope(), identity)
    catalog.update_profile(tx, profile.id, name=name, metadata=metadata, now=now)
    return dataclasses.replace(
        profile,
        name=profile.name if name is None else name,
        metadata=profile.metadata if metadata is None else metadata,
        updated_at=now,
    )


def _delete(tx: session.Transaction, ctx: context.Context, identity: str) -> None:
    catalog.delete_profile(tx, catalog.find_profile(tx, ctx.scope(), identity).id)
