"""`nbnodes dashboard`: a view notebook, or a folder of them, served as pages through Voila."""

from __future__ import annotations

import importlib.util
import ipaddress
import os
import secrets
import socket
import webbrowser
from urllib.parse import urlencode

import click

from nbnodes.errors import UsageError

_PORT = 8866  # Voila's own
MADE_UP = "\0"  # what `--token` without a word stands for; no word of a shell can be this


@click.command()
@click.argument("notebook")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=_PORT,
    show_default=True,
    help="The port to listen on; 0 for any that is free.",
)
@click.option(
    "--token",
    is_flag=False,
    flag_value=MADE_UP,
    metavar="[TOKEN]",
    help="Let in only who knows this token; without a word, one is made up. "
    "That is the default for a host that others can reach; --token= lets everyone in.",
)
@click.option(
    "--open/--no-browser", "opens", default=False, help="Open the page in a browser (default: no)."
)
@click.option(
    "--preheat",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    metavar="N",
    help="Keep N kernels ready for each notebook, its first cells run. Worth their memory for a "
    "notebook whose cells take seconds.",
)
def dashboard(
    notebook: str, host: str, port: int, token: str | None, *, opens: bool, preheat: int
) -> None:
    """Serve NOTEBOOK as a page through Voila; a folder as a list of its notebooks.

    Each page has a kernel of its own, which works in the notebook's folder and keeps results in
    the cache that `nbnodes run` would use here. What follows the address's `?`, as in
    `?start=2009-01-01&window=6`, gives the controls of `nb.view` their first values.
    Ctrl-C ends it, and the kernels.
    """
    _check(notebook)
    sockets = _bound(host, port)
    os.environ["NBNODES_CACHE"] = cache_here()
    from nbnodes.cli.voila_server import VoilaServer, serve

    asked = token_for(host, token)
    url = url_of(host, sockets[0].getsockname()[1], asked)
    server = VoilaServer.of(notebook, host=host, sockets=sockets, token=asked, preheat=preheat)

    def announce() -> None:
        click.echo(f"{notebook} is served at {url}")
        click.echo("Ctrl-C ends it.")
        if opens:
            webbrowser.open(url)

    serve(server, announce)


def token_for(host: str, given: str | None) -> str:
    """Return the token that visitors must know; "" where all may come in.

    Args:
        host: The address that the server listens on.
        given: What followed `--token`; None for no such option.
    """
    if given == MADE_UP or (given is None and not _is_loopback(host)):
        return secrets.token_urlsafe(24)
    return given or ""


def url_of(host: str, port: int, token: str) -> str:
    """Return the address to open; of a server that listens everywhere, with this machine's name."""
    name = socket.gethostname() if host in ("", "0.0.0.0", "::") else host  # noqa: S104  # only told
    query = f"?{urlencode({'token': token})}" if token else ""
    return f"http://{f'[{name}]' if ':' in name else name}:{port}/{query}"


def cache_here() -> str:
    """Return the cache that holds here, as kernels must be told: they work in other folders."""
    from nbnodes.project import Project

    location = Project.at().settings.cache
    if location in ("", "off", ":memory:"):
        return location
    return os.path.abspath(os.path.expanduser(location))


def _check(path: str) -> None:
    """Refuse what cannot be served, before anything is loaded.

    Raises:
        UsageError: If Voila is missing, or the notebook.
    """
    if importlib.util.find_spec("voila") is None:
        raise UsageError("dashboards are served through Voila: pip install 'nbnodes[voila]'")
    if not os.path.exists(path):
        raise UsageError(f"{path}: there is no such notebook or folder")
    if os.path.isdir(path):
        return
    if not path.endswith(".ipynb"):
        raise UsageError(f"{path}: Voila shows notebooks (.ipynb) and folders of them")
    from nbnodes.notebook.reader import read

    read(path)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _bound(host: str, port: int) -> list[socket.socket]:
    """Listen, before Voila is loaded: that takes seconds, and a taken port is told at once."""
    from tornado.netutil import bind_sockets

    try:
        return bind_sockets(port, host)
    except OSError as error:
        hint = "; name another --port, or 0 for any that is free"
        raise UsageError(f"{host}:{port}: {error.strerror or error}{hint}") from None
