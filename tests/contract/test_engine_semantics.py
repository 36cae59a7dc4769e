"""What a notebook may do, and what its tags mean, on every engine."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from cells import Run, run_cells

from nbnodes.engines.engine import Progress
from nbnodes.engines.registry import open_engine
from nbnodes.result import Failure, Result, Success

TOTAL = ("n = 15\ntwice = n * 2\nlabel: str = f'{n}!'", "parameters")
BACK = ("(n, twice, label)", "return")
LATER = """\
import asyncio
async def later():
    await asyncio.sleep(0)
    return 5
"""


def test_defaults_hold_without_values(run: Run) -> None:
    assert run(TOTAL, BACK).unwrap() == (15, 30, "15!")


def test_defaults_that_depend_on_a_parameter_follow_it(run: Run) -> None:
    assert run(TOTAL, BACK, values={"n": 4}).unwrap() == (4, 8, "4!")


def test_a_dependent_default_can_be_given_too(run: Run) -> None:
    assert run(TOTAL, BACK, values={"n": 4, "twice": 0}).unwrap() == (4, 0, "4!")


def test_every_parameters_cell_is_bound(run: Run) -> None:
    cells = (("n = 1", "parameters"), ("n = 2\nm = n + 1", "parameters"), ("(n, m)", "return"))
    assert run(*cells, values={"n": 7}).unwrap() == (7, 8)


def test_only_parameters_cells_are_bound(run: Run) -> None:
    cells = (("n = 15", "parameters"), "given = n", "n = 15", ("(given, n)", "return"))
    assert run(*cells, values={"n": 3}).unwrap() == (3, 15)


def test_values_are_set_before_the_first_cell_without_a_parameters_cell(run: Run) -> None:
    assert run("m = n * 2", ("m", "return"), values={"n": 3}).unwrap() == 6


@pytest.mark.parametrize("magic", ["%%time", "%%capture"])
def test_a_parameters_cell_under_a_magic_is_bound(run: Run, magic: str) -> None:
    assert run((f"{magic}\nn = 15", "parameters"), ("n", "return"), values={"n": 3}).unwrap() == 3


def test_an_injected_cell_of_an_earlier_run_is_ignored(run: Run) -> None:
    cells = (("n = 15", "parameters"), ("n = 99", "injected-parameters"), ("n", "return"))
    assert run(*cells).unwrap() == 15
    assert run(*cells, values={"n": 3}).unwrap() == 3


def test_skip_cells_do_not_run_whatever_else_they_are_tagged(run: Run) -> None:
    cells = ("x = 1", ("x = 2", "skip"), ("x = 3", "skip", "return"), ("x", "return"))
    assert run(*cells).unwrap() == 1


def test_nothing_runs_after_the_first_return_cell(run: Run) -> None:
    result = run("x = 1", ("x", "return"), "print('later')", ("x + 1", "return"))
    assert (result.unwrap(), result.stdout) == (1, "")


def test_only_the_tagged_cell_gives_the_value(run: Run) -> None:
    cells = ("x = 1", "x", "import sys; sys.exit(0)", ("x", "return"))
    assert None is run(*cells).unwrap()


@pytest.mark.parametrize(("values", "expected"), [({}, "overridden"), ({"n": 1}, "given")])
def test_override_cells_run_only_without_values(
    run: Run, values: dict[str, Any], expected: str
) -> None:
    cells = (("n = 0", "parameters"), "x = 'given'", ("x = 'overridden'", "override"))
    assert expected == run(*cells, ("x", "return"), values=values).unwrap()


def test_empty_and_comment_cells_do_no_harm(run: Run) -> None:
    assert run("", "   \n", "# nothing", ("1", "return")).unwrap() == 1


def test_a_function_sees_imports_itself_and_other_functions(run: Run) -> None:
    defined = (
        "def area(r):\n    return round(math.pi * square(r), 2)\n"
        "def square(x):\n    return x * x\n"
        "def factorial(n):\n    return 1 if n < 2 else n * factorial(n - 1)\n"
        "scale = 2"
    )
    value = ("[area(1), factorial(10), [scale * x for x in range(3)]]", "return")
    assert run("import math", defined, value).unwrap() == [3.14, 3628800, [0, 2, 4]]


def test_classes_and_dataclasses_work_inside_the_notebook(run: Run) -> None:
    defined = (
        "import pickle\nfrom dataclasses import dataclass, field\n"
        "@dataclass\nclass Box:\n    items: list[int] = field(default_factory=list)\n"
        "class Counter(Box):\n    def count(self):\n"
        "        return super().__eq__(self), len(self.items)"
    )
    again = "pickle.loads(pickle.dumps(Box([3]))) == Box([3])"
    value = f"(Counter([1, 2]).count(), {again}, __name__)"
    assert run(defined, (value, "return")).unwrap() == ((True, 2), True, "__main__")


def test_every_call_starts_from_a_fresh_namespace(run: Run) -> None:
    assert run("leftover = 1", ("leftover", "return")).unwrap() == 1
    names = (
        "[name for name in ('leftover', 'Out', '_', '_1') if name in globals() and globals()[name]]"
    )
    assert run((names, "return")).unwrap() == []


def test_a_notebook_runs_in_its_folder(run: Run, tmp_path: Path) -> None:
    (tmp_path / "data.txt").write_text("beside")
    before = Path.cwd()
    folder, text = run("import os", ("(os.getcwd(), open('data.txt').read())", "return")).unwrap()
    assert (os.path.realpath(tmp_path), "beside") == (os.path.realpath(folder), text)
    assert before == Path.cwd()


def test_a_module_beside_the_notebook_is_imported_as_it_is_now(run: Run, tmp_path: Path) -> None:
    module = tmp_path / "helpers.py"
    module.write_text("answer = 1\n")
    assert run("import helpers", ("helpers.answer", "return")).unwrap() == 1
    module.write_text("answer = 'edited'\n")
    assert run("import helpers", ("helpers.answer", "return")).unwrap() == "edited"


def test_ipython_magics_work(run: Run) -> None:
    cells = (
        "%matplotlib inline",
        "%env NBNODES_TEST=on\nimport os",
        "%%capture captured\nprint('kept')",
        "?len",
        "names = %who_ls",
        ("(captured.stdout, os.environ['NBNODES_TEST'], 'os' in names)", "return"),
    )
    assert run(*cells).unwrap() == ("kept\n", "on", True)


def test_the_shell_is_at_hand(run: Run) -> None:
    result = run("!echo printed", "word = 'x'\nlines = !echo {word}y; echo z", ("lines", "return"))
    assert (list(result.unwrap()), result.stdout.split()) == (["xy", "z"], ["printed"])


def test_bash_cells_print(run: Run) -> None:
    result = run(
        "%%bash\necho out\necho err >&2", "%%bash --out text\necho kept", ("text", "return")
    )
    assert (result.unwrap(), result.stdout, result.stderr) == ("kept\n", "out\n", "err\n")


def test_await_works_at_top_level(run: Run) -> None:
    assert (
        run(LATER, "x = await later()", ("x + await asyncio.sleep(0, 1)", "return")).unwrap() == 6
    )


def test_a_task_is_awaited_in_the_next_cell(run: Run) -> None:
    cells = (LATER, "task = asyncio.create_task(later())", ("await task", "return"))
    assert run(*cells).unwrap() == 5


@pytest.mark.parametrize("first", ["", "%time 1\n"])
@pytest.mark.parametrize("ending", ["SystemExit(3)", "KeyboardInterrupt"])
def test_an_error_that_cannot_be_shown_is_a_failure(run: Run, first: str, ending: str) -> None:
    kind = f"class Odd(Exception):\n    def __str__(self):\n        raise {ending}"
    result = run(f"{first}{kind}\nraise Odd", ("1", "return"))
    assert isinstance(result, Failure)
    assert result.error.cell_index == 0


@pytest.mark.parametrize("name", ["fork", "inprocess", "spawn"])
def test_a_cell_nested_too_deeply_is_a_failure(name: str, tmp_path: Path) -> None:
    engine = open_engine(name)
    result = run_cells(engine, tmp_path, ("+".join(["1"] * 3000), "return"))
    engine.close()
    assert isinstance(result, Failure)
    assert result.error.ename == "RecursionError"


def test_runs_inside_a_running_event_loop(run: Run) -> None:
    async def caller() -> Any:
        return run("import asyncio", ("await asyncio.sleep(0, 5)", "return")).unwrap()

    assert asyncio.run(caller()) == 5


def test_progress_is_told_once_per_cell(run: Run) -> None:
    told: list[Progress] = []
    run("1", ("2", "skip"), "3", ("4", "return"), "5", on_progress=told.append)
    assert [Progress(done=n, total=3) for n in (1, 2, 3)] == told


def test_a_run_measures_itself_and_names_its_engine(run: Run, engine: Any) -> None:
    result: Result = run("1", ("2", "return"))
    assert isinstance(result, Success)
    assert (engine.name, "notebook", False, [0, 1]) == (
        result.engine,
        result.name,
        result.cached,
        [cell.ordinal for cell in result.cells],
    )
    assert 0 < sum(cell.duration_s for cell in result.cells) <= result.duration_s
