"""Nobody comes in whom Jupyter does not let in, and nothing runs for a page of another site."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from jupyters import TOKEN, Jupyter, jupyter
from memory_contents import DENIED
from notebooks import write_notebook
from serving import PATIENCE_S
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

RUN = "nbnodes/api/models/square.ipynb/run"
PATHS = ("nbnodes/", "nbnodes/api/models", RUN, "nbnodes/pages/square", "nbnodes/openapi.json")
MORE = ("nbnodes/metrics", "nbnodes/healthz", "nbnodes/assets/page.js", "nbnodes/none", "restified")
EVIL = {"Origin": "http://evil.example"}


@pytest.mark.parametrize("path", [*PATHS, *MORE])
@pytest.mark.parametrize("headers", [{}, {"Authorization": "token wrong"}])
def test_who_shows_no_token_is_told_so_in_json(
    server: Jupyter, path: str, headers: dict[str, str]
) -> None:
    found = httpx.get(server.url + path, headers=headers)
    assert (found.status_code, found.json()["status"]) == (401, 401)


@pytest.mark.parametrize("path", ["nbnodes/", "nbnodes/pages/square", "nbnodes/docs"])
def test_a_page_sends_who_is_nobody_to_the_login(server: Jupyter, path: str) -> None:
    found = httpx.get(server.url + path, headers={"Accept": "text/html"})
    assert found.status_code == 302
    assert found.headers["Location"].startswith("/user/ann.b/login?next=%2Fuser%2Fann.b%2Fnbnodes")


def test_who_is_nobody_can_post_nothing(server: Jupyter) -> None:
    found = httpx.post(server.url + RUN, json={"n": 2})
    assert found.status_code == 401


def test_the_token_lets_in_by_header_and_by_query(server: Jupyter) -> None:
    assert server.client.post(RUN, json={"n": 2}).json()["value"] == 4
    assert httpx.get(server.url + RUN, params={"n": 2, "token": TOKEN}).json()["value"] == 4


def test_a_page_posts_with_its_xsrf_token_and_not_without(server: Jupyter) -> None:
    with server.page() as page:
        assert page.post(RUN, json={"n": 3}).status_code == 403
        headers = {"X-XSRFToken": page.cookies["_xsrf"]}
        assert page.post(RUN, json={"n": 3}, headers=headers).json()["value"] == 9
        assert page.post(RUN, json={"n": 3}, headers=headers | EVIL).status_code == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Referer": "{url}nbnodes/"}, 200),
        ({"Referer": "http://evil.example/"}, 403),
        ({}, 403),
        (EVIL, 403),
        ({"Sec-Fetch-Site": "cross-site"} | EVIL, 403),
    ],
)
@pytest.mark.parametrize("path", [RUN, "restified/square.ipynb"])
def test_a_cookie_runs_something_for_this_site_only(
    server: Jupyter, path: str, headers: dict[str, str], status: int
) -> None:
    given = {name: text.format(url=server.url) for name, text in headers.items()}
    with server.page() as page:
        assert page.get(path, params={"n": 3}, headers=given).status_code == status


def test_another_host_is_refused(server: Jupyter) -> None:
    found = server.client.get(RUN, headers={"Host": "evil.example"})
    assert (found.status_code, found.json()["title"]) == (403, "Another host")


@pytest.mark.parametrize(
    ("denied", "method", "path", "status"),
    [
        ("execute nbnodes", "GET", RUN, 403),
        ("execute nbnodes", "POST", RUN, 403),
        ("execute nbnodes", "POST", "nbnodes/api/models/square/batch", 403),
        ("execute nbnodes", "POST", "nbnodes/api/jobs", 403),
        ("execute nbnodes", "DELETE", "nbnodes/api/jobs/none", 403),
        ("execute nbnodes", "GET", "restified/square.ipynb", 403),
        ("execute nbnodes", "GET", "nbnodes/api/models/square", 200),
        ("execute nbnodes", "GET", "nbnodes/pages/square", 200),
        ("read nbnodes", "GET", "nbnodes/api/models/square", 403),
        ("read nbnodes", "GET", "nbnodes/", 403),
        ("read contents", "GET", "nbnodes/api/models/square", 403),
        ("read contents", "GET", "nbnodes/pages/square", 403),
        ("read contents", "GET", "nbnodes/api/models", 403),
        ("read contents", "GET", RUN, 403),
        ("read contents", "GET", "nbnodes/api/jobs", 403),
    ],
)
def test_the_authorizer_decides(
    server: Jupyter, denied: str, method: str, path: str, status: int
) -> None:
    found = server.client.request(method, path, headers={DENIED: denied})
    assert found.status_code == status


def test_a_body_that_is_too_large_is_refused_after_the_door(server: Jupyter) -> None:
    body, headers = b" " * 10_000_001, {"Content-Type": "application/json"}
    assert server.client.post(RUN, content=body, headers=headers).status_code == 413
    assert httpx.post(server.url + RUN, content=body, headers=headers).status_code == 401


def test_preflights_are_answered(server: Jupyter) -> None:
    found = httpx.options(server.url + RUN)
    assert (found.status_code, found.headers["Allow"]) == (204, "GET, HEAD, POST, OPTIONS")


# ------------------------------------------------------------ sockets


def asked(server: Jupyter, page: httpx.Client | None, **headers: str) -> HTTPRequest:
    url = f"{server.url.replace('http', 'ws', 1)}nbnodes/pages/square/live"
    cookies = "; ".join(f"{one.name}={one.value}" for one in page.cookies.jar) if page else ""
    return HTTPRequest(url, headers=headers | ({"Cookie": cookies} if cookies else {}))


async def shown(connection: Any, words: str) -> None:
    """Read until a card shows something."""
    while True:
        message = json.loads(await asyncio.wait_for(connection.read_message(), PATIENCE_S))
        if message["type"] == "show" and words in json.dumps(message):
            return


@pytest.mark.parametrize("is_in", [True, False])
def test_a_socket_is_opened_by_pages_of_this_site_only(server: Jupyter, is_in: bool) -> None:
    async def open_it() -> None:
        with server.page() as page:
            origin = EVIL if is_in else {}
            with pytest.raises(HTTPClientError) as caught:
                await websocket_connect(asked(server, page if is_in else None, **origin))
            assert caught.value.code == (403 if is_in else 401)

    asyncio.run(open_it())


def test_an_open_page_shows_what_is_set_and_follows_a_notebook_that_is_saved(
    server: Jupyter,
) -> None:
    async def visit() -> None:
        with server.page() as page:
            own = server.url.partition("/user")[0]
            connection = await websocket_connect(asked(server, page, Origin=own))
            hello = {"type": "hello", "values": {"n": 9}, "shown": {}}
            await connection.write_message(json.dumps(hello))
            await shown(connection, "81")
            cells = ("n: int = 3", "parameters"), ("n * n * 1000", "return")
            write_notebook(server.root / "square.ipynb", *cells)
            await shown(connection, "81000")
            connection.close()

    before = (server.root / "square.ipynb").read_text()
    try:
        asyncio.run(visit())
    finally:
        (server.root / "square.ipynb").write_text(before)


# ------------------------------------------------------------ the end


def test_a_server_that_ends_leaves_no_process(tmp_path: Any) -> None:
    import psutil

    (tmp_path / "root").mkdir()
    (tmp_path / "own").mkdir()
    write_notebook(tmp_path / "root/one.ipynb", "1 + 1")
    write_notebook(tmp_path / "root/two.ipynb", ("2", "return"))
    with jupyter(tmp_path / "root", tmp_path / "own") as server:
        assert server.client.get("restified/two.ipynb").json() == 2
        children = psutil.Process(server.process.pid).children(recursive=True)
        assert children
    assert server.process.returncode == 0
    gone, alive = psutil.wait_procs(children, timeout=PATIENCE_S)
    assert (len(gone), alive) == (len(children), [])
