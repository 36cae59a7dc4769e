"""A key holds what a notebook imports and what it declares: modules, files, packages."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from notebooks import CellText, write_notebook

from nbnodes.cache.key import KeyParts, differences
from nbnodes.scheduler.options import RunOptions
from nbnodes.session import Session

Keyed: TypeAlias = Callable[..., KeyParts]
Extras: TypeAlias = dict[str, list[str]]


@pytest.fixture
def session() -> Iterator[Session]:
    with Session(engine="inprocess", cache=":memory:") as opened:
        yield opened


@pytest.fixture
def keyed(session: Session, tmp_path: Path) -> Keyed:
    """Write these cells as the notebook and take its run apart."""

    def taken(*cells: CellText, extras: Extras | None = None, **options: Any) -> KeyParts:
        path = tmp_path / "n.ipynb"
        write_notebook(path, *cells, metadata={"nbnodes": {"extras": extras or {}}})
        return session.key_parts(session.model(path), {}, RunOptions(**options))

    return taken


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


# ---------------------------------------------------------------- modules

PACKAGE = {"pkg/__init__.py": "", "pkg/a.py": "x = 1", "pkg/b.py": "y = 1"}
IMPORTS: dict[str, tuple[str, dict[str, str], str]] = {
    "module": ("import helpers", {"helpers.py": "x = 1"}, "helpers.py"),
    "renamed": ("import helpers as h", {"helpers.py": "x = 1"}, "helpers.py"),
    "name": ("from helpers import x", {"helpers.py": "x = 1"}, "helpers.py"),
    "star": ("from helpers import *", {"helpers.py": "x = 1"}, "helpers.py"),
    "several": ("import os, helpers", {"helpers.py": "x = 1"}, "helpers.py"),
    "in_a_function": ("def f():\n    import helpers", {"helpers.py": "x = 1"}, "helpers.py"),
    "in_a_try": ("try:\n    import helpers\nexcept: 0", {"helpers.py": "x = 1"}, "helpers.py"),
    "beside_magic": ("!ls\nimport helpers", {"helpers.py": "x = 1"}, "helpers.py"),
    "in_magic": ("%%time\nimport helpers", {"helpers.py": "x = 1"}, "helpers.py"),
    "in_a_broken_cell": ("import helpers\nx = = 1", {"helpers.py": "x = 1"}, "helpers.py"),
    "indirect": ("import helpers", {"helpers.py": "import deep", "deep.py": ""}, "deep.py"),
    "indirect_late": (
        "import helpers",
        {"helpers.py": "def f():\n    from deep import x", "deep.py": "x = 1"},
        "deep.py",
    ),
    "thrice": (
        "import one",
        {"one.py": "import two", "two.py": "import three", "three.py": ""},
        "three.py",
    ),
    "package": ("import pkg", PACKAGE, "pkg/__init__.py"),
    "package_of_a_module": ("from pkg.a import x", PACKAGE, "pkg/__init__.py"),
    "module_of_a_package": ("from pkg.a import x", PACKAGE, "pkg/a.py"),
    "module_as_a_name": ("from pkg import a", PACKAGE, "pkg/a.py"),
    "dotted": ("import pkg.a", PACKAGE, "pkg/a.py"),
    "relative": ("import pkg.a", PACKAGE | {"pkg/a.py": "from . import b"}, "pkg/b.py"),
    "relative_name": ("import pkg.a", PACKAGE | {"pkg/a.py": "from .b import y"}, "pkg/b.py"),
    "relative_init": ("import pkg", PACKAGE | {"pkg/__init__.py": "from .b import y"}, "pkg/b.py"),
    "relative_up": (
        "import pkg.sub.c",
        PACKAGE | {"pkg/sub/__init__.py": "", "pkg/sub/c.py": "from ..b import y"},
        "pkg/b.py",
    ),
    "without_init": ("from space.a import x", {"space/a.py": "x = 1"}, "space/a.py"),
    "deep": ("import a.b.c", {"a/__init__.py": "", "a/b/c.py": ""}, "a/b/c.py"),
    "cycle": ("import a", {"a.py": "import b", "b.py": "import a"}, "b.py"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "files", "edited"), IMPORTS.values(), ids=IMPORTS)
def test_an_imported_module_counts_by_what_it_does(
    keyed: Keyed, tmp_path: Path, source: str, files: dict[str, str], edited: str
) -> None:
    write(tmp_path, files)
    before = keyed(source)
    write(tmp_path, {edited: f"# about it\n\n{files[edited]}  # a comment\n"})
    assert keyed(source).key == before.key
    write(tmp_path, {edited: f"{files[edited]}\nadded = 1"})
    after = keyed(source)
    assert after.key != before.key
    assert differences(before, after) == [f"{edited} changed"]


def test_a_module_on_the_import_path_counts(
    keyed: Keyed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path / "library")
    write(tmp_path, {"library/helpers.py": "import deep", "library/deep.py": "x = 1"})
    before = keyed("import helpers")
    write(tmp_path, {"library/deep.py": "x = 2"})
    after = keyed("import helpers")
    assert differences(before, after) == [f"{os.path.join('library', 'deep.py')} changed"]


def test_a_module_beside_the_notebook_hides_one_on_the_import_path(
    keyed: Keyed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path / "library")
    write(tmp_path, {"library/helpers.py": "x = 1"})
    far = keyed("import helpers")
    write(tmp_path, {"helpers.py": "x = 1"})
    near = keyed("import helpers")
    assert differences(far, near) == ["helpers.py added", "library/helpers.py removed"]


NOT_IMPORTED: dict[str, tuple[CellText, ...]] = {
    "nowhere": ("x = 1",),
    "in_text": ("x = 'import helpers'", "# import helpers"),
    "skipped": (("import helpers", "skip"), "1"),
    "after_the_return": (("1", "return"), "import helpers"),
    "a_part_of_a_name": ("import helpers_of_another",),
}


@pytest.mark.parametrize("cells", NOT_IMPORTED.values(), ids=NOT_IMPORTED)
def test_a_module_that_is_not_imported_does_not_count(
    keyed: Keyed, tmp_path: Path, cells: tuple[CellText, ...]
) -> None:
    write(tmp_path, {"helpers.py": "x = 1"})
    assert keyed(*cells).modules == {}


def test_a_module_that_comes_and_goes_is_told(keyed: Keyed, tmp_path: Path) -> None:
    without = keyed("import helpers")
    write(tmp_path, {"helpers.py": "x = 1"})
    with_it = keyed("import helpers")
    assert differences(without, with_it) == ["helpers.py added"]
    assert differences(with_it, without) == ["helpers.py removed"]


# ---------------------------------------------------------------- files and packages

FILES: dict[str, tuple[str | None, str | None, list[str]]] = {
    "edited": ("1", "2", ["data.csv changed"]),
    "same_text": ("1", "1", []),
    "gone": ("1", None, ["data.csv removed"]),
    "never_there": (None, None, []),
    "come": (None, "1", ["data.csv added"]),
    "empty": (None, "", ["data.csv added"]),
}


@pytest.mark.parametrize(("earlier", "now", "words"), FILES.values(), ids=FILES)
def test_a_declared_file_counts(
    keyed: Keyed, tmp_path: Path, earlier: str | None, now: str | None, words: list[str]
) -> None:
    made = []
    for text in (earlier, now):
        (tmp_path / "data.csv").unlink(missing_ok=True)
        write(tmp_path, {} if text is None else {"data.csv": text})
        made.append(keyed("1", extras={"files": ["data.csv"]}))
    assert (made[0].key == made[1].key) is (not words)
    assert differences(*made) == words


def test_a_declared_package_counts_by_its_version(keyed: Keyed) -> None:
    parts = keyed("1", extras={"packages": ["click", "not-there"]})
    assert parts.packages == {"click": version("click"), "not-there": "missing"}
    assert keyed("1").key != parts.key
