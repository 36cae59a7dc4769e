"""A program that ends while runs go on stops them, and leaves nothing behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from processes import await_end

ENOUGH_S = 60.0

PROGRAM = """\
import sys, threading
import nbnodes
from nbnodes.session import Model, Session

CELL = "import subprocess, time\\nsubprocess.Popen(['sleep', '600'])\\nprint('begun', flush=True)"

def main(engine, session, ends):
    begun = threading.Event()
    document = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [
        {"cell_type": "code", "metadata": {}, "outputs": [],
         "source": CELL + "\\nwhile True: time.sleep(0.1)"}]}
    import nbformat
    opened = Session(engine=engine, cache=False) if session == "own" else None
    model = Model(nbformat.from_dict(document), session=opened)
    options = {"engine": engine, "cache": False, "on_output": lambda *_: begun.set()}
    if ends == "calls":
        threading.Thread(target=lambda: model.run(**options), daemon=True).start()
    else:
        future = model.submit(**options)
    begun.wait()
    print("begun", flush=True)
    if ends == "waits":
        future.result()
    else:
        sys.stdin.readline()

if __name__ == "__main__":
    main(*sys.argv[1:])
"""

ENDS = {
    "off_its_end": ("default", "submits"),
    "off_its_end_with_a_session_of_its_own": ("own", "submits"),
    "by_ctrl_c_at_a_result": ("default", "waits"),
}


@pytest.mark.parametrize(("session", "ends"), ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("engine", ["fork", "kernel"])
def test_a_program_ends_though_a_submitted_run_is_endless(
    engine: str, session: str, ends: str, tmp_path: Path
) -> None:
    assert_ends(engine, session, ends, tmp_path)


def test_a_program_ends_though_a_daemon_thread_waits_for_papermill(tmp_path: Path) -> None:
    assert_ends("papermill", "own", "calls", tmp_path)


def assert_ends(engine: str, session: str, ends: str, folder: Path) -> None:
    """Run the program until its cell has begun, and have it end; nothing of it may be left."""
    program = folder / "program.py"
    program.write_text(PROGRAM)
    words = [sys.executable, str(program), engine, session, ends]
    with subprocess.Popen(
        words, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as caller:
        assert caller.stdin
        assert caller.stdout
        family: list[psutil.Process] = []
        try:
            assert caller.stdout.readline() == "begun\n"
            while "sleep" not in [process.name() for process in family]:
                assert caller.poll() is None
                family = psutil.Process(caller.pid).children(recursive=True)
            if ends == "waits":
                caller.send_signal(signal.SIGINT)
            else:
                caller.stdin.close()
            caller.wait(ENOUGH_S)
            assert await_end(family) == []
        finally:
            caller.kill()
            for process in family:
                if process.is_running():
                    process.kill()
