"""A live Graph bound to widgets: what they say goes in, what its nodes give is painted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Literal, TypeAlias

from nbnodes.errors import NbnodesError, UsageError
from nbnodes.graph.node import WidgetTrait
from nbnodes.live.graph import Graph
from nbnodes.live.notices import GraphProgress, NodeMoved, Notice, Published
from nbnodes.result import Result
from nbnodes.scheduler.protocol import State
from nbnodes.views.painter import CALM_S, SLOW_CALM_S, News, Painter
from nbnodes.views.routes import answer_beside_cells
from nbnodes.views.screen import Meter, Screen, Status
from nbnodes.views.shown import Outputs, shown

Mode: TypeAlias = Literal["auto", "lazy", "manual"]
MODES: tuple[Mode, ...] = ("auto", "lazy", "manual")

_SLOW_S = 0.05  # of a run, which cannot end before it is told of
_TOGETHER = "computed, shown together with the others"
_PRESS_RUN = "changed, press Run"


class Binding:
    """What a Graph's views share. Safe from any thread: observers only leave a message.

    Args:
        graph: The graph.
        mode: "auto": nodes run when anything changes; "lazy": a node runs when told to; "manual":
            and nothing changes either before `release`.

    Raises:
        UsageError: If there is no such mode.
    """

    def __init__(self, graph: Graph, mode: Mode = "auto") -> None:
        if mode not in MODES:
            raise UsageError(f"mode={mode!r}: expected one of {', '.join(MODES)}")
        self.graph = graph
        self.mode: Mode = mode
        self._lock = threading.RLock()
        self._screens: dict[str, list[Screen]] = {}
        self._statuses: dict[str, Status] = {}
        self._results: dict[str, tuple[Result, Outputs]] = {}
        self._awaited: set[str] = set()  # nodes whose latest value is not shown yet
        self._moved: dict[str, NodeMoved] = {}
        self._withheld: dict[str, set[str]] = {}
        self._observed: list[tuple[Any, Callable[[Any], None], str]] = []
        self._painter = Painter(self._paint)
        self._forget = graph.subscribe(self._hear)
        self._withheld_listeners: list[Callable[[bool], None]] = []
        for node in graph.nodes.values():
            node.shown_in = graph
        answer_beside_cells()
        self.follow(graph.widgets)

    @classmethod
    def of(cls, graph: Graph, mode: Mode | None = None) -> Binding:
        """Return a graph's binding, made when first asked for.

        Raises:
            UsageError: If it has one in another mode.
        """
        found = graph.attached.get(cls)
        if found is None or found.is_closed:
            found = graph.attached[cls] = cls(graph, mode or "auto")
        if mode is not None and found.mode != mode:
            text = f"{graph.name} is shown in mode {found.mode!r} already, not {mode!r}"
            raise UsageError(f"{text}: close that view, or make another Graph")
        return found

    @property
    def is_closed(self) -> bool:
        """Whether it has ended."""
        return self._forget is _nothing

    def follow(self, widgets: Mapping[str, Mapping[str, WidgetTrait]]) -> None:
        """Observe widgets that feed nodes; each of them for all that it feeds."""
        with self._lock:
            fed: dict[tuple[int, str], tuple[WidgetTrait, dict[str, set[str]]]] = {}
            for node, traits in widgets.items():
                for parameter, trait in traits.items():
                    _, users = fed.setdefault((id(trait.widget), trait.trait), (trait, {}))
                    users.setdefault(node, set()).add(parameter)
            for trait, users in fed.values():
                observer = partial(self._on_change, users)
                trait.widget.observe(observer, trait.trait)
                self._observed.append((trait.widget, observer, trait.trait))

    def connect(self, widgets: Mapping[str, Mapping[str, WidgetTrait]]) -> None:
        """Have more widgets feed nodes, and follow them."""
        self.graph.connect(widgets)
        self.follow(widgets)

    def show(self, name: str, screen: Screen) -> None:
        """Show a node on a screen and keep it up to date."""
        with self._lock:
            screens = self._screens.setdefault(name, [])
            screens.append(screen)
            if len(screens) > 1:
                self._catch_up(name, screen)
                return
        try:
            watch = self.graph.watch if self.mode == "auto" else self.graph.watch_by_hand
            watch(name)
        except NbnodesError as error:
            self._set_status(name, Status(state="failed", reason=str(error)))

    def hide(self, name: str, screen: Screen) -> None:
        """Show a node there no more; with the last screen of all, all of it ends."""
        with self._lock:
            screens = self._screens.get(name, [])
            if screen not in screens:
                return
            screens.remove(screen)
            if screens:
                return
            del self._screens[name]
            is_last = not self._screens
        if is_last:
            self.close()
        else:
            self.graph.unwatch(name)

    def run(self, *names: str) -> None:
        """Bring nodes up to date, with all that they need; default: all that are shown."""
        chosen = names or tuple(self._screens)
        self.release()
        self.graph.refresh(*sorted(self.graph.assembly.dag.ancestors(chosen)))

    def cancel(self, *names: str) -> None:
        """Stop nodes, with all that they need; default: all."""
        self.graph.cancel(*sorted(self.graph.assembly.dag.ancestors(names)) if names else ())

    def release(self) -> None:
        """Let what widgets said hold."""
        with self._lock:
            withheld, self._withheld = self._withheld, {}
        if withheld:
            self._tell_withheld(False)
            self.graph.follow_widgets(withheld)
            standings = self.graph.states()  # some may stand where they stood: no notice comes
            for name in self.graph.assembly.dag.descendants(withheld):
                self._move(name, standings[name].state, standings[name].reason)

    def on_withheld(self, listener: Callable[[bool], None]) -> Callable[[], None]:
        """Tell a listener whether something is changed that does not hold yet.

        Returns:
            What ends it.
        """
        self._withheld_listeners.append(listener)
        return partial(self._withheld_listeners.remove, listener)

    def result(self, name: str) -> Result | None:
        """Return what is shown of a node; None for nothing."""
        found = self._results.get(name)
        return None if found is None else found[0]

    def close(self) -> None:
        """Follow and paint nothing any more, and have nothing run; may be called twice."""
        with self._lock:
            is_closed = self.is_closed
            self._forget()
            self._forget = _nothing
            observed, self._observed = self._observed, []
            self._screens = {}
        for widget, observer, trait in observed:
            widget.unobserve(observer, trait)
        if not is_closed:
            self.graph.close()

    # ------------------------------------------------------------ what is said

    def _on_change(self, users: Mapping[str, Iterable[str]], _: Any) -> None:
        if self.mode != "manual":
            self.graph.follow_widgets(users)
            return
        with self._lock:
            for node, parameters in users.items():
                self._withheld.setdefault(node, set()).update(parameters)
        self._tell_withheld(True)
        what = ", ".join(sorted({one for parameters in users.values() for one in parameters}))
        for name in self.graph.assembly.dag.descendants(users):
            self._set_status(name, Status(state="stale", reason=f"{what} {_PRESS_RUN}"))

    def _tell_withheld(self, is_withheld: bool) -> None:
        for listener in tuple(self._withheld_listeners):
            listener(is_withheld)

    # ------------------------------------------------------------ what is shown

    def _hear(self, notice: Notice) -> None:
        """Take a notice, on the graph's own thread and thus in order."""
        calm_s = CALM_S
        if isinstance(notice, Published):
            self._awaited -= notice.results.keys()
        elif isinstance(notice, NodeMoved):
            if notice.state != "fresh":
                self._awaited.add(notice.name)
            shown_now = self.result(notice.name)
            if shown_now is not None and shown_now.duration_s >= _SLOW_S:
                calm_s = SLOW_CALM_S
        self._painter.hear(notice, calm_s=calm_s)

    def _paint(self, news: News) -> None:
        with self._lock:
            results = {} if news.published is None else news.published.results
            for name, result in results.items():
                self._show_result(name, result)
            self._moved |= news.moved
            for name in {*news.moved, *results} & self._moved.keys():
                moved = self._moved[name]
                self._move(name, moved.state, moved.reason, news.progress)
            if news.progress is not None:
                for name in news.progress.running.keys() & self._statuses.keys():
                    self._set_status(name, _metered(self._statuses[name], name, news.progress))

    def _move(
        self, name: str, state: State, reason: str, progress: GraphProgress | None = None
    ) -> None:
        if state == "fresh" and name in self._awaited:
            self._set_status(name, Status(state="queued", reason=_TOGETHER))
        else:
            self._set_status(name, _metered(Status(state=state, reason=reason), name, progress))

    def _show_result(self, name: str, result: Result) -> None:
        known = self._results.get(name)
        if known is not None and known[0] is result:
            return
        outputs = shown(result) if self._screens.get(name) else ()
        self._results[name] = result, outputs
        for screen in self._screens.get(name, ()):
            screen.show_result(result, outputs)

    def _set_status(self, name: str, status: Status) -> None:
        with self._lock:
            if self._statuses.get(name) == status:
                return
            self._statuses[name] = status
            for screen in self._screens.get(name, ()):
                screen.show_status(status)

    def _catch_up(self, name: str, screen: Screen) -> None:
        if name in self._results:
            screen.show_result(*self._results[name])
        if name in self._statuses:
            screen.show_status(self._statuses[name])


def _metered(status: Status, name: str, progress: GraphProgress | None) -> Status:
    """Add to a running node's status how far it is."""
    if progress is None or status.state != "running" or name not in progress.running:
        return status
    meter = Meter.of(progress.running[name], progress.said.get(name))
    left_s = progress.left_s.get(name)
    return replace(
        status,
        fraction=meter.fraction,
        progress_text=meter.text,
        left_s=None if left_s is None else round(left_s, 1),  # no message for what nobody sees
    )


def _nothing() -> None:
    """Stand for a subscription that has ended."""
