"""What can go wrong with a request, in the words of the domain. No HTTP here.

Error
├── Invalid            the request cannot be understood or breaks a rule
│   └── InvalidSpec    a profile or policy spec does not fit its schema
├── Forbidden          the requester may not do this
├── NotFound           no such object in the requester's view
│   └── NotAttached    the policy is none of the cluster's
├── Ambiguous          a name or short id fits several objects
├── Unavailable        another service that is needed for the request does not answer
└── Conflict           the request is fine, the present state is not
    ├── InUse          something else depends on the object
    ├── Busy           an action is at work on the object
    ├── Scaling        another scaling action of the cluster is not finished
    ├── Cooling        a policy wants the cluster to rest after its last scaling action
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


class NotAttached(NotFound):
    """The policy is none of the cluster's."""

    def __init__(self, policy: str, cluster: str) -> None:
        super().__init__("policy", policy)
        self.message = f"The policy '{policy}' is not found attached to the specified cluster '{cluster}'."
        self.args = (self.message,)


class Ambiguous(Error):
    """A name or short id fits several objects."""

    def __init__(self, kind: str, identity: str) -> None:
        super().__init__(f"Multiple results found matching the query criteria '{identity}'. Please be more specific.")
        self.kind = kind


class Unavailable(Error):
    """Another service that is needed for the request does not answer; later it may."""


class Conflict(Error):
    """The request is fine, but not in the present state."""


class InUse(Conflict):
    """Something else depends on the object."""


class Busy(Conflict):
    """An action is at work on the object."""


class Scaling(Conflict):
    """Another scaling action of the cluster is not finished."""


class Cooling(Conflict):
    """A policy wants the cluster to rest after its last scaling action."""


class Ended(Conflict):
    """The action is over and cannot be changed."""
