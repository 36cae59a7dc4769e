"""A Visit: nothing that takes its time is done where others wait; what is ended sends nothing."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from notebooks import write_notebook

import nbnodes as nb
from nbnodes.rest.drawings import Drawings
from nbnodes.rest.endings import Endings
from nbnodes.rest.reading import Reading
from nbnodes.rest.showing import Message
from nbnodes.rest.subject import Subject
from nbnodes.rest.visit import Visit

PATIENCE_S = 30


class Opened:
    """A visit, what it sends, and what it has others end."""

    def __init__(self, subject: Subject) -> None:
        self.sent: queue.Queue[Message] = queue.Queue()
        self.endings: list[Callable[[], Any]] = []
        drawings = Drawings(lambda html: html, "drawing.css", debug=False)
        self.visit = Visit(subject, drawings, self.sent.put, end=self.endings.append)

    def shown(self) -> str:
        """Wait for what a card shows."""
        while True:
            message = self.sent.get(timeout=PATIENCE_S)
            if message["type"] == "show" and message["cards"]:
                return str(message["cards"])


def subject_of(folder: Path, session: nb.Session) -> Subject:
    reading = Reading(session)
    reading.add_folder(str(folder))
    return reading.subjects["one"]


def write(folder: Path, value: str) -> None:
    write_notebook(folder / "one.ipynb", ("n: int = 11  # 0..99", "parameters"), (value, "return"))


@pytest.fixture
def opened(tmp_path: Path, session: nb.Session) -> Iterator[Opened]:
    write(tmp_path, "n * 11")
    made = Opened(subject_of(tmp_path, session))
    yield made
    made.visit.close()
    for end in made.endings:
        end()


def test_to_close_a_page_waits_for_nothing(opened: Opened) -> None:
    opened.visit.hello({}, {})
    assert "121" in opened.shown()
    opened.visit.close()
    assert [one for one in threading.enumerate() if one.name == "nbnodes-graph"]
    assert len(opened.endings) == 1


def test_to_follow_what_was_saved_waits_for_nothing(
    opened: Opened, tmp_path: Path, session: nb.Session
) -> None:
    opened.visit.hello({}, {})
    assert "121" in opened.shown()
    write(tmp_path, "n * 12")
    opened.visit.follow(subject_of(tmp_path, session))
    assert len(opened.endings) == 1
    assert "132" in opened.shown()


def test_a_server_waits_for_all_that_ends() -> None:
    endings, go, ended = Endings(), threading.Event(), []

    def end() -> None:
        go.wait(PATIENCE_S)
        ended.append(threading.current_thread())

    for _ in range(6):
        endings.soon(end)
    go.set()
    endings.close()
    assert len(ended) == 6
    assert threading.current_thread() not in ended
    endings.soon(end)
    assert ended[-1] is threading.current_thread()


def test_what_cannot_be_ended_is_told(caplog: pytest.LogCaptureFixture) -> None:
    endings = Endings()
    endings.soon(lambda: 1 // 0)
    endings.close()
    assert "could not be ended" in caplog.text


def standing(opened: Opened, state: str) -> str:
    """Wait until the card says that its node stands so; return the reason."""
    while True:
        message = opened.sent.get(timeout=PATIENCE_S)
        for one in message["cards"].values() if message["type"] == "states" else ():
            if one["state"] == state:
                return str(one["reason"])


def test_a_card_says_in_short_why_it_failed_and_in_full_below(
    opened: Opened, tmp_path: Path, session: nb.Session
) -> None:
    write(tmp_path, "int('long ' * 100 + '\\nsecond line')")
    opened.visit.follow(subject_of(tmp_path, session))
    assert "second line" in opened.shown()
    reason = standing(opened, "failed")
    assert reason.startswith("cell 2: ValueError: ")
    assert reason.endswith("…")
    assert len(reason) == 120


def test_a_list_of_missing_values_stands_in_the_body_alone(
    tmp_path: Path, session: nb.Session
) -> None:
    write_notebook(tmp_path / "one.ipynb", ("n: int\nm: int", "parameters"), ("n", "return"))
    page = Opened(subject_of(tmp_path, session))
    page.visit.hello({}, {})
    assert "- one.m: it has no default" in page.shown()
    assert standing(page, "failed") == "one cannot run with these parameters"
    page.visit.close()
    for end in page.endings:
        end()


def test_a_page_whose_parameter_has_another_name_now_is_loaded_again(opened: Opened) -> None:
    opened.visit.hello({"before": 3}, {})
    assert opened.sent.get(timeout=PATIENCE_S)["type"] == "reload"
