"""Who may not come in gets nothing run; what comes in is data; nothing outside is read."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from notebooks import write_notebook
from rest_models import write_models
from serving import LOOPBACK, PROBLEM, Served, launched, raw, served
from websocket import WebSocketBadStatusException, create_connection

from nbnodes.rest.application import Guard
from nbnodes.rest.limits import Limits

TOKEN = "let-me-in"
FRIEND, STRANGER = "https://friend.example", "https://stranger.example"
OPEN = {"healthz", "readyz", "login", "assets/page.js"}
ROUTES: tuple[tuple[str, str], ...] = (
    ("GET", ""),
    ("GET", "api/models"),
    ("GET", "api/models/square"),
    ("GET", "api/models/square/run?n=2"),
    ("HEAD", "api/models/square/run?n=2"),
    ("POST", "api/models/square/run"),
    ("POST", "api/models/square/batch"),
    ("GET", "api/jobs"),
    ("POST", "api/jobs"),
    ("GET", "api/jobs/0"),
    ("DELETE", "api/jobs/0"),
    ("GET", "api/jobs/0/events"),
    ("GET", "api/jobs/0/result"),
    ("GET", "pages/square"),
    ("GET", "pages/square/live"),
    ("GET", "frames/0"),
    ("GET", "openapi.json"),
    ("GET", "docs"),
    ("GET", "metrics"),
    ("GET", "restified"),
    ("GET", "restified/square?n=2"),
    ("POST", "restified/square"),
    ("GET", "nowhere"),
)
WRONG = {
    "no token": {},
    "another token": {"Authorization": "Bearer let-me-out"},
    "no token behind its name": {"Authorization": "Bearer"},
    "a part of the token": {"Authorization": f"Bearer {TOKEN[:-1]}"},
    "more than the token": {"Authorization": f"Bearer {TOKEN} {TOKEN}"},
    "another way": {"Authorization": f"Basic {TOKEN}"},
    "a token beyond ASCII": {"Authorization": "Bearer l\xe9t-me-in".encode("latin-1")},
    "a cookie that nobody signed": {"Cookie": "nbnodes=in"},
}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that asks for a token, and lets pages of a friend ask."""
    folder = write_models(tmp_path_factory.mktemp("guarded"))
    guard = Guard(token=TOKEN, hosts=frozenset({"localhost"}), origins=frozenset({FRIEND}))
    with served(folder, guard=guard, limits=Limits(body_size_bytes=50_000)) as made:
        yield made


def asked(server: Served, method: str, path: str, **headers: Any) -> httpx.Response:
    """Ask without the token; nothing is followed."""
    with httpx.Client(base_url=server.url) as stranger:
        return stranger.request(method, path, headers=headers)


@pytest.fixture
def browser(guarded: Served) -> Iterator[httpx.Client]:
    """A browser that has logged in: it has a cookie."""
    with httpx.Client(base_url=guarded.url) as made:
        answer = made.post("login", data={"token": TOKEN})
        assert answer.status_code == 302
        yield made


# ---------------------------------------------------------------- who comes in


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=map(" ".join, ROUTES))
def test_nothing_is_answered_to_who_does_not_say_who_asks(
    guarded: Served, method: str, path: str
) -> None:
    answer = asked(guarded, method, path)
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == PROBLEM
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("headers", WRONG.values(), ids=WRONG)
def test_nothing_is_answered_to_who_says_it_wrongly(
    guarded: Served, headers: dict[str, Any]
) -> None:
    assert asked(guarded, "GET", "api/models/square/run?n=3", **headers).status_code == 401
    assert asked(guarded, "GET", "api/models?token=let-me-out", **headers).status_code == 401


@pytest.mark.parametrize("kind", ["Bearer", "bearer", "token", "Token"])
def test_who_has_the_token_comes_in(guarded: Served, kind: str) -> None:
    answer = asked(guarded, "GET", "api/models/square/run?n=3", Authorization=f"{kind} {TOKEN}")
    assert answer.json()["value"] == 9


def test_a_token_in_a_query_lets_a_program_in_and_is_no_parameter(guarded: Served) -> None:
    answer = asked(guarded, "GET", f"api/models/square/run?n=3&token={TOKEN}")
    assert answer.json()["value"] == 9


def test_a_page_takes_the_token_out_of_its_address(guarded: Served) -> None:
    answer = asked(guarded, "GET", f"pages/square?n=3&token={TOKEN}", Accept="text/html")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/pages/square?n=3")
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert TOKEN not in answer.headers["Set-Cookie"]


def test_a_page_without_a_token_goes_to_the_login(guarded: Served) -> None:
    answer = asked(guarded, "GET", "pages/square?n=3", Accept="text/html")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/login?next=%2Fpages%2Fsquare%3Fn%3D3"


@pytest.mark.parametrize("path", sorted(OPEN))
def test_some_pages_are_open_to_all(guarded: Served, path: str) -> None:
    assert asked(guarded, "GET", path).status_code == 200


def test_a_wrong_login_gives_no_cookie(guarded: Served) -> None:
    for given in ("", "let-me-out", TOKEN[:-1], "é", "\0", "x" * 10_000):
        with httpx.Client(base_url=guarded.url) as made:
            answer = made.post("login", data={"token": given})
            assert (answer.status_code, dict(made.cookies)) == (403, {})


@pytest.mark.parametrize(
    "place",
    [STRANGER, f"//{STRANGER[8:]}", f"/\\{STRANGER[8:]}", "javascript:alert(1)", "/%0d%0aX: 1"],
)
def test_a_login_leads_to_this_server_only(guarded: Served, place: str) -> None:
    with httpx.Client(base_url=guarded.url) as made:
        answer = made.post("login", params={"next": place}, data={"token": TOKEN})
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/")
    assert not answer.headers["Location"].startswith(("//", "/\\"))
    assert "X" not in answer.headers


# ---------------------------------------------------------------- other sites


def test_a_cookie_runs_nothing_by_post_without_the_token_against_forgery(
    browser: httpx.Client,
) -> None:
    assert browser.get("api/models/square/run?n=4").json()["value"] == 16
    posted = browser.post("api/models/square/run", json={"n": 4})
    assert (posted.status_code, posted.headers["Content-Type"]) == (403, PROBLEM)
    known = {"X-XSRFToken": browser.cookies["_xsrf"]}
    posted = browser.post("api/models/square/run", json={"n": 4}, headers=known)
    assert posted.json()["value"] == 16
    posted = browser.post("api/models/square/run", json={"n": 4}, headers={"X-XSRFToken": "2|x"})
    assert posted.status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_get_of_another_site_runs_nothing(browser: httpx.Client, site: str) -> None:
    for path in ("api/models/square/run?n=5", "restified/square?n=5"):
        answer = browser.get(path, headers={"Sec-Fetch-Site": site})
        assert (answer.status_code, answer.headers["Content-Type"]) == (403, PROBLEM)
        answer = browser.get(path, headers={"Origin": STRANGER})
        assert answer.status_code == 403


@pytest.mark.parametrize("origin", [STRANGER, "null", "http://127.0.0.1:1", "x", f"{FRIEND}.evil"])
def test_a_page_of_another_site_may_send_nothing(guarded: Served, origin: str) -> None:
    headers = {"Origin": origin}
    posted = guarded.client.post("api/models/square/run", json={"n": 5}, headers=headers)
    assert posted.status_code == 403
    assert "Access-Control-Allow-Origin" not in posted.headers
    assert guarded.client.delete("api/jobs/0", headers=headers).status_code == 403
    assert guarded.client.options("api/models/square/run", headers=headers).status_code == 403


def test_a_page_of_a_friend_may_ask(guarded: Served) -> None:
    headers = {"Origin": FRIEND, "Sec-Fetch-Site": "cross-site"}
    told = asked(guarded, "OPTIONS", "api/models/square/run", **headers)
    assert told.status_code == 204
    assert "POST" in told.headers["Access-Control-Allow-Methods"]
    assert "Authorization" in told.headers["Access-Control-Allow-Headers"]
    for answer in (
        told,
        guarded.client.get("api/models/square/run?n=5", headers=headers),
        guarded.client.post("api/models/square/run", json={"n": 5}, headers=headers),
    ):
        assert answer.status_code < 300
        assert answer.headers["Access-Control-Allow-Origin"] == FRIEND
        assert "Origin" in ", ".join(answer.headers.get_list("Vary"))
        assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_friend_must_know_the_token_all_the_same(guarded: Served) -> None:
    answer = asked(guarded, "GET", "api/models/square/run?n=5", Origin=FRIEND)
    assert answer.status_code == 401


@pytest.mark.parametrize("origin", [STRANGER, "null"])
def test_a_socket_is_opened_for_no_page_of_another_site(guarded: Served, origin: str) -> None:
    url = f"ws://{LOOPBACK}:{guarded.port}/pages/square/live"
    headers = [f"Authorization: Bearer {TOKEN}"]
    with pytest.raises(WebSocketBadStatusException, match="403"):
        create_connection(url, origin=origin, header=headers, timeout=20)
    create_connection(url, header=headers, timeout=20).close()


def test_a_socket_is_opened_for_nobody_without_the_token(guarded: Served) -> None:
    url = f"ws://{LOOPBACK}:{guarded.port}/pages/square/live"
    with pytest.raises(WebSocketBadStatusException, match="401"):
        create_connection(url, timeout=20)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "localhost.evil.example", ""])
def test_another_name_that_points_here_is_refused(guarded: Served, host: str) -> None:
    for path in ("healthz", "api/models", "login"):
        assert guarded.client.get(path, headers={"Host": host}).status_code in (400, 403)


def test_a_name_that_a_proxy_passes_on_can_be_allowed(models: Path, tmp_path: Path) -> None:
    words = ("--allow-host", "nb.example.org", "--allow-host", "Other.example")
    with launched(models / "square.ipynb", *words, cache=tmp_path) as server:
        hosts = ("nb.example.org", "other.example:80", "evil.example")
        found = [server.client.get("healthz", headers={"Host": host}) for host in hosts]
    assert [one.status_code for one in found] == [200, 200, 403]
    assert "--allow-host evil.example" in found[2].json()["detail"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:80", "[::1]:8800"])
def test_this_machines_own_names_are_not(guarded: Served, host: str) -> None:
    assert guarded.client.get("api/models", headers={"Host": host}).status_code == 200


# ---------------------------------------------------------------- paths


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A folder with a way out of it: links to a notebook, a folder and a file outside."""
    folder, outside = tmp_path_factory.mktemp("inside"), tmp_path_factory.mktemp("outside")
    write_notebook(outside / "secret.ipynb", ("'the secret'", "return"))
    (outside / "secret.txt").write_text("the secret")
    write_notebook(folder / "inside.ipynb", ("1", "return"))
    (folder / ".hidden.ipynb").write_bytes((outside / "secret.ipynb").read_bytes())
    (folder / "link.ipynb").symlink_to(outside / "secret.ipynb")
    (folder / "linked").symlink_to(outside, target_is_directory=True)
    with served(folder) as made:
        yield made


OUTSIDE = (
    "../outside/secret",
    "..%2foutside0%2fsecret",
    "%2e%2e/outside0/secret",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "..%252f..%252fetc%252fpasswd",
    "....//....//etc/passwd",
    "..%5c..%5cetc%5cpasswd",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "linked/secret",
    "linked/secret.ipynb",
    "link",
    "link.ipynb",
    ".hidden",
    ".hidden.ipynb",
    "inside.ipynb%00",
    "inside.ipynb/../../outside0/secret.ipynb",
    "~/secret",
    "file:%2f%2f%2fetc%2fpasswd",
    "%c0%ae%c0%ae%2fsecret",
    "x" * 20_000,
)


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda path: path[:30])
def test_no_path_leads_out_of_the_folder(linked: Served, path: str) -> None:
    for before, after in (
        ("api/models/", "/run"),
        ("api/models/", ""),
        ("restified/", ""),
        ("pages/", ""),
        ("assets/", ""),
        ("frames/", ""),
        ("", ""),
    ):
        head = (
            f"GET /{before}{path}{after} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        answer = raw(linked.port, head.encode())
        assert answer.split(b" ")[1] in (b"404", b"400", b"403"), (before, answer[:300])
        assert b"the secret" not in answer
        assert b"root:" not in answer


def test_what_links_lead_out_to_is_told_to_be_left_out(linked: Served) -> None:
    told = linked.client.get("api/models").json()
    assert [one["name"] for one in told["models"]] == ["inside"]
    assert any("link.ipynb" in problem for problem in told["problems"])


# ---------------------------------------------------------------- what comes in


INJECTIONS = (
    "__import__('os').system('touch {place}')",
    '"; __import__("os").system("touch {place}"); "',
    "'''\n__import__('os').system('touch {place}')\n'''",
    '"""\nopen("{place}", "w")\n"""',
    "\\'; open('{place}', 'w') #",
    "{{place}} ${{place}} `touch {place}` $(touch {place})",
    "%s %(word)s {{0.__class__}} \x00 \u2028 \x1b[2J \ud83d\ude00".encode(
        "utf-16", "surrogatepass"
    ).decode("utf-16"),
    "!touch {place}\n%system touch {place}",
    "<script>alert(1)</script>",
)


@pytest.mark.parametrize("text", INJECTIONS, ids=lambda text: text[:12].encode().hex())
def test_a_value_is_never_source_text(server: Served, tmp_path: Path, text: str) -> None:
    place = tmp_path / "made"
    given = text.replace("{place}", str(place))
    posted = server.client.post("api/models/says/run", json={"word": given})
    assert posted.json()["value"] == given
    assert server.run("says", word=given).json()["value"] == given
    for path in ("api/models/square/run", "api/models/echo/run", "restified/square"):
        assert server.client.get(path, params={"n": given}).status_code == 422
        assert server.client.get(path, params={given: 1}).status_code == 422
        assert server.client.post(path, json={"n": given}).status_code == 422
        assert server.client.post(path, json={given: 1}).status_code == 422
    assert not place.exists()


def test_a_page_shows_a_value_as_text(server: Served) -> None:
    text = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
    server.run("says", word=text)
    page = server.client.get("pages/says", params={"word": text})
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text


def malformed() -> Iterator[bytes]:
    """Make bodies that are no JSON, or nothing that a notebook takes."""
    yield from (
        b"{",
        b"[",
        b'{"n"',
        b'{"n":',
        b'{"n": 1',
        b'{"n": 1}}',
        b'{"n": 01}',
        b'{"n": 1,}',
        b"{'n': 1}",
        b'{"n": NaN}',
        b'{"n": Infinity}',
        b'{"n": 1e999}',
        b'{"n": -1e999}',
        b'{"n": ' + b"9" * 5000 + b"}",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b'{"n": "\xff"}',
        b'{"n": "\\ud800"}',
        b"\x00",
        b"null",
        b"true",
        b"1",
        b'"x"',
        b"[]",
        b"[" * 20_000,
        b'{"n":' * 5_000,
        b'{"n": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
        b"n=1",
        b"<xml/>",
        b"---\nn: 1",
    )
    chance = random.Random(6)
    for _ in range(70):
        whole = bytearray(b'{"n": 7, "word": "a\\u00e9", "names": ["a", "b"]}')
        for _ in range(chance.randint(1, 6)):
            whole[chance.randrange(len(whole))] = chance.randrange(256)
        yield bytes(whole)


def test_a_hundred_malformed_bodies_are_refused_and_nothing_fails(server: Served) -> None:
    bodies = [*malformed()]
    assert len(bodies) >= 100
    headers = {"Content-Type": "application/json"}
    paths = ("api/models/echo/run", "api/models/echo/batch", "api/jobs", "restified/echo")

    def statuses(body: bytes) -> list[tuple[int, str, bytes]]:
        got = [server.client.post(path, content=body, headers=headers) for path in paths]
        return [(one.status_code, one.headers["Content-Type"], body[:80]) for one in got]

    with ThreadPoolExecutor(8) as pool:
        told = [one for found in pool.map(statuses, bodies) for one in found]
    odd = [one for one in told if one[0] not in (200, 202, 400, 422)]
    assert odd == []
    assert {kind for status, kind, _ in told if status >= 400} == {PROBLEM}
    assert sum(status == 400 for status, _, _ in told) > 100
    assert server.run("square", n=3).json()["value"] == 9


@pytest.mark.parametrize(
    "text", ["a\r\nX-Evil: 1", "a\nSet-Cookie: x=1", "\r\n\r\n<html>", "a%0d%0aX-Evil:%201"]
)
def test_nothing_that_is_given_becomes_a_header(server: Served, text: str) -> None:
    for answer in (
        server.run("says", word=text),
        server.client.get("api/models/square/run", params={"format": text}),
        server.client.get(f"api/models/{quote(text)}/run"),
        server.client.get(f"api/jobs/{quote(text, safe='')}"),
        server.client.get("login", params={"next": text}),
    ):
        assert "X-Evil" not in answer.headers
        assert "Set-Cookie" not in answer.headers
        assert answer.status_code in (200, 404, 406)


def test_a_huge_query_is_refused(server: Served) -> None:
    many = "&".join(f"p{i}=1" for i in range(1500))
    assert server.client.get(f"api/models/square/run?{many}").status_code == 400
    assert server.client.get(f"api/models/square/run?n={'9' * 40_000}").status_code == 422
    head = f"GET /api/models?{'x' * 100_000} HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert b" 200 " not in raw(server.port, head.encode())[:20]
    bad = server.client.get("api/models/square/run?n=%ff")
    assert (bad.status_code, bad.headers["Content-Type"]) == (400, PROBLEM)


def test_nothing_of_this_machine_is_told_to_who_asks_for_nonsense(server: Served) -> None:
    here = str(Path(__file__).parents[2])
    for path in ("api/models/fails/run?n=1", "api/models/x/run", "api/models/echo/run?n=x", "y"):
        answer = server.client.get(path)
        assert "Traceback" not in answer.text
        assert here not in answer.text
        assert "Server" not in answer.headers
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_there_is_no_kernel_and_no_contents_to_ask_for(server: Served) -> None:
    for path in ("api/kernels", "api/contents", "api/sessions", "terminals", "files/square.ipynb"):
        assert server.client.get(path).status_code == 404
        assert server.client.post(path, json={}).status_code in (404, 405)


def test_the_token_may_stand_in_the_environment(models: Path, tmp_path: Path) -> None:
    model = models / "square.ipynb"
    with launched(model, cache=tmp_path, token=None, NBNODES_TOKEN="sesame") as server:
        assert server.client.get("/api/models").status_code == 401
        given = {"Authorization": "Bearer sesame"}
        assert server.client.get("/api/models", headers=given).is_success
