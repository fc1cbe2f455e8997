"""Calls methods of openstacksdk's clustering proxy.

A program for the Python of the client's own environment; its argument is the keywords for ``openstack.connect`` as
JSON. Each line that it reads is a JSON list of the name of a method, its arguments and its keywords; the line that it
answers with is {"result": ...}, or {"error": [class, message]}.
"""

from __future__ import annotations

import json
import sys
import types
from typing import Any

import openstack
import openstack.exceptions
import openstack.resource


def plain(value: Any) -> Any:
    """Turn what the proxy returns into JSON."""
    if isinstance(value, openstack.resource.Resource):
        return value.to_dict()
    if isinstance(value, types.GeneratorType):
        return [plain(item) for item in value]
    return value


def main() -> None:
    """Answer until the input ends."""
    proxy = openstack.connect(**json.loads(sys.argv[1])).clustering
    for line in iter(sys.stdin.readline, ""):
        name, arguments, keywords = json.loads(line)
        try:
            answer = {"result": plain(getattr(proxy, name)(*arguments, **keywords))}
        except openstack.exceptions.SDKException as error:
            answer = {"error": [type(error).__name__, str(error)]}
        sys.stdout.write(json.dumps(answer, default=str) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
