"""Claims actions and runs them; here an exception becomes an outcome.

One thread claims, a pool runs the steps of nodes under a limit for each host, two threads plan cluster actions. A host
that does not answer fills its own lane and no other.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import functools
import logging
import math
import threading
import time
from collections.abc import Callable, Collection, Container, Mapping, Sequence

from senlin_container.domain import lifecycle, model
from senlin_container.domain.model import ActionKind, ActionStatus
from senlin_container.engine import lanes, placing, settler, shared, steps, unfold
from senlin_container.specs import registry
from senlin_container.store import hosts, nodes, queue, session
from senlin_container.usecases import context, records, settling

LOG = logging.getLogger(__name__)

_Key = tuple[str, bool]
"""A lane: the host (or the node itself, where it runs on none), and whether it is for endings.

Ending a container is waiting for its workload most of the time, so endings have a lane and a limit of their own.
"""

_PLANNERS = 2
_PAUSE = 1.0
_STEP = 0.05


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Claimed:
    clusters: list[model.Action]
    works: list[steps.Work]
    more: bool = False
    cancelled: Collection[str] = ()


class Worker:
    """The working half of an engine."""

    def __init__(
        self,
        parts: context.Parts,
        catalogue: shared.Catalogue,
        settings: shared.Settings,
        engine_id: str,
        wake: threading.Event,
        hosts_changed: Callable[[], None],
        released: Callable[[Sequence[str], Container[str]], None],
    ) -> None:
        """Make it.

        :param hosts_changed: called when a host was made or changed
        :param released: hears of the nodes that are not at work here any more, and which of them are gone
        """
        self._parts = parts
        self._hosts_changed = hosts_changed
        self._released = released
        self._tries: set[float] = set()  # when looks at the queue are due, whatever nudges come
        self._settings = settings
        self._engine_id = engine_id
        self._wake = wake
        self._catalogue = catalogue
        self._steps = steps.Steps(catalogue, settings, parts.clock)
        self._unfolder = unfold.Unfolder(parts)
        self._placer = placing.Placer(parts)
        self._settler = settler.Settler(parts, settings, engine_id, self._on_settled)
        self._pool = concurrent.futures.ThreadPoolExecutor(settings.threads, thread_name_prefix="step")
        self._planners = concurrent.futures.ThreadPoolExecutor(_PLANNERS, thread_name_prefix="plan")
        self._lock = threading.Lock()
        self._idle = threading.Condition(self._lock)
        self._lanes: dict[_Key, lanes.Lane[steps.Work]] = {}
        self._in_flight = 0
        self._planning = 0
        self._mine: dict[str, str] = {}  # the ids of the actions that are here, and of what they are about
        self._at_work: set[str] = set()
        self._backlog = False
        self._more = False
        self._cancelled: Collection[str] = ()
        self._stopping = False
        self._claimer = threading.Thread(target=self._loop, name="claimer", daemon=True)

    def start(self) -> None:
        """Start to claim."""
        self._settler.start()
        self._claimer.start()

    def mine(self) -> list[str]:
        """Return the ids of the actions that are at work, or wait for their turn, here."""
        with self._lock:
            return list(self._mine)

    def is_at_work(self, target: str) -> bool:
        """Whether an action on this node or cluster is here."""
        with self._lock:
            return target in self._at_work

    def _drop(self, action: model.Action) -> None:
        """Note that an action is not here any more; the caller holds the lock."""
        self._mine.pop(action.id, None)
        self._at_work.discard(action.target)

    def stop(self) -> bool:
        """Claim no more, and wait for what is at work; returns whether all of it ended in time."""
        self._stopping = True
        self._wake.set()
        self._claimer.join()
        with self._idle:
            for lane in self._lanes.values():  # what has not begun is left to the next engine
                self._in_flight -= len(lane.waiting)
                for work in lane.waiting:
                    self._drop(work.action)
                lane.waiting.clear()
            clean = self._idle.wait_for(
                lambda: self._in_flight <= 0 and self._planning <= 0, timeout=self._settings.stop_timeout
            )
        self._settler.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._planners.shutdown(wait=False, cancel_futures=True)
        return clean

    def _loop(self) -> None:
        while not self._stopping:
            self._wake.clear()
            if not shared.survive("a look at the queue", self._round):
                time.sleep(_PAUSE)
            elif not self._more and not self._stopping:
                self._wake.wait(self._patience())

    def _round(self) -> None:
        """Claim what there is room for, and hand it out."""
        claimed = self._claim()
        self._more = claimed.more
        for action in claimed.clusters:
            self._planners.submit(self._plan, action)
        for work in claimed.works:
            self._dispatch(work)

    def _patience(self) -> float:
        """Seconds until a look at the queue is due without a nudge: a try that was put off, or the sweep."""
        now = time.monotonic()
        with self._lock:
            due = {at for at in self._tries if at <= now}
            self._tries -= due
            until = 0.0 if due else min(self._tries, default=math.inf) - now
        return min(until, self._settings.sweep_interval)

    def _claim(self) -> _Claimed:
        with self._lock:
            # a full lane gets nothing more, so what waits in it does not keep others from their share
            room = self._settings.claim_limit - sum(lane.load for lane in self._lanes.values() if not lane.full)
            planners = 2 * _PLANNERS - self._planning
            full = {key[0] for key, lane in self._lanes.items() if lane.full}
        if room < self._settings.claim_limit // 4:
            room = 0  # a claim is a transaction: it is made for many or not at all
        if room <= 0 and planners <= 0:
            return _Claimed(clusters=[], works=[])
        claimed = self._parts.database.write(self._claim_in, room=room, planners=planners, full=full)
        with self._lock:
            self._in_flight += len(claimed.works)
            self._backlog = len(claimed.works) >= room or bool(full)  # also when there was no room to look for any
            self._planning += len(claimed.clusters)
            for action in (*claimed.clusters, *(work.action for work in claimed.works)):
                self._mine[action.id] = action.target
                self._at_work.add(action.target)
        self._cancelled = claimed.cancelled
        self._settler.expect([work.action.parent_id for work in claimed.works])
        return claimed

    def _claim_in(self, tx: session.Transaction, *, room: int, planners: int, full: Collection[str]) -> _Claimed:
        claim = functools.partial(
            queue.claim,
            tx,
            engine=self._engine_id,
            now=self._parts.clock(),
            lease=self._settings.lease,
        )
        planned = claim(of_cluster=True, limit=planners, full_lanes=()) if planners > 0 else []
        actions = claim(of_cluster=False, limit=room, full_lanes=full) if room > 0 else []
        begun = [action for action in (*planned, *actions) if action.attempt == 1]
        session.note(tx, [records.started(action, self._parts.clock()) for action in begun])
        targets = nodes.by_id(tx, [action.target for action in actions])
        host_ids = {node.host_id for node in targets.values() if node.host_id is not None}
        found = hosts.addresses(tx, host_ids)
        _mark(tx, actions, targets)
        used = {node.profile_id for node in targets.values()} | {profile_id for profile_id, _ in found.values()}
        self._catalogue.preload(tx, used)
        works = []
        for action in actions:
            node = targets.get(action.target)
            profile_id, name = found.get(node.host_id or "", (None, "")) if node is not None else (None, "")
            works.append(steps.Work(action=action, node=node, host_profile_id=profile_id, host_name=name))
        # a full catch says that there may be more; otherwise a nudge or the next sweep tells
        more = 0 < planners <= len(planned) or 0 < room <= len(works)
        cancelled = queue.cancelled(tx, self._engine_id) if self._in_flight else ()
        return _Claimed(clusters=planned, works=works, more=more, cancelled=cancelled)

    def _plan(self, action: model.Action) -> None:
        try:
            self._unfolder.run(action)
        except Exception as exc:  # whatever it is, the action ends with it and the engine goes on
            LOG.exception("action %s could not be planned", action.id)
            self._give_up(action, f"Internal error: {type(exc).__name__}.")
        finally:
            with self._idle:
                self._planning -= 1
                self._drop(action)
                self._idle.notify_all()
            self._wake.set()

    def _give_up(self, action: model.Action, reason: str) -> None:
        try:
            self._unfolder.fail(action, reason)
        except Exception:  # the lease runs out, and somebody tries again
            LOG.exception("the failure of action %s could not be written", action.id)

    def _dispatch(self, work: steps.Work) -> None:
        if work.node is not None and _needs_place(work.action, work.node):
            self._planners.submit(self._place, work, work.node)
        else:
            self._offer(work)

    def _place(self, work: steps.Work, node: model.Node) -> None:
        action = work.action
        try:
            if self._catalogue.profile(node.profile_id).type == registry.CONTAINER:
                placed = self._placer.place(action, node)
                if not placed:
                    with self._idle:
                        self._in_flight -= 1
                        self._drop(action)
                        self._idle.notify_all()
                    return
                work = self._parts.database.read(_refreshed, work, node.id)
        except Exception as exc:
            LOG.exception("no host could be chosen for action %s", action.id)
            self._settler.put(self._steps.failed(action, node, f"Internal error: {type(exc).__name__}."))
            return
        self._offer(work)

    def _offer(self, work: steps.Work) -> None:
        key = _lane_of(work)
        with self._lock:
            lane = self._lanes.get(key)
            if lane is None:
                lane = self._lanes[key] = lanes.Lane(self._limiter(key))
            may_run = lane.offer(work)
        if may_run:
            self._pool.submit(self._run, work, key, lane)

    def _limiter(self, key: _Key) -> lanes.Limiter:
        settings = self._settings
        if key[1]:
            return lanes.Limiter(limit=settings.host_endings, most=max(settings.host_endings, 2))
        return lanes.Limiter(limit=settings.host_parallelism, most=settings.host_parallelism_max)

    def _run(self, work: steps.Work, key: _Key, lane: lanes.Lane[steps.Work]) -> None:
        current: steps.Work | None = work
        while current is not None:
            try:
                outcome = self._steps.run(current, cancelled=current.action.id in self._cancelled)
            except Exception as exc:  # whatever it is, the action ends with it and the engine goes on
                LOG.exception("action %s failed", current.action.id)
                reason = f"Internal error: {type(exc).__name__}."
                outcome = self._steps.failed(current.action, current.node, reason)
            self._settler.put(outcome)
            with self._lock:
                if outcome.status == ActionStatus.READY and outcome.progress is None:
                    lane.limiter.failed()
                else:
                    lane.completed(time.monotonic())
                current = lane.next()
                # a host that proved quick may be given more than the one that takes this place
                extra = lane.waiting.popleft() if lane.waiting and lane.running < lane.limiter.limit else None
                if extra is not None:
                    lane.running += 1
                elif lane.load == 0 and work.node is not None and work.node.host_id is None:
                    self._lanes.pop(key, None)  # it was one node's own
            if extra is not None:
                self._pool.submit(self._run, extra, key, lane)

    def _on_settled(self, batch: Sequence[settling.Outcome], readied: int) -> None:
        with self._idle:
            self._in_flight -= len(batch)
            for one in batch:
                self._drop(one.action)
            self._idle.notify_all()
            sooner = self._put_off({one.after for one in batch if one.status == ActionStatus.READY})
            news = sooner or readied > 0 or self._backlog or any(one.action.parent_id is None for one in batch)
        if any(one.host is not None for one in batch):
            self._hosts_changed()
        self._released([one.action.target for one in batch], {one.action.target for one in batch if one.deleted})
        if news:  # a look at the queue is a transaction: it is not taken where nothing can have come
            self._wake.set()

    def _put_off(self, delays: set[float]) -> bool:
        """Note when tries are due; returns whether one is before all that were known. The caller holds the lock."""
        now, first = time.monotonic(), min(self._tries, default=math.inf)
        # a little later than need be, so that one look serves those that are due at almost the same time
        dues = {math.ceil((now + delay) / _STEP) * _STEP for delay in delays}
        self._tries |= dues
        return min(dues, default=math.inf) < first


def _lane_of(work: steps.Work) -> _Key:
    node = work.node
    if node is None:
        return "", False
    return node.host_id or node.id, node.host_id is not None and work.action.kind == ActionKind.NODE_DELETE


def _needs_place(action: model.Action, node: model.Node) -> bool:
    """Whether room must be promised first; the children of a cluster action come with theirs."""
    if action.parent_id is not None:
        return False
    if action.kind == ActionKind.NODE_CREATE:
        return node.host_id is None
    return action.kind == ActionKind.NODE_RECOVER or (action.kind == ActionKind.NODE_UPDATE and _touches(action, node))


def _refreshed(tx: session.Transaction, work: steps.Work, node_id: str) -> steps.Work:
    """Read a node's host again after it was placed."""
    node = nodes.by_id(tx, [node_id]).get(node_id)
    host_id = (node.host_id or "") if node is not None else ""
    profile_id, name = hosts.addresses(tx, [host_id]).get(host_id, (None, ""))
    return dataclasses.replace(work, node=node, host_profile_id=profile_id, host_name=name)


def _mark(tx: session.Transaction, actions: Sequence[model.Action], targets: Mapping[str, model.Node]) -> None:
    """Show in the nodes what is being done to them."""
    by_kind: dict[ActionKind, list[str]] = {}
    for action in actions:
        node = targets.get(action.target)
        if node is not None and action.kind in lifecycle.NODE_AT_WORK and _touches(action, node):
            by_kind.setdefault(action.kind, []).append(node.id)
    for kind, ids in by_kind.items():
        nodes.mark(tx, ids, lifecycle.NODE_AT_WORK[kind], f"{kind}: in progress")


def _touches(action: model.Action, node: model.Node) -> bool:
    """Whether an action reaches what the node stands for; some updates change nothing but the record."""
    if action.kind != ActionKind.NODE_UPDATE:
        return True
    return action.inputs.get("new_profile_id") not in (None, node.profile_id)
