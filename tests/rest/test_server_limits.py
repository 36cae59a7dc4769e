"""Too much, too large, too slow: refused with what to do, and the server goes on."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rest_models import Gate
from serving import LOOPBACK, PROBLEM, Served, raw, received, served

from nbnodes.rest.limits import Limits

LARGEST = 10_000
JSON = "Content-Type: application/json\r\n"


@pytest.fixture(scope="module")
def small(models: Path) -> Iterator[Served]:
    """A server that allows little, and has no patience."""
    limits = Limits(body_size_bytes=LARGEST, idle_s=0.3, body_s=0.3)
    with served(models / "square.ipynb", limits=limits) as made:
        yield made


def head(port: int, path: str, *lines: str) -> bytes:
    """Write the head of a request, without its end."""
    return "\r\n".join([f"POST {path} HTTP/1.1", f"Host: {LOOPBACK}:{port}", *lines, ""]).encode()


@pytest.mark.parametrize("size", [LARGEST + 1, 2 * LARGEST, 100 * LARGEST])
def test_a_body_that_says_it_is_too_large_is_413(small: Served, size: int) -> None:
    begin = head(small.port, "/api/models/square/run", f"Content-Length: {size}")
    body = b" " * (size if size < 4 * LARGEST else 1)
    assert b" 413 " in raw(small.port, begin + JSON.encode() + b"\r\n" + body)[:30]
    assert small.run("square", n=2).json()["value"] == 4


def test_a_body_of_the_size_that_is_allowed_is_taken(small: Served) -> None:
    body = json.dumps({"n": 2}).encode().ljust(LARGEST)
    headers = {"Content-Type": "application/json"}
    answer = small.client.post("api/models/square/run", content=body, headers=headers)
    assert answer.json()["value"] == 4


def test_the_client_is_told_before_it_is_cut_off(small: Served) -> None:
    answer = small.client.post("api/models/square/run", json={"n": "9" * 2 * LARGEST})
    assert (answer.status_code, answer.headers["Content-Type"]) == (413, PROBLEM)


@pytest.mark.parametrize("chunks", [12, 1_000_000])
def test_a_body_in_chunks_is_counted_as_it_comes(small: Served, chunks: int) -> None:
    begin = head(small.port, "/api/models/square/run", "Transfer-Encoding: chunked")
    with socket.create_connection((LOOPBACK, small.port), timeout=60) as connection:
        connection.sendall(begin + JSON.encode() + b"\r\n")
        try:
            for _ in range(chunks):
                connection.sendall(b"3e8\r\n" + b" " * 1000 + b"\r\n")
            connection.sendall(b"0\r\n\r\n")
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            assert chunks > 12  # it was cut off while it sent
        else:
            assert chunks == 12
            assert b" 413 " in connection.recv(30)
    assert small.run("square", n=2).json()["value"] == 4


def test_headers_that_come_slowly_are_not_waited_for(small: Served) -> None:
    with socket.create_connection((LOOPBACK, small.port), timeout=60) as connection:
        connection.sendall(b"GET /api/models HTTP/1.1\r\nHost: ")
        assert received(connection) == b""


def test_a_body_that_comes_slowly_is_not_waited_for(small: Served) -> None:
    begin = head(small.port, "/api/models/square/run", "Content-Length: 100") + JSON.encode()
    with socket.create_connection((LOOPBACK, small.port), timeout=60) as connection:
        connection.sendall(begin + b'\r\n{"n"')
        assert b" 200 " not in received(connection)


def test_many_that_say_nothing_keep_nobody_waiting(small: Served) -> None:
    idle = [socket.create_connection((LOOPBACK, small.port), timeout=60) for _ in range(100)]
    for connection in idle:
        connection.sendall(b"POST /api/models/square/run HTTP/1.1\r\n")
    assert small.run("square", n=2).json()["value"] == 4
    for connection in idle:
        received(connection)
        connection.close()


@pytest.mark.parametrize(
    "request_",
    [
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1, 2\r\n\r\n",
        (
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        ),
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET http://localhost/../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
    ids=lambda request: request[:24].hex(),
)
def test_what_is_no_http_ends_its_connection_alone(small: Served, request_: bytes) -> None:
    answer = raw(small.port, request_)
    assert b" 500 " not in answer[:30]
    assert b" 200 " not in answer[:30]
    assert small.client.get("healthz").json() == {"status": "ok"}


def test_too_many_runs_of_a_client_are_429_and_say_when_to_come_again(
    models: Path, gate: Callable[[], Gate]
) -> None:
    with served(models, limits=Limits(client_runs=1)) as server:
        run = gate()
        job = server.client.post("api/jobs", json={"model": "gate", "parameters": run.values})
        run.await_begin()
        answer = server.run("square", n=2)
        assert (answer.status_code, answer.headers["Content-Type"]) == (429, PROBLEM)
        assert int(answer.headers["Retry-After"]) >= 1
        run.let_go()
        server.ended(job.json()["id"])
        assert server.run("square", n=2).json()["value"] == 4


def test_too_many_runs_are_503_and_the_server_says_that_it_is_not_ready(
    models: Path, gate: Callable[[], Gate]
) -> None:
    with served(models, limits=Limits(waiting=1)) as server:
        assert server.client.get("readyz").json()["status"] == "ready"
        known = server.run("square", n=3).json()["value"]
        run = gate()
        job = server.client.post("api/jobs", json={"model": "gate", "parameters": run.values})
        run.await_begin()
        for answer in (server.run("square", n=2), server.client.get("readyz")):
            assert (answer.status_code, answer.headers["Content-Type"]) == (503, PROBLEM)
            assert int(answer.headers["Retry-After"]) >= 1
        assert server.client.get("healthz").status_code == 200
        assert server.run("square", n=3).json()["value"] == known  # the cache is asked all the same
        run.let_go()
        server.ended(job.json()["id"])
        assert server.run("square", n=2).json()["value"] == 4


def test_a_run_that_takes_longer_than_it_may_is_504(models: Path, gate: Callable[[], Gate]) -> None:
    run = gate()
    with served(models / "gate.ipynb", timeout_s=1.0) as server:
        answer = server.run("gate", **run.values)
        assert (answer.status_code, answer.headers["Content-Type"]) == (504, PROBLEM)


def test_a_value_too_large_for_json_is_406_with_other_formats(models: Path) -> None:
    with served(models / "table.ipynb", limits=Limits(elements=100)) as server:
        answer = server.run("table", rows=1000, format="json")
        assert answer.status_code == 406
        assert "parquet" in answer.json()["formats"]
        assert server.run("table", rows=1000, format="parquet").status_code == 200


def test_what_happened_is_counted_by_model_and_outcome(models: Path) -> None:
    with served(models) as server:
        for query in ({"n": 2}, {"n": 2}, {"n": 4}):
            server.run("square", **query)
        server.run("fails", n=1)
        text = server.client.get("metrics").text
    lines = [line for line in text.splitlines() if "square" in line or "fails" in line]
    for words in (("square", "success", " 2.0"), ("fails", "failure", " 1.0"), ("square", "hit")):
        assert any(all(word in line for word in words) for line in lines), words
    assert "token" not in text


def test_everything_stands_under_a_base_path_if_there_is_one(models: Path) -> None:
    with served(models, base_path="/a/b/") as server:
        assert server.run("square", n=2).json()["value"] == 4
        assert server.client.get("restified/square?n=3").json() == 9
        links = server.client.get("api/models/square").json()["links"]
        assert all(link.startswith("/a/b/") for link in links.values())
        assert server.client.get(f"http://{LOOPBACK}:{server.port}/api/models").status_code == 404


def test_the_base_path_without_its_slash_leads_to_the_gallery(models: Path) -> None:
    with served(models, base_path="/a/b/") as server:
        answer = server.client.get(f"http://{LOOPBACK}:{server.port}/a/b")
        assert (answer.status_code, answer.headers["Location"]) == (302, "/a/b/")
