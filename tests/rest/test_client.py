"""`nbnodes.connect`: a server's models, called like local ones."""

from __future__ import annotations

import asyncio
import datetime
import json
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from notebooks import write_notebook
from serving import MODELS, Served, launched, served

import nbnodes as nb
from nbnodes.client.client import Client
from nbnodes.client.connections import Connections, Request, address_of
from nbnodes.engines.engine import CancelToken, Progress
from nbnodes.errors import (
    FormatError,
    JobNotFoundError,
    KernelDiedError,
    ModelNotFoundError,
    UsageError,
)
from nbnodes.notebook.parameters import Code
from nbnodes.rest.application import Guard
from nbnodes.rest.limits import Limits

DAYS = """
import datetime
day: datetime.date = datetime.date(2001, 2, 3)  # which day
names: list[str] = ['a']
later = datetime.date.today()
"""
WAIT_FOR_FILE = """
import os, time
open(begun, "w").close()
while not os.path.exists(go):
    time.sleep(0.01)
"""


def write_models(folder: Path) -> None:
    write_notebook(folder / "add.ipynb", ("a = 1\nb = 2", "parameters"), ("a + b", "return"))
    write_notebook(
        folder / "days.ipynb",
        (
            DAYS,
            "parameters",
        ),
        ("day + datetime.timedelta(len(names))", "return"),
    )
    write_notebook(
        folder / "table.ipynb",
        ("rows = 3", "parameters"),
        "import pandas as pd",
        (
            "pd.DataFrame({'n': range(rows), 'x': 0.5}, index=pd.date_range('2001', periods=rows))",
            "return",
        ),
    )
    write_notebook(folder / "power.ipynb", ("n = 1", "parameters"), ("10**n", "return"))
    write_notebook(folder / "broken.ipynb", ("n = 1", "parameters"), "k = n\n1 / (n - n)")
    write_notebook(folder / "dying.ipynb", ("n = 1", "parameters"), "import os\nos._exit(3)")
    write_notebook(
        folder / "waiting.ipynb",
        ("begun = ''\ngo = ''", "parameters"),
        WAIT_FOR_FILE,
        ("7", "return"),
    )
    write_notebook(folder / "thing.ipynb", ("n = 1", "parameters"), ("object()", "return"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("models")
    write_models(made)
    return made


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Served]:
    with served(folder, workers=2) as made:
        yield made


@pytest.fixture
def client(server: Served) -> Iterator[Client]:
    with nb.connect(server.url) as made:
        yield made


class Gate:
    """What `waiting.ipynb` waits for."""

    def __init__(self, folder: Path) -> None:
        self.begun, self.go = folder / "begun", folder / "go"

    @property
    def values(self) -> dict[str, Any]:
        return {"begun": str(self.begun), "go": str(self.go)}

    def wait(self) -> None:
        pause = threading.Event()
        while not self.begun.exists():
            pause.wait(0.01)

    def open(self) -> None:
        self.go.touch()


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    made = Gate(tmp_path)
    yield made
    made.open()


def test_a_model_is_called_like_a_local_one(client: Client) -> None:
    assert client["add"](a=3, b=4) == 7
    assert client.add(a=3) == 5
    assert client.models["add"]() == 3


def test_models_are_listed(client: Client) -> None:
    assert {"add", "days", "table"} <= set(client.models)
    assert "add" in dir(client)


def test_a_model_that_is_not_there_is_told_with_its_like(client: Client) -> None:
    with pytest.raises(ModelNotFoundError, match="did you mean add"):
        client["addd"]
    with pytest.raises(AttributeError, match="addd"):
        getattr(client, "addd")  # noqa: B009  # as people write it: client.addd
    assert "addd" not in client.models


def test_a_result_tells_what_the_server_knows(client: Client) -> None:
    first = client["add"].run(a=10)
    again = client["add"].run(a=10)
    assert isinstance(first, nb.Success)
    assert (first.name, first.value, first.cached) == ("add", 12, False)
    assert again.cached
    assert again.key == first.key
    assert first.key is not None


def test_parameters_are_declared_as_in_the_notebook(client: Client) -> None:
    found = client["days"].parameters
    assert found["day"].default == datetime.date(2001, 2, 3)
    assert (found["day"].annotation, found["day"].help) == ("datetime.date", "which day")
    assert found["names"].default == ["a"]
    assert isinstance(found["later"].default, Code)
    assert client["add"].parameters["a"].type is int


def test_dates_go_and_come_as_dates(client: Client) -> None:
    found = client.days(day=datetime.date(2020, 1, 1), names=("a", "b"))
    assert found == datetime.date(2020, 1, 3)


def test_a_table_comes_back_as_it_was(client: Client) -> None:
    days = pd.date_range("2001", periods=2)
    wanted = pd.DataFrame({"n": range(2), "x": 0.5}, index=days)
    pd.testing.assert_frame_equal(client.table(rows=2), wanted, check_freq=False)


def test_a_table_too_large_for_json_comes_by_arrow(folder: Path) -> None:
    with served(folder, limits=Limits(elements=100)) as made, nb.connect(made.url) as client:
        found = client["table"].run(rows=200)
        again = client["table"].run(rows=200)
    assert found.unwrap().shape == (200, 2)
    assert isinstance(found.unwrap().index, pd.DatetimeIndex)
    assert again.cached
    assert again.key == found.key


def test_wrong_parameters_are_told_all_at_once(client: Client) -> None:
    with pytest.raises(nb.ParameterError) as caught:
        client.add(a="x", c=1)
    assert [one.partition(":")[0] for one in sorted(caught.value.problems)] == ["a", "c"]
    failure = client["add"].run({"a": "x"}, check=False)
    assert isinstance(failure, nb.Failure)
    assert failure.error.ename == "ParameterError"


def test_what_json_cannot_tell_is_refused_before_it_is_sent(client: Client) -> None:
    with pytest.raises(nb.ParameterError) as caught:
        client.add(a=float("nan"), b=pd.DataFrame())
    assert [one.partition(":")[0] for one in caught.value.problems] == ["a", "b"]


def test_a_notebook_that_fails_is_a_failure_with_its_cell(client: Client) -> None:
    failure = client["broken"].run(check=False)
    assert isinstance(failure, nb.Failure)
    assert (failure.error.cell_index, failure.error.ename) == (1, "ZeroDivisionError")
    assert "1 / (n - n)" in failure.error.traceback[0]
    with pytest.raises(nb.RunFailedError, match=r"broken.*cell 2.*ZeroDivisionError"):
        client.broken()


def test_a_notebook_that_ends_its_process_is_an_error_of_the_machine(client: Client) -> None:
    with pytest.raises(KernelDiedError):
        client.dying()
    with pytest.raises(KernelDiedError):
        client["dying"].submit().result()


def test_what_has_no_form_is_refused_with_those_it_has(client: Client) -> None:
    with pytest.raises(FormatError, match="html"):
        client.thing()
    assert b"object" in client["thing"].render("text")


def test_a_value_comes_in_a_format(client: Client) -> None:
    assert client["table"].render("csv", rows=1).splitlines()[1] == b"2001-01-01,0,0.5"
    with pytest.raises(FormatError):
        client["add"].render("parquet")
    with pytest.raises(nb.RunFailedError):
        client["broken"].render("csv")


def test_a_long_run_is_followed_as_a_job(folder: Path, gate: Gate) -> None:
    limits = Limits(sync_timeout_s=0.05)
    with (
        served(folder, limits=limits) as made,
        nb.connect(made.url) as client,
        ThreadPoolExecutor(1) as pool,
    ):
        asked = pool.submit(lambda: client.waiting(**gate.values))
        gate.wait()
        gate.open()
        assert asked.result() == 7


def test_progress_is_heard(client: Client, gate: Gate) -> None:
    heard: list[Progress] = []

    def hear(progress: Progress) -> None:
        heard.append(progress)
        gate.open()

    assert client["waiting"].run(gate.values, on_progress=hear).unwrap() == 7
    assert heard[0].total > 0


def test_a_submitted_job_can_be_followed_from_elsewhere(client: Client, gate: Gate) -> None:
    future = client["waiting"].submit(gate.values)
    gate.wait()
    with nb.connect(client.url) as other:
        again = other.job(future.job)
        gate.open()
        assert again.result().unwrap() == 7
    assert future.result().unwrap() == 7


def test_a_job_that_there_is_not_is_told(client: Client) -> None:
    with pytest.raises(JobNotFoundError):
        client.job("0" * 32).result()


def test_a_job_that_is_cancelled_stops(server: Served, client: Client, gate: Gate) -> None:
    future = client["waiting"].submit(gate.values)
    gate.wait()
    assert future.cancel()
    with pytest.raises((nb.RunCancelledError, CancelledError)):
        future.result()
    with pytest.raises(nb.RunCancelledError):
        client.job(future.job).result()  # once it has ended
    assert server.client.get(f"api/jobs/{future.job}").json()["state"] == "cancelled"


def test_a_call_that_has_ended_cannot_break_the_next_on_its_connection(
    server: Served, gate: Gate
) -> None:
    ended, told = CancelToken(), {"begun": str(gate.begun), "go": str(gate.go)}
    connections = Connections(address_of(server.url, None), 30)
    body = json.dumps([told]).encode()
    later = Request(method="POST", path="api/models/waiting/batch", body=body)

    def ask(request: Request, cancel: CancelToken | None = None) -> bytes:
        with connections.exchange(request, cancel) as response:
            return response.read()

    with ThreadPoolExecutor(1) as pool:
        ask(Request(method="GET", path="healthz"), ended)
        asked = pool.submit(ask, later)
        gate.wait()
        ended.cancel()
        gate.open()
        assert json.loads(asked.result())["value"] == 7
    connections.close()


def test_a_job_that_has_ended_cannot_be_cancelled(client: Client, gate: Gate) -> None:
    ended = client["add"].submit(a=80)
    assert ended.result().unwrap() == 82
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(lambda: client.waiting(**gate.values))
        gate.wait()
        assert not ended.cancel()
        gate.open()
        assert asked.result() == 7


def test_a_closed_client_leaves_its_jobs_running(server: Served, gate: Gate) -> None:
    with nb.connect(server.url) as client:
        future = client["waiting"].submit(gate.values)
        gate.wait()
    with pytest.raises((nb.ServerError, nb.RunCancelledError, CancelledError)):
        future.result()
    gate.open()
    with nb.connect(server.url) as client:
        assert client.job(future.job).result().unwrap() == 7


def test_a_run_that_is_too_late_is_stopped(client: Client, gate: Gate) -> None:
    with pytest.raises(nb.RunTimeoutError, match="waiting"):
        client["waiting"].run(gate.values, timeout_s=0.3)
    assert client.add(a=70) == 72


def test_a_task_waits_without_blocking(client: Client, gate: Gate) -> None:
    async def ask() -> list[int]:
        waiting = asyncio.create_task(client["waiting"].arun(gate.values))
        quick = await client["add"].arun(a=5)
        gate.open()
        return [quick.unwrap(), (await waiting).unwrap()]

    assert asyncio.run(ask()) == [7, 7]


def test_a_task_that_is_cancelled_stops_its_run(server: Served, client: Client, gate: Gate) -> None:
    async def ask() -> None:
        task = asyncio.create_task(client["waiting"].arun(gate.values))
        await asyncio.to_thread(gate.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(ask())
    pause = threading.Event()
    while server.serving.desk.admission.count:  # its place is free again
        pause.wait(0.01)
    assert not gate.go.exists()


def test_many_sets_come_in_order_and_failures_as_results(client: Client) -> None:
    found = list(client["add"].map({"a": n} for n in range(20)))
    assert [one.unwrap() for one in found] == [n + 2 for n in range(20)]
    assert [one.ok for one in client["broken"].map([{"n": 1}, {"n": 2}])] == [False, False]


def test_what_is_no_set_of_parameters_is_refused(client: Client) -> None:
    wrong: Any = [{"a": 1}, 2]
    with pytest.raises(UsageError, match="2 is no set of parameters"):
        list(client.add.map(wrong))


def test_integers_of_any_length_come_as_they_are(client: Client) -> None:
    assert client.power(n=5000) == 10**5000
    assert client.power.submit(n=5001).result(timeout=60).unwrap() == 10**5001
    assert [one.unwrap() for one in client.power.map([{"n": 5002}, {"n": 1}])] == [10**5002, 10]


def test_a_wrong_set_is_named_by_its_place(client: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr("nbnodes.client.model._AT_ONCE", 2)
    results = client["add"].map([{"a": 1}, {"a": 2}, {"a": 3}, {"a": "x"}])
    assert [next(results).unwrap(), next(results).unwrap()] == [3, 4]
    with pytest.raises(nb.ParameterError, match=r"\[3\]\.a"):
        next(results)


def test_threads_share_a_client(client: Client) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: client.add(a=n), range(40)))
    assert found == [n + 2 for n in range(40)]


def test_a_busy_server_is_asked_again(folder: Path, gate: Gate) -> None:
    limits = Limits(client_runs=1)
    with (
        served(folder, limits=limits) as made,
        nb.connect(made.url) as client,
        ThreadPoolExecutor(2) as pool,
    ):
        first = pool.submit(lambda: client.waiting(**gate.values))
        gate.wait()
        second = pool.submit(lambda: client.add(a=99))
        gate.open()
        assert (first.result(), second.result()) == (7, 101)


def test_patience_with_a_busy_server_ends(folder: Path, gate: Gate) -> None:
    limits = Limits(client_runs=1)
    with (
        served(folder, limits=limits) as made,
        nb.connect(made.url) as client,
        nb.connect(made.url, timeout_s=0.5) as hasty,
        ThreadPoolExecutor(1) as pool,
    ):
        first = pool.submit(lambda: client.waiting(**gate.values))
        gate.wait()
        with pytest.raises(nb.ServerError, match="under way") as caught:
            hasty.add(a=98)
        gate.open()
        assert (caught.value.status, first.result()) == (429, 7)


def test_a_server_that_is_not_there_is_told() -> None:
    with pytest.raises(nb.ServerError, match="no server answers"):
        nb.connect("http://127.0.0.1:1")


@pytest.mark.parametrize(
    "url", ["ftp://a", "http://", "http://a:x", "http://u:p@a", "http://[::1", None, 5]
)
def test_an_address_that_is_none_is_refused(url: Any) -> None:
    with pytest.raises(UsageError, match="no server's address"):
        nb.connect(url)


def test_a_token_is_asked_for_and_taken_from_the_address(folder: Path) -> None:
    with served(folder, guard=Guard(token="secret"), base_path="/under/") as made:
        with pytest.raises(nb.ServerError, match="token") as caught:
            nb.connect(made.url)
        assert caught.value.status == 401
        with nb.connect(made.url, token="secret") as client:
            assert client.add() == 3
        with nb.connect(f"{made.url}?token=secret") as client:
            assert client.add() == 3
            assert "secret" not in f"{client!r} {client.url} {client['add']!r}"


def test_a_kept_connection_that_the_server_closed_is_made_anew(tmp_path: Path) -> None:
    with launched(MODELS, cache=tmp_path / "cache") as first:
        client = nb.connect(first.url)
        assert client.fibonacci(n=15) == 610
        first.stop()
        with pytest.raises(nb.ServerError):
            client.fibonacci(n=16)
        with launched(MODELS, cache=tmp_path / "cache", port=first.port):
            assert client["fibonacci"].run(n=15).cached
    client.close()
    with pytest.raises(nb.ServerError, match="closed"):
        client.fibonacci(n=15)


def test_a_job_whose_server_was_killed_is_told_to_be_lost(tmp_path: Path, gate: Gate) -> None:
    write_models(tmp_path)
    with launched(tmp_path, cache=tmp_path / "cache") as first, nb.connect(first.url) as client:
        future = client["waiting"].submit(gate.values)
        gate.wait()
        first.kill()
        with (
            launched(tmp_path, cache=tmp_path / "cache", port=first.port),
            pytest.raises(nb.ServerError, match="the server ended while it ran"),
        ):
            future.result()
