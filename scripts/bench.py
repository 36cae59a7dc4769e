"""Ours beside the peers, in interleaved rounds: each round times every contender once, in turn.

A noisy machine slows a whole round, so ratios are taken within rounds and their median is quoted.

    scripts/bench                    all groups
    scripts/bench cli cache          some
    scripts/bench --json --rounds 9  as JSON
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIBONACCI = str(ROOT / "model_notebooks" / "fibonacci.ipynb")
TREND = str(ROOT / "model_notebooks" / "trend.ipynb")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """Something to time.

    Attributes:
        name: What it is called in the table.
        run: Does it once.
        repeat: How many times in a row one timing does it.
    """

    name: str
    run: Callable[[], object]
    repeat: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Contenders for the same job; the first is ours, the second what it is measured against.

    Attributes:
        name: The group's name.
        goal: What is promised of the ratio ours ÷ theirs, as text.
        contenders: Who takes part.
    """

    name: str
    goal: str
    contenders: tuple[Contender, ...]


def command(*words: str) -> Callable[[], object]:
    """Run a command as a whole process, its output thrown away."""
    return lambda: subprocess.run(words, check=True, stdout=subprocess.DEVNULL)  # noqa: S603


def cli_groups(folder: str) -> Iterator[Group]:
    """Whole processes: the command line beside its floor and papermill's."""
    nbnodes, papermill = (str(Path(sys.executable).parent / n) for n in ("nbnodes", "papermill"))
    ours = (nbnodes, "run", FIBONACCI, "-p", "n", "10", "-q")
    output = os.path.join(folder, "out.ipynb")
    peer = (
        papermill,
        FIBONACCI,
        output,
        "-p",
        "n",
        "10",
        "--no-progress-bar",
        "--log-level",
        "ERROR",
    )
    floor = (sys.executable, "-c", "import json, hashlib, sqlite3")
    yield Group(
        name="cli, cached",
        goal="<= 3 (aim 1.5)",
        contenders=(
            Contender(name="nbnodes run, the same words", run=command(*ours)),
            Contender(name="python -c 'import json, hashlib, sqlite3'", run=command(*floor)),
            Contender(name="nbnodes run, other words", run=command(*ours, "--timeout", "60", "-v")),
            Contender(name="papermill", run=command(*peer)),
        ),
    )
    yield Group(
        name="cli, not cached",
        goal="< 1",
        contenders=(
            Contender(name="nbnodes run --no-cache", run=command(*ours, "--no-cache")),
            Contender(name="papermill", run=command(*peer)),
        ),
    )


def call_groups(folder: str) -> Iterator[Group]:
    """Calls from a program, in a fresh namespace each."""
    import papermill

    import nbnodes as nb

    del folder
    for title, path, values in (
        ("trivial", FIBONACCI, {"n": 10}),
        ("pandas", TREND, {"window": 6}),
    ):
        model = nb.Model(path)

        def peer(path: str = path, values: dict[str, int] = values) -> None:
            cwd = os.path.dirname(path)
            papermill.execute_notebook(path, None, values, progress_bar=False, cwd=cwd)

        def ours(engine: str, model: nb.Model = model, values: dict[str, int] = values) -> None:
            model.run(values, engine=engine, cache=False)

        def hit(model: nb.Model = model, values: dict[str, int] = values) -> None:
            model.run(values)

        yield Group(
            name=f"call, {title}",
            goal="kernel < 1",
            contenders=(
                Contender(name="kernel (isolated)", run=lambda ours=ours: ours("kernel")),
                Contender(name="papermill.execute_notebook", run=peer),
                Contender(name="fork (isolated)", run=lambda ours=ours: ours("fork"), repeat=5),
                Contender(name="inprocess", run=lambda ours=ours: ours("inprocess")),
                Contender(name="papermill engine", run=lambda ours=ours: ours("papermill")),
                Contender(name="answered from the cache", run=hit, repeat=20),
            ),
        )


def cache_groups(folder: str) -> Iterator[Group]:
    """The store beside raw sqlite3 and sqlitedict as it ships."""
    from sqlitedict import SqliteDict

    from nbnodes.cache.location import open_store
    from nbnodes.cache.store import Entry
    from nbnodes.result import CacheKey

    store = open_store(os.path.join(folder, "store"), limit_bytes=10**9, durability="normal")
    if store is None:
        raise AssertionError("a folder always gives a store")
    key = CacheKey("0" * 64)
    facts = {"notebook": "n", "family": "n", "cost_s": 1.0, "parts": "{}"}
    store.put(Entry(key=key, payload=b"x" * 1000, **facts))
    raw = sqlite3.connect(os.path.join(folder, "raw.sqlite"), isolation_level=None)
    raw.execute("PRAGMA journal_mode = WAL")
    raw.execute("CREATE TABLE t (key TEXT PRIMARY KEY, value BLOB)")
    raw.execute("INSERT INTO t VALUES (?, ?)", (key, b"x" * 1000))
    shipped = SqliteDict(os.path.join(folder, "dict.sqlite"), autocommit=True, journal_mode="WAL")
    shipped[key] = b"x" * 1000
    counter = iter(range(10**9))

    def put() -> None:
        store.put(Entry(key=CacheKey(f"{next(counter):064x}"), payload=b"x" * 1000, **facts))

    def put_shipped() -> None:
        shipped[f"{next(counter):064x}"] = b"x" * 1000

    def get_raw() -> object:
        return raw.execute("SELECT value FROM t WHERE key = ?", (key,)).fetchone()

    yield Group(
        name="store, get 1 kB",
        goal="<= 3",
        contenders=(
            Contender(name="nbnodes store", run=lambda: store.get(key), repeat=500),
            Contender(name="raw sqlite3", run=get_raw, repeat=500),
            Contender(name="sqlitedict as shipped", run=lambda: shipped[key], repeat=500),
        ),
    )
    yield Group(
        name="store, put 1 kB",
        goal="<= 3",
        contenders=(
            Contender(name="nbnodes store", run=put, repeat=100),
            Contender(name="sqlitedict as shipped (no fsync)", run=put_shipped, repeat=100),
        ),
    )


GROUPS = {"cli": cli_groups, "call": call_groups, "cache": cache_groups}


def measure(group: Group, rounds: int) -> dict[str, object]:
    """Time a group; the first round warms up and is not counted."""
    times: dict[str, list[float]] = {contender.name: [] for contender in group.contenders}
    for count in range(rounds + 1):
        for contender in group.contenders:
            begun = time.perf_counter()
            for _ in range(contender.repeat):
                contender.run()
            elapsed_s = (time.perf_counter() - begun) / contender.repeat
            if count:
                times[contender.name].append(elapsed_s)
    ours = times[group.contenders[0].name]
    return {
        "group": group.name,
        "goal": group.goal,
        "rows": [
            {
                "name": name,
                "median_ms": round(1000 * statistics.median(series), 4),
                "ours_to_this": round(
                    statistics.median(a / b for a, b in zip(ours, series, strict=True)), 3
                ),
            }
            for name, series in times.items()
        ],
    }


def show(measured: dict[str, object]) -> None:
    """Print a group as a table."""
    print(f"\n{measured['group']}   (goal, ours to the second row: {measured['goal']})")
    for row in measured["rows"]:  # type: ignore[attr-defined]
        name, median_ms, ratio = row["name"], row["median_ms"], row["ours_to_this"]
        print(f"  {name:<44} {median_ms:>12.3f} ms   ours / this {ratio:>8.3f}")


def main() -> None:
    """Measure the groups asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("groups", nargs="*", help=f"of {', '.join(GROUPS)}; default: all")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    measured = []
    with tempfile.TemporaryDirectory(prefix="nbnodes-bench-") as folder:
        os.environ |= dict.fromkeys(("XDG_CACHE_HOME", "XDG_DATA_HOME"), folder)
        for name in asked.groups or GROUPS:
            for group in GROUPS[name](folder):
                measured.append(measure(group, asked.rounds))
                if not asked.json:
                    show(measured[-1])
    if asked.json:
        print(json.dumps(measured, indent=1))


if __name__ == "__main__":
    main()
