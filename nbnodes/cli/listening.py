"""Where a server listens, and who it lets in: what `serve` and `dashboard` share."""

from __future__ import annotations

import errno
import ipaddress
import secrets
import socket
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlencode

import click

from nbnodes.errors import UsageError
from nbnodes.settings import TOKEN

Command = TypeVar("Command", bound=Callable[..., Any])

MADE_UP = "\0"  # what `--token` without a word stands for; no word of a shell can be this


def place_options(port: int) -> Callable[[Command], Command]:
    """Give a command the options of where it listens and whom it lets in: `host`, `port`, `token`.

    Args:
        port: The default port.
    """
    host_help = "The address to listen on."
    port_help = "The port to listen on; 0 for any that is free."
    token_help = (
        "Let in only who knows this token; without a word, one is made up. That is the default "
        "for a host that others can reach; --token= lets everyone in. "
        f"{TOKEN} is a safer place for it."
    )
    options = (
        click.option("--host", default="127.0.0.1", show_default=True, help=host_help),
        click.option(
            "--port",
            type=click.IntRange(0, 65535),
            default=port,
            show_default=True,
            help=port_help,
        ),
        click.option(
            "--token",
            is_flag=False,
            flag_value=MADE_UP,
            envvar=TOKEN,
            metavar="[TOKEN]",
            help=token_help,
        ),
    )

    def give(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return give


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
    name = socket.gethostname() if host in ("", "*", "0.0.0.0", "::") else host  # noqa: S104  # only told
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
        is_port = error.errno in (errno.EADDRINUSE, errno.EACCES)
        hint = "--port, or 0 for any that is free" if is_port else "--host: one of this machine's"
        text = f"{host}:{port}: {error.strerror or error}; name another {hint}"
        raise UsageError(text) from None
