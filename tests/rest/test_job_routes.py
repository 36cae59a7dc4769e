"""`/api/jobs`: runs that outlive their callers, what happens to them, and even their server."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rest_models import Gate
from serving import PROBLEM, Served, launched

NOBODY = "0" * 32


def submit(server: Served, model: str, values: Any, **headers: str) -> dict[str, Any]:
    body = json.dumps({"model": model, "parameters": values})
    headers = {"Content-Type": "application/json", **headers}
    answer = server.client.post("api/jobs", content=body, headers=headers)
    assert answer.status_code == 202, answer.text
    assert answer.headers["Location"] == answer.json()["links"]["self"]
    told: dict[str, Any] = answer.json()
    return told


def events(server: Served, job: str, **headers: str) -> list[tuple[int, str, Any]]:
    """Return the events of a job until it ends: number, kind, data."""
    with server.client.stream("GET", f"api/jobs/{job}/events", headers=headers) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        said = [line.partition(": ") for line in answer.iter_lines()]
    values = {
        key: [text for name, _, text in said if name == key] for key in ("id", "event", "data")
    }
    numbers = map(int, values["id"])
    return [*zip(numbers, values["event"], map(json.loads, values["data"]), strict=True)]


def test_a_job_runs_and_its_result_is_there_in_any_format(server: Served) -> None:
    job = submit(server, "table", {"rows": 2})
    told = server.ended(job["id"])
    assert (told["state"], told["model"], told["parameters"]) == ("done", "table", {"rows": 2})
    assert told["has_value"]
    result = server.client.get(told["links"]["result"])
    assert result.json()["value"]["data"] == [[0, "x"], [1, "x"]]
    csv = server.client.get(told["links"]["result"], params={"format": "csv"})
    assert csv.headers["Content-Type"].startswith("text/csv")


def test_a_job_is_listed_by_its_state(server: Served, gate: Callable[[], Gate]) -> None:
    run = gate()
    job = submit(server, "gate", run.values)
    run.await_begin()
    listed = server.client.get("api/jobs", params={"state": "running"}).json()["jobs"]
    assert job["id"] in [one["id"] for one in listed]
    assert len(server.client.get("api/jobs", params={"limit": 1}).json()["jobs"]) == 1
    run.let_go()
    server.ended(job["id"])
    listed = server.client.get("api/jobs", params={"state": "running"}).json()["jobs"]
    assert job["id"] not in [one["id"] for one in listed]


def test_a_job_that_is_cancelled_stops_its_notebook(
    server: Served, gate: Callable[[], Gate]
) -> None:
    run = gate()
    job = submit(server, "gate", run.values)
    run.await_begin()
    assert server.client.delete(f"api/jobs/{job['id']}").status_code == 200
    run.await_end()
    assert server.ended(job["id"])["state"] == "cancelled"
    result = server.client.get(job["links"]["result"])
    assert (result.status_code, result.headers["Content-Type"]) == (410, PROBLEM)


def test_a_job_that_has_ended_is_not_cancelled_any_more(server: Served) -> None:
    job = submit(server, "square", {"n": 21})
    server.ended(job["id"])
    assert server.client.delete(f"api/jobs/{job['id']}").json()["state"] == "done"


def test_there_is_no_result_while_a_job_runs(server: Served, gate: Callable[[], Gate]) -> None:
    run = gate()
    job = submit(server, "gate", run.values)
    run.await_begin()
    answer = server.client.get(job["links"]["result"])
    assert (answer.status_code, answer.headers["Retry-After"]) == (409, "1")
    run.let_go()
    server.ended(job["id"])


def test_a_job_of_a_notebook_that_fails_says_where(server: Served) -> None:
    told = server.ended(submit(server, "fails", {"n": 7})["id"])
    assert told["state"] == "failed"
    assert (told["error"]["ename"], told["error"]["evalue"]) == ("ValueError", "n is 7")
    assert "traceback" not in told["error"]
    result = server.client.get(told["links"]["result"])
    assert (result.status_code, result.json()["cell"]) == (424, 2)


def test_events_are_numbered_and_end_with_the_end(server: Served, gate: Callable[[], Gate]) -> None:
    run = gate()
    job = submit(server, "gate", run.values)
    run.await_begin()
    run.let_go()
    came = events(server, job["id"])
    assert [number for number, _, _ in came] == list(range(1, len(came) + 1))
    states = [data["state"] for _, kind, data in came if kind in ("state", "end")]
    assert states == ["queued", "running", "done"]
    assert came[-1][1] == "end"


def test_who_comes_back_hears_what_came_after_the_last_event_that_it_heard(
    server: Served,
) -> None:
    job = submit(server, "square", {"n": 22})
    came = events(server, job["id"])
    assert events(server, job["id"], **{"Last-Event-ID": "1"}) == came[1:]
    url = f"api/jobs/{job['id']}/events?after=1"
    assert f"id: {came[1][0]}" in server.client.get(url).text
    assert "id: 1\n" not in server.client.get(url).text
    assert events(server, job["id"], **{"Last-Event-ID": "none"}) == came


@pytest.mark.parametrize("beyond", [0, 90])
def test_who_comes_back_after_the_end_is_told_to_come_no_more(server: Served, beyond: int) -> None:
    job = submit(server, "square", {"n": 26})["id"]
    last = {"Last-Event-ID": str(events(server, job)[-1][0] + beyond)}
    answer = server.client.get(f"api/jobs/{job}/events", headers=last)
    assert (answer.status_code, answer.content) == (204, b"")


def test_who_names_an_event_that_never_was_hears_the_end_all_the_same(
    server: Served, gate: Callable[[], Gate]
) -> None:
    run = gate()
    url = f"api/jobs/{submit(server, 'gate', run.values)['id']}/events"
    run.await_begin()
    with server.client.stream("GET", url, headers={"Last-Event-ID": "99"}) as answer:
        run.let_go()
        assert "event: end" in list(answer.iter_lines())


def test_the_same_idempotency_key_is_the_same_job(server: Served) -> None:
    key = {"Idempotency-Key": "once"}
    first = submit(server, "square", {"n": 23}, **key)
    assert submit(server, "square", {"n": 23}, **key)["id"] == first["id"]
    other = {"model": "square", "parameters": {"n": 24}}
    answer = server.client.post("api/jobs", json=other, headers=key)
    assert (answer.status_code, answer.headers["Content-Type"]) == (409, PROBLEM)


@pytest.mark.parametrize("path", ["", "/events", "/result"])
def test_a_job_that_is_not_there_is_404(server: Served, path: str) -> None:
    for name in (NOBODY, "x", "%00", "'; drop table jobs; --"):
        answer = server.client.get(f"api/jobs/{name}{path}")
        assert (answer.status_code, answer.headers["Content-Type"]) == (404, PROBLEM)
    assert server.client.delete(f"api/jobs/{NOBODY}").status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ([], 400),
        ({"model": 1}, 400),
        ({"model": "square", "more": 1}, 400),
        ({"model": "square", "parameters": []}, 400),
        ({"model": "nobody"}, 404),
        ({"model": "square", "parameters": {"n": "x"}}, 422),
    ],
    ids=repr,
)
def test_what_is_no_job_is_refused(server: Served, body: Any, status: int) -> None:
    answer = server.client.post("api/jobs", json=body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, PROBLEM)


@pytest.mark.parametrize(
    "query", ["state=x", "limit=0", "limit=x", "limit=1001", "limit=%C2%B2", "limit=" + "9" * 300]
)
def test_what_is_no_list_of_jobs_is_refused(server: Served, query: str) -> None:
    assert server.client.get(f"api/jobs?{query}").status_code == 400


def test_jobs_survive_their_server_and_those_that_ran_are_said_to_be_lost(
    models: Path, tmp_path: Path, gate: Callable[[], Gate]
) -> None:
    run, cache = gate(), tmp_path / "cache"
    with launched(models, cache=cache) as first:
        done = submit(first, "square", {"n": 25})["id"]
        first.ended(done)
        lost = submit(first, "gate", run.values)["id"]
        run.await_begin()
        first.kill()
    run.await_end()
    with launched(models, cache=cache) as second:
        assert second.client.get(f"api/jobs/{done}/result").json()["value"] == 625
        told = second.client.get(f"api/jobs/{lost}").json()
        assert (told["state"], told["error"]["kind"]) == ("lost", "lost")
        assert told["error"]["reason"]
        assert events(second, lost)[-1][2]["state"] == "lost"
        assert second.client.get(f"api/jobs/{lost}/result").status_code == 410
        assert second.run("square", n=25).headers["X-Cache"] == "hit"


def test_a_server_that_is_told_to_end_stops_what_runs(
    models: Path, tmp_path: Path, gate: Callable[[], Gate]
) -> None:
    run = gate()
    with launched(models, cache=tmp_path / "cache") as server:
        submit(server, "gate", run.values)
        run.await_begin()
        assert server.stop() == 0
    run.await_end()


def test_a_result_is_read_and_not_run(server: Served) -> None:
    job = server.client.post("/api/jobs", json={"model": "square", "parameters": {"n": 3}}).json()
    server.ended(job["id"])
    place = f"/api/jobs/{job['id']}/result"
    assert server.client.get(place).json()["value"] == 9
    assert server.client.post(place, json={"n": 77}).status_code == 405
    assert server.client.post("/api/jobs/square/result", json={"n": 77}).status_code == 405


def test_a_job_with_half_a_character_is_told_and_listed(server: Served) -> None:
    job = submit(server, "says", {"word": "\ud800"})
    headers = {"Content-Type": "application/json", "Prefer": "respond-async"}
    again = server.client.post(
        "api/models/says/run", content=r'{"word": "\ud800"}', headers=headers
    )
    assert again.status_code == 202
    assert server.ended(job["id"])["parameters"] == {"word": "\ud800"}
    assert server.client.get(f"api/jobs/{job['id']}/result").json()["value"] == "\ud800"
    listed = server.client.get("api/jobs").json()["jobs"]
    assert {"word": "\ud800"} in [one["parameters"] for one in listed]


def test_what_is_nested_too_deep_makes_no_job(server: Served) -> None:
    values = f'{{"n": {"[" * 900}1{"]" * 900}}}'
    before = server.client.get("api/jobs").json()
    for path, body, prefer in (
        ("api/jobs", f'{{"model": "odd", "parameters": {values}}}', ""),
        ("api/models/odd/run", values, "respond-async"),
        ("api/models/odd/run", values, ""),
    ):
        headers = {"Content-Type": "application/json", "Prefer": prefer}
        answer = server.client.post(path, content=body, headers=headers)
        assert (answer.status_code, answer.headers["Content-Type"]) == (422, PROBLEM)
        assert "nested too deep" in answer.json()["errors"][0]["detail"]
    assert server.client.get("api/jobs").json() == before
