"""`nbnodes cache why` and `slices`: which runs answer a narrower range, and which no longer do."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from commandline import Command
from notebooks import CellText, write_notebook

from nbnodes.cache.codec import Codec
from nbnodes.cache.signing import Signer
from nbnodes.errors import CacheWarning
from nbnodes.scheduler.asks import ask_of
from nbnodes.scheduler.options import RunOptions
from nbnodes.scheduler.subsetting import Answer, Subsetting
from nbnodes.session import Session

CELLS: tuple[CellText, ...] = (
    "import datetime as dt",
    ("start: dt.date = None\nend: dt.date = None", "parameters"),
    "days = [start + dt.timedelta(n) for n in range((end - start).days)]",
)
ROWS: CellText = ("days", "return")
COUNTED: CellText = ("[(n, day) for n, day in enumerate(days)]", "return")


def write(value: CellText = ROWS, **subset: Any) -> Path:
    declared = {"start": "start", "end": "end", **subset}
    metadata = {"nbnodes": {"subset": declared}}
    return write_notebook("n.ipynb", *CELLS, value, metadata=metadata)


def ask(path: Path, start: str, end: str) -> Answer:
    """Ask in this process, with the cache that the settings name."""
    with Session(engine="inprocess") as session:
        model = session.model(path)
        values = model.validate({"start": start, "end": end})
        asked = ask_of(model.notebook, values, session.key_parts(model, values))
        assert asked
        assert session.store
        subsetting = Subsetting(session.store, Codec(Signer()))
        run = partial(session.run, options=RunOptions(cache="refresh"))  # else it slices by itself
        return subsetting.answer(asked, lambda v: run(model, v))


def why(command: Command, start: str, end: str, *words: str) -> str:
    ended = command("cache", "why", "n.ipynb", "-p", "start", start, "-p", "end", end, *words)
    assert (ended.code, ended.err) == (0, "")
    return ended.out.rstrip("\n")


def test_a_narrower_range_is_a_hit_that_is_a_slice(command: Command) -> None:
    path = write()
    key = ask(path, "2000-01-01", "2010-12-31").result.key
    assert key
    slice_ = f"a slice of {key[:12]} (2000-01-01 to 2010-12-31)"
    assert why(command, "2001-01-01", "2002-01-01") == f"hit: {slice_}"
    told = json.loads(why(command, "2001-01-01", "2002-01-01", "--json"))
    source = {"key": key, "low": "2000-01-01", "high": "2010-12-31"}
    assert (told["hit"], told["slices"], told["changes"]) == (True, [source], [])
    assert why(command, "2000-01-01", "2010-12-31") == f"hit: {key[:12]} is kept"


def test_what_is_missing_is_told(command: Command) -> None:
    path = write(concat=True)
    assert why(command, "2000-01-01", "2002-01-01") == "miss: it never ran"
    key = ask(path, "2000-01-01", "2002-01-01").result.key
    assert key
    assert why(command, "2001-01-01", "2003-01-01").splitlines()[1] == (
        f"a slice of {key[:12]} (2000-01-01 to 2002-01-01); only 2002-01-01 to 2003-01-01 would run"
    )


def test_a_rule_that_an_audit_ended_can_be_taken_up_again(command: Command) -> None:
    path = write(COUNTED, on=1, audit=1.0)
    ask(path, "2000-01-01", "2002-01-01")
    with pytest.warns(CacheWarning, match="see `nbnodes cache slices`"):
        ask(path, "2001-01-01", "2001-02-01")
    listed = command("cache", "slices").out
    family, _, reason = listed.rstrip("\n").partition("  ")
    assert "start=datetime.date(2001, 1, 1)" in reason
    told = why(command, "2001-03-01", "2001-04-01")
    assert told.startswith("miss: ")
    assert told.splitlines()[1] == f"its slices are switched off: {reason}"
    assert command("cache", "slices", "--on", family).outcome == (0, f"{family} is on again\n")
    assert command("cache", "slices").out == ""
    assert why(command, "2001-03-01", "2001-04-01").startswith("hit: a slice of")


def test_a_rule_that_is_not_off_cannot_be_switched_on(command: Command) -> None:
    write()
    ended = command("cache", "slices", "--on", "abc")
    assert ended.code == 2
    assert "abc: 0 rules that are off begin so" in ended.err


def test_a_wrong_declaration_is_told(command: Command) -> None:
    write(closed="open", by="date")
    ended = command("cache", "why", "n.ipynb")
    assert ended.code == 2
    assert "metadata.nbnodes.subset: 'by' is not known" in ended.err
