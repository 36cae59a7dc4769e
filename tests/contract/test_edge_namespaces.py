"""Edge notebooks, one claim each: parameters, tags, names, processes; in fork and in a kernel."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cells import Run
from notebooks import write_notebook

from nbnodes.engines.engine import Engine
from nbnodes.errors import ParameterError
from nbnodes.result import Failure
from nbnodes.session import Session

pytestmark = pytest.mark.parametrize("engine", ["fork", "kernel"], indirect=True)

TYPED = """\
import datetime
n: int = 1
share: float = 0.5
items: list[int] = []
day: datetime.date | None = None
"""
STATE = "(os.getcwd(), os.environ.get('NBNODES_EDGE'), matplotlib.rcParams['lines.linewidth'])"
CHANGE = """\
os.chdir('/')
os.environ['NBNODES_EDGE'] = 'on'
matplotlib.rcParams['lines.linewidth'] = 9
"""
CLASSES = """\
import inspect, pickle
class Box:
    def __init__(self, n):
        self.n = n
    def doubled(self):
        return Box(2 * self.n)
def half(n):
    return n / 2
"""
SQUARE = "import multiprocessing\ndef square(n):\n    return n * n"
POOL = """\
with multiprocessing.get_context('fork').Pool(2) as pool:
    squares = pool.map(square, [1, 2])
"""
ALARM = """\
rung = []
signal.signal(signal.SIGALRM, lambda number, frame: rung.append(number))
signal.setitimer(signal.ITIMER_REAL, 0.001)
while not rung:
    pass
"""


def test_without_a_parameters_cell_values_are_there_from_the_start(run: Run) -> None:
    assert run("m = n * 2", ("m", "return"), values={"n": 3}).unwrap() == 6


def test_two_parameters_cells_are_both_bound(run: Run) -> None:
    cells = (("n = 1", "parameters"), ("n = 2\nm = 3", "parameters"), ("(n, m)", "return"))
    assert run(*cells, values={"n": 7, "m": 8}).unwrap() == (7, 8)


def test_a_default_that_depends_on_a_parameter_follows_it(run: Run) -> None:
    cells = (("n = 1\ntwice = n * 2", "parameters"), ("twice", "return"))
    assert (run(*cells).unwrap(), run(*cells, values={"n": 7}).unwrap()) == (2, 14)


def test_values_arrive_as_parameters_are_annotated(engine: Engine, tmp_path: Path) -> None:
    back = "(n, share, items, day.isoformat())"
    path = write_notebook(tmp_path / "typed.ipynb", (TYPED, "parameters"), (back, "return"))
    given = {"n": 7.0, "share": 1, "items": (1, 2), "day": "2024-02-29"}
    with Session(cache=False) as session:
        value = session.model(path).run(given, engine=engine).unwrap()
    assert value == (7, 1.0, [1, 2], "2024-02-29")
    assert [type(each) for each in value] == [int, float, list, str]


def test_values_that_do_not_fit_an_annotation_are_refused_together(
    engine: Engine, tmp_path: Path
) -> None:
    path = write_notebook(tmp_path / "typed.ipynb", (TYPED, "parameters"))
    with Session(cache=False) as session, pytest.raises(ParameterError, match=r"(?s)n.*items"):
        session.model(path).run({"n": "seven", "items": 3}, engine=engine)


def test_without_a_return_tag_the_value_is_none(run: Run) -> None:
    assert run("41").unwrap() is None


def test_of_several_return_cells_the_first_ends_the_notebook(run: Run) -> None:
    result = run(("1", "return"), ("print('later')\n2", "return"))
    assert (result.unwrap(), result.stdout) == (1, "")


def test_nothing_behind_the_return_cell_runs(run: Run, tmp_path: Path) -> None:
    assert run(("41", "return"), "open('ran', 'w').close()").unwrap() == 41
    assert not (tmp_path / "ran").exists()


def test_a_value_that_json_does_not_know_returns_as_it_is(run: Run) -> None:
    value = run(("{'at': (1, {2}), 3: [b'x', 1j, ..., range(2), len]}", "return")).unwrap()
    assert value == {"at": (1, {2}), 3: [b"x", 1j, ..., range(2), len]}


def test_a_class_of_the_notebooks_is_pickled_inside_it(run: Run) -> None:
    again = ("pickle.loads(pickle.dumps(Box(3))).doubled().n", "return")
    assert run(CLASSES, again).unwrap() == 6


def test_an_instance_of_a_class_of_the_notebooks_works_outside(run: Run) -> None:
    assert run(CLASSES, ("Box(3)", "return")).unwrap().doubled().n == 6


def test_a_function_and_a_method_of_the_notebooks_have_their_source(run: Run) -> None:
    sources = "(inspect.getsource(half), inspect.getsource(Box.doubled))"
    function, method = run(CLASSES, (sources, "return")).unwrap()
    assert function == "def half(n):\n    return n / 2\n"
    assert method == "    def doubled(self):\n        return Box(2 * self.n)\n"


def test_the_notebook_is_the_main_module_and_has_no_file(run: Run) -> None:
    is_main = "vars(sys.modules['__main__']) is globals()"
    cells = ("import sys", (f"(__name__, '__file__' in globals(), {is_main})", "return"))
    assert run(*cells).unwrap() == ("__main__", False, True)


@pytest.mark.parametrize("place", ["in the middle", "in the return cell"])
def test_a_pool_of_forked_processes_works(run: Run, place: str) -> None:
    cells: list[Any] = [SQUARE, POOL, ("squares", "return")]
    if place == "in the return cell":
        cells = [SQUARE, (f"{POOL}squares", "return")]
    assert run(*cells).unwrap() == [1, 4]


def test_a_forked_child_that_leaves_by_os_exit_is_only_a_child(run: Run) -> None:
    fork = "import os\nchild = os.fork()\nif not child:\n    os._exit(3)"
    status = "os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])"
    assert run(fork, (status, "return")).unwrap() == 3


def test_cells_run_in_the_main_thread(run: Run) -> None:
    here = "threading.current_thread() is threading.main_thread()"
    assert run("import threading", (here, "return")).unwrap() is True


def test_an_alarm_reaches_its_handler(run: Run) -> None:
    assert run("import signal", ALARM, ("rung == [signal.SIGALRM]", "return")).unwrap() is True


def test_an_alarm_that_is_left_behind_rings_for_nobody(run: Run) -> None:
    assert run("import signal\nsignal.alarm(1);", ("1", "return")).unwrap() == 1
    left = "signal.getitimer(signal.ITIMER_REAL) != (0, 0)"
    assert run("import signal", (left, "return")).unwrap() is False


def test_an_interrupt_the_notebook_sends_itself_is_a_failure(run: Run) -> None:
    result = run("import signal", "signal.raise_signal(signal.SIGINT)", ("1", "return"))
    assert isinstance(result, Failure)
    assert (result.error.ename, result.error.cell_index) == ("KeyboardInterrupt", 1)


def test_a_notebook_runs_in_its_folder_and_the_caller_stays_where_it_is(
    run: Run, tmp_path: Path
) -> None:
    before = Path.cwd()
    folder = run("import os", ("os.getcwd()", "return")).unwrap()
    assert os.path.realpath(tmp_path) == os.path.realpath(folder)
    assert before == Path.cwd()


def test_folder_environment_and_settings_are_as_before_in_the_next_run(
    run: Run, tmp_path: Path
) -> None:
    see = ("import matplotlib, os", (STATE, "return"))
    before = run(*see).unwrap()
    changed = run("import matplotlib, os", CHANGE, (STATE, "return")).unwrap()
    assert changed == ("/", "on", 9)
    assert run(*see).unwrap() == before == (os.path.realpath(tmp_path), None, 1.5)
    assert "NBNODES_EDGE" not in os.environ


def test_two_runs_meet_each_other(run: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "between")  # each end opens only when the other does
    with ThreadPoolExecutor(2) as pool:
        told = pool.submit(run, "open('between', 'w').write('hello')")
        heard = pool.submit(run, ("open('between').read()", "return"))
        assert (told.result().ok, heard.result().unwrap()) == (True, "hello")


def test_several_runs_at_once_keep_values_prints_and_folders_apart(
    run: Run, tmp_path: Path
) -> None:
    def call(n: int) -> tuple[Any, str]:
        made = f"import os\nos.mkdir(f'{{n}}')\nos.chdir(f'{{n}}')\nprint({n})"
        back = ("(n, os.path.basename(os.getcwd()))", "return")
        result = run(("n = 0", "parameters"), made, back, values={"n": n})
        return result.unwrap(), result.stdout

    with ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(call, range(4)))
    assert seen == [((n, str(n)), f"{n}\n") for n in range(4)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "1", "2", "3"]
