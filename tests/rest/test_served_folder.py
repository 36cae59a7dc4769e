"""What is served follows its folder; what is damaged changes nothing until it is mended."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from notebooks import markdown, write_notebook
from serving import LOOPBACK, MODELS, served

import nbnodes as nb
from nbnodes.errors import UsageError
from nbnodes.rest.served import Served


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a copy of the example models."""
    return Path(shutil.copytree(MODELS, tmp_path / "models"))


def names(served: Served) -> set[str]:
    return {one.name for one in asyncio.run(served.endpoints())}


def pages(served: Served) -> set[str]:
    return {one.name for one in asyncio.run(served.subjects())}


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


ODD = {
    "half a character": "s: str = '\\ud800'",
    "a choice that is half a character": "from typing import Literal\ns: Literal['\\ud800'] = 'a'",
    "an integer beyond Python's limit": f"n: int = 0x{'f' * 6000}",
    "a list of such integers": f"n: list = [0x{'f' * 6000}]",
    "a bound of such a length": f"n: int = 5  # 0..{'9' * 6000}",
}


def test_what_is_odd_in_a_notebook_keeps_no_other_from_being_served(tmp_path: Path) -> None:
    for number, source in enumerate([*ODD.values(), "n: int = 1"]):
        write_notebook(tmp_path / f"odd{number}.ipynb", (source, "parameters"), ("1", "return"))
    write_notebook(tmp_path / "head.ipynb", markdown("# Half \ud800\n\n\ud800"), ("1", "return"))
    with served(tmp_path) as server:
        for path in ("", "docs", "openapi.json", "restified"):
            assert server.client.get(path).status_code == 200, path
        listed = server.client.get("api/models").json()["models"]
        assert len(listed) == len(ODD) + 2
        for one in listed:
            for path in (one["links"]["self"], one["links"]["page"]):
                answer = server.client.get(f"http://{LOOPBACK}:{server.port}{path}")
                assert answer.status_code == 200, path
            assert server.run(one["name"]).json()["value"] == 1
