"""Options of the API."""

from __future__ import annotations

from oslo_config import cfg

GROUP = "api"


class ConfigurationError(Exception):
    """The options of the API cannot be used, or not safely; the message says which to change."""


OPTS = [
    cfg.HostAddressOpt("host", default="127.0.0.1", help="Address to listen on."),
    cfg.PortOpt("port", default=8778, help="TCP port to listen on."),
    cfg.IntOpt(
        "threads",
        default=8,
        min=1,
        max=512,
        help="How many requests are answered at the same time. They share one processor: more threads only help where "
        "Keystone or another service is slow to answer, and make all requests slower under load. A request takes up a "
        "thread only when all of it has come.",
    ),
    cfg.IntOpt(
        "request_timeout",
        default=10,
        min=1,
        help="Seconds that a client has for sending a request, its body included, and as many again for taking the "
        "answer.",
    ),
    cfg.StrOpt(
        "auth_strategy",
        default="noauth",
        choices=[
            ("noauth", "Everybody is an administrator; only for a loopback address."),
            ("http_basic", "User names and passwords from http_basic_auth_user_file."),
            ("keystone", "Tokens of OpenStack's Keystone; see [keystone_authtoken]."),
        ],
        help="How requests are authenticated.",
    ),
    cfg.StrOpt(
        "http_basic_auth_user_file",
        default="/etc/senlin-container/htpasswd",
        help="File with a line NAME:HASH for each user, as `htpasswd -B` writes it. Only bcrypt hashes are accepted. "
        "Changes to it take effect within a minute.",
    ),
    cfg.StrOpt(
        "ssl_cert_file",
        help="Certificate to serve HTTPS with, in PEM, followed by the certificates that signed it. "
        "Needs ssl_key_file.",
    ),
    cfg.StrOpt("ssl_key_file", help="Private key of ssl_cert_file, in PEM, without a passphrase."),
    cfg.BoolOpt(
        "allow_insecure_http",
        default=False,
        help="Accept passwords over plain HTTP on an address that other machines can reach. "
        "Only for use behind a proxy that ends TLS.",
    ),
    cfg.StrOpt(
        "public_endpoint",
        help="URL of this service as its users see it, for links in answers; without it the address of the request "
        "is used. Set it behind a proxy.",
    ),
    cfg.IntOpt(
        "max_body_size", default=1024 * 1024, min=1024, help="Largest body of a request that is read, in bytes."
    ),
    cfg.StrOpt(
        "webhook_rate",
        default="60/minute",
        regex=r"^\d{1,6}/(second|minute|hour)$",
        help="How often each webhook may be triggered, and how often an address may ask for webhooks that there are "
        "not: a number per second, minute or hour; 0/minute bounds nothing. Each process counts for itself.",
    ),
    cfg.IntOpt("max_limit", default=1000, min=1, help="Largest number of items in the answer to a list request."),
]
