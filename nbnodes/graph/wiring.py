"""A folder of notebooks becomes Nodes that feed each other by names, as its graph.toml says.

A parameter takes the value of the notebook that is named as it is, or that says in its metadata
that it returns something of that name:

    "nbnodes": {"returns": ["prices"]}

A notebook that returns one name returns that; one that returns several returns a dict of them. What
a graph.toml may say is told in `nbnodes.graph.declaration`.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from nbnodes.errors import GraphError, ParameterError, UsageError
from nbnodes.graph.dag import Dag, cycles
from nbnodes.graph.declaration import Constant, Input, Source, Unwired, did_you_mean, dotted
from nbnodes.graph.folder import Folder, Step, read_folder
from nbnodes.graph.node import Node, Pick


@dataclass(frozen=True, slots=True, kw_only=True)
class Wired:
    """A folder's notebooks, wired.

    Attributes:
        name: What the graph is called: as its graph.toml says, else as the folder.
        workers: How many nodes may run at once; None for the Session's number.
        nodes: The nodes, what feeds first.
    """

    name: str
    workers: int | None
    nodes: tuple[Node, ...]


def wired_folder(folder: str | os.PathLike[str], *, interval: Callable[..., Any]) -> Wired:
    """Read the notebooks of a folder and its graph.toml, and wire them.

    Args:
        folder: The folder, or a graph.toml, which may have another name and lies in the folder.
        interval: Makes what the option `subset` is from what its table says.

    Raises:
        UsageError: If there is no such folder.
        GraphError: With every mistake.
    """
    found = read_folder(os.fspath(folder))
    wiring = _Wiring(found)
    feeds = {step.name: dict(wiring.feeds(step)) for step in found.steps}
    options = {step.name: wiring.options(step, interval) for step in found.steps}
    parents = {name: [feed.step.name for feed in fed.values()] for name, fed in feeds.items()}
    found.problems += [_about_cycle(cycle, feeds, found) for cycle in cycles(parents)]
    if found.problems:
        raise GraphError(f"the graph {found.name!r}", found.problems)
    steps = {step.name: step for step in found.steps}
    nodes: dict[str, Node] = {}
    for name in Dag.of(parents).order:
        fed = {key: feed.of(nodes[feed.step.name]) for key, feed in feeds[name].items()}
        given = {**fed, **steps[name].constants}
        nodes[name] = Node(steps[name].notebook, given, name=name, **options[name])
    return Wired(name=found.name, workers=found.declaration.workers, nodes=tuple(nodes.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Feed:
    """What feeds a parameter: a node's value, or an entry of it."""

    step: Step
    part: str | None = None

    @classmethod
    def named(cls, step: Step, name: str) -> _Feed:
        """Return what a name stands for of all that a notebook returns."""
        return cls(step=step, part=None if step.returns == (name,) else name)

    def __str__(self) -> str:
        return self.step.name if self.part is None else f"{self.step.name}.{self.part}"

    def of(self, node: Node) -> Node | Pick:
        return node if self.part is None else node[self.part]


class _Wiring:
    """Steps being wired; what is wrong is added to the folder's problems."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._problems = folder.problems
        self._by_name = {step.name: step for step in folder.steps}

    def feeds(self, step: Step) -> Iterator[tuple[str, _Feed]]:
        """Yield the parameters of a step that others feed."""
        inputs = step.declared.inputs
        for name, one in inputs.items():
            feed = self._declared(step, name, one)
            if feed is not None:
                yield name, feed
        for name in step.signature.parameters:
            candidates = [] if name in inputs else self._candidates(step, name)
            if len(candidates) == 1:
                yield name, candidates[0]
            elif candidates:
                self._tell_ambiguity(step, name, candidates)

    def options(self, step: Step, interval: Callable[..., Any]) -> dict[str, Any]:
        """Return the options of a node."""
        options = dict(step.declared.options)
        table = options.pop("subset", None)
        if table is None:
            return options
        where = self._place(step, "subset")
        for bound in ("start", "end"):
            unknown = step.signature.unknown([table[bound]])
            self._problems += [f"{where}.{bound}: {text}" for text in unknown]
        try:
            halo = {"halo": _halo(table["halo"])} if "halo" in table else {}
            options["subset"] = interval(**{**table, **halo})
        except (UsageError, TypeError) as error:
            self._problems.append(f"{where}: {error}")
        return options

    def _candidates(self, step: Step, parameter: str) -> list[_Feed]:
        """Return what a parameter's name may mean: the notebook itself is never meant.

        A node is known by its name; where none has the name, by its notebook's.
        """
        others = [one for one in self._folder.steps if one.notebook is not step.notebook]
        named = [one for one in others if _identifier(one.name) == parameter]
        named = named or [one for one in others if _identifier(one.stem) == parameter]
        return [
            _Feed.named(one, parameter) if parameter in one.returns else _Feed(step=one)
            for one in others
            if parameter in one.returns or one in named
        ]

    def _declared(self, step: Step, name: str, one: Input) -> _Feed | None:
        place = self._place(step, "input", name)
        unknown = step.signature.unknown([name])
        self._tell(place, name, unknown)
        if unknown:
            return None
        match one:
            case Source(text=text):
                return self._source(place, text)
            case Constant(value=value):
                self._check(step, name, value)
            case Unwired() if not self._candidates(step, name):
                text = "false means that nothing feeds it, and nothing would"
                self._problems.append(f"{place}: {text}; the value is written {{value = false}}")
            case _:
                pass
        return None

    def _source(self, place: str, text: str) -> _Feed | None:
        """Find a node, or an entry of a node's value."""
        node, _, entry = text.rpartition(".")
        if {text, node} & self._folder.unreadable:  # which has been told
            return None
        if text in self._by_name:
            return _Feed(step=self._by_name[text])
        if node not in self._by_name:
            hint = did_you_mean(text, self._by_name)
            how = "; as a constant it is written {value = …}"
            self._problems.append(f"{place}: there is no node {text}{hint}{how}")
            return None
        step = self._by_name[node]
        if step.returns and entry not in step.returns:
            hint = did_you_mean(entry, step.returns)
            self._problems.append(f"{place}: {node} returns no {entry}{hint}")
            return None
        return _Feed.named(step, entry)

    def _check(self, step: Step, name: str, value: Any) -> None:
        signature = step.signature
        if name not in signature.parameters:
            return
        try:
            signature.check({name: value}, fed=signature.parameters)
        except ParameterError as error:
            self._tell(self._place(step, "input", name), name, error.problems)

    def _tell(self, place: str, name: str, problems: Sequence[str]) -> None:
        """Tell of mistakes in a parameter whose place names it."""
        self._problems += [f"{place}: {text.removeprefix(f'{name}: ')}" for text in problems]

    def _tell_ambiguity(self, step: Step, name: str, candidates: Sequence[_Feed]) -> None:
        shown = " or ".join(map(str, candidates))
        how = f'[{step.declared.place("input")}] {dotted(name)} = "{candidates[0]}"'
        where = f"in {self._folder.file_name}, as in {how}, or = false for none"
        self._problems.append(f"{step.name}.{name}: it could come from {shown}; say which {where}")

    def _place(self, step: Step, *keys: str) -> str:
        return f"{self._folder.file_name}: {step.declared.place(*keys)}"


def _about_cycle(
    cycle: Sequence[str], feeds: Mapping[str, Mapping[str, _Feed]], folder: Folder
) -> str:
    """Show a cycle, and how it is opened."""
    source, target = cycle[0], cycle[1]
    fed = next(name for name, feed in feeds[target].items() if feed.step.name == source)
    how = f"[{dotted('nodes', target, 'input')}] {dotted(fed)} = false"
    shown = " -> ".join(cycle)
    return f"{shown}: a cycle; open it in {folder.file_name}, as in {how}"


def _identifier(name: str) -> str:
    """Return a name as Python would know it: `my-data` is `my_data`."""
    word = re.sub(r"\W", "_", unicodedata.normalize("NFKC", name))
    return f"_{word}" if word[:1].isdigit() else word


def _halo(declared: Any) -> Any:
    """Read a halo: a number, the arguments of a timedelta, or a pair of those."""
    if isinstance(declared, list):
        return tuple(_halo(one) for one in declared)
    return timedelta(**declared) if isinstance(declared, Mapping) else declared
