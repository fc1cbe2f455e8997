"""Calls methods of openstacksdk's clustering proxy.

A program for the Python of the client's own environment; its argument is the keywords for ``openstack.connect`` as
JSON. Each line that it reads is a JSON list of the name of a method, its arguments and its keywords; the line that it
answers with is {"result": ...}, or {"error": [class, message]}. An argument such as {"get_node": ID} stands for the
resource that this method returns.
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


def resource(proxy: Any, argument: Any) -> Any:
    """Return the resource that an argument stands for, or the argument."""
    if isinstance(argument, dict) and len(argument) == 1:
        ((name, id_),) = argument.items()
        if name.startswith("get_"):
            return getattr(proxy, name)(id_)
    return argument


def main() -> None:
    """Answer until the input ends."""
    proxy = openstack.connect(**json.loads(sys.argv[1])).clustering
    for line in iter(sys.stdin.readline, ""):
        name, arguments, keywords = json.loads(line)
        try:
            given = [resource(proxy, argument) for argument in arguments]
            answer = {"result": plain(getattr(proxy, name)(*given, **keywords))}
        except openstack.exceptions.SDKException as error:
            answer = {"error": [type(error).__name__, str(error)]}
        sys.stdout.write(json.dumps(answer, default=str) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
