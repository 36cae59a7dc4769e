"""Units and what must be together become groups that can run one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from nbnodes.graph.analysis.versions import PARAMETER, Join, Reach, Version


class Groups:
    """Sets of units, joined until each can run by itself.

    A group runs its own units alone, in order, and gives what its names stand for at its end.

    Args:
        reaches: What each unit gets and writes.
        numbers: What messages call each unit's cell.
    """

    def __init__(self, reaches: Sequence[Reach], numbers: Sequence[int]) -> None:
        self._reaches = reaches
        self._numbers = numbers
        self._leader = list(range(len(reaches)))
        self.reasons: list[Join] = []

    def of(self, unit: int) -> int:
        """Return the first unit of a unit's group."""
        while self._leader[unit] != unit:
            unit = self._leader[unit]
        return unit

    def members(self) -> dict[int, list[int]]:
        """Return each group's units, in order, by its first."""
        found: dict[int, list[int]] = {}
        for unit in range(len(self._leader)):
            found.setdefault(self.of(unit), []).append(unit)
        return found

    def add(self, join: Join) -> bool:
        """Join two units; return whether that was new."""
        first, second = sorted((self.of(join.first), self.of(join.second)))
        if first == second:
            return False
        self._leader[second] = first
        self.reasons.append(join)
        return True

    def settle(self, joins: Iterable[Join] = ()) -> None:
        """Join until every group can run by itself, and none needs one that needs it."""
        for join in joins:
            self.add(join)
        while any([*map(self.add, [*self._stale(), *self._overwritten(), *self._cycles()])]):
            pass

    def edges(self) -> set[tuple[int, int]]:
        """Return which group gives to which."""
        return {
            (self.of(version.unit), self.of(unit))
            for unit, _, version in self._given()
            if self.of(version.unit) != self.of(unit)
        }

    def order(self) -> list[int]:
        """Return the groups so that each follows what it needs, else as in the notebook."""
        waiting = sorted(self.members())
        edges, ordered = self.edges(), list[int]()
        while waiting:
            ready = next(g for g in waiting if not any(b == g and a in waiting for a, b in edges))
            waiting.remove(ready)
            ordered.append(ready)
        return ordered

    def _given(self) -> Iterator[tuple[int, str, Version]]:
        for unit, reach in enumerate(self._reaches):
            for name, versions in reach.reads.items():
                for version in versions:
                    if version.unit != PARAMETER:
                        yield unit, name, version

    def _writers(self, group: int, name: str) -> list[int]:
        return [u for u in self.members()[group] if name in self._reaches[u].writes]

    def _stale(self) -> Iterator[Join]:
        """Yield what must join since a group would find another value of its own or of another."""
        taken: dict[tuple[int, str], int] = {}
        for unit, reach in enumerate(self._reaches):
            group = self.of(unit)
            for name, versions in reach.reads.items():
                for version in versions:
                    giver = version.unit
                    if giver != PARAMETER and self.of(giver) == group:
                        continue
                    writers = [u for u in self._writers(group, name) if u < unit]
                    if giver != PARAMETER and writers:
                        yield self._join(giver, unit, name, "which another of its cells sets too")
                    other = taken.setdefault((group, name), giver)
                    if other != giver:
                        for each in {other, giver} - {PARAMETER}:
                            yield self._join(each, unit, name, "of which it reads two values")

    def _overwritten(self) -> Iterator[Join]:
        """Yield what must join since the giving group sets the name again later."""
        for unit, name, version in self._given():
            giver = self.of(version.unit)
            if giver != self.of(unit) and any(
                later > version.unit for later in self._writers(giver, name)
            ):
                yield self._join(version.unit, unit, name, "which later cells of that part change")

    def _join(self, giver: int, unit: int, name: str, why: str) -> Join:
        reader, source = self._numbers[unit], self._numbers[giver]
        return Join(giver, unit, f"cell {reader} reads `{name}` of cell {source}, {why}")

    def _cycles(self) -> Iterator[Join]:
        """Yield what must join since two groups need each other."""
        followers: dict[int, set[int]] = {}
        for a, b in self.edges():
            followers.setdefault(a, set()).add(b)
        reached = {group: _reached(group, followers) for group in followers}
        for a in sorted(reached):
            for b in sorted(reached[a]):
                if a < b and a in reached.get(b, ()):
                    first, second = self._numbers[a], self._numbers[b]
                    why = f"what cell {first} is in and what cell {second} is in need each other"
                    yield Join(a, b, why)


def _reached(start: int, followers: dict[int, set[int]]) -> set[int]:
    found: set[int] = set()
    waiting = [start]
    while waiting:
        for each in followers.get(waiting.pop(), ()):
            if each not in found:
                found.add(each)
                waiting.append(each)
    return found
