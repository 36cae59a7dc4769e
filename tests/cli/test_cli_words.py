"""`run`'s own reader, which spares a cached run the import of click, reads words as click does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click
import pytest
from commandline import Command
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nbnodes.cli import commands
from nbnodes.cli.arguments import OPTIONS, Option, RunArguments, parse_run

ANY_WORD = st.one_of(
    st.sampled_from(
        ["nb.ipynb", "-", "--", "", "n", "3", "x=1", "-5", "-x", "--json", "--no", "="]
    ),
    st.sampled_from([name for option in OPTIONS for name in option.names]),
    st.text(max_size=5).filter(lambda word: "\0" not in word),
)


def good_words(option: Option) -> st.SearchStrategy[list[str]]:
    """Generate one option, mostly as it is meant to be written."""
    value = st.sampled_from(option.choices) if option.choices else ANY_WORD
    if option.kind is float:
        value = st.one_of(
            st.floats().map(str), st.sampled_from(["1_0", " 2 ", "1e3", ""]), ANY_WORD
        )
    apart = st.tuples(st.sampled_from(option.names), *[value] * option.nargs).map(list)
    if option.nargs != 1:
        return apart
    name = option.names[-1]
    return st.one_of(apart, value.map(lambda word: [f"{name}={word}"]))


PART = st.one_of(
    st.sampled_from(OPTIONS).flatmap(good_words),
    st.just(["nb.ipynb"]),
    st.just(["-"]),
    ANY_WORD.map(lambda word: [word]),
)
PARTS = st.lists(PART, max_size=6).map(lambda parts: [word for part in parts for word in part])
WORDS = st.one_of(PARTS, PARTS.map(lambda words: ["nb.ipynb", *words]))


def read_by_click(words: Sequence[str]) -> RunArguments | None:
    """Return what click reads; None if it complains or helps."""
    above = click.Context(commands.cli, **commands.cli.context_settings)
    try:
        context = commands.cli.commands["run"].make_context("run", list(words), parent=above)
    except (click.ClickException, click.exceptions.Exit):
        return None
    return commands._arguments(**context.params)


def comparable(arguments: RunArguments) -> dict[str, Any]:
    read = asdict(arguments)
    return read | {"timeout_s": repr(read["timeout_s"])}  # NaN is no NaN's equal


@settings(max_examples=300, deadline=None)
@given(WORDS)
@example(["nb", "-", "-"])
@example(["nb", "-", "-f", "a"])
@example(["nb", "-f", "a", "-"])
@example(["", "nb"])
@example(["nb", "-p", "n", "--json"])
@example(["nb", "--engine", "--json"])
@example(["nb", "--engine="])
@example(["nb", "--json=1"])
@example(["nb", "--format", "TEXT"])
@example(["nb", "-ofile"])
@example(["nb", "-qv"])
@example(["nb", "--", "-"])
@example(["nb", "-o", "--help"])
@example(["nb", "--parameters=n", "3"])
@example(["nb", "--engine", "a", "--engine", "b"])
@example(["nb", "--timeout", "nan"])
def test_what_is_read_without_click_is_what_click_reads(words: list[str]) -> None:
    arguments = parse_run(words)
    if arguments is None:
        return
    expected = read_by_click(words)
    assert expected is not None
    assert comparable(expected) == comparable(arguments)


EVERY_OPTION = [
    *["nb.ipynb", "-p", "n", "3", "-r", "m", "4", "-f", "a.yaml", "-y", "k: 1", "-b", "azogMQ=="],
    *["--engine", "kernel", "-o", "out.ipynb", "--format", "json", "--timeout", "2.5"],
    *["--cwd", "there", "--cache", "here", "-q", "-v", "--json", "--refresh"],
]
TO_CLICK = {
    "help": ["nb", "--help"],
    "no_notebook": ["--json"],
    "unknown_option": ["nb", "--jsn"],
    "two_notebooks": ["nb", "other"],
    "missing_word": ["nb", "-p", "n"],
    "no_number": ["nb", "--timeout", "soon"],
    "no_such_format": ["nb", "--format", "yaml"],
}


def test_no_click_is_needed_for_any_option() -> None:
    arguments = parse_run(EVERY_OPTION)
    assert arguments == read_by_click(EVERY_OPTION)
    assert arguments != RunArguments(notebook="nb.ipynb")


@pytest.mark.parametrize("words", TO_CLICK.values(), ids=TO_CLICK)
def test_click_explains_what_is_not_understood(words: list[str]) -> None:
    assert parse_run(words) is None


@pytest.mark.parametrize("name", [name for option in OPTIONS for name in option.names])
def test_help_shows_every_option(command: Command, name: str) -> None:
    ended = command("run", "--help")
    assert ended.code == 0
    assert name in ended.out


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["run", "-h"], ["cache", "-h"]])
def test_help_is_no_mistake(command: Command, words: list[str]) -> None:
    ended = command(*words)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("Usage: nbnodes")


def test_the_version_is_told(command: Command) -> None:
    assert command("--version").out.startswith("nbnodes, version 0.1.0")


USAGE_MISTAKES = {
    "no_command": [],
    "unknown_command": ["rum"],
    "no_notebook": ["run"],
    "unknown_option": ["run", "nb", "--jsn"],
    "two_notebooks": ["run", "nb", "other"],
    "no_number": ["run", "nb", "--timeout", "soon"],
    "no_such_format": ["run", "nb", "--format", "yaml"],
    "unknown_cache_command": ["cache", "drop"],
    "inspect_nothing": ["inspect"],
}


@pytest.mark.parametrize("words", USAGE_MISTAKES.values(), ids=USAGE_MISTAKES)
def test_wrong_usage_ends_with_two_and_says_why(command: Command, words: list[str]) -> None:
    ended = command(*words)
    assert ended.outcome == (2, "")
    assert "Usage: nbnodes" in ended.err


def test_words_that_only_click_reads_run_all_the_same(command: Command, doubling: str) -> None:
    assert command("run", "-pn", "21", "-q", "-oout.ipynb", doubling).outcome == (0, "42\n")
