"""The notebooks of `model_notebooks/` run unchanged: on every engine, and as a chain."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

import nbnodes as nb

FOLDER = Path(__file__).parents[2] / "model_notebooks"
NAMES = ("fibonacci", "prices", "trend", "figure")
ENGINES = ("inprocess", "fork", "kernel", "papermill")
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "NBNODES_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.setenv("MPLCONFIGDIR", f"{tempfile.gettempdir()}/nbnodes-tests-matplotlib")


@pytest.fixture
def session() -> Iterator[nb.Session]:
    with nb.Session(engine="inprocess") as opened:
        yield opened


def model(session: nb.Session, name: str) -> nb.Model:
    return session.model(FOLDER / f"{name}.ipynb")


def same_figure(one: Figure, other: Figure) -> None:
    for axes, others in zip(one.axes, other.axes, strict=True):
        assert axes.get_title(loc="left") == others.get_title(loc="left")
        for line, another in zip(axes.lines, others.lines, strict=True):
            pd.testing.assert_frame_equal(
                pd.DataFrame(line.get_xydata()), pd.DataFrame(another.get_xydata())
            )


def same_value(one: Any, other: Any) -> None:
    assert type(one) is type(other)
    assert one == other


SAME: dict[str, Callable[[Any, Any], None]] = {
    "fibonacci": same_value,
    "prices": pd.testing.assert_frame_equal,
    "trend": pd.testing.assert_frame_equal,
    "figure": same_figure,
}


@pytest.mark.parametrize("name", NAMES)
def test_every_engine_gives_the_same_value(session: nb.Session, name: str) -> None:
    notebook = model(session, name)
    first, *others = (notebook.run(engine=engine, cache=False) for engine in ENGINES)
    for other in others:
        SAME[name](first.unwrap(), other.unwrap())
    assert [first.engine, *(other.engine for other in others)] == list(ENGINES)
    assert first.stdout == first.stderr == ""


@pytest.mark.parametrize("name", NAMES)
def test_a_kept_value_is_the_value(session: nb.Session, name: str) -> None:
    first, second = (model(session, name).run() for _ in range(2))
    assert [first.cached, second.cached] == [False, True]
    SAME[name](first.unwrap(), second.unwrap())
    assert first.outputs == second.outputs


@pytest.mark.parametrize("name", NAMES)
def test_the_file_is_a_notebook_without_outputs(name: str) -> None:
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert [cell for cell in notebook.cells if cell.get("outputs")] == []


NUMBERS = {0: 0, 1: 1, 2: 1, 3: 2, 4: 3, 5: 5, 6: 8, 10: 55, 15: 610, 30: 832040}


@pytest.mark.parametrize(("n", "answer"), NUMBERS.items())
def test_fibonacci(session: nb.Session, n: int, answer: int) -> None:
    assert model(session, "fibonacci")(n=n) == answer


def test_fibonacci_of_the_default_prints_nothing(session: nb.Session) -> None:
    result = model(session, "fibonacci").run()
    assert (result.unwrap(), result.stdout) == (610, "")


def test_a_wrong_fibonacci_says_what_is_wrong(session: nb.Session) -> None:
    with pytest.raises(nb.RunFailedError, match="n must be 0 or larger, but it is -1"):
        model(session, "fibonacci")(n=-1)


def test_prices_are_a_clean_table_of_the_period(session: nb.Session) -> None:
    prices = model(session, "prices")(start="2001-01-01", end="2001-12-31")
    assert (list(prices.columns), prices.index.name, len(prices)) == (["price"], "date", 12)
    assert (str(prices.index[0].date()), prices["price"].dtype) == ("2001-01-15", float)
    assert prices.index.is_monotonic_increasing
    assert not prices["price"].isna().any()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"start": "2005-01-01", "end": "2001-01-01"}, "is later than end"),
        ({"start": "1900-01-01", "end": "1900-12-31"}, "There is no price from 1900-01-01"),
    ],
    ids=["turned_round", "before_all_prices"],
)
def test_a_wrong_period_says_what_is_wrong(
    session: nb.Session, given: dict[str, str], said: str
) -> None:
    with pytest.raises(nb.RunFailedError, match=said):
        model(session, "prices")(**given)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_notebooks_feed_each_other(engine: str) -> None:
    with nb.Session(engine=engine) as session:
        prices = model(session, "prices")(start="2001-01-01", end="2002-12-31")
        trend = model(session, "trend")(prices=prices, window=3)
        result = model(session, "figure").run(trend=trend, title="Two years")
    assert (len(prices), len(trend)) == (24, 24)
    assert list(trend.columns) == ["price", "trend", "deviation"]
    expected = prices["price"].rolling(3).mean()
    pd.testing.assert_series_equal(expected, trend["trend"], check_names=False)
    figure = result.unwrap()
    assert isinstance(figure, Figure)
    assert "Two years" in {text.get_text() for text in figure.findobj(Text)}
    picture = result.outputs[-1]["data"]["image/png"]
    assert base64.b64decode(picture)[:8] == PNG


def test_a_link_that_did_not_change_is_not_run_again(session: nb.Session) -> None:
    def chain(window: int) -> list[bool]:
        prices = model(session, "prices").run()
        trend = model(session, "trend").run(prices=prices.unwrap(), window=window)
        figure = model(session, "figure").run(trend=trend.unwrap())
        return [prices.cached, trend.cached, figure.cached]

    assert chain(6) == [False, False, False]
    assert chain(6) == [True, True, True]
    assert chain(7) == [True, False, False]


def test_the_command_line_takes_a_date() -> None:
    words = ["run", str(FOLDER / "prices.ipynb"), "-p", "start", "2001-01-01", "--format", "json"]
    ended = subprocess.run(
        [sys.executable, "-m", "nbnodes", *words], capture_output=True, check=True, text=True
    )
    table = json.loads(ended.stdout)
    assert (table["columns"], table["index"][0]) == (["price"], "2001-01-15T00:00:00")
    assert (len(table["index"]), ended.stderr) == (120, "")


def test_a_project_finds_them_by_name() -> None:
    with nb.Project.at(FOLDER, engine="inprocess").session() as session:
        models = nb.Project.at(FOLDER).models(session)
        assert sorted(NAMES) == list(models)
        assert models["fibonacci"](n=10) == 55
