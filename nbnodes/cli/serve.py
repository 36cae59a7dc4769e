"""`nbnodes serve`: notebooks, folders and graphs as endpoints and pages."""

from __future__ import annotations

import math
import os
import re
import webbrowser
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from nbnodes.cli.listening import bound, is_loopback, place_options, token_for, url_of
from nbnodes.engines.cpus import all_cpus
from nbnodes.errors import UsageError

if TYPE_CHECKING:  # what serves is loaded once the port is bound
    from nbnodes.rest.serving import Serving

_PORT = 8800
_ORIGIN = re.compile(r"https?://[^\s/?#@]+")


class Seconds(click.FloatRange):
    """A time of 0 s or more; "nan", which Python reads as a number, is none."""

    def __init__(self) -> None:
        super().__init__(0)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return it in seconds."""
        found = float(super().convert(value, param, ctx))
        if math.isnan(found):
            self.fail(f"{value!r} is no time.", param, ctx)
        return found


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@place_options(_PORT)
@click.option("--workers", type=click.IntRange(1), help="How many runs may go on at once.")
@click.option("--cache", metavar="FOLDER", help="Keep results there; `off` keeps none.")
@click.option("--engine", help="Run notebooks by this engine.")
@click.option("--open/--no-browser", "opens", default=False, help="Open it in a browser.")
@click.option(
    "--reload/--no-reload", "reloads", default=False, help="Follow notebooks that are saved."
)
@click.option(
    "--cors", multiple=True, metavar="ORIGIN", help="Pages of this site may ask, too; * for all."
)
@click.option(
    "--sync-timeout",
    type=Seconds(),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a request waits for its run, which then goes on as a job.",
)
@click.option("--timeout", "timeout_s", type=Seconds(), metavar="SECONDS", help="End longer runs.")
@click.option(
    "--max-body",
    type=click.IntRange(1),
    default=10_000_000,
    show_default=True,
    metavar="BYTES",
    help="How large a request may be.",
)
@click.option(
    "--queue",
    type=click.IntRange(1),
    default=256,
    show_default=True,
    help="How many runs may be under way or wait; more are refused with 503.",
)
@click.option(
    "--per-client",
    type=click.IntRange(1),
    default=128,
    show_default=True,
    help="How many of these one client may have; more are refused with 429.",
)
@click.option(
    "--allow-host",
    multiple=True,
    metavar="NAME",
    help="Answer under this name, too, where only this machine can ask: a proxy may pass it on.",
)
@click.option("--base-url", default="/", metavar="PATH", help="Serve everything under this path.")
@click.option(
    "--trust-proxy", is_flag=True, help="Believe X-Forwarded-For and -Proto: behind a proxy only."
)
@click.option(
    "--all-cpus", is_flag=True, help="Have the server's own threads, too, use more than one CPU."
)
@click.option("--debug", is_flag=True, help="Tell clients tracebacks, which show paths.")
def serve(paths: tuple[str, ...], **options: Any) -> None:
    """Serve model notebooks: each PATH is a notebook, a folder of them, or a graph.toml.

    Every notebook is an endpoint (/api/models/NAME/run?n=7) and a page (/pages/NAME?n=7) with
    controls made of its parameters; notebooks that feed each other are a graph with a page of its
    own. Results are shared with `nbnodes run` through the cache. /docs tells of all routes.
    Ctrl-C ends it.
    """
    host = options["host"]
    base_path = _base_path(options["base_url"])
    sockets = bound(host, options["port"])
    token = token_for(host, options["token"])
    serving = _serving(paths, base_path, token, options)
    url = url_of(host, sockets[0].getsockname()[1], token, path=base_path)

    def announce(problems: tuple[str, ...]) -> None:
        for problem in problems:
            click.echo(f"nbnodes: not served: {problem}", err=True)
        click.echo(f"{' '.join(paths)} served at {url}")
        click.echo("Ctrl-C ends it.")
        if options["opens"]:
            with all_cpus():
                webbrowser.open(url)

    serving.run(
        sockets,
        announce,
        trusts_proxy=options["trust_proxy"],
        reloads=options["reloads"],
        shares_cpu=not options["all_cpus"],
    )


def _serving(
    paths: tuple[str, ...], base_path: str, token: str, options: Mapping[str, Any]
) -> Serving:
    from nbnodes.rest.application import Guard
    from nbnodes.rest.limits import Limits
    from nbnodes.rest.serving import Serving

    hosts = _hosts(options["host"], options["allow_host"])
    names = ("workers", "engine", "timeout_s")
    return Serving(
        paths,
        guard=Guard(token=token, hosts=hosts, origins=_origins(options["cors"])),
        limits=Limits(
            sync_timeout_s=options["sync_timeout"],
            body_size_bytes=options["max_body"],
            waiting=options["queue"],
            client_runs=options["per_client"],
        ),
        base_path=base_path,
        debug=options["debug"],
        overrides={name: options[name] for name in names} | {"cache": _cache(options["cache"])},
    )


def _hosts(host: str, more: tuple[str, ...]) -> frozenset[str] | None:
    """Return the names under which the server may be asked; None for any."""
    if not is_loopback(host):
        return None
    wrong = [name for name in more if not name or any(one in name for one in "/:@*? ")]
    if wrong:
        raise UsageError(f"--allow-host {wrong[0]}: expected a name alone, such as nb.example.org")
    return frozenset({"localhost", host, *(name.lower() for name in more)})


def _origins(given: tuple[str, ...]) -> frozenset[str]:
    """Return the sites as browsers name them (RFC 6454): lower case, no slash at the end."""
    found = [one.rstrip("/").lower() for one in given]
    wrong = [one for one in found if one != "*" and not _ORIGIN.fullmatch(one)]
    if wrong:
        text = "expected a site, such as https://nb.example.org, or * for all"
        raise UsageError(f"--cors {wrong[0]}: {text}")
    return frozenset(found)


def _base_path(given: str) -> str:
    """Return the path under which all is served: it begins and ends with a slash."""
    path = f"/{given.strip('/')}/" if given.strip("/") else "/"
    if not all(one.isalnum() or one in "/-_.~" for one in path):
        raise UsageError(f"--base-url {given}: letters, digits, - _ . ~ and / are allowed")
    if any(part in {"", ".", ".."} for part in path.split("/")[1:-1]):
        raise UsageError(f"--base-url {given}: a browser would take that for another path")
    return path


def _cache(given: str | None) -> str | None:
    return given if given in (None, "off", ":memory:") else os.path.abspath(str(given))
