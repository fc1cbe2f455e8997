"""The options of the group [docker]."""

from __future__ import annotations

from oslo_config import cfg

GROUP = "docker"

OPTS = [
    cfg.FloatOpt(
        "connect_timeout",
        default=5.0,
        min=0.1,
        help="Seconds within which a container host must take a connection, TLS or SSH handshake included.",
    ),
    cfg.FloatOpt(
        "query_timeout",
        default=10.0,
        min=0.1,
        help="Seconds to wait for the answer when a host is asked to list or inspect containers or to tell of itself.",
    ),
    cfg.FloatOpt(
        "work_timeout",
        default=60.0,
        min=1,
        help="Seconds to wait for a host that creates, starts, changes or removes a container. The time that a "
        "container has for its end comes on top.",
    ),
    cfg.FloatOpt(
        "pull_timeout",
        default=600.0,
        min=1,
        help="Seconds within which a host must have pulled an image that it lacks.",
    ),
    cfg.IntOpt(
        "stop_timeout",
        default=10,
        min=0,
        max=3600,
        help="Seconds that a container has to end by itself when it is stopped or deleted, before it is killed.",
    ),
    cfg.FloatOpt(
        "events_timeout",
        default=60.0,
        min=1,
        help="Seconds without any event after which the connection to the event stream of a host is made anew, "
        "because a host that is gone looks like a quiet one.",
    ),
    cfg.IntOpt(
        "pool_size",
        default=40,
        min=1,
        max=1000,
        help="Connections that each process keeps open to each host.",
    ),
    cfg.BoolOpt(
        "allow_insecure_tcp",
        default=False,
        help="Whether to use tcp:// endpoints without TLS. Whoever can reach such an engine over the network is root "
        "of its machine.",
    ),
    cfg.StrOpt(
        "certificates_directory",
        default="",
        help="Directory with one folder for each host, or group of hosts, whose TLS material is kept by the operator "
        "and not in profiles; a folder holds ca.pem, cert.pem and key.pem, and a profile names it with "
        "tls: {directory: NAME}. Every user who may create host profiles may use every folder. "
        "Empty: profiles cannot name folders.",
    ),
    cfg.StrOpt(
        "ssh_known_hosts",
        default="",
        help="File with the host keys of ssh:// endpoints, in the format of OpenSSH. A host whose key is not in it is "
        "refused. Empty: ~/.ssh/known_hosts of the account of the service, and /etc/ssh/ssh_known_hosts. The file "
        "~/.ssh/config is not read.",
    ),
    cfg.StrOpt(
        "ssh_identity",
        default="",
        help="File with the private key, without passphrase, for ssh:// endpoints. Empty: the SSH agent and the "
        "usual files in ~/.ssh of the account of the service.",
    ),
    cfg.IntOpt(
        "ssh_sessions",
        default=8,
        min=1,
        max=1000,
        help="Sessions at a time within the SSH connection to a host. One more is used for its events. More than 9 "
        "need a greater MaxSessions in the sshd of the hosts.",
    ),
]
