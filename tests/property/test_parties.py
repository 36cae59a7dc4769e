"""Guests join, leave, and hear how it ends, in any order: one run, stopped when nobody is left."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from nbnodes.engines.engine import CancelToken, Progress
from nbnodes.errors import RunCancelledError
from nbnodes.result import CellError, Failure, Success
from nbnodes.scheduler.party import Guest, Outcome, Parties, Party, Ties

EXAMPLES = int(os.environ.get("TEST_EXAMPLES", "2000"))
OUTCOMES: dict[str, Callable[[], Outcome]] = {
    "success": lambda: Success(name="n", engine="e", value=[1, 2]),
    "failure": lambda: Failure(
        name="n", engine="e", error=CellError(ename="E", evalue="", cell_index=0)
    ),
    "error": lambda: RuntimeError("the machine failed"),
}


@dataclass(eq=False)
class Visitor:
    """A guest, and what it has heard."""

    cancel: CancelToken = field(default_factory=CancelToken)
    begun: int = 0
    heard: list[int] = field(default_factory=list)
    ends: list[Outcome] = field(default_factory=list)

    def guest(self) -> Guest:
        def begin() -> None:
            assert not self.ends
            self.begun += 1

        ties = Ties(cancel=self.cancel, on_progress=lambda told: self.heard.append(told.done))
        return Guest(ties=ties, on_begin=begin, on_end=self.ends.append)


class OneQuestion(RuleBasedStateMachine):
    """All ask the same; the machine plays the thread that makes the run."""

    def __init__(self) -> None:
        super().__init__()
        self.parties = Parties()
        self.visitors: list[Visitor] = []
        self.party: Party | None = None  # the one that can be joined
        self.making: Party | None = None
        self.done = 0
        self.owed: dict[Party, list[Visitor]] = {}
        self.runs: dict[Party, int] = {}

    def waiting(self, party: Party) -> list[Visitor]:
        return [one for one in self.owed.get(party, []) if not one.ends]

    @rule()
    def ask(self) -> None:
        visitor = Visitor()
        before = self.party
        party, is_new = self.parties.enter("question", "n", visitor.guest())
        assert is_new == (before is None)
        assert before in (None, party), "who overlaps is at the same party"
        self.party = party
        self.owed.setdefault(party, []).append(visitor)
        self.visitors.append(visitor)
        if party is self.making and self.done:
            assert visitor.heard == [self.done], "the latest progress at once"

    @precondition(lambda self: any(not one.ends for one in self.visitors))
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        visitor = data.draw(st.sampled_from([one for one in self.visitors if not one.ends]))
        party = next(one for one, guests in self.owed.items() if visitor in guests)
        is_last = self.waiting(party) == [visitor]
        visitor.cancel.cancel()
        if is_last and party is self.party:
            self.party = None
        if is_last and party is self.making:
            assert not visitor.ends, "the last one hears when the run has ended"
        else:
            assert isinstance(visitor.ends[0], RunCancelledError)
        assert party.ties.cancel.cancelled == is_last

    @precondition(lambda self: self.party is not None and self.making is None)
    @rule(
        how=st.sampled_from(sorted(OUTCOMES)),
        steps=st.lists(st.sampled_from(["ask", "leave", "progress"]), max_size=8),
        data=st.data(),
    )
    def make(self, how: str, steps: list[str], data: st.DataObject) -> None:
        party = self.party
        assert party is not None
        outcome = OUTCOMES[how]()

        def run(ties: Ties) -> Success | Failure:
            assert ties is party.ties
            self.runs[party] = self.runs.get(party, 0) + 1
            self.making = party
            for step in steps:
                if step == "ask":
                    self.ask()
                elif step == "leave" and any(not one.ends for one in self.visitors):
                    self.leave(data)
                elif step == "progress":
                    self.progress(party)
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome

        left = self.waiting(party)
        assert party.make(run)
        assert not party.make(run), "a run is made once"
        self.making, self.done = None, 0
        if self.party is party:
            self.party = None
        assert left
        self.check_ends(party, outcome)

    def progress(self, party: Party) -> None:
        self.done += 1
        party.ties.on_progress(Progress(done=self.done, total=9))
        assert all(one.heard[-1] == self.done for one in self.waiting(party))

    def check_ends(self, party: Party, outcome: Outcome) -> None:
        stayed = [one for one in self.owed[party] if not isinstance(one.ends[0], RunCancelledError)]
        if isinstance(outcome, Success):
            results = [one.ends[0] for one in stayed]
            assert all(isinstance(one, Success) and one.value == [1, 2] for one in results)
            values = [one.value for one in results if isinstance(one, Success)]
            assert len({id(value) for value in values}) == len(values), "each has its own"
        elif isinstance(outcome, BaseException):
            assert all(repr(one.ends[0]) == repr(outcome) for one in stayed)
            assert len({id(one.ends[0]) for one in stayed}) == len(stayed), "each raises its own"
        else:
            assert all(one.ends[0] is outcome for one in stayed)

    @precondition(lambda self: self.party is not None)
    @rule()
    def stop(self) -> None:
        party = self.party
        self.parties.stop()
        assert party is not None
        assert party.ties.cancel.cancelled
        self.party = None

    @invariant()
    def nobody_hears_twice(self) -> None:
        assert all(len(one.ends) <= 1 for one in self.visitors)
        assert all(one.begun == 1 for one in self.visitors if one.ends)
        assert all(count == 1 for count in self.runs.values())

    @invariant()
    def who_waits_waits_for_something(self) -> None:
        for party in self.owed:
            if self.waiting(party):
                assert party in (self.party, self.making)
        assert len(self.parties) == (self.party is not None)

    @invariant()
    def a_run_is_interrupted_only_when_nobody_wants_it(self) -> None:
        if self.party is not None:
            assert not self.party.ties.cancel.cancelled
            assert self.waiting(self.party)


OneQuestion.TestCase.settings = settings(max_examples=max(EXAMPLES // 10, 1), deadline=None)
TestOneQuestion = OneQuestion.TestCase
