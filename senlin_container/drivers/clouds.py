"""Which driver serves the cloud."""

from __future__ import annotations

from typing import Protocol

from senlin_container.drivers import cloud, fake


class Clouds(cloud.CloudFactory, Protocol):
    """A factory that holds something open."""

    def close(self) -> None:
        """Let go of it."""
        ...


def choose(backend: str, *, service: str, simulated_options: fake.SimulatedOptions) -> Clouds:
    """Return the factory that ``[DEFAULT] cloud_backend`` names.

    :param backend: openstack or simulated
    :param service: the name of this installation, the value of the label ``ports.LABEL_SERVICE``
    :param simulated_options: for the simulated one
    """
    if backend == "simulated":
        return fake.SimulatedClouds(service=service, options=simulated_options)
    return cloud.NoClouds()
