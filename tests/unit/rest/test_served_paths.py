"""Served: paths become names, also where a folder is damaged or names meet."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from notebooks import markdown, write_notebook

import nbnodes as nb
from nbnodes.rest.served import Served


def model(path: Path, *parameters: str, title: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    head = [markdown(f"# {title}\n\nSays it.")] if title else []
    write_notebook(path, *head, ("\n".join(parameters) or "n = 1", "parameters"), ("1", "return"))


async def names(served: Served) -> list[str]:
    return [one.name for one in await served.endpoints()]


def asked(served: Served) -> tuple[list[str], list[str]]:
    import asyncio

    async def both() -> tuple[list[str], list[str]]:
        return await names(served), [one.name for one in await served.subjects()]

    return asyncio.run(both())


def test_a_folder_is_the_graph_that_its_notebooks_are(tmp_path: Path, session: nb.Session) -> None:
    model(tmp_path / "oil" / "first.ipynb")
    model(tmp_path / "oil" / "second.ipynb", "first = 0")
    endpoints, subjects = asked(Served([str(tmp_path / "oil")], session))
    assert endpoints == ["first", "second"]
    assert subjects == ["oil", "first", "second"]


def test_a_folder_with_a_damaged_notebook_is_served_without_it(
    tmp_path: Path, session: nb.Session
) -> None:
    model(tmp_path / "good.ipynb")
    (tmp_path / "bad.ipynb").write_text("{")
    served = Served([str(tmp_path)], session)
    assert asked(served)[0] == ["good"]
    assert len(served.problems) == 1
    assert "bad.ipynb" in served.problems[0]


def test_what_has_one_name_twice_is_told_apart_by_folder(
    tmp_path: Path, session: nb.Session
) -> None:
    model(tmp_path / "a" / "m.ipynb")
    model(tmp_path / "b" / "m.ipynb")
    paths = [str(tmp_path / one / "m.ipynb") for one in "ab"]
    assert asked(Served(paths, session))[0] == ["m", "b-m"]


def test_a_path_that_is_nothing_to_serve_is_refused(tmp_path: Path, session: nb.Session) -> None:
    (tmp_path / "notes.txt").write_text("x")
    for path in ("missing", "notes.txt"):
        with pytest.raises(nb.NbnodesError, match=path):
            Served([str(tmp_path / path)], session)


def test_a_folder_without_notebooks_is_refused(tmp_path: Path, session: nb.Session) -> None:
    with pytest.raises(nb.NbnodesError, match="nothing to serve"):
        Served([str(tmp_path)], session)


def test_reading_anew_keeps_what_was_served_where_nothing_is_left(
    tmp_path: Path, session: nb.Session
) -> None:
    model(tmp_path / "m.ipynb")
    served = Served([str(tmp_path / "m.ipynb")], session)
    (tmp_path / "m.ipynb").write_text("{")
    with pytest.raises(nb.NbnodesError):
        served.read()
    assert asked(served)[0] == ["m"]


def test_titles_are_plain_words(tmp_path: Path, session: nb.Session) -> None:
    model(tmp_path / "m.ipynb", title="Of *oil* and `gas`")
    served = Served([str(tmp_path / "m.ipynb")], session)

    async def title() -> str:
        return (await served.subject("m")).title

    import asyncio

    assert asyncio.run(title()) == "Of oil and gas"


def test_a_file_whose_name_is_no_text_is_served_under_one_that_is(
    tmp_path: Path, session: nb.Session
) -> None:
    model(tmp_path / "ok.ipynb")
    odd = tmp_path / os.fsdecode(b"name\xff.ipynb")
    try:
        model(odd)
    except OSError:
        pytest.skip("such a name cannot be here")
    assert asked(Served([str(tmp_path)], session))[0] == [r"name\udcff", "ok"]
