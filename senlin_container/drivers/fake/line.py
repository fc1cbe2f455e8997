"""The line to something simulated: slow, silent or faulty, as options and control files say."""

from __future__ import annotations

import contextlib
import os
import pathlib
import random
import time
from collections.abc import Iterator

from senlin_container.drivers import ports
from senlin_container.drivers.fake.options import SimulatedOptions

_POLL = 0.05


class Line:
    """Leads to one thing, which is switched by files beside its state (``machine.set_control``)."""

    def __init__(self, what: str, name: str, options: SimulatedOptions) -> None:
        """Make it.

        Args:
            what: what messages call the other end.
            name: what its files begin with.
            options: how well it works.
        """
        self._what = what
        self._options = options
        directory = pathlib.Path(options.directory)
        self.down = str(directory / f"{name}.down")
        self._hang = str(directory / f"{name}.hang")
        self.random = random.Random(None if options.seed is None else f"{options.seed} {name}")  # noqa: S311
        self.calls = 0

    @contextlib.contextmanager
    def call(self, operation: str) -> Iterator[None]:
        """Behave like something over a network: the block is what the other end does.

        Half of the passing faults come after the work is done: the answer got lost.
        """
        self.calls += 1
        options = self._options
        if os.path.exists(self.down):
            raise ports.Retry(f"{self._what} does not answer: it is down")
        if os.path.exists(self._hang):
            self._wait_for_answer()
        if options.latency:
            time.sleep(options.latency)
        lost = False
        if options.permanent_failure_rate and self.random.random() < options.permanent_failure_rate:
            raise ports.Permanent(f"{self._what} refused to {operation}: simulated refusal")
        if options.failure_rate and self.random.random() < options.failure_rate:
            lost = self.random.random() < 0.5
            if not lost:
                raise ports.Retry(f"{self._what} failed to {operation}: simulated fault")
        try:
            yield
        except (OSError, ValueError) as error:
            raise ports.Retry(f"the state of simulated {self._what} cannot be used: {error}") from error
        if lost:
            raise ports.Retry(f"{self._what} failed to answer a {operation}: simulated fault")

    def _wait_for_answer(self) -> None:
        end = time.monotonic() + self._options.call_timeout
        while os.path.exists(self._hang):
            if time.monotonic() > end:
                raise ports.Retry(f"{self._what} does not answer in time")
            time.sleep(_POLL)
