"""In the child: wait for a job, do it, and tell of it as it happens.

The messages to the caller, in order: ("next", seconds and RaisedError or None of the cell that
ended, if one did) when a cell begins, ("output", type, content) while it runs, and at last
("value", seconds and error of the last cell, the value, names of the modules that were imported,
whether other values may follow, for another run of the same).
"""

from __future__ import annotations

import builtins
import gc
import linecache
import os
import pickle
import socket
import sys
import time
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from nbnodes.engines.cells import shell_side
from nbnodes.engines.cells.lazy_shell import LazyShell
from nbnodes.engines.cells.plain import PlainCells, ShellSource
from nbnodes.engines.cells.program import compiled
from nbnodes.engines.cells.streams import FedStream, no_input
from nbnodes.engines.children.job import Job
from nbnodes.engines.children.seeds import Seeds, SeedWatch
from nbnodes.engines.children.wire import SIMPLE, Channel, Unpicklable
from nbnodes.engines.raised import RaisedError, UntransferableValue, text_of
from nbnodes.engines.reporting import hear_process
from nbnodes.notebook.document import PARAMETERS, RETURN, Cell

try:
    import fcntl
    import termios
except ImportError:  # on Windows
    _CAN_COUNT = False
else:
    _CAN_COUNT = True

if TYPE_CHECKING:
    from nbnodes.engines.cells.shell import NotebookShell
    from nbnodes.engines.children.traces import Traces

_DESCRIPTORS = {"stdout": 1, "stderr": 2}
_TICK_S = 0.0002
_DRAINED_S = 2.0  # the longest wait for a caller who does not read
_IDLE_S = 1.0  # how long a child waits for another run of what leaves no trace
_MOST_RUNS = 1000
_GRAVE = {"KeyboardInterrupt", "MemoryError", "RecursionError", "SystemExit"}


class _Cells(Protocol):
    @property
    def exit_asked(self) -> bool: ...
    @property
    def value(self) -> Any: ...
    def run(self, number: int) -> RaisedError | None: ...


class Told:
    """Takes what cells show and tells the caller.

    Attributes:
        has_warned: Whether something was written to standard error.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._pid = os.getpid()
        self.has_warned = False

    def feed(self, message_type: str, content: Mapping[str, Any]) -> None:
        """Take one message."""
        if content.get("name") == "stderr":
            self.has_warned = True
        if os.getpid() == self._pid:
            self._channel.send(("output", message_type, content))
        elif message_type == "stream":  # a process that the notebook has forked
            text = content["text"].encode(errors="backslashreplace")
            os.write(_DESCRIPTORS[content["name"]], text)


class _Stream(FedStream):
    """A stream of the notebook's; what needs a descriptor gets one that is captured, too."""

    def fileno(self) -> int:
        return _DESCRIPTORS[self.name.strip("<>")]


@dataclass(frozen=True, slots=True)
class _Ready:
    """A shell that came along with the fork."""

    made: NotebookShell

    def get(self) -> NotebookShell:
        return self.made


def live(
    channel: Channel,
    shell: NotebookShell | None = None,
    serve: Callable[[Channel, Seeds], None] = lambda *_: None,
    seeds: Seeds | None = None,
) -> None:
    """Be a child. Returns when the run is over.

    Args:
        channel: The connection to the caller.
        shell: A shell that came along with the fork; without one, it is made if need be.
        serve: What the child does after a job that is to make a template of it, given what its
            cells have seeded.
        seeds: The same of the template, if the notebook's `setup` cells have run there: the child
            goes on where they ended.
    """
    told = Told(channel)
    sys.stdout, sys.stderr = _Stream("stdout", told), _Stream("stderr", told)
    _ask_nobody()
    source, main = _shell_source(told, shell)
    if shell is not None:
        _rehearse(source, main, seeds)
    with suppress(EOFError):  # the caller needs no more runs
        job = channel.receive().load()
        again = _Again(told) if job.kind == "often" else None
        if again and shell is not None and job.program is not None:
            _take_names(shell, main)
        left = _run(channel, source, main, job, seeds, again)
        while again and again.awaits_another(channel):
            _run(channel, source, main, job, seeds, again)
        if left:
            serve(channel, left)


def rehearsal() -> Job:
    """Make a run that goes once where every run goes."""
    cells = (
        Cell(index=0, kind="code", source="n = 1", tags=(PARAMETERS,)),
        Cell(index=1, kind="code", source="def f(x):\n    return [x, x]\nm = f(n)"),
        Cell(index=2, kind="code", source="import math\nmath.sqrt(n)", tags=(RETURN,)),
    )
    program = compiled(cells, frozenset("n"))
    return Job(cells=cells, program=program, folder="/", local_names=frozenset())


def _rehearse(source: ShellSource, main: ModuleType, seeds: Seeds | None) -> None:
    """Run something while nobody waits: memory shared with the template is copied when touched."""
    ends = socket.socketpair()
    near, far = map(Channel, ends)
    far.send(rehearsal())
    far.send({"n": 2})
    names, lines, path = dict(vars(main)), dict(linecache.cache), sys.path.copy()
    _run(near, source, main, near.receive().load(), seeds)
    far.receive().load()
    for end in ends:
        end.close()
    for kept, before in ((vars(main), names), (linecache.cache, lines)):
        kept.clear()
        kept.update(before)
    sys.path[:] = path
    gc.freeze()


def _take_names(shell: NotebookShell, main: ModuleType) -> None:
    """Let runs that share a process see no names of IPython's: its lists outlive each of them."""
    names = vars(main)
    shell.user_ns = {name: names.pop(name) for name in shell.user_ns_hidden if name in names}


def _shell_source(told: Told, shell: NotebookShell | None) -> tuple[ShellSource, ModuleType]:
    if shell is not None:
        shell.feed = told
        return _Ready(shell), shell.user_module
    main = ModuleType("__main__")
    sys.modules["__main__"] = main
    return LazyShell(told, main), main


class _Ended(NamedTuple):
    """How the cells have run.

    Attributes:
        duration_s: Seconds that the last one took.
        raised: What it raised.
        problem: Why what they made is not all that it should be; "" if it is.
        errors: The names of all that was raised.
    """

    duration_s: float | None
    raised: RaisedError | None
    problem: str
    errors: frozenset[str]


def _run(
    channel: Channel,
    source: ShellSource,
    main: ModuleType,
    job: Job,
    seeds: Seeds | None,
    again: _Again | None = None,
) -> Seeds | None:
    """Do a job; return what its cells have seeded, if it was to make a template and has."""
    values = channel.receive()
    if again is None or not again.runs:
        if seeds is None:
            _go_to(job)
        (seeds or Seeds()).renew()
    if again:
        again.begin(main)
    known = len(sys.modules)
    try:
        given = values.load()
    except Exception as error:  # noqa: BLE001  # loading runs the classes' own code
        channel.send(("unloadable", type(error).__name__, str(error)))
        return None
    cells = _cells(job, given, source, main, Told(channel))
    if job.kind == "setup":
        return _set_up(channel, job, cells, source.get())
    ended = _run_cells(channel, job, cells)
    if ended:
        may_follow = again is not None and again.may_follow(ended.errors)
        new = list(islice(reversed(sys.modules), max(0, len(sys.modules) - known)))[::-1]
        how = ended.duration_s, ended.raised
        is_sent = _send_value(channel, how, cells.value, new, may_follow=may_follow)
        if again:
            again.is_due = may_follow and is_sent
    return None


class _Again:
    """Tells whether what has run may run again in this process: it left no trace.

    Args:
        told: Knows whether something was written to standard error.

    Attributes:
        runs: How many have begun.
        is_due: Whether another may begin.
    """

    def __init__(self, told: Told) -> None:
        self._told = told
        self._traces: Traces | None = None
        self.runs = 0
        self.is_due = False

    def begin(self, main: ModuleType) -> None:
        """Note that a run begins, in a module."""
        if self._traces is None:
            from nbnodes.engines.children.traces import Traces

            self._traces = Traces(vars(main))
        self.runs += 1
        self.is_due = False

    def may_follow(self, errors: AbstractSet[str]) -> bool:
        """Whether another may, after one that raised these errors."""
        is_fit = self.runs < _MOST_RUNS and not errors & _GRAVE and not self._told.has_warned
        return is_fit and self._traces is not None and self._traces.is_none()

    def awaits_another(self, channel: Channel) -> bool:
        """Whether another run comes, for which all is as it was."""
        if not self.is_due or self._traces is None:
            return False
        self._traces.forget_names()
        return channel.awaits_news(_IDLE_S)


def _set_up(channel: Channel, job: Job, cells: _Cells, shell: NotebookShell) -> Seeds | None:
    """Run `setup` cells and tell why what they made cannot be shared, or ""."""
    from nbnodes.engines.children.holdings import Holdings

    held, watch = Holdings.now(), SeedWatch()
    ended = _run_cells(channel, job, cells)
    if ended is None:
        return None
    seeds = watch.end()
    for plain in job.program or ():  # tracebacks of calls name them, too
        shell.compile._filename_map[plain.file_name] = plain.number  # noqa: SLF001  # no other way
    shell.close_loop()
    reason = ended.problem or held.unsafe_since()
    channel.send(("value", ended.duration_s, ended.raised, reason, [], False))
    return None if reason else seeds


def _run_cells(channel: Channel, job: Job, cells: _Cells) -> _Ended | None:
    """Run them, and tell of each; None if the caller wants no more."""
    pid, reporter = os.getpid(), hear_process(Told(channel))
    duration_s: float | None = None
    raised: RaisedError | None = None
    problem = ""
    errors: set[str] = set()
    for number, cell in enumerate(job.cells):
        if channel.has_news():  # the caller has ended sending: no further cell is to begin
            return None
        channel.send(("next", duration_s, raised))
        began_at = time.monotonic()
        raised = cells.run(number)
        if os.getpid() != pid:  # a process that the notebook has forked ends with its cell
            os._exit(int(bool(raised and not raised.is_early_end)))
        reporter.end_cell()
        _await_drained()
        duration_s = time.monotonic() - began_at
        errors |= {raised.ename} if raised else set()
        if cells.exit_asked or (raised and raised.is_early_end):
            problem = f"cell {cell.index + 1} ends the notebook"
        elif raised:
            problem = f"cell {cell.index + 1} raises {raised.ename}"
        if cells.exit_asked or (raised and raised.ends(cell)):
            break
    return _Ended(duration_s, raised, problem, frozenset(errors))


def _cells(
    job: Job, given: dict[str, Any], source: ShellSource, main: ModuleType, told: Told
) -> _Cells:
    if isinstance(source, LazyShell):
        source.offered().__enter__()  # for good: this process has but one run
    if job.program is not None:
        return PlainCells(job.program, given, vars(main), feed=told, shell=source)
    from nbnodes.engines.cells.ipython import IPythonCells

    return IPythonCells(job.cells, given, source.get())


def _go_to(job: Job) -> None:
    os.chdir(job.folder)
    sys.path.insert(0, job.folder)
    local = job.local_names - {"nbnodes"}  # what runs here, wherever it lies
    hidden = [name for name in local if name in sys.modules]
    if hidden:  # a module of the notebook's own hides an installed one
        tops = set(hidden)
        for name in [name for name in sys.modules if name.partition(".")[0] in tops]:
            del sys.modules[name]


def _await_drained() -> None:
    """Wait until the caller has read what was written past Python: it is this cell's."""
    for descriptor in (1, 2):
        until = time.monotonic() + _DRAINED_S
        while _pending_bytes(descriptor) and time.monotonic() < until:
            time.sleep(_TICK_S)


def _pending_bytes(descriptor: int) -> int:
    if not _CAN_COUNT:
        return 0
    try:
        count = fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4))
    except OSError:  # the notebook closed it, or put something else in its place
        return 0
    return int.from_bytes(count, sys.byteorder)


def _send_value(
    channel: Channel,
    ended: tuple[float | None, RaisedError | None],
    value: Any,
    new: list[str],
    *,
    may_follow: bool = False,
) -> bool:
    """Send it, and whether another run may follow; return whether it can be sent."""
    modules = [sys.modules[name] for name in new if name in sys.modules]
    is_simple = type(value) in SIMPLE  # else it may be of a class of the notebook's
    pickled = pickle.dumps if is_simple else partial(shell_side.pickled, modules=modules)
    try:
        shell_side.refuse_bound(value)
        channel.send(("value", *ended, value, new, may_follow), dumps=pickled)
    except (Unpicklable, TypeError) as error:
        cause = error.__cause__ or error
        kind = type(value)
        name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
        reason = f"{type(cause).__name__}: {text_of(cause)}"
        why = UntransferableValue(type_name=name, reason=reason)
        channel.send(("value", *ended, why, new, False))
        return False
    return True


def _ask_nobody() -> None:
    builtins.input = no_input
    getpass = sys.modules.get("getpass")  # a notebook that imports it itself is not plain
    if getpass is not None:
        getpass.getpass = no_input  # type: ignore[attr-defined]
