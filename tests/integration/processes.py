"""What tests look at from outside: processes of this one, and callers that are killed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil
from notebooks import CellText, notebook

from nbnodes.engines.engine import Engine, RunRequest
from nbnodes.result import Result

_CALLER = """\
import sys
from nbnodes.engines.engine import RunRequest
from nbnodes.engines.{module} import {name}
from nbnodes.notebook.reader import read
cell = "import subprocess\\nsubprocess.Popen(['sleep', '600'])\\nwhile True: pass"
document = {{"nbformat": 4, "nbformat_minor": 5, "metadata": {{}}, "cells": [
    {{"cell_type": "code", "metadata": {{}}, "source": cell, "outputs": []}}]}}
{name}().run(RunRequest(notebook=read(document), folder=sys.argv[1]))
"""


def call(engine: Engine, folder: Path, *cells: CellText, **options: object) -> Result:
    """Run a notebook of these cells."""
    request = RunRequest(notebook=notebook(*cells), folder=str(folder), **options)  # type: ignore[arg-type]
    return engine.run(request)


def descendants() -> list[psutil.Process]:
    """Return the processes that this one has started, and those that they have."""
    return psutil.Process().children(recursive=True)


def await_end(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Return those that are still alive after they had their time to end."""
    return psutil.wait_procs(processes, timeout=10)[1]


def words(process: psutil.Process) -> str:
    """Return the words that a process was started with; "" for one that has ended."""
    with suppress(psutil.NoSuchProcess):  # a zombie too
        return " ".join(process.cmdline())
    return ""


def is_sleep(process: psutil.Process) -> bool:
    """Whether a process runs `sleep`."""
    with suppress(psutil.NoSuchProcess):
        return process.name() == "sleep"
    return False


def family_of_killed_caller(engine_class: type[Engine], folder: Path) -> list[psutil.Process]:
    """Kill a program whose notebook runs and has started a process; return what it had started."""
    words = {"module": engine_class.__module__.rpartition(".")[2], "name": engine_class.__name__}
    return family_of_killed([sys.executable, "-c", _CALLER.format(**words), str(folder)])


def family_of_killed(words: list[str]) -> list[psutil.Process]:
    """The same of a program that one starts with these words."""
    caller = subprocess.Popen(words)
    process = psutil.Process(caller.pid)
    family: list[psutil.Process] = []
    while not any(map(is_sleep, family)) and caller.poll() is None:
        family = process.children(recursive=True)
    caller.kill()
    caller.wait()
    return family
