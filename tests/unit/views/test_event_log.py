"""What happens in a graph can be read, a line for each step."""

from __future__ import annotations

import gc
import re
import threading
from collections.abc import Iterator
from queue import Queue

import pytest

from nbnodes import Graph, Node
from nbnodes.live.notices import GraphProgress, NodeMoved, Published
from nbnodes.views.event_log import EventLog

PATIENCE_S = 20


@pytest.fixture
def graph() -> Iterator[Graph]:
    with Graph([Node(lambda n=1: n, name="answer", cache=False)]) as made:
        yield made


@pytest.fixture
def log(graph: Graph) -> Iterator[EventLog]:
    made = EventLog(graph)
    yield made
    made.close()


def moved(number: int) -> NodeMoved:
    return NodeMoved(name="answer", state="running", reason=f"step {number}", revision=1)


def wait_for_lines(log: EventLog, count: int, first: int = 0) -> list[str]:
    """Wait until that many lines are on the screen, which begin at a number."""
    changes: Queue[None] = Queue()
    log._shown.observe(lambda _: changes.put(None), "lines")
    while True:
        number, lines = log._shown.lines
        if (number, len(lines)) == (first, count):
            return list(lines)
        changes.get(timeout=PATIENCE_S)


def test_each_step_is_a_line_with_time_node_state_and_reason(graph: Graph, log: EventLog) -> None:
    graph.watch()
    graph.settle(PATIENCE_S)
    told = "\n".join(log.lines)
    assert re.search(r"^\d\d:\d\d:\d\d\.\d{3}  answer  running    computing$", told, re.MULTILINE)
    assert re.search(r"^[\d:.]{12}  revision 1 is settled: 1 result$", told, re.MULTILINE)


def test_progress_is_no_line(log: EventLog) -> None:
    log._on_notice(GraphProgress(done=0, total=1, running={}))
    log._on_notice(Published(revision=2, results={}))
    assert [line[14:] for line in log.lines] == ["revision 2 is settled: 0 results"]


def test_the_latest_500_lines_are_kept_and_numbered(log: EventLog) -> None:
    for number in range(1234):
        log._on_notice(moved(number))
    lines = wait_for_lines(log, 500, first=734)
    assert [line.split()[-1] for line in lines] == [str(n) for n in range(734, 1234)]


def test_no_line_is_lost_among_threads(log: EventLog) -> None:
    def note(first: int) -> None:
        for number in range(first, first + 100):
            log._on_notice(moved(number))

    threads = [threading.Thread(target=note, args=(100 * n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    lines = wait_for_lines(log, 400)
    assert sorted(int(line.split()[-1]) for line in lines) == [*range(400)]


def test_the_button_clears_it(log: EventLog) -> None:
    button = log.children[-1]
    assert button.description == "clear debug"
    log._on_notice(moved(1))
    wait_for_lines(log, 1)
    button.click()
    assert wait_for_lines(log, 0, first=1) == []
    log._on_notice(moved(2))
    assert wait_for_lines(log, 1, first=1)[0].endswith("step 2")


def test_a_line_is_one_line_and_harmless(log: EventLog) -> None:
    reason = "two\nlines \x1b[31m"
    log._on_notice(NodeMoved(name="a\nb", state="failed", reason=reason, revision=1))
    assert log.lines[0][14:] == "a b     failed     two lines \ufffd[31m"


def test_a_log_that_is_closed_follows_no_more(graph: Graph) -> None:
    log = EventLog(graph)
    log.close()
    log.close()
    graph.watch()
    graph.settle(PATIENCE_S)
    assert log.lines == ()


def test_what_could_not_be_made_can_still_be_thrown_away() -> None:
    with pytest.raises(AttributeError):
        EventLog(None)  # type: ignore[arg-type]
    gc.collect()
