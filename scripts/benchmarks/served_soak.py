"""`nbnodes serve` for long: pages loaded again and again, then requests, then quiet."""

from __future__ import annotations

import os
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import psutil
from benchmarks import notebooks
from benchmarks.listening import Listening, ours
from benchmarks.sessions import memory_mib

LOADS = 1_000
_REQUESTS_PER_LOAD = 10
_CLIENTS = 8
_WARM = 500  # requests before what is held is counted
_DIFFERENT = 50  # of the values asked for; the rest is known already
_LONGEST_LOAD_MS = 30_000
_QUIET_S = 60.0  # at most, until what was busy has ended
_MORE_MIB = 30
_MORE_FILES, _MORE_THREADS, _MORE_CHILDREN = 5, 5, 2
_LOOK_S = 0.5


def soak_served(loads: int) -> int:
    """Load pages and ask; print what is held before and after; return the exit code."""
    with tempfile.TemporaryDirectory(prefix="nbnodes-soak-") as folder:
        place = os.path.join(folder, "models")
        os.mkdir(place)
        notebooks.write(place, "trivial", notebooks.TRIVIAL)
        cache = os.path.join(folder, "cache")
        with ours(place, cache=cache, probe="/api/models/trivial/run") as server:
            hung = _loads(server, loads)
            leaks = _requests(server, _REQUESTS_PER_LOAD * loads)
    return 1 if hung or leaks else 0


def _loads(server: Listening, count: int) -> int:
    """Open a page until it shows its output and is connected; return how often that took long."""
    from benchmarks.pages import CHROMIUM, WORDS
    from playwright.sync_api import TimeoutError as PageTimeoutError
    from playwright.sync_api import sync_playwright

    took_s, hung = [], 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=WORDS)
        for number in range(count):
            page = browser.new_page()
            begun = time.monotonic()
            try:
                page.goto(f"{server.url}/pages/trivial?x={number % _DIFFERENT}")
                shown = page.locator(".nb-is-value", has_text=str(number % _DIFFERENT * 2 + 1))
                shown.wait_for(timeout=_LONGEST_LOAD_MS)
            except PageTimeoutError:
                hung += 1
            took_s.append(time.monotonic() - begun)
            page.close()
        browser.close()
    took_s.sort()
    middle, last = took_s[len(took_s) // 2], took_s[-1]
    print(f"{count:,} page loads: median {middle:.2f} s, longest {last:.2f} s, {hung} hung")
    return hung


def _requests(server: Listening, count: int) -> list[str]:
    """Ask, wait for quiet, and return what is held then that was not before."""
    _ask(server, _WARM)
    before = _held(server)
    begun = time.monotonic()
    _ask(server, count)
    elapsed_s = time.monotonic() - begun
    deadline = time.monotonic() + _QUIET_S
    after = _held(server)
    while _more(before, after) and time.monotonic() < deadline:
        time.sleep(_LOOK_S)
        after = _held(server)
    print(f"{count:,} requests in {elapsed_s:.0f} s, then quiet:")
    for name, number in before.items():
        print(f"  {name:<10} {number:>8.1f} before, {after[name]:>8.1f} after")
    leaks = _more(before, after)
    print("nothing is held that was not before" if not leaks else f"LEFT: {', '.join(leaks)}")
    return leaks


def _ask(server: Listening, count: int) -> None:
    def one(number: int) -> None:
        url = f"{server.url}/api/models/trivial/run?x={number % _DIFFERENT}"
        with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310  # our own
            answer.read()

    with ThreadPoolExecutor(_CLIENTS) as pool:
        for _ in pool.map(one, range(count)):
            pass


def _held(server: Listening) -> dict[str, float]:
    process: psutil.Process = server.process
    return {
        "MiB": memory_mib(server),
        "files": process.num_fds(),
        "threads": process.num_threads(),
        "children": len(server.family) - 1,
    }


def _more(before: dict[str, float], after: dict[str, float]) -> list[str]:
    allowed = {
        "MiB": _MORE_MIB,
        "files": _MORE_FILES,
        "threads": _MORE_THREADS,
        "children": _MORE_CHILDREN,
    }
    return [name for name, most in allowed.items() if after[name] > before[name] + most]
