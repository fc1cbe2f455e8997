"""Options for Keystone: how tokens are checked, and the user whom the service's users delegate to."""

from __future__ import annotations

from typing import Any

from keystoneauth1 import loading
from keystonemiddleware import auth_token
from oslo_config import cfg

GROUP = "keystone_authtoken"
"""The group of keystonemiddleware, which describes its options itself."""

TRUSTEE = "trustee"

TIMEOUT = 10
TOKEN_TIMEOUT = 5

_COMMON = [
    *loading.get_auth_common_conf_options(),
    *loading.get_session_conf_options(),
    cfg.StrOpt("region_name", help="Region of the Keystone to ask, where the catalog has several."),
    cfg.ListOpt(
        "valid_interfaces",
        default=["internal", "public"],
        help="Interfaces of Keystone in the order in which they are looked for in the catalog.",
    ),
]


def register(conf: cfg.ConfigOpts) -> None:
    """Register the options of keystonemiddleware and of [trustee], with defaults that suit this service."""
    for group, options in auth_token.list_opts():
        conf.register_opts(options, group=group)
    # A thread waits for the answer. With the middleware's own defaults a Keystone that hangs would hold it four times
    # as long as one try, and soon all of them; the requester may try again as well.
    conf.set_default("http_connect_timeout", TOKEN_TIMEOUT, group=GROUP)
    conf.set_default("http_request_max_retries", 0, group=GROUP)
    # The name by which access rules of application credentials speak of this service.
    conf.set_default("service_type", "clustering", group=GROUP)
    # Nothing here looks at the catalog, which would be read anew with the token at every request.
    conf.set_default("include_service_catalog", False, group=GROUP)
    conf.register_opts(_COMMON, group=TRUSTEE)
    conf.set_default("timeout", TIMEOUT, group=TRUSTEE)


def list_opts() -> list[tuple[str, list[Any]]]:
    """Return the options of [trustee] for the sample, those for a login with a password among them."""
    names = {option.dest for option in _COMMON}
    password = [option for option in loading.get_auth_plugin_conf_options("password") if option.dest not in names]
    return [(TRUSTEE, [*_COMMON, *password])]
