"""Every operation of the API, as data: the routes, and all that is known of them.

The application routes and validates with this table, and tests walk it; nothing about an operation is written down
anywhere else.
"""

from __future__ import annotations

from senlin_container.api import operation
from senlin_container.api.operations import clusters, nodes, policies, profiles, receivers, records

OPERATIONS: tuple[operation.Operation, ...] = (
    *records.OPERATIONS,
    *profiles.OPERATIONS,
    *policies.OPERATIONS,
    *clusters.OPERATIONS,
    *nodes.OPERATIONS,
    *receivers.OPERATIONS,
)
