"""A small Zaqar: as much of its API v2 as receivers need, over HTTP, in memory.

The real one keeps messages in MongoDB, Redis or Swift only, none of which is here.
"""

from __future__ import annotations

import json
import re
import threading
import uuid
from collections.abc import Iterable
from typing import Any
from wsgiref import simple_server

_PATH = re.compile(r"/v2/queues/(?P<queue>[^/]+)(?:/(?P<kind>subscriptions|claims|messages))?(?:/(?P<id>[^/]+))?")


class _Quiet(simple_server.WSGIRequestHandler):
    def log_message(self, *_args: Any) -> None:
        pass


class Zaqar:
    """A server that listens from when it was made until it is closed."""

    def __init__(self, token: str | None = None) -> None:
        self.token = token
        self.queues: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.subscriptions: dict[tuple[str, str], dict[str, Any]] = {}
        self.broken: int | None = None
        self._server = simple_server.make_server("127.0.0.1", 0, self._answer, handler_class=_Quiet)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def post(self, project: str, queue: str, *bodies: Any) -> None:
        """Send messages to a queue."""
        for body in bodies:
            self.queues[project, queue].append({"id": uuid.uuid4().hex, "body": body, "claim": None})

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        document = json.loads(environ["wsgi.input"].read(length) or b"null")
        status, body, headers = self._served(environ, document)
        start_response(f"{status} X", [("Content-Type", "application/json"), *headers])
        return [json.dumps(body).encode()] if body is not None else []

    def _served(self, environ: dict[str, Any], document: Any) -> tuple[int, Any, list[tuple[str, str]]]:
        uuid.UUID(environ["HTTP_CLIENT_ID"])
        found = _PATH.fullmatch(environ["PATH_INFO"])
        if self.broken is not None:
            return self.broken, {"title": "broken"}, []
        if self.token not in (None, environ.get("HTTP_X_AUTH_TOKEN")):
            return 401, {"title": "who are you"}, []
        assert found is not None, environ["PATH_INFO"]
        key = environ["HTTP_X_PROJECT_ID"], found["queue"]
        match environ["REQUEST_METHOD"], found["kind"]:
            case "PUT", None:
                self.queues.setdefault(key, [])
                return 201, None, []
            case "DELETE", None:
                self.queues.pop(key, None)
                return 204, None, []
            case "POST", "subscriptions":
                made = f"s-{found['queue']}"
                self.subscriptions[key] = document
                return 201, {"subscription_id": made}, []
            case "DELETE", "subscriptions":
                if self.subscriptions.pop(key, None) is None:
                    return 404, {"title": "no such subscription"}, []
                return 204, None, []
            case "POST", "claims":
                assert 60 <= document["ttl"] <= 43200
                return self._claimed(key, environ)
            case "DELETE", "messages":
                claim = environ["QUERY_STRING"].removeprefix("claim_id=")
                messages = self.queues[key]
                messages[:] = [one for one in messages if (one["id"], one["claim"]) != (found["id"], claim)]
                return 204, None, []
        return 404, {"title": "not found"}, []

    def _claimed(self, key: tuple[str, str], environ: dict[str, Any]) -> tuple[int, Any, list[tuple[str, str]]]:
        limit = int(environ["QUERY_STRING"].removeprefix("limit="))
        free = [one for one in self.queues.get(key, []) if one["claim"] is None][:limit]
        if not free:
            return 204, None, []
        claim = uuid.uuid4().hex
        for one in free:
            one["claim"] = claim
        messages = [
            {"id": one["id"], "body": one["body"], "ttl": 60, "age": 1, "href": f"/v2/messages/{one['id']}"}
            for one in free
        ]
        return 201, {"messages": messages}, [("Location", f"{environ['PATH_INFO']}/{claim}")]
