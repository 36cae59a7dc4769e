"""Ours beside the peers, in interleaved rounds: each round times every contender once, in turn.

A noisy machine slows a whole round, so ratios are taken within rounds and their median is quoted.
The first round warms up and is not counted. What others print is thrown away.

    scripts/bench                       all groups
    scripts/bench cli cache             some
    scripts/bench engines               every promise about engines, and whether it holds
    scripts/bench engines --only tail   of those, the ones with that word in their name
    scripts/bench graph                 what runs after a change, what a node costs, interruptions
    scripts/bench view                  how soon a page shows what a slider asks for
    scripts/bench serve                 requests and pages of `nbnodes serve`, beside peers
    scripts/bench --json --rounds 9     as JSON
    scripts/bench graph --soak          no measuring: the scheduler's property tests, for long
    scripts/bench serve --soak          no measuring: page loads and requests, and what is held then
    scripts/bench --soak                both of these
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks import table
from benchmarks.calls import call_groups
from benchmarks.command_line import cli_groups
from benchmarks.contest import measure
from benchmarks.engines import engines_groups
from benchmarks.graphs import graph_groups
from benchmarks.serve import serve_groups
from benchmarks.served_soak import LOADS, soak_served
from benchmarks.soak import EXAMPLES, soak
from benchmarks.store import cache_groups
from benchmarks.views import view_groups

GROUPS = {
    "cli": cli_groups,
    "call": call_groups,
    "cache": cache_groups,
    "engines": engines_groups,
    "graph": graph_groups,
    "view": view_groups,
    "serve": serve_groups,
}
SOAKS = {
    "graph": lambda count: soak(count or EXAMPLES),
    "serve": lambda count: soak_served(count or LOADS),
}


def main() -> None:
    """Measure the groups asked for, or soak."""
    asked = _arguments()
    if asked.soak is not None:
        sys.exit(max(SOAKS[name](asked.soak) for name in SOAKS if name in (asked.groups or SOAKS)))
    measured = []
    with tempfile.TemporaryDirectory(prefix="nbnodes-bench-") as folder, _peers_silenced():
        os.environ |= dict.fromkeys(("XDG_CACHE_HOME", "XDG_DATA_HOME"), folder)
        for one in _measured(asked, folder):
            measured.append(one)
            if not asked.json:
                _print_lines(table.group_lines(one))
    if asked.json:
        print(json.dumps(measured, indent=1))
    else:
        _print_lines(table.summary_lines(measured))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("groups", nargs="*", help=f"of {', '.join(GROUPS)}; default: all")
    parser.add_argument("--rounds", type=int, default=7, help="default: 7")
    parser.add_argument("--only", default="", metavar="WORD", help="part of a group's name")
    parser.add_argument("--json", action="store_true")
    parser.add_argument(
        "--soak",
        type=int,
        nargs="?",
        const=0,
        metavar="COUNT",
        help=f"{EXAMPLES:,} examples; with serve {LOADS:,} page loads",
    )
    asked = parser.parse_args()
    unknown = [name for name in asked.groups if name not in GROUPS]
    if unknown or asked.rounds < 1:
        parser.error(f"no such group: {', '.join(unknown)}" if unknown else "--rounds: at least 1")
    if asked.soak is not None and asked.groups and not {*asked.groups} & {*SOAKS}:
        parser.error(f"--soak: there is something to soak in {', '.join(SOAKS)} only")
    return asked


def _measured(asked: argparse.Namespace, folder: str) -> Iterator[dict[str, Any]]:
    for name in asked.groups or GROUPS:
        place = os.path.join(folder, name)
        os.mkdir(place)
        for group in GROUPS[name](place):
            if asked.only in group.name:
                yield measure(group, asked.rounds)


def _print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        print(line, flush=True)


@contextmanager
def _peers_silenced() -> Iterator[None]:
    """Throw standard error away, also that of kernels, which inherit the descriptor."""
    kept = os.dup(2)
    nothing = os.open(os.devnull, os.O_WRONLY)
    sys.stderr.flush()
    os.dup2(nothing, 2)
    os.close(nothing)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)


if __name__ == "__main__":
    main()
