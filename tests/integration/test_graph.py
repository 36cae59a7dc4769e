"""A Graph of real functions and notebooks: what runs, what is shown, what stops, what is told."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from notebooks import write_notebook

import nbnodes as nb

Counted = Callable[..., Any]


@pytest.fixture
def calls() -> Counter[str]:
    return Counter()


@pytest.fixture
def counted(calls: Counter[str]) -> Callable[[str, Counted], Counted]:
    def make(name: str, function: Counted) -> Counted:
        def call(*values: Any) -> Any:
            calls[name] += 1
            return function(*values)

        return call

    return make


@pytest.fixture
def diamond(
    session: nb.Session, calls: Counter[str], counted: Callable[[str, Counted], Counted]
) -> nb.Graph:
    def top(x: int) -> int:
        calls["top"] += 1
        return x

    top_node = nb.Node(top, name="top")
    left = nb.Node(counted("left", lambda x: x // 10), [top_node], name="left")
    right = nb.Node(counted("right", lambda x: -x), [top_node], name="right")
    bottom = nb.Node(counted("bottom", lambda a, b: (a, b)), [left, right], name="bottom")
    return nb.Graph([bottom], session=session)


# ---------------------------------------------------------------- once


def test_a_node_is_computed_for_given_values(diamond: nb.Graph) -> None:
    assert diamond.run("bottom", x=15).unwrap() == (1, -15)
    assert diamond.run(diamond["left"], {"top.x": 27}).unwrap() == 2


def test_only_what_the_node_needs_runs(diamond: nb.Graph, calls: Counter[str]) -> None:
    diamond.run("left", x=1)
    assert calls == {"top": 1, "left": 1}


def test_nothing_runs_for_what_was_asked_before(diamond: nb.Graph, calls: Counter[str]) -> None:
    diamond.run("bottom", x=1)
    diamond.run("bottom", x=2)
    calls.clear()
    result = diamond.run("bottom", x=1)
    assert result.cached
    assert calls == {}


def test_a_value_that_stays_the_same_stops_a_change(diamond: nb.Graph, calls: Counter[str]) -> None:
    diamond.run("left", x=1)
    calls.clear()
    below = nb.Graph([nb.Node(lambda v: v, [diamond["left"]], name="below")])
    below.run("below", x=1)
    diamond.run("left", x=2)
    assert calls == {"top": 1, "left": 1}


def test_two_nodes_that_compute_the_same_run_once(
    session: nb.Session, counted: Callable[[str, Counted], Counted], calls: Counter[str]
) -> None:
    same = counted("same", lambda x: x + 1)
    one, other = nb.Node(same, [1], name="one"), nb.Node(same, [1], name="other")
    both = nb.Node(lambda a, b: a + b, [one, other], name="both")
    assert nb.Graph([both], session=session).run("both").unwrap() == 4
    assert calls == {"same": 1}


def test_values_arrive_in_notebooks_as_the_objects_they_are(
    session: nb.Session, tmp_path: Path
) -> None:
    import pandas as pd

    made = write_notebook(
        tmp_path / "made.ipynb",
        "import pandas as pd",
        ("n = 3", "parameters"),
        ("pd.DataFrame({'a': range(n)}, index=pd.date_range('2020', periods=n))", "return"),
    )
    used = write_notebook(
        tmp_path / "used.ipynb", ("table = None", "parameters"), ("table * 2", "return")
    )
    table = nb.Node(made)
    graph = nb.Graph([nb.Node(used, {"table": table})], session=session)
    expected = pd.DataFrame({"a": [0, 2, 4]}, index=pd.date_range("2020", periods=3))
    pd.testing.assert_frame_equal(graph.run("used").unwrap(), expected)


def test_an_entry_of_a_value_can_feed_a_node(session: nb.Session) -> None:
    both = nb.Node(lambda n: {"low": n, "high": n + 10}, [1], name="both")
    graph = nb.Graph([nb.Node(lambda x: x, [both["high"]], name="user")], session=session)
    assert graph.run("user").unwrap() == 11


def test_an_entry_that_is_not_there_is_that_nodes_failure(session: nb.Session) -> None:
    both = nb.Node(lambda: {"low": 1}, name="both")
    graph = nb.Graph([nb.Node(lambda x: x, [both["high"]], name="user")], session=session)
    with pytest.raises(nb.ParameterError, match=r"both.*no entry 'high'"):
        graph.run("user")


def test_what_a_function_does_to_its_input_is_not_seen_elsewhere(session: nb.Session) -> None:
    source = nb.Node(lambda: [1, 2], name="source")
    greedy = nb.Node(lambda values: [values.pop() for _ in range(2)], [source], name="greedy")
    modest = nb.Node(lambda values, _: len(values), [source, greedy], name="modest")
    graph = nb.Graph([modest], session=session)
    assert graph.run("modest").unwrap() == 2
    taken = graph.run("source").unwrap()
    taken.clear()
    assert graph.run("source").unwrap() == [1, 2]


def test_a_function_may_run_in_an_engine_of_its_own(session: nb.Session) -> None:
    import os

    node = nb.Node(os.getpid, name="pid", engine="fork")
    assert nb.Graph([node], session=session).run("pid").unwrap() != os.getpid()


def test_a_function_may_be_asynchronous(session: nb.Session) -> None:
    async def later(x: int) -> int:
        await asyncio.sleep(0)
        return x + 1

    assert nb.Graph([nb.Node(later, [1])], session=session).run("later").unwrap() == 2


def test_it_can_be_awaited_and_submitted(diamond: nb.Graph) -> None:
    async def both() -> list[Any]:
        results = await asyncio.gather(diamond.arun("left", x=30), diamond.arun("right", x=4))
        return [result.unwrap() for result in results]

    assert asyncio.run(both()) == [3, -4]
    assert diamond.submit("bottom", x=50).result(30).unwrap() == (5, -50)


def test_a_submitted_run_can_be_cancelled(session: nb.Session) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def waits() -> None:
        begun.set()
        go_on.wait(60)

    future = nb.Graph([nb.Node(waits)], session=session).submit("waits")
    assert begun.wait(30)
    future.cancel()
    with pytest.raises(nb.RunCancelledError):
        future.result(30)
    go_on.set()


# ---------------------------------------------------------------- failures


def failing(x: int) -> int:
    if x < 0:
        raise ValueError("negative")
    return x


def test_a_failure_is_the_nodes_own_and_a_value(session: nb.Session) -> None:
    graph = nb.Graph([nb.Node(lambda v: v, [nb.Node(failing)], name="below")], session=session)
    result = graph.run("below", x=-1, check=False)
    assert not result.ok
    assert result.name == "failing"
    assert "negative" in "".join(result.error.traceback)
    with pytest.raises(nb.RunFailedError, match="failing, ValueError: negative"):
        graph.run("below", x=-1)
    assert graph.run("below", x=1).unwrap() == 1


def test_what_does_not_depend_on_a_failure_goes_on(session: nb.Session) -> None:
    top = nb.Node(lambda x: x, name="top")
    bad = nb.Node(failing, [top], name="bad")
    below = nb.Node(lambda v: v, [bad], name="below")
    other = nb.Node(lambda v: v * 2, [top], name="other")
    with nb.Graph([below, other], session=session) as graph:
        graph.set(x=-1)
        graph.watch()
        assert {name: r.unwrap() for name, r in graph.settle(30).results.items()} == {"other": -2}
        states = graph.states()
        assert (states["bad"].state, states["below"].state) == ("failed", "blocked")
        assert states["below"].reason == "bad failed"
        graph.set(x=3)
        assert graph.settle(30).results["below"].unwrap() == 3


def test_a_failed_run_is_tried_again_as_often_as_it_may(session: nb.Session) -> None:
    attempts: list[int] = []

    def shaky() -> int:
        attempts.append(1)
        if len(attempts) < 3:
            raise OSError("not yet")
        return len(attempts)

    assert nb.Graph([nb.Node(shaky, retries=2)], session=session).run("shaky").unwrap() == 3


def test_a_run_that_takes_too_long_is_stopped_and_says_so(session: nb.Session) -> None:
    def endless() -> None:
        while True:
            pass

    graph = nb.Graph([nb.Node(endless, timeout_s=0.2)], session=session)
    with pytest.raises(nb.RunTimeoutError, match=r"endless: not done after 0\.2 s"):
        graph.run("endless")


def test_every_mistake_in_the_values_is_told_before_anything_runs(
    session: nb.Session, calls: Counter[str]
) -> None:
    def typed(n: int, m: int) -> int:
        calls["typed"] += 1
        return n + m

    graph = nb.Graph([nb.Node(lambda v: v, [nb.Node(typed)], name="below")], session=session)
    with pytest.raises(nb.ParameterError) as caught:
        graph.run("below", n="many", k=1, v=2)
    assert len(caught.value.problems) == 3
    with pytest.raises(nb.ParameterError, match=r"typed\.m: it has no default"):
        graph.run("below", n=1)
    assert calls == {}


# ---------------------------------------------------------------- kept up to date


def test_what_is_watched_follows_each_change(diamond: nb.Graph, calls: Counter[str]) -> None:
    with diamond:
        diamond.set(x=1)
        diamond.watch()
        assert diamond.settle(30).results["bottom"].unwrap() == (0, -1)
        diamond.set(x=2)
        assert diamond.settle(30).results["bottom"].unwrap() == (0, -2)
        calls.clear()
        diamond.set(x=1)
        assert diamond.settle(30).results["bottom"].unwrap() == (0, -1)
        assert calls == {}


def test_a_burst_shows_the_newest_alone(session: nb.Session) -> None:
    seen: list[int] = []
    graph = nb.Graph([nb.Node(lambda x: x, name="same")], session=session)
    with graph:
        graph.subscribe(
            lambda notice: (
                isinstance(notice, nb.Published)
                and seen.extend(r.unwrap() for r in notice.results.values())
            )
        )
        graph.set(x=0)
        graph.watch()
        graph.settle(30)
        for x in range(1, 100):
            graph.set(x=x)
        assert graph.settle(30).results["same"].unwrap() == 99
    assert seen == sorted(seen)


def busy(x: int) -> int:
    while x < 0:
        pass
    return x


def asleep(x: int) -> int:
    time.sleep(60 if x < 0 else 0)
    return x


def multiplying(x: int) -> int:
    import numpy as np

    matrix = np.ones((300, 300))
    while x < 0:
        matrix = matrix @ matrix * 0 + 1
    return x


@pytest.mark.parametrize("function", [busy, asleep, multiplying])
@pytest.mark.parametrize("engine", ["", "fork"])
def test_a_run_that_nobody_wants_gives_its_worker_to_the_next(
    function: Counted, engine: str, session: nb.Session
) -> None:
    running = threading.Event()
    graph = nb.Graph([nb.Node(function, name="slow", engine=engine)], session=session, workers=1)
    with graph:
        graph.subscribe(
            lambda notice: (
                isinstance(notice, nb.NodeMoved) and notice.state == "running" and running.set()
            )
        )
        graph.set(x=-1)
        graph.watch()
        assert running.wait(30)
        graph.set(x=2)
        assert graph.settle(30).results["slow"].unwrap() == 2


def test_a_late_result_is_kept_and_never_shown(session: nb.Session) -> None:
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def slow(x: int) -> int:
        if x == 1:
            begun.set()
            with suppress(BaseException):  # it will not be stopped
                go_on.wait(30)
            go_on.wait(30)
            ended.set()
        return x

    shown: list[int] = []
    with nb.Graph([nb.Node(slow)], session=session, workers=1) as graph:
        graph.subscribe(
            lambda notice: (
                isinstance(notice, nb.Published)
                and shown.extend(r.unwrap() for r in notice.results.values())
            )
        )
        graph.set(x=1)
        graph.watch()
        assert begun.wait(30)
        graph.set(x=2)
        graph.settle(30)
        go_on.set()
        assert ended.wait(30)
        graph.set(x=3)
        graph.settle(30)
    assert shown == [2, 3]


def test_a_node_run_by_hand_waits_until_it_is_told(session: nb.Session) -> None:
    top = nb.Node(lambda x: x, name="top", trigger="manual")
    below = nb.Node(lambda v: v + 1, [top], name="below")
    with nb.Graph([below], session=session) as graph:
        graph.set(x=1)
        graph.watch()
        assert graph.settle(30).results == {}
        assert graph.states()["top"].reason == "it is run by hand"
        assert graph.states()["below"].state == "blocked"
        graph.refresh("top")
        assert graph.settle(30).results["below"].unwrap() == 2
        graph.set(x=5)
        assert graph.settle(30).results == {}
        assert graph.run("below", x=5).unwrap() == 6


def test_a_lazy_node_runs_when_its_value_is_asked_for(
    session: nb.Session, counted: Callable[[str, Counted], Counted], calls: Counter[str]
) -> None:
    node = nb.Node(counted("lazy", lambda: 7), name="lazy", trigger="lazy")
    with nb.Graph([node], session=session) as graph:
        graph.watch()
        graph.settle(30)
        assert calls == {}
        assert graph.get("lazy").unwrap() == 7


def test_an_impure_node_runs_each_time(
    session: nb.Session, counted: Callable[[str, Counted], Counted], calls: Counter[str]
) -> None:
    node = nb.Node(counted("now", lambda: calls["now"]), name="now", cache=False)
    graph = nb.Graph([node], session=session)
    assert [graph.run("now").unwrap() for _ in range(3)] == [1, 2, 3]


def test_a_value_within_the_tolerance_is_no_change(
    session: nb.Session, counted: Callable[[str, Counted], Counted], calls: Counter[str]
) -> None:
    near = nb.Node(lambda x: x * 1.0, name="near", eq=nb.Tolerance(atol=0.5))
    below = nb.Node(counted("below", lambda v: v), [near], name="below")
    with nb.Graph([below], session=session) as graph:
        graph.set(x=1.0)
        graph.watch()
        assert graph.settle(30).results["below"].unwrap() == 1.0
        for x in (1.2, 1.4, 1.5):
            graph.set(x=x)
            assert graph.settle(30).results["below"].unwrap() == 1.0
        assert calls == {"below": 1}
        graph.set(x=1.6)
        assert graph.settle(30).results["below"].unwrap() == 1.6


def test_a_range_within_one_that_ran_is_cut_out_of_it(
    session: nb.Session, calls: Counter[str]
) -> None:
    def rows(start: int, end: int) -> list[dict[str, int]]:
        calls["rows"] += 1
        return [{"day": day} for day in range(start, end)]

    subset = nb.Interval("start", "end", on="day", closed="left")
    graph = nb.Graph([nb.Node(rows, subset=subset)], session=session)
    assert len(graph.run("rows", start=0, end=100).unwrap()) == 100
    part = graph.run("rows", start=10, end=13)
    assert part.unwrap() == [{"day": 10}, {"day": 11}, {"day": 12}]
    assert part.cached
    assert calls == {"rows": 1}


def test_a_stopped_node_says_so_and_goes_on_when_asked_again(session: nb.Session) -> None:
    begun = threading.Event()
    stop = [True]

    def waits() -> int:
        begun.set()
        while stop:
            pass
        return 1

    with nb.Graph([nb.Node(waits)], session=session) as graph:
        graph.watch()
        assert begun.wait(30)
        graph.cancel()
        graph.settle(30)
        assert graph.states()["waits"].state == "cancelled"
        stop.clear()
        graph.refresh()
        assert graph.settle(30).results["waits"].unwrap() == 1


def test_a_listener_that_fails_ends_nothing(
    session: nb.Session, caplog: pytest.LogCaptureFixture
) -> None:
    with nb.Graph([nb.Node(lambda: 1, name="one")], session=session) as graph:
        graph.subscribe(lambda _: 1 / 0)
        graph.watch()
        assert graph.settle(30).results["one"].unwrap() == 1
    assert "a listener of graph failed" in caplog.text


def test_closing_it_ends_who_waits(session: nb.Session) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def waits() -> None:
        begun.set()
        go_on.wait(60)

    graph = nb.Graph([nb.Node(waits)], session=session)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(graph.get, "waits")
        assert begun.wait(30)
        graph.close()
        with pytest.raises(nb.EngineError, match="closed"):
            waiting.result(30)
    go_on.set()


# ---------------------------------------------------------------- several at once


PROGRAM = """\
import sys, time
import nbnodes as nb
LOG = sys.argv[1]

def step(x, name):
    with open(LOG, "a") as file:
        file.write(name + "\\n")
    time.sleep(0.1)
    return x + 1

with nb.Session(cache=sys.argv[2]):
    first = nb.Node(step, [1, "first"], name="first")
    more = [nb.Node(step, [first, f"more {i}"], name=f"more {i}") for i in range(3)]
    total = nb.Node(lambda *values: sum(values), more, name="total")
    print(nb.Graph([total]).run("total").value)
"""


def test_processes_at_once_run_each_node_once_between_them(tmp_path: Path) -> None:
    log = tmp_path / "log"
    words = [sys.executable, "-c", PROGRAM, str(log), str(tmp_path / "cache")]
    programs = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [program.communicate()[0] for program in programs] == ["9\n"] * 3
    assert sorted(log.read_text().split("\n")) == ["", "first", "more 0", "more 1", "more 2"]


def test_threads_at_once_run_each_node_once_between_them(
    diamond: nb.Graph, calls: Counter[str]
) -> None:
    futures = [diamond.submit("bottom", x=7) for _ in range(8)]
    assert {future.result(30).unwrap() for future in futures} == {(0, -7)}
    assert calls == {"top": 1, "left": 1, "right": 1, "bottom": 1}
