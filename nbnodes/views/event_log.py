"""What a graph tells of becomes lines, the latest at the end."""

from __future__ import annotations

import datetime
import threading
from collections import deque
from contextlib import ExitStack
from typing import Any, ClassVar

import anywidget
import ipywidgets
import traitlets

from nbnodes.graph.drawing.measure import one_line
from nbnodes.live.graph import Graph
from nbnodes.live.notices import NodeMoved, Notice, Published
from nbnodes.live.pace import Pace
from nbnodes.views.look import script, styles

_MOST = 500  # lines
_WIDEST = 24  # columns for a node's name


class EventLog(ipywidgets.VBox):
    """Shows every step of a graph's nodes, as `debug=True` asks for. It follows until it is closed.

    Args:
        graph: The graph.
    """

    def __init__(self, graph: Graph, **values: Any) -> None:
        self._ends = ExitStack()  # what closing it ends
        self._pace = Pace(self._show)
        self._kept: deque[str] = deque(maxlen=_MOST)
        self._count = 0  # lines there have been
        self._lock = threading.Lock()
        self._shown = _Lines(label=f"Events of {graph.name}")
        self._room = min(max(map(len, graph), default=0), _WIDEST)
        clear = ipywidgets.Button(description="clear debug", tooltip="Remove these lines")
        clear.on_click(lambda _: self.clear())
        super().__init__([self._shown, clear], **values)
        self._ends.callback(self._pace.end)
        self._ends.callback(graph.subscribe(self._on_notice))

    @property
    def lines(self) -> tuple[str, ...]:
        """The latest 500 lines."""
        with self._lock:
            return tuple(self._kept)

    def clear(self) -> None:
        """Remove all lines."""
        with self._lock:
            self._kept.clear()
        self._pace.ask()

    def close(self) -> None:
        """Follow the graph no more, and vanish; may be called twice."""
        self._ends.close()
        for child in self.children:
            child.close()
        super().close()

    def _on_notice(self, notice: Notice) -> None:
        told = self._told(notice)
        if told:
            now = datetime.datetime.now().astimezone().strftime("%H:%M:%S.%f")[:-3]
            with self._lock:
                self._kept.append(f"{now}  {told}")
                self._count += 1
            self._pace.ask()

    def _told(self, notice: Notice) -> str:
        match notice:
            case NodeMoved():
                name = one_line(notice.name)
                return f"{name:<{self._room}}  {notice.state:<9}  {one_line(notice.reason)}"
            case Published():
                count = len(notice.results)
                results = "1 result" if count == 1 else f"{count} results"
                return f"revision {notice.revision} is settled: {results}"
            case _:
                return ""

    def _show(self) -> None:
        with self._lock:
            kept, count = list(self._kept), self._count
        self._shown.lines = [count - len(kept), kept]


class _Lines(anywidget.AnyWidget):
    """A text that is read at its end.

    Attributes:
        lines: The number of the first line, and the lines.
    """

    _esm: ClassVar[str] = script("event_log.js")
    _css: ClassVar[str] = styles("event_log.css")

    label = traitlets.Unicode().tag(sync=True)
    lines = traitlets.List([0, []]).tag(sync=True)

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.add_class("nbnodes-events")
        self.layout.width = "auto"
