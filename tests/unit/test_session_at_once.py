"""Many runs at once: submitted, mapped, awaited, cancelled; and what closing a Session ends."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
from notebooks import write_notebook

from nbnodes.engines.engine import RunRequest
from nbnodes.engines.run import Run
from nbnodes.errors import ParameterError, RunCancelledError, RunFailedError
from nbnodes.result import Failure, Result
from nbnodes.session import Model, Session

WAIT_S = 10.0


def until(holds: Callable[[], Any]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.005)


class Gated:
    """An Engine that doubles `n`; where `n` is at least `holds_from`, it waits for `gate`."""

    name = "gated"

    def __init__(self, *, holds_from: int = 0) -> None:
        self.begun: list[int] = []
        self.cancelled: list[int] = []
        self.gate = threading.Event()
        self._holds_from = holds_from

    def run(self, request: RunRequest, /) -> Result:
        n = request.values["n"]
        self.begun.append(n)
        stop = threading.Event()
        request.cancel.on_cancel(stop.set)
        until(lambda: n < self._holds_from or self.gate.is_set() or stop.is_set())
        if error := request.interruption():
            self.cancelled.append(n)
            raise error
        return Run(request, self.name).result(2 * n)

    def close(self) -> None:
        """Hold nothing."""


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "NBNODES_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def session() -> Iterator[Session]:
    with Session(engine="inprocess", workers=2) as opened:
        yield opened


@pytest.fixture
def doubling(session: Session) -> Model:
    cells = (("n: int = 15", "parameters"), "m = n", ("2 * m", "return"))
    return session.model(write_notebook("double.ipynb", *cells))


@pytest.fixture
def failing(session: Session) -> Model:
    return session.model(write_notebook("fail.ipynb", ("n: int = 0", "parameters"), "1 / n"))


def test_a_submitted_run_gives_its_result_later(doubling: Model, failing: Model) -> None:
    good, bad = doubling.submit(n=3), failing.submit({"n": 0})
    assert good.result(WAIT_S).unwrap() == 6
    assert isinstance(bad.result(WAIT_S), Failure)
    assert good.cancel() is False


def test_wrong_parameters_are_refused_when_submitted(doubling: Model) -> None:
    with pytest.raises(ParameterError, match="n: 'x' is no int"):
        doubling.submit(n="x")


def test_a_running_run_can_be_cancelled_and_so_can_a_waiting_one(doubling: Model) -> None:
    engine = Gated()
    futures = [doubling.submit(n=n, engine=engine) for n in range(3)]
    until(lambda: sorted(engine.begun) == [0, 1])
    assert futures[2].cancel()
    assert futures[0].cancel()
    with pytest.raises(CancelledError):
        futures[2].result(WAIT_S)
    with pytest.raises(RunCancelledError, match="the run was cancelled"):
        futures[0].result(WAIT_S)
    engine.gate.set()
    assert futures[1].result(WAIT_S).unwrap() == 2
    assert engine.cancelled == [0]
    assert 2 not in engine.begun


def test_results_come_in_the_order_of_the_parameters(doubling: Model) -> None:
    given = [{"n": n} for n in (5, 1, 4, 1, 3, 2, 0, 9, 8)]
    assert [2 * one["n"] for one in given] == [r.unwrap() for r in doubling.map(given)]


def test_a_failure_does_not_end_the_others(failing: Model) -> None:
    results = list(failing.map([{"n": 1}, {"n": 0}, {"n": 2}]))
    assert [result.ok for result in results] == [True, False, True]


def test_map_takes_no_more_than_it_needs_and_leaving_it_cancels(doubling: Model) -> None:
    engine = Gated(holds_from=2)
    taken: list[int] = []

    def endless() -> Iterator[dict[str, int]]:
        while True:
            taken.append(len(taken))
            yield {"n": taken[-1]}

    results = doubling.map(endless(), engine=engine)
    assert [next(results).unwrap() for _ in range(2)] == [0, 2]
    until(lambda: sorted(engine.begun) == [0, 1, 2, 3])
    results.close()
    until(lambda: sorted(engine.cancelled) == [2, 3])
    assert len(taken) == 2 + 2 * 2


def test_map_is_given_options_as_run_is(doubling: Model) -> None:
    engine = Gated(holds_from=9)
    assert [r.engine for r in doubling.map([{"n": 1}], engine=engine, cache=False)] == ["gated"]
    assert doubling.run(n=1).cached is False


def test_eight_threads_at_once_run_each_thing_once(session: Session) -> None:
    count = "with open('count', 'a') as file:\n    file.write('x')"
    cells = (("n: int = 15", "parameters"), count, ("n", "return"))
    model = session.model(write_notebook("count.ipynb", *cells))
    with ThreadPoolExecutor(8) as pool:
        values = list(pool.map(lambda n: model(n=n), [1, 2, 3, 4] * 4))
    assert values == [1, 2, 3, 4] * 4
    assert Path("count").read_text() == "xxxx"


# ---------------------------------------------------------------- awaited


def test_a_coroutine_waits_while_the_loop_goes_on(doubling: Model) -> None:
    engine = Gated()

    async def main() -> list[Result]:
        waiting = asyncio.gather(*(doubling.arun(n=n, engine=engine) for n in (3, 4)))
        await asyncio.to_thread(until, lambda: len(engine.begun) == 2)
        engine.gate.set()
        return await waiting

    assert [result.unwrap() for result in asyncio.run(main())] == [6, 8]


def test_a_coroutine_raises_as_a_call_does(doubling: Model, failing: Model) -> None:
    with pytest.raises(RunFailedError):
        asyncio.run(failing.arun())
    with pytest.raises(ParameterError):
        asyncio.run(doubling.arun(n="x"))
    assert not asyncio.run(failing.arun(check=False)).ok


def test_a_coroutine_may_get_a_failure_for_wrong_parameters(doubling: Model) -> None:
    result = asyncio.run(doubling.arun(n="x", check=False))
    assert isinstance(result, Failure)
    assert result.error.ename == "ParameterError"


def test_a_cancelled_task_stops_the_notebook(doubling: Model) -> None:
    engine = Gated()

    async def main() -> None:
        task = asyncio.create_task(doubling.arun(n=3, engine=engine))
        await asyncio.to_thread(until, lambda: engine.begun == [3])
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    until(lambda: engine.cancelled == [3])


# ---------------------------------------------------------------- closed


@pytest.mark.parametrize("engine", ["kernel", "inprocess", "papermill"])
def test_closing_stops_a_running_notebook(engine: str) -> None:
    endless = "open('begun', 'w').close()\nimport time\nwhile True:\n    time.sleep(0.02)"
    before = set(psutil.Process().children(recursive=True))
    with Session(engine=engine, workers=1) as session:
        future = session.model(write_notebook("endless.ipynb", endless)).submit()
        until(Path("begun").exists)
    with pytest.raises(RunCancelledError):
        future.result(WAIT_S)
    assert set(psutil.Process().children(recursive=True)) <= before


def test_closing_ends_every_run_that_was_submitted(doubling: Model, session: Session) -> None:
    engine = Gated()
    futures = [doubling.submit(n=n, engine=engine) for n in range(5)]
    until(lambda: len(engine.begun) == 2)
    session.close()
    for future in futures:
        with pytest.raises((RunCancelledError, CancelledError)):
            future.result(1.0)
    assert len(engine.begun) == 2


def test_time_spent_waiting_for_a_worker_does_not_count(doubling: Model) -> None:
    engine = Gated()
    held = [doubling.submit(n=n, engine=engine) for n in range(2)]
    waiting = doubling.submit(n=7, engine=engine, timeout_s=0.5)
    until(lambda: len(engine.begun) == 2)
    time.sleep(0.6)
    engine.gate.set()
    assert [future.result(WAIT_S).unwrap() for future in [*held, waiting]] == [0, 2, 14]


def test_a_closed_session_may_be_closed_again(session: Session) -> None:
    session.close()
    session.close()


def test_what_was_kept_outlives_its_session(doubling: Model, session: Session) -> None:
    doubling(n=3)
    session.close()
    with Session(engine="inprocess") as another:
        assert another.model("double.ipynb").run(n=3).cached


def test_a_model_of_a_closed_session_still_runs(doubling: Model, session: Session) -> None:
    session.close()
    assert doubling(n=3) == 6
    assert doubling.submit(n=3).result(WAIT_S).cached
