"""Large buffers cross between two processes of ours in a memory file, which the receiver maps."""

from __future__ import annotations

import mmap
import os
from collections.abc import Sequence

_ALIGNED_BYTES = 64


def written(buffers: Sequence[memoryview]) -> int:
    """Write buffers into a memory file; return its descriptor."""
    descriptor = _memory_file()
    try:
        for raw in buffers:
            view = raw.cast("B")
            while view:
                view = view[os.write(descriptor, view) :]
            os.lseek(descriptor, -raw.nbytes % _ALIGNED_BYTES, os.SEEK_CUR)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _memory_file() -> int:
    """Open a file without a name: of memory where there are such, else a temporary one."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("nbnodes")
    import tempfile

    descriptor, path = tempfile.mkstemp(prefix="nbnodes-")
    os.unlink(path)
    return descriptor


def mapped(descriptor: int, sizes: Sequence[int]) -> tuple[memoryview, ...]:
    """Map a memory file privately, so that what is made of it can be changed; close it."""
    starts, end = [], 0
    for size in sizes:
        starts.append(end)
        end += size + -size % _ALIGNED_BYTES
    last = starts[-1] + sizes[-1]
    try:
        whole = memoryview(mmap.mmap(descriptor, last, access=mmap.ACCESS_COPY))
    finally:
        os.close(descriptor)
    return tuple(whole[start : start + size] for start, size in zip(starts, sizes, strict=True))
