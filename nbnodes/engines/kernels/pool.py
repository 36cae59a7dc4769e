"""Kernels that are ready before they are asked for: leased for one run, then killed or kept warm.

What takes time and nobody waits for (starting spares, burying killed kernels) is done by one
thread, which ends when there is nothing left to do. What goes wrong with a kernel there is logged,
and the others are tended all the same.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from nbnodes.engines.engine import RunRequest
from nbnodes.engines.guard import Guard
from nbnodes.engines.kernels.channels import Patience
from nbnodes.engines.kernels.kernelspec import Kernelspec
from nbnodes.engines.kernels.key import KernelKey
from nbnodes.engines.kernels.process import KernelProcess
from nbnodes.engines.kernels.ready import (
    Subscribe,
    UntilClosed,
    ask_to_forget,
    has_forgotten,
    started,
)
from nbnodes.engines.kernels.record import READY, RUNNING, WARM
from nbnodes.engines.loops import close_loop, with_own_loop
from nbnodes.errors import (
    KernelDiedError,
    KernelNotFoundError,
    NotBegunError,
    RunCancelledError,
    RunTimeoutError,
)

_SOON_S = 0.25  # a program with one run to make is over by then, and needs no spare
_AFTERWARDS_S = 0.03  # the run's caller is back at work by then, not slowed by ours
_FORGET_AFTER_S = 0.1  # the next run may come at once, and forgets the last one itself
_REMEMBERED_KEYS = 16

_LOGGER = logging.getLogger(__name__)
_LOGGER.addHandler(logging.NullHandler())  # nothing is printed in a program that has no handler


@dataclass(slots=True, kw_only=True, eq=False)
class _Waiting:
    """A kernel that waits for a run.

    Attributes:
        kernel: The kernel.
        key: What it started with.
        since: Monotonic time when it began to wait.
        asked: The request by which it forgets its last run; None before, or if it had none.
    """

    kernel: KernelProcess
    key: KernelKey
    since: float
    asked: str | None = None


class KernelPool:
    """Leases kernels. Safe from several threads.

    Args:
        spares: How many kernels wait for runs, per key; each serves one.
        keeps: Whether a kernel serves one run after another instead.
        limit: How many kernels there may be at once; further runs wait.
        idle_s: How long a kernel waits before it is killed.
    """

    def __init__(self, *, spares: int, keeps: bool, limit: int, idle_s: float) -> None:
        self._spares = 0 if keeps else spares
        self._keeps = keeps
        self._limit = limit
        self._idle_s = idle_s
        self._owner = os.getpid()
        self._changed = threading.Condition()
        self._patience = UntilClosed()
        self._leased = 0
        self._waiting: list[_Waiting] = []
        self._starting: Counter[KernelKey] = Counter()
        self._awaited: Counter[KernelKey] = Counter()  # of those that start
        self._wake_starting: Callable[[], None] = lambda: None
        self._due: dict[KernelKey, float] = {}  # monotonic time when a spare is to be started
        self._seen: deque[KernelKey] = deque(maxlen=_REMEMBERED_KEYS)
        self._killed: deque[tuple[float, KernelProcess]] = deque()  # when to see to its end
        self._thread: threading.Thread | None = None
        self._guard: Guard | None = None

    @property
    def waiting_pids(self) -> tuple[int, ...]:
        """The processes that wait for runs."""
        with self._changed:
            return tuple(one.kernel.pid for one in self._waiting)

    def await_waiting(self, count: int, timeout_s: float) -> bool:
        """Wait until that many kernels wait for runs; return whether they do."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._waiting) >= count, timeout_s)

    @contextmanager
    def lease(self, spec: Kernelspec, request: RunRequest) -> Iterator[KernelProcess]:
        """Give a block a kernel of its own, as one that was started now for this run.

        Raises:
            EngineError: If none can be started, or the run was interrupted.
        """
        key = KernelKey.of_now(spec, request.folder)
        kernel = self._taken(key, request)
        is_sound = False
        try:
            if kernel is None:
                kernel = self._started_for(request, key)
            else:
                request.cancel.on_cancel(kernel.channels.waker.wake)
            kernel.note(RUNNING, request.notebook.name)
            yield kernel
            is_sound = True
        except (RunCancelledError, RunTimeoutError, KeyboardInterrupt):
            if kernel:
                kernel.interrupt()
            raise
        finally:
            self._give_back(key, kernel, is_sound=is_sound)

    def close(self) -> None:
        """Kill the kernels that wait; a later run leaves none."""
        if os.getpid() != self._owner:
            return  # in a fork of this process: they are not its own
        with self._changed:
            self._patience.is_closed = True
            self._wake_starting()
            self._due.clear()
            for one in list(self._waiting):
                self._kill(one)
            thread = self._thread
            self._changed.notify_all()
        if thread and thread is not threading.current_thread():
            thread.join()
        with self._changed:
            self._dismiss_guard()

    # ------------------------------------------------------------ leases

    def _taken(self, key: KernelKey, request: RunRequest) -> KernelProcess | None:
        """Take a kernel that waits; None where one may be started."""
        while (found := self._found(key, request)) is not None:
            kernel, is_fit = found.kernel, False
            try:
                asked = found.asked
                if asked is None and kernel.channels.has_unawaited:
                    # cells behind the end of its last run: one could begin the next run
                    asked = ask_to_forget(kernel)
                is_fit = not asked or has_forgotten(kernel, asked, request)
            finally:
                if not is_fit:
                    self._give_back(key, kernel, is_sound=False)
            if is_fit:
                kernel.has_waited = True
                return kernel
        return None

    def _found(self, key: KernelKey, request: RunRequest) -> _Waiting | None:
        is_told = False
        with self._changed:
            while True:
                self._kill_unfit(key)
                fit = next((one for one in self._waiting if one.key == key), None)
                is_coming = self._starting[key] > self._awaited[key]
                if fit or (not is_coming and self._has_room()):
                    break
                error = request.interruption()
                if error:
                    raise error
                if not is_told:
                    request.cancel.on_cancel(self._tell)
                    is_told = True
                self._await_change(key, request.remaining_s, is_coming=is_coming)
            self._leased += 1
            if fit:
                self._waiting.remove(fit)
            return fit

    def _kill_unfit(self, key: KernelKey) -> None:
        """Kill what has died, and what would start otherwise now."""
        for one in list(self._waiting):
            if one.key.is_outdated_by(key) or not one.kernel.is_alive:
                self._kill(one)

    def _has_room(self) -> bool:
        """Whether one more kernel may be started, if need be in the place of one that waits."""
        if self._leased + len(self._waiting) + self._starting.total() < self._limit:
            return True
        if not self._waiting:
            return False
        self._kill(self._waiting[0])
        return True

    def _await_change(self, key: KernelKey, wait_s: float | None, *, is_coming: bool) -> None:
        self._awaited[key] += is_coming
        try:
            self._changed.wait(wait_s)
        finally:
            self._awaited[key] -= is_coming
            self._awaited = +self._awaited

    def _tell(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _give_back(self, key: KernelKey, kernel: KernelProcess | None, *, is_sound: bool) -> None:
        with self._changed:
            self._leased -= 1
            is_open = not self._patience.is_closed
            if kernel and is_sound and is_open and self._keeps and kernel.is_alive:
                self._wait(kernel, key)
            elif kernel:
                self._bury(kernel)
            if self._spares and is_open:
                now = time.monotonic()
                self._due[key] = now + (_AFTERWARDS_S if key in self._seen else _SOON_S)
                self._seen.append(key)
                self._have_thread()
            self._dismiss_guard()
            self._changed.notify_all()

    def _wait(self, kernel: KernelProcess, key: KernelKey) -> None:
        kernel.note(WARM if self._keeps else READY)
        since = time.monotonic()
        self._waiting.append(_Waiting(kernel=kernel, key=key, since=since))
        self._have_thread()

    def _kill(self, one: _Waiting) -> None:
        self._waiting.remove(one)
        self._bury(one.kernel)

    def _bury(self, kernel: KernelProcess) -> None:
        """Kill a kernel now; the thread waits for its end."""
        self._killed.append((time.monotonic() + _AFTERWARDS_S, kernel))
        self._have_thread()
        kernel.kill()

    def _started(self, key: KernelKey, patience: Patience, subscribe: Subscribe) -> KernelProcess:
        with self._changed:
            if self._guard is None:
                self._guard = Guard()
            guard = self._guard
        start = partial(started, key, patience, subscribe, keeps=self._keeps, guard=guard)
        return with_own_loop(start)

    def _started_for(self, request: RunRequest, key: KernelKey) -> KernelProcess:
        try:
            return self._started(key, request, request.cancel.on_cancel)
        except (KernelDiedError, KernelNotFoundError) as error:
            kind = NotBegunError if isinstance(error, KernelDiedError) else KernelNotFoundError
            advice = f"see whether `jupyter console --kernel {key.spec.name}` starts"
            raise kind(f"{request.notebook.name}: {error}; {advice}") from error

    def _dismiss_guard(self) -> None:
        """Let the guard end with the last kernel of a pool that is closed."""
        has_kernels = self._leased or self._thread
        if self._guard and self._patience.is_closed and not has_kernels:
            self._guard.close()
            self._guard = None

    # ------------------------------------------------------------ the thread

    def _have_thread(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._tend, name="nbnodes-kernels", daemon=True)
            self._thread.start()

    def _tend(self) -> None:
        from jupyter_core.utils import ensure_event_loop

        try:
            loop = ensure_event_loop()  # jupyter_client's, of this thread
            try:
                while job := self._next_job():
                    _do(job)
            finally:
                close_loop(loop)
        finally:
            self._leave()

    def _leave(self) -> None:
        """Let another thread take this one's place, however it ended."""
        with self._changed:
            if self._thread is threading.current_thread():
                self._thread = None

    def _next_job(self) -> Callable[[], None] | None:
        """Wait for something to do; None if nothing will come."""
        with self._changed:
            while True:
                self._tend_waiting(time.monotonic())
                if self._killed and self._is_time(self._killed[0][0]):
                    return self._killed.popleft()[1].close
                key = self._key_due(time.monotonic())
                if key:
                    self._starting[key] += 1
                    return partial(self._start_spare, key)
                times = [at for at, _ in self._killed]
                times += [*self._due.values(), *map(self._next_time, self._waiting)]
                if not times:
                    self._thread = None
                    self._dismiss_guard()
                    return None
                self._changed.wait(min(times) - time.monotonic())

    def _is_time(self, at: float) -> bool:
        return self._patience.is_closed or time.monotonic() >= at

    def _tend_waiting(self, now: float) -> None:
        for one in list(self._waiting):
            if now >= one.since + self._idle_s:
                self._kill(one)
            elif self._keeps and one.asked is None and now >= one.since + _FORGET_AFTER_S:
                self._ask_to_forget(one)

    def _ask_to_forget(self, one: _Waiting) -> None:
        try:
            one.asked = ask_to_forget(one.kernel) if one.key.spec.is_python else ""
        except Exception:
            _LOGGER.warning("a kernel that cannot be asked is ended", exc_info=True)
            self._kill(one)

    def _next_time(self, one: _Waiting) -> float:
        is_to_forget = self._keeps and one.asked is None
        return one.since + (_FORGET_AFTER_S if is_to_forget else self._idle_s)

    def _key_due(self, now: float) -> KernelKey | None:
        """Return what a spare is to be started for."""
        for key in [key for key, at in self._due.items() if now >= at]:
            del self._due[key]
            if self._is_short_of(key):
                return key
        return None

    def _is_short_of(self, key: KernelKey) -> bool:
        """Whether a spare is to be started, if runs would start as the one did that asked."""
        count = self._starting[key] + sum(one.key == key for one in self._waiting)
        is_of_now = key == KernelKey.of_now(key.spec, key.folder)
        is_full = self._leased + len(self._waiting) + self._starting.total() >= self._limit
        return count < self._spares and is_of_now and not is_full

    def _start_spare(self, key: KernelKey) -> None:
        kernel = None
        try:
            kernel = self._started(key, self._patience, self._subscribe)
        except Exception:
            # nobody asked for it; the next run will be told, and then another one is tried
            if not self._patience.is_closed:
                name = key.spec.name
                _LOGGER.warning("no kernel %r can be kept ready", name, exc_info=True)
        finally:
            with self._changed:
                self._starting[key] -= 1
                self._starting = +self._starting
                if kernel and self._patience.is_closed:
                    self._bury(kernel)
                elif kernel:
                    self._wait(kernel, key)
                    self._due[key] = time.monotonic()  # for the next one, if they are not enough
                self._changed.notify_all()

    def _subscribe(self, wake: Callable[[], None]) -> None:
        with self._changed:
            self._wake_starting = wake
            if self._patience.is_closed:
                wake()


def _do(job: Callable[[], None]) -> None:
    """Do what concerns one kernel: an error there is nothing to the others."""
    try:
        job()
    except Exception:
        _LOGGER.warning("a kernel could not be tended", exc_info=True)
