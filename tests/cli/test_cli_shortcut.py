"""The same words, with nothing changed, are answered at once; the least change and they are not."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from commandline import Ended, run_process
from notebooks import CellText, write_notebook

from nbnodes.cache import schema
from nbnodes.cli import shortcut
from nbnodes.cli.main import main
from nbnodes.notebook.stamp import RACY_NS

# The folder of nbnodes itself is on the import path where it is installed for development; there
# other work goes on, which must not count here.
PROBE = """\
import json, os, sys, nbnodes
root = os.path.dirname(os.path.dirname(nbnodes.__file__))
sys.path[:] = [entry for entry in sys.path if entry != root]
from nbnodes.cli.main import main
for folder, words in json.loads(sys.argv[1]):
    os.chdir(folder)
    main(["run", *words])
print("looked up" if "nbnodes.session" in sys.modules else "answered at once", file=sys.stderr)
"""
FIGURE = "import matplotlib.pyplot as plt\nfigure, _ = plt.subplots()\nplt.close(figure)\nfigure"
SOURCE = "n * helper.FACTOR + int(open('given.txt').read())"
CELLS: tuple[CellText, ...] = (
    ("n: int = 15", "parameters"),
    "import helper",
    (SOURCE, "return"),
)
NOT_LAID: dict[str, tuple[CellText, ...]] = {
    "fails": (("n = 1", "parameters"), "1 / 0"),
    "takes_nothing": (("1", "return"),),
    "gives_nothing": (("n = 1", "parameters"), "1"),
}


@dataclass(frozen=True, kw_only=True)
class Laid:
    """A notebook that was run, so that a shortcut answers the same words."""

    folder: Path
    words: list[str]
    cache: Path

    @property
    def index(self) -> Path:
        return self.cache / schema.FILE_NAME

    @property
    def file(self) -> Path:
        """The shortcut's own file; the working directory must be `folder`."""
        return Path(shortcut._path(self.words))


def laid_in(base: Path, name: str, *more_words: str) -> Laid:
    folder, cache = base / name / "outer" / "work", base / name / "cache"
    words = ["n.ipynb", "--engine", "inprocess", "--cache", str(cache), *more_words]
    return Laid(folder=folder, words=words, cache=cache)


def write_project(folder: Path, *cells: CellText) -> None:
    folder.mkdir(parents=True)
    (folder / "helper.py").write_text("FACTOR = 2\n")
    (folder / "given.txt").write_text("100")
    extras = {"files": ["given.txt"]}
    write_notebook(folder / "n.ipynb", *cells, metadata={"nbnodes": {"extras": extras}})


def probe(*runs: Laid) -> Ended:
    """Run all in one process of their own; `err` ends with whether the whole package was loaded."""
    asked = json.dumps([(str(laid.folder), laid.words) for laid in runs])
    return run_process(sys.executable, "-c", PROBE, asked)


def await_age(base: Path) -> None:
    """Wait until every file is old enough for its state to tell whether it changes."""
    newest = max(max(p.stat().st_mtime_ns, p.stat().st_ctime_ns) for p in [base, *base.rglob("*")])
    deadline = time.monotonic() + 3
    while time.time_ns() - newest <= RACY_NS and time.monotonic() < deadline:
        time.sleep(0.02)


# ---------------------------------------------------------------- what may change


def rewrite(name: str, old: str, new: str) -> Callable[[Laid], None]:
    def change(laid: Laid) -> None:
        path = laid.folder / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return change


def rewrite_secretly(laid: Laid) -> None:
    """Change a file, keep its size and set back its time."""
    path = laid.folder / "helper.py"
    before = path.stat()
    path.write_text("FACTOR = 3\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)


def replace_secretly(laid: Laid) -> None:
    path, other = laid.folder / "helper.py", laid.folder / "other"
    other.write_text("FACTOR = 3\n")
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    os.replace(other, path)


def clear(laid: Laid) -> None:
    assert main(["cache", "--cache", str(laid.cache), "clear", "--yes"]) == 0


def damage(path: Path, content: bytes) -> None:
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    path.write_bytes(content)


def in_index(statement: str) -> Callable[[Laid], None]:
    def change(laid: Laid) -> None:
        connection = sqlite3.connect(laid.index)
        with connection:
            assert connection.execute(statement).rowcount == 1
        connection.close()

    return change


def write(place: str, text: str = "") -> Callable[[Laid], None]:
    def change(laid: Laid) -> None:
        (laid.folder / place).write_text(text)

    return change


CHANGES: dict[str, Callable[[Laid], Any]] = {
    "notebook_edited": rewrite("n.ipynb", "n: int = 15", "n: int = 16"),
    "notebook_touched": lambda laid: os.utime(laid.folder / "n.ipynb"),
    "notebook_removed": lambda laid: (laid.folder / "n.ipynb").unlink(),
    "helper_edited": rewrite("helper.py", "2", "3"),
    "helper_edited_its_times_set_back": rewrite_secretly,
    "helper_replaced_by_one_of_its_age_and_size": replace_secretly,
    "helper_removed": lambda laid: (laid.folder / "helper.py").unlink(),
    "file_edited": rewrite("given.txt", "100", "200"),
    "file_removed": lambda laid: (laid.folder / "given.txt").unlink(),
    "module_added": write("json.py"),
    "package_added": lambda laid: (laid.folder / "helper").mkdir(),
    "settings_added": write("pyproject.toml"),
    "settings_added_above": write("../pyproject.toml"),
    "cache_cleared": clear,
    "cache_removed": lambda laid: os.replace(laid.cache, f"{laid.cache}-away"),
    "run_stored_anew": in_index(f"UPDATE {schema.TABLE} SET value = CAST(value || x'00' AS BLOB)"),
    "run_long_unused": in_index("UPDATE facts SET last_used_at = last_used_at - 3700"),
    "index_emptied": lambda laid: damage(laid.index, b""),
    "index_damaged": lambda laid: damage(laid.index, b"SQLite format 3\0" + bytes(4080)),
    "index_overwritten": lambda laid: damage(laid.index, b"no index at all" * 1000),
    "shortcut_removed": lambda laid: laid.file.unlink(),
    "shortcut_emptied": lambda laid: laid.file.write_bytes(b""),
    "shortcut_cut_short": lambda laid: laid.file.write_bytes(laid.file.read_bytes()[:-1]),
    "shortcut_altered": lambda laid: laid.file.write_bytes(
        laid.file.read_bytes().replace(b'"130"', b'"131"')
    ),
    "shortcut_no_text": lambda laid: laid.file.write_bytes(b"\xff\xfe"),
}
WORDS = {"json": ["--json"], "png": ["--format", "png"]}
PROJECTS = {
    **dict.fromkeys([*CHANGES, "kept", "json", "moved", "told", "cleared_too", "full"], CELLS),
    "png": (("n = 1", "parameters"), (FIGURE, "return")),
    **NOT_LAID,
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make a project for each case, run them all, and keep the environment they ran in."""
    folder = tmp_path_factory.mktemp("shortcuts")
    runs = [laid_in(folder, name, *WORDS.get(name, ())) for name in PROJECTS]
    for laid, cells in zip(runs, PROJECTS.values(), strict=True):
        write_project(laid.folder, *cells)
    with pytest.MonkeyPatch.context() as patch:
        set_environment(patch, folder)
        await_age(folder)
        ended = probe(*runs)
    assert ended.err.endswith("looked up\n"), ended.err
    return folder


def set_environment(patch: pytest.MonkeyPatch, folder: Path) -> None:
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "NBNODES_CACHE"):
        patch.setenv(name, str(folder / name.lower()))
    patch.setenv("PYTHONDONTWRITEBYTECODE", "1")


@pytest.fixture
def lay(base: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Laid]:
    """Go where a case was run."""
    set_environment(monkeypatch, base)

    def enter(name: str) -> Laid:
        laid = laid_in(base, name, *WORDS.get(name, ()))
        monkeypatch.chdir(laid.folder)
        return laid

    return enter


Lay = Callable[[str], Laid]


def test_the_same_words_are_answered_without_loading_the_package(lay: Lay) -> None:
    ended = probe(lay("kept"))
    assert (ended.out, ended.err) == ("130\n", "answered at once\n")


def test_a_changed_module_is_looked_up_and_the_value_is_new(lay: Lay) -> None:
    laid = lay("moved")
    (laid.folder / "helper.py").write_text("FACTOR = 3\n")
    ended = probe(laid)
    assert (ended.out, ended.err) == ("145\n", "looked up\n")


@pytest.mark.parametrize("name", CHANGES)
def test_after_a_change_it_is_not_taken(
    lay: Lay, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    laid = lay(name)
    assert shortcut.answer(laid.words)
    assert capfd.readouterr().out == "130\n"
    CHANGES[name](laid)
    capfd.readouterr()
    assert not shortcut.answer(laid.words)
    assert capfd.readouterr().out == ""


OTHER_WORDS = {
    "another_parameter": lambda words: [*words, "-p", "n", "3"],
    "the_default_given": lambda words: [*words, "-p", "n", "15"],
    "another_form": lambda words: [*words, "--json"],
    "another_order": lambda words: [*words[1:], words[0]],
    "fewer": lambda words: words[:1],
    "none": lambda _: [],
}


@pytest.mark.parametrize("change", OTHER_WORDS.values(), ids=OTHER_WORDS)
def test_other_words_have_no_shortcut(lay: Lay, change: Callable[[list[str]], list[str]]) -> None:
    assert not shortcut.answer(change(lay("kept").words))


@pytest.mark.parametrize(
    "name",
    [
        "NBNODES_ENGINE",
        "NBNODES_TIMEOUT_S",
        "NBNODES_CACHE",
        "PYTHONPATH",
        "HOME",
        "XDG_CACHE_HOME",
    ],
)
def test_another_environment_has_no_shortcut(
    lay: Lay, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    words = lay("kept").words
    monkeypatch.setenv(name, "/elsewhere")
    assert not shortcut.answer(words)


def test_another_folder_has_no_shortcut(
    lay: Lay, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    words = lay("kept").words
    monkeypatch.chdir(tmp_path)
    assert not shortcut.answer(words)


def test_an_unrelated_variable_changes_nothing(lay: Lay, monkeypatch: pytest.MonkeyPatch) -> None:
    words = lay("kept").words
    monkeypatch.setenv("EDITOR", "ed")
    assert shortcut.answer(words)


def test_an_envelope_says_that_it_is_cached(lay: Lay, capfd: pytest.CaptureFixture[str]) -> None:
    assert shortcut.answer(lay("json").words)
    envelope = json.loads(capfd.readouterr().out)
    assert tuple(envelope[n] for n in ("value", "cached", "notebook")) == (130, True, "n.ipynb")
    assert isinstance(envelope["duration_s"], float)


def test_a_picture_is_answered_in_its_bytes(
    lay: Lay, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert shortcut.answer(lay("png").words)
    assert capfdbinary.readouterr().out[:8] == b"\x89PNG\r\n\x1a\n"


# ---------------------------------------------------------------- when none is laid


def contents(laid: Laid) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(laid.file.read_text().partition("\n")[2])
    return found


def relaid(laid: Laid, word: str, content: dict[str, Any], *, began_ns: int) -> bool:
    """Lay the shortcut once more, with one word more; return whether it is there."""
    known = {name: content[name] for name in ("index", "key")}
    words = [*laid.words, word]
    shortcut.remember(words, "text", files=content["stamps"], began_ns=began_ns, **known)
    return os.path.exists(shortcut._path(words))


def test_none_is_laid_for_what_changed_while_it_ran(lay: Lay) -> None:
    laid = lay("told")
    changed_ns = (laid.folder / "n.ipynb").stat().st_mtime_ns
    assert relaid(laid, "late", contents(laid), began_ns=time.time_ns())
    assert not relaid(laid, "before", contents(laid), began_ns=changed_ns - 1)
    just_after_ns = changed_ns + RACY_NS - 1
    assert not relaid(laid, "just_after", contents(laid), began_ns=just_after_ns)


@pytest.mark.parametrize(
    "word", ["-", "-f", "-o", "--output=x", "--cwd=x", "--no-cache", "--refresh", "-v"]
)
def test_none_is_laid_where_more_is_asked_than_an_answer(lay: Lay, word: str) -> None:
    laid = lay("told")
    assert not relaid(laid, word, contents(laid), began_ns=time.time_ns())


def test_none_is_laid_for_a_file_that_was_just_written(tmp_path: Path) -> None:
    laid = laid_in(tmp_path, "fresh")
    write_project(laid.folder, *CELLS)
    for _ in range(2):
        ended = probe(laid)
        assert (ended.out, ended.err) == ("130\n", "looked up\n")


@pytest.mark.parametrize("name", NOT_LAID)
def test_none_is_laid_for_other_ends(lay: Lay, name: str) -> None:
    assert not lay(name).file.exists()


def test_a_folder_that_takes_no_shortcut_costs_nothing(
    lay: Lay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid = lay("told")
    (tmp_path / "file").touch()
    content = contents(laid)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert not relaid(laid, "more", content, began_ns=time.time_ns())


# ---------------------------------------------------------------- when they go


def test_a_long_answer_has_no_shortcut(lay: Lay) -> None:
    laid = lay("kept")
    content = contents(laid)
    known = {name: content[name] for name in ("index", "key")}
    words = [*laid.words, "long"]
    began_ns = time.time_ns() + RACY_NS
    shortcut.remember(words, "x" * 10**6, files=[], began_ns=began_ns, **known)
    assert not os.path.exists(shortcut._path(words))


def test_the_oldest_make_room(lay: Lay, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    laid = lay("full")
    content = contents(laid)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for n in range(1000):
        relaid(laid, str(n), content, began_ns=time.time_ns() + RACY_NS)
    folders = laid.file.parent.parent.iterdir()
    assert max(len(list(folder.iterdir())) for folder in folders) == 8


def test_clearing_a_cache_removes_what_leads_to_it_and_nothing_else(lay: Lay) -> None:
    laid, other = lay("cleared_too"), lay("kept")
    main(["cache", "--cache", str(laid.cache), "clear", "--yes"])
    assert not laid.file.exists()
    os.chdir(other.folder)
    assert other.file.exists()
