"""What can go wrong with a request, in the words of the domain. No HTTP here.

Error
├── Invalid            the request cannot be understood or breaks a rule
│   └── InvalidSpec    a profile or policy spec does not fit its schema
├── Forbidden          the requester may not do this
├── NotFound           no such object in the requester's view
├── Ambiguous          a name or short id fits several objects
└── Conflict           the request is fine, the present state is not
    ├── InUse          something else depends on the object
    ├── Busy           an action is at work on the object
    └── Ended          the action is over and cannot be changed
"""

from __future__ import annotations


class Error(Exception):
    """Base of all expected failures; the message is meant for the requester."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Invalid(Error):
    """The request breaks a rule."""


class InvalidSpec(Invalid):
    """A profile or policy spec does not fit its schema."""


class Forbidden(Error):
    """The requester may not do this."""


class NotFound(Error):
    """No such object in the requester's view."""

    def __init__(self, kind: str, identity: str) -> None:
        super().__init__(f"The {kind} '{identity}' could not be found.")
        self.kind = kind
        self.identity = identity


class Ambiguous(Error):
    """A name or short id fits several objects."""

    def __init__(self, kind: str, identity: str) -> None:
        super().__init__(f"Multiple {kind} objects fit '{identity}': give the full id instead.")


class Conflict(Error):
    """The request is fine, but not in the present state."""


class InUse(Conflict):
    """Something else depends on the object."""


class Busy(Conflict):
    """An action is at work on the object."""


class Ended(Conflict):
    """The action is over and cannot be changed."""
