"""The scheduler's table of states is complete, told of, and each state is reached and explained."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from simulated import Program, Simulation

from nbnodes.scheduler import protocol as p
from nbnodes.scheduler.board import ENDED, TRANSITIONS, InvalidTransitionError
from nbnodes.scheduler.protocol import State, Traits

STATES = set(get_args(State))
CHAIN = Program({"a": (), "b": ("a",), "c": ("b",)}, {"a": 97, "b": 97, "c": 97})


def states(sim: Simulation) -> str:
    return " ".join(sim.scheduler.standing(name).state for name in sim.program.parents)


def watched(program: Program, workers: int = 2, **traits: Traits) -> Simulation:
    sim = Simulation(program, workers, traits)
    sim.tell(p.Wanted(tuple(program.parents)))
    return sim


def test_the_table_says_of_every_state_where_it_leads() -> None:
    assert set(TRANSITIONS) == STATES
    assert all(after <= STATES for after in TRANSITIONS.values())
    assert set.union(*map(set, TRANSITIONS.values())) == STATES
    assert all("stale" in TRANSITIONS[state] for state in STATES)


def test_the_docs_tell_of_every_state() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "live.md").read_text()
    assert all(f"\n| {state} |" in page for state in STATES)


def test_a_chain_goes_through_its_states() -> None:
    sim = watched(CHAIN)
    assert states(sim) == "running stale stale"
    assert sim.scheduler.standing("b").reason == "waits for a"
    sim.end(next(iter(sim.begun)))
    assert states(sim) == "fresh running stale"
    sim.settle()
    assert states(sim) == "fresh fresh fresh"


def test_who_finds_no_worker_is_queued() -> None:
    sim = watched(Program({"a": (), "b": ()}, {"a": 97, "b": 97}), workers=1)
    assert states(sim) == "running queued"
    assert sim.scheduler.standing("b").reason == "waits for a worker"


def test_a_failure_blocks_what_needs_it_and_says_so() -> None:
    sim = watched(Program(CHAIN.parents, CHAIN.modulus, frozenset({("b", 0)})))
    sim.settle()
    assert states(sim) == "fresh failed blocked"
    assert sim.scheduler.standing("c").reason == "b failed"
    sim.change({"a": 1})
    sim.settle()
    assert states(sim) == "fresh fresh fresh"


def test_a_failed_run_is_tried_again_as_often_as_it_may() -> None:
    program = Program({"a": ()}, {"a": 97}, frozenset({("a", 0)}))
    sim = watched(program, a=Traits(retries=2))
    sim.end(next(iter(sim.begun)))
    assert states(sim) == "running"
    sim.settle()
    assert len(sim.executed) == 3
    assert states(sim) == "failed"


def test_what_is_stopped_goes_on_when_asked_again() -> None:
    sim = watched(CHAIN)
    sim.tell(p.Cancelled())
    assert states(sim) == "cancelled blocked blocked"
    assert sim.scheduler.standing("b").reason == "a was stopped"
    sim.tell(p.Retried(("c",)))
    sim.settle()
    assert states(sim) == "fresh fresh fresh"


def test_what_is_run_by_hand_waits_and_needs_nothing() -> None:
    sim = Simulation(CHAIN, 2, {"b": Traits(is_manual=True)})
    sim.tell(p.Wanted(("c",)))
    assert states(sim) == "stale stale blocked"
    assert sim.begun == {}
    assert sim.scheduler.standing("c").reason == "b is run by hand, and is not up to date"
    sim.tell(p.Retried(("b",)))
    sim.settle()
    assert states(sim) == "fresh fresh fresh"


def test_what_is_remembered_is_shown_also_if_it_is_run_by_hand() -> None:
    sim = watched(CHAIN, b=Traits(is_manual=True))
    sim.tell(p.Retried(("b",)))
    sim.settle()
    sim.change({"a": 1})
    sim.settle()
    sim.change({"a": 0})
    assert states(sim) == "fresh fresh fresh"


def test_a_run_whose_key_may_come_again_goes_on() -> None:
    program = Program({"a": (), "b": ("a",)}, {"a": 1, "b": 97})
    sim = watched(program)
    sim.end(next(iter(sim.begun)))
    (key,) = sim.begun
    sim.change({"a": 5})
    assert key not in sim.interrupted
    sim.end(next(one for one in sim.begun if one != key))
    assert states(sim) == "fresh running"
    sim.settle()
    assert len(sim.executed) == 3


def test_such_a_run_gives_way_where_there_is_no_other_worker() -> None:
    program = Program({"a": (), "b": ("a",)}, {"a": 1, "b": 97})
    sim = watched(program, workers=1)
    sim.end(next(iter(sim.begun)))
    (key,) = sim.begun
    sim.change({"a": 5})
    assert sim.interrupted == {key}
    sim.settle()
    assert states(sim) == "fresh fresh"


def test_those_with_the_highest_priority_go_first() -> None:
    program = Program(dict.fromkeys("abc", ()), dict.fromkeys("abc", 97))
    sim = Simulation(program, 1, {"c": Traits(priority=1)})
    sim.tell(p.Wanted(("a", "b", "c")))
    assert list(sim.begun.values()) == ["c"]


def test_what_nobody_looks_at_any_more_is_interrupted() -> None:
    sim = watched(CHAIN)
    sim.tell(p.Unwanted(("a", "b", "c")))
    assert set(sim.begun) == sim.interrupted
    assert sim.scheduler.standing("a").reason == "nobody looks at it"


def test_a_value_that_is_lost_is_computed_again() -> None:
    sim = watched(CHAIN)
    sim.settle()
    sim.answers.clear()
    sim.change({"c": 1})
    (key,) = sim.begun
    del sim.begun[key]
    sim.tell(p.Lost(("b",), key))
    sim.settle()
    assert states(sim) == "fresh fresh fresh"


def test_a_move_that_the_table_does_not_have_tells_the_nodes_story() -> None:
    sim = watched(CHAIN)
    sim.settle()
    with pytest.raises(InvalidTransitionError, match=r"a: .*fresh.* → running"):
        sim.scheduler.board.move("a", "running", "", revision=1)


def test_the_ended_states_are_those_that_do_not_move_by_themselves() -> None:
    assert {"fresh", "failed", "blocked", "cancelled"} == ENDED


def test_a_run_is_interrupted_when_what_needed_it_is_answered_without_it() -> None:
    sim = Simulation(CHAIN, 2)
    sim.tell(p.Wanted(("c",)))
    sim.settle()
    sim.change({"a": 1})
    sim.end(next(iter(sim.begun)))
    (key,) = sim.begun
    sim.change({"a": 0})
    assert states(sim) == "stale stale fresh"
    assert sim.interrupted == {key}
