"""A picture of a bundle becomes an element of a page: its bytes are in its URL. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

from nbnodes.page.drawing.apart import apart
from nbnodes.page.drawing.plain import aside
from nbnodes.page.markup import tag

_MOST_CHARACTERS = 40_000_000
_WIDEST_PX = 100_000
_MOST_INLINE = 150_000  # characters of an SVG: what is larger is left to the browser as a file
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}\Z")
_GAPS = re.compile(r"\s+")
_ROOT = re.compile(r"<svg\b", re.IGNORECASE)
_NAMESPACE = "http://www.w3.org/2000/svg"


def image(mime: str, content: str, words: Mapping[str, Any]) -> str:
    """Write a picture.

    Args:
        mime: Such as "image/png".
        content: Its bytes in base64.
        words: What is known of it: "width" and "height" in CSS pixels, "alt".
    """
    if len(content) > _MOST_CHARACTERS:
        return aside(f"A picture of {len(content) / 1.37e6:,.0f} MB is too large: download it.")
    content = _GAPS.sub("", content)
    if not _BASE64.match(content):
        return aside(f"A picture ({mime}) cannot be read: it is not written in base64.")
    return _img(f"data:{mime};base64,{content}", words)


def drawing(svg: str, words: Mapping[str, Any], style_url: str | None) -> str:
    """Write an SVG: in the page, so that its texts can be read; a large one as a picture."""
    if len(svg) <= _MOST_INLINE:
        return apart(svg, style_url=style_url)
    if len(svg) > _MOST_CHARACTERS // 2:
        return aside(f"A drawing of {len(svg) / 1e6:,.0f} MB is too large: download it.")
    if _NAMESPACE not in svg[:5000]:
        svg = _ROOT.sub(f'<svg xmlns="{_NAMESPACE}"', svg, count=1)
    encoded = base64.b64encode(svg.encode("utf-8", "replace")).decode("ascii")
    return _img(f"data:image/svg+xml;base64,{encoded}", words)


def _img(url: str, words: Mapping[str, Any]) -> str:
    sizes = {name: _pixels(words.get(name)) for name in ("width", "height")}
    alt = words.get("alt")
    alt = alt if isinstance(alt, str) and alt else "Picture"
    return tag("img", class_="nb-image", src=url, alt=alt[:1000], **sizes)


def _pixels(given: Any) -> int | None:
    """Return a size that a picture can have; None for what is none."""
    try:
        size = float(given)
    except (TypeError, ValueError, OverflowError):
        return None
    return round(size) if 0 < size < _WIDEST_PX else None
