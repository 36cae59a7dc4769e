"""`nbnodes graph`: a folder's graph, or the parts of one notebook, drawn. Runs nothing."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from nbnodes.errors import UsageError
from nbnodes.notebook.validation import Text

if TYPE_CHECKING:  # other commands load this module, too
    from nbnodes.graph.drawing.picture import Picture

_FORMATS = ("text", "mermaid", "svg", "json")
_BY_SUFFIX = {".svg": "svg", ".json": "json", ".mmd": "mermaid", ".mermaid": "mermaid"}
_WIDE, _NARROW = 200, 30  # columns where nothing tells how wide the reader is, and the fewest


@click.command()
@click.argument("target", metavar="TARGET")
@click.option(
    "--format",
    "name",
    type=click.Choice(_FORMATS),
    help="How to draw it (default: as the suffix of -o says, else text).",
)
@click.option("-o", "--output", metavar="FILE", help="Write it to this file.")
@click.option("--states", is_flag=True, help="Tell which nodes the cache answers; runs nothing.")
@click.option(
    "-p",
    "--parameters",
    nargs=2,
    multiple=True,
    metavar="NAME VALUE",
    help="A parameter that --states is about.",
)
def graph(
    target: str,
    name: str | None,
    output: str | None,
    *,
    states: bool,
    parameters: tuple[tuple[str, str], ...],
) -> None:
    """Draw the graph of TARGET: a folder, its graph.toml, or a notebook.

    The notebooks of a folder feed each other by names. A notebook is shown as the parts that it
    splits into by what each cell reads and defines, with all that its text leaves in doubt.
    """
    if parameters and not states:
        raise UsageError("-p is for --states: a drawing shows no values")
    kind = name or _BY_SUFFIX.get(os.path.splitext(output or "")[1].lower(), "text")
    is_folder = os.path.isdir(target) or target.endswith(".toml")
    to_terminal = output is None and sys.stdout.isatty()
    values = {key: Text(value) for key, value in parameters}
    if is_folder or states:
        drawn = _drawn_graph(target, kind, values if states else None, color=to_terminal)
    else:
        drawn = _drawn_split(target, kind, color=to_terminal)
    if output is None:
        click.echo(drawn, color=to_terminal)
    else:
        _write(drawn, output)


def _drawn_graph(target: str, kind: str, values: dict[str, Any] | None, *, color: bool) -> str:
    """Draw a graph; with values, also where its nodes stand."""
    from nbnodes.cli.describe_graph import describe_graph, parameter_lines
    from nbnodes.cli.node import open_graph
    from nbnodes.cli.states import LookingSession, look_up
    from nbnodes.live.pictures import picture

    with LookingSession() as session, open_graph(target, session) as graph:
        standings = {} if values is None else look_up(graph, values)
        if kind == "json":
            return _json(describe_graph(graph, standings))
        drawn = _drawn(picture(graph.name, graph.assembly, standings), kind, color=color)
        lines = parameter_lines(graph.assembly) if kind == "text" else []
        return "\n".join([drawn, *(["", "parameters"] if lines else []), *lines])


def _drawn_split(target: str, kind: str, *, color: bool) -> str:
    from nbnodes.cli.describe_split import describe_split, split_picture, split_text
    from nbnodes.graph.split import split
    from nbnodes.notebook.reader import read

    notebook = read(target)
    found = split(notebook)
    if kind == "json":
        return _json(describe_split(notebook.name, found))
    if kind == "text":
        return split_text(notebook.name, found)
    return _drawn(split_picture(notebook.name, found), kind, color=color)


def _drawn(picture: Picture, kind: str, *, color: bool) -> str:
    from nbnodes.graph.drawing.mermaid import mermaid
    from nbnodes.graph.drawing.svg import svg
    from nbnodes.graph.drawing.text import text

    if kind == "text":
        is_plain = not (sys.stdout.encoding or "").lower().startswith("utf")
        return text(picture, _width(), color and "NO_COLOR" not in os.environ, ascii_only=is_plain)
    drawing: Callable[[Picture], str] = mermaid if kind == "mermaid" else svg
    return drawing(picture)


def _width() -> int:
    return max(_NARROW, shutil.get_terminal_size((_WIDE, 0)).columns)


def _json(told: dict[str, Any]) -> str:
    from nbnodes.formats import json_text

    return json_text(told)


def _write(drawn: str, path: str) -> None:
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(drawn.rstrip("\n") + "\n")
    except OSError as error:
        raise UsageError(f"-o {path}: {error.strerror or error}") from error
