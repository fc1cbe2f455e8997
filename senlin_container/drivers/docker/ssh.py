"""Reach an engine through SSH: every HTTP connection is a session that runs ``docker system dial-stdio`` there.

One SSH connection per host carries all sessions. Host keys must be known; the user's ~/.ssh/config is not read.
"""

from __future__ import annotations

import os
import threading
from typing import Any

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm

from senlin_container.drivers import ports
from senlin_container.drivers.docker import transport
from senlin_container.drivers.docker.options import DockerOptions

_COMMAND = "docker system dial-stdio"
_KEEPALIVE = 15
_SYSTEM_KNOWN_HOSTS = "/etc/ssh/ssh_known_hosts"


class SshTransport:
    """The engine of a machine where we may log in with a key."""

    def __init__(self, url: str, host: str, port: int, user: str | None, options: DockerOptions) -> None:
        self._url = url
        self.address = host
        self._port = port
        self._user = user
        self._options = options
        self.max_connections: int | None = options.ssh_sessions
        self._lock = threading.Lock()
        self._client: paramiko.SSHClient | None = None

    def dial(self, timeout: float) -> Any:
        """Open a session that is connected to the engine's socket; logs in first when there is no connection."""
        try:
            channel = self._connection(timeout).open_session(timeout=timeout)
            channel.settimeout(timeout)
            channel.exec_command(_COMMAND)
        except (paramiko.SSHException, OSError, EOFError) as error:
            self.close()
            raise transport.silent(self._url, error) from error
        return channel

    def explain_reset(self, timeout: float) -> ports.Failure | None:
        """Ask whether the remote command exists: a missing one ends the session at once."""
        try:
            channel = self._connection(timeout).open_session(timeout=timeout)
            with channel:
                channel.settimeout(min(timeout, 1.0))
                channel.exec_command(_COMMAND)
                words = channel.makefile_stderr("rb").read(400).decode(errors="replace").strip()
        except (paramiko.SSHException, OSError, EOFError):
            return None
        except ports.Failure as failure:
            return failure
        return ports.Retry(f"host '{self._url}': '{_COMMAND}' fails there: {words}") if words else None

    def close(self) -> None:
        """End the SSH connection."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _connection(self, timeout: float) -> paramiko.Transport:
        with self._lock:
            if self._client is not None:
                alive = self._client.get_transport()
                if alive is not None and alive.is_active():
                    return alive
                self._client.close()
            self._client = self._log_in(timeout)
            connection = self._client.get_transport()
        if connection is None:
            raise EOFError("the connection ended")
        connection.set_keepalive(_KEEPALIVE)
        return connection

    def _log_in(self, timeout: float) -> paramiko.SSHClient:
        client = paramiko.SSHClient()
        self._load_known_hosts(client)
        client.set_missing_host_key_policy(_Reject())
        key = self._identity()
        try:
            client.connect(
                self.address,
                port=self._port,
                username=self._user,
                pkey=key,
                allow_agent=key is None,
                look_for_keys=key is None,
                timeout=timeout,
                banner_timeout=timeout,
                auth_timeout=timeout,
                channel_timeout=timeout,
            )
        except _UnknownHostKey as error:
            client.close()
            raise ports.Permanent(
                f"host '{self._url}': its SSH key {error} is not known here; compare it with the one on the host and "
                f"add it to {self._options.ssh_known_hosts or 'known_hosts of the account of this service'}"
            ) from error
        except paramiko.BadHostKeyException as error:
            client.close()
            raise ports.Permanent(
                f"host '{self._url}' shows another SSH key than the known one: it was set up anew, or something "
                f"stands between; compare the keys before you change known_hosts"
            ) from error
        except paramiko.SSHException as error:
            client.close()
            if not isinstance(error, paramiko.AuthenticationException) and "authentication methods" not in str(error):
                raise
            raise ports.Permanent(
                f"host '{self._url}' does not let us log in: add the public key of "
                f"{self._options.ssh_identity or 'the account of this service'} to authorized_keys there"
            ) from error
        except OSError:
            client.close()
            raise
        return client

    def _identity(self) -> paramiko.PKey | None:
        path = self._options.ssh_identity
        if not path:
            return None
        try:
            return paramiko.PKey.from_path(path)
        except OSError as error:
            why = str(error.strerror)
        except (paramiko.SSHException, paramiko.pkey.UnknownKeyType, UnsupportedAlgorithm, ValueError, TypeError):
            why = "not a private key, or one with a passphrase"
        # Outside the handlers: some of these errors carry the file's contents, and nothing may chain to them.
        raise ports.Permanent(f"host '{self._url}' cannot be used: [docker] ssh_identity = {path}: {why}")

    def _load_known_hosts(self, client: paramiko.SSHClient) -> None:
        wanted = self._options.ssh_known_hosts
        try:
            if wanted:
                client.load_system_host_keys(wanted)
                return
            client.load_system_host_keys()
            if os.path.exists(_SYSTEM_KNOWN_HOSTS):
                client.load_system_host_keys(_SYSTEM_KNOWN_HOSTS)
        except OSError as error:
            raise ports.Permanent(
                f"host '{self._url}' cannot be used: [docker] ssh_known_hosts = {wanted}: {error.strerror}"
            ) from error


class _UnknownHostKey(Exception):
    """The host's key is in no list; the text is its fingerprint."""


class _Reject(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]
    def missing_host_key(self, _client: paramiko.SSHClient, _hostname: str, key: paramiko.PKey) -> None:
        raise _UnknownHostKey(f"{key.get_name()} {key.fingerprint}")
