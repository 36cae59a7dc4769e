"""Instructions become deeds and their outcome events: one thread decides, others run."""

from __future__ import annotations

import heapq
import itertools
import queue
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import Any, Protocol, TypeVar

from nbnodes.engines.engine import CancelToken
from nbnodes.engines.threads import at_exit
from nbnodes.errors import EngineError, RunCancelledError
from nbnodes.scheduler import protocol as p
from nbnodes.scheduler.protocol import Answer
from nbnodes.scheduler.state import Scheduler
from nbnodes.scheduler.threads import RunThreads

T = TypeVar("T")

STOP_S = 0.12
"""What an interrupted run may take to end; then another takes its worker, and it ends unseen."""


class Performer(Protocol):
    """Does what the scheduler asks for. `run` is called on threads of its own."""

    def recall(self, name: str, deep: str) -> Answer | None:
        """Return what is remembered under a node's deep key."""

    def locate(self, name: str, deep: str, parents: Mapping[str, Answer]) -> p.Located | p.Refused:
        """Find a node's content key, and what is remembered under it."""

    def delay_s(self, name: str) -> float:
        """Return how long to wait before a node runs, in case its inputs go on changing."""

    def limit_s(self, name: str) -> float:
        """Return how long a node may run before it is stopped from here; 0: as long as it likes."""

    def expired(self, name: str, key: str) -> p.RanBadly:
        """Say of a run that it was stopped because it took too long."""

    def run(
        self, name: str, key: str, cancel: CancelToken
    ) -> p.Ran | p.RanBadly | p.Stopped | p.Lost:
        """Run a node; must not raise."""

    def moved(self, names: list[str]) -> None:
        """Hear which nodes stand elsewhere now; must not raise."""

    def publish(self, revision: int) -> p.Lost | None:
        """Show what is settled; return what was lost instead, if anything was."""


class Driver:
    """Runs a Scheduler. Every method may be called from any thread.

    Args:
        scheduler: The scheduler; nobody else may tell it anything.
        performer: Does what it asks for.
    """

    def __init__(self, scheduler: Scheduler, performer: Performer) -> None:
        self._scheduler = scheduler
        self._performer = performer
        self._messages: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._cancels: dict[str, tuple[int, CancelToken]] = {}
        self._begun: set[int] = set()
        self._expired: dict[int, str] = {}  # runs that took too long, and their nodes
        self._threads = RunThreads()
        self._waiting: list[tuple[Future[Any], Callable[[], Any]]] = []
        self._lock = threading.Lock()
        self._promises: set[Future[Any]] = set()
        self._end_error: EngineError | None = None
        self._thread = threading.Thread(target=self._work, name="nbnodes-graph", daemon=True)
        self._thread.start()
        self._forget_exit = at_exit(self.close)

    def tell(self, event: p.Event) -> None:
        """Tell the scheduler of an event, soon."""
        self.do(lambda: self._handle(event))

    def tell_now(self, event: p.Event) -> None:
        """Tell the scheduler of an event; to be called on the thread that decides."""
        self._handle(event)

    def do(self, work: Callable[[], None]) -> None:
        """Do something on the thread that decides, soon; nothing once this is closed.

        Raises:
            EngineError: If it has broken down.
        """
        if self._end_error is not None and not isinstance(self._end_error, RunCancelledError):
            raise self._end_error
        self._messages.put(work)

    def ask(self, question: Callable[[], T]) -> T:
        """Return what a question says on the thread that decides, where nothing moves meanwhile.

        Raises:
            EngineError: If this is closed.
        """
        if threading.current_thread() is self._thread:
            return question()
        future: Future[T] = Future()
        self._promise(future)

        self.do(lambda: _answer(future, question))
        return future.result()

    def later(self, delay_s: float, work: Callable[[], None]) -> None:
        """Do something after a while; to be called on the thread that decides."""
        heapq.heappush(self._later, (time.monotonic() + delay_s, next(self._numbers), work))

    def settled(self, question: Callable[[], T]) -> Future[T]:
        """Return a future of what a question says when all that is looked at is settled.

        It raises an EngineError if this is closed before.
        """
        future: Future[T] = Future()
        self._promise(future)

        def note() -> None:
            self._waiting.append((future, question))
            self._release_waiting()

        self.do(note)
        return future

    def close(self) -> None:
        """Interrupt what runs and decide nothing any more; may be called twice."""
        self._messages.put(None)
        if threading.current_thread() is not self._thread:
            self._thread.join()
        self._forget_exit()

    def _work(self) -> None:
        error: EngineError = RunCancelledError("the graph was closed")
        try:
            while message := self._next():
                message()
        except BaseException as broken:
            # ours, or a listener's: who waits must hear of it instead of waiting
            error = EngineError(f"the graph cannot go on: {type(broken).__name__}: {broken}")
            raise
        finally:
            self._threads.close()
            for _, cancel in self._cancels.values():
                cancel.cancel()
            with self._lock:
                self._end_error = error
                promises, self._promises = self._promises, set()
            for promise in list(promises):  # each leaves the set when it is done
                _fail(promise, error)

    def _promise(self, future: Future[Any]) -> None:
        """Have a future fail when this ends before it is kept."""
        with self._lock:
            if self._end_error is None:
                self._promises.add(future)
        if self._end_error is None:
            future.add_done_callback(self._promises.discard)
        else:
            _fail(future, self._end_error)

    def _next(self) -> Callable[[], None] | None:
        """Return what to do next: what is due, else what was said first."""
        while True:
            now = time.monotonic()
            if self._later and self._later[0][0] <= now:
                return heapq.heappop(self._later)[2]
            wait_s = self._later[0][0] - now if self._later else None
            try:
                return self._messages.get(timeout=wait_s)
            except queue.Empty:
                continue

    def _handle(self, first: p.Event) -> None:
        events: list[p.Event] = [first]
        for event in events:  # grows as instructions are performed
            for instruction in self._scheduler.handle(event):
                reply = self._perform(instruction)
                if reply is not None:
                    events.append(reply)
        moved, self._scheduler.board.moved = self._scheduler.board.moved, []
        if moved:
            self._performer.moved(list(dict.fromkeys(moved)))
        self._release_waiting()

    def _perform(self, instruction: p.Instruction) -> p.Event | None:
        match instruction:
            case p.Recall(name, deep):
                return p.Recalled(name, deep, self._performer.recall(name, deep))
            case p.Locate(name, deep, parents):
                return self._performer.locate(name, deep, parents)
            case p.Run(name, key):
                self._start(name, key)
            case p.Interrupt(key):
                self._interrupt(key)
            case p.Publish(revision):
                return self._performer.publish(revision)
        return None

    def _start(self, name: str, key: str) -> None:
        number, cancel = next(self._numbers), CancelToken()
        self._cancels[key] = number, cancel

        def run() -> None:
            event = self._performer.run(name, key, cancel)
            self._messages.put(lambda: self._end(number, key, event))

        def start() -> None:
            if self._cancels.get(key) == (number, cancel):
                self._begun.add(number)
                self._threads.start(partial(copy_context().run, run))
                limit_s = self._performer.limit_s(name)
                if limit_s:
                    self.later(limit_s, expire)

        def expire() -> None:
            if self._cancels.get(key) == (number, cancel):
                self._expired[number] = name
                self._threads.start(cancel.cancel)
                self.later(STOP_S, lambda: self._end(number, key, p.Stopped(key)))

        delay_s = self._performer.delay_s(name)
        if delay_s > 0:
            self.later(delay_s, start)
        else:
            start()

    def _end(self, number: int, key: str, event: p.Event) -> None:
        """Tell of a run's end, unless it was given up before."""
        if self._cancels.get(key, (None, None))[0] == number:
            del self._cancels[key]
            self._begun.discard(number)
            late = self._expired.pop(number, None)
            self._handle(event if late is None else self._performer.expired(late, key))

    def _interrupt(self, key: str) -> None:
        number, cancel = self._cancels[key]
        if number not in self._begun:
            self._messages.put(lambda: self._end(number, key, p.Stopped(key)))
            return

        def stop() -> None:
            cancel.cancel()
            if cancel.is_outlived:  # there is no end to wait for
                self._messages.put(lambda: self._end(number, key, p.Stopped(key)))

        self.later(STOP_S, lambda: self._end(number, key, p.Stopped(key)))
        self._threads.start(stop)  # who is cancelled may take a while to hear it

    def _release_waiting(self) -> None:
        if self._scheduler.is_settled:
            waiting, self._waiting = self._waiting, []
            for future, question in waiting:
                if not future.done():
                    _answer(future, question)


def _answer(future: Future[T], question: Callable[[], T]) -> None:
    try:
        outcome = question()
    except Exception as error:  # noqa: BLE001  # it is the asker's
        future.set_exception(error)
    else:
        future.set_result(outcome)


def _fail(future: Future[Any], error: EngineError) -> None:
    with suppress(InvalidStateError):  # it was kept in the meantime
        future.set_exception(error)
