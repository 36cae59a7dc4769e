"""A kernel is made ready: started, warmed up, and emptied between the runs that it serves."""

from __future__ import annotations

from collections.abc import Callable

from nbnodes.engines.guard import Guard
from nbnodes.engines.kernels import crossing
from nbnodes.engines.kernels.channels import Patience
from nbnodes.engines.kernels.key import KernelKey
from nbnodes.engines.kernels.patience import Within
from nbnodes.engines.kernels.process import KernelProcess
from nbnodes.errors import EngineError, KernelDiedError, RunCancelledError, RunTimeoutError

_FORGET_S = 2.0  # what a kernel may take to forget a run

Subscribe = Callable[[Callable[[], None]], None]


def started(
    key: KernelKey, patience: Patience, subscribe: Subscribe, *, keeps: bool, guard: Guard
) -> KernelProcess:
    """Start a kernel and wait until it is ready for a run.

    Args:
        key: What it starts with.
        patience: How long to wait.
        subscribe: Is given what has `patience` asked again at once; may call it from any thread.
        keeps: Whether it is to serve one run after another.
        guard: Ends it if this process ends first.

    Raises:
        EngineError: If it cannot start, dies, or `patience` ends.
    """
    environment = dict(key.environment)
    kernel = KernelProcess(key.spec, environment=environment, cwd=key.folder, guard=guard)
    try:
        subscribe(kernel.channels.waker.wake)
        kernel.await_ready(patience)
        if key.spec.is_python:
            _warm_up(kernel, patience, keeps=keeps)
    except BaseException:
        kernel.close()
        raise
    return kernel


def ask_to_forget(kernel: KernelProcess) -> str:
    """Have a kernel forget its last run; return the request."""
    return kernel.channels.send(crossing.forget_code(), silent=True)


def has_forgotten(kernel: KernelProcess, asked: str, patience: Patience) -> bool:
    """Wait until a kernel has forgotten its last run; return whether it has.

    Raises:
        EngineError: If `patience` ended; a kernel that takes too long, or died, is none.
    """
    try:
        error, _ = kernel.channels.outcome(asked, Within(patience, _FORGET_S, _TakesTooLongError))
    except (_TakesTooLongError, KernelDiedError):
        return False
    kernel.channels.forget_unawaited()  # it came before
    return error is None


class UntilClosed:
    """The patience of a pool: as long as it is open."""

    remaining_s: float | None = None

    def __init__(self) -> None:
        self.is_closed = False

    def interruption(self) -> EngineError | None:
        """Return an error once the pool is closed."""
        return RunCancelledError("the pool of kernels was closed") if self.is_closed else None


class _TakesTooLongError(RunTimeoutError):
    """A kernel did not forget its run in time."""


def _warm_up(kernel: KernelProcess, patience: Patience, *, keeps: bool) -> None:
    sent = kernel.channels.send(crossing.warm_up_code(kernel.folder, keep=keeps), silent=True)
    error, _ = kernel.channels.outcome(sent, patience)
    if error:
        text = f"the kernel {kernel.spec.name!r} is no IPython: {error.ename}: {error.evalue}"
        raise KernelDiedError(text)
