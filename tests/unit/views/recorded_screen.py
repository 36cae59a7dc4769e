"""A screen that records what it is told, and events to wait for."""

from __future__ import annotations

import threading
from collections.abc import Callable

from nbnodes.live.status import Status
from nbnodes.result import Output, Result
from nbnodes.views.shown import Outputs

WAIT_S = 20.0


def threads_of_views() -> int:
    return sum(thread.name.startswith("nbnodes") for thread in threading.enumerate())


def text_of(outputs: Outputs) -> str:
    return "\n".join(_text(output) for output in outputs)


def _text(output: Output) -> str:
    if "text" in output:
        return str(output["text"])
    data = output["data"]
    return str(data.get("text/html") or data["text/plain"])


class RecordedScreen:
    """Remembers every status and every content."""

    def __init__(self) -> None:
        self.condition = threading.Condition()
        self.states: list[str] = []
        self.reasons: list[str] = []
        self.texts: list[str] = []
        self.results: list[Result] = []

    @property
    def state(self) -> str:
        return self.states[-1] if self.states else ""

    @property
    def text(self) -> str:
        return self.texts[-1] if self.texts else ""

    def show_status(self, status: Status) -> None:
        with self.condition:
            self.states.append(status.state)
            self.reasons.append(status.reason)
            self.condition.notify_all()

    def show_result(self, result: Result, outputs: Outputs) -> None:
        with self.condition:
            self.results.append(result)
            self.texts.append(text_of(outputs))
            self.condition.notify_all()

    def forget(self) -> None:
        with self.condition:
            self.states.clear()
            self.reasons.clear()

    def await_text(self, text: str) -> None:
        self.await_that(lambda: self.text == text)

    def await_state(self, state: str) -> None:
        self.await_that(lambda: self.state == state)

    def await_that(self, question: Callable[[], bool]) -> None:
        with self.condition:
            while not question():
                if not self.condition.wait(0.05):
                    self._waited_s = getattr(self, "_waited_s", 0.0) + 0.05
                    assert self._waited_s < WAIT_S, (self.states, self.reasons, self.texts)
