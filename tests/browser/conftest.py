"""The rooms: one Chromium, one JupyterLab, one Voila; each test has pages of its own in them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from screens import CHROMIUM, WORDS, Lab, Voila
from served_screens import ServedPages, write_oddities
from servers import Server, start_lab, start_voila
from serving import MODELS, Served, served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Chromium.

    For a module, not for all: while Playwright is there its event loop counts as running, and no
    other test could call `asyncio.run`.
    """
    if not os.path.exists(CHROMIUM):
        pytest.fail(f"tests in a browser need {CHROMIUM}: scripts/browser installs it", False)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=WORDS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = start_lab(tmp_path_factory.mktemp("lab"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def voila_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = start_voila(tmp_path_factory.mktemp("voila"))
    yield server
    server.stop()


@pytest.fixture
def lab(browser: Browser, lab_server: Server) -> Iterator[Lab]:
    """JupyterLab; the test fails if anything goes wrong on its pages."""
    screen = Lab(browser, lab_server)
    yield screen
    screen.close()


@pytest.fixture
def voila(browser: Browser, voila_server: Server) -> Iterator[Voila]:
    """Voila; the test fails if anything goes wrong on its pages."""
    screen = Voila(browser, voila_server)
    yield screen
    screen.close()


@pytest.fixture(params=["lab", "voila"])
def screen(request: pytest.FixtureRequest) -> Lab | Voila:
    """JupyterLab, then Voila: what a view notebook does is the same in both."""
    found: Lab | Voila = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def examples_server() -> Iterator[Served]:
    with served(MODELS) as server:
        yield server


@pytest.fixture(scope="session")
def oddities(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of notebooks that show, do and refuse all sorts of things."""
    return write_oddities(tmp_path_factory.mktemp("oddities"))


@pytest.fixture(scope="session")
def odd_server(oddities: Path) -> Iterator[Served]:
    with served(oddities) as server:
        yield server


@pytest.fixture
def examples(browser: Browser, examples_server: Served) -> Iterator[ServedPages]:
    """Pages of the example models; the test fails if anything goes wrong on them."""
    pages = ServedPages(browser, examples_server)
    yield pages
    pages.close()


@pytest.fixture
def odd(browser: Browser, odd_server: Served) -> Iterator[ServedPages]:
    """Pages of the oddities; the test fails if anything goes wrong on them."""
    pages = ServedPages(browser, odd_server)
    yield pages
    pages.close()
