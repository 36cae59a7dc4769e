"""A formula as TeX writes it becomes MathML; what cannot be read stays as it was written."""

from __future__ import annotations

import html
import re
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree

from nbnodes.page.markup import tag
from nbnodes.page.markup import text as escaped

_LONGEST = 4000
_WHOLE = re.compile(
    r"\A\s*(?:\$\$(?P<a>[^$]+)\$\$|\\\[(?P<b>.+)\\\]|(?P<c>\\begin\{(?!tabular|table)\w+\*?\}.+)"
    r"|\$(?P<d>[^$]+)\$|\\\((?P<e>.+)\\\))\s*\Z",
    re.DOTALL,
)


def formula_of(latex: str) -> tuple[str, bool] | None:
    """Return the one formula that a text is, without its marks, and whether it is a block.

    None if the text is more than a formula.
    """
    found = _WHOLE.match(latex) if len(latex) <= _LONGEST else None
    if found is None or found.lastgroup is None:
        return None
    return found[found.lastgroup], found.lastgroup in ("a", "b", "c", "d")  # as sympy means "$"


@lru_cache(maxsize=1024)
def mathml(formula: str, *, block: bool = False) -> str | None:
    """Write a formula as MathML; None if it cannot be read."""
    from latex2mathml.converter import convert_to_element

    if len(formula) > _LONGEST:
        return None
    try:
        element = convert_to_element(formula, display="block" if block else "inline")
        return _written(element)
    except Exception:  # noqa: BLE001  # the library raises IndexError, KeyError and more of its own
        return None


def formula_or_source(formula: str, *, block: bool = False) -> str:
    """Write a formula as MathML, or as the text that it is."""
    return mathml(formula, block=block) or tag("code", escaped(formula), class_="nb-formula")


def _written(root: Any) -> str:
    """Serialise: the library writes entities into its texts, and leaves "<" in others."""
    for element in root.iter():
        if element.text:
            element.text = html.unescape(element.text)
    written = ElementTree.tostring(root, encoding="unicode", short_empty_elements=False)
    written.encode()  # half characters, which no page can hold
    return written
