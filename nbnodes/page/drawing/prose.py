"""Markdown becomes HTML, its formulas MathML; nothing is fetched from anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from nbnodes.page.drawing.formula import formula_or_source
from nbnodes.page.drawing.plain import pre

_MOST_CHARACTERS = 40_000
_MOST_BRACKETS = 2000  # the library's time grows with their square


def prose(markdown: str) -> str:
    """Write Markdown (tables, strikethrough, `$…$`, raw HTML) as HTML that is not cleaned yet.

    Text that is too long to be read in a moment is shown as it was written.
    """
    if len(markdown) > _MOST_CHARACTERS or markdown.count("[") > _MOST_BRACKETS:
        return pre(markdown)
    written: str = _reader().render(markdown)
    return written


@cache
def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return reader.use(dollarmath_plugin, renderer=_formula, double_inline=True)


def _formula(content: str, how: Mapping[str, bool]) -> str:
    return formula_or_source(content.strip(), block=how["display_mode"])
