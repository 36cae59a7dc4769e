"""Showing: a live graph's notices become messages for a page, until it is ended."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from nbnodes.errors import EngineError
from nbnodes.live.graph import Graph
from nbnodes.live.notices import NodeMoved, Notice, Published
from nbnodes.live.pace import Pace
from nbnodes.live.painter import CALM_S, News, Painter
from nbnodes.live.status import Status
from nbnodes.notebook.document import Notebook
from nbnodes.rest.drawings import Drawings
from nbnodes.result import Result

Message = dict[str, Any]
"""What is sent to a page; JSON."""

_TOGETHER = "waits for the other cards"
_LONGEST = 120  # characters of a reason


@dataclass(slots=True, kw_only=True)
class Seen:
    """What a page shows.

    Attributes:
        keys: For each card, what it shows.
        statuses: For each card, where it says that its node stands.
    """

    keys: dict[str, str | None] = field(default_factory=dict)
    statuses: dict[str, Status] = field(default_factory=dict)


class Showing:
    """One graph, shown on a page. Safe from several threads; once ended it sends nothing more.

    Args:
        graph: The page's own.
        drawings: Draws Results.
        send: Takes messages, on any thread; returns at once.
        seen: What the page shows already.
        count: Hears of each Result that is new on the page, by its node's name.

    Attributes:
        graph: The graph.
        seen: What the page shows.
        seq: The change that the page made last.
    """

    def __init__(
        self,
        graph: Graph,
        drawings: Drawings,
        send: Callable[[Message], None],
        seen: Seen,
        *,
        count: Callable[[str, Result], None],
    ) -> None:
        self.graph = graph
        self.seen = seen
        self.seq = 0
        self._drawings, self._send, self._count = drawings, send, count
        self._moved: dict[str, NodeMoved] = {}
        self._awaited: set[str] = set()
        self._lock = threading.Lock()
        self._is_over = False
        self._painter = Painter(self._paint)
        self._pace = Pace(self._draw)
        self._forget = graph.subscribe(self._hear)

    def draw(self) -> None:
        """Have the graph drawn, soon."""
        self._pace.ask()

    def end(self) -> Seen:
        """Show nothing more; the graph is left open. Return what the page shows."""
        with self._lock:  # what is being drawn on another thread is sent before this, or never
            self._is_over = True
        self._forget()
        self._pace.end()
        return self.seen

    def _hear(self, notice: Notice) -> None:
        if isinstance(notice, Published):
            self._awaited -= notice.results.keys()
        elif isinstance(notice, NodeMoved):
            if notice.state != "fresh":
                self._awaited.add(notice.name)
            self._pace.ask()
        self._painter.hear(notice, calm_s=CALM_S)

    def _paint(self, news: News) -> None:
        if news.published is not None:
            self._show(news.published.results)
        self._moved |= news.moved
        told: dict[str, Status] = {}
        results = news.published.results if news.published else {}
        for name in {*news.moved, *results} & self._moved.keys():
            told[name] = self._status(self._moved[name]).metered(name, news.progress)
        for name in news.progress.running if news.progress is not None else ():
            before = told.get(name) or self.seen.statuses.get(name)
            if before is not None:
                told[name] = before.metered(name, news.progress)
        with self._lock:
            before_all = self.seen.statuses
            new = {name: one for name, one in told.items() if before_all.get(name) != one}
            if new and not self._is_over:
                self.seen.statuses |= new
                written = {name: _written(one) for name, one in new.items()}
                self._send({"type": "states", "cards": written})

    def _status(self, moved: NodeMoved) -> Status:
        if moved.state == "fresh" and moved.name in self._awaited:
            return Status(state="queued", reason=_TOGETHER)
        return Status(state=moved.state, reason=_brief(moved.reason))

    def _show(self, results: Mapping[str, Result]) -> None:
        cards = {}
        keys: dict[str, str | None] = {}
        for name, result in results.items():
            if result.key is not None and self.seen.keys.get(name) == result.key:
                continue
            self._count(name, result)
            drawing = self._drawings.of(name, result, notebook_of(self.graph, name))
            keys[name] = drawing.key
            cards[name] = {
                "html": drawing.html,
                "key": drawing.key,
                "formats": list(drawing.formats),
                "note": drawing.note,
            }
        with self._lock:
            if not self._is_over:
                self.seen.keys |= keys
                self._send({"type": "show", "seq": self.seq, "cards": cards})

    def _draw(self) -> None:
        if len(self.graph) < 2:  # noqa: PLR2004  # one node alone is no picture
            return
        try:
            svg = self.graph.to_svg()
        except EngineError:  # it has just been closed
            return
        with self._lock:
            if not self._is_over:
                self._send({"type": "graph", "svg": svg})


def notebook_of(graph: Graph, name: str) -> Notebook | None:
    """Return a node's notebook; None for a function."""
    body = graph.assembly.members[name].body
    return body if isinstance(body, Notebook) else None


def _brief(reason: str) -> str:
    """Return the beginning of what the card's body says in full."""
    first = reason.partition("\n")[0].removesuffix(":")
    return first if len(first) <= _LONGEST else f"{first[: _LONGEST - 1]}…"


def _written(status: Status) -> Message:
    plain = asdict(status)
    plain["progress"] = plain.pop("progress_text")
    return plain
