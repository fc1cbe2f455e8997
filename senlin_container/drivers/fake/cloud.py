"""A simulated cloud: servers and stacks without a cloud, for scale tests and for trying out.

They are lines in a file (see ``estate``). Every flavor, image and network exists, except those that begin with
``missing/``; an image that begins with ``broken/`` gives a server in status ERROR, and a template whose description
begins so a stack that failed. The cloud as a whole is switched off, or made to hang, with
``machine.set_control(directory, estate.NAME, ...)``.
"""

from __future__ import annotations

import pathlib

from senlin_container.domain import model
from senlin_container.drivers import ports
from senlin_container.drivers.fake import compute, estate, line, orchestration
from senlin_container.drivers.fake.options import SimulatedOptions


class SimulatedCloud:
    """The simulated cloud as one owner sees it; safe to use from many threads and processes at a time."""

    def __init__(
        self, compute_: compute.SimulatedCompute, orchestration_: orchestration.SimulatedOrchestration
    ) -> None:
        self._compute = compute_
        self._orchestration = orchestration_

    @property
    def compute(self) -> compute.SimulatedCompute:
        """The servers."""
        return self._compute

    @property
    def orchestration(self) -> orchestration.SimulatedOrchestration:
        """The stacks."""
        return self._orchestration


class SimulatedClouds:
    """Gives the simulated cloud to each owner (a ``cloud.CloudFactory``): projects see only what is theirs."""

    def __init__(self, *, service: str, options: SimulatedOptions) -> None:
        """Open the state.

        Args:
            service: the name of this installation; the labels of others are never seen.
            options: where the state is, and how well the cloud works.

        Raises:
            ports.Permanent: the directory cannot be used.
        """
        self._service = service
        self._options = options
        try:
            self._estate = estate.Estate(pathlib.Path(options.directory))
        except OSError as error:
            raise ports.Permanent(f"[simulated] directory = {options.directory} cannot be used: {error}") from error
        self._line = line.Line("the simulated cloud", estate.NAME, options)

    @property
    def calls(self) -> int:
        """How often the cloud was asked something."""
        return self._line.calls

    def __call__(self, owner: model.Owner) -> SimulatedCloud:
        """Return the cloud as an owner sees it."""
        given = (self._estate, self._line, self._service, owner.project, self._options.build_time)
        return SimulatedCloud(compute.SimulatedCompute(*given), orchestration.SimulatedOrchestration(*given))

    def close(self) -> None:
        """Close the files."""
        self._estate.close()
