"""A server is told to end: who waits is answered, and hears what became of what ran."""

from __future__ import annotations

import json
import logging
import shutil
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from rest_models import Gate
from serving import LOOPBACK, PATIENCE_S, PROBLEM, served

import nbnodes.rest.server as ending
from nbnodes.rest.limits import Limits


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give what is under way little time."""
    monkeypatch.setattr(ending, "_DRAIN_S", 0.2)


def patient() -> httpx.Client:
    """Make a client that outlives the server."""
    return httpx.Client(timeout=PATIENCE_S)


def assert_closing(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, PROBLEM)
    assert answer.json()["title"] == "Closing"
    assert int(answer.headers["Retry-After"]) >= 1


def test_runs_that_go_on_and_runs_that_wait_are_answered_503(
    models: Path, gate: Callable[[], Gate]
) -> None:
    run, other = gate(), gate()
    with ThreadPoolExecutor(2) as threads, patient() as client:
        with served(models, workers=1) as server:
            url = f"{server.url}api/models/gate/run"
            running = threads.submit(client.get, url, params=run.values)
            run.await_begin()
            waiting = threads.submit(client.get, url, params=other.values)
            while server.client.get("readyz").json()["waiting"] < 2:
                pass
            assert not running.done()
        assert_closing(running.result())
        assert_closing(waiting.result())
    run.await_end()


def test_a_batch_tells_in_its_lines_what_was_not_run(
    models: Path, gate: Callable[[], Gate]
) -> None:
    run = gate()
    body = [{"n": 5} | run.values, {"n": 6} | run.values, {"n": 7} | run.values]
    with ThreadPoolExecutor(1) as threads, patient() as client:
        with served(models, workers=1, limits=Limits(client_runs=1)) as server:
            asked = threads.submit(client.post, f"{server.url}api/models/gate/batch", json=body)
            run.await_begin()
        lines = [json.loads(line) for line in asked.result().text.splitlines()]
    assert [(one["index"], one["status"], one["title"]) for one in lines] == [
        (index, 503, "Closing") for index in range(3)
    ]
    run.await_end()


def test_who_follows_a_job_hears_that_it_is_lost(models: Path, gate: Callable[[], Gate]) -> None:
    run = gate()
    with ThreadPoolExecutor(1) as threads, patient() as client:
        with served(models) as server:
            body = {"model": "gate", "parameters": run.values}
            job = server.client.post("api/jobs", json=body).json()
            run.await_begin()
            url = f"{server.url}api/jobs/{job['id']}/events"
            followed = threads.submit(client.get, url)
            while not server.serving.desk.streams:
                pass
        *_, end = [line for line in followed.result().text.splitlines() if line.startswith("data")]
    assert json.loads(end.removeprefix("data: "))["state"] == "lost"
    run.await_end()


def test_who_went_away_is_not_logged_as_if_the_server_had_failed(
    models: Path, gate: Callable[[], Gate], caplog: pytest.LogCaptureFixture
) -> None:
    run = gate()
    with caplog.at_level(logging.DEBUG, "nbnodes.rest"):
        with served(models) as server:
            path = f"/api/models/gate/run?{urlencode(run.values)}"
            with socket.create_connection((LOOPBACK, server.port)) as connection:
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\n\r\n".encode())
                run.await_begin()
            run.await_end()
        (logged,) = [one for one in caplog.records if "gate/run" in one.getMessage()]
    assert (logged.levelno, " 499 " in logged.getMessage()) == (logging.DEBUG, True)


@pytest.mark.parametrize("path", ["", "square.ipynb"])
def test_a_folder_that_is_gone_is_the_server_s_fault(
    models: Path, tmp_path: Path, path: str
) -> None:
    shutil.copytree(models, tmp_path / "models")
    with served(tmp_path / "models" / path) as server:
        shutil.rmtree(tmp_path / "models")
        answer = server.run("square", n=2)
    assert (answer.status_code, answer.headers["Content-Type"]) == (500, PROBLEM)
    assert "does not exist" in answer.json()["detail"]
