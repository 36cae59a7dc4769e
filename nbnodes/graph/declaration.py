"""The text of a graph.toml becomes a Declaration, and a list of all that is wrong with it. Pure.

[graph]
name = "oil"
workers = 4
exclude = ["scratch*.ipynb"]

[nodes.short_trend]
notebook = "trend.ipynb"
timeout_s = 60
subset = {start = "start", end = "end", on = "date"}

[nodes.short_trend.input]
prices = "cleaned.prices"    # a node, or an entry of a node's value
window = 6                   # a constant; text is written {value = "six"}
title = false                # nothing feeds it
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, TypeAlias

from nbnodes.graph.node import TRIGGERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A node, or an entry of its value, as written: "prices", "cleaned.prices"."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """A fixed value."""

    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwired:
    """Says that nothing feeds a parameter, whatever its name."""


Input: TypeAlias = Source | Constant | Unwired


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredNode:
    """A table `[nodes.NAME]`.

    Attributes:
        name: The node's name.
        notebook: The notebook's path as written; "" for the one of that name.
        inputs: What feeds its parameters, where that is said.
        options: Fields of `NodeOptions`; `subset` is the table as written.
    """

    name: str
    notebook: str = ""
    inputs: Mapping[str, Input] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    def place(self, *keys: str) -> str:
        """Return the path of a key in its table, as messages spell it."""
        return dotted("nodes", self.name, *keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What a graph.toml says.

    Attributes:
        name: The graph's name; "" for none.
        workers: How many nodes may run at once; None for the Session's number.
        exclude: Patterns of file names that are no nodes.
        nodes: The nodes, in the file's order.
    """

    name: str = ""
    workers: int | None = None
    exclude: tuple[str, ...] = ()
    nodes: tuple[DeclaredNode, ...] = ()


def read_declaration(text: str, problems: list[str]) -> Declaration:
    """Read a graph.toml; what is wrong is added to `problems` and left out of the Declaration."""
    import tomllib

    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        problems.append(f"it is not TOML: {error}")
        return Declaration()
    reading = _Reading(problems)
    reading.check_keys((), document, ("graph", "nodes"))
    graph = reading.table((), document, "graph")
    nodes = reading.table((), document, "nodes")
    reading.check_keys(("graph",), graph, _GRAPH)
    known = reading.values(("graph",), graph, _GRAPH)
    return Declaration(
        name=known.get("name", ""),
        workers=known.get("workers"),
        exclude=tuple(known.get("exclude", ())),
        nodes=tuple(reading.node(name, reading.table(("nodes",), nodes, name)) for name in nodes),
    )


def dotted(*keys: str) -> str:
    """Return the path of a key, as TOML writes it."""
    return ".".join(key if _BARE.fullmatch(key) else _quoted(key) for key in keys)


def did_you_mean(word: str, known: Collection[str]) -> str:
    """Say which word may have been meant, and which there are."""
    near = get_close_matches(word, known, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"{hint} (there are: {', '.join(known) or 'none'})"


# ---------------------------------------------------------------- what may stand where


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_amount(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _is_list_of_text(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_halo(value: Any) -> bool:
    if isinstance(value, list):
        return len(value) == len(("start", "end")) and all(map(_is_halo, value))
    return isinstance(value, Mapping) or _is_amount(value)


_Kinds: TypeAlias = Mapping[str, tuple[Callable[[Any], bool], str]]
"""For each key whether a value may stand there, and in words which may."""

_GRAPH: _Kinds = MappingProxyType(
    {
        "name": (_is_text, "text"),
        "workers": (lambda v: _is_whole(v) and v >= 1, "a whole number, 1 or more"),
        "exclude": (_is_list_of_text, 'a list of file names, such as ["scratch*.ipynb"]'),
    }
)
_OPTIONS: _Kinds = MappingProxyType(
    {
        "engine": (_is_text, "an engine's name"),
        "timeout_s": (_is_amount, "a number of seconds, 0 for no limit"),
        "retries": (lambda v: _is_whole(v) and v >= 0, "a whole number, 0 or more"),
        "cache": (lambda v: isinstance(v, bool), "true or false"),
        "trigger": (lambda v: v in TRIGGERS, f"one of {', '.join(TRIGGERS)}"),
        "debounce_ms": (_is_amount, "a number of milliseconds, 0 or more"),
        "priority": (_is_whole, "a whole number"),
    }
)
_SUBSET: _Kinds = MappingProxyType(
    {
        "start": (_is_text, "a parameter's name"),
        "end": (_is_text, "a parameter's name"),
        "on": (lambda v: _is_text(v) or _is_whole(v), "a column's name or position"),
        "closed": (_is_text, "left, right, both or neither"),
        "halo": (_is_halo, "a number, {days = 30} and the like, or a list of two of these"),
        "concat": (lambda v: isinstance(v, bool), "true or false"),
        "audit": (lambda v: _is_amount(v) and v <= 1, "a share from 0 to 1"),
    }
)
_NODE = ("notebook", "input", "subset", *_OPTIONS)
_SHOWN = 60  # characters of a wrong value that an error repeats
_BARE = re.compile(r"[A-Za-z0-9_-]+")


class _Reading:
    """A document being read; what is wrong with it is added to `problems`."""

    def __init__(self, problems: list[str]) -> None:
        self._problems = problems

    def node(self, name: str, table: Mapping[str, Any]) -> DeclaredNode:
        """Read a table `[nodes.NAME]`."""
        place = ("nodes", name)
        self.check_keys(place, table, _NODE)
        options = {key: value for key, value in table.items() if key in _OPTIONS}
        options = self.values(place, options, _OPTIONS)
        if "subset" in table:
            options["subset"] = self._subset(place, table)
        notebook = {key: table[key] for key in ("notebook",) if key in table}
        notebook = self.values(place, notebook, {"notebook": (_is_text, "a notebook's path")})
        fed = self.table(place, table, "input")
        inputs = {key: self._input((*place, "input", key), value) for key, value in fed.items()}
        return DeclaredNode(
            name=name,
            notebook=notebook.get("notebook", ""),
            inputs={key: value for key, value in inputs.items() if value is not None},
            options=options,
        )

    def check_keys(
        self, place: tuple[str, ...], table: Mapping[str, Any], known: Collection[str]
    ) -> None:
        """Tell of every key that means nothing."""
        for key in table:
            if key not in known:
                self._tell((*place, key), f"there is no such key{did_you_mean(key, known)}")

    def table(
        self, place: tuple[str, ...], document: Mapping[str, Any], key: str
    ) -> Mapping[str, Any]:
        """Return the table that stands under a key; an empty one if none does."""
        found = document.get(key, {})
        if isinstance(found, Mapping):
            return found
        self._tell((*place, key), f"expected a table, found {_shown(found)}")
        return {}

    def values(
        self, place: tuple[str, ...], table: Mapping[str, Any], kinds: _Kinds
    ) -> dict[str, Any]:
        """Return the values that may stand where they do."""
        good = {}
        for key, value in table.items():
            if key not in kinds:
                continue
            is_right, expected = kinds[key]
            if is_right(value):
                good[key] = value
            else:
                self._tell((*place, key), f"expected {expected}, found {_shown(value)}")
        return good

    def _subset(self, place: tuple[str, ...], node: Mapping[str, Any]) -> Mapping[str, Any] | None:
        place, table = (*place, "subset"), self.table(place, node, "subset")
        if not isinstance(node["subset"], Mapping):
            return None
        self.check_keys(place, table, _SUBSET)
        good = self.values(place, table, _SUBSET)
        missing = [key for key in ("start", "end") if key not in table]
        if missing:
            self._tell(place, f"it needs {' and '.join(missing)}, each a parameter's name")
        return good if len(good) == len(table) and not missing else None

    def _input(self, place: tuple[str, ...], value: Any) -> Input | None:
        if value is False:
            return Unwired()
        if isinstance(value, str):
            return Source(text=value)
        if not isinstance(value, Mapping):
            return Constant(value=value)
        if list(value) != ["value"]:
            self._tell(place, f"expected {{value = …}} for a constant, found {_shown(value)}")
            return None
        return Constant(value=value["value"])

    def _tell(self, place: tuple[str, ...], text: str) -> None:
        self._problems.append(f"{dotted(*place)}: {text}")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _shown(value: Any) -> str:
    """Write a value as TOML does, about."""
    if isinstance(value, Mapping):
        return "a table" if value else "an empty table"
    if isinstance(value, bool | str):
        return _quoted(value) if isinstance(value, str) else str(value).lower()
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
