"""What makes a policy senseless though each of its values fits the schema."""

from __future__ import annotations

import collections
import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from senlin_container.domain import errors
from senlin_container.specs import policy_fields

Properties = Mapping[str, Any]

_PORT = 65535
_NUMBER = 2**31 - 1


def affinity(_properties: Properties) -> None:
    """All that fits the schema makes sense."""


def batch(properties: Properties) -> None:
    """Check a batch policy.

    :raises errors.InvalidSpec: naming what is wrong, as all of these functions do
    """
    _least(properties, "min_in_service", 0)
    _least(properties, "pause_time", 0)
    _unbounded(properties, "max_batch_size", 1)


def deletion(properties: Properties) -> None:
    """Check a deletion policy: whoever is to be told must have an address."""
    _least(properties, "grace_period", 0)
    hooks = properties["hooks"]
    params = hooks.get("params", {})
    _least(hooks, "timeout", 0, "hooks.")
    if hooks.get("type") == "webhook":
        _check_url(params.get("url", ""), "hooks.params.url")
    elif (hooks.get("timeout") or params.get("url")) and not params.get("queue"):
        # without a timeout too these would be the defaults, which stand for no hooks
        raise errors.InvalidSpec("'hooks.params.queue' is missing: the name of a Zaqar queue is expected.")


def health(properties: Properties) -> None:
    """Check a health policy: one thing at most is done about a node, and a URL to poll is one."""
    detection, recovery = properties["detection"], properties["recovery"]
    _least(detection, "interval", 1, "detection.")
    _least(detection, "node_update_timeout", 0, "detection.")
    for index, mode in enumerate(detection.get("detection_modes", ())):
        path = f"detection.detection_modes[{index}].options."
        options = mode["options"]
        if mode["type"] == policy_fields.POLL_URL:
            _check_url(options.get("poll_url", ""), f"{path}poll_url")
        if options:
            _least(options, "poll_url_retry_limit", 0, path)
            _least(options, "poll_url_retry_interval", 0, path)
    actions = recovery.get("actions", ())
    if len(actions) > 1:
        names = ", ".join(str(action["name"]) for action in actions[:3])
        raise errors.InvalidSpec(f"'recovery.actions' has {len(actions)} items ({names}): one at most is expected.")
    _least(recovery, "node_delete_timeout", 0, "recovery.")


def loadbalance(properties: Properties) -> None:
    """Check a load balancing policy: ports, times, and an address that can be had."""
    pool, vip, monitor = (properties.get(key) for key in ("pool", "vip", "health_monitor"))
    _least(properties, "lb_status_timeout", 1)
    if pool is not None:
        _between(pool, "protocol_port", 1, _PORT, "pool.")
        persistence = pool["session_persistence"]
        if persistence.get("type") == "APP_COOKIE" and not persistence.get("cookie_name"):
            raise errors.InvalidSpec(
                "'pool.session_persistence.cookie_name' is missing: the type APP_COOKIE needs the name of a cookie."
            )
    if vip is not None:
        _between(vip, "protocol_port", 1, _PORT, "vip.")
        _unbounded(vip, "connection_limit", 1, "vip.")
        _check_address(vip.get("address"), "vip.address")
        if not any((vip.get("subnet"), vip.get("network"), properties.get("loadbalancer"))):
            raise errors.InvalidSpec("'vip' has neither 'subnet' nor 'network': one of them is expected.")
    if monitor is not None:
        for name in ("delay", "timeout", "max_retries"):
            _least(monitor, name, 1, "health_monitor.")


def region_placement(properties: Properties) -> None:
    """Check a region placement policy."""
    regions = properties.get("regions", ())
    _check_places(regions, "regions")
    for index, region in enumerate(regions):
        _unbounded(region, "cap", 0, f"regions[{index}].")


def scaling(properties: Properties) -> None:
    """Check a scaling policy: the number says how much, the event says which way."""
    adjustment = properties.get("adjustment")
    if adjustment is None:
        return
    _least(adjustment, "cooldown", 0, "adjustment.")
    _least(adjustment, "min_step", 0, "adjustment.")
    kind, number = adjustment["type"], adjustment["number"]
    if not abs(number) <= _NUMBER:  # written so that NaN is refused too
        raise errors.InvalidSpec(f"'adjustment.number' is {number:g}: at most {_NUMBER} is expected.")
    if kind != "CHANGE_IN_PERCENTAGE" and number != int(number):
        raise errors.InvalidSpec(f"'adjustment.number' is {number:g}: an integer is expected for {kind}.")
    if number < 0 or (number == 0 and kind != "EXACT_CAPACITY"):
        least = "0 or more" if kind == "EXACT_CAPACITY" else "more than 0"
        raise errors.InvalidSpec(
            f"'adjustment.number' is {number:g}: {least} is expected for {kind}, as the event says which way it goes."
        )


def zone_placement(properties: Properties) -> None:
    """Check a zone placement policy."""
    _check_places(properties.get("zones", ()), "zones")


def _check_places(places: Sequence[Properties], path: str) -> None:
    for index, place in enumerate(places):
        if not place.get("name"):
            raise errors.InvalidSpec(f"'{path}[{index}].name' is missing: a name is expected.")
        _least(place, "weight", 0, f"{path}[{index}].")
    counts = collections.Counter(str(place["name"]) for place in places)
    twice = sorted(name for name, count in counts.items() if count > 1)
    if twice:
        raise errors.InvalidSpec(f"'{path}' names '{twice[0][:80]}' twice: each name once is expected.")


def _check_url(text: str, path: str) -> None:
    if not text:
        raise errors.InvalidSpec(f"'{path}' is missing: a URL is expected.")
    if not text.lower().startswith(("http://", "https://")) or not text.isprintable() or " " in text:
        raise errors.InvalidSpec(f"'{path}' is '{text[:80]}': a URL like 'http://address/path' is expected.")


def _check_address(text: str | None, path: str) -> None:
    if text is None:
        return
    try:
        ipaddress.ip_address(text)
    except ValueError as exc:
        raise errors.InvalidSpec(f"'{path}' is '{text[:80]}': an IP address is expected.") from exc


def _least(values: Properties, name: str, least: int, path: str = "") -> None:
    if name in values and values[name] < least:
        raise errors.InvalidSpec(f"'{path}{name}' is {values[name]}: at least {least} is expected.")


def _between(values: Properties, name: str, least: int, most: int, path: str) -> None:
    if not least <= values[name] <= most:
        raise errors.InvalidSpec(f"'{path}{name}' is {values[name]}: a number from {least} to {most} is expected.")


def _unbounded(values: Properties, name: str, least: int, path: str = "") -> None:
    if values[name] != -1 and values[name] < least:
        raise errors.InvalidSpec(
            f"'{path}{name}' is {values[name]}: at least {least}, or -1 for no bound, is expected."
        )
