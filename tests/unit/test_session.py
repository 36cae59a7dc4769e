"""A Session decides what runs, and a Model is a notebook as a function."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from notebooks import write_notebook

from nbnodes import session as session_module
from nbnodes.cache.memory import MemoryStore
from nbnodes.engines.engine import Engine, Progress, RunRequest
from nbnodes.engines.run import Run
from nbnodes.errors import (
    EngineNotFoundError,
    ParameterError,
    RunFailedError,
    RunTimeoutError,
    UsageError,
)
from nbnodes.result import Failure, Result, Success
from nbnodes.session import Model, Session, current_session
from nbnodes.settings import Settings


class Doubling:
    """An Engine that doubles `n` without looking at the notebook."""

    name = "doubling"

    def __init__(self) -> None:
        self.asked: list[int] = []

    def run(self, request: RunRequest, /) -> Result:
        self.asked.append(request.values["n"])
        return Run(request, self.name).result(2 * request.values["n"])

    def close(self) -> None:
        """Hold nothing."""


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "NBNODES_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.chdir(tmp_path)
    yield
    if session_module._default_session.cache_info().currsize:
        session_module._default_session().close()
        session_module._default_session.cache_clear()


@pytest.fixture
def session() -> Iterator[Session]:
    with Session(engine="inprocess", workers=2) as opened:
        yield opened


@pytest.fixture
def doubling(session: Session) -> Model:
    return session.model(
        write_notebook("double.ipynb", ("n: int = 15", "parameters"), "m = n", ("2 * m", "return"))
    )


@pytest.fixture
def failing(session: Session) -> Model:
    return session.model(write_notebook("fail.ipynb", ("n: int = 0", "parameters"), "1 / n"))


def counting(session: Session, body: str = "n") -> tuple[Model, Callable[[], int]]:
    """Make a Model that counts its runs."""
    count = "with open('count', 'a') as file:\n    file.write('x')"
    path = write_notebook("count.ipynb", ("n: int = 15", "parameters"), count, (body, "return"))
    marks = Path("count")
    return session.model(path), lambda: len(marks.read_text()) if marks.exists() else 0


# ---------------------------------------------------------------- calling


def test_a_model_is_a_function_of_its_parameters(doubling: Model) -> None:
    assert [doubling(), doubling(n=3), doubling(n="4")] == [30, 6, 8]


def test_making_a_model_runs_nothing(session: Session) -> None:
    model, runs = counting(session)
    assert ([*model.parameters], model.name, runs()) == (["n"], "count.ipynb", 0)
    assert repr(model) == f"Model({str(Path.cwd() / 'count.ipynb')!r})"


def test_a_run_gives_a_result(doubling: Model) -> None:
    result = doubling.run({"n": 3})
    assert isinstance(result, Success)
    assert (result.value, result.engine, result.cached) == (6, "inprocess", False)
    assert result.outputs[-1]["data"] == {"text/plain": "6"}


def test_a_second_run_is_the_first_one_kept(session: Session) -> None:
    model, runs = counting(session)
    first, second = model.run(n=3), model.run({"n": 3})
    assert (first.key, first.outputs) == (second.key, second.outputs)
    assert [first.cached, second.cached] == [False, True]
    assert runs() == 1


CACHE_USE: dict[str, tuple[list[bool | str], int]] = {
    "on": ([True, True], 1),
    "off": ([False, False], 2),
    "off_keeps_nothing": ([False, True], 2),
    "off_does_not_look": ([True, False], 2),
    "refresh": ([True, "refresh", True], 2),
}


@pytest.mark.parametrize(("uses", "count"), CACHE_USE.values(), ids=CACHE_USE)
def test_each_run_may_use_the_cache_in_its_own_way(
    session: Session, uses: list[bool | str], count: int
) -> None:
    model, runs = counting(session)
    assert [3] * len(uses) == [model.run(n=3, cache=use).unwrap() for use in uses]
    assert runs() == count


@pytest.mark.parametrize("use", ["on", "Refresh", None, 2])
def test_another_use_of_the_cache_is_a_mistake(doubling: Model, use: Any) -> None:
    with pytest.raises(UsageError, match="expected True, False or"):
        doubling.run(cache=use)


def test_wrong_parameters_raise_and_nothing_runs(session: Session) -> None:
    model, runs = counting(session)
    with pytest.raises(ParameterError) as caught:
        model.run({"m": 1}, n="x")
    assert [problem[:2] for problem in caught.value.problems] == ["m:", "n:"]
    with pytest.raises(ParameterError):
        model(n="x")
    assert runs() == 0


def test_wrong_parameters_may_be_a_failure_instead(doubling: Model) -> None:
    result = doubling.run({"n": "x"}, check=False)
    assert isinstance(result, Failure)
    assert (result.error.ename, result.error.cell_index) == ("ParameterError", 0)
    assert "n: 'x' is no int" in result.error.evalue


def test_a_failing_cell_raises(failing: Model) -> None:
    for call in (failing, failing.run):
        with pytest.raises(RunFailedError, match="cell 2: ZeroDivisionError") as caught:
            call()
        assert isinstance(caught.value.failure, Failure)


def test_a_failing_cell_may_be_a_failure_instead(failing: Model) -> None:
    result = failing.run(check=False)
    assert isinstance(result, Failure)
    assert (result.error.ename, result.error.cell_index) == ("ZeroDivisionError", 1)


def test_a_parameter_named_like_an_option_is_given_in_the_mapping(session: Session) -> None:
    declared = "cache: int = 1\nengine: str = 'e'\ncheck: int = 2"
    cells = ((declared, "parameters"), ("(cache, engine, check)", "return"))
    model = session.model(write_notebook("named.ipynb", *cells))
    assert model.run(cache=False).unwrap() == (1, "e", 2)
    given = {"cache": 7, "engine": "x", "check": 8}
    assert (7, "x", 8) == model.run(given, engine="inprocess").unwrap() == model(**given)


def test_a_run_goes_where_it_is_told(session: Session, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    model = session.model(write_notebook("w.ipynb", ("import os\nos.getcwd()", "return")))
    assert str(tmp_path) == model()
    assert str(tmp_path / "there") == model.run(cwd="there").unwrap()
    assert str(tmp_path / "there") == model.run(cwd=tmp_path / "there").unwrap()


def test_progress_is_told_cell_by_cell(doubling: Model) -> None:
    told: list[Progress] = []
    doubling.run(on_progress=told.append)
    assert [Progress(done=n, total=3) for n in (0, 1, 2, 3)] == told
    told.clear()
    doubling.run(on_progress=told.append)
    assert told == []


# ---------------------------------------------------------------- engines, and names shared


def test_names_are_shared_in_process_and_such_runs_are_not_kept(session: Session) -> None:
    model = session.model(write_notebook("g.ipynb", ("rate * 2", "return")))
    assert [model.run(globals={"rate": rate}).unwrap() for rate in (5, 7)] == [10, 14]
    assert session.store is not None
    assert session.store.facts() == []


@pytest.mark.parametrize("engine", ["kernel", "papermill", Doubling()])
def test_names_are_shared_in_process_only(doubling: Model, engine: str | Engine) -> None:
    with pytest.raises(UsageError, match="engine='inprocess' only"):
        doubling.run(globals={"rate": 5}, engine=engine)


def test_an_engine_of_ones_own_may_run_it(doubling: Model) -> None:
    engine = Doubling()
    assert isinstance(engine, Engine)
    result = doubling.run(n=3, engine=engine)
    assert (result.unwrap(), result.engine, engine.asked) == (6, "doubling", [3])
    assert doubling.run(n=3).cached, "equal key, equal Result, whichever engine made it"


def test_an_unknown_engine_is_refused_at_once(doubling: Model) -> None:
    with pytest.raises(EngineNotFoundError, match="fork, inprocess, kernel, papermill"):
        Session(engine="spoon")
    with pytest.raises(EngineNotFoundError, match="no engine 'spoon'"):
        doubling.run(engine="spoon")


def test_time_is_limited_by_the_run_else_by_the_settings() -> None:
    path = write_notebook("loop.ipynb", "import time\nwhile True:\n    time.sleep(0.01)")
    settings = Settings(engine="inprocess", timeout_s=0.2, cache="off")
    with Session(settings=settings) as limited:
        with pytest.raises(RunTimeoutError, match=r"after 0\.2 s"):
            limited.model(path)()
        with pytest.raises(RunTimeoutError, match=r"after 0\.1 s"):
            limited.model(path).run(timeout_s=0.1)


@pytest.mark.parametrize("limit_s", [-1, float("nan"), "5", [5], 5j])
@pytest.mark.parametrize("name", ["timeout_s", "cell_timeout_s"])
def test_a_limit_that_is_no_number_of_seconds_is_refused(
    doubling: Model, name: str, limit_s: Any
) -> None:
    with pytest.raises(UsageError, match=rf"^{name}=.*: expected 0 \(no limit\) or more seconds"):
        doubling.run(**{name: limit_s})


def test_a_session_where_the_working_directory_is_gone_is_refused(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    with pytest.raises(UsageError, match="the working directory: No such file"):
        Session()


# ---------------------------------------------------------------- the current Session


def test_a_model_belongs_to_the_innermost_session() -> None:
    path = write_notebook("n.ipynb", ("1", "return"))
    with Session(cache=False) as outer:
        with Session(cache=False) as inner:
            assert inner is Model(path).session is current_session()
            assert outer is Model(path, session=outer).session
        assert outer is Model(path).session is current_session()
    assert outer is not current_session()


def test_outside_there_is_one_default_session() -> None:
    path = write_notebook("n.ipynb", ("1", "return"))
    assert current_session() is current_session() is Model(path).session


def test_a_block_that_raises_ends_its_session_too() -> None:
    with pytest.raises(KeyError), Session(cache=False) as session:
        raise KeyError
    assert session is not current_session()


CACHES = {
    "a_folder": ("kept", "{folder}/kept"),
    "a_path": (Path("kept"), "{folder}/kept"),
    "memory": (":memory:", "memory"),
    "off": (False, None),
    "as_the_settings_say": (None, "{folder}/nbnodes_cache"),
    "on": (True, "{folder}/nbnodes_cache"),
}


@pytest.mark.parametrize(("cache", "location"), CACHES.values(), ids=CACHES)
def test_a_session_keeps_results_where_it_is_told(
    tmp_path: Path, cache: Any, location: str | None
) -> None:
    with Session(cache=cache) as session:
        found = session.store.location if session.store else None
    assert found == (location and location.format(folder=tmp_path))


def test_two_sessions_may_share_a_store_of_ones_own() -> None:
    store = MemoryStore()
    path = write_notebook("n.ipynb", ("1", "return"))
    made = []
    for _ in range(2):
        with Session(engine="inprocess", cache=store) as session:
            assert session.store is store
            made.append(session.model(path).run().cached)
            assert len(store.facts()) == 1
    assert made[0] is False
