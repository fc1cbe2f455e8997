"""What the parts of an engine share."""

from __future__ import annotations

import dataclasses
import logging
import threading
from collections.abc import Callable, Collection, Mapping
from typing import Any, ParamSpec

from senlin_container.domain import model
from senlin_container.drivers import cloud, ports
from senlin_container.profiles import host as host_profile
from senlin_container.specs import registry
from senlin_container.store import catalog, session
from senlin_container.usecases import context, queries

LOG = logging.getLogger(__name__)

_P = ParamSpec("_P")

_KEPT = 10_000

RACES = 50
"""How often a decision is made anew because somebody else wrote meanwhile."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How an engine works. Times are in seconds."""

    threads: int = 128
    claim_limit: int = 256
    lease: float = 30.0
    sweep_interval: float = 5.0
    retries: int = 3
    retry_delay: float = 1.0
    settle_batch: int = 16
    settle_delay: float = 1.0
    host_parallelism: int = 8
    host_parallelism_max: int = 16
    host_endings: int = 12
    stop_timeout: float = 30.0
    health_interval: float = 60.0
    health_watchers: int = 200
    host_grace: float = 60.0


def survive(what: str, function: Callable[_P, object], *args: _P.args, **kwargs: _P.kwargs) -> bool:
    """Run something that a thread must outlive, whatever it raises; returns whether it went well."""
    try:
        function(*args, **kwargs)
    except Exception:
        LOG.exception("%s failed", what)
        return False
    return True


class Catalogue:
    """Profiles with their secrets readable, kept in memory: their specs never change."""

    def __init__(self, parts: context.Parts, hosts: ports.HostFactory, read_tls: Callable[[str], ports.Tls]) -> None:
        self._parts = parts
        self._hosts = hosts
        self._read_tls = read_tls
        self._lock = threading.Lock()
        self._profiles: dict[str, model.Profile] = {}

    def profile(self, profile_id: str) -> model.Profile:
        """Return a profile by id.

        :raises ports.Permanent: when there is none, or its secrets cannot be read
        """
        found = self._profiles.get(profile_id)
        if found is None:
            found = self._load(profile_id)
        return found

    def engine_of(self, profile_id: str) -> ports.ContainerHost:
        """Return the driver for the engine that a host profile names."""
        return self._hosts(host_profile.endpoint_of(self.profile(profile_id), self._read_tls))

    @property
    def has_cloud(self) -> bool:
        """Whether there is a cloud at all."""
        return not isinstance(self._parts.clouds, cloud.NoClouds)

    def cloud_of(self, owner: model.Owner) -> cloud.Cloud:
        """Return the cloud as an owner sees it.

        :raises ports.Permanent: when there is none
        """
        return self._parts.clouds(owner)

    def opened(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters of an operation with their secrets readable.

        :raises ports.Permanent: when they cannot be read
        """
        try:
            return self._parts.box.open(params, [(name,) for name in registry.secret_parameters(operation)])
        except ValueError as exc:
            raise ports.Permanent(f"The parameters of '{operation}': {exc}.") from exc

    def preload(self, tx: session.Transaction, profile_ids: Collection[str]) -> None:
        """Read the profiles that are not in memory yet, in a transaction that is at work anyway."""
        missing = [profile_id for profile_id in profile_ids if profile_id not in self._profiles]
        for loaded in catalog.profiles_by_id(tx, missing).values():
            try:
                self._keep(loaded)
            except ports.Permanent as exc:  # told again, to whom it concerns, when the profile is used
                LOG.warning("%s", exc.message)

    def _load(self, profile_id: str) -> model.Profile:
        loaded = self._parts.database.read(catalog.profiles_by_id, [profile_id]).get(profile_id)
        if loaded is None:
            raise ports.Permanent(f"Profile '{profile_id}' is gone.")
        return self._keep(loaded)

    def _keep(self, loaded: model.Profile) -> model.Profile:
        try:
            spec = self._parts.box.open(loaded.spec, queries.secret_paths(loaded))
        except ValueError as exc:
            raise ports.Permanent(f"Profile '{loaded.name}': {exc}.") from exc
        opened = dataclasses.replace(loaded, spec=spec)
        with self._lock:
            if len(self._profiles) >= _KEPT:
                self._profiles.clear()
            self._profiles[loaded.id] = opened
        return opened
