"""The spec of a Heat stack: ``os.heat.stack`` 1.0 as Senlin published it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from senlin_container.domain import errors
from senlin_container.specs import schema

_MINUTES = 2**20


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StackSpec:
    """A stack as its owner described it. ``timeout`` is in minutes, None leaves it to Heat.

    ``parameters``, ``environment`` and ``files`` may hold secrets: they are never printed.
    """

    template: Mapping[str, Any] = dataclasses.field(default_factory=dict, repr=False)
    template_url: str = ""
    parameters: Mapping[str, Any] = dataclasses.field(default_factory=dict, repr=False)
    environment: Mapping[str, Any] = dataclasses.field(default_factory=dict, repr=False)
    files: Mapping[str, Any] = dataclasses.field(default_factory=dict, repr=False)
    timeout: int | None = None
    disable_rollback: bool = True
    context: Mapping[str, Any] = dataclasses.field(default_factory=dict, repr=False)


_F = schema.Field
_T = schema.Type


def _map(description: str, *, updatable: bool = True, private: bool = False) -> schema.Field:
    return _F(type=_T.MAP, default={}, description=description, updatable=updatable, private=private)


STACK_1_0: Mapping[str, schema.Field] = {
    "context": _map("Context for operating stacks; kept for Senlin's clients.", updatable=False),
    "disable_rollback": _F(
        type=_T.BOOLEAN,
        default=True,
        updatable=True,
        description="Whether what a failed operation has made is left as it is.",
    ),
    "environment": _map("Environment that the template is read with.", private=True),
    "files": _map("Files that the template refers to, name to contents.", private=True),
    "parameters": _map("Parameters of the template, name to value.", private=True),
    "template": _map("Template of the stack."),
    "template_url": _F(
        type=_T.STRING, default="", updatable=True, description="Where Heat finds the template of the stack."
    ),
    "timeout": _F(
        type=_T.INTEGER, updatable=True, description="Minutes after which Heat gives up an operation on the stack."
    ),
}


def stack(properties: Mapping[str, Any]) -> StackSpec:
    """Type the validated properties of a stack profile.

    :raises errors.InvalidSpec: for what the schema alone cannot tell
    """
    template, url = properties.get("template") or {}, properties.get("template_url") or ""
    if not template and not url:
        raise errors.InvalidSpec("Either 'template' or 'template_url' must be given: a stack is made from a template.")
    timeout = properties.get("timeout")
    if timeout is not None and not 0 < timeout <= _MINUTES:
        raise errors.InvalidSpec(f"'timeout' is {timeout}: minutes between 1 and {_MINUTES} are expected.")
    return StackSpec(
        template=template,
        template_url=url,
        parameters=properties.get("parameters") or {},
        environment=properties.get("environment") or {},
        files=properties.get("files") or {},
        timeout=timeout,
        disable_rollback=properties.get("disable_rollback", True),
        context=properties.get("context") or {},
    )
