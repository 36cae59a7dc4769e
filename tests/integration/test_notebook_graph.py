"""An ordinary notebook as a graph: after a change only the cells run that it reaches."""

from __future__ import annotations

from pathlib import Path

import pytest
from notebooks import document, write_notebook

import nbnodes as nb

ANALYSIS = (
    "import statistics",
    "rate = 2\nnoise = 0",
    "raw = [1, 2, 3, 4]",
    "def scaled(values, by):\n    return [by * value for value in values]",
    "table = scaled(raw, rate)",
    "shifted = [value + noise for value in raw]",
    "print('mean')\nmean = statistics.mean(table)\nmean",
    "both = (mean, shifted)",
)


def graph_of(session: nb.Session, *cells: object) -> nb.Graph:
    return nb.Graph.from_notebook(document(*cells), session=session)  # type: ignore[arg-type]


def test_a_variable_is_computed_by_its_name(session: nb.Session) -> None:
    graph = graph_of(session, *ANALYSIS)
    assert graph.run("both").unwrap() == (5, [1, 2, 3, 4])
    assert graph.run("both", rate=10).unwrap() == (25, [1, 2, 3, 4])
    assert graph.run("table", rate=3).unwrap() == [3, 6, 9, 12]


def test_only_the_cells_that_a_change_reaches_run(session: nb.Session) -> None:
    graph = graph_of(session, *ANALYSIS)
    graph.run("both")
    graph.run("both", rate=5)
    cached = {name: graph.run(name, rate=5, noise=1).cached for name in ("mean", "shifted")}
    assert cached == {"mean": True, "shifted": False}


def test_the_cells_show_what_they_showed(session: nb.Session) -> None:
    result = graph_of(session, *ANALYSIS).run("mean")
    assert result.stdout == "mean\n"
    assert [out["data"]["text/plain"] for out in result.outputs if "data" in out] == ["5"]


def test_the_value_of_the_return_cell_has_a_name(session: nb.Session) -> None:
    graph = graph_of(session, ("n = 2", "parameters"), "m = n + 1", ("m * 10", "return"))
    assert graph.run("return").unwrap() == 30
    assert graph.run("return", n=4).unwrap() == 50


def test_a_variable_that_no_other_cell_reads_can_be_asked_for(session: nb.Session) -> None:
    graph = graph_of(session, "a = 1 + 1\nb = a + 1\nc = b + 1", "d = c + 1")
    assert [graph.run(name).unwrap() for name in "abcd"] == [2, 3, 4, 5]


HIDDEN = "import builtins\nv = getattr(builtins, 'ev' + 'al')('a[0] + 1')"


@pytest.mark.parametrize(
    "source",
    ["a = [1]", "a = list((1,))", "class a:\n    def __class_getitem__(cls, _):\n        return 1"],
)
def test_a_read_that_no_text_tells_is_found_by_a_run_and_reported(
    session: nb.Session, source: str
) -> None:
    graph = graph_of(session, source, "b = 1 + 1", HIDDEN, "w = v + b")
    with pytest.warns(nb.NotebookWarning, match="cell 3 looked up 'a' of cell 1, which its text"):
        assert graph.run("w").unwrap() == 4
    assert any("cell 3 looked up 'a' of cell 1" in doubt for doubt in graph.doubts)
    assert graph.run("w").cached


def test_a_name_that_nobody_defines_is_the_cells_failure(session: nb.Session) -> None:
    graph = graph_of(session, "a = 1 + 0", "b = a + missing")
    assert any("missing" in doubt for doubt in graph.doubts)
    with pytest.raises(nb.RunFailedError, match="cell 2: NameError"):
        graph.run("b")


def test_what_cannot_be_sent_stays_with_who_uses_it() -> None:
    opener = "import sys\nframes = [frame for frame in [sys._getframe()]]"
    with nb.Session(cache=":memory:", engine="fork") as session:
        graph = graph_of(session, opener, "n = len(frames)", "m = n + 1")
        assert graph.run("m").unwrap() == 2


def test_a_failure_names_the_cell_of_the_file(session: nb.Session, tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "bad.ipynb", "n = 0", "k = 1 + 1", "m = k / n", "z = m")
    graph = nb.Graph.from_notebook(path, session=session)
    with pytest.raises(nb.RunFailedError, match=r"bad\.ipynb, cell 3: ZeroDivisionError"):
        graph.run("z")
    assert graph.run("z", n=2).unwrap() == 1.0


def test_an_edited_comment_changes_nothing_and_an_edited_cell_what_it_reaches(
    session: nb.Session,
) -> None:
    graph_of(session, *ANALYSIS).run("both")
    commented = [f"{cell}  # as before" for cell in ANALYSIS]
    assert graph_of(session, *commented).run("both").cached
    edited = [cell.replace("by * value", "by * value + 1") for cell in ANALYSIS]
    graph = graph_of(session, *edited)
    assert {name: graph.run(name).cached for name in ("shifted", "mean")} == {
        "shifted": True,
        "mean": False,
    }


def test_it_can_be_kept_up_to_date(session: nb.Session) -> None:
    with graph_of(session, *ANALYSIS) as graph:
        graph.set(rate=1)
        assert graph.get("both").unwrap() == (2.5, [1, 2, 3, 4])
        graph.set(rate=4)
        assert graph.get("both").unwrap() == (10, [1, 2, 3, 4])


def test_it_is_drawn_with_its_cells(session: nb.Session) -> None:
    drawn = graph_of(session, *ANALYSIS).to_text()
    assert "table" in drawn
    assert "cell" in drawn
