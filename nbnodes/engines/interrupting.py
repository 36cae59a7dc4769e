"""An exception is raised in another thread, but not in the middle of an import."""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Iterator
from types import FrameType

_IMPORTER = "<frozen importlib._bootstrap>"
_LOOK_S = 0.01

PATIENCE_S = 5.0
"""How long an import is waited for: longer than libraries take, shorter than a hung one."""


def raise_in(thread_id: int, exception: type[BaseException] | None) -> None:
    """Raise an exception in a thread at its next bytecode (CPython's C API); None: take it back."""
    raised = None if exception is None else ctypes.py_object(exception)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread_id), raised)


def is_importing(thread_id: int) -> bool:
    """Whether a thread imports a module: a library that is half there may crash the process."""
    return any(frame.f_code.co_filename == _IMPORTER for frame in _frames(thread_id))


def await_import(thread_id: int) -> None:
    """Wait until a thread imports nothing, or has done so for too long."""
    deadline_at = time.monotonic() + PATIENCE_S
    while is_importing(thread_id) and time.monotonic() < deadline_at:
        time.sleep(_LOOK_S)


def _frames(thread_id: int) -> Iterator[FrameType]:
    frame = sys._current_frames().get(thread_id)  # noqa: SLF001  # the library's only way to look
    while frame is not None:
        yield frame
        frame = frame.f_back
