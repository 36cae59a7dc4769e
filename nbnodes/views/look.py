"""The colours of the drawings become style sheets, the static files the texts of widgets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib.resources import files

from nbnodes.graph.drawing.style import DARK, LIGHT, Palette, colours
from nbnodes.graph.drawing.svg import KIND_PATHS, STATE_PATHS

# What JupyterLab, Voila, VS Code and Colab say of a dark theme. A page that says nothing is light,
# whatever its reader's system prefers: a widget must be readable on the page that it stands on.
_DARK = (
    ':is([data-jp-theme-light="false"],.vscode-dark,'
    '.vscode-high-contrast:not(.vscode-high-contrast-light),html[theme="dark"])'
)
_ROOTS = ":is(.nbnodes-node,.nbnodes-head,.nbnodes-graph,.nbnodes-log)"


def script(name: str) -> str:
    """Return one of the scripts, with the icons that all drawings share."""
    icons = json.dumps({"kinds": dict(KIND_PATHS), "states": dict(STATE_PATHS)})
    return f"const ICONS = {icons};\n{_read(name)}"


def styles(name: str) -> str:
    """Return one of the style sheets, with the colours of both themes as variables."""
    light, dark = _variables(LIGHT), _variables(DARK)
    return f"{_sheet('', light)}\n{_sheet(f'{_DARK} ', dark)}\n{_read(name)}"


def drawing_styles(place: str) -> str:
    """Return the rules by which drawings in a place follow its theme, not the system's.

    They have no paper of their own there.
    """
    light = {f"{place} {part}": body for part, body in _split(colours(LIGHT))}
    dark = {f"{_DARK} {place} {part}": body for part, body in _split(colours(DARK))}
    return _sheet("", light) + "\n" + _sheet("", dark)


def _variables(palette: Palette) -> dict[str, str]:
    failed = palette.tones["failed"]
    rules = {
        _ROOTS: f"--nb-page:{palette.page};--nb-ink:{palette.name};--nb-muted:{palette.muted};"
        f"--nb-failed-fill:{failed.fill};--nb-failed-edge:{failed.border};"
        f"--nb-failed-word:{failed.word}",
    }
    for state, tone in palette.tones.items():
        if state:
            where = f':is(.nbnodes-is-{state},.nbnodes-header[data-state="{state}"])'
            rules[where] = f"--nb-fill:{tone.fill};--nb-edge:{tone.border};--nb-word:{tone.word}"
    return rules


def _split(rules: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    ruled = [(part, body) for parts, body in rules.items() for part in parts.split(",")]
    return [(part, body) for part, body in ruled if part not in (".nb-page", ".nb-gap")]


def _sheet(prefix: str, rules: Mapping[str, str]) -> str:
    return "\n".join(f"{prefix}{selector}{{{body}}}" for selector, body in rules.items())


def _read(name: str) -> str:
    return files("nbnodes.views").joinpath("static", name).read_text(encoding="utf-8")
