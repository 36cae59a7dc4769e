"""How a run ends: 0, 1, 2, 3 or 130; and whatever happens, it leaves no process behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from commandline import NBNODES, Command, nbnodes, processes_naming, run_process
from notebooks import markdown, write_notebook

ENGINES = ("fork", "kernel", "inprocess", "papermill")
ENDLESS = "open('started', 'w').close()\nimport time\nwhile True:\n    time.sleep(0.05)"
STUBBORN = ENDLESS.replace("while True:\n    time.sleep(0.05)", "") + (
    "while True:\n    try:\n        time.sleep(60)\n    except KeyboardInterrupt:\n        pass"
)


def until(holds: Callable[[], Any], *, at_most_s: float = 30.0) -> None:
    deadline = time.monotonic() + at_most_s
    while not holds():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.02)


@pytest.fixture
def private_tmp(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the command a folder of its own for temporary files, short enough to hold sockets."""
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setenv("TMPDIR", folder)
        yield Path(folder)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Have children heed SIGINT, which a shell in the background has them ignore."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_failing_notebook_ends_with_one_and_its_traceback(command: Command, engine: str) -> None:
    path = write_notebook("bad.ipynb", markdown("# Title"), "x = 1", "print(x)\n1 / 0", "x")
    ended = command("run", path, "--engine", engine)
    assert ended.outcome == (1, "")
    assert ended.err.endswith(
        "nbnodes: bad.ipynb failed in cell 3: ZeroDivisionError: division by zero\n"
    )
    assert "Traceback (most recent call last)" in ended.err
    assert "----> 2 1 / 0" in ended.err
    assert "\x1b[" not in ended.err


def test_a_failed_run_is_not_kept(command: Command) -> None:
    path = write_notebook("bad.ipynb", "open('count', 'a').write('x')", "1 / 0")
    assert [command("run", path).code for _ in range(2)] == [1, 1]
    assert Path("count").read_text() == "xx"


WRONG_NOTEBOOKS = {
    "missing": (None, "made.ipynb cannot be read as a notebook: there is no such file"),
    "empty": ("", "made.ipynb cannot be read as a notebook: "),
    "no_json": ("{", "made.ipynb cannot be read as a notebook: "),
    "no_notebook": ("[]", "made.ipynb cannot be read as a notebook: "),
    "no_cells": ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "cells"),
}


@pytest.mark.parametrize(("text", "said"), WRONG_NOTEBOOKS.values(), ids=WRONG_NOTEBOOKS)
@pytest.mark.parametrize("words", [["run"], ["inspect"], ["cache", "why"]], ids=" ".join)
def test_what_is_no_notebook_ends_with_two(
    command: Command, words: list[str], text: str | None, said: str
) -> None:
    if text is not None:
        Path("made.ipynb").write_text(text)
    ended = command(*words, "made.ipynb")
    assert ended.outcome == (2, "")
    assert said in ended.err


def test_an_unknown_engine_ends_with_two_and_names_those_there_are(
    command: Command, doubling: Path
) -> None:
    ended = command("run", doubling, "--engine", "spoon")
    assert ended.outcome == (2, "")
    assert "no engine 'spoon' (there are: fork, inprocess, kernel, papermill" in ended.err


def test_wrong_settings_end_with_two_and_are_told_all_at_once(
    command: Command, doubling: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBNODES_WORKERS", "many")
    Path("pyproject.toml").write_text('[tool.nbnodes]\ndurability = "never"\n')
    ended = command("run", doubling)
    assert ended.outcome == (2, "")
    assert "NBNODES_WORKERS = 'many'" in ended.err
    assert "tool.nbnodes.durability = 'never'" in ended.err


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install a kernel that only leaves a file behind; return where that file would be."""
    folder = tmp_path / "jupyter" / "kernels" / "trap"
    folder.mkdir(parents=True)
    mark = tmp_path / "started"
    argv = ["/bin/sh", "-c", f"touch '{mark}'"]
    spec = {"argv": argv, "display_name": "trap", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    return mark


@pytest.mark.parametrize(("value", "code", "is_started"), [("abc", 2, False), ("3", 3, True)])
def test_no_kernel_is_started_for_wrong_parameters(
    trap: Path, value: str, code: int, is_started: bool
) -> None:
    path = write_notebook("n.ipynb", ("n: int = 1", "parameters"), ("n", "return"), kernel="trap")
    ended = nbnodes("run", str(path), "-p", "n", value)
    assert (code, "") == ended.outcome
    assert is_started == trap.exists()


def test_wrong_parameters_are_refused_without_the_libraries_of_kernels(doubling: Path) -> None:
    program = (
        "import sys; from nbnodes.cli.main import main; code = main(sys.argv[1:]); "
        "print(sorted({'jupyter_client', 'zmq', 'nbformat'} & set(sys.modules))); sys.exit(code)"
    )
    words = ("run", str(doubling), "-p", "n", "abc")
    assert run_process(sys.executable, "-c", program, *words).outcome == (2, "[]\n")


DEATHS = {
    "exit": ("import os\nos._exit(7)", "exit code 7"),
    "killed": ("import os\nos.kill(os.getpid(), 9)", "SIGKILL"),
}


@pytest.mark.parametrize(("source", "said"), DEATHS.values(), ids=DEATHS)
def test_a_kernel_that_dies_ends_with_three(command: Command, source: str, said: str) -> None:
    ended = command("run", write_notebook("n.ipynb", "1", source), "--engine", "kernel")
    assert ended.outcome == (3, "")
    assert "n.ipynb, cell 2: " in ended.err
    assert said in ended.err


def test_a_kernel_that_is_not_installed_ends_with_three_and_names_those_there_are(
    command: Command,
) -> None:
    path = write_notebook("n.ipynb", "1", kernel="octave", language="octave")
    ended = command("run", path, "--engine", "kernel")
    assert ended.outcome == (3, "")
    assert re.search(r"kernel 'octave' is not installed \(installed: .*python3.*\)", ended.err)


@pytest.mark.parametrize("engine", ENGINES)
def test_time_that_is_over_ends_with_three(command: Command, engine: str) -> None:
    path = write_notebook("n.ipynb", "1", ENDLESS)
    ended = command("run", path, "--engine", engine, "--timeout", "1.5")
    assert ended.outcome == (3, "")
    assert re.search(
        r"^nbnodes: n\.ipynb.*: not done after 1\.5 s, stopped", ended.err, re.MULTILINE
    )


@pytest.mark.parametrize("given", ["-1", "nan"])
def test_a_time_that_cannot_be_is_refused(command: Command, doubling: Path, given: str) -> None:
    ended = command("run", doubling, "--timeout", given)
    assert ended.outcome == (2, "")
    assert f"--timeout {given}: expected 0 (no limit) or more seconds" in ended.err


def signalled(number: signal.Signals, path: Path, *words: str) -> tuple[int, str]:
    """Start a run, send it a signal once the notebook is at work; return how it ended."""
    process = subprocess.Popen(
        [*NBNODES, "run", str(path), *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    until(Path("started").exists)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert out == ""
    return process.returncode, err


SIGNALLED = {
    **{engine: (ENDLESS, ["--engine", engine]) for engine in ENGINES},
    "a_kernel_that_will_not": (STUBBORN, []),
    "words_that_click_reads": (ENDLESS, ["-qv"]),
}


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(("source", "words"), SIGNALLED.values(), ids=SIGNALLED)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl_c", "terminated"])
def test_an_interrupted_run_ends_with_130_and_stops_the_notebook(
    private_tmp: Path, source: str, words: list[str], number: signal.Signals
) -> None:
    code, err = signalled(number, write_notebook("n.ipynb", source), *words)
    assert (code, err.strip()) == (130, "nbnodes: interrupted")
    assert processes_naming(str(private_tmp)) == []
    assert list(private_tmp.iterdir()) == []


@pytest.mark.usefixtures("interruptible", "private_tmp")
@pytest.mark.parametrize("engine", ENGINES)
def test_an_interrupted_cell_ends_as_ctrl_c_ends_it(engine: str) -> None:
    indented = ENDLESS.replace("\n", "\n    ")
    source = f"try:\n    {indented}\nfinally:\n    open('ended', 'w').close()"
    code, _ = signalled(signal.SIGINT, write_notebook("n.ipynb", source), "--engine", engine)
    assert code == 130
    assert Path("ended").exists()


def test_the_kernel_of_a_killed_command_ends_by_itself(private_tmp: Path) -> None:
    code, _ = signalled(signal.SIGKILL, write_notebook("n.ipynb", ENDLESS))
    assert code == -signal.SIGKILL
    until(lambda: not processes_naming(str(private_tmp)), at_most_s=10.0)


def test_a_finished_run_leaves_nothing(private_tmp: Path, doubling: Path) -> None:
    assert nbnodes("run", str(doubling)).outcome == (0, "30\n")
    assert processes_naming(str(private_tmp)) == []
    assert list(private_tmp.iterdir()) == []


def test_the_script_and_the_module_are_one_command(doubling: Path) -> None:
    script = os.path.join(os.path.dirname(sys.executable), "nbnodes")
    ended = run_process(script, "run", str(doubling), "--engine", "inprocess")
    assert (ended.code, ended.out, ended.err) == (0, "30\n", "")
