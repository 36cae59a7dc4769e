"""The property tests of the scheduler with many more examples than a test run draws."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

EXAMPLES = 20_000
_ROOT = Path(__file__).resolve().parents[2]
_TESTS = "tests/property/test_scheduler.py"


def soak(examples: int) -> int:
    """Run them, their report as it comes; return the exit code.

    Examples are drawn anew each time, so a failure is printed with what repeats it.
    """
    print(f"{_TESTS}, {examples:,} examples", flush=True)
    begun = time.monotonic()
    done = subprocess.run(  # noqa: S603  # our own words
        [sys.executable, "-m", "pytest", "-n", "0", "--timeout", "0", "--durations", "3", _TESTS],
        cwd=_ROOT,
        env={**os.environ, "TEST_EXAMPLES": str(examples)},
        check=False,
    )
    outcome = "no counterexample" if done.returncode == 0 else "FAILED, see above"
    print(f"{examples:,} examples in {time.monotonic() - begun:.0f} s: {outcome}")
    return done.returncode
