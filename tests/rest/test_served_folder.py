"""What is served follows its folder; what is damaged changes nothing until it is mended."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from serving import MODELS

import nbnodes as nb
from nbnodes.errors import UsageError
from nbnodes.rest.served import Served


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a copy of the example models."""
    return Path(shutil.copytree(MODELS, tmp_path / "models"))


def names(served: Served) -> set[str]:
    return {one.name for one in asyncio.run(served.endpoints(None))}


def pages(served: Served) -> set[str]:
    return {one.name for one in asyncio.run(served.subjects(None))}


def test_a_new_notebook_of_a_folder_is_served(folder: Path) -> None:
    with nb.Session(cache=False) as session:
        served = Served([str(folder)], session)
        shutil.copy(folder / "fibonacci.ipynb", folder / "other.ipynb")
        served.read()
        assert "other" in names(served)


def test_while_a_notebook_is_damaged_all_is_served_as_it_was(folder: Path) -> None:
    with nb.Session(cache=False) as session:
        served = Served([str(folder)], session)
        before = names(served), pages(served)
        (folder / "trend.ipynb").write_text("{", encoding="utf-8")
        with pytest.raises(UsageError, match=r"trend\.ipynb"):
            served.read()
        assert (names(served), pages(served)) == before


def test_what_was_damaged_from_the_beginning_keeps_nothing_else_back(folder: Path) -> None:
    (folder / "broken.ipynb").write_text("{", encoding="utf-8")
    with nb.Session(cache=False) as session:
        served = Served([str(folder)], session)
        shutil.copy(folder / "fibonacci.ipynb", folder / "other.ipynb")
        served.read()
        assert "other" in names(served)
        assert len(served.problems) == 1
