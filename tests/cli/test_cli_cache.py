"""`nbnodes cache`: what is kept, why a run would be a hit or a miss, and keeping house."""

from __future__ import annotations

import io
import json
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from commandline import Command, nbnodes
from notebooks import markdown, write_notebook

from nbnodes.cache import schema

Edit = Callable[[], None]


@pytest.fixture
def notebook() -> Path:
    return write_project()


def write_project(
    *,
    declared: str = "n: int = 15",
    body: str = "x = n * helper.FACTOR",
    factor: str = "FACTOR = 2",
    given: str = "100",
    **metadata: Any,
) -> Path:
    """Write a notebook, the module it imports and the file it declares."""
    Path("helper.py").write_text("import deeper\n" + factor)
    Path("deeper.py").write_text("")
    Path("given.txt").write_text(given)
    extras = {"files": ["given.txt"]}
    return write_notebook(
        "n.ipynb",
        markdown("# Title"),
        (declared, "parameters"),
        "import helper",
        body,
        ("x", "return"),
        metadata={"nbnodes": {"extras": extras}, **metadata},
    )


def why(command: Command, *words: str) -> str:
    ended = command("cache", "why", "n.ipynb", *words)
    assert (ended.code, ended.err) == (0, "")
    return ended.out.rstrip("\n")


def entries(command: Command) -> list[dict[str, Any]]:
    return [json.loads(line) for line in command("cache", "ls", "--json").out.splitlines()]


def test_what_never_ran_is_a_miss(command: Command, notebook: Path) -> None:
    assert why(command) == "miss: it never ran"
    assert json.loads(command("cache", "why", notebook, "--json").out)["changes"] == []


def test_what_ran_is_a_hit_by_the_runs_own_key(command: Command, notebook: Path) -> None:
    ran = json.loads(command("run", notebook, "--json").out)
    assert why(command) == f"hit: {ran['key'][:12]} is kept"
    told = json.loads(command("cache", "why", notebook, "--json").out)
    assert told == {"hit": True, "key": ran["key"], "changes": []}


def test_to_ask_why_runs_nothing_and_keeps_nothing(command: Command) -> None:
    write_project(body="x = open('trace', 'w')")
    why(command)
    assert not Path("trace").exists()
    assert entries(command) == []


HITS = {
    "unchanged": write_project,
    "comment": lambda: write_project(body="x = n * helper.FACTOR  # doubled"),
    "layout": lambda: write_project(body="x = (n *\n     helper.FACTOR)"),
    "default_not_in_use": lambda: write_project(declared="n: int = 0"),
    "comment_in_a_module": lambda: write_project(factor="FACTOR = 2  # two"),
    "title": lambda: write_project(title="Another"),
}
MISSES: dict[str, tuple[Callable[[], Any], list[str], str]] = {
    "another_value": (write_project, ["-p", "n", "16"], "n 15 → 16"),
    "another_value_as_text": (write_project, ["-r", "n", "16"], "n 15 → 16"),
    "cell": (lambda: write_project(body="x = n"), [], "cell 4 changed"),
    "default": (lambda: write_project(declared="n: int = 14"), [], "n 15 → 14"),
    "module": (lambda: write_project(factor="FACTOR = 3"), [], "helper.py changed"),
    "deeper_module": (lambda: Path("deeper.py").write_text("x = 1"), [], "deeper.py changed"),
    "file": (lambda: write_project(given="101"), [], "given.txt changed"),
    "file_removed": (lambda: os.unlink("given.txt"), [], "given.txt removed"),
    "module_removed": (lambda: os.unlink("deeper.py"), [], "deeper.py removed"),
    "folder": (write_project, ["--cwd", "/"], "folder {cwd} → /"),
    "two_things": (
        lambda: write_project(factor="FACTOR = 3", body="x = n"),
        ["-p", "n", "16"],
        "cell 4 changed; n 15 → 16; helper.py changed",
    ),
}


@pytest.mark.parametrize("edit", HITS.values(), ids=HITS)
def test_what_changes_no_value_is_a_hit(command: Command, notebook: Path, edit: Edit) -> None:
    command("run", notebook, "-p", "n", "15")
    edit()
    assert why(command, "-p", "n", "15").startswith("hit: ")


@pytest.mark.parametrize(("edit", "words", "said"), MISSES.values(), ids=MISSES)
def test_a_miss_is_explained(
    command: Command, notebook: Path, edit: Edit, words: list[str], said: str
) -> None:
    command("run", notebook)
    edit()
    found = why(command, *words).removeprefix("miss: ").split("; ")
    if "--cwd" in words:  # the modules and files beside the notebook are not there either
        found = [change for change in found if change.startswith("folder")]
    assert said.format(cwd=os.getcwd()).split("; ") == found


def test_a_miss_is_compared_with_the_nearest_run(command: Command) -> None:
    path = write_project(declared="n: int = 15\nm: int = 1", body="x = n + m")
    command("run", path, "-p", "n", "1", "-p", "m", "1")
    command("run", path, "-p", "n", "2", "-p", "m", "2")
    assert why(command, "-p", "n", "2", "-p", "m", "3") == "miss: m 2 → 3"
    assert why(command, "-p", "n", "3", "-p", "m", "1") == "miss: n 1 → 3"


@pytest.mark.usefixtures("notebook")
def test_other_notebooks_explain_nothing(command: Command) -> None:
    command("run", write_notebook("other.ipynb", ("n = 1", "parameters"), ("n", "return")))
    assert why(command) == "miss: it never ran"


def test_wrong_parameters_are_refused(command: Command, notebook: Path) -> None:
    ended = command("cache", "why", notebook, "-p", "n", "abc", "-p", "m", "1")
    assert ended.outcome == (2, "")
    assert "n: 'abc' is no int" in ended.err
    assert "m: there is no such parameter" in ended.err


def test_an_empty_cache_lists_nothing(command: Command) -> None:
    assert command("cache", "ls").outcome == (0, "")
    assert command("cache", "verify").outcome == (0, "0 runs are whole, 0 problems were found\n")
    assert command("cache", "stats").out.startswith("0 runs of 0 notebooks in ")


def test_what_is_kept_is_listed_the_latest_first(command: Command, notebook: Path) -> None:
    keys = [json.loads(command("run", notebook, "-p", "n", n, "--json").out)["key"] for n in "123"]
    assert keys[::-1] == [entry["key"] for entry in entries(command)]
    assert [{"n": n} for n in "321"] == [entry["parameters"] for entry in entries(command)]
    lines = command("cache", "ls").out.splitlines()
    assert [key[:12] for key in keys[::-1]] == [line.split()[0] for line in lines]
    assert [line.split()[-1] for line in lines] == ["n=3", "n=2", "n=1"]


def test_one_run_is_shown_by_the_beginning_of_its_key(command: Command, notebook: Path) -> None:
    key = json.loads(command("run", notebook, "--json").out)["key"]
    shown = json.loads(command("cache", "show", key[:8], "--json").out)
    assert (key, "n.ipynb", str(notebook.absolute())) == tuple(
        shown[name] for name in ("key", "notebook", "path")
    )
    assert shown["parts"]["language"].startswith("python 3.")
    assert command("cache", "show", key).out.startswith(f"key            {key}\n")


@pytest.mark.parametrize(("begin", "count"), [("", 2), ("no key", 0)])
def test_a_key_that_names_no_one_run_is_refused(
    command: Command, notebook: Path, begin: str, count: int
) -> None:
    for n in "12":
        command("run", notebook, "-p", "n", n)
    ended = command("cache", "show", begin)
    assert ended.outcome == (2, "")
    assert f"{begin}: {count} runs have a key that begins so" in ended.err


def test_sums_are_told(command: Command, notebook: Path) -> None:
    for n in "12":
        command("run", notebook, "-p", "n", n)
    sums = json.loads(command("cache", "stats", "--json").out)
    assert (sums["runs"], sums["notebooks"], sums["limit_bytes"]) == (2, 1, 2_000_000_000)
    assert sums["size_bytes"] == sum(entry["size_bytes"] for entry in entries(command))
    assert sums["cost_s"] == pytest.approx(
        sum(entry["cost_s"] for entry in entries(command)), abs=1e-3
    )
    assert "2 runs of 1 notebooks in " in command("cache", "stats").out


def test_damage_is_found_told_and_forgotten(command: Command, notebook: Path) -> None:
    for n in "12":
        command("run", notebook, "-p", "n", n)
    key = entries(command)[0]["key"]
    place = Path(os.environ["NBNODES_CACHE"], schema.FILE_NAME)
    connection = sqlite3.connect(place)
    with connection:
        spoilt = "CAST(substr(value, 1, length(value) - 1) || x'00' AS BLOB)"
        connection.execute(f"UPDATE {schema.TABLE} SET value = {spoilt} WHERE key = ?", (key,))
    connection.close()
    ended = command("cache", "verify")
    assert ended.outcome == (
        0,
        f"{key}: damaged; forgotten\n1 runs are whole, 1 problems were found\n",
    )
    assert command("cache", "verify").out == "1 runs are whole, 0 problems were found\n"
    assert why(command, "-p", "n", "2") == "miss: n 1 → 2"


def test_a_cache_is_shrunk_to_a_size(command: Command, notebook: Path) -> None:
    for n in "123":
        command("run", notebook, "-p", "n", n)
    total = sum(entry["size_bytes"] for entry in entries(command))
    assert command("cache", "gc").out == "0 B were given back\n"
    assert len(entries(command)) == 3
    command("cache", "gc", "--size", str(total / 1e6 - 1e-6))
    assert len(entries(command)) == 2
    command("cache", "gc", "--size", "0")
    assert entries(command) == []


def test_clear_forgets_everything_and_it_runs_anew(command: Command, notebook: Path) -> None:
    command("run", notebook)
    assert command("cache", "clear", "--yes").outcome == (0, "1 runs were forgotten\n")
    assert entries(command) == []
    assert json.loads(command("run", notebook, "--json").out)["cached"] is False


@pytest.mark.parametrize(("said", "count"), [("n", 1), ("", 1), ("y", 0)])
def test_clear_asks_first(
    command: Command, notebook: Path, monkeypatch: pytest.MonkeyPatch, said: str, count: int
) -> None:
    command("run", notebook)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{said}\n"))
    ended = command("cache", "clear")
    assert ended.code == 0
    assert f"Forget 1 runs in {os.environ['NBNODES_CACHE']}? [y/N]: " in ended.out
    assert len(entries(command)) == count


def test_clear_forgets_nothing_where_nobody_answers(notebook: Path, command: Command) -> None:
    command("run", notebook)
    assert nbnodes("cache", "clear").code == 130
    assert len(entries(command)) == 1


def test_another_folder_is_another_cache(command: Command, notebook: Path) -> None:
    command("run", notebook, "--cache", "there")
    assert entries(command) == []
    lines = command("cache", "--cache", "there", "ls", "--json").out.splitlines()
    assert [json.loads(line)["notebook"] for line in lines] == ["n.ipynb"]


def test_why_tells_that_a_notebook_leaves_the_cache_out(command: Command) -> None:
    write_notebook("n.ipynb", ("1", "return"), metadata={"nbnodes": {"cache": False}})
    command("run", "n.ipynb")
    assert why(command) == "miss: the notebook's metadata leaves the cache out"
