"""A Surveyor finds what a notebook depends on, and reads a file again only when it has changed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from notebooks import notebook

from nbnodes.errors import NotebookError
from nbnodes.notebook.document import Notebook
from nbnodes.notebook.surroundings import Surroundings, Surveyor, local_roots

LIBRARY = Path(os.__file__).parent  # files that were made long ago
_listeners: list[list[str]] = []
sys.addaudithook(  # Python's own way to see what is opened; it cannot be taken back, so it idles
    lambda event, about: (
        [seen.append(str(about[0])) for seen in _listeners] if event == "open" else None
    )
)


@contextmanager
def opened_files() -> Iterator[list[str]]:
    """Give the list of files that this process opens inside."""
    _listeners.append([])
    try:
        yield _listeners[-1]
    finally:
        _listeners.pop()


def declaring(extras: Any, *cells: str) -> Notebook:
    return notebook(*(cells or ("1",)), metadata={"nbnodes": {"extras": extras}})


def survey(made: Notebook, folder: Path) -> Surroundings:
    return Surveyor().survey(made, str(folder))


# ---------------------------------------------------------------- reading again


def test_an_unchanged_file_is_read_once() -> None:
    made = declaring({"files": ["this.py", "keyword.py"]}, "import keyword")
    surveyor = Surveyor()
    with opened_files() as first:
        before = surveyor.survey(made, str(LIBRARY))
    with opened_files() as second:
        after = surveyor.survey(made, str(LIBRARY))
    names = sorted(Path(path).name for path in first if path.startswith(str(LIBRARY)))
    assert names == ["keyword.py", "keyword.py", "this.py"], "as a module and as a file"
    assert [path for path in second if path.startswith(str(LIBRARY))] == []
    assert before == after


@pytest.mark.parametrize("name", ["helpers.py", "data.csv"])
@pytest.mark.parametrize("age_s", [0, 1000], ids=["fresh", "old"])
def test_an_edit_of_the_same_size_and_time_is_noticed(
    tmp_path: Path, name: str, age_s: int
) -> None:
    made = declaring({"files": ["data.csv"]}, "import helpers")
    paths = [tmp_path / "helpers.py", tmp_path / "data.csv"]
    for path in paths:
        path.write_text("x = 1")
        then = path.stat().st_mtime_ns - age_s * 10**9
        os.utime(path, ns=(then, then))
    surveyor = Surveyor()
    before = surveyor.survey(made, str(tmp_path))
    status = (tmp_path / name).stat()
    (tmp_path / name).write_text("x = 2")
    os.utime(tmp_path / name, ns=(status.st_atime_ns, status.st_mtime_ns))
    after = surveyor.survey(made, str(tmp_path))
    assert (before.modules != after.modules) is (name == "helpers.py")
    assert (before.files != after.files) is (name == "data.csv")


def test_a_file_that_goes_and_comes_back_is_noticed(tmp_path: Path) -> None:
    made, surveyor = declaring({"files": ["data.csv"]}), Surveyor()
    found = []
    for text in ("1", None, "1", "2"):
        (tmp_path / "data.csv").unlink(missing_ok=True)
        if text:
            (tmp_path / "data.csv").write_text(text)
        found.append(surveyor.survey(made, str(tmp_path)).files["data.csv"])
    assert found[0] == found[2] != found[3]
    assert found[1] == "missing"


# ---------------------------------------------------------------- extras


def test_a_notebook_that_needs_nothing_has_no_surroundings(tmp_path: Path) -> None:
    assert survey(notebook("import os, sys, json"), tmp_path) == Surroundings()


def test_what_is_not_there_is_missing(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    files = ["gone.csv", "no/such/file", "folder"]
    found = survey(declaring({"files": files, "packages": ["no-such-package", "click"]}), tmp_path)
    assert found.files == dict.fromkeys(files, "missing")
    assert found.packages == {"no-such-package": "missing", "click": version("click")}


def test_files_are_found_from_the_folder_of_the_run(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "data.csv").write_text("1")
    whole = str(tmp_path / "data.csv")
    found = survey(declaring({"files": ["../data.csv", whole]}), tmp_path / "a").files
    assert set(found) == {"../data.csv", whole}
    assert len({*found.values()} - {"missing"}) == 1


def test_another_language_has_files_but_no_modules(tmp_path: Path) -> None:
    (tmp_path / "helpers.py").write_text("x = 1")
    extras = {"nbnodes": {"extras": {"files": ["helpers.py"]}}}
    found = survey(notebook("import helpers", language="r", metadata=extras), tmp_path)
    assert (found.modules, list(found.files)) == ({}, ["helpers.py"])


EXTRAS = "metadata.nbnodes.extras"
LISTED = "expected a list of names"
UNKNOWN = "there are only `files` and `packages`"
MALFORMED: dict[str, tuple[Any, list[str]]] = {
    "list": (["data.csv"], [f"{EXTRAS}: expected an object"]),
    "null": (None, [f"{EXTRAS}: expected an object"]),
    "text": ({"files": "data.csv"}, [f"{EXTRAS}.files: {LISTED}"]),
    "number": ({"packages": [1]}, [f"{EXTRAS}.packages: {LISTED}"]),
    "unknown": ({"modules": []}, [f"{EXTRAS}.modules: {UNKNOWN}"]),
    "all": (
        {"env": 1, "packages": {}, "files": None},
        [f"{EXTRAS}.files: {LISTED}", f"{EXTRAS}.packages: {LISTED}", f"{EXTRAS}.env: {UNKNOWN}"],
    ),
}


@pytest.mark.parametrize(("extras", "problems"), MALFORMED.values(), ids=MALFORMED)
def test_malformed_extras_are_refused_with_every_problem(
    tmp_path: Path, extras: Any, problems: list[str]
) -> None:
    with pytest.raises(NotebookError) as caught:
        survey(declaring(extras), tmp_path)
    assert [*caught.value.problems] == problems


@pytest.mark.parametrize("extras", [{"files": ["a\0b"]}, {"packages": [""]}])
def test_a_name_that_nothing_can_have_is_refused(tmp_path: Path, extras: Any) -> None:
    with pytest.raises(NotebookError):
        survey(declaring(extras), tmp_path)


# ---------------------------------------------------------------- modules


def test_imports_in_a_circle_end(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import b, a")
    (tmp_path / "b.py").write_text("from a import *")
    assert list(survey(notebook("import a"), tmp_path).modules) == ["a.py", "b.py"]


BROKEN: dict[str, str] = {
    "syntax_error": "x = = 1",
    "null": "x = '\0'",
    "brackets": "(" * 1000,
    "operators": "x = " + "-" * 100_000 + "1",
    "terms": "x = " + "+".join(["n"] * 1500),
    "digits": f"x = 0x{'f' * 5000}",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_module_that_has_no_tree_counts_by_its_bytes(tmp_path: Path, text: str) -> None:
    found = []
    for each in (text, f"{text} "[::-1], text):
        (tmp_path / "helpers.py").write_text(each)
        found.append(survey(notebook("import helpers"), tmp_path).modules["helpers.py"])
    assert found[0] == found[2] != found[1]


def test_a_module_is_followed_whatever_its_author_is_warned_of(tmp_path: Path) -> None:
    (tmp_path / "helpers.py").write_text("import deep\nx = '\\d'")
    (tmp_path / "deep.py").write_text("y = 1")
    found = survey(notebook("import helpers"), tmp_path).modules
    assert list(found) == ["deep.py", "helpers.py"]


def test_a_module_is_read_in_the_encoding_it_names(tmp_path: Path) -> None:
    digests = []
    for name in ("latin-1", "utf-8"):
        (tmp_path / "helpers.py").write_bytes(f"# coding: {name}\nx = 'é'".encode(name))
        digests += survey(notebook("import helpers"), tmp_path).modules.values()
    assert len(digests) == 2
    assert len({*digests}) == 1


# ---------------------------------------------------------------- the import path


def test_local_roots_are_the_folders_that_nobody_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("mine", "python/lib", "python-mine", "x/site-packages"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "code.zip").write_text("")
    names = ("mine", "python/lib", "python-mine", "x/site-packages", "code.zip", "gone")
    monkeypatch.setattr(sys, "path", ["", *(str(tmp_path / name) for name in names)])
    for prefix in ("prefix", "base_prefix", "exec_prefix"):
        monkeypatch.setattr(sys, prefix, str(tmp_path / "python"))
    assert local_roots() == [str(tmp_path / "mine"), str(tmp_path / "python-mine")]
