"""Where a server's threads share a CPU, notebooks have all of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from notebooks import write_notebook
from serving import launched

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2,
    reason="only Linux has threads stay on a CPU, and there must be several",
)
COUNT = "import os\ncount = len(os.sched_getaffinity(0))"
RUN = """
import json, os, threading
import nbnodes as nb
from nbnodes.engines.cpus import all_cpus, share_one_cpu, spread_out
CPUS = lambda: len(os.sched_getaffinity(0))
counts = {"before": CPUS()}
hold, told = threading.Event(), []
older = threading.Thread(target=lambda: (hold.wait(), told.append(CPUS())))
older.start()
share_one_cpu()
share_one_cpu()
hold.set()
older.join()
counts |= {"older": told[0], "own": CPUS()}
with all_cpus():
    counts["within"] = CPUS()
counts["after"] = CPUS()
with nb.Session(cache=False) as session:
    model = session.model("count.ipynb")
    for engine in ("fork", "spawn", "kernel", "papermill"):
        counts[engine] = model.run(engine=engine).value
with all_cpus():
    spread_out()
counts["spread"] = CPUS()
print(json.dumps(counts))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_notebook(tmp_path / "count.ipynb", (COUNT,), ("count", "return"))
    return tmp_path


def test_only_the_threads_of_the_process_share_a_cpu(folder: Path) -> None:
    words = [sys.executable, "-c", RUN]
    said = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True).stdout
    found = json.loads(said.splitlines()[-1])
    most = found.pop("before")
    ones = {name for name, count in found.items() if count == 1}
    assert ones == {"older", "own", "after"}
    assert set(found.values()) == {1, most}


def test_all_threads_of_a_server_of_notebooks_share_a_cpu(folder: Path) -> None:
    with launched(folder / "count.ipynb", cache=folder / "cache") as server:
        most = len(os.sched_getaffinity(0))
        assert server.run("count").json()["value"] == most
        assert server.client.get("pages/count").status_code == 200
        assert thread_cpus(server.process.pid) == {1}


def test_a_server_whose_notebooks_run_in_it_has_all_cpus(folder: Path) -> None:
    words = (folder / "count.ipynb", "--engine=inprocess")
    with launched(*words, cache=folder / "cache") as server:
        most = len(os.sched_getaffinity(0))
        assert server.run("count").json()["value"] == most
        assert thread_cpus(server.process.pid) == {most}


def test_a_server_may_be_told_to_use_all_cpus(folder: Path) -> None:
    words = (folder / "count.ipynb", "--all-cpus")
    with launched(*words, cache=folder / "cache") as server:
        assert server.run("count").status_code == 200
        assert thread_cpus(server.process.pid) == {len(os.sched_getaffinity(0))}


def thread_cpus(pid: int) -> set[int]:
    """Return on how many CPUs the threads of a process run."""
    threads = map(int, os.listdir(f"/proc/{pid}/task"))
    return {len(os.sched_getaffinity(thread)) for thread in threads}
