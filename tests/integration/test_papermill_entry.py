"""`papermill --engine nbnodes` gives what papermill gives, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import nbformat
import papermill
import psutil
import pytest
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from notebooks import CellText, markdown, write_notebook
from other_kernels import install_bash

from nbnodes.engines import papermill_entry

Cells: TypeAlias = tuple[CellText, ...]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals, pipes with a name")

PARAMETERS = ("n = 1\nwho = 'me'\nmore = []", "parameters")
SHOW = "print(n, who, more)"

CASES: dict[str, tuple[Cells, dict[str, Any]]] = {
    "text": (("print(1)\nprint(2)", "x = 5\nx", markdown("# so"), "", "_ + 1"), {}),
    "both streams": (("import sys\nprint(1)\nprint(2, file=sys.stderr)",), {}),
    "no code": ((markdown("# so"),), {}),
    "figure": (("import matplotlib.pyplot as plt\nplt.plot([1, 3])\nplt.show()",), {}),
    "displays": (
        (
            "from IPython.display import HTML\nh = display('a', display_id='k')\nHTML('<b>x</b>')",
            "h.update('b')\nprint(1)",
        ),
        {},
    ),
    "cleared output": (
        (
            "from IPython.display import clear_output",
            "print(1)\nclear_output(wait=True)\nprint(2)",
            "print(1)\nclear_output()\nprint(3)",
        ),
        {},
    ),
    "magics and await": (("%who_ls", "len?", "import asyncio\nawait asyncio.sleep(0)"), {}),
    "error": (("print(1)", "1 / 0", "print(2)", markdown("end")), {}),
    "error that is no Python": (("1", "x ="), {}),
    "error in a function": (("def f():\n    raise KeyError('k')", "f()"), {}),
    "error that is expected": ((("1 / 0", "raises-exception"), "print(2)"), {}),
    "errors allowed": (("1 / 0", "print(2)"), {"allow_errors": True}),
    "errors raised": ((("1 / 0", "raises-exception"), "2"), {"force_raise_errors": True}),
    "exit": (("1", "import sys\nsys.exit()", "2"), {}),
    "exit with success": (("1", "import sys\nsys.exit(0)", "2"), {}),
    "exit with failure": (("1", "import sys\nsys.exit(3)", "2"), {}),
    "nbclient's tag": ((("print(1)", "skip-execution"), "2"), {}),
    "a tag of one's own": ((("1", "slow"), "2"), {"skip_cells_with_tag": "slow"}),
    "nbnodes' tags": ((("1", "skip"), ("2", "return"), ("3", "setup"), ("4", "override")), {}),
    "no times of messages": (("1",), {"record_timing": False}),
    "parameters": ((PARAMETERS, SHOW), {"parameters": {"n": 4, "who": "it's", "more": [None]}}),
    "parameters and no cell of them": (("n",), {"parameters": {"n": 4}}),
    "parameters in a report": ((PARAMETERS, SHOW), {"parameters": {"n": 4}, "report_mode": True}),
    "nothing is run": ((PARAMETERS, SHOW), {"parameters": {"n": 4}, "prepare_only": True}),
    "no file in between": (("1",), {"request_save_on_cell_execute": False}),
    "the kernel": (("get_ipython().kernel.implementation",), {}),
    "a widget": (("import ipywidgets\nipywidgets.IntSlider(3)",), {}),
    "no such kernel": (("1",), {"kernel_name": "nowhere"}),
    "an option of nbclient": (("1 / 0", "2"), {"allow_error_names": ["ZeroDivisionError"]}),
    "an option of nobody": (("1",), {"nobody": 1}),
}

COMMANDS: dict[str, tuple[Cells, str]] = {
    "typed and raw parameters": ((PARAMETERS, SHOW), "-p n 4 -r who 5"),
    "parameters as YAML": ((PARAMETERS, SHOW), "-y {n:\\ 4,\\ more:\\ [x]}"),
    "parameters in a file": ((PARAMETERS, SHOW), "-f ../given.yaml"),
    "files of streams": (
        ("import sys\nprint(1)", "print(2, file=sys.stderr)"),
        "--stdout-file out.txt --stderr-file err.txt",
    ),
    "a log": (("print('a')\nprint('b')", "7", "1 / 0"), "--log-output"),
    "a folder": (("import os\nos.path.basename(os.getcwd())",), "--cwd .."),
    "text of other programs, and rarer options": (
        ("import os\n_ = os.system('echo this')", "!echo that"),
        "--autosave-cell-every 1 --start-timeout 30 --no-request-save-on-cell-execute",
    ),
    "another kernel": (("echo $((1 + 2))", "pwd >&2"), "-k bash --cwd .."),
    "an unknown kernel": (("1",), "-k nowhere"),
}

UNREAD = "PYTEST_CURRENT_TEST"  # where it is set, ipykernel does not read other programs' text

THREE_TIMES = """\
import json, sys
import papermill, psutil
made = [papermill.execute_notebook(sys.argv[1], None, engine_name="nbnodes", progress_bar=False)
        for _ in range(3)]
_, template, again = (int(one.cells[0].outputs[0].text) for one in made)
print(json.dumps([template, again, [p.pid for p in psutil.Process().children(recursive=True)]]))
"""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What papermill leaves: the file as it is but for what is another in every run."""

    document: Any
    raised: str = ""
    files: tuple[str, ...] = ()
    log: tuple[str, ...] = ()


@pytest.fixture(scope="module", autouse=True)
def _surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Install bash's kernel for these tests only; close the engine that they share."""
    home = tmp_path_factory.mktemp("kernels")
    install_bash(home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(home / "share" / "jupyter"))
        yield
    for _ in range(2):  # else they live as long as pytest
        papermill_entry._engine(os.getpid()).close()


@pytest.mark.parametrize("case", CASES)
def test_it_gives_what_papermill_gives(case: str, tmp_path: Path) -> None:
    cells, options = CASES[case]
    expected = called(None, tmp_path, *cells, **options)
    assert called("nbnodes", tmp_path, *cells, **options) == expected


@pytest.mark.parametrize("case", COMMANDS)
def test_the_command_does_what_papermill_does(case: str, tmp_path: Path) -> None:
    cells, words = COMMANDS[case]
    (tmp_path / "given.yaml").write_text("n: 4\nwho: you\n")
    expected = commanded("nbclient", tmp_path, *cells, words=words)
    assert commanded("nbnodes", tmp_path, *cells, words=words) == expected


def test_a_folder_called_nbnodes_is_not_mistaken_for_it(tmp_path: Path) -> None:
    (tmp_path / "nbnodes").mkdir()
    expected = called(None, tmp_path, "1 / 0", cwd=str(tmp_path))
    assert called("nbnodes", tmp_path, "1 / 0", cwd=str(tmp_path)) == expected


@pytest.mark.parametrize(
    "end", ["os._exit(3)", "os.kill(os.getpid(), 9)", "import ctypes\nctypes.string_at(0)"]
)
def test_a_death_is_papermills_error_and_its_cell_has_failed(end: str, tmp_path: Path) -> None:
    with pytest.raises(DeadKernelError, match="cell 2"):
        run("nbnodes", tmp_path, "print(1)", f"import os\n{end}", "2")
    assert statuses(tmp_path) == ["completed", "failed", "pending"]


def test_a_cell_that_takes_too_long_is_papermills_error(tmp_path: Path) -> None:
    with pytest.raises(CellTimeoutError, match="after 1 seconds"):
        run("nbnodes", tmp_path, "1", "print(2)\nwhile True: pass", "3", execution_timeout=1)
    assert statuses(tmp_path) == ["completed", "failed", "pending"]
    assert read(tmp_path).cells[1].outputs[0].text == "2\n"


def test_output_is_saved_while_a_cell_runs(tmp_path: Path) -> None:
    until_saved = "while 'seen!' not in open('out.ipynb').read(): print('seen', end='!')"
    run("nbnodes", tmp_path, until_saved, cwd=str(tmp_path), autosave_cell_every=0.01)
    assert statuses(tmp_path) == ["completed"]


def test_an_error_while_saving_is_raised_and_ends_the_run(tmp_path: Path) -> None:
    hide = "import os\nos.remove('out.ipynb')\nos.mkdir('out.ipynb')"
    with pytest.raises(IsADirectoryError):
        run("nbnodes", tmp_path, hide, "while True: pass", cwd=str(tmp_path))


def test_the_order_of_streams_is_kept(tmp_path: Path) -> None:
    """papermill's own engine gets each stream for itself."""
    cell = "import sys\nfor n in range(2):\n    print(n)\n    print(n, file=sys.stderr)"
    outputs = run("nbnodes", tmp_path, cell).cells[0].outputs
    assert [output.name for output in outputs] == ["stdout", "stderr"] * 2


def test_later_runs_start_from_the_same_template_and_none_is_left(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "in.ipynb", "import os\nprint(os.getppid())")
    words = [sys.executable, "-c", THREE_TIMES, str(path)]
    said = subprocess.run(words, check=True, capture_output=True, cwd=tmp_path).stdout
    template, again, family = json.loads(said)
    assert template == again
    assert template in family
    assert alive(family) == []


def test_an_interrupted_command_ends_and_leaves_the_notebook_and_no_process(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "began")
    cell = "print(1, flush=True)\nopen('began', 'w').close()\nwhile True: pass"
    write_notebook(tmp_path / "in.ipynb", cell, "2")
    words = [sys.executable, "-m", "papermill", "--engine", "nbnodes", "in.ipynb", "out.ipynb"]
    with subprocess.Popen(words, cwd=tmp_path, stderr=subprocess.PIPE) as command:
        (tmp_path / "began").open().close()  # waits for the cell
        family = [p.pid for p in psutil.Process(command.pid).children(recursive=True)]
        command.send_signal(signal.SIGINT)
        command.communicate()
    assert command.returncode != 0
    assert len(family) >= 2
    assert alive(family) == []
    assert statuses(tmp_path) == ["failed", "pending"]


def test_what_papermill_imports_is_light() -> None:
    heavy = {"IPython", "jupyter_client", "nbclient", "nbformat", "papermill", "zmq"}
    code = "import nbnodes.engines.papermill_entry, sys; print(*sys.modules)"
    words = [sys.executable, "-c", code]
    names = subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()
    assert heavy & set(names) == set()


def called(engine: str | None, folder: Path, *cells: CellText, **options: Any) -> Outcome:
    """Run a notebook by papermill's function."""
    raised = ""
    try:
        made = run(engine, folder, *cells, **options)
    except Exception as error:  # noqa: BLE001  # whatever papermill raises, we do
        raised = f"{type(error).__name__}: {error}"
        made = read(folder)
    else:
        assert made == read(folder)
    return Outcome(document=alike(made), raised=alike(raised))


def commanded(engine: str, folder: Path, *cells: CellText, words: str) -> Outcome:
    """Run a notebook by papermill's command, in a folder of the engine's own."""
    here = folder / "here"
    here.mkdir()
    write_notebook(here / "in.ipynb", *cells)
    start = [sys.executable, "-m", "papermill", "--engine", engine, "--no-progress-bar"]
    split = [word.replace("\\ ", " ") for word in re.split(r"(?<!\\) ", words)]
    start += ["in.ipynb", "out.ipynb"]
    environment = {name: value for name, value in os.environ.items() if name != UNREAD}
    ended = subprocess.run(
        [*start, *split], cwd=here, env=environment, capture_output=True, text=True, check=False
    )
    texts = sorted(here.glob("*.txt"))
    outcome = Outcome(
        document=alike(read(here)),
        raised=str(ended.returncode),
        files=tuple(f"{path.name}: {path.read_text()}" for path in texts),
        log=tuple(alike(line) for line in ended.stderr.splitlines() if is_of_papermill(line)),
    )
    here.rename(folder / engine)
    return outcome


def is_of_papermill(line: str) -> bool:
    """Whether papermill, and not the kernel's process as it ends, wrote a line."""
    return not re.search(r"^\[IPKernelApp|^Traceback|^  File |^    |^zmq|^$", line)


def run(engine: str | None, folder: Path, *cells: CellText, **options: Any) -> Any:
    path = write_notebook(folder / "in.ipynb", *cells)
    (folder / "out.ipynb").unlink(missing_ok=True)
    given = {"progress_bar": False, **options}
    return papermill.execute_notebook(path, folder / "out.ipynb", engine_name=engine, **given)


def read(folder: Path) -> Any:
    return nbformat.read(folder / "out.ipynb", as_version=4)


def statuses(folder: Path) -> list[str]:
    return [cell.metadata.papermill.status for cell in read(folder).cells]


def alike(written: Any) -> Any:
    """Put the same in place of what is another thing in each run, and in each process."""
    text = json.dumps(written)
    for pattern, name in {
        r'"[\d-]{10}T[^"]*"': '"{time}"',
        r'"duration": [\d.e-]+': '"duration": 0',
        r'"id": "[0-9a-f]{8}"': '"id": "{drawn}"',  # of cells that papermill adds
        r"/tmp/(ipykernel_\d+|nbnodes)/[0-9a-f]+\.py|\b[0-9a-f]{6,}\.py\b": "{cell}",
        r"[0-9a-f]{32}": "{model}",
    }.items():
        text = re.sub(pattern, name, text)
    return without_advice(json.loads(text))


def without_advice(part: Any) -> Any:
    """Leave out what IPython advises who leaves it: there is nobody to read it."""
    if isinstance(part, dict):
        return {name: without_advice(one) for name, one in part.items()}
    if isinstance(part, list):
        return [without_advice(one) for one in part if not is_advice(one)]
    return part


def is_advice(part: Any) -> bool:
    return isinstance(part, dict) and "To exit: use 'exit'" in str(part.get("text"))


def alive(pids: list[int]) -> list[psutil.Process]:
    """Return those that are still alive after they had their time to end."""
    there = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    return psutil.wait_procs(there, timeout=10)[1]
