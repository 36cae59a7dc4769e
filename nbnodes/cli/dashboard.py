"""`nbnodes dashboard`: a view notebook, or a folder of them, served as pages through Voila."""

from __future__ import annotations

import importlib.util
import os
import webbrowser

import click

from nbnodes.cli.listening import bound, place_options, token_for, url_of
from nbnodes.errors import UsageError

_PORT = 8866  # Voila's own


@click.command()
@click.argument("notebook")
@place_options(_PORT)
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
    sockets = bound(host, port)
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
