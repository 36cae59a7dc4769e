"""Values cross between two processes as files; large buffers are written once and mapped.

Memory files (memfd_create(2)) take twice as long, page by page; buffers in messages are copied by
each socket they pass. Sent as text into kernels too, and so of the standard library only: it shares
nothing with `nbnodes.engines.children.memory`, which lays buffers out alike.
"""

from __future__ import annotations

import json
import mmap
import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

BESIDE = ".buffers"
"""What the name of a file of buffers ends with."""

_ALONE_BYTES = 65_536  # buffers of this size and more lie beside the pickle
_ALIGNED_BYTES = 64


def save(path: str, value: Any, dumps: Callable[..., bytes]) -> None:
    """Write a value: a line that describes it, its pickle, and its large buffers beside.

    Args:
        path: The file.
        value: What to write.
        dumps: Pickles it; takes the options of `pickle.dumps`.

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
    if buffers:
        _write_buffers(path + BESIDE, buffers)
    _write(path, {"sizes": [raw.nbytes for raw in buffers]}, body)


def save_or_explain(path: str, value: Any, dumps: Callable[..., bytes]) -> None:
    """Write a value, or the reason why it cannot be written."""
    try:
        save(path, value, dumps)
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
    buffers = _mapped(path + BESIDE, head["sizes"]) if head["sizes"] else ()
    return pickle.loads(body, buffers=buffers)  # noqa: S301  # from the other side of a run


class Unsaved(Exception):  # noqa: N818  # it tells of an error on the other side
    """A value that could not be written: its type, and why."""


def _write(path: str, head: dict[str, Any], body: bytes) -> None:
    with open(path + ".part", "wb") as file:
        file.write(json.dumps(head).encode() + b"\n")
        file.write(body)
    os.replace(path + ".part", path)


def _write_buffers(path: str, buffers: Sequence[memoryview]) -> None:
    with suppress(FileNotFoundError):
        os.remove(path)  # somebody may have mapped the last one
    with open(path, "wb", buffering=0) as file:
        for raw in buffers:
            view = raw
            while view:
                view = view[file.write(view) :]
            file.seek(-raw.nbytes % _ALIGNED_BYTES, os.SEEK_CUR)


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
