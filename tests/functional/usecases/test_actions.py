"""Commands on actions."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from senlin_container.domain import errors
from senlin_container.store import tables
from tests.functional.usecases import conftest

WAITING = "WAITING_LIFECYCLE_COMPLETION"


def put(service: conftest.Service, action_id: str, status: str) -> None:
    service.parts.database.write(
        lambda tx: tx.execute(
            sa.update(tables.Action.__table__).where(tables.Action.id == action_id).values(status=status)
        )
    )


def test_an_action_that_waits_for_a_hook_goes_on(service: conftest.Service) -> None:
    action_id = service.commands.check_cluster(service.context, "c1")
    put(service, action_id, WAITING)
    assert service.commands.complete_lifecycle(service.context, "c1", token=action_id) == action_id
    assert service.queries.action(service.context, action_id).action.status == "READY"


def test_a_second_word_changes_nothing(service: conftest.Service) -> None:
    action_id = service.commands.check_cluster(service.context, "c1")
    put(service, action_id, "SUCCEEDED")
    assert service.commands.complete_lifecycle(service.context, "c1", token=action_id) == action_id
    assert service.queries.action(service.context, action_id).action.status == "SUCCEEDED"


def test_a_token_of_nothing_or_of_another_cluster_is_refused(service: conftest.Service) -> None:
    action_id = service.commands.check_cluster(service.context, "c1")
    put(service, action_id, WAITING)
    with pytest.raises(errors.Invalid, match="lifecycle_action_token 'nothing' could not be found"):
        service.commands.complete_lifecycle(service.context, "c1", token="nothing")
    with pytest.raises(errors.Invalid, match="does not concern the cluster"):
        service.commands.complete_lifecycle(service.context, "hosts", token=action_id)
    assert service.queries.action(service.context, action_id).action.status == WAITING
