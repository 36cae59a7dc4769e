"""Random graphs of small functions, with the events that move their widgets; and what must run.

A node adds up its inputs and keeps the rest of a division: by a large number, or by a small one, so
that about half the nodes lose much of what they are given. The same expressions are run by ours and
by the peers, and evaluated here.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

_CHOICES = 4  # values of a widget
_REACH = 6  # how far back a node's inputs lie
_LARGE, _SMALL = (9973,), (2, 3, 4)


@dataclass(frozen=True, kw_only=True)
class RandomGraph:
    """A graph and what happens to it.

    Attributes:
        widgets: Names of the widgets, each 0 at first.
        inputs: For each node the nodes before it and the widgets that it reads.
        rules: For each node what is added to its inputs, so that no two are alike, and what the sum
            is divided by.
        events: Widgets, and the values that they take, one after the other; each is a change.
    """

    widgets: tuple[str, ...]
    inputs: Mapping[str, tuple[str, ...]]
    rules: Mapping[str, tuple[int, int]]
    events: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, nodes: int, *, events: int, seed: int) -> RandomGraph:
        """Draw a graph of so many nodes."""
        draw = random.Random(f"{nodes} nodes, graph {seed}")  # noqa: S311  # drawn again alike
        widgets = tuple(f"w{i}" for i in range(max(3, nodes // 3)))
        inputs: dict[str, tuple[str, ...]] = {}
        for i in range(nodes):
            known = list(inputs)[-_REACH:]
            above = draw.sample(known, min(len(known), draw.choice((1, 1, 2))))
            is_source = not above or draw.random() < len(widgets) / nodes
            inputs[f"n{i}"] = (*above, *([draw.choice(widgets)] if is_source else []))
        unread = set(widgets).difference(*inputs.values())
        for widget in sorted(unread):
            name = draw.choice(list(inputs))
            inputs[name] = (*inputs[name], widget)
        rules = {
            name: (1000 + 7 * i, draw.choice(draw.choice((_LARGE, _SMALL))))
            for i, name in enumerate(inputs)
        }
        return cls(
            widgets=widgets, inputs=inputs, rules=rules, events=_events(draw, widgets, events)
        )

    @cached_property
    def above(self) -> Mapping[str, frozenset[str]]:
        """All nodes and widgets that each node depends on."""
        found: dict[str, frozenset[str]] = {}
        for name, inputs in self.inputs.items():
            found[name] = frozenset(inputs).union(*(found.get(one, ()) for one in inputs))
        return found

    @property
    def sinks(self) -> tuple[str, ...]:
        """The nodes that no other reads."""
        read = {one for inputs in self.inputs.values() for one in inputs}
        return tuple(name for name in self.inputs if name not in read)

    def below(self, widget: str) -> list[str]:
        """Return the nodes that depend on a widget."""
        return [name for name, above in self.above.items() if widget in above]

    def expression(self, name: str, widget: str = "{}") -> str:
        """Return what a node computes, in Python; `widget`: how the value of one is written."""
        added, divisor = self.rules[name]
        terms = [
            f"{factor} * {widget.format(one) if one in self.widgets else one}"
            for factor, one in enumerate(self.inputs[name], start=2)
        ]
        return f"({' + '.join([str(added), *terms])}) % {divisor}"

    def nodes_of(self, name: str) -> tuple[str, ...]:
        """Return the nodes that a node reads."""
        return tuple(one for one in self.inputs[name] if one not in self.widgets)

    def widgets_of(self, name: str) -> tuple[str, ...]:
        """Return the widgets that a node reads."""
        return tuple(one for one in self.inputs[name] if one in self.widgets)


@dataclass(kw_only=True)
class Model:
    """A graph by the book: its values, and what must run.

    Attributes:
        graph: The graph.
        wanted: The nodes that are looked at.
        state: The widgets' values and the nodes'.
    """

    graph: RandomGraph
    wanted: tuple[str, ...]
    state: dict[str, int] = field(default_factory=dict)
    _answered: set[Any] = field(default_factory=set)
    _computed: set[Any] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._functions: dict[str, Callable[..., int]] = {
            name: eval(f"lambda {', '.join(inputs)}: {self.graph.expression(name)}")  # noqa: S307  # our own words
            for name, inputs in self.graph.inputs.items()
        }
        self.change(dict.fromkeys(self.graph.widgets, 0))

    def change(self, values: Mapping[str, int]) -> list[str]:
        """Change widgets; return the nodes that must run.

        A node must run if it is wanted, nothing is known for the values of all widgets above it,
        and it was never computed for these inputs.
        """
        self.state |= values
        for name, inputs in self.graph.inputs.items():
            self.state[name] = self._functions[name](*(self.state[one] for one in inputs))
        ran: list[str] = []
        waiting, seen = list(self.wanted), set()
        while waiting:
            name = waiting.pop()
            if name in seen or self._is_answered(name):
                continue
            seen.add(name)
            waiting += self.graph.nodes_of(name)
            key = (name, *(self.state[one] for one in self.graph.inputs[name]))
            if key not in self._computed:
                self._computed.add(key)
                ran.append(name)
        self._answered |= {self._deep(name) for name in seen}
        return ran

    def _is_answered(self, name: str) -> bool:
        return self._deep(name) in self._answered

    def _deep(self, name: str) -> tuple[object, ...]:
        above = self.graph.above[name]
        return (name, *(self.state[one] for one in self.graph.widgets if one in above))


def _events(
    draw: random.Random, widgets: tuple[str, ...], count: int
) -> tuple[tuple[str, int], ...]:
    state = dict.fromkeys(widgets, 0)
    events = []
    for _ in range(count):
        widget = draw.choice(widgets)
        state[widget] = draw.choice([one for one in range(_CHOICES) if one != state[widget]])
        events.append((widget, state[widget]))
    return tuple(events)
