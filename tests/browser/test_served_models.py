"""The pages of the example models: their controls change what they show; the address says which."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import httpx
from playwright.sync_api import Page, expect
from screens import PATIENCE_MS
from served_screens import ServedPages, body, card, field, wait_query, wait_value

_NAMES = ("model_notebooks", "fibonacci", "prices", "trend", "figure")
_RECORD = """name => {
    const card = document.querySelector(`[data-card="${name}"]`);
    card.passed = [];
    new MutationObserver(() => card.passed.push(card.dataset.state)).observe(
        card, { attributes: true, attributeFilter: ["data-state"] });
}"""


def test_a_slider_changes_the_value_and_the_address_says_so(examples: ServedPages) -> None:
    page = examples.open("pages/fibonacci")
    wait_value(page, "fibonacci", "610")
    field(page, "n", "range").press("ArrowRight")
    wait_value(page, "fibonacci", "987")
    wait_query(page, "n=16")
    expect(field(page, "n")).to_have_value("16")
    field(page, "n").fill("20")
    wait_value(page, "fibonacci", "6765")
    wait_query(page, "n=20")


def test_an_address_reproduces_a_page(examples: ServedPages) -> None:
    wait_value(examples.open("pages/fibonacci?n=17"), "fibonacci", "1597")
    again = examples.open("pages/fibonacci?n=17")
    assert again.locator("[data-key]").count() == 1
    wait_value(again, "fibonacci", "1597")
    expect(field(again, "n", "range")).to_have_value("17")


def test_a_page_that_is_loaded_again_at_once_has_the_last_change(examples: ServedPages) -> None:
    page = examples.open("pages/fibonacci")
    wait_value(page, "fibonacci", "610")
    field(page, "n").fill("18")
    page.evaluate("location.reload()")
    expect(field(page, "n")).to_have_value("18")


def test_the_last_of_many_changes_is_kept_by_a_page_that_is_loaded_again(
    examples: ServedPages,
) -> None:
    page = examples.open("pages/fibonacci")
    wait_value(page, "fibonacci", "610")
    for _ in range(6):
        field(page, "n", "range").press("ArrowRight", no_wait_after=True)
    page.evaluate("new Promise((done) => setTimeout(done, 10)).then(() => location.reload())")
    expect(field(page, "n")).to_have_value("21")


def test_reset_goes_back_to_the_defaults(examples: ServedPages) -> None:
    page = examples.open("pages/fibonacci?n=17")
    wait_value(page, "fibonacci", "1597")
    page.get_by_role("link", name="Reset").click()
    wait_value(page, "fibonacci", "610")
    wait_query(page, "")
    expect(field(page, "n")).to_have_value("15")


def test_a_date_changes_a_table(examples: ServedPages) -> None:
    page = examples.open("pages/prices?end=2000-12-31")
    rows = body(page, "prices").locator("tbody tr")
    expect(rows).to_have_count(12, timeout=PATIENCE_MS)
    field(page, "start", "moment").fill("2000-07-01")
    expect(rows).to_have_count(6, timeout=PATIENCE_MS)
    wait_query(page, "start=2000-07-01&end=2000-12-31")


def test_a_figure_is_drawn_and_drawn_anew(examples: ServedPages) -> None:
    page = examples.open("pages/figure")
    picture = body(page, "figure").locator("img")
    expect(picture).to_be_visible(timeout=PATIENCE_MS)
    before = picture.get_attribute("src")
    field(page, "title", "text").fill("Oil")
    expect(picture).not_to_have_attribute("src", before or "", timeout=PATIENCE_MS)
    assert picture.evaluate("image => image.complete && image.naturalWidth > 100")


def test_on_a_graph_only_what_depends_on_a_change_moves(examples: ServedPages) -> None:
    page = examples.open("pages/model_notebooks")
    wait_all_fresh(page)
    page.get_by_text("steps on the way").click()
    for name in ("prices", "fibonacci", "figure"):
        page.evaluate(_RECORD, name)
    before = card(page, "figure").get_attribute("data-key")
    field(page, "window").fill("24")
    expect(card(page, "figure")).not_to_have_attribute(
        "data-key", before or "", timeout=PATIENCE_MS
    )
    wait_all_fresh(page)
    passed = 'name => document.querySelector(`[data-card="${name}"]`).passed'
    assert not {*page.evaluate(passed, "prices"), *page.evaluate(passed, "fibonacci")} - {"fresh"}


def test_a_node_of_the_graph_leads_to_its_card(examples: ServedPages) -> None:
    page = examples.open("pages/model_notebooks")
    wait_all_fresh(page)
    expect(card(page, "prices")).to_be_hidden()
    page.locator('#nb-graph [data-node="prices"]').click()
    expect(card(page, "prices")).to_be_focused()
    expect(body(page, "prices").locator("table")).to_be_visible()


def test_every_page_of_the_gallery_shows_a_result(examples: ServedPages) -> None:
    gallery = examples.open()
    links = gallery.locator(".nb-gallery a")
    places = [links.nth(n).get_attribute("href") or "" for n in range(links.count())]
    assert [place.rpartition("/")[2] for place in places] == list(_NAMES)
    for place in places:
        page = examples.open(place.lstrip("/"))
        wait_all_fresh(page)
        expect(page.locator(".nb-card:not(.nb-inner) .nb-body:not(:empty)").first).to_be_visible()
        page.close()


def test_a_copied_link_leads_to_the_same_page(examples: ServedPages) -> None:
    page = examples.open("pages/fibonacci")
    field(page, "n").fill("18")
    wait_value(page, "fibonacci", "2584")
    page.get_by_role("button", name="Copy link").click()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == f"{examples.server.url}pages/fibonacci?n=18"


def test_a_copied_curl_line_asks_for_the_same_run(examples: ServedPages) -> None:
    page = examples.open("pages/fibonacci?n=18")
    wait_value(page, "fibonacci", "2584")
    page.get_by_role("button", name="Copy as curl").click()
    words = shlex.split(page.evaluate("navigator.clipboard.readText()"))
    assert words[:3] == ["curl", "-X", "POST"]
    header, _, told = words[words.index("-H") + 1].partition(": ")
    answer = httpx.post(words[3], headers={header: told}, content=words[words.index("-d") + 1])
    assert answer.json()["value"] == 2584
    assert answer.headers["X-Cache"] == "hit"


def test_results_are_downloaded_as_they_are_shown(examples: ServedPages) -> None:
    page = examples.open("pages/prices?start=2000-07-01&end=2000-12-31")
    expect(body(page, "prices").locator("tbody tr")).to_have_count(6, timeout=PATIENCE_MS)
    lines = downloaded(page, "CSV").read_text().splitlines()
    assert len(lines) == 7
    assert lines[1].startswith("2000-07-15")
    notebook = json.loads(downloaded(page, "Notebook, as it ran").read_text())
    assert notebook["nbformat"] == 4


def test_what_a_link_cannot_say_is_told_in_place_of_downloads(odd: ServedPages) -> None:
    page = odd.open("pages/curt?n=4")
    wait_value(page, "curt", "8")
    assert json.loads(downloaded(page, "JSON").read_text())["value"] == 8
    field(page, "format", "text").fill("z")
    wait_query(page, "n=4&format=z")
    page.locator(".nb-menu summary").click()
    menu = page.locator(".nb-menu-list")
    expect(menu).to_have_text("A link cannot set format: copy as curl")
    field(page, "format", "text").fill("x")
    field(page, "token", "text").fill("z")
    wait_query(page, "n=4")
    page.locator(".nb-menu summary").click()
    expect(menu).to_have_text("A link cannot set token: copy as curl")


def test_there_is_nothing_to_download_before_there_is_a_result(examples: ServedPages) -> None:
    response = examples.context.request.get(f"{examples.server.url}pages/fibonacci?n=77")
    assert '<details class="nb-menu" hidden>' in response.text()


def downloaded(page: Page, word: str) -> Path:
    """Pick from the menu of downloads; return the file."""
    page.locator(".nb-menu summary").click()
    with page.expect_download() as download:
        page.get_by_role("link", name=word, exact=True).click()
    return Path(download.value.path())


def wait_all_fresh(page: Page) -> None:
    """Wait until each card is fresh."""
    count = page.locator("[data-card]").count()
    assert count
    fresh = page.locator('[data-card][data-state="fresh"]')
    expect(fresh).to_have_count(count, timeout=PATIENCE_MS)
