"""`run`'s options: where it runs, what is kept, what is shown on standard error."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from commandline import NBNODES, Command, nbnodes, run_on_terminal
from notebooks import write_notebook

COUNTING = "with open({!r}, 'a') as file:\n    file.write('x')"


@pytest.fixture
def counting(tmp_path: Path) -> tuple[Path, Path]:
    """Make a notebook that leaves a mark whenever it runs; return it and where the marks are."""
    marks = tmp_path / "marks"
    path = write_notebook(
        tmp_path / "work" / "count.ipynb",
        ("n: int = 1", "parameters"),
        COUNTING.format(str(marks)),
        ("n", "return"),
    )
    return path, marks


def is_cached(command: Command, *words: str | Path) -> bool:
    return bool(json.loads(command("run", *words, "--json").out)["cached"])


def test_a_second_run_is_answered_from_the_cache(
    command: Command, counting: tuple[Path, Path]
) -> None:
    path, marks = counting
    assert [is_cached(command, path) for _ in range(3)] == [False, True, True]
    assert marks.read_text() == "x"


def test_the_default_given_is_the_same_run(command: Command, counting: tuple[Path, Path]) -> None:
    path, _ = counting
    assert [is_cached(command, path), is_cached(command, path, "-p", "n", "1")] == [False, True]


def test_no_cache_neither_looks_nor_keeps(command: Command, counting: tuple[Path, Path]) -> None:
    path, marks = counting
    assert [is_cached(command, path, "--no-cache") for _ in range(2)] == [False, False]
    assert is_cached(command, path) is False
    assert is_cached(command, path, "--no-cache") is False
    assert marks.read_text() == "xxxx"


def test_refresh_runs_and_replaces_what_is_kept(command: Command) -> None:
    path = write_notebook("time.ipynb", ("import time\ntime.time_ns()", "return"))
    first, again, new, after = (
        command("run", path, *words).out for words in ([], [], ["--refresh"], [])
    )
    assert first == again
    assert first != new
    assert new == after


def test_refresh_and_no_cache_exclude_each_other(command: Command, doubling: Path) -> None:
    ended = command("run", doubling, "--refresh", "--no-cache")
    assert ended.outcome == (2, "")
    assert "--no-cache and --refresh exclude each other" in ended.err


def test_each_cache_folder_is_a_cache_of_its_own(
    command: Command, counting: tuple[Path, Path]
) -> None:
    path, _ = counting
    places = ["here", "here", "there", str(Path.cwd() / "here")]
    assert [is_cached(command, path, "--cache", p) for p in places] == [False, True, False, True]
    assert Path("here").is_dir()


def test_settings_may_turn_the_cache_off(
    command: Command, counting: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = counting
    monkeypatch.setenv("NBNODES_CACHE", "off")
    assert [is_cached(command, path) for _ in range(2)] == [False, False]
    ended = command("cache", "ls")
    assert ended.outcome == (2, "")
    assert "there is no cache" in ended.err


def test_a_notebook_may_opt_out_of_the_cache(command: Command) -> None:
    path = write_notebook("n.ipynb", ("1", "return"), metadata={"nbnodes": {"cache": False}})
    assert [is_cached(command, path) for _ in range(2)] == [False, False]


def test_a_cache_that_cannot_be_written_costs_a_warning_only(doubling: Path) -> None:
    Path("file").touch()
    ended = nbnodes("run", str(doubling), "--engine", "inprocess", "--cache", "file/folder")
    assert ended.outcome == (0, "30\n")
    assert ended.err.count("nbnodes: warning: ") == 1
    assert "the value is right, but it was not kept" in ended.err


@pytest.mark.parametrize("engine", ["inprocess", "kernel", "papermill"])
def test_it_runs_in_the_notebooks_folder_or_where_it_is_told(
    command: Command, tmp_path: Path, engine: str
) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    path = write_notebook(inner / "where.ipynb", ("import os\nos.getcwd()", "return"))
    words = ("run", path, "--engine", engine)
    assert command(*words).out == f"{inner}\n"
    assert command(*words, "--cwd", tmp_path).out == f"{tmp_path}\n"
    assert command(*words, "--cwd", ".").out == f"{os.getcwd()}\n"


def test_a_folder_that_is_not_there_is_a_mistake(command: Command, doubling: Path) -> None:
    ended = command("run", doubling, "--cwd", "nowhere")
    assert ended.outcome == (2, "")
    assert "--cwd nowhere: there is no such folder" in ended.err


def test_a_time_that_suffices_changes_nothing(command: Command, doubling: Path) -> None:
    assert command("run", doubling, "--timeout", "60").outcome == (0, "30\n")
    assert command("run", doubling, "--timeout", "0", "--refresh").outcome == (0, "30\n")


NOISY = ("print('said')", "import sys\nprint('moaned', file=sys.stderr)", ("1", "return"))


def test_verbose_shows_what_the_notebook_prints_on_standard_error(command: Command) -> None:
    path = write_notebook("noisy.ipynb", *NOISY)
    for _ in range(2):  # the second is cached
        ended = command("run", path, "-v")
        assert (ended.code, ended.out, ended.err) == (0, "1\n", "said\nmoaned\n")


def test_otherwise_it_shows_nothing(command: Command) -> None:
    ended = command("run", write_notebook("noisy.ipynb", *NOISY))
    assert (ended.code, ended.out, ended.err) == (0, "1\n", "")


UNTAGGED = ("n = 15", ("n", "return"))


def test_warnings_go_to_standard_error_and_quiet_drops_them() -> None:
    path = str(write_notebook("untagged.ipynb", *UNTAGGED))
    words = ("run", path, "-p", "n", "3", "--engine", "inprocess")
    loud, quiet = nbnodes(*words), nbnodes(*words, "-q")
    assert [loud.outcome, quiet.outcome] == [(0, "15\n")] * 2
    assert loud.err.startswith("nbnodes: warning: untagged.ipynb has no `parameters` cell")
    assert quiet.err == ""


def test_a_kernel_that_is_not_installed_is_replaced_with_one_warning() -> None:
    path = str(write_notebook("old.ipynb", ("1 + 1", "return"), kernel="py36"))
    ended = nbnodes("run", path)
    assert ended.outcome == (0, "2\n")
    assert ended.err.count("\n") == 1
    assert "its kernel 'py36' is not installed" in ended.err


@pytest.mark.parametrize("rows", [24, 0])
@pytest.mark.parametrize("engine", ["inprocess", "kernel"])
def test_a_terminal_shows_how_far_the_run_has_come(engine: str, rows: int) -> None:
    path = str(write_notebook("slow.ipynb", "1", "2", ("'value'", "return")))
    ended, shown = run_on_terminal(["run", path, "--engine", engine], rows=rows)
    assert ended.outcome == (0, "value\n")
    assert all(f"slow.ipynb: {done}/3 cells" in shown for done in range(4))
    assert "value" not in shown


@pytest.mark.parametrize("words", [["-q"], ["--quiet", "--json"]], ids=" ".join)
def test_quiet_shows_no_bar(doubling: Path, words: list[str]) -> None:
    ended, shown = run_on_terminal(["run", str(doubling), *words])
    assert (ended.code, shown) == (0, "")


def test_a_cached_run_shows_no_bar(doubling: Path) -> None:
    for _ in range(2):
        ended, shown = run_on_terminal(["run", str(doubling), "--engine", "inprocess"])
        assert ended.outcome == (0, "30\n")
    assert shown == ""


def test_a_failure_on_a_terminal_keeps_its_colours() -> None:
    path = str(write_notebook("bad.ipynb", "1 / 0"))
    ended, shown = run_on_terminal(["run", path, "--engine", "inprocess"])
    assert ended.code == 1
    assert "\x1b[" in shown
    assert "bad.ipynb failed in cell 1: ZeroDivisionError" in shown


PIPED = {
    "large": "import pandas as pd\npd.DataFrame({'a': range(200_000)})",
    "small": "[[1], [2]]",
}


@pytest.mark.parametrize("source", PIPED.values(), ids=PIPED)
@pytest.mark.parametrize("run", ["first", "cached"])
def test_a_reader_that_leaves_early_is_borne(source: str, run: str) -> None:
    path = str(write_notebook("table.ipynb", (source, "return")))
    words = ["run", path, "--format", "csv", "--engine", "inprocess"]
    if run == "cached":
        nbnodes(*words)
    process = subprocess.Popen(
        [*NBNODES, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout
    assert process.stderr
    if source == PIPED["large"]:
        assert process.stdout.readline() == b",a\n"
    process.stdout.close()
    err = process.stderr.read().decode()
    process.stderr.close()
    assert (process.wait(timeout=60), err) == (1, "")
