"""The cells of a notebook, in order, become Versions: who gives each name to whom, and what joins.

A Version is what a name stands for after one cell. A cell that changes an object in place makes
new versions of every name that may share the object.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from nbnodes.graph.analysis.definitions import Replayed
from nbnodes.graph.analysis.record import Body, CellFlow, Doubt, FileUse, Pass, linked
from nbnodes.graph.analysis.scopes import BUILTINS
from nbnodes.graph.analysis.vocabulary import IPYTHON_NAMES

PARAMETER = -1  # stands for a unit: the graph itself gives the value
_CLASS = ("a class", "an object of a class of the notebook")


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
        files: The files that it uses.
        doubts: What is doubtful.
        opaque: Why nobody can tell what it reads and changes.
        free: Names that nothing before it defines.
    """

    names: set[str] = field(default_factory=set)
    reads: dict[str, list[Version]] = field(default_factory=dict)
    needs: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)
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
        for i in range(len(units)):
            _Step(self, i).trace()

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
        if self._unsettled and not self.units[i].is_repeated:
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
                self.unsettle(i, f"seeds `{state}`, which later cells may draw from")


class _Step:
    """One unit's turn."""

    def __init__(self, tracer: Tracer, i: int) -> None:
        self._tracer = tracer
        self._i = i
        self._flow = tracer.units[i].flow
        self._reach = tracer.reaches[i]
        self._exposed: set[str] = set(self._flow.reads)
        self._changed: set[str] = set(self._flow.mutates)
        self._touched: set[str] = set(self._flow.touches)
        self._shallow: set[str] = set(self._flow.shallow)
        self._assigned: set[str] = set()
        self._passes: set[Pass] = set(self._flow.passes)
        self._draws: set[str] = set(self._flow.effects.draws)
        self._seeds: set[str] = set(self._flow.effects.seeds)
        self._new: dict[str, Version] = {}

    def trace(self) -> None:
        """Take in what the unit reads, then what it changes, then what it binds."""
        tracer, flow = self._tracer, self._flow
        self._take(flow.effects.files, flow.effects.doubts, flow.effects.opaque)
        self._exposed |= {word for word in flow.words if tracer.version(word)}
        self._follow_functions()
        self._follow_passes()
        tracer.settle(self._i)
        surely = flow.effects.seeds >= self._seeds
        tracer.draw(self._i, self._draws, self._seeds, surely=surely)
        self._read()
        self._changed |= {name for name in self._assigned if tracer.version(name)}
        self._share_outside()
        for name in sorted(self._changed):
            version = tracer.version(name)
            if version is not None:
                tracer.change(self._i, version, is_deep=name not in self._shallow)
        self._bind()

    def _take(
        self, files: Iterable[FileUse], doubts: Iterable[Doubt], opaque: Iterable[Doubt]
    ) -> None:
        self._reach.files.update(files)
        self._reach.doubts.update(doubts)
        self._reach.opaque += [each for each in opaque if each not in self._reach.opaque]

    # ------------------------------------------------------------ functions

    def _bodies(self, name: str, certain: frozenset[str]) -> list[Body]:
        found = list(self._flow.bodies.get(name, ()))
        version = self._tracer.version(name)
        if version is not None and name not in certain:
            found += version.bodies
        return found

    def _follow_functions(self) -> None:
        """Count what functions do that may be called here, and those that they may call."""
        waiting = list(self._flow.uses.items())
        seen: set[tuple[int, frozenset[str]]] = set()
        while waiting:
            name, certain = waiting.pop()
            for body in self._bodies(name, certain):
                if (id(body), certain) in seen:
                    continue
                seen.add((id(body), certain))
                self._follow(body, certain)
                waiting += [(each, certain) for each in body.reads]

    def _follow(self, body: Body, certain: frozenset[str]) -> None:
        self._exposed |= body.reads - certain
        self._changed |= body.mutates - certain
        self._touched |= body.mutates
        self._shallow -= body.mutates
        for name in body.mutates & certain:
            self._changed |= linked([name], self._pairs()) & self._exposed
        self._assigned |= body.assigns
        self._passes |= body.passes
        self._draws |= body.effects.draws
        self._seeds |= body.effects.seeds
        line = 1
        self._take(
            body.effects.files,
            ((line, text) for _, text in body.effects.doubts),
            ((line, text) for _, text in body.effects.opaque),
        )

    def _callees(self, name: str) -> list[Body]:
        """Return the functions that a call of `name` may run, and those these hand arguments to."""
        found: list[Body] = []
        waiting, seen = [name], {name}
        while waiting:
            for body in self._bodies(waiting.pop(), frozenset()):
                found.append(body)
                waiting += body.passes_arguments - seen
                seen |= body.passes_arguments
        return found

    def _follow_passes(self) -> None:
        """Count what functions do to the objects that they are given."""
        for each in sorted(self._passes, key=lambda p: (p.callee, sorted(p.names))):
            bodies = self._callees(each.callee)
            is_unknown = each.thrown and not bodies and each.callee not in BUILTINS
            if is_unknown or any(body.changes_arguments for body in bodies):
                names = each.names | ({each.callee} if is_unknown else frozenset())
                reached = linked(sorted(names), self._pairs())
                self._touched |= reached
                self._shallow -= reached
                self._changed |= reached & self._exposed

    def _pairs(self) -> frozenset[tuple[str, str]]:
        return self._flow.aliases | self._flow.copies

    def _given(self) -> set[tuple[str, str]]:
        """Pair what calls are bound to with the objects that the functions may have handed out."""
        pairs: set[tuple[str, str]] = set()
        for each in self._passes:
            for body in self._callees(each.callee) if each.targets else ():
                given = body.gives | (each.names if body.gives_arguments else frozenset())
                pairs |= {(target, name) for target in each.targets for name in given}
        return pairs

    # ------------------------------------------------------------ names

    def _read(self) -> None:
        for name in sorted(self._exposed):
            version = self._tracer.version(name)
            if version is not None:
                self._reach.names.add(name)
                self._tracer.link(self._i, version)
            elif name not in BUILTINS and name not in IPYTHON_NAMES:
                self._reach.free.add(name)

    def _share_outside(self) -> None:
        """Let versions share objects, as the unit's own text and its calls tell."""
        pairs = set(self._flow.aliases) | self._given()
        for name in list(self._touched):
            self._changed |= linked([name], self._given()) & self._exposed
        bound = self._flow.defines | self._flow.may_define | self._assigned
        for name in bound:
            self._new[name] = Version(name=name, unit=self._i)
        for one, other in pairs:
            for a in self._versions(one):
                for b in self._versions(other):
                    alike(a, b)
        for one, other in self._flow.copies:
            for a in self._versions(one):
                for b in self._versions(other):
                    a.copies.append(b)
                    b.copies.append(a)

    def _versions(self, name: str) -> list[Version]:
        found = [self._new[name]] if name in self._new else []
        version = self._tracer.version(name)
        is_shared = version is not None and name in self._exposed
        if is_shared and (not version.is_definition or self._tracer.is_imported(name)):
            found.append(version)
        return found

    def _bind(self) -> None:
        tracer, flow = self._tracer, self._flow
        keeps, bodies = self._made_of()
        for name in sorted(flow.deletes - flow.may_define - flow.defines):
            tracer.reaches[self._i].writes.add(name)
            version = tracer.version(name)
            if version is None or version.unit == PARAMETER or version.unit == self._i:
                tracer.forget(name)
            else:
                gone = Version(name=name, unit=self._i, is_sure=False, keeps="perhaps deleted")
                tracer.set(gone)
        for name, version in sorted(self._new.items()):
            before = tracer.version(name)
            version.bodies = tuple(bodies.get(name, ()))
            version.is_sure = name in flow.defines
            version.previous = None if version.is_sure else before
            if before is not None and not version.is_sure:
                version.bodies += before.bodies
                if before.unit == self._i:  # the unit has it: it changed it
                    version.is_sure, version.previous = before.is_sure, before.previous
            version.is_definition = tracer.is_definition(name)
            version.keeps = "" if version.is_definition else keeps.get(name, "")
            if version.bodies and not version.keeps and not version.is_definition:
                version.keeps = self._why_function_stays(version.bodies)
            tracer.set(version)
        for name in {*keeps, *bodies} - self._new.keys():
            held = tracer.version(name)
            if held is not None and held.unit == self._i:
                held.keeps = held.keeps or keeps.get(name, "")
                held.bodies += tuple(bodies.get(name, ()))
                held.keeps = held.keeps or (
                    self._why_function_stays(held.bodies) if held.bodies else ""
                )

    def _made_of(self) -> tuple[dict[str, str], dict[str, list[Body]]]:
        """Tell of names what keeps them in their part, and what functions they may hold."""
        flow = self._flow
        keeps = dict(flow.keeps)
        bodies = {name: list(found) for name, found in flow.bodies.items()}
        carries = set(flow.carries) | {(a, b, True) for a, b in self._given()}
        changing = True
        while changing:
            changing = False
            for target, source, held in sorted(carries):
                why, holds = self._carried(source, keeps, bodies, held=held)
                if why and target not in keeps:
                    keeps[target] = why
                    changing = True
                have = bodies.setdefault(target, [])
                fresh = [body for body in holds if body not in have]
                have += fresh
                changing |= bool(fresh)
        return keeps, {name: found for name, found in bodies.items() if found}

    def _carried(
        self, source: str, keeps: Mapping[str, str], bodies: Mapping[str, list[Body]], *, held: bool
    ) -> tuple[str, list[Body]]:
        """Tell what keeps a value that is made from `source`, and what functions it may hold."""
        why, found = keeps.get(source, ""), list(bodies.get(source, ()))
        version = self._tracer.version(source)
        if version is not None and source in self._exposed:
            why, found = why or version.keeps, [*found, *version.bodies]
        if why in _CLASS:
            return _CLASS[1], found
        if held:
            return why, found
        called = [body for body in found if body.closes]
        why = next((body.keeps for body in found if body.keeps), "")
        return why or self._class_within(found), called

    def _class_within(self, bodies: list[Body]) -> str:
        """Tell whether calling these may make objects of a class of the notebook."""
        for name in self._read_within(bodies):
            version = self._tracer.version(name)
            kept = self._flow.keeps.get(name) or (version.keeps if version else "")
            if kept in _CLASS:
                return _CLASS[1]
        return ""

    def _read_within(self, bodies: Iterable[Body]) -> set[str]:
        waiting, found = list(bodies), set[str]()
        seen: set[int] = set()
        while waiting:
            body = waiting.pop()
            if id(body) in seen:
                continue
            seen.add(id(body))
            found |= body.reads
            for name in body.reads:
                waiting += self._bodies(name, frozenset())
        return found

    def _why_function_stays(self, bodies: Sequence[Body]) -> str:
        """Say what a function needs that would not travel with it; "" if nothing."""
        if any(body.mutates or body.assigns for body in bodies):
            return "or holds a function that changes names of the notebook"
        for name in sorted(self._read_within(bodies)):
            if not self._tracer.is_definition(name) and name not in BUILTINS:
                return f"or holds a function that reads `{name}`"
        return ""


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
