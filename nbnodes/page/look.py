"""The files of assets/ become what pages ask for: scripts, style sheets, their URLs. Pure.

The style sheet carries the colours of drawings as well, so that a graph follows the page's scheme
and not only the system's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from nbnodes.errors import UsageError
from nbnodes.graph.drawing.style import DARK, LIGHT, colours

_PARTS = {
    "page.js": ("controls.js", "page.js"),
    "reference.js": ("controls.js", "reference.js"),
    "gallery.js": ("gallery.js",),
    "theme.js": ("theme.js",),
    "page.css": ("page.css",),
    "drawing.css": ("drawing.css",),
}
ASSETS = tuple(_PARTS)
"""The names that `asset` knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file that pages ask for.

    Attributes:
        content: In UTF-8.
        media_type: With its charset.
        digest: Of the content: another one for each.
    """

    content: bytes
    media_type: str
    digest: str


@cache
def asset(name: str) -> Asset:
    """Return a file.

    Raises:
        UsageError: If there is none of that name.
    """
    if name not in _PARTS:
        raise UsageError(f"there is no asset {name!r}; there are: {', '.join(ASSETS)}")
    folder = files("nbnodes.page").joinpath("assets")
    text = "".join(folder.joinpath(part).read_text(encoding="utf-8") for part in _PARTS[name])
    if name == "page.css":
        text += "\n".join(_graph_rules()) + "\n"
    content = text.encode()
    media = "text/css" if name.endswith(".css") else "text/javascript"
    digest = hashlib.sha256(content).hexdigest()[:16]
    return Asset(content=content, media_type=f"{media}; charset=utf-8", digest=digest)


def asset_url(base_url: str, name: str) -> str:
    """Return where a page finds a file: another URL for each content, to be kept for ever."""
    return f"{base_url}assets/{name}?v={asset(name).digest}"


def _graph_rules() -> Iterator[str]:
    """Yield a rule for each part of a drawing: stronger than its own, and for both schemes."""
    light, dark = colours(LIGHT), colours(DARK)
    for selectors, body in light.items():
        where = ",".join(f".nb-graph svg {part}" for part in selectors.split(","))
        pairs = zip(body.split(";"), dark[selectors].split(";"), strict=True)
        yield f"{where}{{{';'.join(_both(*pair) for pair in pairs)}}}"


def _both(light: str, dark: str) -> str:
    name, _, value = light.partition(":")
    return f"{name}:light-dark({value},{dark.partition(':')[2]})"
