"""What a node computes, as a person reads it: indented as it was written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import nbformat
import pytest
from notebooks import document

import nbnodes as nb
from nbnodes.views.code_text import code_text


def sign(n: int = 1) -> str:
    """Name a number's sign."""
    if n < 0:
        return "minus"

    return "plus"


class Scale:
    factor = 2

    def times(self, n: int = 1) -> int:
        for _ in range(1):
            n *= self.factor
        return n


def nested() -> Callable[..., Any]:
    def inner(n: int = 1) -> int:
        if n:
            n += 1
        return n

    return inner


add = lambda n=1: n + 1  # noqa: E731  # a lambda is what this is about

SIGN = '''\
def sign(n: int = 1) -> str:
    """Name a number's sign."""
    if n < 0:
        return "minus"

    return "plus"'''

INNER = """\
def inner(n: int = 1) -> int:
    if n:
        n += 1
    return n"""

TIMES = """\
def times(self, n: int = 1) -> int:
    for _ in range(1):
        n *= self.factor
    return n"""

TEXTS = {
    "a function of a module": (sign, SIGN),
    "a function in a function": (nested(), INNER),
    "a method": (Scale().times, TIMES),
    "a lambda": (add, "add = lambda n=1: n + 1  # noqa: E731  # a lambda is what this is about"),
    "a built-in function": (abs, "<built-in function abs>"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_the_code_of(name: str) -> None:
    call, text = TEXTS[name]
    assert code_text(nb.Graph(nb.Node(call, name="it")), "it") == (text, "python")


def test_the_code_of_a_notebook_is_its_cells_that_run() -> None:
    cells = document(
        ("n: int = 3", "parameters"),
        ("import sys", "skip"),
        "if n:\n    m = n * 2",
        ("m", "return"),
        "print('after')",
    )
    graph = nb.Graph(nb.Node(nbformat.from_dict(cells), name="it"))
    assert code_text(graph, "it") == ("n: int = 3\n\nif n:\n    m = n * 2\n\nm", "python")
