"""Ways to reach an engine: each one dials a connected socket, and one HTTP adapter speaks over it.

Because the sockets are made here, nothing of the environment (proxies, CA bundles, the docker configuration of the
account) has a say in whom we talk to and whom we trust.
"""

from __future__ import annotations

import os
import socket
import ssl
import struct
import urllib.parse
from typing import Any, Protocol

from senlin_container.drivers import ports
from senlin_container.drivers.docker import errors
from senlin_container.drivers.docker.options import DockerOptions

_TLS_PORT = 2376
_PLAIN_PORT = 2375
# A peer that vanished without a word is noticed after 15 + 3 * 5 seconds, also while something is on its way to it.
_SOCKET_OPTIONS = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 15),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 30_000),
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    # What was not delivered when we give up is dropped with the connection. The kernel would go on trying, and a host
    # that comes back would carry out requests whose failure has long been told.
    (socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)),
)


class Transport(Protocol):
    """How to get a connection to one engine."""

    @property
    def address(self) -> str:
        """The address of the host as seen from here, "" for this machine."""
        ...

    @property
    def max_connections(self) -> int | None:
        """How many connections the host allows at a time, None for any number."""
        ...

    def dial(self, timeout: float) -> Any:  # a socket, or what has its methods
        """Connect within ``timeout`` seconds; raises Retry or Permanent."""
        ...

    def explain_reset(self, timeout: float) -> ports.Failure | None:
        """After a connection was reset at once: tell why, where the transport can find out."""
        ...

    def close(self) -> None:
        """Give up what is held."""
        ...


class UnixTransport:
    """The socket of an engine on this machine."""

    address = ""
    max_connections: int | None = None

    def __init__(self, url: str, path: str) -> None:
        self._url = url
        self._path = path

    def dial(self, timeout: float) -> socket.socket:
        """Connect; a socket that we may not use is a permanent failure, a missing one may still come."""
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.settimeout(timeout)
            sock.connect(self._path)
        except PermissionError as error:
            sock.close()
            raise ports.Permanent(
                f"host '{self._url}' cannot be used: no permission for '{self._path}'; let the account of this "
                f"service be a member of the group that owns the socket"
            ) from error
        except OSError as error:
            sock.close()
            raise silent(self._url, error) from error
        return sock

    def explain_reset(self, timeout: float) -> None:
        """Know nothing more."""

    def close(self) -> None:
        """Hold nothing."""


class TcpTransport:
    """An engine that listens on TCP, with mutual TLS or (``context`` None) without any."""

    max_connections: int | None = None

    def __init__(self, url: str, host: str, port: int, context: ssl.SSLContext | None) -> None:
        self._url = url
        self.address = host
        self._port = port
        self._context = context

    def dial(self, timeout: float) -> socket.socket:
        """Connect and shake hands; the host's certificate is checked against its own CA and its address."""
        try:
            sock = socket.create_connection((self.address, self._port), timeout)
        except OSError as error:
            raise silent(self._url, error) from error
        try:
            for level, name, value in _SOCKET_OPTIONS:
                sock.setsockopt(level, name, value)
            return sock if self._context is None else self._context.wrap_socket(sock, server_hostname=self.address)
        except ssl.SSLError as error:
            sock.close()
            raise tls_failure(self._url, error) from error
        except OSError as error:
            sock.close()
            raise silent(self._url, error) from error

    def explain_reset(self, timeout: float) -> ports.Failure | None:
        """Ask whether the host refuses our certificate.

        With TLS 1.3 that refusal follows the handshake, and a request sent meanwhile can turn it into a bare reset
        of the connection. A connection on which nothing is sent shows it.
        """
        if self._context is None:
            return None
        try:
            sock = self.dial(timeout)
        except ports.Failure as failure:
            return failure
        with sock:
            sock.settimeout(min(timeout, 1.0))
            try:
                sock.recv(1)
            except ssl.SSLError as error:
                return tls_failure(self._url, error)
            except OSError:
                return None
        return None

    def close(self) -> None:
        """Hold nothing."""


def silent(url: str, error: BaseException) -> ports.Retry:
    """Tell that a host does not answer."""
    words = "timed out" if isinstance(error, TimeoutError) else (getattr(error, "strerror", None) or str(error))
    return ports.Retry(f"host '{url}' does not answer: {words}")


def tls_failure(url: str, error: ssl.SSLError) -> ports.Failure:
    """Tell a refused certificate (permanent) from a connection that broke in the handshake."""
    reason = (error.reason or str(error)).upper()
    if isinstance(error, ssl.SSLCertVerificationError):
        return errors.refused_by_tls(url, error.verify_message)
    if "ALERT" in reason or "CERTIFICATE" in reason:
        return errors.refused_by_tls(url, reason.lower().replace("_", " "))
    if "WRONG_VERSION_NUMBER" in reason or "HTTP_REQUEST" in reason:
        return ports.Permanent(
            f"host '{url}' does not speak TLS on this port: start its engine with --tlsverify, or give its TLS port"
        )
    return silent(url, error)


def tls_context(url: str, tls: ports.Tls) -> ssl.SSLContext:
    """Make the context for one host: its CA and no other, our certificate, TLS 1.2 or later.

    Raises:
        ports.Permanent: a text is not PEM, or key and certificate do not belong together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(cadata=tls.ca)
    except (ssl.SSLError, ValueError) as error:
        raise ports.Permanent(f"host '{url}': ca_cert is not a PEM certificate") from error
    # OpenSSL reads keys from files only: one that lives in memory never reaches a disk, whatever happens to us.
    pem = os.memfd_create("client-tls")
    try:
        with open(pem, "wb", closefd=False) as file:
            file.write(f"{tls.cert}\n{tls.key}\n".encode())
        # A key with a passphrase must fail, not ask on the terminal.
        context.load_cert_chain(f"/proc/self/fd/{pem}", password=lambda: b"")
    except (ssl.SSLError, ValueError) as error:
        raise ports.Permanent(
            f"host '{url}': client_cert and client_key must be PEM texts, belong together and need no passphrase"
        ) from error
    finally:
        os.close(pem)
    return context


def transport_of(endpoint: ports.Endpoint, options: DockerOptions) -> Transport:
    """Choose the transport by the scheme of the URL.

    Raises:
        ports.Permanent: the URL or the TLS material cannot be used, or plain TCP is not allowed.
    """
    parts = urllib.parse.urlsplit(endpoint.url)
    try:
        port = parts.port
    except ValueError as error:
        raise ports.Permanent(f"endpoint of host '{parts.hostname}': the port must be between 1 and 65535") from error
    if parts.password is not None:
        raise ports.Permanent(f"endpoint of host '{parts.hostname}': no password may be in the URL; use a key")
    if parts.scheme == "unix":
        path = urllib.parse.unquote(f"{parts.netloc}{parts.path}")
        if not path.startswith("/"):
            raise ports.Permanent(f"endpoint '{endpoint.url}': expected unix:///PATH, an absolute path of a socket")
        return UnixTransport(endpoint.url, path)
    if parts.scheme not in ("tcp", "ssh"):
        raise ports.Permanent(f"endpoint '{endpoint.url}': expected unix:///PATH, tcp://HOST:PORT or ssh://USER@HOST")
    if not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise ports.Permanent(f"endpoint '{endpoint.url}': expected {parts.scheme}://HOST[:PORT] and nothing after it")
    if parts.scheme == "ssh":
        # Not at the top: most installations never use SSH, and paramiko is slow to load.
        from senlin_container.drivers.docker import ssh

        return ssh.SshTransport(endpoint.url, parts.hostname, port or 22, parts.username, options)
    if endpoint.tls is not None:
        context = tls_context(endpoint.url, endpoint.tls)
        return TcpTransport(endpoint.url, parts.hostname, port or _TLS_PORT, context)
    if not options.allow_insecure_tcp:
        raise ports.Permanent(
            f"endpoint '{endpoint.url}' has no TLS: give tls (ca_cert, client_cert, client_key); an operator who "
            f"accepts that everybody on the network is root of that host sets [docker] allow_insecure_tcp = true"
        )
    return TcpTransport(endpoint.url, parts.hostname, port or _PLAIN_PORT, None)
