"""`/api/models/{name}/batch`: many sets of parameters in, a line for each out, in order."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from notebooks import write_notebook
from rest_models import Gate
from serving import PROBLEM, Served, served

from nbnodes.rest.limits import Limits


def lines(server: Served, name: str, body: Any) -> list[dict[str, Any]]:
    answer = server.client.post(f"api/models/{name}/batch", json=body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/x-ndjson")
    return [json.loads(line) for line in answer.text.splitlines()]


def test_each_set_of_a_list_has_its_line_in_order(server: Served) -> None:
    got = lines(server, "square", [{"n": n} for n in (9, 1, 8, 2, 7)])
    assert [line["value"] for line in got] == [81, 1, 64, 4, 49]
    assert [line["index"] for line in got] == [0, 1, 2, 3, 4]
    assert got[2]["parameters"] == {"n": 8}


def test_a_grid_is_the_product_of_its_lists_the_last_changing_fastest(server: Served) -> None:
    got = lines(server, "echo", {"grid": {"n": [1, 2], "word": ["a", "b"]}})
    want = [(1, "a"), (1, "b"), (2, "a"), (2, "b")]
    assert [(line["parameters"]["n"], line["parameters"]["word"]) for line in got] == want


def test_a_list_may_stand_under_its_name(server: Served) -> None:
    assert [one["value"] for one in lines(server, "square", {"parameters": [{"n": 3}]})] == [9]


def test_no_sets_are_no_lines(server: Served) -> None:
    assert lines(server, "square", []) == []
    assert lines(server, "square", {"grid": {"n": []}}) == []


def test_a_set_that_fails_is_a_problem_in_its_line_and_the_rest_goes_on(server: Served) -> None:
    got = lines(server, "fails", {"grid": {"n": [2, 3, 4]}})
    assert [line.get("value") for line in got] == [2, None, 4]
    assert (got[1]["status"], got[1]["ename"], got[1]["cell"]) == (424, "ValueError", 2)


def test_a_wrong_set_refuses_all_before_anything_runs(server: Served) -> None:
    body = [{"n": 41}, {"n": "x"}, {"m": 1}]
    answer = server.client.post("api/models/square/batch", json=body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, PROBLEM)
    told = [one["parameter"] for one in answer.json()["errors"]]
    assert told == ["[1].n", "[2].m"]
    assert server.run("square", n=41).headers["X-Cache"] == "miss"


def test_the_same_set_twice_is_one_run(server: Served) -> None:
    got = lines(server, "square", [{"n": 777}] * 6)
    assert [line["value"] for line in got] == [777**2] * 6
    assert len({line["key"] for line in got}) == 1


def test_lines_come_as_soon_as_they_can(server: Served, gate: Callable[[], Gate]) -> None:
    first, second = gate(), gate()
    body = json.dumps([first.values, second.values])
    headers = {"Content-Type": "application/json"}
    url = "api/models/gate/batch"
    with server.client.stream("POST", url, content=body, headers=headers) as answer:
        came = answer.iter_lines()
        first.await_begin()
        first.let_go()
        assert json.loads(next(came))["index"] == 0
        second.await_begin()
        second.let_go()
        assert json.loads(next(came))["index"] == 1


def test_who_goes_away_stops_what_runs_of_a_batch(server: Served, gate: Callable[[], Gate]) -> None:
    runs = [gate(), gate()]
    body = json.dumps([run.values for run in runs])
    headers = {"Content-Type": "application/json"}
    with server.client.stream(
        "POST", "api/models/gate/batch", content=body, headers=headers
    ) as answer:
        assert answer.status_code == 200
        for run in runs:
            run.await_begin()
    for run in runs:
        run.await_end()


@pytest.mark.parametrize(
    "body",
    [
        {"n": 1},
        {"grid": 1},
        {"grid": {"n": 1}},
        {"grid": {}, "parameters": []},
        [1],
        "x",
        None,
        {"parameters": {"n": 1}},
    ],
    ids=repr,
)
def test_what_is_neither_list_nor_grid_is_400(server: Served, body: Any) -> None:
    answer = server.client.post("api/models/square/batch", json=body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, PROBLEM)


def test_a_batch_larger_than_allowed_is_413(models: Path) -> None:
    with served(models / "square.ipynb", limits=Limits(batch=3)) as server:
        listed = server.client.post("api/models/square/batch", json=[{}] * 4)
        huge = {"grid": {"n": list(range(1000))} | {f"m{i}": [1, 2] for i in range(40)}}
        grid = server.client.post("api/models/square/batch", json=huge)
    assert [one.status_code for one in (listed, grid)] == [413, 413]


def test_integers_longer_than_python_reads_are_answered_and_the_rest_goes_on(
    tmp_path: Path,
) -> None:
    path = tmp_path / "power.ipynb"
    write_notebook(path, ("n = 1", "parameters"), ("10**n + n - n", "return"))
    with served(path) as server:
        answer = server.client.post("api/models/power/batch", json=[{"n": 5000}, {"n": 2}])
        first, second = answer.text.splitlines()
        assert f'"value": 1{"0" * 5000}, ' in first
        assert json.loads(second)["value"] == 100


def test_a_set_has_its_line_whatever_its_characters_and_digits(server: Served) -> None:
    nines = int("9" * 4300)
    assert [one["value"][1] for one in lines(server, "odd", [{"n": nines}, {"n": 1}])] == [nines, 1]
    headers = {"Content-Type": "application/json"}
    body = json.dumps([{"word": "\ud800"}])  # in ASCII, which `lines` does not send
    answer = server.client.post("api/models/says/batch", content=body, headers=headers)
    told = json.loads(answer.text)
    assert (told["parameters"], told["value"]) == ({"word": "\ud800"}, "\ud800")


def test_what_is_nested_too_deep_is_refused_by_its_place(server: Served) -> None:
    deep = f"{'[' * 900}1{']' * 900}"
    for body in (f'[{{"n": 1}}, {{"n": {deep}}}]', f'{{"grid": {{"n": [1, {deep}]}}}}'):
        headers = {"Content-Type": "application/json"}
        answer = server.client.post("api/models/odd/batch", content=body, headers=headers)
        assert answer.status_code == 422
        assert [one["parameter"] for one in answer.json()["errors"]] == ["[1].n"]


@pytest.mark.parametrize(
    "limits", [Limits(client_runs=1), Limits(waiting=3), Limits(client_runs=3)]
)
def test_a_batch_is_never_refused_for_its_own_runs(models: Path, limits: Limits) -> None:
    with served(models / "square.ipynb", limits=limits, workers=4) as server:
        got = lines(server, "square", {"grid": {"n": list(range(12))}})
    assert [line.get("value") for line in got] == [n * n for n in range(12)]


def test_a_batch_waits_while_its_client_has_another_run(
    models: Path, gate: Callable[[], Gate]
) -> None:
    run = gate()
    with served(models, limits=Limits(client_runs=1), workers=2) as server:
        job = server.client.post("api/jobs", json={"model": "gate", "parameters": run.values})
        run.await_begin()
        body = json.dumps([{"n": 2}, {"n": 3}])
        headers = {"Content-Type": "application/json"}
        url = "api/models/square/batch"
        with server.client.stream("POST", url, content=body, headers=headers) as answer:
            run.let_go()
            got = [json.loads(line) for line in answer.iter_lines()]
        server.ended(job.json()["id"])
    assert [line.get("value") for line in got] == [4, 9]
