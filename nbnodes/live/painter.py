"""Notices of a graph come in as they happen; what is new goes to the screen, once and calmly."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from nbnodes.engines.reporter import INTERVAL_S
from nbnodes.live.notices import GraphProgress, NodeMoved, Notice, Published

_log = logging.getLogger("nbnodes")

CALM_S, SLOW_CALM_S = 0.015, 0.006
"""What settles within it, such as an answer from the cache, never shows as stale.

The longer one is for quick nodes; of slow ones only what is remembered can be there so soon.
"""

_TOGETHER_S = 0.002  # what is settled comes with notices of its own
_IDLE_S = 1.0  # then the thread ends


@dataclass(slots=True, kw_only=True)
class News:
    """What happened since the screen was painted, each thing as it is now.

    Attributes:
        moved: Nodes that stand elsewhere, by name.
        progress: How far the graph is.
        published: What is settled.
    """

    moved: dict[str, NodeMoved] = field(default_factory=dict)
    progress: GraphProgress | None = None
    published: Published | None = None


class Painter:
    """Paints on a thread of its own, which is there only while there is something to paint.

    Args:
        paint: Paints; what it raises is logged.
    """

    def __init__(self, paint: Callable[[News], None]) -> None:
        self._paint = paint
        self._condition = threading.Condition()
        self._news = News()
        self._due_at: float | None = None
        self._is_working = False

    def hear(self, notice: Notice, *, calm_s: float = CALM_S) -> None:
        """Take a notice; returns at once.

        Args:
            notice: It.
            calm_s: For how long a node that stands elsewhere is left as it is.
        """
        with self._condition:
            match notice:
                case NodeMoved():
                    self._news.moved[notice.name] = notice
                    self._wake(calm_s)
                case GraphProgress():
                    self._news.progress = notice
                    self._wake(INTERVAL_S)
                case Published():
                    self._news.published = notice
                    self._wake(_TOGETHER_S)

    def _wake(self, within_s: float) -> None:
        due_at = time.monotonic() + within_s
        if self._due_at is None or due_at < self._due_at:
            self._due_at = due_at
            self._condition.notify()
        if not self._is_working:
            self._is_working = True
            threading.Thread(target=self._work, name="nbnodes-painter", daemon=True).start()

    def _work(self) -> None:
        while (news := self._next()) is not None:
            try:
                self._paint(news)
            except BaseException:  # noqa: BLE001  # a widget that fails must not end the others
                _log.exception("a view could not be painted")

    def _next(self) -> News | None:
        """Wait for news that are due; None if there has been none for a while."""
        with self._condition:
            while True:
                if self._due_at is None:
                    if not self._condition.wait(_IDLE_S) and self._due_at is None:
                        self._is_working = False
                        return None
                    continue
                left_s = self._due_at - time.monotonic()
                if left_s <= 0:
                    news, self._news, self._due_at = self._news, News(), None
                    return news
                self._condition.wait(left_s)
