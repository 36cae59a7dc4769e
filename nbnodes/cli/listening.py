"""Where a server listens, and who it lets in: what `serve` and `dashboard` share."""

from __future__ import annotations

import ipaddress
import secrets
import socket
from urllib.parse import urlencode

from nbnodes.errors import UsageError

MADE_UP = "\0"  # what `--token` without a word stands for; no word of a shell can be this


def token_for(host: str, given: str | None) -> str:
    """Return the token that visitors must know; "" where all may come in.

    Args:
        host: The address that the server listens on.
        given: What followed `--token`; None for no such option.
    """
    if given == MADE_UP or (given is None and not is_loopback(host)):
        return secrets.token_urlsafe(24)
    return given or ""


def url_of(host: str, port: int, token: str, *, path: str = "/") -> str:
    """Return the address to open; of a server that listens everywhere, with this machine's name."""
    name = socket.gethostname() if host in ("", "0.0.0.0", "::") else host  # noqa: S104  # only told
    query = f"?{urlencode({'token': token})}" if token else ""
    return f"http://{f'[{name}]' if ':' in name else name}:{port}{path}{query}"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def bound(host: str, port: int) -> list[socket.socket]:
    """Listen, before what serves is loaded: that takes its time, and a taken port is told at once.

    Raises:
        UsageError: If nobody can listen there.
    """
    from tornado.netutil import bind_sockets

    try:
        return bind_sockets(port, host)
    except OSError as error:
        hint = "; name another --port, or 0 for any that is free"
        raise UsageError(f"{host}:{port}: {error.strerror or error}{hint}") from None
