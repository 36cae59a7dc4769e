"""2,000 calls over 4 threads with accidents of every kind; prints what came of it, as JSON.

A program of its own, so that what it leaves behind can be counted.
"""

from __future__ import annotations

import gc
import json
import os
import random
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psutil

from nbnodes.engines.engine import CancelToken, RunRequest
from nbnodes.engines.fork import ForkEngine
from nbnodes.errors import KernelDiedError, RunCancelledError, RunTimeoutError
from nbnodes.notebook.reader import read

CALLS = 2000
BATCH = 500
ACCIDENT = """\
import os, time
if kind == "exits": os._exit(3)
if kind == "shot": os.kill(os.getpid(), 9)
if kind in ("late", "cancelled"): time.sleep(60)
"""
KINDS = ["runs"] * 12 + ["exits", "shot", "late", "cancelled", "raises", "orphans"]
ENDS = {
    "runs": {"value"},
    "exits": {"KernelDiedError"},
    "shot": {"KernelDiedError"},
    "late": {"RunTimeoutError"},
    "cancelled": {"RunCancelledError"},
    "raises": {"ZeroDivisionError"},
    "orphans": {"KernelDiedError", "value"},  # its template is killed, maybe after it has ended
}


def cell(source: str, *tags: str) -> dict[str, object]:
    return {
        "cell_type": "code",
        "metadata": {"tags": list(tags)},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


NOTEBOOK = read(
    {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
        "cells": [
            cell("n = 0\nkind = ''", "parameters"),
            cell(ACCIDENT),
            cell("if kind == 'raises': 1 / 0"),
            cell("print(n)\n[n] * 3", "return"),
        ],
    }
)


class Stress:
    def __init__(self) -> None:
        self.engine = ForkEngine()
        self.folder = tempfile.mkdtemp()
        self.kills_begun = self.kills_ended = 0

    def call(self, n: int) -> str:
        """Make a call with an accident or without; return "" if it ended as it had to."""
        chance = random.Random(n)
        kind = chance.choice(KINDS)
        if kind == "orphans" and n % 5:  # a new template takes half a second
            kind = "runs"
        cancel = CancelToken()
        if kind == "cancelled":
            threading.Timer(chance.random() / 20, cancel.cancel).start()
        ended = self.kills_ended
        if kind == "orphans":
            self.kill_template()
        seen = self.end_of(n, kind, cancel)
        others = {"KernelDiedError"} if self.kills_begun > ended else set()  # with its template
        return "" if seen in ENDS[kind] | others else f"{n} {kind}: {seen}"

    def end_of(self, n: int, kind: str, cancel: CancelToken) -> str:
        request = RunRequest(
            notebook=NOTEBOOK,
            values={"n": n, "kind": kind},
            folder=self.folder,
            timeout_s=0.05 if kind == "late" else 60,
            cancel=cancel,
        )
        try:
            result = self.engine.run(request)
        except (KernelDiedError, RunCancelledError, RunTimeoutError) as error:
            names = [kind.__name__ for kind in type(error).__mro__]
            return next(name for name in names if name != "NotBegunError")
        if not result.ok:
            return result.error.ename  # type: ignore[union-attr]
        is_right = result.unwrap() == [n] * 3 and result.stdout == f"{n}\n"
        return "value" if is_right else f"wrong: {result!r}"

    def kill_template(self) -> None:
        self.kills_begun += 1
        for template in self.engine._templates[-1:]:
            with suppress(psutil.NoSuchProcess):
                keeper = psutil.Process(template._process.pid)
                both = [keeper, *keeper.children()]
                family = [keeper, *keeper.children(recursive=True)]
                random.choice(both).kill()
                psutil.wait_procs(family, timeout=10)  # the runs in it die after it
        self.kills_ended += 1


def rss_bytes() -> int:
    gc.collect()
    return int(psutil.Process().memory_info().rss)


def main() -> None:
    tempfile.tempdir = tempfile.mkdtemp(prefix="stress-")  # others use the usual one too
    temporary = set(os.listdir(tempfile.gettempdir()))
    stress = Stress()
    descriptors = len(os.listdir("/proc/self/fd"))
    wrong: list[str] = []
    rss: list[int] = []
    with ThreadPoolExecutor(4) as pool:
        for start in range(0, CALLS, BATCH):
            wrong += filter(None, pool.map(stress.call, range(start, start + BATCH)))
            rss.append(rss_bytes())
    stress.engine.close()
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join()
    os.rmdir(stress.folder)
    left = psutil.wait_procs(psutil.Process().children(recursive=True), timeout=10)[1]
    told = {
        "wrong": wrong,
        "processes": len(left),
        "threads": [t.name for t in threading.enumerate() if t is not threading.main_thread()],
        "descriptors": len(os.listdir("/proc/self/fd")) - descriptors,
        "files": sorted(name for name in set(os.listdir(tempfile.gettempdir())) - temporary),
        "rss_bytes": rss,
    }
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
