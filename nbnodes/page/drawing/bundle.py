"""A MIME bundle becomes HTML: of all forms that it has, the richest that a page can show."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nbnodes.page.drawing.apart import apart, framed
from nbnodes.page.drawing.cleaned import has_scripts
from nbnodes.page.drawing.formula import formula_of, mathml
from nbnodes.page.drawing.image import drawing, image
from nbnodes.page.drawing.plain import aside, pre
from nbnodes.page.drawing.prose import prose
from nbnodes.page.drawing.tree import tree
from nbnodes.page.markup import tag

_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_TREES = ("application/json", "application/geo+json")
_WITHOUT = {
    "application/vnd.jupyter.widget-view+json": "A widget, shown as text: it lives in a kernel.",
    "application/javascript": "A script, which pages do not run.",
    "application/pdf": "A PDF, which pages do not show.",
}
_FIGURES = {"plotly": "Plotly", "vegalite": "Vega-Lite", "vega": "Vega"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where drawings come to stand.

    Attributes:
        frame: Takes a whole document, gives the URL at which it can be had.
        style_url: Where `drawing.css` is; None: drawings carry its rules along.
        rest: How to have what of a long one is left out, such as "download the value"; "" for
            nothing to say.
    """

    frame: Callable[[str], str]
    style_url: str | None = None
    rest: str = ""


def bundle_html(
    bundle: Mapping[str, Any], metadata: Mapping[str, Any], around: Surroundings, *, title: str
) -> str:
    """Write the richest form of a bundle that a page can show.

    Args:
        bundle: Content by MIME type, as nbformat stores it.
        metadata: What is said of it, by MIME type.
        around: Where it comes to stand.
        title: What it is, for those who cannot see it.

    Returns:
        Whole elements; "" if there is nothing to see.
    """
    for mime in ("text/html", "text/markdown", "image/svg+xml", "text/latex", *_PICTURES, *_TREES):
        if mime in bundle:
            found = _form(mime, bundle, metadata, around, title)
            if found is not None:
                return found
    return _without_form(bundle, around.rest)


def text_of(content: Any) -> str:
    """Return what a bundle has of text as text: nbformat may store a list of lines."""
    if isinstance(content, str):
        return content
    if isinstance(content, bytes):
        return content.decode("utf-8", "replace")
    if isinstance(content, list | tuple):
        return "".join(text_of(part) for part in content if isinstance(part, str | bytes))
    return "" if content is None else json.dumps(content, default=lambda one: type(one).__name__)


def _form(
    mime: str,
    bundle: Mapping[str, Any],
    metadata: Mapping[str, Any],
    around: Surroundings,
    title: str,
) -> str | None:
    """Write one form; None if it cannot be shown and another might be."""
    content = bundle[mime]
    if mime in _TREES:
        return tree(content)
    if mime in _PICTURES:
        return image(mime, _base64(content), _words(mime, bundle, metadata, title))
    written = text_of(content)
    if mime == "image/svg+xml":
        return drawing(written, _words(mime, bundle, metadata, title), around.style_url)
    if mime == "text/latex":
        return _latex(written, around, is_only=not any(one in bundle for one in _PICTURES))
    if mime == "text/html" and has_scripts(written):
        return framed(written, around.frame, title=title)
    html = prose(written) if mime == "text/markdown" else written
    return apart(html, style_url=around.style_url, rest=around.rest)


def _latex(written: str, around: Surroundings, *, is_only: bool) -> str | None:
    """Write TeX: a formula, or text with formulas. A picture serves better than its source."""
    formula = formula_of(written)
    if formula is not None:
        found = mathml(formula[0], block=formula[1])
        if found is not None:
            return apart(found, style_url=around.style_url)
    elif "$" in written and "\\begin{" not in written:
        return apart(prose(written), style_url=around.style_url)
    return pre(written, rest=around.rest) if is_only else None


def _without_form(bundle: Mapping[str, Any], rest: str) -> str:
    """Write the text of a bundle, and why it is no more than text."""
    notes = [note for mime, note in _WITHOUT.items() if mime in bundle]
    for word, name in _FIGURES.items():
        if any(f".{word}.v" in mime for mime in bundle):
            notes.append(f"A {name} figure, shown as text: let its HTML carry its JavaScript.")
    text = text_of(bundle.get("text/plain"))
    if not text and not notes:
        return _other(bundle, rest)
    return (pre(text, rest=rest) if text else "") + "".join(map(aside, notes))


def _other(bundle: Mapping[str, Any], rest: str) -> str:
    for mime, content in bundle.items():
        if str(mime).startswith("text/") and text_of(content):
            return pre(text_of(content), rest=rest)
        if str(mime).endswith("+json"):
            return tree(content)
    found = ", ".join(str(mime)[:100] for mime in bundle if not str(mime).startswith("text/"))
    return aside(f"An output that pages cannot show: {found}.") if found else ""


def _base64(content: Any) -> str:
    if isinstance(content, bytes) and not content[:64].isalnum():  # bytes of a picture, not base64
        return base64.b64encode(content).decode("ascii")
    return text_of(content)


def _words(
    mime: str, bundle: Mapping[str, Any], metadata: Mapping[str, Any], title: str
) -> dict[str, Any]:
    """Gather what is said of a picture: nbformat puts it under its type, or besides."""
    own = metadata.get(mime)
    said = {**metadata, **(own if isinstance(own, Mapping) else {})}
    if not said.get("alt"):
        text = text_of(bundle.get("text/plain"))[:300].strip("<> \n")
        said["alt"] = (
            title if not text or " object at 0x" in text or "core.display" in text else text
        )
    return said


def quiet(words: str) -> str:
    """Write that there is nothing to see."""
    return tag("p", words, class_="nb-nothing")
