"""Runs begin while there is room: so many at once, and as memory allows."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from nbnodes.engines.children.admission import Admission
from nbnodes.engines.children.free_memory import available_bytes, group_available_bytes
from nbnodes.errors import RunCancelledError

LARGE_BYTES = 1_000_000_000


def go_on() -> None:
    return None


def stop() -> RunCancelledError:
    return RunCancelledError("enough")


def admitted_at_once(admission: Admission, count: int, expected_bytes: int) -> int:
    """Return how many of so many runs are let in before one has to wait."""
    with ExitStack() as runs:
        for number in range(count):
            try:
                runs.enter_context(admission.admitted(stop, expected_bytes))
            except RunCancelledError:
                return number
    return count


def write_group(
    folder: Path, files: tuple[str, str, str], limit: int | str, usage: int, cached: int
) -> None:
    """Write what a control group tells of its memory."""
    folder.mkdir(parents=True, exist_ok=True)
    limit_file, usage_file, field = files
    (folder / limit_file).write_text(f"{limit}\n")
    (folder / usage_file).write_text(f"{usage}\n")
    (folder / "memory.stat").write_text(f"anon 1\n{field} {cached}\nactive_file 7\n")


def left_in(folder: Path, groups: str) -> int | None:
    """Return what groups leave that are named so, and lie in the folder's `root`."""
    (folder / "groups").write_text(f"{groups}\n")
    return group_available_bytes(str(folder / "groups"), str(folder / "root"))


def test_no_more_than_so_many_go_on_at_once() -> None:
    admission, lock = Admission(2), threading.Lock()
    now = most = 0
    both = threading.Barrier(2)

    def run(_: int) -> None:
        nonlocal now, most
        with admission.admitted(go_on, 0):
            with lock:
                now += 1
                most = max(most, now)
            both.wait(10)
            with lock:
                now -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(run, range(8)))
    assert most == 2


def test_one_may_always_run() -> None:
    with Admission(1, lambda: 0).admitted(go_on, LARGE_BYTES):
        pass


def test_who_does_not_fit_waits_until_others_have_ended() -> None:
    free_bytes = [0]
    admission = Admission(9, lambda: free_bytes[0])
    with admission.admitted(go_on, 0):
        with pytest.raises(RunCancelledError), admission.admitted(stop, LARGE_BYTES):
            pass
        with admission.admitted(go_on, 1000):  # a small one fits
            pass
        free_bytes[0] = 2 * LARGE_BYTES
        with admission.admitted(go_on, LARGE_BYTES):
            pass


def test_what_others_were_let_in_with_is_kept_for_them_though_they_have_not_taken_it() -> None:
    admission = Admission(20, lambda: 10 * LARGE_BYTES)
    assert admitted_at_once(admission, 20, 3 * LARGE_BYTES) == 3
    assert admitted_at_once(admission, 20, 3 * LARGE_BYTES) == 3  # nothing is kept for the ended


def test_what_runs_have_taken_is_not_kept_for_them_a_second_time() -> None:
    free_bytes = [10 * LARGE_BYTES]
    admission = Admission(20, lambda: free_bytes[0])
    with admission.admitted(go_on, 3 * LARGE_BYTES):
        free_bytes[0] -= 3 * LARGE_BYTES
        assert admitted_at_once(admission, 20, 3 * LARGE_BYTES) == 2


def test_memory_that_somebody_else_gives_back_is_used() -> None:
    free_bytes = [4 * LARGE_BYTES]
    admission = Admission(20, lambda: free_bytes[0])
    with admission.admitted(go_on, 3 * LARGE_BYTES):
        assert admitted_at_once(admission, 20, 3 * LARGE_BYTES) == 0
        free_bytes[0] = 10 * LARGE_BYTES
        assert admitted_at_once(admission, 20, 3 * LARGE_BYTES) == 2


def test_a_run_that_fails_makes_room() -> None:
    admission = Admission(1)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), admission.admitted(stop, 0):
            raise ZeroDivisionError


GROUPS = {
    "cgroup 2": ("0::/jobs/one", "jobs/one", ("memory.max", "memory.current", "inactive_file")),
    "cgroup 2, in a container": ("0::/", "", ("memory.max", "memory.current", "inactive_file")),
    "cgroup 2, as the host names it": (
        "0::/docker/0123",
        "",
        ("memory.max", "memory.current", "inactive_file"),
    ),
    "cgroup 1": (
        "4:cpu,memory:/jobs/one\n0::/",
        "memory/jobs/one",
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ),
}


@pytest.mark.parametrize("kind", GROUPS)
def test_a_group_leaves_its_limit_less_what_is_used_without_files_that_were_read(
    kind: str, tmp_path: Path
) -> None:
    groups, folder, files = GROUPS[kind]
    write_group(tmp_path / "root" / folder, files, 1000, 700, 500)
    assert left_in(tmp_path, groups) == 800


def test_the_tightest_of_the_groups_that_one_lies_in_counts(tmp_path: Path) -> None:
    files = GROUPS["cgroup 2"][2]
    write_group(tmp_path / "root/jobs", files, 100, 70, 0)
    write_group(tmp_path / "root/jobs/one", files, 1000, 20, 0)
    write_group(tmp_path / "root/jobs/two", files, 10, 10, 0)
    assert left_in(tmp_path, "0::/jobs/one") == 30


def test_a_group_without_a_limit_says_nothing(tmp_path: Path) -> None:
    write_group(tmp_path / "root/jobs", GROUPS["cgroup 2"][2], "max", 70, 0)
    assert left_in(tmp_path, "0::/jobs") is None


def test_this_machine_tells_its_memory() -> None:
    assert (available_bytes() or 0) > 10_000_000
