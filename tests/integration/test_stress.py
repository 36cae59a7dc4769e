"""2,000 calls with accidents: each ends truly, and nothing is left (`stress.py` makes them)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

GROWTH_BYTES = 20_000_000


@pytest.mark.timeout(300)
def test_two_thousand_calls_with_accidents_end_truly_and_leave_nothing() -> None:
    program = Path(__file__).with_name("stress.py")
    ended = subprocess.run([sys.executable, program], check=True, capture_output=True, text=True)
    told = json.loads(ended.stdout)
    assert told["wrong"] == []
    assert (told["processes"], told["threads"], told["descriptors"]) == (0, [], 0)
    assert told["files"] == []
    assert max(told["rss_bytes"]) - told["rss_bytes"][0] < GROWTH_BYTES
