"""Watches hosts: follows the events of each, and compares one listing of each with what should run there.

Events make the reaction immediate; the listings are the safety net, at the start, after a break in the events, and
once per interval. Nothing is decided on an event or a listing alone: a suspect is inspected before it is called dead.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import logging
import threading
import time
from collections.abc import Callable, Container, Mapping, Sequence

from senlin_container.domain import health, model
from senlin_container.drivers import ports
from senlin_container.engine import shared
from senlin_container.profiles import container
from senlin_container.store import hosts, nodes, session
from senlin_container.usecases import context
from senlin_container.usecases import health as reports

LOG = logging.getLogger(__name__)

_POOL = 16
_TICK = 1.0
_LOOK = 10.0
_SOON = 5.0
_AGAIN = 0.25
_PATIENCE = 300.0


@dataclasses.dataclass(slots=True)
class _Watch:
    """What is known of one host."""

    host: model.Host
    profile_id: str
    node_status: model.NodeStatus
    due: float = 0.0
    checking: bool = False
    silent_since: float | None = None
    misses: int = 0
    sooner: float | None = None
    follower: _Follower | None = None


class Monitor:
    """The watching half of an engine."""

    def __init__(
        self,
        parts: context.Parts,
        catalogue: shared.Catalogue,
        settings: shared.Settings,
        wake: threading.Event,
        is_at_work: Callable[[str], bool],
    ) -> None:
        """Make it; ``is_at_work`` tells whether this engine has an action on a node."""
        self._is_at_work = is_at_work
        self._put_off: dict[str, tuple[str, str]] = {}
        self._parts = parts
        self._catalogue = catalogue
        self._settings = settings
        self._wake = wake
        self._lock = threading.Lock()
        self._watches: dict[str, _Watch] = {}
        self._stop = threading.Event()
        self._tick = threading.Event()
        self._news = threading.Event()
        self._pool = concurrent.futures.ThreadPoolExecutor(_POOL, thread_name_prefix="health")
        self._thread = threading.Thread(target=self._loop, name="health", daemon=True)

    def start(self) -> None:
        """Start to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        self._stop.set()
        self._tick.set()
        self._thread.join(timeout=_SOON)
        with self._lock:
            watches = list(self._watches.values())
        for watch in watches:
            if watch.follower is not None:
                watch.follower.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def refresh(self) -> None:
        """Look for new hosts now and not only when it is time again."""
        self._news.set()
        self._tick.set()

    def suspect(self, host_id: str, node_id: str, container_id: str, since: float | None = None) -> None:
        """Have a container inspected, and its node marked if it is dead; not while this engine works on the node."""
        if self._is_at_work(node_id):
            with self._lock:
                self._put_off[node_id] = (host_id, container_id)
            if self._is_at_work(node_id):
                return  # ``released`` comes back to it
            with self._lock:
                self._put_off.pop(node_id, None)
        if not self._stop.is_set():
            self._pool.submit(
                shared.survive,
                "an inspection",
                self._inspect,
                host_id,
                node_id,
                container_id,
                since or time.monotonic(),
            )

    def released(self, node_ids: Sequence[str], gone: Container[str]) -> None:
        """Come back to suspects that this engine was at work on, but for those that are gone."""
        with self._lock:
            back = [(node_id, self._put_off.pop(node_id)) for node_id in node_ids if node_id in self._put_off]
        for node_id, (host_id, container_id) in back:
            if node_id not in gone:
                self.suspect(host_id, node_id, container_id)

    def check_soon(self, host_id: str) -> None:
        """Have a host listed at the next tick."""
        with self._lock:
            watch = self._watches.get(host_id)
            if watch is not None:
                watch.due = 0.0
        self._tick.set()

    def _loop(self) -> None:
        looked = -_LOOK
        while not self._stop.is_set():
            now = time.monotonic()
            if self._news.is_set() or now - looked >= _LOOK:
                self._news.clear()
                looked = now
                shared.survive("a look at the hosts", self._look_up)
            with self._lock:
                due = [watch for watch in self._watches.values() if not watch.checking and watch.due <= now]
                for watch in due:
                    watch.checking = True
            for watch in due:
                self._pool.submit(shared.survive, "the check of a host", self._check, watch)
            self._tick.wait(_TICK)
            self._tick.clear()

    def _look_up(self) -> None:
        """Follow the hosts that there are, and no others."""
        found, profiles, statuses = self._parts.database.read(_hosts)
        with self._lock:
            gone = [self._watches.pop(host_id) for host_id in set(self._watches) - set(found)]
            for host_id, host in found.items():
                watch = self._watches.get(host_id)
                if watch is not None and watch.profile_id != profiles[host_id]:
                    gone.append(self._watches.pop(host_id))
                    watch = None
                if watch is None:
                    watch = self._watches[host_id] = _Watch(
                        host=host, profile_id=profiles[host_id], node_status=statuses[host_id]
                    )
                watch.host, watch.node_status = host, statuses[host_id]
                if watch.follower is None and len(self._watches) <= self._settings.health_watchers:
                    watch.follower = _Follower(self, self._catalogue, host_id, watch.profile_id)
                    watch.follower.start()
        for watch in gone:
            if watch.follower is not None:
                watch.follower.stop()

    def _check(self, watch: _Watch) -> None:
        """One round for one host: one listing call, and whatever follows from it."""
        delay = self._settings.health_interval
        try:
            engine = self._catalogue.engine_of(watch.profile_id)
            listing = engine.list()
        except ports.Failure as exc:
            delay = min(_SOON, delay)
            self._missed(watch, exc.message)
        else:
            self._answered(watch)
            self._compare(watch, engine, listing)
        finally:
            with self._lock:
                watch.checking = False
                watch.due = time.monotonic() + min(delay, delay if watch.sooner is None else watch.sooner)
                watch.sooner = None

    def _missed(self, watch: _Watch, reason: str) -> None:
        """A host that fails twice in a row is marked; beyond its grace period its containers are lost."""
        now = time.monotonic()
        watch.misses += 1
        watch.silent_since = watch.silent_since or now
        database = self._parts.database
        if watch.misses >= 2 and watch.host.state == model.HostState.UP:
            LOG.warning("host %s does not answer: %s", watch.host.name, reason)
            database.write(reports.host_silent, self._parts, watch.host.id, reason)
            watch.host = dataclasses.replace(watch.host, state=model.HostState.DOWN)
        if now - watch.silent_since >= self._settings.host_grace:
            told = f"Its host '{watch.host.name}' has not answered for {self._settings.host_grace:g} seconds."
            report = database.write(reports.host_lost, self._parts, watch.host.id, told)
            if report.lost:
                LOG.warning("host %s is given up, %d containers with it", watch.host.name, report.lost)
            self._follow_up(watch, report)

    def _answered(self, watch: _Watch) -> None:
        watch.misses, watch.silent_since = 0, None
        if watch.host.state == model.HostState.DOWN or watch.node_status == model.NodeStatus.ERROR:
            self._parts.database.write(reports.host_answers, self._parts, watch.host.id)
            watch.host = dataclasses.replace(watch.host, state=model.HostState.UP)
            LOG.info("host %s answers again", watch.host.name)

    def _compare(self, watch: _Watch, engine: ports.ContainerHost, listing: Sequence[ports.ContainerState]) -> None:
        seen = [
            health.Seen(
                container_id=state.id, node_id=state.node_id, well=state.condition.alive and not state.unhealthy
            )
            for state in listing
        ]
        database, host_id = self._parts.database, watch.host.id
        known, busy = database.read(_expected, host_id, [one.node_id for one in seen])
        findings = health.compare(host_id, seen, known, busy)
        for node in findings.suspects:
            self.suspect(host_id, node.id, node.physical_id or "")
        if findings.risen:
            database.write(reports.report_risen, self._parts, findings.risen, "The container was seen running.")
        for container_id in findings.strays:
            self._remove(watch, engine, container_id)
        if any(node.status == model.NodeStatus.ERROR and node.host_id == host_id for node in known.values()):
            self._follow_up(watch, database.write(reports.recover_again, self._parts, host_id))

    def _follow_up(self, watch: _Watch, report: reports.Report) -> None:
        """Have queued recoveries begin, and come back when one that was put off is due."""
        if report.queued:
            self._wake.set()
        if report.again is not None:
            with self._lock:
                watch.sooner = report.again

    def _remove(self, watch: _Watch, engine: ports.ContainerHost, container_id: str) -> None:
        LOG.warning("container %s on host %s belongs to no node and is removed", container_id[:12], watch.host.name)
        try:
            engine.remove(container_id)
        except ports.Failure as exc:
            LOG.warning("container %s could not be removed: %s", container_id[:12], exc.message)

    def _inspect(self, host_id: str, node_id: str, container_id: str, since: float) -> None:
        with self._lock:
            watch = self._watches.get(host_id)
        if watch is None:
            return
        try:
            state = self._catalogue.engine_of(watch.profile_id).inspect(container_id)
        except ports.Failure:
            self.check_soon(host_id)
            return
        if state is not None and state.condition.alive and not state.unhealthy:
            return
        reason = (
            f"The container is gone from host '{watch.host.name}'."
            if state is None
            else container.why_unwell(state, watch.host.name)
        )
        report = self._parts.database.write(reports.report_dead, self._parts, node_id, container_id, reason)
        if report.came == reports.Came.NOTED:
            LOG.warning("node %s: %s", node_id, reason)
            if report.again is not None:
                with self._lock:
                    watch.due = min(watch.due, time.monotonic() + report.again)
            self._wake.set()
        elif report.came == reports.Came.BUSY and time.monotonic() - since < _PATIENCE:
            timer = threading.Timer(_AGAIN, self.suspect, (host_id, node_id, container_id, since))
            timer.daemon = True
            timer.start()


class _Follower:
    """A thread that follows the events of one host, and connects again when they break off."""

    def __init__(self, monitor: Monitor, catalogue: shared.Catalogue, host_id: str, profile_id: str) -> None:
        self._monitor = monitor
        self._catalogue = catalogue
        self._host_id = host_id
        self._profile_id = profile_id
        self._stop = threading.Event()
        self._stream: ports.EventStream | None = None
        self._thread = threading.Thread(target=self._stay, name=f"events-{host_id[:8]}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        stream = self._stream
        if stream is not None:
            stream.close()

    def _stay(self) -> None:
        while not self._stop.is_set() and not shared.survive("following a host", self._loop):
            self._stop.wait(_SOON)

    def _loop(self) -> None:
        pause = 1.0
        while not self._stop.is_set():
            started = time.monotonic()
            try:
                self._follow()
            except ports.Failure as exc:
                LOG.info("events of host %s broke off: %s", self._host_id, exc.message)
            if time.monotonic() - started > 10 * pause:
                pause = 1.0
            self._stop.wait(pause)
            pause = min(2 * pause, 30.0)

    def _follow(self) -> None:
        stream = self._stream = self._catalogue.engine_of(self._profile_id).events()
        try:
            if self._stop.is_set():
                return
            self._monitor.check_soon(self._host_id)  # what happened before is in the listing
            for event in stream:
                if event.node_id:
                    self._monitor.suspect(self._host_id, event.node_id, event.container_id)
        finally:
            self._stream = None
            stream.close()


def _hosts(
    tx: session.Transaction,
) -> tuple[dict[str, model.Host], dict[str, str], dict[str, model.NodeStatus]]:
    """Return the hosts that have a node, with the ids of their profiles and the statuses of their nodes."""
    found = {host.id: host for host in hosts.all_of(tx)}
    profiles = {host_id: profile_id for host_id, (profile_id, _) in hosts.addresses(tx, found).items()}
    statuses = {node.id: node.status for node in nodes.by_id(tx, found).values()}
    return found, profiles, statuses


def _expected(tx: session.Transaction, host_id: str, seen: Sequence[str]) -> tuple[Mapping[str, model.Node], set[str]]:
    known = {node.id: node for node in nodes.on_host(tx, host_id)}
    missing = list(set(seen) - set(known))
    for i in range(0, len(missing), 500):
        known |= nodes.by_id(tx, missing[i : i + 500])
    return known, reports.busy_among(tx, list(known))
