"""`nbnodes cache`: what is kept, why a run would or would not be a hit, and keeping house."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import wraps
from typing import Any

import click

from nbnodes.cache.codec import Codec
from nbnodes.cache.key import KeyParts, differences
from nbnodes.cache.schema import FILE_NAME
from nbnodes.cache.signing import Signer
from nbnodes.cache.store import CacheStore, EntryFacts
from nbnodes.cli import shortcut
from nbnodes.errors import UsageError
from nbnodes.notebook.validation import Text
from nbnodes.project import Project
from nbnodes.scheduler.asks import ask_of, interval_of
from nbnodes.scheduler.options import RunOptions
from nbnodes.scheduler.subsetting import Forecast, Subsetting
from nbnodes.session import Model, Session


@click.group()
@click.option("--cache", "folder", metavar="FOLDER", help="The cache's folder.")
@click.pass_context
def cache(context: click.Context, folder: str | None) -> None:
    """See and tend what is kept of earlier runs."""
    context.obj = folder


def _with_session(command: Callable[..., None]) -> Callable[..., None]:
    """Open the Session whose cache the command is about, and close it."""

    @click.pass_obj
    @wraps(command)
    def wrapped(folder: str | None, *args: Any, **options: Any) -> None:
        with Project.at(cache=folder).session() as session:
            if session.store is None:
                raise UsageError('there is no cache: the settings say cache = "off"')
            command(session, session.store, *args, **options)

    return wrapped


@cache.command("ls")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@_with_session
def list_entries(_: Session, store: CacheStore, *, as_json: bool) -> None:
    """List what is kept, the last used first."""
    for facts in store.facts():
        if as_json:
            click.echo(json.dumps(_plain(facts), ensure_ascii=False))
        else:
            shown = ", ".join(f"{n}={v}" for n, v in _parameters(facts).items())
            size, cost = _size(facts.size_bytes), f"{facts.cost_s:.2f} s"
            click.echo(f"{facts.key[:12]}  {facts.notebook:<24} {size:>9} {cost:>9}  {shown}")


@cache.command()
@click.argument("key")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@_with_session
def show(_: Session, store: CacheStore, key: str, *, as_json: bool) -> None:
    """Show what is known of the run whose key begins with KEY."""
    found = [facts for facts in store.facts() if facts.key.startswith(key)]
    if len(found) != 1:
        raise UsageError(
            f"{key}: {len(found)} runs have a key that begins so; see `nbnodes cache ls`"
        )
    if as_json:
        click.echo(json.dumps(_plain(found[0]), ensure_ascii=False))
        return
    for name, value in _plain(found[0]).items():
        click.echo(
            f"{name:<14} {json.dumps(value, ensure_ascii=False) if name == 'parts' else value}"
        )


@cache.command()
@click.argument("notebook")
@click.option(
    "-p", "--parameters", nargs=2, multiple=True, metavar="NAME VALUE", help="A parameter."
)
@click.option(
    "-r", "--parameters_raw", nargs=2, multiple=True, metavar="NAME VALUE", help="As text."
)
@click.option("--cwd", metavar="FOLDER", help="Where it would run.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@_with_session
def why(  # noqa: PLR0913  # one argument an option
    session: Session,
    store: CacheStore,
    notebook: str,
    parameters: tuple[tuple[str, str], ...],
    parameters_raw: tuple[tuple[str, str], ...],
    *,
    cwd: str | None,
    as_json: bool,
) -> None:
    """Say whether NOTEBOOK would be answered from the cache; if not, what changed. Runs nothing."""
    values: dict[str, Any] = {name: Text(value) for name, value in parameters}
    values |= dict(parameters_raw)
    model = session.model(notebook)
    now = session.key_parts(model, values, RunOptions(cwd=cwd))
    is_hit = store.get(now.key) is not None
    forecast = None if is_hit else _forecast(store, model, values, now)
    is_slice = forecast is not None and forecast.is_hit
    changes = (
        []
        if is_hit or is_slice
        else _smallest_change(store, model.notebook.path or model.name, now)
    )
    if as_json:
        told: dict[str, Any] = {"hit": is_hit or is_slice, "key": now.key, "changes": changes}
        if forecast is not None:
            told["slices"] = [asdict(one) for one in forecast.slices]
        click.echo(json.dumps(told, ensure_ascii=False))
    elif not model.notebook.options.get("cache", True):
        click.echo("miss: the notebook's metadata leaves the cache out")
    elif is_hit:
        click.echo(f"hit: {now.key[:12]} is kept")
    elif is_slice:
        click.echo(f"hit: {forecast}")
    else:
        click.echo("miss: " + ("; ".join(changes) if changes else "it never ran"))
        if forecast is not None and str(forecast):
            click.echo(str(forecast))


@cache.command()
@click.option("--on", "family", metavar="RULE", help="Switch the rule that begins so on again.")
@_with_session
def slices(_: Session, store: CacheStore, *, family: str | None) -> None:
    """List what no longer answers narrower ranges because an audit found a wrong answer."""
    found = store.switched_off()
    if family is None:
        for name, reason in found.items():
            click.echo(f"{name[:12]}  {reason}")
        return
    chosen = [name for name in found if name.startswith(family)]
    if len(chosen) != 1:
        raise UsageError(
            f"{family}: {len(chosen)} rules that are off begin so; see `nbnodes cache slices`"
        )
    store.switch_on(chosen[0])
    click.echo(f"{chosen[0][:12]} is on again")


@cache.command()
@_with_session
def verify(_: Session, store: CacheStore) -> None:
    """Read everything that is kept; forget what is damaged."""
    problems = store.verify()
    for problem in problems:
        click.echo(problem)
    click.echo(f"{len(store.facts())} runs are whole, {len(problems)} problems were found")


@cache.command()
@click.option("--size", "limit_mb", type=float, metavar="MB", help="Shrink to this size.")
@_with_session
def gc(session: Session, store: CacheStore, *, limit_mb: float | None) -> None:
    """Give up what is worth least, and files that nothing names."""
    limit_bytes = session.settings.cache_size_bytes if limit_mb is None else int(limit_mb * 1e6)
    freed = store.collect_garbage(limit_bytes)
    shortcut.forget(os.path.join(store.location, FILE_NAME))
    click.echo(f"{_size(freed)} were given back")


@cache.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@_with_session
def clear(_: Session, store: CacheStore, *, yes: bool) -> None:
    """Forget everything."""
    keys = [facts.key for facts in store.facts()]
    if not yes and not click.confirm(f"Forget {len(keys)} runs in {store.location}?"):
        return
    click.echo(f"{store.delete(keys)} runs were forgotten")
    store.collect_garbage(0)
    shortcut.forget(os.path.join(store.location, FILE_NAME))


@cache.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@_with_session
def stats(session: Session, store: CacheStore, *, as_json: bool) -> None:
    """Show how much is kept, and how much work it stands for."""
    facts = store.facts()
    counted = {
        "location": store.location,
        "runs": len(facts),
        "notebooks": len({f.family for f in facts}),
        "size_bytes": sum(f.size_bytes for f in facts),
        "limit_bytes": session.settings.cache_size_bytes,
        "cost_s": round(sum(f.cost_s for f in facts), 3),
    }
    if as_json:
        click.echo(json.dumps(counted))
        return
    size, limit = _size(sum(f.size_bytes for f in facts)), _size(session.settings.cache_size_bytes)
    click.echo(f"{counted['runs']} runs of {counted['notebooks']} notebooks in {store.location}")
    click.echo(f"{size} of {limit}; {counted['cost_s']:g} s of work")


def _forecast(
    store: CacheStore, model: Model, values: Mapping[str, Any], now: KeyParts
) -> Forecast | None:
    """Say what stored runs of other ranges are good for; None for a notebook that declares none."""
    if interval_of(model.notebook) is None:
        return None
    asked = ask_of(model.notebook, model.validate(values), now)
    return None if asked is None else Subsetting(store, Codec(Signer())).forecast(asked)


def _smallest_change(store: CacheStore, family: str, now: KeyParts) -> list[str]:
    """Return what differs from the nearest earlier run; of equally near ones, the latest."""
    found: list[list[str]] = []
    for facts in store.facts(family):
        try:
            found.append(differences(KeyParts.from_json(facts.parts), now))
        except ValueError:
            continue  # an entry whose facts were lost explains nothing
    return min(found, key=len, default=[])


def _parameters(facts: EntryFacts) -> dict[str, str]:
    try:
        return {
            name: shown for name, (_, shown) in KeyParts.from_json(facts.parts).parameters.items()
        }
    except ValueError:
        return {}


def _plain(facts: EntryFacts) -> dict[str, Any]:
    return {
        "key": facts.key,
        "notebook": facts.notebook,
        "path": facts.family,
        "parameters": _parameters(facts),
        "size_bytes": facts.size_bytes,
        "cost_s": facts.cost_s,
        "created_at": _moment(facts.created_at),
        "last_used_at": _moment(facts.last_used_at),
        "parts": json.loads(facts.parts) if facts.parts else None,
    }


def _moment(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat(timespec="seconds")


def _size(count_bytes: int) -> str:
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count_bytes >= factor:
            return f"{count_bytes / factor:.1f} {unit}"
    return f"{count_bytes} B"
