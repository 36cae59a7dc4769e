"""The colours of the drawings, light and dark, and the style sheet that an SVG carries."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from types import MappingProxyType

from nbnodes.graph.drawing.part import LABEL_SIZE, NAME_SIZE, WORDS_SIZE

_FONTS = 'system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif'


@dataclass(frozen=True, slots=True, kw_only=True)
class Tone:
    """The colours of one state: the box, its border, and the state's word and icon."""

    fill: str
    border: str
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """All colours of a drawing. Every text stands out from what is behind it by 4.5 to 1."""

    page: str
    name: str
    muted: str
    line: str
    tones: MappingProxyType[str, Tone]


LIGHT = Palette(
    page="#ffffff",
    name="#1f2328",
    muted="#57606a",
    line="#9aa3ad",
    tones=MappingProxyType(
        {
            "": Tone(fill="#f8f9fb", border="#c2c9d1", word="#57606a"),
            "fresh": Tone(fill="#f1f9f3", border="#8fc4a0", word="#1d6b3a"),
            "stale": Tone(fill="#fdf8ea", border="#d9bb6c", word="#7a5600"),
            "queued": Tone(fill="#f5f4fc", border="#b3add9", word="#564f9e"),
            "running": Tone(fill="#edf5fd", border="#5c9bd6", word="#0a5a9f"),
            "failed": Tone(fill="#fdf1f0", border="#dd7d74", word="#b3261e"),
            "blocked": Tone(fill="#fcf3ec", border="#d69a70", word="#8f4413"),
            "cancelled": Tone(fill="#f5f6f7", border="#b0b7bf", word="#565f6a"),
        }
    ),
)
DARK = Palette(
    page="#15181d",
    name="#e6e8eb",
    muted="#a8b0ba",
    line="#6d7682",
    tones=MappingProxyType(
        {
            "": Tone(fill="#1c2026", border="#4a525c", word="#a8b0ba"),
            "fresh": Tone(fill="#18261d", border="#3d7a52", word="#7fd39b"),
            "stale": Tone(fill="#28220f", border="#8a6d1f", word="#e6bc5c"),
            "queued": Tone(fill="#201f30", border="#6a64a8", word="#b9b3f2"),
            "running": Tone(fill="#14243a", border="#3b78b5", word="#86bff5"),
            "failed": Tone(fill="#301a1a", border="#a8524c", word="#ff9a91"),
            "blocked": Tone(fill="#2c1f16", border="#95613a", word="#f0aa7c"),
            "cancelled": Tone(fill="#202328", border="#5b636d", word="#aeb6c0"),
        }
    ),
)


def style_sheet() -> tuple[str, str]:
    """Return the class that a drawing's root must have, and the rules, which touch nothing else.

    The class names the rules' own digest: drawings that differ in style can share a page.
    """
    shapes = {
        "text": f"font-family:{_FONTS};font-size:{WORDS_SIZE:g}px;font-weight:400",
        ".nb-name": f"font-size:{NAME_SIZE:g}px;font-weight:600",
        ".nb-word": "font-weight:600",
        ".nb-label": f"font-size:{LABEL_SIZE:g}px;text-anchor:middle",
        ".nb-line": "fill:none;stroke-width:1.4;stroke-linecap:round",
        ".nb-head,.nb-page,.nb-gap,text": "stroke:none",
        ".nb-broken": "stroke-dasharray:2 4",
        ".nb-box": "stroke-width:1.2",
        ".nb-running .nb-box": "stroke-width:2",
        ".nb-blocked .nb-box,.nb-cancelled .nb-box": "stroke-dasharray:4 3",
        ".nb-icon": "fill:none;stroke-width:1.4;stroke-linecap:round;stroke-linejoin:round",
    }
    light, dark = colours(LIGHT), colours(DARK)
    digest = hashlib.sha256(repr((shapes, light, dark)).encode()).hexdigest()[:8]
    root = f"nbnodes-{digest}"
    sheet = _rules(root, shapes) + _rules(root, light)
    return root, f"{sheet}@media (prefers-color-scheme:dark){{{_rules(root, dark)}}}"


def colours(palette: Palette) -> dict[str, str]:
    """Return the rules that colour a drawing, by their selectors."""
    rules = {
        ".nb-page,.nb-gap": f"fill:{palette.page}",
        "text": f"fill:{palette.muted}",
        ".nb-name": f"fill:{palette.name}",
        ".nb-line": f"stroke:{palette.line}",
        ".nb-head": f"fill:{palette.line}",
        ".nb-kind": f"stroke:{palette.muted}",
    }
    for state, tone in palette.tones.items():
        box = f".nb-{state or 'plain'}"
        rules[f"{box} .nb-box"] = f"fill:{tone.fill};stroke:{tone.border}"
        rules[f"{box} .nb-word"] = f"fill:{tone.word}"
        rules[f"{box} .nb-state"] = f"stroke:{tone.word}"
    return rules


def _rules(root: str, rules: dict[str, str]) -> str:
    return "".join(
        f"{','.join(f'.{root} {part}' for part in selector.split(','))}{{{body}}}"
        for selector, body in rules.items()
    )
