"""The ContainerHost of a Docker engine."""

from __future__ import annotations

import logging
import time
import urllib.parse
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import docker
import docker.errors

from senlin_container.drivers import ports
from senlin_container.drivers.docker import errors, events, wire
from senlin_container.drivers.docker.options import DockerOptions
from senlin_container.drivers.docker.session import Session
from senlin_container.drivers.docker.transport import transport_of

LOG = logging.getLogger(__name__)
_T = TypeVar("_T")

_POLL = 0.1
_NOT_THERE = 404
_CONFLICT = 409
# Words of refusals which only say that what we want is so already: an operation that is resumed meets them.
_ALREADY = {"pause": "already paused", "unpause": "is not paused", "rename": "same name as its current name"}


class DockerHost:
    """One Docker engine; safe to use from many threads at a time.

    Nothing is sent before the first call. ``calls`` counts the HTTP requests sent so far; the first call costs one
    more, which asks for the version of the engine's API.
    """

    def __init__(self, endpoint: ports.Endpoint, *, service: str, options: DockerOptions) -> None:
        """Check the endpoint and its TLS material.

        Args:
            endpoint: where the engine is.
            service: the name of this installation; containers of others are never seen.
            options: time limits and what is allowed.

        Raises:
            ports.Permanent: the endpoint cannot be used as it is given.
        """
        self._url = endpoint.url
        self._service = service
        self._options = options
        self._transport = transport_of(endpoint, options)
        self._session = Session(self._url, self._transport, options)
        if endpoint.tls is None and urllib.parse.urlsplit(endpoint.url).scheme == "tcp":
            LOG.warning(
                "host '%s' is used without TLS: everybody on its network is root of that machine "
                "([docker] allow_insecure_tcp)",
                self._url,
            )

    def __repr__(self) -> str:
        return f"DockerHost({self._url!r})"

    @property
    def calls(self) -> int:
        """HTTP requests sent so far, without those of event streams."""
        return self._session.calls

    def close(self) -> None:
        """Drop the connections. Streams of events are closed by who opened them."""
        self._session.close()
        self._transport.close()

    def info(self) -> ports.HostInfo:
        """Ask the engine about itself (one call)."""
        with self._session.asking("tell about itself", self._options.query_timeout) as client:
            document = client.info()
        return self._read(wire.of_info, document)

    def list(self) -> tuple[ports.ContainerState, ...]:
        """Tell of all containers of this installation, running or not (one call)."""
        return self._find(f"{ports.LABEL_SERVICE}={self._service}")

    def inspect(self, container_id: str) -> ports.ContainerState | None:
        """Tell of one container; None when there is none."""
        try:
            with self._session.asking(f"inspect container {container_id}", self._options.query_timeout) as client:
                document = client.inspect_container(container_id)
        except errors.Refused as refused:
            if refused.status == _NOT_THERE:
                return None
            raise
        return self._read(lambda found: wire.of_inspect(found, self._transport.address), document)

    def create(self, request: ports.ContainerRequest, *, resuming: bool) -> ports.ContainerState:
        """Make the container exist and run: create, start, inspect.

        What an earlier attempt left is adopted. A permanent failure leaves nothing behind. After Retry a container may
        be there: the next attempt finds it by its label.
        """
        body = wire.creation(request, self._service)
        container_id = self._adoptable(request) if resuming else None
        if container_id is None:
            container_id = self._create(request, body)
        return self._run(container_id, request)

    def delete(self, node_id: str, container_id: str | None, *, resuming: bool) -> None:
        """Stop and remove the node's container; a container that is gone is fine."""
        if container_id is not None and not resuming:
            self._delete(container_id)
            return
        for found in self._of_node(node_id):
            self._delete(found.id)

    def remove(self, container_id: str) -> None:
        """Remove one container by id at once, with its anonymous volumes; gone is fine."""
        wait = self._options.work_timeout
        try:
            with self._session.asking(f"remove container {container_id}", wait) as client:
                client.remove_container(container_id, v=True, force=True)
        except errors.Refused as refused:
            if refused.status == _CONFLICT and "already in progress" in refused.words:
                self._await_end(container_id, wait)
            elif refused.status != _NOT_THERE:
                raise

    def operate(self, container_id: str, operation: str, params: Mapping[str, Any]) -> ports.ContainerState:
        """Do one of start, stop (wait_time), restart (wait_time), pause, unpause, kill (signal).

        To start what runs, to stop what does not and to pause or unpause twice is fine.
        """
        grace = int(params.get("wait_time", self._options.stop_timeout))
        verbs: dict[str, Callable[[docker.APIClient], object]] = {
            "start": lambda client: client.start(container_id),
            "stop": lambda client: client.stop(container_id, timeout=grace),
            "restart": lambda client: client.restart(container_id, timeout=grace),
            "pause": lambda client: client.pause(container_id),
            "unpause": lambda client: client.unpause(container_id),
            "kill": lambda client: client.kill(container_id, signal=params.get("signal", "SIGKILL")),
        }
        if operation not in verbs:
            raise ports.Permanent(f"operation '{operation}' is unknown: expected one of {', '.join(sorted(verbs))}")
        wait = self._options.work_timeout + (grace if operation in ("stop", "restart") else 0)
        self._do(operation, container_id, wait, verbs[operation])
        return self._existing(container_id)

    def update(
        self,
        container_id: str,
        *,
        name: str | None = None,
        cpus: float | None = None,
        memory: int | None = None,
        restart: str | None = None,
        restart_retries: int = 0,
    ) -> ports.ContainerState:
        """Change name, limits and restart policy in place; None leaves a thing as it is.

        Docker has no way to lift a limit in place, so ``cpus`` or ``memory`` 0 is a permanent failure.
        """
        for limit, value in (("cpu", cpus), ("memory", memory)):
            if value is not None and value <= 0:
                raise ports.Permanent(
                    f"the {limit} limit of container {container_id} cannot be lifted in place: Docker can only change "
                    f"it to another value; replace the container"
                )
        body = wire.changes(cpus=cpus, memory=memory, restart=restart, restart_retries=restart_retries)
        if body:
            self._do(
                "update", container_id, self._options.work_timeout, lambda client: _update(client, container_id, body)
            )
        if name is not None:
            self._do(
                "rename", container_id, self._options.query_timeout, lambda client: client.rename(container_id, name)
            )
        return self._existing(container_id)

    def events(self) -> events.DockerEvents:
        """Follow the events of this installation's containers; the subscription stands on return."""
        session = Session(self._url, self._transport, self._options, pool_size=1)
        return events.DockerEvents(
            session, host=self._url, service=self._service, seconds=self._options.events_timeout
        )

    def _create(self, request: ports.ContainerRequest, body: dict[str, Any]) -> str:
        """Create without starting; pulls an image that is missing. Returns the container's id."""
        for first in (True, False):
            try:
                with self._session.asking(f"create container '{request.name}'", self._options.work_timeout) as client:
                    return str(client.create_container_from_config(body, name=request.name)["Id"])
            except errors.Refused as refused:
                if refused.status == _CONFLICT and "already in use" in refused.words:
                    return self._name_taken(request, refused)
                if not _lacks_image(refused):
                    raise
                if not first:
                    raise self._no_image(request.image, refused.words) from refused
            self._pull(request.image)
        raise AssertionError("unreachable")

    def _name_taken(self, request: ports.ContainerRequest, refused: errors.Refused) -> str:
        mine = self._adoptable(request)
        if mine is not None:
            return mine
        raise ports.Permanent(
            f"the name '{request.name}' is taken on host '{self._url}' by a container that is not of this node "
            f"({refused.words}): remove or rename that one, or choose another name"
        ) from refused

    def _adoptable(self, request: ports.ContainerRequest) -> str | None:
        """Find what an earlier attempt created and make it fit to be started; None when there is nothing."""
        for found in self._of_node(request.node_id):
            if found.condition is ports.Condition.DEAD:
                self.remove(found.id)
            else:
                if found.condition is ports.Condition.PAUSED:
                    self.operate(found.id, "unpause", {})
                return found.id
        return None

    def _run(self, container_id: str, request: ports.ContainerRequest) -> ports.ContainerState:
        """Start and look; a container that cannot run is removed again."""
        try:
            with self._session.asking(f"start container '{request.name}'", self._options.work_timeout) as client:
                client.start(container_id)
        except errors.Refused as refused:
            if refused.status == _NOT_THERE and "no such container" in refused.words.lower():
                raise ports.Retry(
                    f"container '{request.name}' was removed from host '{self._url}' before it was started"
                ) from refused
            why = errors.why_not_started(refused, host=self._url, name=request.name, image=request.image)
            raise self._taken_back(container_id, why) from refused
        state = self.inspect(container_id)
        if state is None:
            raise ports.Retry(f"container '{request.name}' was removed from host '{self._url}' while it was started")
        if state.condition in (ports.Condition.EXITED, ports.Condition.DEAD):
            why = ports.Permanent(
                f"container '{request.name}' ended as soon as it was started on host '{self._url}', with exit code "
                f"{state.exit_code}{f' ({state.error})' if state.error else ''}: check its image '{request.image}' "
                f"and its command"
            )
            raise self._taken_back(container_id, why)
        return state

    def _taken_back(self, container_id: str, why: ports.Permanent) -> ports.Permanent:
        """Remove what could not run; says so where even that fails."""
        try:
            self.remove(container_id)
        except ports.Failure as failure:
            return ports.Permanent(
                f"{why.message}; its container {container_id} could not be removed and is still there "
                f"({failure.message})"
            )
        return why

    def _pull(self, image: str) -> None:
        """Have the engine fetch an image, as anybody may: the account's own registry logins are not lent to users."""
        end = time.monotonic() + self._options.pull_timeout
        try:
            with self._session.asking(f"pull image '{image}'", self._options.pull_timeout) as client:
                for progress in client.pull(image, stream=True, decode=True, auth_config={}):
                    if "error" in progress:
                        raise self._no_image(image, progress["error"])
                    if time.monotonic() > end:
                        raise self._no_image(image, f"not done after {self._options.pull_timeout:g} s")
        except errors.Refused as refused:
            raise self._no_image(image, refused.words) from refused
        except ports.Retry as failure:
            if isinstance(failure.__cause__, docker.errors.APIError):  # a 5xx: the registry, not the engine, is silent
                raise self._no_image(image, str(failure.__cause__.explanation)) from failure
            raise

    def _no_image(self, image: str, words: str) -> ports.Permanent:
        return ports.Permanent(
            f"image '{image}' is not on host '{self._url}' and could not be pulled: {words}; load it there or make "
            f"its registry reachable from the host, and check the spelling"
        )

    def _delete(self, container_id: str) -> None:
        """Stop with a grace, then remove. A stop that is refused does not stand in the way of the removal."""
        grace = self._options.stop_timeout
        try:
            with self._session.asking(f"stop container {container_id}", self._options.work_timeout + grace) as client:
                client.stop(container_id, timeout=grace)
        except errors.Refused as refused:
            if refused.status == _NOT_THERE:
                return
            LOG.info("%s; it is removed by force", refused.message)
        self.remove(container_id)

    def _await_end(self, container_id: str, seconds: float) -> None:
        end = time.monotonic() + seconds
        while self.inspect(container_id) is not None:
            if time.monotonic() > end:
                raise ports.Retry(f"host '{self._url}' does not get done with the removal of container {container_id}")
            time.sleep(_POLL)

    def _do(
        self, operation: str, container_id: str, seconds: float, verb: Callable[[docker.APIClient], object]
    ) -> None:
        try:
            with self._session.asking(f"{operation} container {container_id}", seconds) as client:
                verb(client)
        except errors.Refused as refused:
            if refused.status == _NOT_THERE and "no such container" in refused.words.lower():
                raise self._unknown(container_id) from refused
            if _ALREADY.get(operation, "\0") not in refused.words.lower():
                raise

    def _existing(self, container_id: str) -> ports.ContainerState:
        state = self.inspect(container_id)
        if state is None:
            raise self._unknown(container_id)
        return state

    def _unknown(self, container_id: str) -> ports.Permanent:
        return ports.Permanent(f"container {container_id} is not on host '{self._url}': recover its node")

    def _of_node(self, node_id: str) -> tuple[ports.ContainerState, ...]:
        return self._find(f"{ports.LABEL_NODE}={node_id}", f"{ports.LABEL_SERVICE}={self._service}")

    def _find(self, *labels: str) -> tuple[ports.ContainerState, ...]:
        with self._session.asking("list containers", self._options.query_timeout) as client:
            documents = client.containers(all=True, filters={"label": [*labels]})
        address = self._transport.address
        return self._read(lambda found: tuple(wire.of_listing(entry, address) for entry in found), documents)

    def _read(self, reader: Callable[[Any], _T], document: Any) -> _T:
        try:
            return reader(document)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise ports.Retry(f"host '{self._url}' gave an answer that is not of Docker's API") from error


def _lacks_image(refused: errors.Refused) -> bool:
    return refused.status == _NOT_THERE and "no such image" in refused.words.lower()


def _update(client: docker.APIClient, container_id: str, body: dict[str, Any]) -> None:
    """The SDK's own update knows no NanoCpus, and the engine takes no CPU quota where NanoCpus are set."""
    url = f"{client.base_url}/v{client.api_version}/containers/{container_id}/update"
    response = client.post(url, json=body)
    if not response.ok:
        words = response.json().get("message", "") if response.content else response.reason
        raise docker.errors.APIError("update", response=response, explanation=words)
