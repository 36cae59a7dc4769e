"""A Subject: made once, and the same one for as long as its files say the same."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from notebooks import write_notebook

import nbnodes as nb
from nbnodes.rest.endpoint import Endpoint
from nbnodes.rest.jupyter.folders import Folders
from nbnodes.rest.reading import Reading
from nbnodes.rest.served import Served
from nbnodes.rest.subject import Subject


def test_what_can_be_set_of_a_subject_is_made_once(tmp_path: Path, session: nb.Session) -> None:
    write_notebook(tmp_path / "one.ipynb", ("n: int = 1", "parameters"), ("n", "return"))
    reading = Reading(session)
    reading.add_folder(str(tmp_path))
    subject = reading.subjects["one"]
    assert [*subject.settable.controls] == ["n"]
    assert subject.settable is subject.settable


def read(folder: Path, session: nb.Session) -> Served:
    return Served([str(folder)], session)


def subjects(served: Served) -> dict[str, Subject]:
    return {one.name: one for one in asyncio.run(served.subjects())}


def endpoints(served: Served) -> dict[str, Endpoint]:
    return {one.name: one for one in asyncio.run(served.endpoints())}


def write(folder: Path, name: str, parameters: str, value: str) -> None:
    write_notebook(folder / f"{name}.ipynb", (parameters, "parameters"), (value, "return"))


@pytest.fixture
def chain(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    write(folder, "first", "n = None", "n")
    write(folder, "second", "first = 0", "first")
    write(folder, "third", "second = 0", "second")
    write(folder, "alone", "m = 1", "m")
    return folder


def test_only_what_a_saved_notebook_feeds_is_read_anew(chain: Path, session: nb.Session) -> None:
    served = read(chain, session)
    pages, models = subjects(served), endpoints(served)
    write(chain, "second", "first = 0", "-first")
    served.read()
    again, models_again = subjects(served), endpoints(served)
    assert [n for n in pages if again[n] is not pages[n]] == ["models", "second", "third"]
    assert [n for n in models if models_again[n] is not models[n]] == ["second", "third"]


def test_what_is_saved_without_a_change_is_as_it_was(chain: Path, session: nb.Session) -> None:
    served = read(chain, session)
    pages, models = subjects(served), endpoints(served)
    write(chain, "second", "first = 0", "first")
    served.read()
    assert all(again is pages[name] for name, again in subjects(served).items())
    assert all(again is models[name] for name, again in endpoints(served).items())


def test_another_constant_is_a_change_though_it_is_equal(chain: Path, session: nb.Session) -> None:
    wiring = chain / "graph.toml"
    wiring.write_text("[nodes.first]\ninput.n = 1\n")
    served = read(chain, session)
    pages = subjects(served)
    wiring.write_text("[nodes.first]\ninput.n = 1.0\n")
    served.read()
    again = subjects(served)
    assert [n for n in pages if again[n] is pages[n]] == ["alone"]


def test_jupyters_pages_are_kept_as_well(chain: Path, session: nb.Session) -> None:
    folders = Folders(str(chain.parent), session)
    shelf = folders.shelf("models", None)
    write(chain, "second", "first = 0", "-first")
    again = folders.shelf("models", shelf)
    kept = [n for n in shelf.subjects if again.subjects[n] is shelf.subjects[n]]
    assert sorted(kept) == ["models/alone.ipynb", "models/first.ipynb"]
