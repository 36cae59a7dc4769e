"""Runs through the cache while things change: files, parameters, other runs, and the room left."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from notebooks import CellText, write_notebook

from nbnodes.result import Failure
from nbnodes.session import Model, Session
from nbnodes.settings import Settings

COUNT = "with open('count', 'a') as file:\n    file.write(f'{n}\\n')"
PLACES = pytest.mark.parametrize("place", [":memory:", "cache"])
CALLS = 5
WAIT_S = 60.0


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "NBNODES_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(params=[":memory:", "cache"])
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    with Session(engine="inprocess", cache=request.param, workers=CALLS) as made:
        yield made


def counting(session: Session, *cells: CellText, declared: str = "n: int = 15") -> Model:
    """Make a Model that notes each of its runs."""
    cell = (declared, "parameters")
    return session.model(write_notebook("n.ipynb", cell, COUNT, *cells))


def runs() -> list[str]:
    return Path("count").read_text().split() if Path("count").exists() else []


def kept(session: Session) -> int:
    assert session.store
    return len(session.store.facts())


# ---------------------------------------------------------------- what changes while it runs


CHANGES = {
    "same_size": "x = 1\n",
    "another_size": "x = 100\n",
    "no_longer_python": "x = (",
    "gone": None,
}


@pytest.mark.parametrize("text", CHANGES.values(), ids=CHANGES)
def test_a_run_whose_module_changed_meanwhile_is_not_kept(
    session: Session, text: str | None
) -> None:
    Path("helper.py").write_text("x = 0\n")
    change = "path.unlink()" if text is None else f"path.write_text({text!r})"
    cells = ("import helper", f"from pathlib import Path\npath = Path('helper.py')\n{change};")
    model = counting(session, *cells, ("helper.x", "return"))
    made = model.run()
    assert (made.unwrap(), made.cached, kept(session)) == (0, False, 0)
    Path("helper.py").write_text("x = 0\n")
    assert not model.run().cached


def test_a_run_that_leaves_its_module_alone_is_kept(session: Session) -> None:
    Path("helper.py").write_text("x = 0\n")
    cells = ("import helper", "open('helper.py').close()", ("helper.x", "return"))
    assert [counting(session, *cells).run().cached for _ in range(2)] == [False, True]


IN_PLACE = {
    "list": ("[]", "items.append(n)", [1]),
    "dict": ("{}", "items['n'] = n", {"a": 1}),
    "without_a_key": ("[]", "items.append(len)", [1]),
}


@pytest.mark.parametrize(("default", "change", "given"), IN_PLACE.values(), ids=IN_PLACE)
def test_a_run_that_changes_its_parameter_is_kept_under_what_was_given(
    session: Session, default: str, change: str, given: Any
) -> None:
    cells: tuple[CellText, ...] = (change, ("len(items)", "return"))
    model = counting(session, *cells, declared=f"n = 15\nitems = {default}")
    made = [model.run({"items": copy.deepcopy(given)}) for _ in range(2)]
    assert [result.unwrap() for result in made] == [2, 2]
    assert [result.cached for result in made] == [False, True]


@pytest.mark.parametrize(("default", "change"), [("[]", "items.append(n)"), ("{}", "items[n] = 1")])
def test_a_run_that_changes_its_default_is_kept(
    session: Session, default: str, change: str
) -> None:
    cells: tuple[CellText, ...] = (change, ("items", "return"))
    model = counting(session, *cells, declared=f"n = 15\nitems = {default}")
    made = [model.run() for _ in range(2)]
    assert [len(result.unwrap()) for result in made] == [1, 1]
    assert [result.cached for result in made] == [False, True]


# ---------------------------------------------------------------- many at once


def test_identical_calls_at_once_run_once(session: Session) -> None:
    model = counting(session, ("[n]", "return"))
    futures = [model.submit(n=3) for _ in range(CALLS)]
    made = [future.result(WAIT_S) for future in futures]
    assert [result.unwrap() for result in made] == [[3]] * CALLS
    assert sorted(result.cached for result in made) == [False] + [True] * (CALLS - 1)
    assert len({id(result.unwrap()) for result in made}) == CALLS, "each has a value of its own"
    assert runs() == ["3"]


def test_identical_calls_of_several_sessions_at_once_run_once() -> None:
    start = threading.Barrier(CALLS, timeout=WAIT_S)
    write_notebook("n.ipynb", ("n: int = 15", "parameters"), COUNT, ("[n]", "return"))

    def call(_: int) -> bool:
        with Session(engine="inprocess", cache="cache") as session:
            model = session.model("n.ipynb")
            start.wait()
            return model.run(n=3).cached

    with ThreadPoolExecutor(CALLS) as pool:
        assert sorted(pool.map(call, range(CALLS))) == [False] + [True] * (CALLS - 1)
    assert runs() == ["3"]


def test_different_calls_at_once_run_each(session: Session) -> None:
    model = counting(session, ("[n]", "return"))
    made = list(model.map({"n": n % 3} for n in range(3 * CALLS)))
    assert [result.unwrap() for result in made] == [[n % 3] for n in range(3 * CALLS)]
    assert sorted(runs()) == ["0", "1", "2"]


def test_identical_failing_calls_at_once_fail_each(session: Session) -> None:
    model = counting(session, ("1 / n", "return"))
    futures = [model.submit(n=0) for _ in range(CALLS)]
    assert all(isinstance(future.result(WAIT_S), Failure) for future in futures)
    assert 1 <= len(runs()) <= CALLS, "those that overlap are one"
    assert kept(session) == 0


# ---------------------------------------------------------------- room


@PLACES
def test_what_is_kept_stays_below_the_size_that_the_settings_allow(place: str) -> None:
    limit_bytes = 20_000
    settings = Settings(engine="inprocess", cache=place, cache_size_bytes=limit_bytes)
    with Session(settings=settings) as session:
        model = counting(session, ("'x' * 1000 + str(n)", "return"))
        made = [model.run(n=n) for n in range(33)]
        assert not any(result.cached for result in made)
        assert session.store
        assert 0 < sum(facts.size_bytes for facts in session.store.facts()) <= limit_bytes
        again = [model.run(n=n) for n in range(33)]
        assert [result.unwrap() for result in again] == [result.unwrap() for result in made]
        hits = sum(result.cached for result in again)
    assert len(runs()) == 66 - hits


@PLACES
def test_a_value_larger_than_the_room_is_given_all_the_same(place: str) -> None:
    settings = Settings(engine="inprocess", cache=place, cache_size_bytes=1000)
    with Session(settings=settings) as session:
        model = counting(session, ("'x' * 100_000", "return"))
        made = [model.run() for _ in range(2)]
        assert [(len(result.unwrap()), result.cached) for result in made] == [(100_000, False)] * 2
        assert session.store
        session.store.collect_garbage()
        assert kept(session) == 0
