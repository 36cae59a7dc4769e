"""Values cross between two processes as files; large buffers are written once and mapped.

Sent as text into kernels too, and so of the standard library only.
"""

from __future__ import annotations

import json
import mmap
import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from typing import Any

_ALONE_BYTES = 65_536  # buffers of this size and more lie beside the pickle
_ALIGNED_BYTES = 64

_kept: list[int] = []  # memory files: each lives while somebody has it open


def save(path: str, value: Any, dumps: Callable[..., bytes], place: str = "file") -> None:
    """Write a value: a line that describes it, its pickle, and its large buffers beside.

    Args:
        path: The file.
        value: What to write.
        dumps: Pickles it; takes the options of `pickle.dumps`.
        place: Where large buffers go: "memory" of this process, or a "file" beside.

    Raises:
        Exception: What `dumps` raises; nothing is written then.
    """
    buffers: list[memoryview] = []

    def goes_within(buffer: pickle.PickleBuffer) -> bool:
        raw = buffer.raw()
        if raw.nbytes < _ALONE_BYTES:
            return True
        buffers.append(raw)
        return False

    body = dumps(value, protocol=5, buffer_callback=goes_within)
    head: dict[str, Any] = {"sizes": [raw.nbytes for raw in buffers]}
    if buffers:
        head["buffers"] = _write_buffers(path, buffers, place)
    _write(path, head, body)


def save_or_explain(path: str, value: Any, dumps: Callable[..., bytes], place: str) -> None:
    """Write a value, or the reason why it cannot be written."""
    try:
        save(path, value, dumps, place)
    except Exception as error:  # noqa: BLE001  # a class may fail to pickle in any way it likes
        kind = type(value)
        name = f"{kind.__module__}.{kind.__qualname__}".replace("builtins.", "")
        _write(path, {"type": name, "reason": f"{type(error).__name__}: {error}"}, b"")


def load(path: str) -> Any:
    """Read a value.

    Raises:
        Unsaved: If its place was taken by the reason why it could not be written.
        Exception: Whatever the value's classes raise.
    """
    with open(path, "rb") as file:
        head = json.loads(file.readline())
        body = file.read()
    if "reason" in head:
        raise Unsaved(head["type"], head["reason"])
    buffers = _mapped(head["buffers"], head["sizes"]) if head["sizes"] else ()
    return pickle.loads(body, buffers=buffers)  # noqa: S301  # from the other side of a run


class Unsaved(Exception):  # noqa: N818  # it tells of an error on the other side
    """A value that could not be written: its type, and why."""


def _write(path: str, head: dict[str, Any], body: bytes) -> None:
    with open(path + ".part", "wb") as file:
        file.write(json.dumps(head).encode() + b"\n")
        file.write(body)
    os.replace(path + ".part", path)


def _write_buffers(path: str, buffers: Sequence[memoryview], place: str) -> str:
    """Write buffers; return the path that they can be read from."""
    if place == "memory" and hasattr(os, "memfd_create") and os.path.isdir("/proc/self/fd"):
        descriptor = os.memfd_create("nbnodes")
        _kept.append(descriptor)
        _fill(descriptor, buffers)
        return f"/proc/{os.getpid()}/fd/{descriptor}"
    beside = path + ".buffers"
    with open(beside, "wb") as file:
        _fill(file.fileno(), buffers)
    return beside


def _fill(descriptor: int, buffers: Sequence[memoryview]) -> None:
    for raw in buffers:
        view = raw
        while view:
            view = view[os.write(descriptor, view) :]
        os.lseek(descriptor, -raw.nbytes % _ALIGNED_BYTES, os.SEEK_CUR)


def forget_all() -> None:
    """Give back the memory files; who has mapped one keeps it."""
    while _kept:
        os.close(_kept.pop())


def _mapped(path: str, sizes: Sequence[int]) -> tuple[memoryview, ...]:
    """Map buffers privately, so that what is made of them can be changed."""
    starts = list(_starts(sizes))
    with open(path, "rb") as file:
        size = starts[-1] + sizes[-1]
        whole = memoryview(mmap.mmap(file.fileno(), size, access=mmap.ACCESS_COPY))
    return tuple(whole[start : start + size] for start, size in zip(starts, sizes, strict=True))


def _starts(sizes: Sequence[int]) -> Iterator[int]:
    end = 0
    for size in sizes:
        yield end
        end += size + -size % _ALIGNED_BYTES
