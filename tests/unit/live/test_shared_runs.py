"""Who asks the same at the same moment waits for one run; it is stopped when nobody wants it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from notebooks import write_notebook

import nbnodes as nb
from nbnodes.engines.engine import CancelToken, Progress, RunRequest
from nbnodes.engines.run import Run
from nbnodes.errors import RunCancelledError, RunTimeoutError
from nbnodes.result import Failure, Result
from nbnodes.scheduler.keyed_run import CacheUse
from nbnodes.session import Model, Session

WAIT_S = 30.0


def until(holds: Callable[[], Any]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.002)


class Gated:
    """An Engine that gives [n]; it tells that it has begun, and waits for `gate`."""

    name = "gated"

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.stopped: list[int] = []
        self.gate = threading.Event()
        self.requests: list[RunRequest] = []

    def run(self, request: RunRequest, /) -> Result:
        n = request.values["n"]
        stop = threading.Event()
        request.cancel.on_cancel(stop.set)
        self.requests.append(request)
        request.on_progress(Progress(done=1, total=3))
        self.begun.append(n)
        until(lambda: self.gate.is_set() or stop.is_set() or request.remaining_s == 0.0)
        if error := request.interruption():
            self.stopped.append(n)
            raise error
        return Run(request, self.name).result([n])

    def close(self) -> None:
        """Hold nothing."""


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def engine() -> Iterator[Gated]:
    made = Gated()
    yield made
    made.gate.set()


@pytest.fixture
def shared(engine: Gated) -> Iterator[Session]:
    with Session(engine="inprocess", cache=":memory:", workers=2) as made:
        yield made
        engine.gate.set()


@pytest.fixture
def model(shared: Session) -> Model:
    cells = (("n: int = 15", "parameters"), ("[n]", "return"))
    return shared.model(write_notebook("n.ipynb", *cells))


def guests(session: Session) -> int:
    """Count those who wait."""
    return sum(len(party._guests) for party in session.runner._parties._open.values())


def cancelled(future: Any) -> bool:
    return isinstance(future.exception(WAIT_S), RunCancelledError)


def test_many_that_ask_the_same_take_one_worker(model: Model, engine: Gated) -> None:
    first = model.submit(n=1, engine=engine)
    until(lambda: engine.begun == [1])
    same = [model.submit(n=1, engine=engine) for _ in range(64)]
    other = model.submit(n=2, engine=engine)
    until(lambda: engine.begun == [1, 2])
    engine.gate.set()
    results = [future.result(WAIT_S) for future in [first, *same]]
    assert [result.unwrap() for result in results] == [[1]] * 65
    assert [result.cached for result in results] == [False] + [True] * 64
    assert len({id(result.unwrap()) for result in results}) == 65, "each has its own value"
    assert {result.key for result in results} == {results[0].key}
    assert (other.result(WAIT_S).unwrap(), engine.begun) == ([2], [1, 2])


def test_many_that_wait_for_a_worker_wait_for_one(model: Model, engine: Gated) -> None:
    busy = [model.submit(n=n, engine=engine) for n in (1, 2)]
    same = [model.submit(n=3, engine=engine) for _ in range(8)]
    last = model.submit(n=4, engine=engine)
    engine.gate.set()
    assert [future.result(WAIT_S).unwrap() for future in [*busy, *same, last]] == [
        *([1], [2]),
        *[[3]] * 8,
        [4],
    ]
    assert sorted(engine.begun) == [1, 2, 3, 4]


def test_one_who_leaves_hears_so_at_once_and_the_run_goes_on(model: Model, engine: Gated) -> None:
    first, second = (model.submit(n=1, engine=engine) for _ in range(2))
    until(lambda: engine.begun == [1])
    assert first.cancel()
    assert cancelled(first)
    assert not second.done()
    assert engine.stopped == []
    engine.gate.set()
    assert (second.result(WAIT_S).unwrap(), engine.begun) == ([1], [1])


def test_the_last_to_leave_stops_the_run(model: Model, engine: Gated) -> None:
    futures = [model.submit(n=1, engine=engine) for _ in range(3)]
    until(lambda: engine.begun == [1])
    assert [future.cancel() for future in futures] == [True] * 3
    assert all(map(cancelled, futures))
    assert engine.stopped == [1]


def test_who_comes_while_a_run_is_being_stopped_has_it_begun_again(
    model: Model, engine: Gated
) -> None:
    first = model.submit(n=1, engine=engine)
    until(lambda: engine.begun == [1])
    first.cancel()
    second = model.submit(n=1, engine=engine)
    engine.gate.set()
    assert second.result(WAIT_S).unwrap() == [1]
    assert (engine.stopped, engine.begun) == ([1], [1, 1])


def test_a_run_that_nobody_wants_any_more_when_its_turn_comes_is_not_begun(
    model: Model, engine: Gated
) -> None:
    busy = [model.submit(n=n, engine=engine) for n in (1, 2)]
    waiting = [model.submit(n=3, engine=engine) for _ in range(2)]
    assert [future.cancel() for future in waiting] == [True] * 2
    for future in waiting:
        with pytest.raises((CancelledError, RunCancelledError)):
            future.result(WAIT_S)
    engine.gate.set()
    assert [future.result(WAIT_S).unwrap() for future in busy] == [[1], [2]]
    assert model.submit(n=4, engine=engine).result(WAIT_S).unwrap() == [4]
    assert 3 not in engine.begun


def test_a_caller_who_waits_makes_a_run_that_still_waits_for_a_worker(
    model: Model, engine: Gated
) -> None:
    busy = [model.submit(n=n, engine=engine) for n in (1, 2)]
    queued = model.submit(n=3, engine=engine)
    with ThreadPoolExecutor(1) as pool:
        called = pool.submit(model.run, n=3, engine=engine)
        until(lambda: sorted(engine.begun) == [1, 2, 3])
        engine.gate.set()
        assert called.result(WAIT_S).unwrap() == queued.result(WAIT_S).unwrap() == [3]
    assert [future.result(WAIT_S).unwrap() for future in busy] == [[1], [2]]
    assert sorted(engine.begun) == [1, 2, 3]


def test_a_caller_who_joined_can_leave(model: Model, engine: Gated) -> None:
    future = model.submit(n=1, engine=engine)
    until(lambda: engine.begun == [1])
    cancel = CancelToken()
    with ThreadPoolExecutor(1) as pool:
        called = pool.submit(model.run, n=1, engine=engine, cancel=cancel)
        until(lambda: guests(model.session) == 2)
        cancel.cancel()
        assert cancelled(called)
    assert engine.stopped == []
    engine.gate.set()
    assert future.result(WAIT_S).unwrap() == [1]


def test_who_comes_late_has_time_of_its_own(model: Model, engine: Gated) -> None:
    engine.gate.set()
    model.run(n=0, engine=engine, timeout_s=60)
    engine.gate.clear()
    template = replace(engine.requests[0], values={"n": 1}, on_progress=lambda _: None)

    def call(started_at: float) -> Result:
        request = replace(template, started_at=started_at, cancel=CancelToken())
        return model.session.runner.run(lambda: engine, request, CacheUse.ON, "inprocess")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(call, time.monotonic() - 59)
        until(lambda: engine.begun == [0, 1])
        late = pool.submit(call, time.monotonic())
        until(lambda: guests(model.session) == 2)
        assert isinstance(first.exception(WAIT_S), RunTimeoutError)
        until(lambda: late.done() or engine.begun == [0, 1, 1])
        engine.gate.set()
        assert late.result(WAIT_S).unwrap() == [1]


def test_everybody_hears_how_far_it_is_from_when_they_came(model: Model, engine: Gated) -> None:
    heard: list[list[int]] = [[], []]
    shown: list[list[str]] = [[], []]

    def submit(i: int) -> Any:
        return model.submit(
            n=1,
            engine=engine,
            on_progress=lambda told: heard[i].append(told.done),
            on_output=lambda _cell, kind, _content: shown[i].append(kind),
        )

    first = submit(0)
    until(lambda: engine.begun == [1])
    request = engine.requests[0]
    request.on_output(request.steps[0], "stream", {})
    second = submit(1)
    assert heard == [[0, 1], [1]]
    request.on_progress(Progress(done=2, total=3))
    request.on_output(request.steps[0], "display_data", {})
    assert (heard, shown) == ([[0, 1, 2], [1, 2]], [["stream", "display_data"], ["display_data"]])
    first.cancel()
    request.on_progress(Progress(done=3, total=3))
    assert (heard[0], heard[1]) == ([0, 1, 2], [1, 2, 3])
    engine.gate.set()
    assert second.result(WAIT_S).ok


@pytest.mark.parametrize("option", [{"timeout_s": 60}, {"cell_timeout_s": 60}, {"cache": False}])
def test_who_asks_otherwise_does_not_share(
    model: Model, engine: Gated, option: dict[str, Any]
) -> None:
    first = model.submit(n=1, engine=engine)
    until(lambda: engine.begun == [1])
    second = model.submit(n=1, engine=engine, **option)
    assert second.cancel()
    with pytest.raises((CancelledError, RunCancelledError)):
        second.result(WAIT_S)
    first.cancel()
    assert cancelled(first)
    assert 1 in engine.stopped


def test_a_failure_is_everybody_s(shared: Session, gatekeeper: Any) -> None:
    wait = "import gatekeeper\ngatekeeper.begun.set()\ngatekeeper.may_go_on.wait()"
    cells = (("n: int = 0", "parameters"), wait, ("1 / n", "return"))
    failing = shared.model(write_notebook("fail.ipynb", *cells))
    first = failing.submit()
    gatekeeper.begun.wait(WAIT_S)
    second = failing.submit()
    gatekeeper.may_go_on.set()
    results = [future.result(WAIT_S) for future in (first, second)]
    assert all(
        isinstance(one, Failure) and one.error.ename == "ZeroDivisionError" for one in results
    )
    assert not any(one.cached for one in results)


@pytest.mark.filterwarnings("ignore::nbnodes.errors.CacheWarning")  # nor can it be stored
def test_what_cannot_be_copied_is_made_for_each(shared: Session, gatekeeper: Any) -> None:
    wait = "import gatekeeper\ngatekeeper.begun.set()\ngatekeeper.may_go_on.wait()"
    give = "import threading\nthreading.Lock()"
    locks = shared.model(write_notebook("lock.ipynb", wait, (give, "return")))
    first = locks.submit()
    gatekeeper.begun.wait(WAIT_S)
    others = [locks.submit() for _ in range(2)]
    gatekeeper.may_go_on.set()
    values = [future.result(WAIT_S).unwrap() for future in [first, *others]]
    assert len({id(value) for value in values}) == 3


def test_closing_stops_what_is_shared(model: Model, engine: Gated, shared: Session) -> None:
    with ThreadPoolExecutor(1) as pool:
        called = pool.submit(model.run, n=1, engine=engine)
        until(lambda: engine.begun == [1])
        futures = [model.submit(n=1, engine=engine) for _ in range(3)]
        shared.close()
        assert all(map(cancelled, [called, *futures]))
    assert engine.stopped == [1]


def test_ctrl_c_of_one_who_makes_the_run_is_not_that_of_others(model: Model, engine: Gated) -> None:
    class Interrupted(Gated):
        def run(self, request: RunRequest, /) -> Result:
            self.requests.append(request)
            until(self.gate.is_set)
            raise KeyboardInterrupt

    pressed = Interrupted()
    with ThreadPoolExecutor(1) as pool:
        called = pool.submit(model.run, n=1, engine=pressed)
        until(lambda: pressed.requests)
        future = model.submit(n=1, engine=engine)
        pressed.gate.set()
        with pytest.raises(KeyboardInterrupt):
            called.result(WAIT_S)
    engine.gate.set()
    assert (future.result(WAIT_S).unwrap(), engine.begun) == ([1], [1])


def test_a_shared_run_leaves_nothing_behind(model: Model, engine: Gated, shared: Session) -> None:
    futures = [model.submit(n=1, engine=engine) for _ in range(4)]
    futures[0].cancel()
    engine.gate.set()
    assert all(future.result(WAIT_S).ok for future in futures[1:])
    assert len(shared.runner._parties) == 0


def test_threads_that_come_and_go_are_all_answered(model: Model, shared: Session) -> None:
    """Nobody is left waiting, whoever leaves when."""

    def call(number: int) -> str:
        cancel = CancelToken()
        future = model.submit({"n": number % 3}, cancel=cancel)
        if number % 4 == 0:
            future.cancel()
        try:
            return str(future.result(WAIT_S).unwrap())
        except (CancelledError, RunCancelledError):
            return "left"

    with ThreadPoolExecutor(8) as pool:
        for _ in range(20):
            told = list(pool.map(call, range(24)))
            assert all(
                word in (str([number % 3]), *(["left"] if number % 4 == 0 else []))
                for number, word in enumerate(told)
            )
            assert shared.store
            shared.store.delete([fact.key for fact in shared.store.facts()])
    assert len(shared.runner._parties) == 0


# ---------------------------------------------------------------- through graphs


@pytest.fixture
def slow(gatekeeper: Any) -> nb.Node:
    wait = "import gatekeeper\ngatekeeper.times += 1\ngatekeeper.begun.set()"
    hold = "while not gatekeeper.may_go_on.wait(0.01): pass"
    gatekeeper.times = 0
    cells = (("n: int = 1", "parameters"), wait, hold, ("[n]", "return"))
    return nb.Node(write_notebook("slow.ipynb", *cells), name="slow")


def test_two_live_graphs_wait_for_one_run_of_a_notebook(
    shared: Session, slow: nb.Node, gatekeeper: Any
) -> None:
    with nb.Graph([slow], session=shared) as one, nb.Graph([slow], session=shared) as other:
        one.watch()
        assert gatekeeper.begun.wait(WAIT_S)
        other.watch()
        until(lambda: guests(shared) == 2)
        one.set(n=2)  # what it waited for is superseded, for it alone
        gatekeeper.may_go_on.set()
        assert other.settle(WAIT_S).results["slow"].unwrap() == [1]
        assert one.settle(WAIT_S).results["slow"].unwrap() == [2]
    assert gatekeeper.times == 2


def test_a_graph_that_closes_leaves_the_run_to_another(
    shared: Session, slow: nb.Node, gatekeeper: Any
) -> None:
    one, other = nb.Graph([slow], session=shared), nb.Graph([slow], session=shared)
    one.watch()
    assert gatekeeper.begun.wait(WAIT_S)
    other.watch()
    until(lambda: guests(shared) == 2)
    one.close()
    gatekeeper.may_go_on.set()
    assert other.settle(WAIT_S).results["slow"].unwrap() == [1]
    other.close()
    assert gatekeeper.times == 1


def test_a_graph_and_a_request_wait_for_one_run(
    shared: Session, slow: nb.Node, gatekeeper: Any
) -> None:
    with nb.Graph([slow], session=shared) as graph:
        graph.watch()
        assert gatekeeper.begun.wait(WAIT_S)
        future = shared.model("slow.ipynb").submit(n=1)
        gatekeeper.may_go_on.set()
        assert future.result(WAIT_S).unwrap() == [1]
        assert graph.settle(WAIT_S).results["slow"].unwrap() == [1]
    assert gatekeeper.times == 1


def test_two_graphs_wait_for_one_call_of_a_function(shared: Session) -> None:
    begun, may_go_on = threading.Event(), threading.Event()
    calls: list[int] = []

    class Gate:
        def __nb_hash__(self) -> str:
            return "gate"

        def wait(self, x: int) -> None:
            calls.append(x)
            begun.set()
            while not may_go_on.wait(0.01):
                pass

    gate = Gate()

    def double(x: int, gate: Any) -> list[int]:
        gate.wait(x)
        return [2 * x]

    node = nb.Node(double, input={"x": 3, "gate": gate}, name="double")
    with nb.Graph([node], session=shared) as one, nb.Graph([node], session=shared) as other:
        one.watch()
        assert begun.wait(WAIT_S)
        other.watch()
        until(lambda: guests(shared) == 2)
        may_go_on.set()
        values = [graph.settle(WAIT_S).results["double"].unwrap() for graph in (one, other)]
    assert values == [[6], [6]]
    assert calls == [3]
