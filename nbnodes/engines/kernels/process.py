"""One live Jupyter kernel: started, and gone without a trace afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from typing import Any

from nbnodes.engines.cpus import all_cpus
from nbnodes.engines.deaths import cause_of_death, last_words, memory_kills, with_cause
from nbnodes.engines.engine import GRACE_S
from nbnodes.engines.families import MARK, kill_family, kill_marked
from nbnodes.engines.guard import Guard
from nbnodes.engines.kernels.channels import KernelChannels, Patience
from nbnodes.engines.kernels.kernelspec import Kernelspec
from nbnodes.engines.kernels.patience import Within
from nbnodes.engines.kernels.record import FOLDER_PREFIX, note_state, write_record
from nbnodes.errors import KernelDiedError, KernelNotFoundError

CONNECTION_FILE = "connection.json"
_LONGEST_FOLDER = 90  # a socket's path has room for some hundred bytes (unix(7))
_ASK_AGAIN_S = 0.3
_START_S = 60.0
_NO_HISTORY = "--HistoryManager.hist_file=:memory:"  # the user's own is no place for runs


def use_private_sockets(manager: Any, spec: Kernelspec, folder: str) -> None:
    """Have a kernel manager keep its files in `folder` and, where it can, its sockets too.

    Ports would be raced for by kernels that start together (papermill issue 511). Few kernels but
    ipykernel know sockets that are files: xeus-python ends with "Invalid argument".
    """
    manager.connection_file = os.path.join(folder, CONNECTION_FILE)
    if spec.is_ipykernel and os.name == "posix" and len(folder) < _LONGEST_FOLDER:
        manager.transport, manager.ip = "ipc", os.path.join(folder, "s")


class KernelProcess:
    """A running kernel, started at once. Belongs to one thread at a time.

    Args:
        spec: Which kernel.
        environment: What it starts with.
        cwd: Where it starts.
        guard: Ends it if this process ends first.

    Attributes:
        spec: Which kernel.
        folder: A private folder (mode 0700) that lives as long as the kernel.
        channels: The connection to it.
        has_waited: Whether it was there before its run.

    Raises:
        KernelNotFoundError: If its program cannot be started.
    """

    def __init__(
        self, spec: Kernelspec, *, environment: dict[str, str], cwd: str, guard: Guard
    ) -> None:
        self.spec = spec
        self._guard = guard
        self.has_waited = False
        self.folder = tempfile.mkdtemp(prefix=FOLDER_PREFIX)
        self._log_path = os.path.join(self.folder, "kernel.log")
        self._how_ended: str | None = None
        self._mark = guard.new_mark()
        self._memory_kills = memory_kills()
        self._manager = _manager(spec, self.folder)
        try:
            self._start({**environment, MARK: self._mark}, cwd)
            self.channels = self._connected()
        except BaseException:
            self.kill()
            self._clean_up()
            raise

    @property
    def pid(self) -> int:
        """Its process and its process group; 0 if it is not of this machine."""
        return 0 if self._process is None else self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether its process has not ended."""
        return self._how_it_ended() is None

    def await_ready(self, patience: Patience) -> None:
        """Wait until the kernel answers and its outputs reach us.

        Raises:
            EngineError: If it died, or `patience` ended.
        """
        silent = f"the kernel {self.spec.name!r} did not answer for {_START_S:g} s"
        within = Within(patience, _START_S, lambda: KernelDiedError(silent))
        self.channels.await_ready(within, ask_again_s=_ASK_AGAIN_S)

    def note(self, state: str, notebook: str = "") -> None:
        """Tell whoever lists kernels what it does."""
        if self.pid:
            note_state(self.folder, state, notebook)

    def interrupt(self) -> None:
        """Ask the running cell to stop, and give it a moment."""
        if self.spec.interrupts_by_message:
            self.channels.interrupt()
        else:
            self._signal(signal.SIGINT)
        self.channels.await_any_reply(GRACE_S)

    def kill(self) -> None:
        """Kill the kernel and whatever it started; `close` waits for the end."""
        process = self._process
        if process is None or os.name != "posix":
            self._signal(signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
        elif process.returncode is None:  # else its number may be another's by now
            kill_family(process.pid)

    def close(self) -> None:
        """Kill the kernel, wait for its end, and give back everything held."""
        self.kill()
        self.channels.close()
        self._clean_up()

    def _start(self, environment: dict[str, str], cwd: str) -> None:
        from jupyter_client.kernelspec import NoSuchKernel

        extra = [_NO_HISTORY] if self.spec.is_ipykernel else []
        try:
            with open(self._log_path, "wb") as log, all_cpus():
                self._manager.start_kernel(
                    cwd=cwd, env=environment, stdout=log, stderr=log, extra_arguments=extra
                )
        except (OSError, NoSuchKernel) as error:  # it may have been removed since it was found
            text = f"the kernel {self.spec.name!r} cannot start: {error}"
            raise KernelNotFoundError(text) from error
        if self.pid:
            self._guard.watch(self.pid, self.folder)
            write_record(self.folder, self.pid, self.spec.name)

    def _connected(self) -> KernelChannels:
        client = self._manager.client()
        client.start_channels(hb=False)
        process = self._process
        watch = None if process is None else getattr(os, "pidfd_open", None)
        return KernelChannels(
            client,
            end=watch(process.pid) if watch and process else None,
            how_it_ended=self._how_it_ended,
            is_orderly=self.spec.is_python,
        )

    @property
    def _process(self) -> subprocess.Popen[bytes] | None:
        return getattr(self._manager.provisioner, "process", None)

    def _signal(self, number: int) -> None:
        """Send a signal to the kernel and whatever it started, unless its end is known."""
        process = self._process
        if process is not None and process.returncode is not None:
            return  # its number may be another's by now
        with suppress(ProcessLookupError, PermissionError, RuntimeError):
            if process is not None and os.name == "posix":
                os.killpg(process.pid, number)
            elif self._manager.has_kernel:
                self._manager.signal_kernel(number)

    def _clean_up(self) -> None:
        if self._process is not None:
            self._reaped(self._process)
        kill_marked(self._mark)  # what had got away from it before it ended
        self._manager.cleanup_resources(restart=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _how_it_ended(self) -> str | None:
        """Say how the process ended; None while it has not."""
        process = self._process
        if self._how_ended is None and process is not None and _has_ended(process):
            self.kill()  # before it is reaped, so that no other group has its number
            self._how_ended = self._epitaph(self._reaped(process))
        return self._how_ended

    def _reaped(self, process: subprocess.Popen[bytes]) -> int:
        if process.returncode is None:
            self._guard.forget(process.pid)  # another group may have its number then
        return process.wait()

    def _epitaph(self, returncode: int) -> str:
        with open(self._log_path, encoding="utf-8", errors="replace") as log:
            said = last_words(log.read()[-2000:])
        how = cause_of_death(with_cause(returncode, self._memory_kills))
        return f"the kernel {self.spec.name!r} ended {how}{said}"


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether a process has ended; it is not reaped where that can be told without."""
    if process.returncode is None and hasattr(os, "waitid"):
        with suppress(ChildProcessError):
            flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
            return os.waitid(os.P_PID, process.pid, flags) is not None
    return process.poll() is not None


def _manager(spec: Kernelspec, folder: str) -> Any:
    from jupyter_client.manager import KernelManager

    manager = KernelManager(kernel_name=spec.name)
    use_private_sockets(manager, spec, folder)
    return manager
