"""`nbnodes dashboard`: Voila serves view notebooks, and what is wrong is told before it starts."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

import psutil
import pytest
from commandline import NBNODES, nbnodes, run_process
from notebooks import write_notebook

from nbnodes.cli.dashboard import cache_here, token_for, url_of
from nbnodes.cli.listening import MADE_UP

ASKED = "from nbnodes.views.query import url_values\nprint('asked', sorted(url_values().items()))"
OTHER_HOST = r"""(?:src|href|import)[=(]\s*["'](?:https?:)?//"""
TOKEN = "secret"
WITHOUT_VOILA = """\
import sys
found = sys.meta_path[:]
class Without:
    def find_spec(name, path=None, target=None):
        specs = (one.find_spec(name, path, target) for one in found if name != "voila")
        return next(filter(None, specs), None)
sys.meta_path[:] = [Without]
from nbnodes.cli.main import main
sys.exit(main(["dashboard", "view.ipynb"]))
"""


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """One that runs."""

    url: str
    process: subprocess.Popen[str]

    def page(self, path: str = "", query: str = "") -> str:
        """Fetch a page."""
        parts = urlsplit(self.url)
        address = f"http://{parts.netloc}/{path}?{parts.query}&{query}"
        with urllib.request.urlopen(address, timeout=60) as answer:
            found: str = answer.read().decode()
            return found


Start: TypeAlias = Callable[..., Dashboard]


@pytest.fixture
def start() -> Iterator[Start]:
    """Serve on a port that is free, and wait until pages are answered."""
    processes = []

    def started(*words: str, **environment: str) -> Dashboard:
        dashboard = _started(words, os.environ | environment)
        processes.append(dashboard.process)
        return dashboard

    yield started
    for process in processes:
        process.terminate()
        process.communicate(timeout=60)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """Serve a folder to those who know a token."""
    place = tmp_path_factory.mktemp("served")
    write_notebook(place / "view.ipynb", ASKED, "1 / 0")
    dashboard = _started([str(place), f"--token={TOKEN}"], os.environ)
    yield dashboard
    dashboard.process.terminate()
    dashboard.process.communicate(timeout=60)


@pytest.fixture
def view() -> Path:
    """Make a notebook that prints what its page was asked for."""
    return write_notebook("view.ipynb", ASKED, "1 / 0")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["missing.ipynb"], "missing.ipynb: there is no such notebook or folder"),
        (["notes.txt"], "notes.txt: Voila shows notebooks (.ipynb) and folders of them"),
        (["broken.ipynb"], "broken.ipynb cannot be read as a notebook"),
        (["view.ipynb", "--host", "192.0.2.1"], "192.0.2.1:8866: Cannot assign"),
        (["view.ipynb", "--host", "nowhere.invalid"], "nowhere.invalid:8866: "),
        (["view.ipynb", "--preheat", "-1"], "--preheat"),
    ],
)
@pytest.mark.usefixtures("view")
def test_what_cannot_be_served_is_told(words: list[str], told: str) -> None:
    Path("notes.txt").touch()
    Path("broken.ipynb").write_text("{")
    ended = nbnodes("dashboard", *words)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err


def test_a_port_that_is_taken_is_told(view: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = nbnodes("dashboard", str(view), "--port", str(port))
    assert ended.code == 2
    assert f"127.0.0.1:{port}: Address already in use; name another --port" in ended.err


@pytest.mark.usefixtures("view")
def test_without_voila_it_says_what_to_install() -> None:
    ended = run_process(sys.executable, "-c", WITHOUT_VOILA)
    assert ended.code == 2
    assert "pip install 'nbnodes[voila]'" in ended.err


def test_a_page_has_its_values_and_shows_errors_and_needs_no_other_host(folder: Dashboard) -> None:
    page = folder.page("voila/render/view.ipynb", "n=7&kind=a%20b&kind=c&empty=&theme=dark")
    assert "asked [('empty', ''), ('kind', ['a b', 'c']), ('n', '7')]" in _text(page)
    assert "ZeroDivisionError" in page
    assert re.findall(OTHER_HOST, page) == []


def test_a_folder_is_a_list_of_its_notebooks(folder: Dashboard) -> None:
    assert re.findall(OTHER_HOST, folder.page()) == []
    names = [entry["name"] for entry in json.loads(folder.page("voila/api/contents"))["content"]]
    assert names == ["view.ipynb"]


@pytest.mark.parametrize("query", ["", "?token=other"])
def test_who_does_not_know_the_token_is_sent_away(folder: Dashboard, query: str) -> None:
    parts = urlsplit(folder.url)
    assert parts.query == f"token={TOKEN}"
    with urllib.request.urlopen(f"http://{parts.netloc}/{query}", timeout=60) as answer:
        assert urlsplit(answer.url).path == "/login"


def test_a_preheated_kernel_has_begun_and_waits_for_its_page(start: Start) -> None:
    os.mkfifo("begun")
    first = "import os\nopen('begun', 'w').write(os.environ['VOILA_PREHEAT'])"
    path = write_notebook("view.ipynb", first, ASKED, ASKED)
    dashboard = start(str(path), "--preheat=1")
    assert Path("begun").read_text() == "True"
    assert _text(dashboard.page(query="n=7")).count("asked [('n', '7')]") == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_and_no_kernel_is_left(
    start: Start, view: Path, number: signal.Signals
) -> None:
    dashboard = start(str(view), f"--preheat={2 if number == signal.SIGINT else 0}")
    dashboard.page()
    family = psutil.Process(dashboard.process.pid).children(recursive=True)
    assert family
    dashboard.process.send_signal(number)
    _, err = dashboard.process.communicate(timeout=60)
    assert (dashboard.process.returncode, err) == (0, "")
    assert psutil.wait_procs(family, timeout=10)[1] == []


def test_a_file_of_the_users_says_otherwise(start: Start, view: Path) -> None:
    Path("voila.json").write_text('{"VoilaConfiguration": {"show_tracebacks": false}}')
    assert "ZeroDivisionError" not in start(str(view)).page()


def test_pages_share_the_cache_and_it_opens_in_a_browser(
    start: Start, doubling: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBNODES_CACHE", "here")  # seen from here, not from a notebook's folder
    Path("views").mkdir()
    ask = "import nbnodes as nb\nprint('cached', nb.Model('../double.ipynb').run(n=4).cached)"
    view = write_notebook("views/view.ipynb", ask)
    browser = Path("browser")
    browser.write_text('#!/bin/sh\necho "$1" >opened\n')
    browser.chmod(0o700)
    os.mkfifo("opened")
    assert nbnodes("run", str(doubling), "-p", "n", "4").out == "8\n"
    dashboard = start(str(view), "--open", BROWSER=f"{browser.absolute()} %s")
    assert Path("opened").read_text() == f"{dashboard.url}\n"
    assert "cached True" in dashboard.page()


@pytest.mark.parametrize(
    ("variable", "setting", "expected"),
    [
        (None, None, ""),
        (None, "kept", "project/kept"),
        ("here", "kept", "project/inside/here"),
        ("~/here", None, "~/here"),
        ("off", "kept", "off"),
        (":memory:", "kept", ":memory:"),
    ],
)
def test_kernels_are_told_the_cache_that_holds_where_it_starts(
    monkeypatch: pytest.MonkeyPatch, variable: str | None, setting: str | None, expected: str
) -> None:
    inside = Path("project/inside").absolute()
    inside.mkdir(parents=True)
    if setting:
        settings = f'[tool.nbnodes]\ncache = "{setting}"\n'
        (inside.parent / "pyproject.toml").write_text(settings)
    monkeypatch.delenv("NBNODES_CACHE")
    if variable:
        monkeypatch.setenv("NBNODES_CACHE", variable)
    place = Path.cwd()
    monkeypatch.chdir(inside)
    is_place = expected.startswith("project")
    assert cache_here() == (str(place / expected) if is_place else os.path.expanduser(expected))


@pytest.mark.parametrize(
    ("host", "given", "expected"),
    [
        ("127.0.0.1", None, ""),
        ("::1", None, ""),
        ("localhost", None, ""),
        ("127.0.0.1", "word", "word"),
        ("0.0.0.0", "word", "word"),
        ("0.0.0.0", "", ""),
    ],
)
def test_a_server_that_only_this_machine_reaches_needs_no_token(
    host: str, given: str | None, expected: str
) -> None:
    assert token_for(host, given) == expected


@pytest.mark.parametrize(
    ("host", "given"), [("0.0.0.0", None), ("example.org", None), ("127.0.0.1", MADE_UP)]
)
def test_a_token_is_made_up_where_others_reach_it_or_when_asked_for(
    host: str, given: str | None
) -> None:
    assert len(token_for(host, given)) > 20
    assert token_for(host, given) != token_for(host, given)


@pytest.mark.parametrize(
    ("host", "token", "expected"),
    [
        ("127.0.0.1", "", "http://127.0.0.1:80/"),
        ("127.0.0.1", "a&b", "http://127.0.0.1:80/?token=a%26b"),
        ("::1", "", "http://[::1]:80/"),
        ("0.0.0.0", "", f"http://{socket.gethostname()}:80/"),
    ],
)
def test_the_address_is_one_to_open(host: str, token: str, expected: str) -> None:
    assert url_of(host, 80, token) == expected


def _started(words: Sequence[str], environment: Mapping[str, str]) -> Dashboard:
    process = subprocess.Popen(
        [*NBNODES, "dashboard", *words, "--port=0"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert " is served at http://" in line, process.communicate()
    return Dashboard(url=line.split()[-1], process=process)


def _text(page: str) -> str:
    """Return a page as it reads: Voila writes quotes in two ways."""
    return page.replace("\\u0027", "'").replace("&#39;", "'").replace("&#x27;", "'")
