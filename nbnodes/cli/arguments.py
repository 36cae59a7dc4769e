"""`run`'s options, written down once, and a reader for them that does without click.

click's import costs more than a cached run. What this reader does not understand it leaves to
click, which explains it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from nbnodes.errors import UsageError
from nbnodes.notebook.validation import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option.

    Attributes:
        names: How it is written.
        field: The field of `RunArguments` that it sets.
        help: What it does.
        nargs: How many words follow it; 0 for a switch.
        multiple: Whether it may be given again; the values gather.
        metavar: What stands for its words in the help.
        kind: str, int or float.
        choices: The words allowed; empty for any.
    """

    names: tuple[str, ...]
    field: str
    help: str
    nargs: int = 1
    multiple: bool = False
    metavar: str | None = None
    kind: type = str
    choices: tuple[str, ...] = ()


OPTIONS = (
    Option(
        names=("-p", "--parameters"),
        field="parameters",
        nargs=2,
        multiple=True,
        metavar="NAME VALUE",
        help="A parameter; the value takes the declared type.",
    ),
    Option(
        names=("-r", "--parameters_raw"),
        field="parameters_raw",
        nargs=2,
        multiple=True,
        metavar="NAME VALUE",
        help="A parameter whose value is text.",
    ),
    Option(
        names=("-f", "--parameters_file"),
        field="parameters_file",
        multiple=True,
        metavar="FILE",
        help="Parameters from a YAML or JSON file; - for standard input.",
    ),
    Option(
        names=("-y", "--parameters_yaml"),
        field="parameters_yaml",
        multiple=True,
        metavar="YAML",
        help="Parameters as YAML.",
    ),
    Option(
        names=("-b", "--parameters_base64"),
        field="parameters_base64",
        multiple=True,
        metavar="BASE64",
        help="Parameters as YAML in base64.",
    ),
    Option(
        names=("--node",),
        field="node",
        metavar="NAME",
        help="The node of a graph to compute; needed in a folder where several nodes come last.",
    ),
    Option(
        names=("--engine",),
        field="engine",
        metavar="NAME",
        help="The engine: fork, spawn, kernel, warm-kernel, inprocess, papermill, "
        "or one that a package adds.",
    ),
    Option(
        names=("-o", "--output"),
        field="output",
        metavar="FILE",
        help="Write the executed notebook to this file.",
    ),
    Option(
        names=("--json",),
        field="as_json",
        nargs=0,
        help="Print value, key, engine, time and whether it was cached as one JSON object.",
    ),
    Option(
        names=("--format",),
        field="format",
        choices=("text", "json", "html", "csv", "parquet", "arrow", "png", "svg", "ipynb"),
        help="How to print the value (default: text).",
    ),
    Option(
        names=("--timeout",),
        field="timeout_s",
        kind=float,
        metavar="SECONDS",
        help="Stop the notebook after this time.",
    ),
    Option(
        names=("--cell-timeout",),
        field="cell_timeout_s",
        kind=float,
        metavar="SECONDS",
        help="Stop the notebook when one of its cells takes longer.",
    ),
    Option(
        names=("--cwd",),
        field="cwd",
        metavar="FOLDER",
        help="Run in this folder instead of the notebook's.",
    ),
    Option(
        names=("--cache",),
        field="cache",
        metavar="FOLDER",
        help="Keep and look for results in this folder.",
    ),
    Option(names=("--no-cache",), field="no_cache", nargs=0, help="Run, and keep nothing."),
    Option(names=("--refresh",), field="refresh", nargs=0, help="Run, and replace what is kept."),
    Option(names=("-q", "--quiet"), field="quiet", nargs=0, help="No progress bar, no warnings."),
    Option(
        names=("-v", "--verbose"),
        field="verbose",
        nargs=0,
        help="Show what the notebook prints, on standard error.",
    ),
)
_BY_NAME = {name: option for option in OPTIONS for name in option.names}


@dataclass(slots=True, kw_only=True)
class RunArguments:
    """A `run` command, read."""

    notebook: str = ""
    parameters: list[tuple[str, str]] = field(default_factory=list)
    parameters_raw: list[tuple[str, str]] = field(default_factory=list)
    parameters_file: list[str] = field(default_factory=list)
    parameters_yaml: list[str] = field(default_factory=list)
    parameters_base64: list[str] = field(default_factory=list)
    node: str | None = None
    engine: str | None = None
    output: str | None = None
    as_json: bool = False
    format: str = "text"
    timeout_s: float | None = None
    cell_timeout_s: float | None = None
    cwd: str | None = None
    cache: str | None = None
    no_cache: bool = False
    refresh: bool = False
    quiet: bool = False
    verbose: bool = False

    @property
    def is_of_graph(self) -> bool:
        """Whether a node of a graph is to be computed, rather than a whole notebook."""
        is_folder = self.notebook.endswith(".toml") or os.path.isdir(self.notebook)
        return self.node is not None or is_folder

    def check(self) -> None:
        """Check what excludes each other, and what is out of range.

        Raises:
            UsageError: With the first mistake.
        """
        if self.no_cache and self.refresh:
            raise UsageError("--no-cache and --refresh exclude each other")
        if self.as_json and self.format not in ("text", "json"):
            raise UsageError(f"--json and --format {self.format} exclude each other")
        limits = (("--timeout", self.timeout_s), ("--cell-timeout", self.cell_timeout_s))
        for option, limit_s in limits:
            if limit_s is not None and not limit_s >= 0:
                raise UsageError(f"{option} {limit_s:g}: expected 0 (no limit) or more seconds")
        if self.cwd is not None and not os.path.isdir(self.cwd):
            raise UsageError(f"--cwd {self.cwd}: there is no such folder")

    def values(self) -> dict[str, Any]:
        """Return the parameters; of one given twice, the later kind in papermill's order holds.

        Raises:
            UsageError: If YAML or base64 is malformed, or a file cannot be read.
        """
        found: dict[str, Any] = {}
        for text in self._yaml_texts():
            found |= _from_yaml(text)
        found |= {name: Text(value) for name, value in self.parameters}
        found |= dict(self.parameters_raw)
        return found

    def _yaml_texts(self) -> Iterator[str]:
        yield from (_decoded(encoded) for encoded in self.parameters_base64)
        yield from (_file_text(path) for path in self.parameters_file)
        yield from self.parameters_yaml


def parse_run(words: Sequence[str]) -> RunArguments | None:
    """Read the words after `run`; None where click should, to help or to complain."""
    arguments = RunArguments()
    rest = iter(words)
    try:
        for word in rest:
            if not _take(arguments, word, rest):
                return None
    except (StopIteration, ValueError):
        return None
    return arguments if arguments.notebook else None


def _take(arguments: RunArguments, word: str, rest: Iterator[str]) -> bool:
    """Take one word and those that belong to it; return whether they were understood."""
    if word == "-" and arguments.notebook:
        arguments.parameters_file.append(word)
        return next(rest, None) is None  # it holds over every -f, so one amid them is click's
    name, equals, attached = word.partition("=") if word.startswith("--") else (word, "", "")
    option = _BY_NAME.get(name)
    if option is None:
        if not word or word.startswith("-") or arguments.notebook:
            return False
        arguments.notebook = word
        return True
    if equals and option.nargs != 1:
        return False
    values = [attached] if equals else [next_word(rest) for _ in range(option.nargs)]
    if option.choices and values[0] not in option.choices:
        return False
    _set(arguments, option, values)
    return True


def next_word(rest: Iterator[str]) -> str:
    """Return the next word.

    Raises:
        ValueError: If there is none.
    """
    word = next(rest, None)
    if word is None:
        raise ValueError("a word is missing")
    return word


def _set(arguments: RunArguments, option: Option, values: list[str]) -> None:
    if option.multiple:
        getattr(arguments, option.field).append(tuple(values) if option.nargs > 1 else values[0])
    else:
        setattr(arguments, option.field, option.kind(values[0]) if option.nargs else True)


def _decoded(encoded: str) -> str:
    import base64

    try:  # the line breaks of `base64`'s output do not count
        return base64.b64decode("".join(encoded.split()), validate=True).decode()
    except ValueError as error:
        raise UsageError(f"-b {encoded}: it is not base64 of UTF-8 text: {error}") from None


def _file_text(path: str) -> str:
    import sys

    try:
        if path == "-":
            return sys.stdin.read()
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"-f {path}: {error}") from error


def _from_yaml(text: str) -> dict[str, Any]:
    import yaml

    try:
        loader = yaml.SafeLoader(text)
        loader.yaml_implicit_resolvers = {  # dates stay text, as in papermill, for the type to read
            first: [(tag, form) for tag, form in resolvers if not tag.endswith(":timestamp")]
            for first, resolvers in loader.yaml_implicit_resolvers.items()
        }
        found = loader.get_single_data()
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UsageError(f"parameters: it is not YAML: {error}") from error
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        raise UsageError("parameters: YAML must map names to values, as in `n: 10`")
    return found
