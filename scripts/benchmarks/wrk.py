"""Requests by wrk: an address and a number of connections in, requests/s and their waits out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

from benchmarks.contest import Contender, Reading
from benchmarks.listening import Listening

_NUMBERS = count(1)
_SCRIPT = """\
local first, path = {first}, "{path}"
local number = 0
request = function()
    number = number + 1
    return wrk.format("GET", (path:gsub("NUMBER", string.format("%d", first + number))))
end
done = function(summary, latency, requests)
    local failed = summary.errors
    io.write(string.format(
        '{{"requests": %d, "duration_s": %f, "p50_ms": %f, "p99_ms": %f, "failed": %d}}\\n',
        summary.requests, summary.duration / 1e6,
        latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
        failed.status + failed.connect + failed.read + failed.timeout
    ))
end
"""
_APART = 10_000_000  # numbers that one spell may use


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """What a spell of requests was like.

    Attributes:
        per_s: Requests answered in a second.
        p50_ms: Half of them waited at most so long.
        p99_ms: All but one in a hundred.
        cpu_us: Processor time of the server's own process, for one.
    """

    per_s: float
    p50_ms: float
    p99_ms: float
    cpu_us: float


class Asking:
    """A server that is asked again and again, over several connections.

    Args:
        folder: For a script.
        server: Starts the server when it is first called.
        path: What is asked; NUMBER in it is another one each time.
        connections: How many.
        spell_s: For how long.
    """

    def __init__(
        self,
        folder: str,
        server: Callable[[], Listening],
        path: str,
        *,
        connections: int,
        spell_s: int,
    ) -> None:
        self._folder, self._server, self._path = folder, server, path
        self._connections, self._spell_s = connections, spell_s
        self._last: Spell | None = None

    def readings(self, name: str) -> Iterator[Contender]:
        """Yield requests/s, then what else is to be told of the same requests."""
        yield Reading(name=name, read=self._per_s, unit="req/s")
        yield Reading(name=f"{name}: p50", read=lambda: self._of_last().p50_ms)
        yield Reading(name=f"{name}: p99", read=lambda: self._of_last().p99_ms)
        yield Reading(name=f"{name}: CPU", read=lambda: self._of_last().cpu_us, unit="µs/req")

    def _per_s(self) -> float:
        self._last = None
        self._last = self._asked()
        return self._last.per_s

    def _of_last(self) -> Spell:
        if self._last is None:
            raise LookupError("see the row above")
        return self._last

    def _asked(self) -> Spell:
        wrk = shutil.which("wrk")
        if wrk is None:
            raise FileNotFoundError("wrk is missing (on Debian, as root: apt-get install wrk)")
        server = self._server()
        script = os.path.join(self._folder, "asked.lua")
        with open(script, "w", encoding="utf-8") as file:
            file.write(_SCRIPT.format(first=next(_NUMBERS) * _APART, path=self._path))
        words = ["-t1", f"-c{self._connections}", f"-d{self._spell_s}s", "--timeout", "30s"]
        before_s = server.cpu_s()
        done = subprocess.run(  # noqa: S603  # our own words
            [wrk, *words, "-s", script, server.url],
            check=True,
            capture_output=True,
            text=True,
        )
        spent_s = server.cpu_s() - before_s
        told = json.loads(done.stdout.splitlines()[-1])
        if told["failed"] or not told["requests"]:
            raise RuntimeError(f"{told['failed']} of {told['requests']} requests failed")
        return Spell(
            per_s=told["requests"] / told["duration_s"],
            p50_ms=told["p50_ms"],
            p99_ms=told["p99_ms"],
            cpu_us=1e6 * spent_s / told["requests"],
        )
