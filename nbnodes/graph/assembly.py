"""Nodes become an Assembly: named members, what feeds them, their order; or all that is wrong."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from nbnodes.errors import GraphError, NotebookError, ParameterError
from nbnodes.graph.dag import Dag, cycles
from nbnodes.graph.function import Function, function_name
from nbnodes.graph.node import (
    Node,
    NodeOptions,
    Pick,
    WidgetTrait,
    widget_trait,
    with_upstream,
)
from nbnodes.notebook.document import Notebook
from nbnodes.notebook.reader import read
from nbnodes.notebook.signature import Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Where a parameter's value comes from.

    Attributes:
        source: The name of the node.
        part: The entry of its value; None for the value itself.
    """

    source: str
    part: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A node as part of a graph.

    Attributes:
        name: Its name there.
        node: The node.
        body: What it computes.
        signature: What it takes.
        feeds: Parameters that other nodes feed.
        constants: Parameters with a fixed value, checked.
        widgets: Parameters that a widget feeds.
    """

    name: str
    node: Node
    body: Notebook | Function
    signature: Signature
    feeds: Mapping[str, Feed]
    constants: Mapping[str, Any]
    widgets: Mapping[str, WidgetTrait]

    @property
    def options(self) -> NodeOptions:
        """How it is run."""
        return self.node.options

    @property
    def kind(self) -> Literal["notebook", "function", "cell"]:
        """What it is, for people."""
        if isinstance(self.body, Function):
            return "function"
        return "cell" if getattr(self.node.f, "kind", "") == "cell" else "notebook"

    @property
    def open_parameters(self) -> tuple[str, ...]:
        """Parameters that no node feeds: those that a caller may set."""
        return tuple(name for name in self.signature.parameters if name not in self.feeds)


@dataclass(frozen=True, kw_only=True)
class Assembly:
    """The members of a graph by name, in topological order, and what depends on what."""

    members: Mapping[str, Member]
    dag: Dag

    def restricted(self, names: Collection[str]) -> Assembly:
        """Return the part of it that these nodes are; all that feeds them must be among them."""
        kept = {name: member for name, member in self.members.items() if name in names}
        return Assembly(members=kept, dag=Dag(parents={n: self.dag.parents[n] for n in kept}))


def assemble(nodes: Iterable[Node], *, name: str = "the graph") -> Assembly:
    """Name nodes and all that feeds them, and check how they are wired.

    Raises:
        GraphError: With every mistake of every node.
    """
    given: list[object] = list(nodes)
    problems = [
        f"item {number}: expected a Node, found {type(node).__name__}"
        for number, node in enumerate(given)
        if not isinstance(node, Node)
    ]
    everything = with_upstream(node for node in given if isinstance(node, Node))
    names = _names(everything, problems)
    members: dict[str, Member] = {}
    for node in everything:
        member = _Reading(names[id(node)], node, names, problems).member()
        if member is not None:
            members[member.name] = member
    parents = {n: [feed.source for feed in m.feeds.values()] for n, m in members.items()}
    known = {n: [one for one in above if one in members] for n, above in parents.items()}
    problems += [f"{' → '.join(cycle)}: they feed each other" for cycle in cycles(known)]
    if problems:
        raise GraphError(name, problems)
    dag = Dag.of(parents)
    return Assembly(members={n: members[n] for n in dag.order}, dag=dag)


def _names(nodes: Sequence[Node], problems: list[str]) -> dict[int, str]:
    """Name every node: as given, else as its notebook or function, numbered where it must be."""
    taken: set[str] = set()
    for node in nodes:
        if node.name in taken:
            problems.append(f"{node.name}: several nodes have this name; give each its own")
        if node.name:
            taken.add(node.name)
    names = {}
    for node in nodes:
        names[id(node)] = node.name or _unused(_derived(node.f), taken)
        taken.add(names[id(node)])
    return names


def _derived(f: Any) -> str:
    notebook = getattr(f, "notebook", f)
    if isinstance(notebook, Notebook):
        return os.path.splitext(notebook.name)[0]
    if isinstance(f, str | os.PathLike):
        return os.path.splitext(os.path.basename(os.fspath(f)))[0] or "notebook"
    return "notebook" if isinstance(f, Mapping) else function_name(f)


def _unused(name: str, taken: set[str]) -> str:
    number, candidate = 1, name
    while candidate in taken:
        number += 1
        candidate = f"{name}_{number}"
    return candidate


@dataclass(kw_only=False)
class _Reading:
    """One node being read; what is wrong with it is added to `problems`."""

    name: str
    node: Node
    names: Mapping[int, str]
    problems: list[str]
    feeds: dict[str, Feed] = field(default_factory=dict)
    constants: dict[str, Any] = field(default_factory=dict)
    widgets: dict[str, WidgetTrait] = field(default_factory=dict)

    def member(self) -> Member | None:
        """Return the node as a member; None if what it computes cannot be read."""
        self._check_node()
        body = self._body()
        if body is None:
            return None
        signature = body.signature if isinstance(body, Function) else Signature.of(body)
        for key, value in self.node.inputs.items():
            self._bind(key, value, body, signature)
        self._check_values(body, signature)
        return Member(
            name=self.name,
            node=self.node,
            body=body,
            signature=signature,
            feeds=self.feeds,
            constants=self.constants,
            widgets=self.widgets,
        )

    def _tell(self, text: str) -> None:
        self.problems.append(f"{self.name}: {text}")

    def _check_node(self) -> None:
        node = self.node
        for problem in node.options.problems():
            self._tell(problem)
        for option in node.unknown_options:
            self._tell(f"{option}: there is no such option")
        if node.is_fed_twice:
            self._tell("input and args are the same thing; give one of them")
        if not isinstance(node.input, Mapping | list | tuple | None):
            kind = type(node.input).__name__
            self._tell(f"input: expected a list (by position) or a dict (by name), found {kind}")

    def _body(self) -> Notebook | Function | None:
        f = self.node.f
        found = getattr(f, "notebook", f)
        if isinstance(found, Notebook):
            return found
        if isinstance(f, str | os.PathLike | Mapping):
            try:
                return read(f)
            except NotebookError as error:
                self._tell(str(error))
                return None
        if callable(f):
            return Function.of(f, name=self.name, inputs=len(self.node.inputs))
        what = "it has no f" if f is None else f"f is {type(f).__name__}"
        self._tell(f"{what}: expected a notebook's path, a Model or a function")
        return None

    def _bind(
        self, key: int | str, value: Any, body: Notebook | Function, signature: Signature
    ) -> None:
        places = body.positional if isinstance(body, Function) else tuple(signature.parameters)
        if isinstance(key, int):
            if key >= len(places):
                takes = f"it takes {len(places)} ({', '.join(places) or 'none'})"
                self._tell(f"input {key + 1}: that is one too many, {takes}")
                return
            key = places[key]
        named: object = key
        if not isinstance(named, str):
            self._tell(f"input {key!r}: expected a parameter's name")
        elif isinstance(value, Pick):
            self.feeds[key] = Feed(source=self.names[id(value.node)], part=value.part)
        elif isinstance(value, Node):
            self.feeds[key] = Feed(source=self.names[id(value)])
        elif (trait := widget_trait(value)) is not None:
            self.widgets[key] = trait
        else:
            self.constants[key] = value

    def _check_widgets(self) -> None:
        for name, trait in self.widgets.items():
            if not hasattr(trait.widget, trait.trait):
                kind = type(trait.widget).__name__
                hint = '; name one: (widget, "trait")' if trait.trait == "value" else ""
                self._tell(f"{name}: a {kind} has no trait {trait.trait!r}{hint}")

    def _check_values(self, body: Notebook | Function, signature: Signature) -> None:
        self._check_widgets()
        for problem in signature.unknown([*self.feeds, *self.widgets]):
            self._tell(problem)
        others = set(signature.parameters) - set(self.constants)
        try:
            self.constants = signature.check(self.constants, fed=others)
        except ParameterError as error:
            for problem in error.problems:
                self._tell(problem)
        if isinstance(body, Function) and self.node.input is not None:  # else a caller gives all
            fed = {*self.feeds, *self.widgets, *self.constants}
            for name in body.required:
                if name not in fed:
                    self._tell(f"{name}: nothing feeds it and it has no default")
