"""kill -9 of the service while servers and stacks are being made: nothing is lost, nothing is there twice."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest

from senlin_container.drivers.fake import estate
from tests import standalone

pytestmark = pytest.mark.slow

KILLS = 2
SIZE = 24
SEED = 1

PROFILES = {
    "os.nova.server": {"flavor": "m1.small", "image": "cirros"},
    "os.heat.stack": {"template": {"heat_template_version": "2021-04-16"}},
}


def things(service: standalone.Standalone, type_name: str) -> list[estate.Server] | list[estate.Stack]:
    """Return what is in the simulated cloud, as the file of its state says."""
    found = estate.Estate(service.state / "simulated")
    try:
        with found.reading() as there:
            return there.servers() if type_name == "os.nova.server" else there.stacks()
    finally:
        found.close()


@pytest.mark.parametrize("type_name", list(PROFILES))
def test_killed_at_any_moment_it_goes_on_where_it_was(
    new_service: Callable[..., standalone.Standalone], type_name: str
) -> None:
    service = new_service(
        DEFAULT={"cloud_backend": "simulated"}, simulated={"build_time": 0.4, "latency": 0.02, "failure_rate": 0.02}
    )
    service.start()
    dice = random.Random(SEED)
    api = standalone.Api(service.url)
    spec = {"type": type_name, "version": "1.0", "properties": PROFILES[type_name]}
    api.make("profile", name="p", spec=spec)
    api.make("cluster", name="c", profile_id="p", desired_capacity=0)
    for size in (SIZE, SIZE // 4):
        body = {"resize": {"adjustment_type": "EXACT_CAPACITY", "number": size}}
        answer = api.ask("POST", "/v1/clusters/c/actions", body)
        for _ in range(KILLS):
            time.sleep(dice.uniform(0.0, 0.8))
            service.kill()
            service.start()
            api.close()
            api = standalone.Api(service.url)
        api.succeed(answer, seconds=180)
    listed = api.get("/v1/nodes?cluster_id=c&limit=1000")
    held = things(service, type_name)
    assert {node["physical_id"] for node in listed} == {one.id for one in held}
    assert {node["id"] for node in listed} == {one.node_id for one in held}
    assert len(held) == SIZE // 4
    api.delete("clusters/c")
    assert not things(service, type_name)
    api.close()
