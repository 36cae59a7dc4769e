"""The same `run` in the same words, with nothing changed, is answered before the rest is loaded.

The cache's key names code and values, and to compute it takes the whole package, whose import
costs more than the answer. A shortcut names the words and the state (times, size, inode) of every
file that the key was made from, as git's index does, and points to the stored run; when the least
thing differs it is not taken. It only ever repeats what a full look-up printed (docs/adr/006).
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from nbnodes.cache import schema
from nbnodes.cache.folders import user_folder
from nbnodes.notebook.stamp import RACY_NS, stamp

VERSION = 1
_BYTES = "base64"
_LONGEST = 64_000  # characters; a longer answer is looked up in full
_PER_FOLDER = 8  # shortcuts kept in each of 256 folders
_FRESH_S = 3600.0  # a stored run unused for longer is answered in full, which notes the use
_NEVER = frozenset(
    {
        "-",
        "--cwd",
        "-f",
        "--parameters_file",
        "-o",
        "--output",
        "--no-cache",
        "--refresh",
        "-v",
        "--verbose",
    }
)


def answer(words: Sequence[str]) -> bool:
    """Print the answer to `run` with these words, if a shortcut holds; return whether it did."""
    started_at = time.monotonic()
    if not _may_take(words):
        return False
    shortcut = _read(_path(words))
    if shortcut is None or not _holds(shortcut):
        return False
    _print(shortcut["printed"], started_at)
    return True


def remember(
    words: Sequence[str],
    printed: str | bytes | Mapping[str, Any],
    *,
    index: str,
    key: str,
    files: Iterable[str],
    began_ns: int,
) -> None:
    """Lay a shortcut to what was just printed; where that cannot be done there is none.

    Args:
        words: The words after `run`.
        printed: The text, the bytes or the JSON object that was printed.
        index: The index file that holds the run.
        key: The run's key.
        files: Every file and folder whose state the key depends on.
        began_ns: When the first of them was read: one that changed since is not what was printed.
    """
    if not _may_take(words):
        return
    stamps = {path: stamp(path) for path in {*files, *_pyprojects()}}
    newest_ns = max((times[0] for times in stamps.values() if times), default=0)
    proof = _proof(index, key)
    if proof is None or began_ns - newest_ns < RACY_NS:
        return
    content = {"stamps": stamps, "index": index, "key": key, "proof": proof}
    if isinstance(printed, bytes):
        printed = {_BYTES: base64.b64encode(printed).decode()}
    content["printed"] = printed
    text = json.dumps(content)
    if len(text) > _LONGEST:
        return
    try:
        _write(_path(words), text)
    except OSError:
        return


def forget(index: str) -> None:
    """Forget every shortcut to runs in an index, and with it what was printed."""
    for folder, _, names in os.walk(_folder()):
        for path in (os.path.join(folder, name) for name in names):
            shortcut = _read(path)
            if shortcut is None or shortcut["index"] == index:
                with suppress(FileNotFoundError):  # another process was faster
                    os.unlink(path)


def _print(printed: str | dict[str, Any], started_at: float) -> None:
    if isinstance(printed, dict) and _BYTES in printed:
        sys.stdout.buffer.write(base64.b64decode(printed[_BYTES]))
        sys.stdout.buffer.flush()
        return
    if isinstance(printed, dict):
        elapsed_s = round(time.monotonic() - started_at, 6)
        now = printed | {"cached": True, "duration_s": elapsed_s}
        printed = json.dumps(now, ensure_ascii=False)
    sys.stdout.write(f"{printed}\n")
    sys.stdout.flush()


def _may_take(words: Sequence[str]) -> bool:
    """Whether these words ask for a printed answer and nothing else."""
    return not any(word.partition("=")[0] in _NEVER for word in words)


def _holds(shortcut: Mapping[str, Any]) -> bool:
    """Whether everything is as it was when the shortcut was laid."""
    if set(_pyprojects()) - set(shortcut["stamps"]):
        return False
    if any(stamp(path) != laid for path, laid in shortcut["stamps"].items()):
        return False
    return bool(_proof(shortcut["index"], shortcut["key"]) == shortcut["proof"])


def _proof(index: str, key: str) -> str | None:
    """Name the stored run as it stands in the index; None if it is not there or long unused."""
    import sqlite3

    if not os.path.exists(index):
        return None
    try:
        connection = sqlite3.connect(index, timeout=1.0, isolation_level=None)
        try:
            row = connection.execute(schema.GET, (key,)).fetchone()
            used = connection.execute(schema.LAST_USED, (key,)).fetchone()
        finally:
            connection.close()
    except sqlite3.Error:
        return None
    if row is None or used is None or time.time() - used[0] > _FRESH_S:
        return None
    return hashlib.sha256(row[0]).hexdigest() if isinstance(row[0], bytes) else None


def _pyprojects() -> list[str]:
    """Return every place where the settings could stand."""
    found, folder = [], os.getcwd()
    while True:
        found.append(os.path.join(folder, "pyproject.toml"))
        parent = os.path.dirname(folder)
        if parent == folder:
            return found
        folder = parent


def _path(words: Sequence[str]) -> str:
    """Name the shortcut's file by all that the answer depends on besides files."""
    watched = ("PYTHONPATH", "XDG_CACHE_HOME", "XDG_DATA_HOME", "HOME")
    environment = {
        name: value
        for name, value in sorted(os.environ.items())
        if name.startswith("NBNODES_") or name in watched
    }
    asked = [
        VERSION,
        stamp(__file__),
        list(words),
        os.getcwd(),
        environment,
        sys.version,
        sys.prefix,
    ]
    name = hashlib.sha256(json.dumps(asked).encode("utf-8", "surrogatepass")).hexdigest()
    return os.path.join(_folder(), name[:2], name)


def _folder() -> str:
    return os.path.join(user_folder("cache"), "shortcuts")


def _read(path: str) -> dict[str, Any] | None:
    """Read a shortcut; None if there is none or it was damaged."""
    try:
        with open(path, encoding="utf-8") as file:
            proof, _, text = file.read().partition("\n")
    except (OSError, UnicodeDecodeError):
        return None
    if hashlib.sha256(text.encode()).hexdigest() != proof:
        return None
    found: dict[str, Any] = json.loads(text)
    return found


def _write(path: str, text: str) -> None:
    folder = os.path.dirname(path)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    laid = sorted(os.scandir(folder), key=lambda entry: entry.stat().st_mtime, reverse=True)
    for entry in laid[_PER_FOLDER - 1 :]:
        os.unlink(entry.path)
    part = f"{path}.{os.getpid()}"
    with open(part, "w", encoding="utf-8") as file:
        file.write(f"{hashlib.sha256(text.encode()).hexdigest()}\n{text}")
    os.replace(part, path)
