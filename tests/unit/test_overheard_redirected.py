"""Who redirects `sys.stdout` while a call runs gets back what was there, and nothing is lost."""
# ruff: noqa: T201  # printing is what this is about

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from nbnodes.engines.call import Call
from nbnodes.engines.engine import CancelToken
from nbnodes.result import Result


def call(function: Callable[[], object], *, is_echoed: bool = False) -> Result:
    return Call(name="it", function=function, cancel=CancelToken(), is_echoed=is_echoed).run()


class Steps:
    """A call that prints a word whenever it is told to."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1)
        self._words = threading.Semaphore(0)
        self._said = threading.Semaphore(0)
        self._word = ""
        self.ended: Future[Result] = self._pool.submit(call, self._speak)
        self._said.acquire()

    def say(self, word: str) -> None:
        self._word = word
        self._words.release()
        self._said.acquire()

    def end(self) -> Result:
        self._word = ""
        self._words.release()
        self._pool.shutdown()
        return self.ended.result()

    def _speak(self) -> None:
        self._said.release()
        while self._words.acquire() and self._word:
            print(self._word)
            self._said.release()


@pytest.fixture(autouse=True)
def is_as_before() -> Iterator[None]:
    """See that every test leaves the streams as they were."""
    before = sys.stdout, sys.stderr
    attributes = [dict(vars(stream)) for stream in before]
    kinds = [type(stream) for stream in before]
    yield
    assert (sys.stdout, sys.stderr) == before
    assert [type(stream) for stream in before] == kinds
    assert [dict(vars(stream)) for stream in before] == attributes


def test_what_is_printed_after_a_redirection_that_was_there_before_is_heard() -> None:
    with contextlib.redirect_stdout(io.StringIO()) as taken:
        steps = Steps()
        steps.say("redirected")
    steps.say("no more")
    assert steps.end().stdout == "redirected\nno more\n"
    assert taken.getvalue() == ""


def test_a_redirection_by_somebody_else_amid_a_call_takes_what_is_printed_meanwhile() -> None:
    steps = Steps()
    steps.say("before")
    with contextlib.redirect_stdout(io.StringIO()) as taken:
        steps.say("meanwhile")
    steps.say("after")
    assert steps.end().stdout == "before\nafter\n"
    assert taken.getvalue() == "meanwhile\n"


def test_a_redirection_that_begins_amid_a_call_and_ends_after_it_puts_back_what_was_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = sys.stdout
    steps = Steps()
    with contextlib.redirect_stdout(io.StringIO()):
        steps.end()
    assert sys.stdout is before
    print("here")
    assert capsys.readouterr().out == "here\n"


def test_a_redirection_that_began_before_a_call_and_goes_on_after_it_is_left_alone() -> None:
    with contextlib.redirect_stdout(io.StringIO()) as taken:
        assert call(lambda: print("echoed"), is_echoed=True).stdout == "echoed\n"
        print("here")
    assert taken.getvalue() == "echoed\nhere\n"


def test_what_a_function_redirects_itself_is_its_own() -> None:
    def speak() -> str:
        print("before")
        with contextlib.redirect_stdout(io.StringIO()) as taken:
            print("taken")
        print("after")
        return taken.getvalue()

    result = call(speak)
    assert result.stdout == "before\nafter\n"
    assert result.unwrap() == "taken\n"


def test_overlapping_calls_end_in_any_order() -> None:
    first, second = Steps(), Steps()
    first.say("one")
    second.say("two")
    assert first.end().stdout == "one\n"
    second.say("three")
    assert second.end().stdout == "two\nthree\n"


def test_lines_and_what_is_written_to_a_stream_kept_from_before_are_heard() -> None:
    kept = sys.stdout

    def speak() -> None:
        kept.writelines(["a\n", "b\n"])
        kept.write("c\n")

    assert call(speak).stdout == "a\nb\nc\n"


def test_somebody_who_listens_likewise_goes_on_listening() -> None:
    heard: list[str] = []
    with contextlib.redirect_stdout(io.StringIO()) as stream:
        write = stream.write
        stream.write = lambda text: heard.append(text) or write(text)  # type: ignore[method-assign]
        call(lambda: print("one", end=""), is_echoed=True)
        print("two", end="")
    assert "".join(heard) == "onetwo"


class Console(io.StringIO):
    """A stream whose class is written in Python, as Jupyter's."""


@contextlib.contextmanager
def noting(noted: list[str]) -> Iterator[None]:
    """Note what is written while a cell runs, as IPython does."""
    stream = sys.stdout
    before = stream.write

    def write(text: str) -> int:
        noted.append(text)
        return before(text)

    stream.write = write  # type: ignore[method-assign]
    yield
    stream.write = before  # type: ignore[method-assign]


def test_a_call_that_outlives_the_cell_that_began_it_is_heard() -> None:
    noted: list[str] = []
    with contextlib.redirect_stdout(Console()) as console:
        with noting(noted):
            steps = Steps()
            steps.say("one")
            print("cell")
        steps.say("two")
        print("later")
        assert steps.end().stdout == "one\ntwo\n"
    assert "".join(noted) == "cell\n"
    assert console.getvalue() == "cell\nlater\n"
    assert type(console) is Console


@pytest.mark.parametrize("kind", [Console, io.StringIO])
def test_cells_that_begin_amid_calls_and_end_after_them_change_nothing(kind: type) -> None:
    noted: list[str] = []
    with contextlib.redirect_stdout(kind()) as console:
        for _ in range(3):
            steps = Steps()
            with noting(noted):
                steps.say("call")
                assert steps.end().stdout == "call\n"
                print("cell")
        print("later")
        assert call(lambda: print("echoed"), is_echoed=True).stdout == "echoed\n"
    assert console.getvalue() == "cell\n" * 3 + "later\nechoed\n"
    assert type(console) is kind


_NO_CONSOLE = """
import sys
console, sys.stdout, sys.stderr = sys.stdout, None, None
from nbnodes.engines.call import Call
from nbnodes.engines.engine import CancelToken
result = Call(name="it", function=lambda: print("nobody hears"), cancel=CancelToken()).run()
assert sys.stdout is None
console.write(repr(result.stdout))
"""


def test_a_program_without_a_console_calls_functions() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _NO_CONSOLE], capture_output=True, text=True, check=True
    )
    assert ended.stdout == "''"
