"""How long a node waits before it runs, by how its inputs change."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from nbnodes.live.debounce import Debounce


class Clock:
    """Says what it is told to say, in milliseconds."""

    def __init__(self) -> None:
        self.now_ms = 0

    def __call__(self) -> float:
        return self.now_ms / 1000


def wait_ms(changes_ms: Sequence[int], *, run_s: float, given_s: float | None = None) -> int:
    """Return how long a node waits just after the last of some changes."""
    clock = Clock()
    debounce = Debounce(clock)
    for now_ms in changes_ms:
        clock.now_ms = now_ms
        debounce.note_change(["node"])
    return round(1000 * debounce.left_s("node", given_s=given_s, run_s=run_s))


@pytest.mark.parametrize(
    ("claim", "changes_ms", "run_s", "expected_ms"),
    [
        ("who was never changed does not wait", [], 0.3, 0),
        ("who is quick does not wait", [0, 50, 100], 0.09, 0),
        ("who never ran does not wait", [0, 50, 100], 0.0, 0),
        ("the first change waits only for those made with it", [0], 0.3, 10),
        ("a change after a rest is a first one", [0, 50, 100, 400], 0.3, 10),
        ("a drag's next change may be a little late", [0, 50, 100], 0.3, 75),
        ("the longest of the latest gaps counts", [0, 50, 150, 180], 0.4, 150),
        ("gaps of long ago do not", [0, 100, 150, 200, 250, 300], 0.4, 75),
        ("who is nearly quick waits for a part of a run", [0, 100, 200], 0.12, 80),
        ("nobody waits for long", [0, 240, 480], 0.9, 200),
        ("who is slow waits unfelt, rather than run in vain", [0], 5.0, 100),
        ("who is slow waits in a drag, too", [0, 90, 180], 5.0, 135),
    ],
    ids=lambda value: value.replace(" ", "_") if isinstance(value, str) else "",
)
def test_a_node_waits(claim: str, changes_ms: list[int], run_s: float, expected_ms: int) -> None:
    assert wait_ms(changes_ms, run_s=run_s) == expected_ms, claim


@pytest.mark.parametrize("run_s", [0.0, 0.3, 5.0])
def test_who_says_how_long_is_obeyed(run_s: float) -> None:
    assert wait_ms([0, 50, 100], run_s=run_s, given_s=0.5) == 500
    assert wait_ms([0], run_s=run_s, given_s=0.0) == 0


def test_time_that_has_passed_is_not_waited_for_again() -> None:
    clock = Clock()
    debounce = Debounce(clock)
    debounce.note_change(["node"])
    clock.now_ms = 200
    assert debounce.left_s("node", given_s=0.5, run_s=0.0) == pytest.approx(0.3)
    assert debounce.left_s("node", given_s=0.1, run_s=0.0) < 0


def test_nodes_change_each_at_its_own_pace() -> None:
    clock = Clock()
    debounce = Debounce(clock)
    for clock.now_ms in (0, 50, 100):
        debounce.note_change(["dragged"])
    debounce.note_change(["clicked"])
    waits = [debounce.left_s(name, given_s=None, run_s=0.3) for name in ("dragged", "clicked")]
    assert waits == pytest.approx([0.075, 0.01])
