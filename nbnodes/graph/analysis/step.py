"""A unit's turn: it takes in what it reads, then what it changes, then what it binds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product

from nbnodes.graph.analysis.record import Body, Doubt, FileUse, Pass, linked
from nbnodes.graph.analysis.scopes import BUILTINS
from nbnodes.graph.analysis.versions import PARAMETER, Tracer, Unit, Version, alike
from nbnodes.graph.analysis.vocabulary import IPYTHON_NAMES

_CLASS = ("a class", "an object of a class of the notebook")


def traced(
    units: Sequence[Unit],
    *,
    parameters: Iterable[str],
    definitions: Iterable[str],
    imports: Mapping[str, str],
) -> Tracer:
    """Follow all names through the units.

    Args:
        units: The units, in order.
        parameters: The names that the graph gives.
        definitions: The names that parts repeat.
        imports: The names that stand for modules and what is in them.
    """
    tracer = Tracer(units, parameters=parameters, definitions=definitions, imports=imports)
    for i in range(len(units)):
        _Step(tracer, i).trace()
    return tracer


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
        for name in self._touched:
            self._changed |= linked([name], self._given()) & self._exposed
        for name in sorted(self._changed):
            version = tracer.version(name)
            if version is not None:
                tracer.change(self._i, version, is_deep=name not in self._shallow)
        self._share()
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
        self._take(
            body.effects.files,
            ((1, text) for _, text in body.effects.doubts),  # the lines are those of its own cell
            ((1, text) for _, text in body.effects.opaque),
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
                names = each.names | ({each.callee} if is_unknown or self._holds(each) else set())
                reached = linked(sorted(names), self._pairs())
                self._touched |= reached
                self._shallow -= reached
                self._changed |= reached & self._exposed
            if each.is_changed:
                for body in bodies:
                    names = body.gives | (each.names if body.gives_arguments else frozenset())
                    reached = linked(sorted(names), self._pairs())
                    self._touched |= reached
                    self._shallow -= reached
                    self._changed |= reached & self._exposed

    def _holds(self, passed: Pass) -> bool:
        """Whether what is called may itself hold what the function in it changes."""
        version = self._tracer.version(passed.callee)
        is_value = version is not None and not version.is_definition
        return is_value or any(passed.callee in pair for pair in self._flow.aliases)

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

    def _share(self) -> None:
        """Let versions share objects, as the unit's own text and its calls tell."""
        pairs = set(self._flow.aliases) | self._given()
        bound = self._flow.defines | self._flow.may_define | self._assigned
        for name in bound:
            self._new[name] = Version(name=name, unit=self._i)
        for one, other in pairs:
            for a, b in product(self._versions(one), self._versions(other)):
                alike(a, b)
        for one, other in self._flow.copies:
            for a, b in product(self._versions(one), self._versions(other)):
                a.copies.append(b)
                b.copies.append(a)

    def _versions(self, name: str) -> list[Version]:
        found = [self._new[name]] if name in self._new else []
        version = self._tracer.version(name)
        if version is None or name not in self._exposed:
            return found
        if not version.is_definition or self._tracer.is_imported(name):
            found.append(version)
        return found

    def _bind(self) -> None:
        tracer, flow = self._tracer, self._flow
        keeps, bodies = self._made_of()
        for name in sorted(flow.deletes - flow.may_define - flow.defines):
            self._delete(name)
        for name, version in sorted(self._new.items()):
            self._follow_on(version, tracer.version(name))
            version.bodies += tuple(bodies.get(name, ()))
            version.is_definition = tracer.is_definition(name)
            if not version.is_definition:
                version.keeps = keeps.get(name, "") or self._why_function_stays(version.bodies)
            if version.keeps and version.keeps != _CLASS[1]:
                self._reach.kept.add(name)
            tracer.set(version)
        for name in {*keeps, *bodies} - self._new.keys():
            held = tracer.version(name)
            if held is not None and held.unit == self._i:  # changed: what is it made of now?
                held.bodies += tuple(bodies.get(name, ()))
                held.keeps = held.keeps or keeps.get(name, "")
                held.keeps = held.keeps or self._why_function_stays(held.bodies)

    def _follow_on(self, version: Version, before: Version | None) -> None:
        """Tell what a name stands for where it is not bound anew."""
        version.is_sure = version.name in self._flow.defines
        if before is None or version.is_sure:
            return
        version.previous = before
        version.bodies = before.bodies
        if before.unit == self._i:  # the unit has it: it changed it
            version.is_sure, version.previous = before.is_sure, before.previous

    def _delete(self, name: str) -> None:
        tracer = self._tracer
        tracer.reaches[self._i].writes.add(name)
        version = tracer.version(name)
        if version is None or version.unit in (PARAMETER, self._i):
            tracer.forget(name)
        else:
            why = "perhaps deleted"
            tracer.set(Version(name=name, unit=self._i, is_sure=False, keeps=why))

    def _made_of(self) -> tuple[dict[str, str], dict[str, list[Body]]]:
        """Tell of names what keeps them in their part, and what functions they may hold."""
        flow = self._flow
        keeps = dict(flow.keeps)
        bodies = {name: list(found) for name, found in flow.bodies.items()}
        carries = set(flow.carries) | {(a, b, True) for a, b in self._given()} | self._stored()
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

    def _stored(self) -> set[tuple[str, str, bool]]:
        """Tell which names may hold what a function was given, as it changes their objects."""
        return {
            (target, name, True)
            for each in self._passes
            for body in self._callees(each.callee)
            for target in body.mutates
            for name in each.names
        }

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
