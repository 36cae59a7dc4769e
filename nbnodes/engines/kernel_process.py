"""One live Jupyter kernel: started, spoken to over ZeroMQ, and gone without a trace afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from nbnodes.engines.deaths import cause_of_death
from nbnodes.engines.engine import GRACE_S
from nbnodes.engines.kernelspec import Kernelspec
from nbnodes.engines.outputs import INLINE_BACKEND
from nbnodes.engines.raised import RaisedError
from nbnodes.errors import Interruption, KernelDiedError, KernelNotFoundError

_TICK_S = 0.05  # how often death, deadline and cancellation are looked at
_LONGEST_FOLDER = 90  # a socket's path has room for some hundred bytes (unix(7))
_ASK_AGAIN_S = 0.3
_START_S = 60.0
_IDLE_AFTER_REPLY_S = 5.0

OnMessage = Callable[[str, Mapping[str, Any]], None]


def use_private_sockets(manager: Any, spec: Kernelspec, folder: str) -> None:
    """Have a kernel manager keep its files in `folder` and, where it can, its sockets too.

    Ports would be raced for by kernels that start together (papermill issue 511); of the kernels
    in other languages, few know sockets that are files.
    """
    manager.connection_file = os.path.join(folder, "connection.json")
    if spec.is_python and os.name == "posix" and len(folder) < _LONGEST_FOLDER:
        manager.transport, manager.ip = "ipc", os.path.join(folder, "s")


def kernel_environment(*, is_python: bool) -> dict[str, str]:
    """Return the environment a kernel starts with."""
    environment = dict(os.environ)
    if is_python:
        environment["MPLBACKEND"] = INLINE_BACKEND
    return environment


class KernelProcess:
    """A running kernel. Belongs to one thread.

    Attributes:
        folder: A private folder (mode 0700) that lives as long as the kernel.
        interruption: Says why to stop waiting, as the error to raise; None to go on.
    """

    def __init__(
        self, spec: Kernelspec, *, cwd: str, folder: str, interruption: Interruption
    ) -> None:
        self.folder = folder
        self._spec = spec
        self.interruption = interruption
        self._manager = _manager(spec, folder)
        self._log_path = os.path.join(folder, "kernel.log")
        try:
            with open(self._log_path, "wb") as log:
                self._manager.start_kernel(
                    cwd=cwd,
                    env=kernel_environment(is_python=spec.is_python),
                    stdout=log,
                    stderr=log,
                )
        except OSError as error:
            raise KernelNotFoundError(f"the kernel {spec.name!r} cannot start: {error}") from error
        try:
            self._client = self._manager.client()
            self._client.start_channels(hb=False)
        except BaseException:
            self._kill()
            raise

    def await_ready(self) -> None:
        """Wait until the kernel answers and its outputs reach us.

        A reply alone is not enough: IOPub subscribes later, and the first outputs would be lost.

        Raises:
            EngineError: If it died, or the run was interrupted.
        """
        deadline = time.monotonic() + _START_S
        asked: list[str] = []
        ask_at = 0.0
        while time.monotonic() < deadline:
            if time.monotonic() >= ask_at:
                asked.append(self._client.kernel_info())
                ask_at = time.monotonic() + _ASK_AGAIN_S
            for channel, message in self._messages():
                if channel == "iopub" and message["parent_header"].get("msg_id") in asked:
                    return
        raise KernelDiedError(f"the kernel {self._spec.name!r} did not answer for {_START_S:g} s")

    def execute(
        self,
        code: str,
        on_message: OnMessage = lambda _kind, _content: None,
        *,
        silent: bool = False,
    ) -> tuple[RaisedError | None, bool]:
        """Run code and hand on what it shows.

        Returns:
            What it raised, and whether it asked to end the kernel (`exit()`).

        Raises:
            EngineError: If the kernel died, or the run was interrupted.
        """
        sent = self._client.execute(code, silent=silent, allow_stdin=False, stop_on_error=False)
        reply: Mapping[str, Any] | None = None
        idle, replied_at, is_quiet = False, 0.0, False
        while reply is None or not (idle and (is_quiet or self._spec.is_python)):
            is_quiet = True  # some kernels, deno's for one, say idle before their last outputs
            for channel, message in self._messages():
                if message["parent_header"].get("msg_id") != sent:
                    continue
                content, is_quiet = message["content"], False
                if channel == "shell":
                    reply, replied_at = content, time.monotonic()
                elif message["msg_type"] == "status":
                    idle = idle or content["execution_state"] == "idle"
                else:
                    on_message(message["msg_type"], content)
            if reply is not None and time.monotonic() - replied_at > _IDLE_AFTER_REPLY_S:
                break  # the idle message was lost, as ZeroMQ may when it is flooded
        return _outcome(reply or {})

    def stop(self) -> None:
        """Kill the kernel and whatever it started."""
        self._client.stop_channels()
        self._kill()

    def _kill(self) -> None:
        with suppress(ProcessLookupError, RuntimeError):
            self._manager.signal_kernel(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
        self._manager.cleanup_resources(restart=False)

    def interrupt(self) -> None:
        """Ask the running cell to stop, and give it a moment."""
        with suppress(ProcessLookupError, RuntimeError):
            self._manager.interrupt_kernel()
        until = time.monotonic() + GRACE_S
        while time.monotonic() < until:
            if any(ch == "shell" for ch, _ in self._poll(_TICK_S)):
                return

    @property
    def _process(self) -> subprocess.Popen[bytes] | None:
        return getattr(self._manager.provisioner, "process", None)

    def _messages(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield what has arrived, waiting a tick; raise if there is no point in waiting."""
        arrived = list(self._poll(_TICK_S))
        yield from arrived
        error = self.interruption()
        if error:
            self.interrupt()
            raise error
        process = self._process
        if not arrived and process is not None and process.poll() is not None:
            left = list(self._poll(0.0))
            yield from left
            if not left:
                raise KernelDiedError(self._epitaph(process.returncode))

    def _poll(self, timeout_s: float) -> Iterator[tuple[str, Mapping[str, Any]]]:
        import zmq

        sockets = {
            "iopub": self._client.iopub_channel.socket,
            "shell": self._client.shell_channel.socket,
        }
        poller = zmq.Poller()
        for socket in sockets.values():
            poller.register(socket, zmq.POLLIN)
        ready = dict(poller.poll(round(timeout_s * 1000)))
        for channel, socket in sockets.items():
            while ready.get(socket):
                _, message = self._client.session.recv(socket)
                if message is None:
                    break
                yield channel, message

    def _epitaph(self, returncode: int) -> str:
        with open(self._log_path, encoding="utf-8", errors="replace") as log:
            last = log.read()[-2000:].strip().splitlines()[-3:]
        said = f"; it last said: {' | '.join(last)}" if last else ""
        return f"the kernel {self._spec.name!r} ended {cause_of_death(returncode)}{said}"


@contextmanager
def open_kernel(
    spec: Kernelspec, *, cwd: str, interruption: Interruption
) -> Iterator[KernelProcess]:
    """Start a kernel for a block; it is killed at the block's end."""
    with tempfile.TemporaryDirectory(prefix="nbnodes-") as folder:
        kernel = KernelProcess(spec, cwd=cwd, folder=folder, interruption=interruption)
        try:
            kernel.await_ready()
            yield kernel
        except KeyboardInterrupt:
            kernel.interrupt()
            raise
        finally:
            kernel.stop()


def _manager(spec: Kernelspec, folder: str) -> Any:
    from jupyter_client.manager import KernelManager

    manager = KernelManager(kernel_name=spec.name)
    use_private_sockets(manager, spec, folder)
    return manager


def _outcome(reply: Mapping[str, Any]) -> tuple[RaisedError | None, bool]:
    exits = any(p.get("source") == "ask_exit" for p in reply.get("payload", ()))
    if reply.get("status") != "error":
        return None, exits
    error = RaisedError(
        ename=reply.get("ename") or "Error",
        evalue=str(reply.get("evalue", "")),
        traceback=tuple(reply.get("traceback", ())),
    )
    return None if error.is_of_display else error, exits
