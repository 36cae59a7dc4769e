"""A range is answered from what is stored: sliced, joined, or run; and never with another value."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from notebooks import CellText, write_notebook

from nbnodes.cache.codec import Codec
from nbnodes.cache.equality import Tolerance
from nbnodes.cache.intervals import Interval
from nbnodes.cache.signing import Signer
from nbnodes.errors import CacheWarning, RunCancelledError, UsageError
from nbnodes.result import Failure, Result, Success
from nbnodes.scheduler.asks import ask_of, family_digest, interval_of
from nbnodes.scheduler.options import RunOptions
from nbnodes.scheduler.subsetting import Answer, Subsetting
from nbnodes.session import Model, Session

BERLIN = ZoneInfo("Europe/Berlin")
OPEN = "start: int | None = None\nend: int | None = None\nfactor = 2"
DECLARED = "start = 0\nend = 40\nfactor = 2"
COUNT = "with open('ran', 'a') as file:\n    file.write(f'{start} {end}\\n')"
ROWS = """import pandas as pd
t = pd.DataFrame({'at': range(100), 'x': range(100)})
t.x *= factor"""
WITHIN = "t = t[(t['at'] >= start) & (t['at'] < end)].reset_index(drop=True)"
TABLE: tuple[CellText, ...] = (ROWS, WITHIN, "print(len(t))", ("t", "return"))
WAIT_S = 60.0


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "NBNODES_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(params=[":memory:", "cache"], ids=["memory", "folder"])
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    with Session(engine="inprocess", cache=request.param, workers=2) as made:
        yield made


class Desk:
    """Asks for ranges of one notebook."""

    def __init__(
        self,
        session: Session,
        *cells: CellText,
        declared: str = DECLARED,
        chance: float = 0.5,
        eq: Any = None,
        **interval: Any,
    ) -> None:
        path = write_notebook("n.ipynb", (declared, "parameters"), COUNT, *(cells or TABLE))
        self.model: Model = session.model(path)
        self.interval = Interval("start", "end", **{"on": "at", **interval})
        self.session = session
        assert session.store
        self.store = session.store
        self.subsetting = Subsetting(self.store, Codec(Signer()), chance=lambda: chance)
        self.eq = eq

    def ask(self, start: Any, end: Any, **others: Any) -> Answer:
        values = {"start": start, "end": end, **others}
        asked = ask_of(
            self.model.notebook, values, self.session.key_parts(self.model, values), self.interval
        )
        assert asked
        return self.subsetting.answer(asked, self.run)

    def run(self, values: Mapping[str, Any]) -> Result:
        return self.session.run(self.model, values, RunOptions())

    def direct(self, start: Any, end: Any, **others: Any) -> Any:
        """Run without any cache, and leave no trace of it."""
        before = Path("ran").read_text() if Path("ran").exists() else ""
        values = {"start": start, "end": end, **others}
        value = self.session.run(self.model, values, RunOptions(cache=False)).unwrap()
        Path("ran").write_text(before)
        return value


def ran() -> list[str]:
    return Path("ran").read_text().splitlines() if Path("ran").exists() else []


def assert_is(answer: Answer, expected: Any) -> None:
    value = answer.result.unwrap()
    if isinstance(expected, pd.DataFrame):
        pd.testing.assert_frame_equal(value, expected)
    else:
        assert value == expected


# ---------------------------------------------------------------- slices


def test_a_narrower_range_is_a_slice_and_nothing_runs(session: Session) -> None:
    desk = Desk(session)
    whole = desk.ask(0, 40)
    assert (whole.slices, whole.ran, whole.result.cached) == ((), ((0, 40),), False)
    part = desk.ask(10, 20)
    assert_is(part, desk.direct(10, 20))
    assert (ran(), part.ran, part.result.cached) == (["0 40"], (), True)
    (source,) = part.slices
    assert str(source) == f"a slice of {whole.result.key[:12]} (0 to 40)"  # type: ignore[index]


def test_a_slice_does_not_show_what_the_whole_run_showed(session: Session) -> None:
    desk = Desk(session)
    assert desk.ask(0, 40).result.stdout == "40\n"
    part = desk.ask(10, 20).result
    assert isinstance(part, Success)
    assert (part.stdout, part.outputs, part.key, part.name) == ("", (), None, "n.ipynb")
    assert (part.engine, part.duration_s > 0) == ("inprocess", True)


def test_the_very_run_is_taken_before_a_slice(session: Session) -> None:
    desk = Desk(session)
    desk.run({"start": 10, "end": 20})
    desk.ask(0, 40)
    again = desk.ask(10, 20)
    assert (again.slices, again.result.stdout, again.result.cached) == ((), "10\n", True)
    assert ran() == ["10 20", "0 40"]


def test_defaults_are_bounds_too(session: Session) -> None:
    desk = Desk(session)
    parts = session.key_parts(desk.model, {})
    asked = ask_of(desk.model.notebook, {}, parts, desk.interval)
    assert asked
    assert (asked.start, asked.end, asked.key) == (0, 40, parts.key)
    desk.subsetting.answer(asked, desk.run)
    assert desk.ask(1, 2).slices
    assert ran() == ["0 40"]


def test_another_parameter_is_another_family(session: Session) -> None:
    desk = Desk(session)
    desk.ask(0, 40)
    assert_is(desk.ask(10, 20, factor=3), desk.direct(10, 20, factor=3))
    assert ran() == ["0 40", "10 20"]


def test_other_code_is_another_family(session: Session) -> None:
    Desk(session).ask(0, 40)
    desk = Desk(session, ROWS, WITHIN, ("t.assign(y=1)", "return"))
    assert_is(desk.ask(10, 20), desk.direct(10, 20))
    assert ran() == ["0 40", "10 20"]


@pytest.mark.parametrize(
    ("start", "end"), [(39, 41), (-1, 3), (None, 3), (3, None), (None, None), (30, 20)]
)
def test_what_is_not_covered_runs(session: Session, start: Any, end: Any) -> None:
    within = "t = t[(t['at'] >= (start or 0)) & (t['at'] < (end or 99))].reset_index(drop=True)"
    desk = Desk(session, ROWS, within, ("t", "return"), declared=OPEN)
    desk.ask(0, 40)
    assert_is(desk.ask(start, end), desk.direct(start, end))
    assert ran() == ["0 40", f"{start} {end}"]


def test_no_bound_covers_every_bound(session: Session) -> None:
    within = "t = t.query('at >= @start') if start is not None else t"
    desk = Desk(session, ROWS, within, ("t", "return"), declared=OPEN)
    desk.ask(None, None)
    assert len(desk.ask(5, None).result.unwrap()) == 95
    assert len(desk.ask(5, 10).result.unwrap()) == 5
    assert ran() == ["None None"]


def test_a_failure_is_a_failure_and_covers_nothing(session: Session) -> None:
    desk = Desk(session, "if start == 0:\n    1 / 0", *TABLE)
    assert isinstance(desk.ask(0, 40).result, Failure)
    assert desk.ask(10, 20).result.ok
    assert ran() == ["0 40", "10 20"]


DAYS = """import pandas as pd
hours = pd.date_range('2000-03-20', periods=2000, freq='h', tz=%r)
t = pd.DataFrame({'x': range(2000)}, index=hours)"""


def test_instants_are_compared_across_zones_and_a_changed_clock(session: Session) -> None:
    cells = (DAYS % "Europe/Berlin", ("t[(t.index >= start) & (t.index < end)]", "return"))
    desk = Desk(session, *cells, declared="start = None\nend = None", on=None)
    desk.ask(dt.datetime(2000, 3, 21, tzinfo=dt.UTC), dt.datetime(2000, 4, 20, tzinfo=dt.UTC))
    tokyo = ZoneInfo("Asia/Tokyo")
    for start, end, count in (
        (dt.datetime(2000, 3, 26, tzinfo=BERLIN), dt.datetime(2000, 3, 27, tzinfo=BERLIN), 23),
        (dt.datetime(2000, 4, 1, tzinfo=BERLIN), dt.datetime(2000, 4, 2, tzinfo=BERLIN), 24),
        (dt.datetime(2000, 3, 26, tzinfo=tokyo), dt.datetime(2000, 3, 27, tzinfo=tokyo), 24),
    ):
        answer = desk.ask(start, end)
        assert (len(answer.result.unwrap()), len(answer.slices)) == (count, 1)
        assert_is(answer, desk.direct(start, end))
    assert len(ran()) == 1


def test_bounds_that_cannot_be_compared_are_refused(session: Session) -> None:
    desk = Desk(session, declared="start = None\nend = None")
    naive, aware = dt.datetime(2000, 1, 1), dt.datetime(2000, 1, 1, tzinfo=dt.UTC)  # noqa: DTZ001
    with pytest.raises(UsageError, match="start is a time without a zone and end is a time with"):
        desk.ask(naive, aware)
    with pytest.raises(UsageError, match=r"start=\[1\] is no bound.*end=True is no bound"):
        desk.ask([1], True)
    assert ran() == []


@pytest.mark.parametrize(
    "value", ["{'a': 1}", "t['x'].sum()", "t.rename(columns={'at': 'when'})", "None"]
)
def test_a_value_without_such_rows_runs_and_says_so_once(session: Session, value: str) -> None:
    desk = Desk(session, ROWS, WITHIN, (value, "return"))
    desk.ask(0, 40)
    with pytest.warns(CacheWarning, match=r"n.ipynb: it runs as a whole, as its value is not"):
        assert_is(desk.ask(10, 20), desk.direct(10, 20))
    assert_is(desk.ask(11, 20), desk.direct(11, 20))
    assert len(ran()) == 3


# ---------------------------------------------------------------- joined


@pytest.mark.parametrize("is_ascending", [True, False])
def test_only_what_is_missing_runs(session: Session, is_ascending: bool) -> None:
    order = f"t.sort_values('at', ascending={is_ascending}, ignore_index=True)"
    desk = Desk(session, ROWS, WITHIN, (order, "return"), concat=True)
    desk.ask(10, 20)
    answer = desk.ask(5, 25)
    assert_is(answer, desk.direct(5, 25))
    assert ran() == ["10 20", "5 10", "20 25"]
    assert (answer.ran, len(answer.slices), answer.result.cached) == (((5, 10), (20, 25)), 1, False)
    answer = desk.ask(6, 24)
    assert_is(answer, desk.direct(6, 24))
    assert (len(ran()), len(answer.slices), answer.result.cached) == (3, 3, True)


def test_without_concat_all_of_it_runs(session: Session) -> None:
    desk = Desk(session)
    desk.ask(10, 20)
    assert_is(desk.ask(5, 25), desk.direct(5, 25))
    assert ran() == ["10 20", "5 25"]


def test_a_function_may_join(session: Session) -> None:
    cells = (ROWS, WITHIN, ("t.to_dict('records')", "return"))
    desk = Desk(session, *cells, concat=lambda parts: [row for part in parts for row in part])
    desk.ask(10, 20)
    answer = desk.ask(5, 25)
    assert_is(answer, desk.direct(5, 25))
    assert len(answer.slices) == 1


def test_a_function_that_fails_to_join_costs_a_run(session: Session) -> None:
    desk = Desk(session, concat=lambda parts: parts.nothing)
    desk.ask(10, 20)
    with pytest.warns(CacheWarning, match="concat failed: AttributeError"):
        assert_is(desk.ask(5, 25), desk.direct(5, 25))


def test_a_gap_that_fails_is_the_failure(session: Session) -> None:
    desk = Desk(session, "if start == 5:\n    1 / 0", *TABLE, concat=True)
    desk.ask(10, 20)
    answer = desk.ask(5, 15)
    assert isinstance(answer.result, Failure)
    assert (answer.slices, answer.ran) == ((), ((5, 10),))


# ---------------------------------------------------------------- halo


ROLLING = WITHIN.replace("(drop=True)", "(drop=True).assign(mean=lambda t: t.x.rolling(4).mean())")


def test_with_a_halo_an_answer_is_settled_whatever_is_stored(session: Session) -> None:
    cells = (ROWS, ROLLING, ("t.dropna()", "return"))
    desk = Desk(session, *cells, halo=3, concat=True)
    expected = desk.direct(0, 100).set_index("at")
    for start, end in ((50, 60), (52, 58), (45, 65), (10, 20), (5, 90)):
        value = desk.ask(start, end).result.unwrap().set_index("at")
        pd.testing.assert_frame_equal(value, expected.loc[start : end - 1], check_exact=False)
    assert ran() == ["47 60", "42 50", "57 65", "7 20", "2 10", "17 45", "62 90"]


def test_a_halo_needs_rows(session: Session) -> None:
    desk = Desk(session, ("end", "return"), halo=3)
    with pytest.raises(UsageError, match=r"n.ipynb: its value cannot be cut to the range without"):
        desk.ask(1, 2)


def test_a_halo_of_days_is_days(session: Session) -> None:
    cells = (DAYS % None, ("t[(t.index >= start) & (t.index < end)]", "return"))
    declared = "start = None\nend = None"
    halo = (dt.timedelta(days=2), dt.timedelta(hours=6))
    desk = Desk(session, *cells, declared=declared, on=None, halo=halo)
    desk.ask(dt.datetime(2000, 4, 1), dt.datetime(2000, 4, 10))  # noqa: DTZ001
    assert ran() == ["2000-03-30 00:00:00 2000-04-10 06:00:00"]
    answer = desk.ask(pd.Timestamp("2000-04-01"), pd.Timestamp("2000-04-10"))
    assert len(answer.slices) == 1
    assert not desk.ask(pd.Timestamp("2000-03-31 23:00"), pd.Timestamp("2000-04-02")).slices


# ---------------------------------------------------------------- audits


SUMS = WITHIN.replace("(drop=True)", "(drop=True).assign(sum=lambda t: t.x.cumsum())")


def test_an_audit_finds_a_rule_that_does_not_hold_and_ends_it(session: Session) -> None:
    desk = Desk(session, ROWS, SUMS, ("t", "return"), audit=1.0)
    desk.ask(0, 40)
    with pytest.warns(CacheWarning, match=r"start=10 and end=20 gave another value than a slice"):
        answer = desk.ask(10, 20)
    assert_is(answer, desk.direct(10, 20))
    assert (answer.slices, len(ran())) == ((), 2)
    (family,) = desk.store.switched_off()
    later = Desk(session, ROWS, SUMS, ("t", "return"), chance=1.0)
    assert_is(later.ask(11, 19), later.direct(11, 19))
    assert desk.store.switch_on(family)
    assert later.ask(12, 18).slices


def test_an_audit_that_finds_no_difference_says_so(session: Session) -> None:
    desk = Desk(session, audit=1.0)
    desk.ask(0, 40)
    answer = desk.ask(10, 20)
    assert (len(answer.slices), answer.audited, ran()) == (1, True, ["0 40", "10 20"])
    assert desk.store.switched_off() == {}


@pytest.mark.parametrize(("chance", "is_audited"), [(0.19, True), (0.2, False), (0.9, False)])
def test_a_share_of_answers_is_audited(session: Session, chance: float, is_audited: bool) -> None:
    desk = Desk(session, audit=0.2, chance=chance)
    desk.ask(0, 40)
    assert desk.ask(10, 20).audited == is_audited


def test_an_audit_allows_what_the_node_does(session: Session) -> None:
    body = WITHIN.replace("(drop=True)", "(drop=True).assign(y=lambda t: t.x + 1e-12 * start)")
    desk = Desk(session, ROWS, body, ("t", "return"), audit=1.0)
    parts = session.key_parts(desk.model, {"start": 10, "end": 20})
    desk.ask(0, 40)
    asked = ask_of(desk.model.notebook, {"start": 10, "end": 20}, parts, desk.interval)
    assert asked
    answer = desk.subsetting.answer(replace(asked, eq=Tolerance()), desk.run)
    assert (answer.audited, len(answer.slices)) == (True, 1)


# ---------------------------------------------------------------- at once, and what goes meanwhile


def test_two_that_ask_at_once_run_once(session: Session) -> None:
    desk = Desk(session, concat=True)
    start = threading.Barrier(4, timeout=WAIT_S)

    def ask(_: int) -> Answer:
        start.wait()
        return desk.ask(0, 40)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, range(4)))
    assert ran() == ["0 40"]
    for answer in answers:
        assert_is(answer, desk.direct(0, 40))


def test_a_run_that_was_evicted_is_run_again(session: Session) -> None:
    desk = Desk(session)
    key = desk.ask(0, 40).result.key
    assert key
    assert desk.ask(10, 20).slices
    desk.store.delete([key])
    assert_is(desk.ask(10, 20), desk.direct(10, 20))
    assert ran() == ["0 40", "10 20"]


def test_what_goes_between_finding_and_reading_is_made_up_for(session: Session) -> None:
    desk = Desk(session, concat=True)
    for start, end in ((0, 40), (0, 20), (20, 30)):
        desk.run({"start": start, "end": end})
        desk.ask(start, end)
    key = desk.ask(0, 40).result.key

    reads = desk.store.get

    def get(wanted: Any) -> bytes | None:
        if wanted == key:
            desk.store.delete([wanted])
        return reads(wanted)

    desk.store.get = get  # type: ignore[method-assign]
    assert_is(desk.ask(5, 35), desk.direct(5, 35))
    assert ran()[-1] == "30 35"


def test_a_waiter_can_be_interrupted(session: Session) -> None:
    desk = Desk(session)
    values = {"start": 0, "end": 40}
    asked = ask_of(
        desk.model.notebook, values, session.key_parts(desk.model, values), desk.interval
    )
    assert asked
    is_running, may_end = threading.Event(), threading.Event()

    def run(values: Mapping[str, Any]) -> Result:
        is_running.set()
        assert may_end.wait(WAIT_S)
        return desk.run(values)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(desk.subsetting.answer, asked, run)
        assert is_running.wait(WAIT_S)
        with pytest.raises(RunCancelledError):
            desk.subsetting.answer(asked, run, interruption=lambda: RunCancelledError("enough"))
        may_end.set()
        assert first.result(WAIT_S).result.ok


# ---------------------------------------------------------------- what a notebook declares


def declaring(session: Session, subset: Any, *, declared: str = DECLARED) -> Model:
    metadata = {"nbnodes": {"subset": subset}}
    cells: tuple[CellText, ...] = ((declared, "parameters"), COUNT, *TABLE)
    return session.model(write_notebook("n.ipynb", *cells, metadata=metadata))


def test_a_notebook_declares_its_interval(session: Session) -> None:
    subset = {"start": "start", "end": "end", "on": "date", "closed": "both", "audit": 0.1}
    model = declaring(session, {**subset, "halo": [{"days": 1}, {"hours": 2}], "concat": True})
    halo = (dt.timedelta(days=1), dt.timedelta(hours=2))
    assert interval_of(model.notebook) == Interval(
        "start", "end", on="date", closed="both", audit=0.1, halo=halo, concat=True
    )
    assert interval_of(session.model(write_notebook("m.ipynb", "1")).notebook) is None


MISTAKES: dict[str, tuple[Any, str]] = {
    "no_object": (["start"], "expected an object, found list"),
    "unknown_and_missing": ({"start": "a", "by": "x"}, "'by' is not known; 'end' is missing"),
    "values": ({"start": "1", "end": "b", "closed": "x"}, "expected a parameter's name; closed="),
    "halo": ({"start": "a", "end": "b", "halo": {"dayz": 1}}, "dayz"),
    "concat": ({"start": "a", "end": "b", "concat": "sum"}, "can only be true or false"),
}


@pytest.mark.parametrize(("subset", "said"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_in_a_declaration_are_told(session: Session, subset: Any, said: str) -> None:
    with pytest.raises(UsageError, match=f"n.ipynb: metadata.nbnodes.subset: .*{said}"):
        interval_of(declaring(session, subset).notebook)


def test_a_range_that_is_not_known_is_not_asked_for(session: Session) -> None:
    subset = {"start": "start", "end": "end", "on": "at"}
    model = declaring(session, subset, declared="start = 0\nend = 2 * 20\nfactor = 2")
    parts = session.key_parts(model, {})
    assert ask_of(model.notebook, {}, parts) is None
    assert ask_of(model.notebook, {"end": 3}, parts) is not None


def test_a_family_is_all_but_the_range(session: Session) -> None:
    desk = Desk(session)

    def family(values: dict[str, Any], **others: Any) -> str:
        interval = Interval("start", "end", **others)
        return family_digest(session.key_parts(desk.model, values), interval)

    assert family({"start": 1}) == family({"end": 2}) == family({})
    different = [
        family({}),
        family({"factor": 3}),
        family({}, on="at"),
        family({}, halo=1),
        family({}, closed="both"),
    ]
    assert len(set(different)) == len(different)


def test_a_forecast_runs_nothing(session: Session) -> None:
    desk = Desk(session, concat=True)
    values = {"start": 5, "end": 25}
    parts = session.key_parts(desk.model, values)
    asked = ask_of(desk.model.notebook, values, parts, desk.interval)
    assert asked
    assert desk.subsetting.forecast(asked).missing == ((5, 25),)
    desk.ask(10, 20)
    forecast = desk.subsetting.forecast(asked)
    assert (forecast.missing, len(forecast.slices)) == (((5, 10), (20, 25)), 1)
    assert ran() == ["10 20"]
