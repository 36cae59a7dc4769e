"""A live Graph bound to widgets: what they say goes in, what its nodes give is painted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Literal, TypeAlias

import ipywidgets

from nbnodes.errors import UsageError
from nbnodes.graph.node import WidgetTrait
from nbnodes.live.graph import Graph
from nbnodes.live.notices import GraphProgress, NodeMoved, Notice, Published
from nbnodes.live.painter import CALM_S, SLOW_CALM_S, News, Painter
from nbnodes.live.status import Status
from nbnodes.scheduler.protocol import State
from nbnodes.views.routes import answer_beside_cells
from nbnodes.views.screen import Screen
from nbnodes.views.screens import Screens
from nbnodes.views.withheld import Withheld

Mode: TypeAlias = Literal["auto", "lazy", "manual"]
MODES: tuple[Mode, ...] = ("auto", "lazy", "manual")

_SLOW_S = 0.05  # of a run, which cannot end before it is told of
_TOGETHER = "computed, shown together with the others"
_PRESS_RUN = "changed, press Run"
_WHEN_ASKED = "it runs when asked for"
_CLOSED = "its graph is closed"


class Binding:
    """What a Graph's views share. Safe from any thread: observers only leave a message.

    Args:
        graph: The graph.
        mode: "auto": nodes run when anything changes; "lazy": a node runs when told to; "manual":
            and nothing changes either before it is.

    Attributes:
        screens: Where nodes are shown.
        withheld: What has changed and does not hold yet.
        controls: Widgets that were made for parameters, by node and parameter; closed with it.

    Raises:
        UsageError: If there is no such mode.
    """

    def __init__(self, graph: Graph, mode: Mode = "auto") -> None:
        if mode not in MODES:
            raise UsageError(f"mode={mode!r}: expected one of {', '.join(MODES)}")
        self.graph = graph
        self.mode: Mode = mode
        self.screens = Screens()
        self.withheld = Withheld()
        self.controls: dict[str, dict[str, WidgetTrait]] = {}
        self._lock = threading.Lock()
        self._is_closed = False
        self._awaited: set[str] = set()  # nodes whose latest value is not shown yet
        self._moved: dict[str, NodeMoved] = {}
        self._watched: set[str] = set()
        self._asked: set[str] = set()  # lazy nodes that somebody waits for
        self._overtaken: dict[str, str] = {}  # nodes below what is withheld, and what that is
        self._observed: list[tuple[Any, Callable[[Any], None], str]] = []
        self._painter = Painter(self._paint)
        self._forget = graph.subscribe(self._hear)
        for node in graph.nodes.values():
            node.shown_in = graph
        answer_beside_cells()
        self._follow(graph.bound.widgets())

    @classmethod
    def of(cls, graph: Graph, mode: Mode | None = None) -> Binding:
        """Return a graph's binding, made when first asked for.

        Raises:
            UsageError: If it has one in another mode.
        """
        with _making:
            found: Binding | None = graph.attached.get(cls)
            if found is None or found.is_closed:
                if found is not None:
                    found.close()
                found = graph.attached[cls] = cls(graph, mode or "auto")
        if mode is not None and found.mode != mode:
            text = f"{graph.name} is shown in mode {found.mode!r} already, not {mode!r}"
            raise UsageError(f"{text}: close that view, or make another Graph")
        return found

    @property
    def is_closed(self) -> bool:
        """Whether it has ended, or its graph while it showed something."""
        has_lost = bool(self._watched) and not self.graph.bound.is_live
        return self._is_closed or has_lost

    def connect(self, controls: Mapping[str, Mapping[str, WidgetTrait]]) -> None:
        """Have widgets that were made for parameters feed these, and follow them."""
        for node, traits in controls.items():
            self.controls.setdefault(node, {}).update(traits)
        self.graph.bound.connect(controls)
        self._follow(controls)

    def show(self, name: str, screen: Screen) -> None:
        """Show a node on a screen and keep it up to date."""
        if not self.screens.add(name, screen):
            return
        if self._is_lazy(name):
            self._say(name, "stale", _WHEN_ASKED)
        else:
            self._watched.add(name)
            self.graph.bound.look_at(name, by_hand=self.mode != "auto")

    def hide(self, name: str, screen: Screen) -> None:
        """Show a node there no more; with the last screen of all, all of it ends."""
        if self.screens.remove(name, screen):
            if name in self._watched:
                self._watched.discard(name)
                self._unwatch(name)
            self.close_unused()

    def run(self, *names: str) -> None:
        """Bring nodes up to date, with all that they need; default: all that are shown."""
        chosen = names or self.screens.names
        self._release()
        lazy = {name for name in chosen if self._is_lazy(name)} - self._asked
        self._asked |= lazy
        for name in lazy:
            self.graph.bound.look_at(name)
        if chosen:
            self.graph.refresh(*sorted(self.graph.assembly.dag.ancestors(chosen)))

    def cancel(self, *names: str) -> None:
        """Stop nodes, with all that they alone need."""
        ancestors = self.graph.assembly.dag.ancestors
        others = [name for name in self.screens.names if name not in names]
        self.graph.cancel(*sorted(ancestors(names) - ancestors(others) | {*names}))

    def close_unused(self) -> None:
        """Close it if nothing is shown."""
        if not self.screens.names:
            self.close()

    def close(self) -> None:
        """Follow and paint nothing any more; may be called twice.

        What nobody else watches stops.
        """
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            observed, self._observed = self._observed, []
        self._forget()
        for widget, observer, trait in observed:
            widget.unobserve(observer, trait)
        self._unwatch(*self._watched)
        self._watched.clear()
        self.screens.clear()
        self.graph.bound.disconnect(self.controls)
        self.graph.bound.rest()
        for traits in self.controls.values():
            for control in traits.values():
                if isinstance(control.widget, ipywidgets.Widget):
                    control.widget.close()

    def _unwatch(self, *names: str) -> None:
        if names and self.graph.bound.is_live:
            self.graph.unwatch(*names)

    def _is_lazy(self, name: str) -> bool:
        is_lazy = self.graph.assembly.members[name].options.trigger == "lazy"
        return is_lazy and self.mode == "auto"

    # ------------------------------------------------------------ what is said

    def _follow(self, widgets: Mapping[str, Mapping[str, WidgetTrait]]) -> None:
        """Observe widgets that feed nodes; each of them for all that it feeds."""
        fed: dict[tuple[int, str], tuple[WidgetTrait, dict[str, set[str]]]] = {}
        for node, traits in widgets.items():
            for parameter, trait in traits.items():
                _, users = fed.setdefault((id(trait.widget), trait.trait), (trait, {}))
                users.setdefault(node, set()).add(parameter)
        for trait, users in fed.values():
            observer = partial(self._on_change, users)
            trait.widget.observe(observer, trait.trait)
            self._observed.append((trait.widget, observer, trait.trait))

    def _on_change(self, users: Mapping[str, Iterable[str]], _: Any) -> None:
        if self.mode != "manual":
            self.graph.bound.follow_widgets(users)
            if not self.graph.bound.is_live:
                for name in self.graph.assembly.dag.descendants(users):
                    self._say(name, "stale", _CLOSED)
            return
        self.withheld.add(users)
        what = ", ".join(sorted({one for parameters in users.values() for one in parameters}))
        below = self.graph.assembly.dag.descendants(users)
        self._overtaken |= dict.fromkeys(below, f"{what} {_PRESS_RUN}")
        for name in below:
            self._say(name, "stale", "")

    def _release(self) -> None:
        """Let what widgets said hold."""
        changed = self.withheld.taken()
        self._overtaken = {}
        if changed:
            self.graph.bound.follow_widgets(changed)
            standings = self.graph.states()  # some may stand where they stood: no notice comes
            for name in self.graph.assembly.dag.descendants(changed):
                self._say(name, standings[name].state, standings[name].reason)

    # ------------------------------------------------------------ what is shown

    def _hear(self, notice: Notice) -> None:
        """Take a notice, on the graph's own thread and thus in order."""
        calm_s = CALM_S
        if isinstance(notice, Published):
            self._awaited -= notice.results.keys()
            answered = self._asked & notice.results.keys()
            self._asked -= answered
            if answered:
                self.graph.unwatch(*answered)
        elif isinstance(notice, NodeMoved):
            if notice.state != "fresh":
                self._awaited.add(notice.name)
            shown_now = self.screens.result(notice.name)
            if shown_now is not None and shown_now.duration_s >= _SLOW_S:
                calm_s = SLOW_CALM_S
        self._painter.hear(notice, calm_s=calm_s)

    def _paint(self, news: News) -> None:
        results = {} if news.published is None else news.published.results
        for name, result in results.items():
            self.screens.show_result(name, result)
        self._moved |= news.moved
        for name in {*news.moved, *results} & self._moved.keys():
            moved = self._moved[name]
            self._say(name, moved.state, moved.reason, news.progress)
        if news.progress is not None:
            for name in news.progress.running:
                status = self.screens.status(name)
                if status is not None:
                    self.screens.show_status(name, status.metered(name, news.progress))

    def _say(
        self, name: str, state: State, reason: str, progress: GraphProgress | None = None
    ) -> None:
        if state == "fresh" and name in self._awaited:
            state, reason = "queued", _TOGETHER
        if state == "stale" and self._is_lazy(name) and name not in self._asked:
            reason = _WHEN_ASKED
        if state in ("fresh", "queued", "stale") and name in self._overtaken:
            state, reason = "stale", self._overtaken[name]
        self.screens.show_status(name, Status(state=state, reason=reason).metered(name, progress))


_making = threading.Lock()
