"""A Subject is read once, and what is made of it is made once."""

from __future__ import annotations

from pathlib import Path

from notebooks import write_notebook

import nbnodes as nb
from nbnodes.rest.reading import Reading


def test_what_can_be_set_of_a_subject_is_made_once(tmp_path: Path, session: nb.Session) -> None:
    write_notebook(tmp_path / "one.ipynb", ("n: int = 1", "parameters"), ("n", "return"))
    reading = Reading(session)
    reading.add_folder(str(tmp_path))
    subject = reading.subjects["one"]
    assert [*subject.settable.controls] == ["n"]
    assert subject.settable is subject.settable
