"""How long nodes that run need still: by what they say themselves, else by earlier runs."""

from __future__ import annotations

import pytest

from nbnodes.engines.engine import Progress
from nbnodes.engines.said import Said
from nbnodes.live.tally import Tally

# after 10 seconds: what earlier runs took (0: unknown), what the work says, its cells; what is left
LEFT_S = {
    "a fraction": (0, 0.25, 0, 30),
    "a fraction, and an earlier run that was quicker": (12, 0.25, 0, 30),
    "a fraction, and an earlier run that was slower": (100, 0.25, 0, 30),
    "a fraction of a run that is overdue": (5, 0.5, 0, 10),
    "a fraction too small to tell, and an earlier run": (15, 0.01, 0, 5),
    "a fraction too small to tell": (0, 0.01, 0, None),
    "an earlier run": (15, None, 0, 5),
    "a run that is overdue": (5, None, 0, None),
    "nothing at all": (0, None, 0, None),
    "a fraction of a notebook's present cell": (0, 0.5, 3, None),
    "a fraction of a notebook's present cell, and an earlier run": (15, 0.5, 3, 5),
}


@pytest.mark.parametrize("name", LEFT_S)
def test_what_is_left_is_told_by(name: str) -> None:
    expected_s, fraction, cells, left_s = LEFT_S[name]
    now_s = [100.0]
    tally = Tally(1, lambda _: expected_s, clock=lambda: now_s[0])
    tally.move("node", has_ended=False, is_asked=True, is_running=True)
    now_s[0] = 110.0
    said = None if fraction is None else Said(fraction=fraction)
    tally.note("node", Progress(done=0, total=cells, said=said))
    assert tally.progress().left_s.get("node") == (left_s and pytest.approx(left_s))
