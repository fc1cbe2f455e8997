"""Zaqar's API v2: the queues of receivers that take messages.

Plain calls through keystoneauth: openstacksdk, as of 4.22, fails over the answer to a claim.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator, Sequence
from typing import Any
from urllib import parse

from keystoneauth1 import adapter, exceptions, noauth, session, token_endpoint
from oslo_log import log

from senlin_container.drivers import messaging, ports

LOG = log.getLogger(__name__)

_PASSING = (
    exceptions.ConnectionError,
    exceptions.HttpServerError,
    exceptions.RequestTimeout,
    exceptions.TooManyRequests,
    exceptions.RetriableConnectionFailure,
)
_ENDLESS = 10 * 365 * 86400
"""Seconds that a subscription lasts; Zaqar knows none without an end."""

_CLAIM = {"ttl": 300, "grace": 60}
_MOST = 20


class Zaqar:
    """A ``messaging.Messaging``; it may be shared by threads.

    :param endpoint: the URL of Zaqar, without a version
    :param verify: whether, or with the certificates of which file, its own is checked
    :param timeout: seconds that a call may take
    """

    def __init__(self, endpoint: str, *, verify: bool | str = True, timeout: float = 10.0) -> None:
        self._endpoint = f"{endpoint.rstrip('/')}/v2"
        self._session = session.Session(verify=verify, timeout=timeout)
        # Zaqar hides a client's own messages from it, so ours is told apart from those of users.
        self._client = str(uuid.uuid4())

    def open(self, caller: messaging.Caller, queue: str, notify: str) -> str:
        """Make a queue exist that announces its messages; see ``messaging.Messaging``."""
        with _told(f"Zaqar cannot make the queue '{queue}'"):
            zaqar = self._as(caller)
            zaqar.put(_path(queue))
            # with trust+, Zaqar makes a trust with the caller and announces messages with a token of theirs
            subscriber = notify if caller.token is None else f"trust+{notify}"
            document = {"subscriber": subscriber, "ttl": _ENDLESS, "options": {}}
            answer = zaqar.post(_path(queue, "subscriptions"), json=document)
            return str(answer.json()["subscription_id"])

    def close(self, caller: messaging.Caller, queue: str, subscription: str | None) -> None:
        """Remove a queue with its messages; see ``messaging.Messaging``."""
        with _told(f"Zaqar cannot delete the queue '{queue}'"):
            zaqar = self._as(caller)
            if subscription is not None:
                _delete(zaqar, _path(queue, "subscriptions", subscription))
            _delete(zaqar, _path(queue))

    def claim(self, caller: messaging.Caller, queue: str) -> Sequence[messaging.Message]:
        """Take over some of the messages that wait; see ``messaging.Messaging``."""
        with _told(f"Zaqar cannot tell the messages of the queue '{queue}'"):
            answer = self._as(caller).post(_path(queue, "claims"), params={"limit": _MOST}, json=_CLAIM)
            if answer.status_code == 204:
                return ()
            claim = answer.headers["Location"].rstrip("/").rpartition("/")[2]
            return tuple(
                messaging.Message(id=str(one["id"]), claim=claim, body=one["body"])
                for one in answer.json()["messages"]
            )

    def done(self, caller: messaging.Caller, queue: str, message: messaging.Message) -> None:
        """Remove a message that was claimed; see ``messaging.Messaging``."""
        with _told(f"Zaqar cannot delete a message of the queue '{queue}'"):
            _delete(self._as(caller), _path(queue, "messages", message.id), claim_id=message.claim)

    def _as(self, caller: messaging.Caller) -> adapter.Adapter:
        auth = (
            noauth.NoAuth(endpoint=self._endpoint)
            if caller.token is None
            else token_endpoint.Token(self._endpoint, caller.token)
        )
        return adapter.Adapter(
            self._session,
            auth=auth,
            endpoint_override=self._endpoint,
            additional_headers={"Client-ID": self._client, "X-Project-Id": caller.project},
        )


def _path(queue: str, *more: str) -> str:
    return "/".join(("", "queues", *(parse.quote(part, safe="") for part in (queue, *more))))


def _delete(zaqar: adapter.Adapter, path: str, **params: Any) -> None:
    with contextlib.suppress(exceptions.NotFound):
        zaqar.delete(path, params=params)


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    """Turn what goes wrong into the two kinds of failure; where Zaqar is, and its own words, are for the log alone."""
    try:
        yield
    except _PASSING as error:
        LOG.error("%s: %s", what, error)
        raise ports.Retry(f"{what}{_status(error)}.") from error
    except exceptions.ClientException as error:
        LOG.error("%s: %s", what, error)
        raise ports.Permanent(f"{what}{_status(error)}.") from error
    except (KeyError, TypeError, ValueError) as error:
        LOG.error("%s: its answer is not that of Zaqar (%s). Check [zaqar] endpoint.", what, type(error).__name__)
        raise ports.Permanent(f"{what}: its answer is not that of Zaqar.") from error


def _status(error: Exception) -> str:
    status = getattr(error, "http_status", None)  # only what is of HTTP has one
    return "" if status is None else f" (it answers with {status})"
