"""A Visit: one open page. What it sets goes in; states and Results for its cards come out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import Any

from nbnodes.errors import EngineError
from nbnodes.live.graph import Graph
from nbnodes.live.notices import NodeMoved, Notice, Published
from nbnodes.live.pace import Pace
from nbnodes.live.painter import CALM_S, News, Painter
from nbnodes.live.status import Status
from nbnodes.notebook.document import Notebook
from nbnodes.rest.drawings import Drawings
from nbnodes.rest.setting import Asked
from nbnodes.rest.subject import Subject
from nbnodes.result import Result

Message = dict[str, Any]
"""What is sent to a page; JSON."""

_TOGETHER = "waits for the other cards"


class Visit:
    """One open page's values and live graph. Safe from several threads.

    Args:
        subject: What the page shows.
        drawings: Draws Results.
        send: Takes messages for the page, on any thread; returns at once.
        client: Who has the page open: an address.
    """

    def __init__(
        self,
        subject: Subject,
        drawings: Drawings,
        send: Callable[[Message], None],
        *,
        client: str = "",
    ) -> None:
        self.subject = subject
        self.client = client
        self._drawings, self._send = drawings, send
        self._settable = subject.settable
        self._values: dict[str, Any] = {}
        self._refused: set[str] = set()
        self._seq = 0
        self._shown: dict[str, str | None] = {}
        self._statuses: dict[str, Status] = {}
        self._moved: dict[str, NodeMoved] = {}
        self._awaited: set[str] = set()
        self._graph = self._opened(subject)

    def hello(self, values: Mapping[str, Any], shown: Mapping[str, Any]) -> None:
        """Take all that a page has: what its controls say, and what its cards show."""
        self._seq = 0
        self._shown = {name: str(key) for name, key in shown.items() if name in self._graph}
        self._statuses = {}
        self._set(self._settable.from_wire(values))
        self._graph.bound.look_at(*self._graph)
        self._draw_graph.ask()

    def set(self, seq: int, values: Mapping[str, Any]) -> None:
        """Take what was changed."""
        self._seq = seq
        before = self._values
        self._set(self._settable.from_wire(values))
        if self._values == before:  # nothing will move, and the page waits for an answer
            self._send({"type": "show", "seq": seq, "cards": {}})

    def run(self, names: Iterable[str]) -> None:
        """Run nodes again, or that are run by hand."""
        known = [name for name in names if name in self._graph]
        if known:
            self._graph.refresh(*known)

    def stop(self, names: Iterable[str]) -> None:
        """Stop nodes."""
        known = [name for name in names if name in self._graph]
        if known:
            self._graph.cancel(*known)

    def follow(self, subject: Subject) -> None:
        """Show the same subject as it is now that its notebooks were saved."""
        settable = subject.settable
        is_same_page = (
            settable.controls == self._settable.controls
            and [*subject.graph] == [*self._graph]
            and subject.mains == self.subject.mains
        )
        if not is_same_page:
            self._send({"type": "reload", "title": subject.title})
            return
        before, self.subject, self._settable = self._graph, subject, settable
        self._leave(before)
        self._graph = self._opened(subject)
        self._graph.set(self._values)
        self._graph.bound.look_at(*self._graph)

    def close(self, reason: str = "closing") -> None:
        """End it, and what only it wants; may be called twice."""
        self._send({"type": "gone", "reason": reason})
        self._leave(self._graph)

    def _opened(self, subject: Subject) -> Graph:
        graph = subject.graph.sibling(lends=True)  # a page only looks at values
        self._painter = Painter(self._paint)
        self._draw_graph = Pace(self._send_graph)
        self._end = graph.subscribe(self._hear)
        return graph

    def _leave(self, graph: Graph) -> None:
        self._end()
        self._draw_graph.end()
        graph.close()

    def _set(self, asked: Asked) -> None:
        self._values = {n: one for n, one in self._values.items() if n not in asked.defaults}
        self._values |= asked.values
        if asked.defaults:
            self._graph.reset(*asked.defaults)
        if asked.values:
            self._graph.set(asked.values)
        right = self._refused & (asked.values.keys() | set(asked.defaults))
        self._refused = (self._refused - right) | asked.problems.keys()
        if asked.problems or right:
            problems = dict.fromkeys(right, "") | asked.problems
            self._send({"type": "refused", "seq": self._seq, "problems": problems})

    # ------------------------------------------------------------ on threads of the graph

    def _hear(self, notice: Notice) -> None:
        if isinstance(notice, Published):
            self._awaited -= notice.results.keys()
        elif isinstance(notice, NodeMoved):
            if notice.state != "fresh":
                self._awaited.add(notice.name)
            self._draw_graph.ask()
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
            before = told.get(name) or self._statuses.get(name)
            if before is not None:
                told[name] = before.metered(name, news.progress)
        new = {name: one for name, one in told.items() if self._statuses.get(name) != one}
        self._statuses |= new
        if new:
            written = {name: _written(one) for name, one in new.items()}
            self._send({"type": "states", "cards": written})

    def _status(self, moved: NodeMoved) -> Status:
        if moved.state == "fresh" and moved.name in self._awaited:
            return Status(state="queued", reason=_TOGETHER)
        return Status(state=moved.state, reason=moved.reason)

    def _show(self, results: Mapping[str, Result]) -> None:
        cards = {}
        for name, result in results.items():
            if result.key is not None and self._shown.get(name) == result.key:
                continue
            drawing = self._drawings.of(name, result, notebook_of(self._graph, name))
            self._shown[name] = drawing.key
            cards[name] = {
                "html": drawing.html,
                "key": drawing.key,
                "formats": list(drawing.formats),
                "note": drawing.note,
            }
        self._send({"type": "show", "seq": self._seq, "cards": cards})

    def _send_graph(self) -> None:
        if len(self._graph) > 1:
            try:
                self._send({"type": "graph", "svg": self._graph.to_svg()})
            except EngineError:  # it has just been closed
                return


def notebook_of(graph: Graph, name: str) -> Notebook | None:
    """Return a node's notebook; None for a function."""
    body = graph.assembly.members[name].body
    return body if isinstance(body, Notebook) else None


def _written(status: Status) -> Message:
    plain = asdict(status)
    plain["progress"] = plain.pop("progress_text")
    return plain
