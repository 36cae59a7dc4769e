"""Notebooks in bash and TypeScript, and in a Python kernel of another make, on real kernels."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import nbformat
import pytest
from notebooks import CellText, document, notebook
from other_kernels import install_bash, install_deno
from processes import await_end, family_of_killed

from nbnodes.engines.engine import RunRequest
from nbnodes.engines.registry import open_engine
from nbnodes.errors import KernelDiedError, ParameterError, RunTimeoutError
from nbnodes.result import Failure, Result

Run: TypeAlias = Callable[..., Result]

# a kernel, and what its cells are written in
LANGUAGES = {"bash": "bash", "deno": "typescript", "xpython": "python"}
CALLER = """\
import json, sys
from nbnodes.engines.engine import RunRequest
from nbnodes.engines.kernel import KernelEngine
from nbnodes.notebook.reader import read
KernelEngine().run(RunRequest(notebook=read(json.loads(sys.argv[1])), folder=sys.argv[2]))
"""
LOOPS = {
    "bash": "sleep 600",
    "deno": "new Deno.Command('sleep', {args: ['600']}).spawn(); while (true) {}",
    "xpython": "import subprocess\nsubprocess.Popen(['sleep', '600'])\nwhile True: pass",
}
TOTAL = ("let n = 15;\nlet unit = 'kg';", "parameters")


@pytest.fixture(scope="module", autouse=True)
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Install two kernels where only these tests find them; xpython's comes in its wheel."""
    home = tmp_path_factory.mktemp("kernels")
    install_bash(home)
    install_deno(home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(home / "share" / "jupyter"))
        patch.setenv("DENO_DIR", str(home / "deno"))
        patch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        yield


@pytest.fixture(params=["kernel", "papermill"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Run]:
    engine = open_engine(request.param)

    def run_cells(
        kernel: str, *cells: CellText, values: dict[str, Any] | None = None, timeout_s: float = 60.0
    ) -> Result:
        return engine.run(
            RunRequest(
                notebook=notebook(*cells, kernel=kernel, language=LANGUAGES[kernel]),
                values=values or {},
                folder=str(tmp_path),
                timeout_s=timeout_s,
            )
        )

    yield run_cells
    engine.close()


def test_bash_prints_a_number_and_it_is_one(run: Run) -> None:
    cells = (("n=15", "parameters"), ("echo skipped", "skip"), ("echo $((n * 2))", "return"))
    assert run("bash", *cells).unwrap() == 30


def test_bash_takes_numbers_and_awkward_text(run: Run, tmp_path: Path) -> None:
    cells = (("n=15\nwho=me", "parameters"), "pwd", ('echo "$n $who"', "return"))
    result = run("bash", *cells, values={"n": 4, "who": """it's "$HOME" `x`"""})
    assert result.unwrap() == """4 it's "$HOME" `x`"""
    assert os.path.realpath(result.stdout.splitlines()[0]) == os.path.realpath(tmp_path)


def test_bash_fails_at_a_failing_cell(run: Run) -> None:
    result = run("bash", "echo before", "echo now; false", ("echo after", "return"))
    assert isinstance(result, Failure)
    assert (result.error.cell_index, result.error.evalue) == (1, "1")
    assert result.error.ename
    assert result.stdout == "before\nnow\n"


def test_typescript_defaults_hold(run: Run) -> None:
    result = run("deno", TOTAL, "1;", ("`${n * 2} ${unit}`", "return"))
    assert result.unwrap() == "30 kg"


def test_typescript_takes_values(run: Run) -> None:
    cells = (TOTAL, ("n * 2 + unit.length", "return"))
    result = run("deno", *cells, values={"n": 4, "unit": """it's "g" `${n}`"""})
    assert result.unwrap() == 8 + len("""it's "g" `${n}`""")


def test_typescript_takes_lists_objects_and_null(run: Run) -> None:
    cells = (("let p = 0; let q = 0;", "parameters"), ("p.a[1] + (q === null ? 1 : 0)", "return"))
    assert run("deno", *cells, values={"p": {"a": [1, 2]}, "q": None}).unwrap() == 3


def test_typescript_takes_values_without_a_parameters_cell(run: Run) -> None:
    assert run("deno", "let m = n * 2;", ("m", "return"), values={"n": 4}).unwrap() == 8


def test_typescript_shows_an_object_as_json_and_that_is_the_value(run: Run) -> None:
    shown = "Deno.jupyter.display({'application/json': {a: 1, b: [null, 'x']}}, {raw: true})"
    assert run("deno", (f"await {shown}", "return")).unwrap() == {"a": 1, "b": [None, "x"]}


@pytest.mark.parametrize("text", ["plain", 'say "hi"', "it's", "12 kg"])
def test_typescript_text_comes_without_the_quotes_it_is_shown_in(run: Run, text: str) -> None:
    assert run("deno", (f"`{text}`", "return")).unwrap() == text


def test_typescript_errors_are_failures(run: Run) -> None:
    result = run("deno", "console.log('a'); console.error('b')", "throw new RangeError('boom')")
    assert isinstance(result, Failure)
    error = result.error
    assert (error.ename, error.evalue, error.cell_index) == ("RangeError", "boom", 1)
    assert (result.stdout, result.stderr) == ("a\n", "b\n")


def test_typescript_loops_are_stopped(run: Run) -> None:
    with pytest.raises(RunTimeoutError, match="cell 2"):
        run("deno", "1", "while (true) {}", timeout_s=5.0)


def test_a_typescript_kernel_that_dies_is_an_error(run: Run) -> None:
    with pytest.raises(KernelDiedError, match="cell 2"):
        run("deno", "1", "Deno.exit(7)")


def test_a_value_that_typescript_does_not_take_is_refused(run: Run) -> None:
    with pytest.raises(ParameterError, match="n"):
        run("deno", ("const n = 15;", "parameters"), ("n", "return"), values={"n": 4})


@pytest.mark.parametrize(
    ("kernel", "cells"),
    [("bash", (("n=15", "parameters"), "echo $n")), ("deno", (("let n = 15;", "parameters"), "n"))],
)
def test_the_executed_notebook_holds_the_parameters(run: Run, kernel: str, cells: Any) -> None:
    executed = run(kernel, *cells, values={"n": 4}).notebook
    nbformat.validate(executed)
    tags = [cell.metadata.get("tags", []) for cell in executed.cells]
    assert tags == [["parameters"], ["injected-parameters"], []]
    assert "4" in executed.cells[1].source
    assert "4" in str(executed.cells[2].outputs)


def test_another_python_kernel_takes_values_and_gives_objects(run: Run) -> None:
    cells = (("n: int = 15", "parameters"), "import sys\nprint('kernel')", ("{n: {1.5}}", "return"))
    result = run("xpython", *cells, values={"n": 4})
    assert (result.unwrap(), result.stdout) == ({4: {1.5}}, "kernel\n")


def test_another_python_kernels_errors_are_failures_and_end_the_run(
    run: Run, tmp_path: Path
) -> None:
    result = run("xpython", "print('a')", "1 / 0", "open('reached', 'w').close()")
    assert isinstance(result, Failure)
    assert (result.error.evalue, result.error.cell_index) == ("division by zero", 1)
    assert (result.stdout, (tmp_path / "reached").exists()) == ("a\n", False)


@pytest.mark.parametrize("kernel", LANGUAGES)
def test_nothing_outlives_a_caller_that_is_killed(
    kernel: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No kernel but ipykernel's own watches its caller."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    cells = json.dumps(document(LOOPS[kernel], kernel=kernel, language=LANGUAGES[kernel]))
    family = family_of_killed([sys.executable, "-c", CALLER, cells, str(tmp_path)])
    assert len(family) >= 3  # the guard, the kernel, and what the notebook has started
    assert await_end(family) == []
    assert list(tmp_path.glob("nbnodes-*")) == []
