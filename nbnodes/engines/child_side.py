"""In the one-shot child: a shell is ready before there is a job; then one run, told as it happens.

The messages to the caller, in order: ("begin",) and ("end", seconds, RaisedError or None) for each
cell, ("output", type, content) in between, and at last ("value", the value).
"""

from __future__ import annotations

import ast
import builtins
import fcntl
import gc
import getpass
import os
import random
import sys
import termios
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import cloudpickle  # noqa: TID253  # this module is imported in the template only

from nbnodes.engines import shell_side
from nbnodes.engines.child_job import Job
from nbnodes.engines.raised import UntransferableValue
from nbnodes.engines.sandbox import no_input
from nbnodes.engines.shell import NotebookShell, open_shell
from nbnodes.engines.streams import FedStream
from nbnodes.engines.wire import Channel
from nbnodes.notebook import binding

_TICK_S = 0.0002
_DRAINED_S = 2.0  # the longest wait for a caller who does not read


def live(channel: Channel) -> None:
    """Be a child: get ready, wait for a job, do it. Returns when the run is over."""
    told = _Told(channel)
    sys.stdout, sys.stderr = FedStream("stdout", told), FedStream("stderr", told)
    builtins.input = getpass.getpass = no_input
    _reseed()
    with open_shell(told) as shell:
        _warm(shell)
        with suppress(EOFError):  # the caller needs no more runs
            _run(channel, shell, channel.receive().load())


def _warm(shell: NotebookShell) -> None:
    """Go once where every run goes: pages touched now cost no time then."""
    tree = ast.parse("n = 1\nn")
    compile(binding.capture_return(binding.bind_parameters(tree, frozenset("n"))), "", "exec")
    cloudpickle.dumps({"n": [1.0]}, protocol=5)
    shell.warm()
    gc.freeze()


class _Told:
    """Takes what cells show and tells the caller."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def feed(self, message_type: str, content: Mapping[str, Any]) -> None:
        """Take one message."""
        self._channel.send(("output", message_type, content))


def _run(channel: Channel, shell: NotebookShell, job: Job) -> None:
    values = channel.receive()
    _go_to(job)
    delivered: list[Any] = []
    try:
        given = values.load()
    except Exception as error:  # noqa: BLE001  # loading runs the classes' own code
        channel.send(("unloadable", type(error).__name__, str(error)))
        return
    shell_side.install(shell, vars(binding), given, list(job.roles), delivered.append)
    for cell in job.cells:
        channel.send(("begin",))
        started_at = time.monotonic()
        shell.run_in_loop(cell.source)
        _await_drained()
        channel.send(("end", time.monotonic() - started_at, shell.raised))
        if shell.exit_asked or (shell.raised and shell.raised.ends(cell)):
            break
    _send_value(channel, delivered[-1] if delivered else None)


def _go_to(job: Job) -> None:
    os.chdir(job.folder)
    sys.path.insert(0, job.folder)
    for name in list(sys.modules):  # a module of the notebook's own hides an installed one
        if name.partition(".")[0] in job.local_names:
            del sys.modules[name]


def _await_drained() -> None:
    """Wait until the caller has read what was written past Python: it is this cell's."""
    for descriptor in (1, 2):
        until = time.monotonic() + _DRAINED_S
        while _pending_bytes(descriptor) and time.monotonic() < until:
            time.sleep(_TICK_S)


def _pending_bytes(descriptor: int) -> int:
    try:
        count = fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4))
    except OSError:  # the notebook closed it, or put something else in its place
        return 0
    return int.from_bytes(count, sys.byteorder)


def _send_value(channel: Channel, value: Any) -> None:
    try:
        shell_side.refuse_bound(value)
        channel.send(("value", value), dumps=shell_side.pickled)
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001  # a class may fail to pickle in any way it likes
        kind = type(value)
        name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
        reason = f"{type(error).__name__}: {error}"
        channel.send(("value", UntransferableValue(type_name=name, reason=reason)))


def _reseed() -> None:
    """Draw random numbers of one's own: numpy's state came along with the fork."""
    random.seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()
