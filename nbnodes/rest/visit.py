"""A Visit: one open page. What it sets goes in; states and Results for its cards come out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from nbnodes.rest.drawings import Drawings
from nbnodes.rest.setting import Asked
from nbnodes.rest.showing import Message, Seen, Showing
from nbnodes.rest.subject import Subject
from nbnodes.result import Result


class Visit:
    """One open page's values and live graph. Used on the event loop; any thread may close it.

    Args:
        subject: What the page shows.
        drawings: Draws Results.
        send: Takes messages for the page, on any thread; returns at once.
        end: Does what takes its time, such as to stop what runs, on another thread.
        count: Hears of each Result that is new on the page, by its endpoint.
        client: Who has the page open: an address.
    """

    def __init__(
        self,
        subject: Subject,
        drawings: Drawings,
        send: Callable[[Message], None],
        *,
        end: Callable[[Callable[[], object]], None],
        count: Callable[[str, Result], None] = lambda _name, _result: None,
        client: str = "",
    ) -> None:
        self.subject = subject
        self.client = client
        self._drawings, self._send, self._end = drawings, send, end
        self._count = count
        self._settable = subject.settable
        self._values: dict[str, Any] = {}
        self._refused: set[str] = set()
        self._showing = self._opened(Seen())

    def hello(self, values: Mapping[str, Any], shown: Mapping[str, Any]) -> None:
        """Take all that a page has: what its controls say, and what its cards show."""
        if values.keys() - self._settable.controls.keys():  # it was loaded before a restart
            self._send({"type": "reload", "title": self.subject.title})
            return
        showing = self._showing
        showing.seq = 0
        showing.seen = Seen(
            keys={name: str(key) for name, key in shown.items() if name in showing.graph}
        )
        self._set(self._settable.from_wire(values))
        showing.graph.bound.look_at(*showing.graph)
        showing.draw()

    def set(self, seq: int, values: Mapping[str, Any]) -> None:
        """Take what was changed."""
        self._showing.seq = seq
        before = self._values
        self._set(self._settable.from_wire(values))
        if self._values == before:  # nothing will move, and the page waits for an answer
            self._send({"type": "show", "seq": seq, "cards": {}})

    def run(self, names: Iterable[str]) -> None:
        """Run nodes again, or that are run by hand."""
        graph = self._showing.graph
        known = [name for name in names if name in graph]
        if known:
            graph.refresh(*known)

    def stop(self, names: Iterable[str]) -> None:
        """Stop nodes, and what they wait for."""
        graph = self._showing.graph
        known = [name for name in names if name in graph]
        if known:
            graph.cancel(*graph.assembly.dag.ancestors(known))

    def follow(self, subject: Subject) -> None:
        """Show the same subject as it is now that its notebooks were saved."""
        settable, before = subject.settable, self._showing
        is_same_page = (
            settable.controls == self._settable.controls
            and [*subject.graph] == [*before.graph]
            and subject.mains == self.subject.mains
        )
        if not is_same_page:
            self._send({"type": "reload", "title": subject.title})
            return
        self.subject, self._settable = subject, settable
        seen = before.end()
        self._end(before.graph.close)
        self._showing = self._opened(seen)
        self._showing.seq = before.seq
        graph = self._showing.graph
        graph.set(self._values)
        graph.bound.look_at(*graph)

    def close(self, reason: str = "closing") -> None:
        """End it, and what only it wants; may be called twice."""
        self._send({"type": "gone", "reason": reason})
        self._showing.end()
        self._end(self._showing.graph.close)

    def _opened(self, seen: Seen) -> Showing:
        graph = self.subject.graph.sibling(lends=True)  # a page only looks at values
        endpoints = self.subject.endpoints

        def count(node: str, result: Result) -> None:
            self._count(endpoints.get(node, node), result)

        return Showing(graph, self._drawings, self._send, seen, count=count)

    def _set(self, asked: Asked) -> None:
        showing = self._showing
        self._values = {n: one for n, one in self._values.items() if n not in asked.defaults}
        self._values |= asked.values
        if asked.defaults:
            showing.graph.reset(*asked.defaults)
        if asked.values:
            showing.graph.set(asked.values)
        right = self._refused & (asked.values.keys() | set(asked.defaults))
        self._refused = (self._refused - right) | asked.problems.keys()
        if asked.problems or right:
            problems = dict.fromkeys(right, "") | asked.problems
            self._send({"type": "refused", "seq": showing.seq, "problems": problems})
