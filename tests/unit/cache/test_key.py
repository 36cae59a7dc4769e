"""A key changes with all that a Result depends on and with nothing else, and says in words why."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from notebooks import CellText, document, markdown, write_notebook

from nbnodes.cache.key import KeyParts, differences
from nbnodes.errors import FingerprintError
from nbnodes.scheduler.options import RunOptions
from nbnodes.session import Session

Keyed: TypeAlias = Callable[..., KeyParts]
Cells: TypeAlias = tuple[CellText, ...]

PARAMETERS, BODY, VALUE = ("n: int = 15", "parameters"), "m = n  # twice\nm *= 2", ("m", "return")
BASE: Cells = (PARAMETERS, BODY, VALUE)


@pytest.fixture
def session() -> Iterator[Session]:
    with Session(engine="inprocess", cache=":memory:") as opened:
        yield opened


@pytest.fixture
def keyed(session: Session, tmp_path: Path) -> Keyed:
    """Write these cells as the notebook and take its run apart."""

    def taken(*cells: CellText, options: RunOptions | None = None, **values: Any) -> KeyParts:
        path = write_notebook(tmp_path / "n.ipynb", *cells)
        return session.key_parts(session.model(path), values, options)

    return taken


def ran(source: str, **more: Any) -> dict[str, Any]:
    """Make a code cell as a front end leaves it after a run."""
    (cell,) = document(source)["cells"]
    output = {"output_type": "stream", "name": "stdout", "text": "30"}
    return cell | {"id": "other", "execution_count": 7, "outputs": [output], "metadata": more}


# ---------------------------------------------------------------- cells

KEPT: dict[str, Cells] = {
    "comment_edited": (PARAMETERS, "m = n  # two times\nm *= 2", VALUE),
    "comment_gone": (PARAMETERS, "m = n\nm *= 2", VALUE),
    "comment_of_a_default": (("n: int = 15  # how many", "parameters"), BODY, VALUE),
    "comment_of_the_value": (PARAMETERS, BODY, ("m  # the value", "return")),
    "layout": (PARAMETERS, "\n\nm=(n)\n\n\nm  *=\\\n  2\n\n", VALUE),
    "indent": (PARAMETERS, "    m = n\n    m *= 2", VALUE),
    "markdown_first": (markdown("# Twice"), *BASE),
    "markdown_between": (PARAMETERS, markdown("twice"), BODY, VALUE),
    "raw": (PARAMETERS, {"cell_type": "raw", "metadata": {}, "source": "r"}, BODY, VALUE),
    "outputs": (PARAMETERS, ran(BODY), VALUE),
    "metadata": (PARAMETERS, ran(BODY, collapsed=True, tags=["mine", "hide-input"]), VALUE),
    "skipped": (PARAMETERS, ("1 / 0", "skip"), BODY, VALUE),
    "injected": (PARAMETERS, ("n = 99", "injected-parameters"), BODY, VALUE),
    "empty": ("", PARAMETERS, " \n", BODY, VALUE),
    "after_the_return": (*BASE, "never = 'run'"),
    "lines": (PARAMETERS, {**ran(BODY), "source": BODY.splitlines(keepends=True)}, VALUE),
    "comment_alone": (PARAMETERS, "# twice", BODY, VALUE),
    "semicolon": (PARAMETERS, "m = n  # ;\nm *= 2  # two;", VALUE),
}


@pytest.mark.parametrize("cells", KEPT.values(), ids=KEPT)
def test_what_does_not_run_keeps_the_key(keyed: Keyed, cells: Cells) -> None:
    before, after = keyed(*BASE), keyed(*cells)
    assert (before.key, differences(before, after)) == (after.key, [])


CHANGED: dict[str, tuple[Cells, list[str]]] = {
    "code": ((PARAMETERS, "m = n\nm *= 3", VALUE), ["cell 2 changed"]),
    "two_cells": ((PARAMETERS, "m = 3", ("-m", "return")), ["cell 2 changed", "cell 3 changed"]),
    "type_of_a_number": ((PARAMETERS, "m = n\nm *= 2.0", VALUE), ["cell 2 changed"]),
    "default": ((("n: int = 16", "parameters"), BODY, VALUE), ["n 15 → 16"]),
    "parameter_added": ((("n: int = 15\nk = 'a'", "parameters"), BODY, VALUE), [
        "cell 1 changed", "k unset → 'a'",
    ]),
    "default_computed": ((("n: int = 10 + 5", "parameters"), BODY, VALUE), [
        "cell 1 changed", "n 15 → unset",
    ]),
    "import": ((PARAMETERS, "import math", BODY, VALUE), ["cell 2 added"]),
    "after_text": ((markdown("x"), PARAMETERS, "import math", BODY, VALUE), ["cell 3 added"]),
    "removed": ((PARAMETERS, VALUE), ["cell 2 removed"]),
    "return_tag_moved": ((PARAMETERS, (BODY, "return"), "m"), ["cell 2 changed", "cell 3 removed"]),
    "return_tag_gone": ((PARAMETERS, BODY, "m"), ["cell 3 changed"]),
    "may_raise": ((PARAMETERS, (BODY, "raises-exception"), VALUE), ["cell 2 changed"]),
    "docstring": ((PARAMETERS, f"{BODY}\n'twice'", VALUE), ["cell 2 changed"]),
    "magic": ((PARAMETERS, f"%matplotlib inline\n{BODY}", VALUE), ["cell 2 changed"]),
    "shell": ((PARAMETERS, f"!ls\n{BODY}", VALUE), ["cell 2 changed"]),
    "other_language": ((PARAMETERS, "%%bash\nls", VALUE), ["cell 2 changed"]),
    "syntax_error": ((PARAMETERS, "m = = n", VALUE), ["cell 2 changed"]),
    "quiet": ((PARAMETERS, BODY, ("m;", "return")), ["cell 3 changed"]),
}  # fmt: skip


@pytest.mark.parametrize(("cells", "words"), CHANGED.values(), ids=CHANGED)
def test_what_runs_changes_the_key(keyed: Keyed, cells: Cells, words: list[str]) -> None:
    before, after = keyed(*BASE), keyed(*cells)
    assert before.key != after.key
    assert differences(before, after) == words


def test_the_order_of_cells_changes_the_key(keyed: Keyed) -> None:
    before, after = keyed("a = 1", "b = 2", VALUE), keyed("b = 2", "a = 1", VALUE)
    assert before.key != after.key
    assert differences(before, after) == ["cell 1 added", "cell 2 removed"]


def test_a_quiet_cell_with_a_comment_is_not_a_loud_one(keyed: Keyed) -> None:
    assert keyed("1  # comment").key != keyed("1;  # comment").key


def test_lines_that_are_not_python_change_the_key(keyed: Keyed) -> None:
    sources = ("!ls", "!ls -l", "%ls", "pass", "%%bash\nls", "%%bash\nls -l", "%%time\npass", "x??")
    assert len({keyed(source).key for source in sources}) == len(sources)


LARGE = {
    "digits": f"m = 0x{'f' * 5000}",
    "terms": f"m = {'+'.join(['n'] * 1500)}",
    "brackets": f"m = {'[' * 90}{']' * 90}",
}


@pytest.mark.parametrize("source", LARGE.values(), ids=LARGE)
def test_a_large_cell_has_a_key(keyed: Keyed, source: str) -> None:
    assert keyed(PARAMETERS, source, VALUE).key != keyed(*BASE).key


# ---------------------------------------------------------------- values

DEFAULTS = {"plain": "n: int = 15", "computed": "n: int = 10 + 5", "none": "n: int"}


def test_a_default_given_is_the_default(keyed: Keyed) -> None:
    assert keyed(*BASE) == keyed(*BASE, n=15) == keyed(*BASE, n="15") == keyed(*BASE, n=15.0)


@pytest.mark.parametrize("declared", DEFAULTS.values(), ids=DEFAULTS)
def test_a_replaced_default_does_not_count(keyed: Keyed, declared: str) -> None:
    other = keyed(("n: int = 99", "parameters"), BODY, VALUE, n=3)
    assert keyed((declared, "parameters"), BODY, VALUE, n=3).key == other.key


def test_another_value_is_another_key(keyed: Keyed) -> None:
    before, after = keyed(*BASE, n=15), keyed(*BASE, n=16)
    assert before.key != after.key
    assert differences(before, after) == ["n 15 → 16"]
    assert differences(after, before) == ["n 16 → 15"]


UNTYPED: dict[str, tuple[Any, Any, str]] = {
    "types": (1, 1.0, "x 1 → 1.0"),
    "text": (1, "1", "x 1 → '1'"),
    "bool": (1, True, "x 1 → True"),
    "long": ("a" * 99, "b", f"x '{'a' * 58}… → 'b'"),
    "alike": ([0] * 99, [0] * 98, f"x changed (both [{'0, ' * 19}0…)"),
    "large": (10**5000, 0, "x a large int → 0"),
}


@pytest.mark.parametrize(("one", "other", "words"), UNTYPED.values(), ids=UNTYPED)
def test_a_value_of_any_type_counts_with_its_type(
    keyed: Keyed, one: Any, other: Any, words: str
) -> None:
    cells: Cells = (("x = None", "parameters"), ("x", "return"))
    before, after = keyed(*cells, x=one), keyed(*cells, x=other)
    assert before.key != after.key
    assert differences(before, after) == [words]


def test_a_large_number_inside_a_value_has_a_key(keyed: Keyed) -> None:
    cells: Cells = (("x = None", "parameters"), ("x", "return"))
    assert keyed(*cells, x=[10**5000]).key != keyed(*cells, x=[10**5000 + 1]).key


def test_a_value_without_a_name_is_refused_by_its_place(keyed: Keyed) -> None:
    with pytest.raises(FingerprintError, match=re.escape("x['a'][2]: a builtins.object has no")):
        keyed(("x = None", "parameters"), ("x", "return"), x={"a": [0, 1, object()]})


def test_override_cells_count_only_where_nothing_is_given(keyed: Keyed) -> None:
    with_override = (PARAMETERS, ("n = 20", "override"), BODY, VALUE)
    assert keyed(*with_override).key != keyed(*BASE).key
    assert keyed(*with_override, n=3).key == keyed(*BASE, n=3).key


# ---------------------------------------------------------------- where it runs


def test_engines_that_make_equal_results_share_a_key(keyed: Keyed) -> None:
    options = [RunOptions(engine=name) for name in ("inprocess", "kernel")]
    assert len({keyed(*BASE, options=each).key for each in options}) == 1


def test_an_engine_with_its_own_document_is_told(keyed: Keyed) -> None:
    before, after = keyed(*BASE), keyed(*BASE, options=RunOptions(engine="papermill"))
    assert before.key != after.key
    assert differences(before, after) == [f"engine any → {after.document}"]


def test_another_folder_is_another_key(keyed: Keyed, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    before, after = keyed(*BASE), keyed(*BASE, options=RunOptions(cwd=there))
    assert before.key != after.key
    assert differences(before, after) == [f"folder {tmp_path} → {there}"]
