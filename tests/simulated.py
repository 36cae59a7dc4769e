"""A scheduler with a driver that computes at once, in any order, and a naive model beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from nbnodes.graph.dag import Dag
from nbnodes.scheduler import protocol as p
from nbnodes.scheduler.protocol import WHOLE, Answer, Traits
from nbnodes.scheduler.state import Scheduler

FAILED = object()


@dataclass(frozen=True)
class Program:
    """A graph whose nodes compute small numbers.

    Attributes:
        parents: What each node depends on.
        modulus: How much each node's value tells of its inputs: 1 is nothing.
        bad: Values at which a node fails.
    """

    parents: Mapping[str, tuple[str, ...]]
    modulus: Mapping[str, int]
    bad: frozenset[tuple[str, int]] = frozenset()

    def compute(self, name: str, own: int, above: list[int]) -> int | None:
        """Compute a node; None if it fails."""
        total = own + sum((i + 2) * value for i, value in enumerate(above))
        value = total % self.modulus[name]
        return None if (name, value) in self.bad else value


def recompute_all(program: Program, own: Mapping[str, int]) -> dict[str, int | None]:
    """Compute every node; None for those that fail and all below them."""
    values: dict[str, int | None] = {}
    for name in Dag.of(program.parents).order:
        above = [values[parent] for parent in program.parents[name]]
        known = [value for value in above if value is not None]
        values[name] = program.compute(name, own[name], known) if known == above else None
    return values


def digest(*parts: object) -> str:
    """Name parts."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


@dataclass
class Simulation:
    """Performs instructions; runs end when told, in whatever order."""

    program: Program
    workers: int
    traits: Mapping[str, Traits] = field(default_factory=dict)
    remembers: bool = True

    def __post_init__(self) -> None:
        dag = Dag.of(self.program.parents)
        feeds = {
            name: tuple((str(i), parent, WHOLE) for i, parent in enumerate(dag.parents[name]))
            for name in dag.order
        }
        self.scheduler = Scheduler(dag, feeds, workers=self.workers, traits=self.traits)
        self.own: dict[str, int] = dict.fromkeys(dag.order, 0)
        self.answers: dict[str, Answer] = {}
        self.links: dict[str, str] = {}
        self.values: dict[str, int] = {}
        self.inputs: dict[str, tuple[str, int, tuple[int, ...]]] = {}
        self.deeps: dict[tuple[str, str], str] = {}
        self.begun: dict[str, str] = {}  # the keys under way, and their nodes
        self.interrupted: set[str] = set()
        self.executed: list[str] = []
        self.published: dict[str, int | None] | None = None
        self.published_at = -1
        tokens = {name: self._token(name) for name in dag.order}
        self.tell(p.Changed(tokens))

    def tell(self, event: p.Event) -> None:
        """Handle an event, and what follows from it at once."""
        waiting: list[p.Event] = [event]
        while waiting:
            for instruction in self.scheduler.handle(waiting.pop(0)):
                reply = self._perform(instruction)
                if reply is not None:
                    waiting.append(reply)
        assert self.scheduler.problems() == []

    def change(self, own: Mapping[str, int]) -> None:
        """Change nodes' own numbers, all at once."""
        self.own |= own
        self.tell(p.Changed({name: self._token(name) for name in own}))

    def end(self, key: str, *, stops: bool = True) -> None:
        """End a run: with its value or failure or, if it was interrupted, perhaps without."""
        name = self.begun.pop(key)
        if key in self.interrupted and stops:
            self.interrupted.discard(key)
            self.tell(p.Stopped(key))
            return
        self.interrupted.discard(key)
        self.executed.append(key)
        _, own, above = self.inputs[key]
        value = self.program.compute(name, own, list(above))
        if value is None:
            self.tell(p.RanBadly(key, "it is bad"))
            return
        answer = Answer(key, {WHOLE: digest(value)})
        self.values[answer.digests[WHOLE]] = value
        if self.remembers:
            self.answers[key] = answer
        self.tell(p.Ran(key, answer))

    def settle(self) -> None:
        """End every run, in the order in which they began."""
        while self.begun:
            self.end(next(iter(self.begun)))
        assert self.scheduler.is_settled

    def value(self, name: str) -> int | None:
        """Return a node's value at this revision."""
        answer = self.scheduler.answer(name)
        return None if answer is None else self.values[answer.digests[WHOLE]]

    def _token(self, name: str) -> str:
        return f"{name}={self.own[name]}"

    def _perform(self, instruction: p.Instruction) -> p.Event | None:
        match instruction:
            case p.Recall(name, deep):
                answer = self.answers.get(self.links.get(deep, ""))
                return p.Recalled(name, deep, answer)
            case p.Locate(name, deep, parents):
                above = [parents[parent].digests[WHOLE] for parent in self.program.parents[name]]
                key = digest(self._token(name), *above)
                values = tuple(self.values[one] for one in above)
                self.inputs[key] = (name, self.own[name], values)
                if self.scheduler.board.nodes[name].is_recallable:
                    self.links[deep] = key
                return p.Located(name, deep, key, self.answers.get(key))
            case p.Run(name, key):
                assert key not in self.begun
                assert key not in self.answers
                self.begun[key] = name
            case p.Interrupt(key):
                self.interrupted.add(key)
            case p.Publish(revision):
                names = self.scheduler.board.wanted
                self.published = {name: self.value(name) for name in names}
                self.published_at = revision
        return None
