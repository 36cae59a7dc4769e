"""How many nodes run when a widget moves: ours, marimo, re-running all below it, the minimum."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from benchmarks import peers
from benchmarks.contest import Goal, Group, Reading, at_most_times
from benchmarks.random_graphs import Model, RandomGraph

_SIZES = (6, 12, 30)
_GRAPHS, _EVENTS = 60, 200
_PROGRAM = os.path.join(os.path.dirname(__file__), "marimo_program.py")
_OURS, _MINIMUM, _MARIMO, _BELOW = "nbnodes", "the minimum", "marimo", "re-run descendants"
_MARIMO_MOST_S = 1200


def execution_groups(folder: str) -> Iterator[Group]:
    """Yield what share of the nodes runs, then what an event takes, by size of the graphs."""
    del folder
    for nodes in _SIZES:
        sample = _Sample(nodes)
        yield Group(
            name=f"executions, {nodes} nodes ({_GRAPHS} graphs, {_EVENTS} events each)",
            contenders=(
                _share(_OURS, lambda one=sample: one.ours),
                _share(_MINIMUM, lambda one=sample: one.minimum),
                _share(_MARIMO, lambda one=sample: one.marimo),
                _share(_BELOW, lambda one=sample: one.below),
            ),
            goals=(_the_same(_OURS, _MINIMUM), at_most_times(_OURS, _MARIMO, 0.25)),
            rounds=1,
        )
        yield Group(
            name=f"one event, {nodes} nodes that do next to nothing",
            contenders=(
                Reading(name=_OURS, read=lambda one=sample: one.ours.event_ms),
                Reading(name=_MARIMO, read=lambda one=sample: one.marimo.event_ms),
            ),
            rounds=1,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What ran: for each graph and event the nodes, and in how many seconds."""

    graphs: Sequence[RandomGraph]
    ran: Sequence[Sequence[Sequence[str]]]
    seconds: float = 0.0

    @property
    def percent(self) -> float:
        """The share of what runs if everything does."""
        executions = sum(len(event) for events in self.ran for event in events)
        return 100 * executions / sum(len(one.inputs) * len(one.events) for one in self.graphs)

    @property
    def event_ms(self) -> float:
        """What an event takes."""
        return 1000 * self.seconds / sum(len(one.events) for one in self.graphs)


class _Sample:
    """The same graphs and events for all; each runs them once, as what runs is always the same.

    Args:
        nodes: How many nodes each graph has.
    """

    def __init__(self, nodes: int) -> None:
        self._graphs = [RandomGraph.of(nodes, events=_EVENTS, seed=i) for i in range(_GRAPHS)]

    @cached_property
    def minimum(self) -> _Told:
        """By definition."""
        return _Told(graphs=self._graphs, ran=[one for one, _ in self._by_the_book])

    @cached_property
    def below(self) -> _Told:
        """All that depends on the widget."""
        ran = [[graph.below(w) for w, _ in graph.events] for graph in self._graphs]
        return _Told(graphs=self._graphs, ran=ran)

    @cached_property
    def ours(self) -> _Told:
        """By a Graph that is watched.

        Raises:
            AssertionError: If a value is wrong, or others run than the minimum, at any event.
        """
        told, seconds = [], 0.0
        for graph, (minimum, values) in zip(self._graphs, self._by_the_book, strict=True):
            ran, shown, took = _ours(graph)
            _check(shown == values, "nbnodes shows wrong values")
            _check([sorted(one) for one in ran] == [sorted(one) for one in minimum], "others run")
            told.append(ran)
            seconds += took
        return _Told(graphs=self._graphs, ran=told, seconds=seconds)

    @cached_property
    def marimo(self) -> _Told:
        """By marimo's own runtime.

        Raises:
            AssertionError: If it shows a wrong value.
        """
        told = _marimo(self._graphs)
        for one, (_, values) in zip(told, self._by_the_book, strict=True):
            _check(one["values"] == values, "marimo shows wrong values")
        seconds = sum(one["seconds"] for one in told)
        return _Told(graphs=self._graphs, ran=[one["ran"] for one in told], seconds=seconds)

    @cached_property
    def _by_the_book(self) -> list[tuple[list[list[str]], list[list[int]]]]:
        return [_by_the_book(graph) for graph in self._graphs]


def _by_the_book(graph: RandomGraph) -> tuple[list[list[str]], list[list[int]]]:
    model = Model(graph=graph, wanted=graph.sinks)
    ran, values = [], []
    for widget, value in graph.events:
        ran.append(model.change({widget: value}))
        values.append([model.state[name] for name in graph.sinks])
    return ran, values


def _ours(graph: RandomGraph) -> tuple[list[list[str]], list[list[int]], float]:
    """Move the widgets of a live Graph; return what ran, what was shown, and seconds."""
    import nbnodes as nb

    tally: list[str] = []
    ran, values, seconds = [], [], 0.0
    with (
        nb.Session(cache=":memory:") as session,
        nb.Graph(_nodes(graph, tally.append), session=session) as live,
    ):
        live.set(dict.fromkeys(graph.widgets, 0))  # a widget always says its value
        live.watch()
        live.settle()
        for widget, value in graph.events:
            tally.clear()
            begun = time.perf_counter()
            live.set({widget: value})
            shown = live.settle().results
            seconds += time.perf_counter() - begun
            ran.append(list(tally))
            values.append([shown[name].value for name in graph.sinks])
    return ran, values, seconds


def _nodes(graph: RandomGraph, note: Callable[[str], None]) -> list[Any]:
    """Return the sinks, as nodes that note when they run."""
    import nbnodes as nb

    nodes: dict[str, Any] = {}
    for name in graph.inputs:
        parents = graph.nodes_of(name)
        takes = ", ".join([*parents, *(f"{widget}=0" for widget in graph.widgets_of(name))])
        source = f"def f({takes}):\n note({name!r})\n return {graph.expression(name)}"
        names: dict[str, Any] = {"note": note}
        exec(source, names)  # noqa: S102  # our own words
        fed = {parent: nodes[parent] for parent in parents}
        nodes[name] = nb.Node(names["f"], input=fed, name=name)
    return [nodes[name] for name in graph.sinks]


def _marimo(graphs: Sequence[RandomGraph]) -> list[dict[str, Any]]:
    given = [
        {
            "cells": _cells(graph),
            "nodes": list(graph.inputs),
            "shown": graph.sinks,
            "events": graph.events,
        }
        for graph in graphs
    ]
    done = subprocess.run(  # noqa: S603  # our own program
        [sys.executable, _PROGRAM, peers.PLACE],
        input=json.dumps(given),
        stdout=subprocess.PIPE,
        text=True,
        timeout=_MARIMO_MOST_S,
        check=False,
    )
    _check(done.returncode == 0, f"marimo's program ended with {done.returncode}")
    told: list[dict[str, Any]] = json.loads(done.stdout)
    return told


def _cells(graph: RandomGraph) -> Mapping[str, str]:
    """Write a graph as cells: one for each widget, and one for each node."""
    cells = {"imports": "import marimo as mo\nfrom tally import note"}
    cells |= {one: f"{one} = mo.ui.slider(start=0, stop=3, value=0)" for one in graph.widgets}
    for name in graph.inputs:
        cells[name] = f"note({name!r})\n{name} = {graph.expression(name, '{}.value')}"
    return cells


def _share(name: str, told: Callable[[], _Told]) -> Reading:
    return Reading(name=name, read=lambda: told().percent, unit="% of all")


def _the_same(ours: str, theirs: str) -> Goal:
    return Goal(
        text=f"{ours}: exactly {theirs}",
        needs=(ours, theirs),
        measure=lambda series: series[ours][0] / series[theirs][0],
        holds=lambda ratio: ratio == 1.0,
    )


def _check(is_so: object, text: str) -> None:
    if not is_so:
        raise AssertionError(text)
