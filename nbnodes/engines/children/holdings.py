"""What a process holds that a fork of it could not share: threads, children, open files."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from typing import Self

_POOLS = re.compile(r"lib(?:gomp|omp|iomp5|tbb)[^/\s]*\.so")
_COMPUTING = ("jax", "numba", "polars", "pyarrow", "sklearn", "tensorflow", "torch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What this process held at one moment (proc(5)).

    Attributes:
        threads: How many threads it had, those of libraries counted.
        files: What its descriptors led to, by number.
    """

    threads: int
    files: dict[str, str]

    @classmethod
    def now(cls) -> Self:
        """Look at it."""
        return cls(threads=len(os.listdir("/proc/self/task")), files=_files())

    def unsafe_since(self) -> str:
        """Say what has come since that makes it unsafe to fork this process; "" for nothing."""
        now = self.now()
        if now.threads > self.threads:
            return f"it left {now.threads - self.threads} threads running ({_suspects()})"
        opened = sorted({now.files[fd] for fd in now.files.keys() - self.files.keys()})
        if opened:
            return f"it left open {', '.join(opened)}"
        if _children():
            return "a process that it started still runs"
        torch = sys.modules.get("torch")
        if torch and torch.cuda.is_initialized():
            return "it used CUDA"
        return ""


def _files() -> dict[str, str]:
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            found[name] = os.readlink(f"/proc/self/fd/{name}")
        except FileNotFoundError:  # it was the listing's own
            continue
    return found


def _children() -> list[str]:
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
        return file.read().split()


def _suspects() -> str:
    """Name the libraries that may have started threads."""
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as file:
        pools = set(_POOLS.findall(file.read()))
    named = sorted({*pools, *(name for name in _COMPUTING if name in sys.modules)})
    return ", ".join(named) or "its own"
