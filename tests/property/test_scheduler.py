"""Random graphs, changes, failures, stops, orders: what is shown is true, nothing runs twice."""

from __future__ import annotations

import os
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from simulated import Program, Simulation, digest, recompute_all

from nbnodes.graph.dag import Dag
from nbnodes.scheduler import protocol as p

EXAMPLES = int(os.environ.get("TEST_EXAMPLES", "2000"))
NUMBERS = st.integers(0, 3)


@st.composite
def programs(draw: st.DrawFn, most: int = 40) -> Program:
    """Draw a graph in which about half the nodes lose much of what they are given."""
    names = [f"n{i:02}" for i in range(draw(st.integers(1, most)))]
    parents = {}
    for i, name in enumerate(names):
        known = names[max(0, i - 6) : i]
        parents[name] = tuple(
            draw(st.lists(st.sampled_from(known), unique=True, max_size=3)) if known else ()
        )
    modulus = {name: draw(st.sampled_from([1, 2, 3, 97, 97, 97])) for name in names}
    bad = draw(st.frozensets(st.tuples(st.sampled_from(names), NUMBERS), max_size=3))
    return Program(parents, modulus, bad)


class Graphs(RuleBasedStateMachine):
    """Whatever happens, what is published equals recomputing everything at that revision."""

    @initialize(program=programs(), workers=st.integers(1, 4))
    def begin(self, program: Program, workers: int) -> None:
        self.program = program
        self.names = list(program.parents)
        self.sim = Simulation(program, workers)
        self.wanted: list[str] = []
        self.before: dict[str, int] = {}

    def pick(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(self.names))

    @rule(data=st.data())
    def look(self, data: st.DataObject) -> None:
        name = self.pick(data)
        self.wanted.append(name)
        self.sim.tell(p.Wanted((name,)))

    @precondition(lambda self: self.wanted)
    @rule(data=st.data())
    def look_away(self, data: st.DataObject) -> None:
        name = self.wanted.pop(data.draw(st.integers(0, len(self.wanted) - 1)))
        self.sim.tell(p.Unwanted((name,)))

    @rule(data=st.data())
    def change(self, data: st.DataObject) -> None:
        names = data.draw(st.lists(st.sampled_from(self.names), min_size=1, max_size=3))
        self.before = dict(self.sim.own)
        self.sim.change({name: data.draw(NUMBERS) for name in names})

    @precondition(lambda self: self.before)
    @rule()
    def change_back(self) -> None:
        self.before, back = dict(self.sim.own), self.before
        self.sim.change(back)

    @precondition(lambda self: self.sim.begun)
    @rule(data=st.data(), stops=st.booleans())
    def end_one(self, data: st.DataObject, stops: bool) -> None:
        self.sim.end(data.draw(st.sampled_from(sorted(self.sim.begun))), stops=stops)

    @rule()
    def settle(self) -> None:
        self.sim.settle()
        self.check_shown()

    @rule(data=st.data())
    def stop(self, data: st.DataObject) -> None:
        names = data.draw(st.none() | st.tuples(st.sampled_from(self.names)))
        self.sim.tell(p.Cancelled(names))

    @rule(data=st.data())
    def ask_again(self, data: st.DataObject) -> None:
        self.sim.tell(p.Retried((self.pick(data),)))

    def check_shown(self) -> None:
        model = recompute_all(self.program, self.sim.own)
        for name in set(self.wanted):
            standing = self.sim.scheduler.standing(name)
            if standing.state == "fresh":
                assert self.sim.value(name) == model[name]
            elif standing.state == "failed":
                assert model[name] is None
            else:
                assert standing.state in ("blocked", "cancelled")
                above = self.sim.scheduler.board.dag.ancestors([name])
                states = {self.sim.scheduler.standing(one).state for one in above}
                assert states & {"failed", "cancelled"}

    @invariant()
    def published_is_of_one_revision(self) -> None:
        sim = getattr(self, "sim", None)
        if sim is None or sim.published is None or not sim.scheduler.is_settled:
            return
        assert sim.published_at == sim.scheduler.revision
        assert set(self.wanted) <= set(sim.published)
        model = recompute_all(self.program, sim.own)
        for name, value in sim.published.items():
            assert value is None or value == model[name]

    @invariant()
    def no_key_is_computed_twice(self) -> None:
        sim = getattr(self, "sim", None)
        if sim is not None:
            good = [key for key in sim.executed if key in sim.answers]
            assert len(good) == len(set(good))


Graphs.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
# Two thousand examples take minutes: the limit is for what hangs, not for a busy machine.
test_graphs: Any = pytest.mark.timeout(max(120, EXAMPLES // 2))(Graphs.TestCase)


def minimum(sim: Simulation, wanted: set[str]) -> set[str]:
    """Return the keys that must be computed to show some nodes: those never computed before.

    A node is visited only if nothing is remembered for these ancestors, and then so are its
    parents. A failure counts until something that it depends on changes.
    """
    program, own = sim.program, sim.own
    model = recompute_all(program, own)
    new: set[str] = set()
    waiting, seen = list(wanted), set()
    while waiting:
        name = waiting.pop()
        node = sim.scheduler.board.nodes[name]
        if name in seen or sim.links.get(node.deep, "") in sim.answers:
            continue
        seen.add(name)
        above = [model[parent] for parent in program.parents[name]]
        key = digest(f"{name}={own[name]}", *map(digest, above))
        if None not in above and key not in sim.answers and node.standing.state != "failed":
            new.add(key)
        waiting += program.parents[name]
    return new


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    program=programs(most=12),
    workers=st.integers(1, 3),
    moves=st.lists(
        st.tuples(st.lists(st.tuples(st.integers(0, 11), NUMBERS), max_size=2), st.randoms()),
        min_size=1,
        max_size=12,
    ),
)
def test_after_each_change_exactly_the_minimum_runs(
    program: Program, workers: int, moves: list[tuple[list[tuple[int, int]], Random]]
) -> None:
    sim = Simulation(program, workers)
    names = list(program.parents)
    wanted = set(Dag.of(program.parents).sinks)
    sim.tell(p.Wanted(tuple(wanted)))
    for change, random in moves:
        expected = minimum(sim, wanted)
        while sim.begun:
            sim.end(random.choice(sorted(sim.begun)))
        assert sorted(sim.executed) == sorted(expected)
        sim.executed.clear()
        sim.change({names[i % len(names)]: number for i, number in change})


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(program=programs(most=20), there=st.dictionaries(st.integers(0, 19), NUMBERS, min_size=1))
def test_there_and_back_again_runs_nothing(program: Program, there: dict[int, int]) -> None:
    program = replace(program, bad=frozenset())
    sim = Simulation(program, 2)
    names = list(program.parents)
    sim.tell(p.Wanted(tuple(names)))
    sim.settle()
    sim.change({names[i % len(names)]: number for i, number in there.items()})
    sim.settle()
    sim.executed.clear()
    sim.change(dict.fromkeys(names, 0))
    assert sim.begun == {}
    assert sim.executed == []
    assert sim.scheduler.is_settled
