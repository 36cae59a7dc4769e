"""Versions of names, cell after cell: who gives each name to whom, and which cells that joins.

A Version is what a name stands for after one cell. A cell that changes an object in place makes
new versions of every name that may share the object.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from nbnodes.graph.analysis.definitions import Replayed
from nbnodes.graph.analysis.record import Body, CellFlow, Doubt, FileUse

PARAMETER = -1  # stands for a unit: the graph itself gives the value


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Unit:
    """A cell that runs.

    Attributes:
        number: What messages call it: its place in the file, counted from 1.
        flow: Its flow.
        replayed: Those of its statements that parts repeat.
        is_repeated: Whether it has no others.
    """

    number: int
    flow: CellFlow
    replayed: tuple[Replayed, ...] = ()
    is_repeated: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Version:
    """What a name stands for after a unit.

    Attributes:
        name: The name.
        unit: The unit that makes it, by its place.
        bodies: The functions that it is or may hold.
        keeps: Why it cannot leave its part; "" if it can.
        is_sure: Whether the name is certainly bound.
        previous: What the name stands for if not.
        is_definition: Whether parts repeat it instead of being given it.
        twins: The versions that may share its object.
        copies: Those whose objects are others, but may hold what it holds.
    """

    name: str
    unit: int
    bodies: tuple[Body, ...] = ()
    keeps: str = ""
    is_sure: bool = True
    previous: Version | None = None
    is_definition: bool = False
    twins: list[Version] = field(default_factory=list)
    copies: list[Version] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Reach:
    """What a unit gets from others, with all that its functions do.

    Attributes:
        names: The names that it may look up before it has bound them, and that others define.
        reads: Each name that it is given, with its versions: what it looks up, and what it needs
            so that the names it may define are bound.
        needs: The definitions that it needs.
        writes: The names that stand for something else after it.
        kept: Those that it binds to what nobody else can be given.
        files: The files that it uses.
        doubts: What is doubtful.
        opaque: Why nobody can tell what it reads and changes.
        free: Names that nothing before it defines.
    """

    names: set[str] = field(default_factory=set)
    reads: dict[str, list[Version]] = field(default_factory=dict)
    needs: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    files: set[FileUse] = field(default_factory=set)
    doubts: set[Doubt] = field(default_factory=set)
    opaque: list[Doubt] = field(default_factory=list)
    free: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Join:
    """Two units that must be together.

    Attributes:
        first: The place of one.
        second: The place of the other.
        reason: Why, for people.
    """

    first: int
    second: int
    reason: str


class Tracer:
    """Follows names through units.

    Args:
        units: The units, in order.
        parameters: The names that the graph gives.
        definitions: The names that parts repeat.
        imports: The names that stand for modules and what is in them.
    """

    def __init__(
        self,
        units: Sequence[Unit],
        *,
        parameters: Iterable[str],
        definitions: Iterable[str],
        imports: Mapping[str, str],
    ) -> None:
        self.units = units
        self.reaches = [Reach() for _ in units]
        self.joins: list[Join] = []
        self._definitions = frozenset(definitions)
        self._imports = imports
        self._current = {name: Version(name=name, unit=PARAMETER) for name in parameters}
        self._readers: dict[int, list[int]] = {}
        self._seeded: dict[str, int] = {}
        self._unsettled: tuple[int, str] | None = None

    # ------------------------------------------------------------ for a step

    def version(self, name: str) -> Version | None:
        """Return what a name stands for by now."""
        return self._current.get(name)

    def link(self, i: int, version: Version) -> None:
        """Give a version to a unit."""
        if version.unit == i:
            return
        reach = self.reaches[i]
        if version.is_definition:
            reach.needs.add(version.name)
            return
        known = reach.reads.setdefault(version.name, [])
        if version in known:
            return
        known.append(version)
        self._readers.setdefault(id(version), []).append(i)
        where, name = version.unit, version.name
        if where == PARAMETER:
            return
        if version.keeps:
            self.join(
                where,
                i,
                f"uses `{name}` of {self.cell(where)}, which cannot leave its part: "
                f"it is {version.keeps}",
            )
        if not version.is_sure:
            self._link_unsure(i, version)

    def _link_unsure(self, i: int, version: Version) -> None:
        where, name = version.unit, version.name
        if version.previous is None:
            self.join(where, i, f"uses `{name}`, which {self.cell(where)} may not define")
        else:
            self.link(where, version.previous)

    def set(self, version: Version) -> None:
        """Let a name stand for something else from now on."""
        self._current[version.name] = version
        self.reaches[version.unit].writes.add(version.name)

    def forget(self, name: str) -> None:
        """Let a name stand for nothing from now on."""
        self._current.pop(name, None)

    def change(self, i: int, version: Version, *, is_deep: bool) -> None:
        """Let a unit change the object of a version in place, and every name that shares it."""
        for twin in _twins(version, self._imports, is_deep=is_deep or not version.copies):
            if twin.name in self._imports:
                self.unsettle(i, f"changes `{twin.name}`, a module's state")
                continue
            if self._current.get(twin.name) is not twin or twin.unit == i:
                continue
            if twin.unit == PARAMETER:
                for reader in self._readers.get(id(twin), ()):
                    self.join(reader, i, f"changes the parameter `{twin.name}`")
            else:
                what = f"`{twin.name}` of {self.cell(twin.unit)}"
                self.join(twin.unit, i, f"changes {what}")
                self.link(i, twin)
            changed = Version(
                name=twin.name,
                unit=i,
                bodies=twin.bodies,
                keeps=twin.keeps,
                is_sure=twin.is_sure,
                previous=twin.previous,
            )
            alike(changed, version)
            changed.copies += twin.copies
            self.set(changed)

    def join(self, first: int, second: int, what: str) -> None:
        """Note that two units must be together: the second `uses …`, `changes …`."""
        if first != second:
            self.joins.append(Join(first, second, f"{self.cell(second)} {what}"))

    def cell(self, i: int) -> str:
        """Name a unit in messages."""
        return f"cell {self.units[i].number}"

    def is_definition(self, name: str) -> bool:
        """Whether parts repeat a name's definition."""
        return name in self._definitions

    def is_imported(self, name: str) -> bool:
        """Whether a name stands for a module, or something in one."""
        return name in self._imports

    def settle(self, i: int) -> None:
        """Join a unit with an earlier one that changed what a module was set to."""
        if self._unsettled:  # an import, too, may find another module now
            first, what = self._unsettled
            if first != i:
                self.joins.append(Join(first, i, what))

    def unsettle(self, i: int, what: str) -> None:
        """Note that a unit changes a state that every later unit may use."""
        self._unsettled = (i, f"{self.cell(i)} {what}")

    def draw(self, i: int, draws: Iterable[str], seeds: Iterable[str], *, surely: bool) -> None:
        """Let a unit take random numbers, and seed them."""
        seeds = set(seeds)
        for state in sorted({*draws, *(() if surely else seeds)}):
            if state in self._seeded:
                first = self._seeded[state]
                self.join(first, i, f"takes random numbers after {self.cell(first)} seeded them")
                self._seeded[state] = i
        for state in sorted(seeds):
            self._seeded[state] = i
            if state not in ("random", "numpy.random"):
                self.unsettle(i, f"sets the state of `{state}`, which later cells may use")


def alike(one: Version, other: Version) -> None:
    """Note that two versions may share an object."""
    if one is not other and other not in one.twins:
        one.twins.append(other)
        other.twins.append(one)


def _twins(version: Version, imports: Mapping[str, str], *, is_deep: bool) -> list[Version]:
    """Return all versions that may share an object; what two take from a module they do not."""
    found, waiting = [version], [version]
    while waiting:
        each = waiting.pop()
        others = [*each.twins, *(each.copies if is_deep else ())]
        for twin in others if each.name not in imports else ():
            if twin not in found:
                found.append(twin)
                waiting.append(twin)
    return found
