"""The floor: one pecan route that returns a constant, on the HTTP server that the service uses.

    python -m benchmarks.bare_pecan

It prints its port and serves until it is ended.
"""

from __future__ import annotations

import pecan
from cheroot import wsgi


class _Root:
    @pecan.expose("json")  # type: ignore[untyped-decorator]
    def index(self) -> dict[str, str]:
        return {"id": "1"}


def main() -> None:
    """Serve."""
    server = wsgi.Server(("127.0.0.1", 0), pecan.make_app(_Root()), numthreads=8)
    server.keep_alive_conn_limit = 512
    server.prepare()
    print(server.bind_addr[1], flush=True)
    server.serve()


if __name__ == "__main__":
    main()
