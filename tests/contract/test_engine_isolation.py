"""Nothing a notebook does is seen by the next run, by a run beside it, or by the caller."""

from __future__ import annotations

import builtins
import logging
import os
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from cells import Run
from IPython.core.interactiveshell import InteractiveShell
from notebooks import notebook

from nbnodes.engines.engine import RunRequest
from nbnodes.engines.inprocess import InProcessEngine

CHANGE = {
    "a module beside the notebook": "import beside\nbeside.state = 1",
    "the folder": "import os\nos.makedirs('inner', exist_ok=True)\nos.chdir('inner')",
    "the environment": "import os\nos.environ['NBNODES_LEAK'] = '1'\nos.environ.pop('HOME', None)",
    "the search path": "import sys\nsys.path.insert(0, '/nowhere')",
    "the warning filters": "import warnings\nwarnings.simplefilter('error')",
    "the builtins": "import builtins\nbuiltins.leak = 1\nbuiltins.copyright = None",
    "matplotlib's settings": (
        "import matplotlib\nmatplotlib.rcParams['figure.figsize'] = (1, 2)\n"
        "matplotlib.rcParams['lines.linewidth'] = 9"
    ),
    "matplotlib's figures": "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1])",
    "matplotlib's backend": "import matplotlib\nmatplotlib.use('svg')",
    "the shell": (
        "shell = get_ipython()\nshell.push({'leak': 1})\n"
        "shell.events.register('post_run_cell', print)"
    ),
    "the display hook": "import sys\nsys.displayhook = sys.excepthook = print",
    "logging": "import logging\nlogging.root.handlers.clear()\nlogging.basicConfig(level=10)",
    "the standard streams": "import sys\nsys.stdin = sys.stderr = sys.stdout",
}
SEE = """\
import builtins, os, sys, warnings
import matplotlib
import beside
seen = {
    "the folder": os.getcwd(),
    "the environment": {
        name: value
        for name, value in sorted(os.environ.items())
        if name not in ("JPY_PARENT_PID", "RUN_OF_NBNODES")
    },
    "the search path": list(sys.path),
    "the warning filters": [(f[0], f[2].__name__) for f in warnings.filters],
    "the builtins": (hasattr(builtins, "leak"), copyright is None),
    "matplotlib's settings": [
        (name, str(matplotlib.rcParams[name])) for name in ("figure.figsize", "lines.linewidth")
    ],
    "the standard streams": (sys.stdin is sys.stdout, sys.stderr is sys.stdout),
    "a module beside the notebook": beside.state,
    "the shell": "leak" in globals(),
}
"""


@pytest.fixture
def beside(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("state = 'as written'\n")


@pytest.mark.usefixtures("beside")
def test_no_change_reaches_the_next_run(run: Run) -> None:
    run(SEE).unwrap()  # what modules do when they are imported happens once in a process
    before = run(SEE, ("seen", "return")).unwrap()
    run(*CHANGE.values()).unwrap()
    assert run(SEE, ("seen", "return")).unwrap() == before


def test_logging_set_up_by_a_notebook_works_in_every_run(run: Run) -> None:
    log = "import logging\nlogging.basicConfig(format='%(message)s')\nlogging.warning('noted')"
    assert [run(log).stderr, run(log).stderr] == ["noted\n", "noted\n"]


@pytest.mark.usefixtures("beside")
@pytest.mark.parametrize("change", CHANGE)
def test_no_change_reaches_the_caller(run_inprocess: Run, change: str) -> None:
    before = caller_state()
    run_inprocess(CHANGE[change]).unwrap()
    assert caller_state() == before


def test_a_run_leaves_the_caller_no_thread(run_inprocess: Run) -> None:
    before = set(threading.enumerate())
    run_inprocess("%matplotlib inline", "!echo shell", "import asyncio\nawait asyncio.sleep(0)")
    assert set(threading.enumerate()) <= before  # those of runs before may end meanwhile


def test_a_failed_run_puts_the_caller_back_too(run_inprocess: Run) -> None:
    before = caller_state()
    run_inprocess("import os, sys\nos.chdir('/')\nsys.stdout = None\n1 / 0")
    assert caller_state() == before


def test_a_notebook_does_not_see_the_callers_settings(run_inprocess: Run) -> None:
    with mpl.rc_context({"lines.linewidth": 9.0}):
        see = "import matplotlib"
        assert (
            run_inprocess(see, ("matplotlib.rcParams['lines.linewidth']", "return")).unwrap() == 1.5
        )
        assert mpl.rcParams["lines.linewidth"] == 9.0


def test_the_callers_figures_stay_open_and_are_not_shown(run_inprocess: Run) -> None:
    plt.close("all")
    mine = plt.figure()
    result = run_inprocess("import matplotlib.pyplot as plt\nplt.plot([1, 2]);")
    shown = [out for out in result.outputs if "image/png" in out.get("data", {})]
    still_open = plt.get_fignums()
    plt.close("all")
    assert (len(shown), still_open) == (1, [mine.number])


def test_a_shared_mutable_parameter_of_an_isolated_run_stays_as_given(run_isolated: Run) -> None:
    given = [1]
    cells = (("xs = []", "parameters"), "xs.append(2)", ("xs", "return"))
    assert run_isolated(*cells, values={"xs": given}).unwrap() == [1, 2]
    assert given == [1]


def test_calls_from_several_threads_do_not_mix(run: Run) -> None:
    at_once = threading.Barrier(4)

    def call(n: int) -> tuple[int, Any, str]:
        at_once.wait()
        result = run(("n = 0", "parameters"), "print(n)", ("n * n", "return"), values={"n": n})
        return n, result.unwrap(), result.stdout

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(call, range(4))) == [(n, n * n, f"{n}\n") for n in range(4)]


def test_a_run_may_be_made_off_the_main_thread(run: Run) -> None:
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(run, "import asyncio", ("41 + 1", "return")).result().unwrap() == 42


@pytest.mark.parametrize("wait", ["", "import asyncio\nawait asyncio.sleep(0)\n"])
def test_a_notebook_may_run_another_in_its_process(run_inprocess: Run, wait: str) -> None:
    other = notebook("print('inner')\nimport asyncio", ("await asyncio.sleep(0, 41)", "return"))
    inner = RunRequest(notebook=other, folder=".", timeout_s=5.0)
    shared = {"engine": InProcessEngine(), "inner": inner}
    cell = f"{wait}print('before')\nvalue = engine.run(inner).value\nprint('after')"
    result = run_inprocess(cell, ("value + 1", "return"), globals=shared, timeout_s=5.0)
    assert (result.unwrap(), result.stdout) == (42, "before\nafter\n")


def test_what_a_notebook_prints_is_not_printed_by_the_caller(
    run: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    run("import sys\nprint('out')\nprint('err', file=sys.stderr)", "!echo shell")
    assert capfd.readouterr() == ("", "")


def caller_state() -> dict[str, Any]:
    """Return what of this process a notebook could change."""
    return {
        "folder": Path.cwd(),
        "environment": dict(os.environ),
        "search path": list(sys.path),
        "filters": list(warnings.filters),
        "builtins": {name: id(value) for name, value in vars(builtins).items()},
        "settings": dict(mpl.rcParams),
        "figures": plt.get_fignums(),
        "backend": plt._get_backend_mod().__name__,
        "streams": (sys.stdout, sys.stderr, sys.stdin, sys.displayhook, sys.excepthook),
        "logging": (logging.getLogger().level, list(logging.getLogger().handlers)),
        "module": sys.modules.get("beside"),
        "main": sys.modules["__main__"],
        "shell": InteractiveShell._instance,
    }
