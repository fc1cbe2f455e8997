"""Commands on actions."""

from __future__ import annotations

from senlin_container.domain import errors, lifecycle, model
from senlin_container.store import clusters, queue, session
from senlin_container.usecases import base, context, settling


class ActionCommands(base.Base):
    """Cancel actions, and let go on those that wait for a word from outside."""

    def cancel_action(self, ctx: context.Context, identity: str, *, force: bool) -> None:
        """End an action early, its children with it; ``force`` does not wait for what is at work.

        :raises errors.Ended: when it is over
        """
        self._queue(self._cancel, ctx, identity, force)

    def complete_lifecycle(self, ctx: context.Context, identity: str, *, token: str) -> str:
        """Let an action of a cluster go on that waits for the end of a lifecycle hook; returns its id.

        One that does not wait (any more) is left as it is, so that the word may come twice.

        :param token: the id of the action, which the hook was told
        :raises errors.NotFound: when there is no such cluster
        :raises errors.Invalid: when the cluster has no such action
        """
        return self._queue(self._complete, ctx, identity, token)

    def _cancel(self, tx: session.Transaction, ctx: context.Context, identity: str, force: bool) -> None:
        action = queue.find(tx, ctx.scope(), identity)
        if settling.is_over(action):
            expected = [status.value for status in model.ActionStatus if status in lifecycle.UNFINISHED]
            raise errors.Ended(
                f"Action ({action.id[:8]}) is in status ({action.status}) while expected status must be one of "
                f"({expected})."
            )
        settling.cancel(tx, action, new_id=self._parts.new_id, now=self._parts.clock(), force=force)

    def _complete(self, tx: session.Transaction, ctx: context.Context, identity: str, token: str) -> str:
        cluster, _ = clusters.find(tx, ctx.scope(), identity)
        try:
            action = queue.find(tx, ctx.scope(), token)
        except errors.NotFound as exc:
            raise errors.Invalid(f"The specified lifecycle_action_token '{token}' could not be found.") from exc
        if action.cluster_id != cluster.id:
            raise errors.Invalid(
                f"The lifecycle_action_token '{token}' is of an action that does not concern the cluster "
                f"'{cluster.id}': give the token that the hook of this cluster was told."
            )
        queue.complete_lifecycle(tx, action.id, self._parts.clock())
        return action.id
