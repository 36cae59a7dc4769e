"""Servers that end and come back, notebooks that are saved: open pages go on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from notebooks import write_notebook
from playwright.sync_api import Browser, Page, expect
from screens import PATIENCE_MS
from served_screens import ServedPages, body, card, field, noted, wait_query, wait_state, wait_value
from serving import launched, served

_NOTED = "_ = open('runs.txt', 'a').write('{name}\\n')"
_CUT = ("ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "WebSocket connection to")
_LOADS = 50


def write_chain(folder: Path, *, factor: int = 10) -> None:
    """Write two notebooks of which one feeds the other, and one that stands alone."""
    write(folder, "first", "n: int = 1  # 0..9", f"{factor} * n")
    write(folder, "second", "first = 0\nmore: int = 5  # 0..9", "first + more")
    write(folder, "alone", "m: int = 7  # 0..9", "m")


def write(folder: Path, name: str, parameters: str, value: str) -> None:
    """Write a notebook that notes each of its runs."""
    noting = _NOTED.format(name=name)
    place = folder / f"{name}.ipynb"
    write_notebook(place, (parameters, "parameters"), noting, (value, "return"))


def wait_fresh(page: Page) -> None:
    """Wait until all three cards are fresh."""
    fresh = page.locator('[data-card][data-state="fresh"]')
    expect(fresh).to_have_count(3, timeout=PATIENCE_MS)


def test_a_page_outlives_a_restart_of_its_server(browser: Browser, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    write_chain(folder)
    with launched(folder, cache=tmp_path / "cache") as server:
        pages = ServedPages(browser, server)
        page = pages.open("pages/models")
        field(page, "n").fill("3")
        wait_value(page, "second", "35")
        server.kill()
        expect(page.locator("#nb-status")).to_contain_text("Not connected", timeout=PATIENCE_MS)
        expect(body(page, "second")).to_have_text("35")
        field(page, "more").fill("6")
    ran = noted(folder)
    with launched(folder, cache=tmp_path / "cache", port=server.port):
        expect(page.locator("#nb-status")).to_be_empty(timeout=PATIENCE_MS)
        wait_value(page, "second", "36")
        expect(field(page, "n")).to_have_value("3")
        wait_query(page, "more=6&n=3")
        assert noted(folder)[len(ran) :] == ["second"]
        pages.problems[:] = [one for one in pages.problems if not any(cut in one for cut in _CUT)]
        pages.close()


def test_a_page_whose_server_has_another_token_leads_to_the_login(
    browser: Browser, tmp_path: Path
) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    write(folder, "alone", "m: int = 7  # 0..9", "m")
    with launched(folder, cache=tmp_path / "cache", token="one") as server:
        pages = ServedPages(browser, server)
        page = pages.open("pages/alone?token=one")
        wait_value(page, "alone", "7")
        field(page, "m").fill("3")
        wait_query(page, "m=3")
    with launched(folder, cache=tmp_path / "cache", token="two", port=server.port):
        page.get_by_label("Token").fill("two")
        page.keyboard.press("Enter")
        wait_value(page, "alone", "3")
        pages.problems.clear()  # the browser says so, too
        pages.close()


@pytest.fixture
def chain(browser: Browser, tmp_path: Path) -> Iterator[ServedPages]:
    folder = tmp_path / "models"
    folder.mkdir()
    write_chain(folder)
    with served(folder, reloads=True) as server:
        pages = ServedPages(browser, server)
        yield pages
        pages.close()


def test_an_open_page_follows_a_saved_notebook_and_only_what_depends_on_it_runs(
    chain: ServedPages, tmp_path: Path
) -> None:
    folder = tmp_path / "models"
    page = chain.open("pages/models?n=2")
    wait_value(page, "second", "25")
    wait_fresh(page)
    page.evaluate("window.isSamePage = true")
    before = len(noted(folder))
    write(folder, "second", "first = 0\nmore: int = 5  # 0..9", "first + more + 1000")
    wait_value(page, "second", "1025")
    wait_fresh(page)
    assert noted(folder)[before:] == ["second"]
    assert page.evaluate("window.isSamePage")


def test_other_parameters_load_an_open_page_again_with_its_values(
    chain: ServedPages, tmp_path: Path
) -> None:
    page = chain.open("pages/models?n=2")
    wait_value(page, "second", "25")
    write(tmp_path / "models", "second", "first = 0\nmore: int = 5\nless: int = 1", "first - less")
    expect(field(page, "less")).to_have_value("1", timeout=PATIENCE_MS)
    wait_value(page, "second", "19")
    expect(field(page, "n")).to_have_value("2")


def test_a_damaged_notebook_harms_no_open_page_and_is_followed_once_mended(
    chain: ServedPages, tmp_path: Path
) -> None:
    folder = tmp_path / "models"
    page = chain.open("pages/models")
    wait_value(page, "second", "15")
    page.evaluate("window.isSamePage = true")
    (folder / "second.ipynb").write_text('{"cells": [')
    write(folder, "alone", "m: int = 7  # 0..9", "-m")
    field(page, "n").fill("3")
    wait_value(page, "second", "35")
    write(folder, "second", "first = 0\nmore: int = 5  # 0..9", "first - more")
    wait_value(page, "second", "25")
    wait_value(page, "alone", "-7")
    assert page.evaluate("window.isSamePage")


def test_a_page_of_a_notebook_that_is_gone_says_so_until_it_is_back(
    chain: ServedPages, tmp_path: Path
) -> None:
    page = chain.open("pages/alone")
    wait_value(page, "alone", "7")
    (tmp_path / "models" / "alone.ipynb").unlink()
    told = page.locator("#nb-status")
    expect(told).to_contain_text("not served any more", timeout=PATIENCE_MS)
    expect(body(page, "alone")).to_have_text("7")
    write(tmp_path / "models", "alone", "m: int = 7  # 0..9", "10 * m")
    wait_value(page, "alone", "70")
    expect(told).to_be_empty()
    chain.problems[:] = [one for one in chain.problems if "404" not in one]


def test_fifty_loads_hang_not_once(odd: ServedPages) -> None:
    page = odd.page()
    for _ in range(_LOADS):
        page.goto(f"{odd.server.url}pages/noted?n=70")
        wait_value(page, "noted", "140")
    wait_state(page, "noted", "fresh")
    visits = odd.server.serving.desk.visits
    assert len(visits) <= _LOADS
    assert card(page, "noted").count() == 1
