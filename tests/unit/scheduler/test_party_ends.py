"""What each guest of a run hears when the run fails: nothing that another can change or is due."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from nbnodes.errors import KernelDiedError, RunTimeoutError
from nbnodes.result import CacheKey, Result, Success
from nbnodes.scheduler.party import AbandonedError, Guest, Outcome, Parties, Ties


def heard(error: BaseException, *ends_at: float) -> list[Outcome]:
    """Return what guests hear, whose time is up then, when the run of the first raises an error."""
    told: dict[int, Outcome] = {}

    def guest(number: int, end: float) -> Guest:
        def on_end(outcome: Outcome) -> None:
            told[number] = outcome

        return Guest(ties=Ties(), on_end=on_end, ends_at=lambda: end)

    def make(_: Ties) -> Result:
        raise error

    guests = [guest(*each) for each in enumerate(ends_at)]
    parties = Parties()
    made = [parties.enter("question", "n", one)[0] for one in guests]
    assert made[0].make(make, host=guests[0])
    return [outcome for _, outcome in sorted(told.items())]


def test_who_has_time_left_when_the_run_has_none_asks_again() -> None:
    kinds = list(map(type, heard(RunTimeoutError("late"), 0.0, math.inf, 0.0)))
    assert kinds == [RunTimeoutError, AbandonedError, RunTimeoutError]


def test_a_cell_that_takes_too_long_does_so_for_all() -> None:
    kinds = list(map(type, heard(RunTimeoutError("a slow cell"), math.inf, math.inf)))
    assert kinds == [RunTimeoutError] * 2


class _OddError(Exception):
    """Takes something else than it passes on."""

    def __init__(self, *, name: str) -> None:
        self.name = name
        super().__init__(f"{name} is odd")


ERRORS: dict[str, Callable[[], Exception]] = {
    "ours": lambda: KernelDiedError("n: the kernel died"),
    "of odd arguments": lambda: _OddError(name="n"),
    "of the system": lambda: FileNotFoundError(2, "No such file", "n.ipynb"),
    "of text": lambda: UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"),
    "of an import": lambda: ImportError("no", name="n", path="n.py"),
}


@pytest.mark.parametrize("make", ERRORS.values(), ids=ERRORS)
def test_each_hears_an_error_of_its_own(make: Callable[[], Exception]) -> None:
    error, cause = make(), ValueError("why")
    error.__cause__ = cause
    outcomes = heard(error, 0.0, 0.0, 0.0)
    assert len(set(map(id, outcomes))) == 3
    assert outcomes[0] is error
    for one in outcomes[1:]:
        assert isinstance(one, type(error))
        assert (str(one), one.args, vars(one)) == (str(error), error.args, vars(error))
        assert (one.__cause__, one.__suppress_context__) == (cause, True)
        assert one.__traceback__ is error.__traceback__


def lent(*wishes: bool) -> list[Success]:
    """Return what guests get who would have a Result lent, or of their own."""
    told: list[Outcome] = []
    result = Success(name="n", engine="fake", value=[1], key=CacheKey("k"))
    parties = Parties()
    guests = [Guest(ties=Ties(is_lent=wish), on_end=told.append) for wish in wishes]
    made = [parties.enter("question", "n", one)[0] for one in guests]
    assert made[0].make(lambda _: result, host=guests[0])
    found = [one for one in told if isinstance(one, Success)]
    assert [one.cached for one in found] == [True] * (len(wishes) - 1) + [False]
    return found


def test_a_result_that_all_only_look_at_is_lent_to_all() -> None:
    assert len({id(one.value) for one in lent(True, True, True)}) == 1


def test_where_one_wants_it_for_itself_each_has_its_own() -> None:
    assert len({id(one.value) for one in lent(True, False, True)}) == 3
