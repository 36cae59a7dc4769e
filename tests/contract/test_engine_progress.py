"""What a cell says of how far it is reaches the caller, and no Result, on every engine."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from cells import Run, run_cells

from nbnodes.engines.engine import Progress
from nbnodes.engines.registry import open_engine
from nbnodes.engines.said import MIME, Said
from nbnodes.notebook.document import Cell

PROGRESS = "from nbnodes.engines.reporting import progress"
SAID = {
    "fraction": ("progress(0.3)", Said(fraction=0.3)),
    "count": ("progress(3, 10)", Said(fraction=0.3, done=3, total=10)),
    "note": ("progress(0.3, note='fitting <a>')", Said(fraction=0.3, note="fitting <a>")),
    "nobody knows": ("progress(note='loading')", Said(note="loading")),
    "a loop": ("for _ in progress('abc'):\n    pass", Said(fraction=1.0, done=3, total=3)),
    "a generator": (
        "for _ in progress(n for n in range(4)):\n    pass",
        Said(fraction=1.0, done=4, total=4),
    ),
    "an end that was not reached": (
        "for n in progress(range(4), note='n'):\n    if n == 1:\n        break",
        Said(fraction=0.25, done=1, total=4, note="n"),
    ),
    "a thread": (
        "import threading\nt = threading.Thread(target=progress, args=(1, 2))\nt.start()\nt.join()",
        Said(fraction=0.5, done=1, total=2),
    ),
    "IPython": ("%time progress(1, 2)", Said(fraction=0.5, done=1, total=2)),
    "what cannot be told": ("progress(float('nan'), note='n')", Said(note="n")),
}
NO_THREADS = "of a run in the caller's interpreter, only its own thread is heard"


@pytest.mark.parametrize("name", SAID)
def test_a_cell_says_how_far_it_is(run: Run, request: pytest.FixtureRequest, name: str) -> None:
    source, expected = SAID[name]
    if name == "a thread" and request.node.callspec.params["engine"] == "inprocess":
        pytest.skip(NO_THREADS)
    told: list[Progress] = []
    run(PROGRESS, source, ("1", "return"), on_progress=told.append)
    assert last_said(told, 1) == expected


def test_cells_count_as_ever_and_what_one_said_ends_with_it(run: Run) -> None:
    told: list[Progress] = []
    run(PROGRESS, "progress(1, 2)", "progress(2, 2)", on_progress=told.append)
    said = [(one.done, one.total, one.said and one.said.fraction) for one in told]
    assert [one for one, _ in groupby(said)] == [
        (1, 3, None),
        (1, 3, 0.5),
        (2, 3, None),
        (2, 3, 1.0),
        (3, 3, None),
    ]


def test_no_bar_is_part_of_a_result_or_of_its_notebook(run: Run) -> None:
    result = run(
        PROGRESS, "print('a')\nprogress(1, 2)\nprint('b')", ("progress(1, 2)\n7", "return")
    )
    assert result.unwrap() == 7
    assert [out.get("text") or out["data"] for out in result.outputs] == [
        "a\nb\n",
        {"text/plain": "7"},
    ]
    assert MIME not in repr(result.notebook_json())


def test_a_bar_is_shown_in_place_while_the_cell_runs(run: Run) -> None:
    shown: list[tuple[int, str, Any, str]] = []

    def listen(cell: Cell, kind: str, content: Mapping[str, Any]) -> None:
        if MIME in content.get("data", {}):
            bar = content["data"]["text/html"]
            shown.append((cell.index, kind, content["transient"]["display_id"], bar))

    say = "progress(1, 2, note='<b>')\nprogress(2, 2)"
    run(PROGRESS, say, say, on_output=listen)
    assert [(index, kind) for index, kind, _, _ in shown] == [
        (1, "display_data"),
        (1, "update_display_data"),
        (2, "display_data"),
        (2, "update_display_data"),
    ]
    assert len({display_id for _, _, display_id, _ in shown}) == 2
    bar = (
        '<label>&lt;b&gt; <progress max="1" value="0.5000">&lt;b&gt; 1/2 50%</progress> 1/2</label>'
    )
    assert shown[0][3] == bar


def test_much_is_said_in_few_messages_and_the_last_one_is_told(run: Run) -> None:
    told: list[Progress] = []
    say = "for n in range(100_000):\n    progress(n, 100_000)"
    run(PROGRESS, say, ("1", "return"), on_progress=told.append)
    assert len(told) < 1000
    assert last_said(told, 1) == Said(fraction=0.99999, done=99_999, total=100_000)


def test_the_last_word_of_a_cell_that_fails_is_told(run: Run) -> None:
    told: list[Progress] = []
    run(PROGRESS, "for n in progress(range(4)):\n    1 / (2 - n)", on_progress=told.append)
    assert last_said(told, 1) == Said(fraction=0.5, done=2, total=4)


def test_what_is_said_does_not_fill_the_room_of_what_is_shown(run: Run) -> None:
    loud = "for n in progress(range(20)):\n    time.sleep(0.03)"
    result = run(f"import time\n{PROGRESS}", loud, ("'x' * 500", "return"), output_size_bytes=1000)
    assert (result.stderr, len(result.outputs)) == ("", 1)


def test_what_is_neither_a_number_nor_a_list_is_the_cells_error(run: Run) -> None:
    result = run(PROGRESS, "progress(object())")
    assert not result.ok
    assert result.outputs[0]["evalue"].endswith("expected a number or an iterable, not object")


def test_a_kernel_of_any_language_may_show_a_bar(run: Run) -> None:
    told: list[Progress] = []
    bundle = {MIME: {"done": 1, "total": 4, "note": 5}, "text/plain": "a quarter"}
    result = run(f"display({bundle}, raw=True)", on_progress=told.append)
    assert last_said(told, 0) == Said(fraction=0.25, done=1, total=4)
    assert result.outputs == ()


def test_a_warm_kernel_tells_the_same(tmp_path: Path) -> None:
    engine = open_engine("warm-kernel")
    try:
        for _ in range(2):
            told: list[Progress] = []
            run_cells(engine, tmp_path, PROGRESS, "progress(1, 2)", on_progress=told.append)
            assert last_said(told, 1) == Said(fraction=0.5, done=1, total=2)
    finally:
        engine.close()


def last_said(told: list[Progress], done: int) -> Said | None:
    """Return what was said last while so many cells had ended."""
    said = [one.said for one in told if one.done == done and one.said]
    return said[-1] if said else None
