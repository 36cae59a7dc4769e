"""What a notebook declares of ranges, and what is asked then."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from desk import COUNT, DECLARED, TABLE, Desk, ran
from notebooks import CellText, write_notebook

from nbnodes.cache.intervals import Interval
from nbnodes.errors import UsageError
from nbnodes.scheduler.asks import ask_of, family_digest, interval_of
from nbnodes.session import Model, Session

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
