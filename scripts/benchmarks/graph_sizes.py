"""What one node costs in graphs of 1,000 and of 10,000 that compute next to nothing.

Whether that stays the same is told by the processor's time, which hardly depends on who else uses
the machine.
"""

from __future__ import annotations

import math
import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, TypeAlias

from benchmarks.contest import Group, Reading, at_most

_SMALL, _LARGE = 1_000, 10_000
_LINEAR = 1.5  # how much more a node may cost among ten times as many
_SMALL_LIVES = 3  # of which the median counts: a short one is soon disturbed
_GROWTH = f"CPU per node, {_LARGE:,} to {_SMALL:,}"
_PRIME = 2**31 - 1
_MOST_S = 600.0

Shape: TypeAlias = Callable[[int], list[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """A propagation.

    Attributes:
        name: What happens.
        value: What the first node is given.
        executions: How many nodes run, of so many.
    """

    name: str
    value: int
    executions: Callable[[int], int]


_STEPS = (
    _Step(name="first run", value=10, executions=lambda count: count),
    _Step(name="everything changes", value=20, executions=lambda count: count),
    _Step(name="cut off at the first node", value=21, executions=lambda _: 1),
    _Step(name="there and back", value=10, executions=lambda _: 0),
)


def size_groups(folder: str) -> Iterator[Group]:
    """Yield chains, fans and grids, with a cache in memory and with one in a folder."""
    for name, shape in (("chain", _chain), ("fan", _fan), ("grid", _grid)):
        for place in ("memory", "folder"):
            lives = {}
            for count, times in ((_LARGE, 1), (_SMALL, _SMALL_LIVES)):
                cache = os.path.join(folder, f"{name}-{count}")
                caches = [":memory:" if place == "memory" else f"{cache}-{i}" for i in range(times)]
                lives[count] = _Lives(shape, count, caches)
            kept = "memory" if place == "memory" else "a folder"
            yield from (
                Group(
                    name=f"{name}, {step.name}, cache in {kept}",
                    contenders=tuple(_readings(step, lives[_LARGE], lives[_SMALL])),
                    goals=(at_most(_GROWTH, _LINEAR, "x"),),
                    rounds=1,
                )
                for step in _STEPS
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cost:
    """What a propagation takes for a node, in microseconds: by the clock, and of processors."""

    clock_us: float
    cpu_us: float


class _Lives:
    """Graphs that go through all propagations once; what each takes is read as often as liked.

    Args:
        shape: Makes the nodes.
        count: How many there should be, about.
        caches: As for a Session, one for each life.
    """

    def __init__(self, shape: Shape, count: int, caches: Sequence[str]) -> None:
        self.count = count
        self._shape, self._caches = shape, caches

    @cached_property
    def costs(self) -> Mapping[str, _Cost]:
        """What each propagation takes for a node, by its name: the median of the lives."""
        lived = [list(self._lived(cache)) for cache in self._caches]
        return {
            step.name: _Cost(
                clock_us=statistics.median(one.clock_us for one in costs),
                cpu_us=statistics.median(one.cpu_us for one in costs),
            )
            for step, costs in zip(_STEPS, zip(*lived, strict=True), strict=True)
        }

    def _lived(self, cache: str) -> Iterator[_Cost]:
        """Live once; yield what each propagation takes.

        Raises:
            AssertionError: If other than the expected number of nodes ran.
        """
        import nbnodes as nb

        nodes = self._shape(self.count)
        with nb.Session(cache=cache) as session, nb.Graph(nodes, session=session) as graph:
            for step in _STEPS:
                begun, cpu_begun = time.perf_counter(), time.process_time()
                graph.set({"first.value": step.value})
                if step is _STEPS[0]:
                    graph.watch()
                graph.settle(_MOST_S)
                yield _Cost(
                    clock_us=1e6 * (time.perf_counter() - begun) / len(graph),
                    cpu_us=1e6 * (time.process_time() - cpu_begun) / len(graph),
                )
                reasons = [standing.reason for standing in graph.states().values()]
                ran = sum(reason.startswith("computed") for reason in reasons)
                if ran != step.executions(len(graph)):
                    raise AssertionError(f"{step.name}: {ran} nodes ran")


def _readings(step: _Step, large: _Lives, small: _Lives) -> Iterator[Reading]:
    for life in (large, small):
        yield Reading(
            name=f"{life.count:,} nodes",
            read=lambda one=life: one.costs[step.name].clock_us,
            unit="us/node",
        )
    yield Reading(
        name=_GROWTH,
        read=lambda: large.costs[step.name].cpu_us / small.costs[step.name].cpu_us,
        unit="x",
    )


# ---------------------------------------------------------------- shapes


def _begin(value: int) -> int:
    return value // 10


def _step(one: int) -> int:
    return (3 * one + 1) % _PRIME


def _plus(number: int, one: int) -> int:
    return one + number


def _both(one: int, other: int) -> int:
    return (one + 2 * other) % _PRIME


def _total(*every: int) -> int:
    return sum(every)


def _chain(count: int) -> list[Any]:
    import nbnodes as nb

    node = _first()
    for i in range(1, count):
        node = nb.Node(_step, [node], name=f"n{i}")
    return [node]


def _fan(count: int) -> list[Any]:
    """One feeds all others, and they feed one."""
    import nbnodes as nb

    first = _first()
    middle = [nb.Node(partial(_plus, i), [first], name=f"n{i}") for i in range(count)]
    return [nb.Node(_total, middle, name="last")]


def _grid(count: int) -> list[Any]:
    """Each node is fed by that above it and that to its left."""
    import nbnodes as nb

    side = math.isqrt(count)
    nodes: dict[tuple[int, int], Any] = {(0, 0): _first()}
    for i in range(side):
        for j in range(side):
            fed = [nodes[at] for at in ((i - 1, j), (i, j - 1)) if at in nodes]
            if fed:
                body = _both if len(fed) > 1 else _step
                nodes[i, j] = nb.Node(body, fed, name=f"n{i}_{j}")
    return [nodes[side - 1, side - 1]]


def _first() -> Any:
    import nbnodes as nb

    return nb.Node(_begin, name="first")
