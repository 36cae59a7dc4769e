"""`/api/models/{name}/run`: values in, a typed answer out, or a Problem that says what to do."""

from __future__ import annotations

import io
import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.ipc
import pytest
from notebooks import write_notebook
from rest_models import Gate
from serving import LOOPBACK, PATIENCE_S, PROBLEM, Served, served

from nbnodes.rest.limits import Limits

ECHOED = {
    "n": ["int", "7"],
    "x": ["float", "0.25"],
    "flag": ["bool", "True"],
    "word": ["str", "7"],
    "names": ["list", "['a', 'b']"],
    "day": ["date", "2020-02-29"],
}
QUERY = {
    "n": "7",
    "x": "0.25",
    "flag": "true",
    "word": "7",
    "names": '["a", "b"]',
    "day": "2020-02-29",
}
BODY = {
    "n": 7,
    "x": 0.25,
    "flag": True,
    "word": "7",
    "names": ["a", "b"],
    "day": "2020-02-29",
}
FORMATS = {
    "json": "application/json",
    "html": "text/html; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.stream",
    "ipynb": "application/x-ipynb+json",
    "text": "text/plain; charset=utf-8",
}


# ---------------------------------------------------------------- values


def test_a_query_is_text_that_takes_the_declared_types(server: Served) -> None:
    assert server.run("echo", **QUERY).json()["value"] == ECHOED


def test_a_body_has_the_types_of_json(server: Served) -> None:
    answer = server.client.post("api/models/echo/run", json=BODY)
    assert answer.json()["value"] == ECHOED


def test_names_that_are_repeated_in_a_query_are_a_list(server: Served) -> None:
    assert server.run("echo", names=["a", "b"]).json()["value"]["names"] == ECHOED["names"]


@pytest.mark.parametrize("name", ["a", "7", "[a", '["a"]'])
def test_a_name_alone_in_a_query_is_a_list_of_one_unless_it_is_json(
    server: Served, name: str
) -> None:
    want = str([name.strip('[]"')] if name.endswith("]") else [name])
    assert server.run("echo", names=name).json()["value"]["names"] == ["list", want]


@pytest.mark.parametrize("path", ["api/models/square/run", "restified/square"])
@pytest.mark.parametrize("sent", [{}, {"json": {"n": 2}}, {"json": {}}], ids=repr)
def test_a_value_in_the_query_of_a_post_is_refused(
    server: Served, path: str, sent: dict[str, Any]
) -> None:
    answer = server.client.post(f"{path}?n=2", **sent)
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, PROBLEM)
    (told,) = answer.json()["errors"]
    assert told["parameter"] == "n"
    assert "body" in told["detail"]


def test_what_the_api_itself_takes_may_stand_in_the_query_of_a_post(server: Served) -> None:
    url = "api/models/square/run?format=text&token=a&_xsrf=b"
    assert server.client.post(url, json={"n": 2}).text == "4"


def test_what_is_not_given_has_its_default(server: Served) -> None:
    assert server.run("square").json()["value"] == 9
    assert server.client.post("api/models/square/run").json()["value"] == 9


def test_an_answer_says_what_it_is(server: Served) -> None:
    answer = server.run("square", n=12).json()
    assert (answer["value"], answer["type"], answer["model"]) == (144, "int", "square")
    assert answer["key"]
    assert answer["duration_s"] > 0


def test_a_table_in_json_has_columns_index_and_data(server: Served) -> None:
    table = server.run("table", rows=2).json()["value"]
    assert table == {"columns": ["a", "b"], "index": [0, 1], "data": [[0, "x"], [1, "x"]]}


def test_what_json_has_no_words_for_is_json_all_the_same_or_refused(server: Served) -> None:
    answer = server.run("odd")
    assert answer.status_code in (200, 406)
    json.loads(answer.content, parse_constant=pytest.fail)


def test_the_suffix_of_a_notebook_may_follow_its_name(server: Served) -> None:
    assert server.run("square.ipynb", n=5).json()["value"] == 25


def test_head_says_what_get_would_without_a_body(server: Served) -> None:
    told = server.run("square", n=13)
    head = server.client.head("api/models/square/run", params={"n": 13})
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["ETag"] == told.headers["ETag"]


READ = ("", "api/models", "api/models/square", "api/jobs", "pages/square", "docs", "openapi.json")


@pytest.mark.parametrize("path", [*READ, "assets/page.js", "healthz", "readyz", "restified"])
def test_head_tells_what_get_would_without_the_body(server: Served, path: str) -> None:
    told, head = server.client.get(path), server.client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("Content-Type", "Content-Length", "Cache-Control"):
        assert head.headers.get(name) == told.headers.get(name)


def test_there_is_no_head_of_what_goes_on_or_has_no_get(server: Served) -> None:
    for path in ("api/models/square/batch", "api/jobs/0/events", "pages/square/live"):
        assert server.client.head(path).status_code == 405
    assert server.client.head("api/models/nowhere").status_code == 404


# ---------------------------------------------------------------- formats


@pytest.mark.parametrize(("name", "media_type"), FORMATS.items())
def test_a_format_is_named_by_the_query_or_accepted(
    server: Served, name: str, media_type: str
) -> None:
    by_query = server.run("table", format=name)
    url, accept = "api/models/table/run", media_type.partition(";")[0]
    by_header = server.client.get(url, headers={"Accept": accept})
    assert (by_query.status_code, by_query.headers["Content-Type"]) == (200, media_type)
    assert (by_header.status_code, by_header.headers["Content-Type"]) == (200, media_type)


@pytest.mark.parametrize("query", ["format=", "format=pdf", "format=csv&format=csv", "format"])
def test_a_format_that_there_is_not_is_refused_however_it_is_named(
    server: Served, query: str
) -> None:
    for method in ("GET", "POST"):
        answer = server.client.request(method, f"api/models/table/run?{query}")
        assert (answer.status_code, answer.headers["Content-Type"]) == (406, PROBLEM)
        assert "csv" in answer.json()["formats"]


def test_a_table_is_the_same_in_each_format(server: Served) -> None:
    def written(name: str) -> bytes:
        return server.run("table", rows=3, format=name).content

    want = pd.DataFrame({"a": range(3), "b": ["x"] * 3})
    csv = pd.read_csv(io.BytesIO(written("csv")), usecols=["a", "b"])
    arrow = pyarrow.ipc.open_stream(written("arrow")).read_pandas()
    parquet = pd.read_parquet(io.BytesIO(written("parquet")))
    for read in (csv, arrow, parquet):
        assert read.astype({"b": str}).to_dict("list") == want.to_dict("list")


@pytest.mark.parametrize(("name", "begin"), {"png": b"\x89PNG", "svg": b"<?xml"}.items())
def test_a_figure_is_a_picture(server: Served, name: str, begin: bytes) -> None:
    answer = server.run("picture", format=name)
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(begin)


def test_a_notebook_is_downloaded_under_its_name(server: Served) -> None:
    answer = server.run("square", format="ipynb")
    assert 'filename="square.ipynb"' in answer.headers["Content-Disposition"]
    assert answer.json()["nbformat"] == 4


@pytest.mark.parametrize(
    ("query", "accept"),
    [({"format": "csv"}, "*/*"), ({}, "text/csv"), ({"format": "docx"}, "*/*"), ({}, "video/mp4")],
)
def test_what_cannot_be_written_so_is_406_with_what_can(
    server: Served, query: dict[str, str], accept: str
) -> None:
    params = {"n": "3", **query}
    answer = server.client.get("api/models/square/run", params=params, headers={"Accept": accept})
    assert (answer.status_code, answer.headers["Content-Type"]) == (406, PROBLEM)
    assert "json" in answer.json()["formats"]


def test_a_notebooks_html_may_run_nothing_where_it_is_opened_by_itself(server: Served) -> None:
    policy = server.run("table", format="html").headers["Content-Security-Policy"]
    assert "sandbox;" in policy
    assert "allow-scripts" not in policy


# ---------------------------------------------------------------- the cache


def test_the_second_to_ask_the_same_gets_it_from_the_cache(server: Served) -> None:
    first, second = server.run("square", n=101), server.run("square", n=101)
    assert [one.headers["X-Cache"] for one in (first, second)] == ["miss", "hit"]
    assert [one.json()["cached"] for one in (first, second)] == [False, True]
    assert second.json()["duration_s"] == first.json()["duration_s"]


def test_a_query_and_a_body_that_say_the_same_are_one_question(server: Served) -> None:
    server.run("square", n=102)
    answer = server.client.post("api/models/square/run", json={"n": 102})
    assert answer.headers["X-Cache"] == "hit"


def test_who_has_the_value_is_told_that_it_is_still_so(server: Served) -> None:
    first = server.run("square", n=4)
    tag = first.headers["ETag"]
    assert tag == f'"{first.json()["key"]}"'
    again = server.client.get(
        "api/models/square/run", params={"n": 4}, headers={"If-None-Match": f'"x", W/{tag}'}
    )
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)


def test_another_value_or_format_has_another_tag(server: Served) -> None:
    asked: list[dict[str, Any]] = [{"n": 4}, {"n": 5}, {"n": 4, "format": "text"}]
    tags = [server.run("square", **one).headers["ETag"] for one in asked]
    assert len(set(tags)) == 3


def test_how_long_a_run_took_is_told_in_a_header(server: Served) -> None:
    answer = server.run("square", n=4)
    took_ms = answer.json()["duration_s"] * 1000
    assert answer.headers["Server-Timing"].endswith(f"run;dur={took_ms:.3f}")


# ---------------------------------------------------------------- what goes wrong


def test_a_name_that_is_not_there_is_404_with_what_was_perhaps_meant(server: Served) -> None:
    answer = server.run("sqare")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, PROBLEM)
    assert answer.json()["suggestions"][0] == "square"
    assert answer.json()["instance"] == "/api/models/sqare/run"


def test_every_wrong_parameter_is_told_at_once(server: Served) -> None:
    body = {"n": "7", "flag": 1, "names": "a", "day": "2020-02-30", "nn": 1}
    answer = server.client.post("api/models/echo/run", json=body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, PROBLEM)
    told = {one["parameter"]: one["detail"] for one in answer.json()["errors"]}
    assert told.keys() == body.keys()
    assert "n" in told["nn"]  # it says what was perhaps meant


def test_a_value_out_of_bounds_is_refused_before_anything_runs(server: Served) -> None:
    for n in ("101", "-1", "x", "", "1.5", "9" * 400):
        answer = server.run("echo", n=n)
        assert answer.status_code == 422, n
        assert [one["parameter"] for one in answer.json()["errors"]] == ["n"]


def test_a_notebook_that_fails_is_424_with_its_cell_and_line(server: Served) -> None:
    told = server.run("fails", n=3)
    assert (told.status_code, told.headers["Content-Type"]) == (424, PROBLEM)
    problem = told.json()
    assert (problem["ename"], problem["evalue"]) == ("ValueError", "n is 3")
    assert (problem["cell"], problem["cell_index"]) == (2, 1)
    assert (problem["line"], problem["source"].strip()) == (6, "inner()")
    assert "traceback" not in problem


def test_a_failure_is_not_remembered(server: Served) -> None:
    server.run("fails", n=3)
    assert server.run("fails", n=3).headers.get("X-Cache") != "hit"
    assert server.run("fails", n=2).json()["value"] == 2


def test_a_notebook_that_ends_its_process_is_424_and_the_next_runs(server: Served) -> None:
    assert server.run("exits").status_code == 424
    assert server.run("square", n=6).json()["value"] == 36


def test_a_traceback_is_told_where_details_are_asked_for(models: Path) -> None:
    with served(models / "fails.ipynb", debug=True) as server:
        problem = server.run("fails", n=5).json()
    assert any("ValueError" in line for line in problem["traceback"])


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_another_method_is_405_with_those_that_there_are(server: Served, method: str) -> None:
    answer = server.client.request(method, "api/models/square/run")
    assert (answer.status_code, answer.headers["Content-Type"]) == (405, PROBLEM)
    assert answer.headers["Allow"] == "GET, HEAD, POST"
    assert answer.json()["detail"].endswith("GET, HEAD, POST")


def test_a_body_that_is_no_json_by_its_own_words_is_415(server: Served) -> None:
    answer = server.client.post("api/models/square/run", data={"n": "3"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (415, PROBLEM)


# ---------------------------------------------------------------- runs that take their time


def test_who_prefers_not_to_wait_gets_a_job(server: Served, gate: Callable[[], Gate]) -> None:
    run = gate()
    answer = server.client.post(
        "api/models/gate/run", json=run.values, headers={"Prefer": "respond-async"}
    )
    assert (answer.status_code, answer.headers["Preference-Applied"]) == (202, "respond-async")
    assert answer.headers["Location"] == answer.json()["links"]["self"]
    assert answer.json()["state"] in ("queued", "running")
    run.await_begin()
    run.let_go()
    assert server.ended(answer.json()["id"])["state"] == "done"


def test_who_prefers_to_wait_for_so_long_gets_a_job_then(
    server: Served, gate: Callable[[], Gate]
) -> None:
    run = gate()
    answer = server.client.post(
        "api/models/gate/run", json=run.values, headers={"Prefer": "wait=0"}
    )
    assert answer.status_code == 202
    run.await_begin()
    run.let_go()
    server.ended(answer.json()["id"])
    value = server.client.get(answer.json()["links"]["result"])
    assert value.json()["value"] == 1


def test_a_run_that_takes_longer_than_callers_wait_goes_on_as_a_job(
    models: Path, gate: Callable[[], Gate]
) -> None:
    run = gate()
    with served(models / "gate.ipynb", limits=Limits(sync_timeout_s=0.05)) as server:
        answer = server.run("gate", **run.values)
        assert answer.status_code == 202
        run.await_begin()
        run.let_go()
        assert server.ended(answer.json()["id"])["state"] == "done"
        assert server.run("gate", **run.values).json()["value"] == 1


def test_who_prefers_not_to_wait_gets_a_job_also_of_what_the_cache_has(server: Served) -> None:
    server.run("square", n=9)
    answer = server.client.get(
        "api/models/square/run", params={"n": 9}, headers={"Prefer": "respond-async"}
    )
    assert answer.status_code == 202
    told = server.ended(answer.json()["id"])
    assert (told["state"], told["cached"]) == ("done", True)


def test_a_client_that_goes_away_stops_its_run(server: Served, gate: Callable[[], Gate]) -> None:
    run = gate()
    with sent(server, "gate", run.values):
        run.await_begin()
    run.await_end()
    assert server.run("square", n=8).json()["value"] == 64


def test_a_client_that_goes_away_is_no_failure_of_the_server(
    models: Path, gate: Callable[[], Gate]
) -> None:
    with served(models, workers=1) as server:
        run = gate()
        with sent(server, "gate", run.values):
            run.await_begin()
            with sent(server, "square", {"n": 41}):
                await_metric(server, "nbnodes_queue 1.0")
            await_metric(server, 'status="499"')
        assert 'status="5' not in server.client.get("/metrics").text


def test_a_condition_of_a_post_answers_no_304(server: Served) -> None:
    first = server.client.post("/api/models/square/run", json={"n": 7})
    headers = {"If-None-Match": first.headers["ETag"]}
    assert server.client.post("/api/models/square/run", json={"n": 7}, headers=headers).is_success


def sent(server: Served, name: str, values: dict[str, Any]) -> socket.socket:
    """Ask for a run, and do not wait for the answer."""
    body = json.dumps(values).encode()
    head = f"POST /api/models/{name}/run HTTP/1.1\r\nHost: {LOOPBACK}:{server.port}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    connection = socket.create_connection((LOOPBACK, server.port))
    connection.sendall(head.encode() + body)
    return connection


def await_metric(server: Served, text: str) -> None:
    ends_at = time.monotonic() + PATIENCE_S
    while text not in server.client.get("/metrics").text:
        assert time.monotonic() < ends_at, text


# ---------------------------------------------------------------- names that a query has for itself

NAMES = 'format: str = "a"\ntoken: str = "b"'


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server of models whose parameters have names that a query has for itself."""
    folder = tmp_path_factory.mktemp("taken")
    write_notebook(folder / "names.ipynb", (NAMES, "parameters"), ("format + token", "return"))
    write_notebook(folder / "needs.ipynb", ("token: str", "parameters"), ("token", "return"))
    with served(folder) as made:
        yield made


def test_a_parameter_whose_name_a_query_has_for_itself_is_given_by_post(taken: Served) -> None:
    given = {"format": "x", "token": "y"}
    answer = taken.client.post("api/models/names/run?format=json", json=given)
    assert answer.json()["value"] == "xy"
    assert taken.run("names", format="json").json()["value"] == "ab"


@pytest.mark.parametrize(
    ("query", "status"),
    [("names/run?format=x", 406), ("names/run?token=x", 422), ("needs/run", 422)],
)
def test_who_gives_it_by_get_is_told_so(taken: Served, query: str, status: int) -> None:
    answer = taken.client.get(f"api/models/{query}")
    assert answer.status_code == status
    assert "send it by POST" in answer.text


def test_a_pages_address_may_give_a_parameter_called_format(taken: Served) -> None:
    assert "from-address" in taken.client.get("pages/names?format=from-address").text
