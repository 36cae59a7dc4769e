"""Every Python and console block of README.md and docs/ does what it shows."""

from __future__ import annotations

import contextlib
import doctest
import shutil
from pathlib import Path

import pytest
from console_blocks import matches, mistakes
from documents import DOCUMENTS, ROOT
from serving import launched
from sybil import Example, Sybil
from sybil.parsers.myst import CodeBlockParser, PythonCodeBlockParser, SkipParser

import nbnodes as nb


def run_console(example: Example) -> str | None:
    found = mistakes(example.parsed)
    return "\n".join(found) or None


SYBIL = Sybil(
    parsers=[
        PythonCodeBlockParser(doctest_optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE),
        CodeBlockParser(language="console", evaluator=run_console),
        SkipParser(),
    ]
)


SERVER = "127.0.0.1:8800"
"""Where documents say that `nbnodes serve model_notebooks` is; here it is elsewhere."""


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_examples_of_a_document_do_what_they_show(path: Path, place: Path) -> None:
    text = path.read_text(encoding="utf-8")
    with contextlib.ExitStack() as stack:
        if asks_a_server(text):
            folder = place.parent
            server = launched(place / "model_notebooks", cache=folder / "served-cache")
            text = text.replace(SERVER, f"127.0.0.1:{stack.enter_context(server).port}")
        stack.enter_context(nb.Session())
        copy = place.parent / path.name
        copy.write_text(text, encoding="utf-8")
        for example in SYBIL.parse(copy).examples():
            example.evaluate()


def asks_a_server(text: str) -> bool:
    """Whether a document's examples do; without curl they cannot."""
    if "$ curl" in text and shutil.which("curl") is None:
        pytest.skip("its examples are calls of curl, which is not installed")
    return SERVER in text


@pytest.mark.parametrize(
    ("shown", "printed", "expected"),
    [
        ("55", "55\n", True),
        ("55", "56\n", False),
        ("55", "", False),
        ("", "", True),
        ("", "55\n", False),
        ("hit: … is kept", "hit: a0cad6ec76e6 is kept\n", True),
        ("hit: … is kept", "miss\n", False),
        ("a\n…\nd", "a\nb\nc\nd\n", True),
        ("a\n…\nd", "a\nd\n", True),
        ("a\n…\nd", "a\nb\n", False),
        ("a.c", "abc\n", False),
        ("date", "date   \n", True),
    ],
)
def test_an_ellipsis_stands_for_anything(*, shown: str, printed: str, expected: bool) -> None:
    assert matches(shown, printed) is expected


def test_a_console_block_that_shows_something_else_is_found() -> None:
    assert mistakes("$ echo 1\n2\n$ echo 3\n3\n") == ["$ echo 1\nshown:\n2\n\nprinted:\n1\n"]


def test_a_console_block_sees_exit_codes_and_exported_variables() -> None:
    assert mistakes("$ export N=3\n$ ls missing-file\n…\n$ echo $? $N\n2 3\n") == []


def test_a_console_block_runs_known_programs_only() -> None:
    assert mistakes("$ rm -r model_notebooks\n")[0].startswith("not run")
