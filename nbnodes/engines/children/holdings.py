"""What a process holds that a fork of it could not share: threads, children, open files."""

from __future__ import annotations

import ctypes
import os
import re
import select
import signal
import sys
import threading
import time
import warnings
from dataclasses import dataclass
from typing import Self

from nbnodes.engines.families import children, status

_POOLS = re.compile(r"lib(?:gomp|omp|iomp5|tbb)[^/\s]*\.so")
_COMPUTING = ("duckdb", "jax", "numba", "polars", "sklearn", "tensorflow", "torch")
_SAFE = {"jemalloc_bg_thd"}  # jemalloc's own; its fork handlers start another one in the child

_ARROW = re.compile(r"/.*/libarrow\.so.*")
_ARROW_POOLS = (
    "_ZN5arrow8internal16GetCpuThreadPoolEv",
    "_ZN5arrow2io8internal15GetIOThreadPoolEv",
)
_ARROW_THREADS = "_ZN5arrow8internal10ThreadPool17GetActualCapacityEv"
_ARROW_TASKS = "_ZN5arrow8internal10ThreadPool11GetNumTasksEv"

_FORK_S = 2.0  # what a process that ends at once may take
_END_S = 0.1  # how long a thread may be seen that has been joined
_TICK_S = 0.002


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What this process held at one moment (proc(5)).

    Attributes:
        threads: The ids of its threads, those of libraries among them.
        files: What its descriptors led to, by number.
    """

    threads: frozenset[str]
    files: dict[str, str]

    @classmethod
    def now(cls) -> Self:
        """Look at it."""
        return cls(threads=_threads(), files=_files())

    def unsafe_since(self) -> str:
        """Say what has come since that makes it unsafe to fork this process; "" for nothing."""
        if _threads() - self.threads and not _forks_well():
            return "a process forked after them does not come to life"
        unsafe = self._unsafe_threads()
        if unsafe:
            return f"they left {len(unsafe)} threads running ({', '.join(sorted(set(unsafe)))})"
        files = _files()
        opened = sorted({files[fd] for fd in files.keys() - self.files.keys()})
        if opened:
            return f"they left open {', '.join(opened)}"
        if _running_children():
            return "a process that they started still runs"
        torch = sys.modules.get("torch")
        if torch and torch.cuda.is_initialized():
            return "they used CUDA"
        return ""

    def _unsafe_threads(self) -> list[str]:
        """Name the new threads that a fork would lose; wait for those that are just ending."""
        until = time.monotonic() + _END_S
        while True:
            unsafe = _unsafe(_threads() - self.threads)
            if not unsafe or time.monotonic() > until:
                return unsafe
            time.sleep(_TICK_S)


def _threads() -> frozenset[str]:
    return frozenset(os.listdir("/proc/self/task"))


def _files() -> dict[str, str]:
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            found[name] = os.readlink(f"/proc/self/fd/{name}")
        except FileNotFoundError:  # it was the listing's own
            continue
    return found


def _running_children() -> list[int]:
    return [pid for pid in children(os.getpid()) if status(pid)[:1] not in ([], ["Z"])]


def _forks_well() -> bool:
    """Fork a process that ends at once; return whether it did.

    A library that cannot share its threads, and knows it, ends them before a fork: OpenBLAS does
    (`pthread_atfork`), and starts others when it needs them. OpenMP and torch do not.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python 3.12 warns of threads: they are what this is for
        pid = os.fork()
        if not pid:
            os._exit(0)
    watch = os.pidfd_open(pid)
    try:
        poll = select.poll()
        poll.register(watch, select.POLLIN)
        return bool(poll.poll(_FORK_S * 1000))
    finally:
        os.close(watch)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _unsafe(threads: frozenset[str]) -> list[str]:
    """Name those of the threads that are not known to be safe."""
    own_names = {str(thread.native_id): thread.name for thread in threading.enumerate()}
    process_name = _name(str(os.getpid()))
    named, nameless = [], 0
    for thread in threads:
        name = own_names.get(thread) or _name(thread)
        if name == process_name:
            nameless += 1
        elif name and name not in _SAFE:
            named.append(name)
    nameless -= _arrow_threads() if nameless else 0
    return named + [_suspects()] * nameless


def _name(thread: str) -> str:
    """Return what a thread calls itself, or its process; "" if it has ended."""
    try:
        with open(f"/proc/self/task/{thread}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().rstrip("\n")
    except OSError:
        return ""


def _arrow_threads() -> int:
    """Return how many threads Arrow has, if they are idle: its fork handlers make new pools.

    Only its C++ interface tells. Where that has changed, none is taken for Arrow's.
    """
    found = _ARROW.search(_maps())
    if not found:
        return 0
    try:
        library = ctypes.CDLL(found[0])
        pools = [library[name] for name in _ARROW_POOLS]
        threads, tasks = library[_ARROW_THREADS], library[_ARROW_TASKS]
    except (AttributeError, OSError):
        return 0
    count = 0
    for get in pools:
        get.restype = ctypes.c_void_p
        pool = ctypes.c_void_p(get())
        count += 0 if tasks(pool) else threads(pool)
    return count


def _suspects() -> str:
    """Name the libraries that may have started a thread that has no name of its own."""
    pools = set(_POOLS.findall(_maps()))
    suspects = sorted({*pools, *(name for name in _COMPUTING if name in sys.modules)})
    return f"of {' or '.join(suspects)}" if suspects else "of a library"


def _maps() -> str:
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as file:
        return file.read()
