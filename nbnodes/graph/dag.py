"""Names and the names each depends on become a Dag: order, ancestors, descendants. Pure."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Dag:
    """A directed graph without cycles.

    Attributes:
        parents: What each name depends on, by name; in topological order, ties in the order given.
        children: What depends on each name.
    """

    parents: Mapping[str, tuple[str, ...]]
    children: Mapping[str, tuple[str, ...]] = field(init=False)

    def __post_init__(self) -> None:
        children: dict[str, list[str]] = {name: [] for name in self.parents}
        for name, above in self.parents.items():
            for parent in dict.fromkeys(above):
                children[parent].append(name)
        frozen = {name: tuple(below) for name, below in children.items()}
        object.__setattr__(self, "children", frozen)

    @classmethod
    def of(cls, parents: Mapping[str, Iterable[str]]) -> Dag:
        """Sort what depends on what.

        Raises:
            ValueError: If there is a cycle; see `cycles`.
        """
        given = {name: tuple(above) for name, above in parents.items()}
        order = list(_sorted(given))
        if len(order) < len(given):
            raise ValueError("there is a cycle")
        return cls(parents={name: given[name] for name in order})

    @property
    def order(self) -> tuple[str, ...]:
        """All names, none before one that it depends on."""
        return tuple(self.parents)

    @property
    def sinks(self) -> tuple[str, ...]:
        """The names on which nothing depends."""
        return tuple(name for name, below in self.children.items() if not below)

    def ancestors(self, names: Iterable[str]) -> set[str]:
        """Return the names and all that they depend on."""
        return _reached(names, self.parents)

    def descendants(self, names: Iterable[str]) -> set[str]:
        """Return the names and all that depends on them."""
        return _reached(names, self.children)


def cycles(parents: Mapping[str, Iterable[str]]) -> list[tuple[str, ...]]:
    """Return a cycle for each knot of names that depend on each other: a, b, …, a."""
    given = {name: tuple(above) for name, above in parents.items()}
    left = set(given) - set(_sorted(given))
    found = []
    while left:
        start = next(name for name in given if name in left)
        cycle = _walk_back(start, given, left)
        if cycle is None:  # it lies below a cycle that was found
            left.remove(start)
            continue
        found.append(tuple(reversed(cycle)))
        left -= _reached(cycle, {name: _within(given[name], left) for name in left})
    return found


def _walk_back(
    start: str, parents: Mapping[str, tuple[str, ...]], knot: set[str]
) -> list[str] | None:
    """Follow dependencies within a knot until a name comes again."""
    path: list[str] = [start]
    seen = {start: 0}
    while True:
        above = _within(parents[path[-1]], knot)
        if not above:
            return None
        following = above[0]
        if following in seen:
            return [*path[seen[following] :], following]
        seen[following] = len(path)
        path.append(following)


def _within(names: Iterable[str], knot: set[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name in knot)


def _sorted(parents: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """Yield names in topological order (Kahn's), ties as given; those in cycles not at all."""
    place = {name: number for number, name in enumerate(parents)}
    names = list(parents)
    waits = {name: len(set(above)) for name, above in parents.items()}
    below: dict[str, list[str]] = {name: [] for name in parents}
    for name, above in parents.items():
        for parent in dict.fromkeys(above):
            below[parent].append(name)
    ready = [place[name] for name in names if not waits[name]]
    while ready:
        name = names[heapq.heappop(ready)]
        yield name
        for child in below[name]:
            waits[child] -= 1
            if not waits[child]:
                heapq.heappush(ready, place[child])


def _reached(names: Iterable[str], step: Mapping[str, Iterable[str]]) -> set[str]:
    reached = set(names)
    waiting = deque(reached)
    while waiting:
        for following in step[waiting.popleft()]:
            if following not in reached:
                reached.add(following)
                waiting.append(following)
    return reached
