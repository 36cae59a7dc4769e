"""Markdown becomes HTML, its formulas MathML; nothing is fetched from anywhere."""

from __future__ import annotations

import html as entities
from collections.abc import Callable, Mapping
from functools import cache

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from nbnodes.page.drawing.formula import formula_or_source
from nbnodes.page.drawing.plain import pre
from nbnodes.page.drawing.tokens import tokens
from nbnodes.page.markup import text as escaped

_MOST_CHARACTERS = 40_000
_MOST_BRACKETS = 2000  # the library's time grows with their square


def prose(markdown: str) -> str:
    """Write Markdown (tables, strikethrough, `$…$`, raw HTML) as HTML that is not cleaned yet.

    Text that is too long to be read in a moment is shown as it was written.
    """
    if len(markdown) > _MOST_CHARACTERS or markdown.count("[") > _MOST_BRACKETS:
        return pre(markdown)
    written: str = _reader(_formula).render(markdown)
    return written


def words_of(markdown: str) -> str:
    """Return the words of Markdown alone; formulas in them as TeX writes them, others as "…"."""
    beginning = markdown[:_MOST_CHARACTERS]
    if beginning.count("[") > _MOST_BRACKETS:
        return " ".join(beginning.split())
    found = tokens(_reader(_formula_source).render(beginning))
    words = "".join(entities.unescape(one.text) for one in found if one.kind == "text")
    return " ".join(words.split())


@cache
def _reader(formula: Callable[[str, Mapping[str, bool]], str]) -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return reader.use(dollarmath_plugin, renderer=formula, double_inline=True)


def _formula_source(content: str, how: Mapping[str, bool]) -> str:
    return " … " if how["display_mode"] else escaped(content.strip())


def _formula(content: str, how: Mapping[str, bool]) -> str:
    return formula_or_source(content.strip(), block=how["display_mode"])
