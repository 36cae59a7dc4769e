"""The pages beside the models': the gallery, the API's forms, the login."""

from __future__ import annotations

import shlex

from playwright.sync_api import Browser, expect
from screens import PATIENCE_MS
from served_screens import ServedPages, field, wait_value
from serving import MODELS, served

from nbnodes.rest.application import Guard

_TOKEN = "let-me-in"


def test_the_gallery_is_searched_by_words(odd: ServedPages) -> None:
    page = odd.open()
    entries = page.locator(".nb-gallery > li:visible")
    whole = entries.count()
    page.get_by_label("Search models").fill("TABULAR")
    expect(entries).to_have_count(1)
    expect(page.locator("#nb-found")).to_contain_text("1")
    page.get_by_label("Search models").fill("")
    expect(entries).to_have_count(whole)


def test_a_form_of_the_reference_runs_a_model(odd: ServedPages) -> None:
    page = odd.open("docs")
    form = page.get_by_role("form", name="Try The noted")
    form.locator('[data-part="number"]').fill("44")
    expect(form.locator('[data-part="curl"]')).to_contain_text('{"n":44}')
    form.get_by_role("button", name="Try it").click()
    expect(form.locator('[data-part="answer"]')).to_contain_text("88", timeout=PATIENCE_MS)


def test_a_form_of_the_reference_shows_what_was_wrong(odd: ServedPages) -> None:
    page = odd.open("docs")
    form = page.get_by_role("form", name="Try The picky")
    form.locator('[data-part="text"]').fill("b")
    form.get_by_role("button", name="Try it").click()
    answer = form.locator('[data-part="answer"]')
    expect(answer).to_contain_text("422", timeout=PATIENCE_MS)
    expect(answer).to_contain_text("word")
    assert all("422" in one for one in odd.problems)
    odd.problems.clear()  # the browser says so, too


def test_a_line_of_the_reference_is_copied(odd: ServedPages) -> None:
    page = odd.open("docs")
    form = page.get_by_role("form", name="Try The noted")
    form.get_by_role("button", name="Copy as curl").click()
    words = shlex.split(page.evaluate("navigator.clipboard.readText()"))
    assert words[3] == f"{odd.server.url}api/models/noted/run"


def test_who_has_the_token_comes_in_and_goes_where_they_wanted_to(browser: Browser) -> None:
    guard = Guard(token=_TOKEN, hosts=frozenset({"localhost"}))
    with served(f"{MODELS}/fibonacci.ipynb", guard=guard) as server:
        pages = ServedPages(browser, server)
        page = pages.open("pages/fibonacci?n=16")
        page.get_by_label("Token").fill("wrong")
        page.get_by_role("button", name="Go in").click()
        expect(page.get_by_role("alert")).to_be_visible()
        page.get_by_label("Token").fill(_TOKEN)
        page.keyboard.press("Enter")
        wait_value(page, "fibonacci", "987")
        field(page, "n").fill("17")
        wait_value(page, "fibonacci", "1597")
        page.get_by_role("button", name="Copy as curl").click()
        assert "$NBNODES_TOKEN" in page.evaluate("navigator.clipboard.readText()")
        docs = pages.open("docs")
        docs.get_by_role("button", name="Try it").click()
        expect(docs.locator('[data-part="answer"]')).to_contain_text("610", timeout=PATIENCE_MS)
        pages.problems[:] = [one for one in pages.problems if "/login" not in one]
        pages.close()
