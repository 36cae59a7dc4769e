"""What walking a cell leaves behind: a CellFlow for the cell, a Body for each function in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

_T = TypeVar("_T")

Doubt = tuple[int, str]
"""A line, counted from 1, and what is doubtful there, in words for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileUse:
    """A file that code reads or writes.

    Attributes:
        path: As written; "*" stands for what is not literal.
        writes: Whether it may change the file.
        kind: "table", "image" or "" for what the file may be.
    """

    path: str
    writes: bool
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """A call that hands objects on.

    Attributes:
        callee: The name of the function called.
        names: The names whose objects it is given.
        targets: The names that its result may be bound to.
        thrown: Whether its result is thrown away.
        is_changed: Whether what it gives is changed at once.
    """

    callee: str
    names: frozenset[str]
    targets: frozenset[str] = frozenset()
    thrown: bool = False
    is_changed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What code does besides binding names.

    Attributes:
        files: The files it uses.
        draws: The random states that it takes numbers from.
        seeds: The random states that it seeds.
        opaque: Why nobody can tell what it reads and changes; empty where one can.
        doubts: What is doubtful.
    """

    files: frozenset[FileUse] = frozenset()
    draws: frozenset[str] = frozenset()
    seeds: frozenset[str] = frozenset()
    opaque: tuple[Doubt, ...] = ()
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Body:
    """What happens when a function is called (of a class: when any of its methods is).

    Attributes:
        reads: The notebook's names that it looks up.
        mutates: Those whose objects it changes.
        assigns: Those that it assigns or deletes, being declared `global`.
        changes_arguments: Whether it changes objects that it is given.
        passes: The calls that hand on the notebook's objects.
        passes_arguments: The names of the functions that it hands its arguments on to.
        gives: Those whose objects it may return.
        gives_arguments: Whether it may return an object that it is given.
        keeps: Why what it returns cannot leave its part; "" if it can.
        closes: Whether it may return a function of its own.
        effects: The rest.
    """

    reads: frozenset[str] = frozenset()
    mutates: frozenset[str] = frozenset()
    assigns: frozenset[str] = frozenset()
    changes_arguments: bool = False
    passes: frozenset[Pass] = frozenset()
    passes_arguments: frozenset[str] = frozenset()
    gives: frozenset[str] = frozenset()
    gives_arguments: bool = False
    keeps: str = ""
    closes: bool = False
    effects: Effects = Effects()


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFlow:
    """What a cell reads, defines and changes, as its own text tells.

    Attributes:
        reads: Names looked up before the cell has certainly defined them.
        defines: Names that it certainly leaves bound.
        may_define: Names that it may leave bound.
        deletes: Names that it may delete and not bind again.
        mutates: Names from outside whose objects it changes in place, each with its line.
        touches: The same for names of its own too.
        uses: Each name looked up anywhere, with the names certainly defined at every such place.
        words: Names that text of IPython's may look up.
        shallow: Those of them of which nothing that they hold is changed.
        aliases: Pairs of names that may share an object.
        copies: Pairs of names whose objects are two, but may hold the same ones.
        carries: (target, source, held): the target's value is made from the source's; `held` where
            the object itself may be in it, else only what calling it gives.
        keeps: Names whose values cannot leave the cell's part, and why.
        bodies: The functions that names are bound to here.
        passes: Calls that hand objects to functions.
        stars: Modules imported as `import *`.
        effects: The rest.
    """

    reads: frozenset[str] = frozenset()
    defines: frozenset[str] = frozenset()
    may_define: frozenset[str] = frozenset()
    deletes: frozenset[str] = frozenset()
    mutates: Mapping[str, int] = field(default_factory=dict)
    touches: Mapping[str, int] = field(default_factory=dict)
    uses: Mapping[str, frozenset[str]] = field(default_factory=dict)
    words: frozenset[str] = frozenset()
    shallow: frozenset[str] = frozenset()
    aliases: frozenset[tuple[str, str]] = frozenset()
    copies: frozenset[tuple[str, str]] = frozenset()
    carries: frozenset[tuple[str, str, bool]] = frozenset()
    keeps: Mapping[str, str] = field(default_factory=dict)
    bodies: Mapping[str, tuple[Body, ...]] = field(default_factory=dict)
    passes: frozenset[Pass] = frozenset()
    stars: tuple[str, ...] = ()
    effects: Effects = Effects()

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """What is doubtful, by line."""
        return tuple(sorted({*self.effects.doubts, *self.effects.opaque}))


class Record:
    """Collects while code is walked."""

    def __init__(self) -> None:
        self.reads: set[str] = set()
        self.uses: dict[str, frozenset[str]] = {}
        self.words: set[str] = set()
        self.stores: set[str] = set()
        self.deletes: set[str] = set()
        self.touches: dict[str, int] = {}
        self.handed: set[str] = set()  # functions that this function's own arguments are given to
        self.deep: set[str] = set()  # those of the touches that reach what an object holds
        self.aliases: set[tuple[str, str]] = set()
        self.copies: set[tuple[str, str]] = set()
        self.carries: set[tuple[str, str, bool]] = set()
        self.keeps: dict[str, str] = {}
        self.bodies: dict[str, list[Body]] = {}
        self.passes: set[Pass] = set()
        self.stars: list[str] = []
        self.files: set[FileUse] = set()
        self.draws: set[str] = set()
        self.seeds: set[str] = set()
        self.opaque: list[Doubt] = []
        self.doubts: list[Doubt] = []
        self.keeps_returned = ""
        self.returned: set[str] = set()  # names whose objects may be returned
        self.closes = False
        self.yields = False
        self.changes_given = False  # a function in it changes what that is given
        self.is_stateful = False  # a function in it changes what is its own

    @property
    def effects(self) -> Effects:
        """What was collected besides names."""
        return Effects(
            files=frozenset(self.files),
            draws=frozenset(self.draws),
            seeds=frozenset(self.seeds),
            opaque=tuple(dict.fromkeys(self.opaque)),
            doubts=tuple(dict.fromkeys(self.doubts)),
        )

    def take(self, effects: Effects) -> None:
        """Add the effects of code that may run here."""
        self.files |= effects.files
        self.draws |= effects.draws
        self.seeds |= effects.seeds
        self.opaque += effects.opaque
        self.doubts += effects.doubts

    def use(self, name: str, certain: frozenset[str]) -> None:
        """Note that a name is looked up where `certain` names are defined."""
        if name not in certain:
            self.reads.add(name)
        self.uses[name] = self.uses.get(name, certain) & certain


def linked(names: list[str], pairs: set[tuple[str, str]] | frozenset[tuple[str, str]]) -> set[str]:
    """Follow pairs, in both directions, as far as they lead."""
    found, waiting = set(names), list(names)
    while waiting:
        name = waiting.pop()
        for a, b in pairs:
            for other in {b} if a == name else {a} if b == name else set():
                if other not in found:
                    found.add(other)
                    waiting.append(other)
    return found


def frozen(mapping: dict[str, _T]) -> Mapping[str, _T]:
    """Return a view that cannot be changed."""
    return MappingProxyType(mapping)
