"""Nodes being brought up to date: values go in, notices and Results come out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Self, TypeAlias

from nbnodes.engines.engine import Progress
from nbnodes.engines.reporter import INTERVAL_S
from nbnodes.errors import EngineError, NbnodesError, ParameterError, RunCancelledError
from nbnodes.graph.assembly import Assembly
from nbnodes.live.node_runs import NodeRuns, Upkeep
from nbnodes.live.notices import NodeMoved, Notice, Published
from nbnodes.live.tally import Tally
from nbnodes.result import CallError, Failure, Result
from nbnodes.scheduler import protocol as p
from nbnodes.scheduler.board import ENDED
from nbnodes.scheduler.driver import Driver
from nbnodes.scheduler.protocol import WHOLE, Answer, Standing
from nbnodes.scheduler.state import Scheduler
from nbnodes.session import Session

_BURST = 100  # so often in a row is told how far all is; then, as often as somebody sees it

OwnOrRefused: TypeAlias = Mapping[str, Any] | ParameterError
"""A node's own values, or why it cannot run with them."""


class Updates:
    """A scheduler at work for one graph. Safe from several threads.

    Args:
        assembly: The graph, or the part of it that may be needed.
        session: Where its nodes run.
        workers: How many may run at once.
        notify: Hears what happens, on a thread of this; must not raise, nor wait for this.
        upkeep: Whether values go on changing.
        lends: Whether Results are given out as they are kept; see `NodeRuns`.
    """

    def __init__(
        self,
        assembly: Assembly,
        session: Session,
        *,
        workers: int,
        notify: Callable[[Notice], None] | None = None,
        upkeep: Upkeep = "once",
        lends: bool = False,
    ) -> None:
        self._assembly = assembly
        self._notify = notify
        self._runs = NodeRuns(
            assembly,
            session,
            on_moved=self._on_moved,
            on_publish=self._on_publish,
            on_progress=self._on_progress,
            upkeep=upkeep,
            lends=lends,
        )
        feeds = {
            name: tuple((w, f.source, f.part or WHOLE) for w, f in member.feeds.items())
            for name, member in assembly.members.items()
        }
        traits = {name: self._runs.traits(name) for name in assembly.members}
        self._scheduler = Scheduler(assembly.dag, feeds, workers=workers, traits=traits)
        self._lock = threading.Lock()
        self._tally = Tally(workers, self._runs.expected_s)
        self._progress_due_at = 0.0
        self._is_progress_late = False
        self._published = Published(revision=0, results={})
        self._published_answers: dict[str, Answer | None] = {}
        self.upkeep: Upkeep = upkeep
        self._is_live = upkeep != "once"
        self._driver = Driver(self._scheduler, self._runs)

    @property
    def published(self) -> Published:
        """What was settled last: Results of one revision."""
        return self._published

    def set(
        self,
        values: Mapping[str, OwnOrRefused] | Callable[[], Mapping[str, OwnOrRefused]],
        reasons: Mapping[str, str] | None = None,
    ) -> None:
        """Give nodes their own values, all at once; soon.

        Args:
            values: For each node its values, or why it cannot run with them; or what says so when
                they are needed, on a thread of this.
            reasons: What changed at each node, in words.
        """

        def apply() -> None:
            given = values() if callable(values) else values
            tokens = {name: self._token(name, own) for name, own in given.items()}
            if self._is_live and self._scheduler.revision:
                self._runs.note_change(self._assembly.dag.descendants(tokens))
            self._driver.tell_now(p.Changed(tokens, reasons or {}))

        self._driver.do(apply)

    def _token(self, name: str, own: OwnOrRefused) -> str:
        if isinstance(own, ParameterError):
            return self._runs.refuse(name, own)
        return self._runs.token(name, own)

    def watch(self, names: Iterable[str]) -> None:
        """Keep nodes up to date from now on."""
        self._driver.tell(p.Wanted(tuple(names)))

    def watched(self) -> dict[str, int]:
        """Return the nodes that are watched, and how many times.

        Raises:
            EngineError: If this is closed.
        """
        return self._driver.ask(lambda: self._scheduler.board.times_wanted)

    def unwatch(self, names: Iterable[str]) -> None:
        """Undo one `watch` of each of these."""
        self._driver.tell(p.Unwanted(tuple(names)))

    def refresh(self, names: Iterable[str]) -> None:
        """Bring nodes up to date that are run by hand, have failed or were stopped.

        One that may give another value each time runs again.
        """
        names = tuple(names)
        traits = self._runs.traits
        volatile = tuple(name for name in names if traits(name).is_volatile)
        if volatile:
            self._driver.tell(p.Lost(volatile))
        self._driver.tell(p.Retried(names))

    def cancel(self, names: Iterable[str] | None = None) -> None:
        """Stop nodes that are not settled; None: all of them."""
        self._driver.tell(p.Cancelled(None if names is None else tuple(names)))

    def settle(self, timeout_s: float | None = None) -> None:
        """Wait until all that is watched is settled.

        Raises:
            TimeoutError: If it is not by then.
            RunCancelledError: If this was closed meanwhile.
        """
        self._driver.settled(lambda: None).result(timeout=timeout_s)

    def standings(self) -> dict[str, Standing]:
        """Return where every node stands."""
        nodes = self._scheduler.board.nodes
        return self._driver.ask(lambda: {name: node.standing for name, node in nodes.items()})

    def result_of(self, name: str) -> Result:
        """Return the Result of a node that is watched, once it is settled.

        Raises:
            EngineError: If the machine failed, or somebody stopped it.
            ParameterError: If it cannot run with a value that another node gave.
        """
        while True:
            outcome = self._driver.settled(lambda: self._outcome(name)).result()
            if isinstance(outcome, NbnodesError):
                raise outcome
            if outcome is not None:
                return outcome
            self._driver.tell(p.Lost((name,)))

    def close(self) -> None:
        """Stop what runs; may be called twice."""
        self._driver.do(self._tell_late_progress)
        self._driver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()

    def _outcome(self, name: str) -> Result | NbnodesError | None:
        """Return what came of a node; None if its value is not kept any more."""
        answer = self._scheduler.answer(name)
        if answer is not None:
            return self._runs.result(name, answer)
        above = self._assembly.dag.ancestors([name])
        for one in self._assembly.dag.order:
            standing = self._scheduler.standing(one)
            if one in above and standing.state == "failed":
                failed = self._runs.refusal(one) or self._runs.failures.get(
                    self._scheduler.failed_key(one)
                )
                return failed or EngineError(f"{one}: {standing.reason}")
        standing = self._scheduler.standing(name)
        return RunCancelledError(f"{name} is {standing.state}: {standing.reason}")

    # ------------------------------------------------------------ on the driver's thread

    def _on_moved(self, names: list[str]) -> None:
        for name in names:
            standing = self._scheduler.standing(name)
            if self._notify is not None:
                self._tally.move(
                    name,
                    has_ended=standing.state in ENDED,
                    is_asked=self._scheduler.is_asked(name),
                    is_running=standing.state == "running",
                )
                self._notify(
                    NodeMoved(
                        name=name,
                        state=standing.state,
                        reason=standing.reason,
                        revision=self._scheduler.revision,
                    )
                )
        self._tell_progress()

    def _on_progress(self, name: str, progress: Progress) -> None:
        def note() -> None:
            if self._tally.note(name, progress):
                self._tell_progress()

        if self._notify is not None:
            self._driver.do(note)

    def _tell_progress(self) -> None:
        """Tell how far all is: now, or soon where much has been told; the last always."""
        if self._notify is None or self._is_progress_late:
            return
        now = time.monotonic()
        self._progress_due_at = max(self._progress_due_at, now - _BURST * INTERVAL_S)
        wait_s = self._progress_due_at - now
        self._is_progress_late = True
        if wait_s > 0:
            self._driver.later(wait_s, self._tell_late_progress)
        else:
            self._tell_late_progress()

    def _tell_late_progress(self) -> None:
        if self._notify is not None and self._is_progress_late:
            self._is_progress_late = False
            self._progress_due_at += INTERVAL_S
            self._notify(self._tally.progress())

    def _on_publish(self, revision: int) -> p.Lost | None:
        if not self._is_live:
            return None
        results: dict[str, Result] = {}
        answers: dict[str, Answer | None] = {}
        for name in self._scheduler.board.wanted:
            if self._scheduler.standing(name).state not in ("fresh", "failed"):
                continue
            answers[name] = answer = self._scheduler.answer(name)
            if answer is not None and answer == self._published_answers.get(name):
                results[name] = self._published.results[name]  # a value may be large to copy
                continue
            outcome = self._outcome(name)
            if outcome is None:
                return p.Lost((name,))
            if isinstance(outcome, NbnodesError):
                outcome = _as_failure(name, outcome)
            results[name] = outcome
        self._published = Published(revision=revision, results=results)
        self._published_answers = answers
        if self._notify is not None:
            self._notify(self._published)
        return None


def _as_failure(name: str, error: NbnodesError) -> Failure:
    """Tell of the machine's failure as a value, where it stands beside other Results."""
    raised = CallError(ename=type(error).__name__, evalue=str(error))
    return Failure(name=name, engine="", error=raised)
