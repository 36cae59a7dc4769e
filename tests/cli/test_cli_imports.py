"""What each command loads: an answer that is kept must not wait for libraries it does not need."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from commandline import run_process
from notebooks import write_notebook

RUN = """\
import sys
from nbnodes.cli.main import main
code = main(sys.argv[2:])
print(sorted(set(sys.argv[1].split()) & set(sys.modules)), file=sys.stderr)
sys.exit(code)
"""
IMPORT = """\
import sys
import nbnodes
print(sorted(set(sys.argv[1].split()) & set(sys.modules)), file=sys.stderr)
"""
FOR_A_RUN = "nbformat papermill jupyter_client IPython click ipywidgets tornado zmq pydantic tqdm"
FOR_AN_IMPORT = (
    "papermill nbformat IPython ipywidgets tornado numpy pandas pydantic click jupyter_client "
    "sqlitedict asyncio matplotlib pyarrow yaml"
)
FRAME = "import pandas as pd\npd.DataFrame({'a': [1]})"


def loaded(program: str, watched: str, *words: str) -> list[str]:
    """Return which of the watched modules the program has loaded at its end."""
    ended = run_process(sys.executable, "-c", program, watched, *words)
    assert ended.code == 0, ended.err
    return ended.err.splitlines()[-1].strip("[]").replace("'", "").split(", ")


@pytest.mark.parametrize(
    "words",
    [[], ["--json"], ["-p", "n", "3"], ["--format", "csv"]],
    ids=["plain", "json", "p", "csv"],
)
def test_a_cached_run_loads_no_library_of_notebooks(words: list[str]) -> None:
    cells = (("n: int = 3", "parameters"), ("[[n], [2]]", "return"))
    path = str(write_notebook("list.ipynb", *cells))
    arguments = ("run", path, "--engine", "inprocess", *words)
    assert "IPython" in loaded(RUN, FOR_A_RUN, *arguments)
    assert loaded(RUN, f"{FOR_A_RUN} nbnodes.engines.inprocess pandas numpy", *arguments) == [""]


def test_a_cached_table_loads_pandas_and_no_library_of_notebooks() -> None:
    path = str(write_notebook("frame.ipynb", (FRAME, "return")))
    words = ("run", path, "--engine", "inprocess", "--json")
    loaded(RUN, FOR_A_RUN, *words)
    assert loaded(RUN, f"{FOR_A_RUN} pandas", *words) == ["pandas"]


def test_a_cached_run_of_another_engine_loads_no_library_of_notebooks(doubling: Path) -> None:
    for engine in ("kernel", "papermill"):
        words = ("run", str(doubling), "--engine", engine)
        assert "jupyter_client" in loaded(RUN, FOR_A_RUN, *words, "--refresh")
        assert loaded(RUN, FOR_A_RUN, *words) == [""]


def test_a_look_at_a_notebook_loads_no_library_of_notebooks(doubling: Path) -> None:
    assert loaded(RUN, FOR_A_RUN, "inspect", str(doubling)) == ["click"]


def test_a_look_at_the_cache_loads_no_library_of_notebooks(doubling: Path) -> None:
    assert loaded(RUN, FOR_A_RUN, "cache", "why", str(doubling)) == ["click"]


def test_importing_nbnodes_loads_no_library() -> None:
    assert loaded(IMPORT, FOR_AN_IMPORT) == [""]


def test_importing_the_command_line_loads_no_library() -> None:
    program = IMPORT.replace("import nbnodes\n", "import nbnodes.cli.main\n")
    assert loaded(program, f"{FOR_AN_IMPORT} nbnodes.session sqlite3") == [""]
