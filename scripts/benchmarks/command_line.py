"""The command line, timed as whole processes, beside its floor and papermill's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import notebooks
from benchmarks.contest import Group, Timed, at_most_times, faster

_FIBONACCI = Path(__file__).resolve().parents[2] / "model_notebooks" / "fibonacci.ipynb"
_IMPORTS = "import json, hashlib, sqlite3"


def cli_groups(folder: str) -> Iterator[Group]:
    """Yield the commands on an example, with and without the cache."""
    place = _place(folder)
    path = shutil.copy(_FIBONACCI, place)
    notebooks.age(place)
    ours = (path, "-p", "n", "10", "-q")
    floor = Timed(name=f"python -c '{_IMPORTS}'", run=_python(_IMPORTS))
    peer = Timed(name="papermill", run=_papermill(path, "-p", "n", "10"))
    other_words = _nbnodes(*ours, "--timeout", "60", "-v")
    yield Group(
        name="cli, cached",
        goals=(at_most_times("nbnodes run, the same words", floor.name, 3),),
        contenders=(
            Timed(name="nbnodes run, the same words", run=_nbnodes(*ours)),
            floor,
            Timed(name="nbnodes run, other words", run=other_words),
            peer,
        ),
    )
    yield Group(
        name="cli, not cached",
        goals=(at_most_times("nbnodes run --no-cache", "papermill", 1),),
        contenders=(
            Timed(name="nbnodes run --no-cache", run=_nbnodes(*ours, "--no-cache")),
            peer,
        ),
    )


def engine_groups(folder: str) -> Iterator[Group]:
    """Yield the commands on cells that are plain Python and on cells that need IPython."""
    place = _place(folder)
    plain = notebooks.write(place, "plain", notebooks.TRIVIAL)
    magic = notebooks.write(place, "magic", notebooks.MAGIC)
    notebooks.age(place)
    values = ("-p", "x", "3")
    yield Group(
        name="command line (whole processes)",
        goals=(
            faster("plain cells, uncached", "papermill, plain cells", 14),
            faster("IPython cells, uncached", "papermill, IPython cells", 5),
            faster("plain cells, cached", "papermill, plain cells", 25),
        ),
        contenders=(
            Timed(name="plain cells, uncached", run=_nbnodes(plain, *values, "-q", "--no-cache")),
            Timed(name="IPython cells, uncached", run=_nbnodes(magic, *values, "-q", "--no-cache")),
            Timed(name="plain cells, cached", run=_nbnodes(plain, *values, "-q"), repeat=3),
            Timed(name="papermill, plain cells", run=_papermill(plain, *values)),
            Timed(name="papermill, IPython cells", run=_papermill(magic, *values)),
            Timed(name="floor: python -c pass", run=_python("pass"), repeat=3),
            Timed(name=f"floor: python -c '{_IMPORTS}'", run=_python(_IMPORTS), repeat=3),
        ),
    )


def _place(folder: str) -> str:
    place = os.path.join(folder, "notebooks")
    os.mkdir(place)
    return place


def _nbnodes(path: str, *words: str) -> Callable[[], object]:
    return _command(_script("nbnodes"), "run", path, *words)


def _papermill(path: str, *words: str) -> Callable[[], object]:
    folder, name = os.path.split(path)
    executed = os.path.join(os.path.dirname(folder), f"executed_{name}")
    quiet = ("--no-progress-bar", "--log-level", "ERROR")
    return _command(_script("papermill"), path, executed, *words, *quiet)


def _python(program: str) -> Callable[[], object]:
    return _command(sys.executable, "-c", program)


def _script(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def _command(*words: str) -> Callable[[], object]:
    """Run a command as a whole process, its output thrown away."""
    return lambda: subprocess.run(  # noqa: S603  # our own words
        words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
