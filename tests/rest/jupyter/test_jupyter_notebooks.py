"""Any notebook that Jupyter's user may read is an endpoint and a page, whatever keeps it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from jupyters import TOKEN, Jupyter
from notebooks import document, write_notebook

FIBONACCI = {1: 1, 2: 1, 3: 2, 4: 3, 5: 5, 6: 8, 10: 55, 15: 610}
MODEL = "demo/model.ipynb"


def restified(server: Jupyter, path: str, **query: Any) -> httpx.Response:
    return server.client.get(f"restified/{path}", params=query)


@pytest.mark.parametrize(("n", "value"), FIBONACCI.items())
def test_the_query_gives_parameters_and_the_answer_is_the_value(
    any_jupyter: Jupyter, n: int, value: int
) -> None:
    found = restified(any_jupyter, MODEL, n=n)
    assert (found.status_code, found.json()) == (200, value)
    assert found.headers["Content-Type"] == "application/json"


def test_without_parameters_the_defaults_hold_and_an_unknown_kernel_is_pythons(
    any_jupyter: Jupyter,
) -> None:
    assert restified(any_jupyter, MODEL).json() == 610


def test_a_body_gives_parameters_too(any_jupyter: Jupyter) -> None:
    assert any_jupyter.client.post(f"restified/{MODEL}", json={"n": 10}).json() == 55


def test_the_suffix_may_be_left_out(any_jupyter: Jupyter) -> None:
    assert restified(any_jupyter, "demo/model", n=7).json() == 13


def test_token_and_xsrf_are_no_parameters(any_jupyter: Jupyter) -> None:
    assert restified(any_jupyter, MODEL, n=5, token=TOKEN, _xsrf="x").json() == 5


def test_repeated_parameters_are_the_last_one(any_jupyter: Jupyter) -> None:
    assert any_jupyter.client.get(f"restified/{MODEL}?n=3&n=6").json() == 8


def test_the_index_lists_the_notebooks_but_none_that_is_hidden(any_jupyter: Jupyter) -> None:
    listed = any_jupyter.client.get("restified").json()["notebooks"]
    assert {f"/restified/{MODEL}", "/restified/square.ipynb"} <= {*listed}
    assert not [one for one in listed if "/." in one]


@pytest.mark.parametrize(
    "path",
    [
        "demo/mode.ipynb",
        "demo",
        "notes.txt",
        "%2e%2e",
        "%2e%2e/x.ipynb",
        "%2e%2e/%2e%2e/etc/passwd",
        "a%00b",
        "C:/x.ipynb",
        "//etc/passwd",
    ],
)
def test_what_is_no_notebook_there_is_not_found(any_jupyter: Jupyter, path: str) -> None:
    found = any_jupyter.client.get(f"restified/{path}")
    assert found.status_code == 404
    assert found.headers["Content-Type"] == "application/problem+json"


def test_a_near_name_is_suggested(any_jupyter: Jupyter) -> None:
    assert restified(any_jupyter, "demo/modle.ipynb").json()["suggestions"][0] == MODEL


@pytest.mark.parametrize(
    ("path", "words", "status"),
    [
        (MODEL, {"params": {"n": "abc"}}, 422),
        (MODEL, {"params": {"m": "1"}}, 422),
        ("demo/fails.ipynb", {}, 424),
        ("demo/odd.ipynb", {}, 406),
    ],
)
def test_an_error_is_an_error(
    any_jupyter: Jupyter, path: str, words: dict[str, Any], status: int
) -> None:
    found = any_jupyter.client.get(f"restified/{path}", **words)
    assert (found.status_code, found.json()["status"]) == (status, status)


def test_a_failed_cell_is_named(any_jupyter: Jupyter) -> None:
    problem = restified(any_jupyter, "demo/fails.ipynb").json()
    assert (problem["cell"], problem["ename"]) == (2, "ZeroDivisionError")
    assert problem["source"] == "1 // (n - 1)"


def test_a_body_that_is_no_json_is_refused(any_jupyter: Jupyter) -> None:
    headers = {"Content-Type": "application/json"}
    found = any_jupyter.client.post(f"restified/{MODEL}", content=b"{", headers=headers)
    assert found.status_code == 400


def test_a_notebook_that_is_saved_is_seen_at_once(any_jupyter: Jupyter) -> None:
    path = "changes.ipynb"
    for number in (1, 2):
        content = document(("n = 1", "parameters"), (f"n * {number}", "return"))
        model = {"type": "notebook", "format": "json", "content": content}
        saved = any_jupyter.client.put(f"api/contents/{path}", json=model)
        assert saved.status_code in (200, 201)
        assert restified(any_jupyter, path, n=7).json() == 7 * number
    listed = any_jupyter.client.get("nbnodes/api/models").json()["models"]
    assert path in {one["name"] for one in listed}


def test_no_kernel_stays(any_jupyter: Jupyter) -> None:
    assert restified(any_jupyter, MODEL, n=12).json() == 144
    assert any_jupyter.client.get("api/kernels").json() == []


def test_a_page_is_there_for_a_notebook(any_jupyter: Jupyter) -> None:
    found = any_jupyter.client.get(f"nbnodes/pages/{MODEL}")
    assert (found.status_code, "<main" in found.text) == (200, True)


def test_a_notebook_runs_in_its_own_folder(server: Jupyter) -> None:
    assert restified(server, "demo/where.ipynb").json() == str(server.root / "demo")


def test_hidden_notebooks_are_not_there(server: Jupyter) -> None:
    for path in (".dotted", ".hidden/secret", "demo/.ipynb_checkpoints/model-checkpoint"):
        assert restified(server, f"{path}.ipynb").status_code == 404
    text = json.dumps(server.client.get("nbnodes/api/models").json()["models"])
    assert not any(word in text for word in ("dotted", "secret", "checkpoint"))


def test_a_damaged_notebook_is_told_of_and_others_are_served(server: Jupyter) -> None:
    found = server.client.get("nbnodes/api/models").json()
    assert any("damaged.ipynb" in problem for problem in found["problems"])
    asked = restified(server, "damaged.ipynb")
    assert asked.status_code == 404
    assert "cannot be read as a notebook" in asked.json()["detail"]
    assert restified(server, "square.ipynb", n=4).json() == 16


def test_odd_names_are_names(server: Jupyter) -> None:
    name = "odd 100%/a%20b é.ipynb"
    assert server.client.get(f"restified/{quote(name)}?n=1").json() == 2
    links = server.client.get(f"nbnodes/api/models/{quote(name)}").json()["links"]
    host = server.url.partition("/user")[0]
    assert server.client.get(f"{host}{links['run']}?n=2").json()["value"] == 3


def test_notebooks_of_a_folder_that_feed_each_other_are_a_graph(server: Jupyter) -> None:
    described = server.client.get("nbnodes/api/models/oil/trend.ipynb").json()
    assert described["edges"] == {"prices": "prices"}
    run = server.client.get("nbnodes/api/models/oil/trend.ipynb/run", params={"start": 3})
    assert run.json()["value"] == [30, 40]
    page = server.client.get("nbnodes/pages/oil").text
    assert "/user/ann.b/nbnodes/api/models/oil/trend.ipynb/run" in page
    assert 'href="/user/ann.b/nbnodes/pages/oil"' in server.client.get("nbnodes/").text


def test_a_graph_is_read_anew_when_a_notebook_of_it_is_saved(server: Jupyter) -> None:
    url = "nbnodes/api/models/oil/trend.ipynb/run"
    for last in (7, 8):
        cells = ("start = 1", "parameters"), (f"[start, {last}]", "return")
        write_notebook(server.root / "oil/prices.ipynb", *cells)
        assert server.client.get(url, params={"factor": 2}).json()["value"] == [2, 2 * last]


def test_an_answer_is_named_and_not_sent_twice(server: Jupyter) -> None:
    first = server.client.get("nbnodes/api/models/square.ipynb/run?n=11")
    assert first.json()["value"] == 121
    headers = {"If-None-Match": first.headers["ETag"]}
    again = server.client.get("nbnodes/api/models/square.ipynb/run?n=11", headers=headers)
    assert (again.status_code, again.content) == (304, b"")


def test_jobs_go_on_without_their_callers(server: Jupyter) -> None:
    given = {"model": "square.ipynb", "parameters": {"n": 12}}
    job = server.client.post("nbnodes/api/jobs", json=given).json()
    with server.client.stream("GET", f"nbnodes/api/jobs/{job['id']}/events") as events:
        assert any(line == "event: end" for line in events.iter_lines())
    assert server.client.get(f"nbnodes/api/jobs/{job['id']}/result").json()["value"] == 144
