"""How pages look, and to whom: colours, narrow screens, keyboards, paper, little motion."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize, expect
from screens import PATIENCE_MS
from served_screens import (
    ServedPages,
    body,
    card,
    field,
    let_go,
    wait_query,
    wait_state,
    wait_value,
)

_RULES = {  # of axe-core; what does not depend on the look is looked for once
    "light": None,
    "dark": ["color-contrast"],
    "narrow": ["scrollable-region-focusable"],
}
_WIDE, _NARROW = ViewportSize(width=1200, height=900), ViewportSize(width=400, height=800)
_MOVES = "() => document.getAnimations().length"
_ODD = ("", "docs", "pages/rich", "pages/broken", "pages/picky?word=b", "pages/tabular")


def settled(page: Page) -> None:
    """Wait until nothing on a page is under way."""
    busy = page.locator('[data-card][aria-busy="true"]')
    expect(busy).to_have_count(0, timeout=PATIENCE_MS)


def serious(page: Page, rules: list[str] | None = None) -> list[Any]:
    """Return what makes a page hard to use for some people, by some or all of axe-core's rules."""
    options: dict[str, Any] = {"resultTypes": ["violations"]} | (
        {"runOnly": rules} if rules else {}
    )
    found = Axe().run(page, options=options).response["violations"]
    return [
        (one["id"], [node["html"][:200] for node in one["nodes"]])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("look", _RULES)
def test_no_page_has_a_serious_barrier(odd: ServedPages, examples: ServedPages, look: str) -> None:
    for pages, place in [(odd, one) for one in _ODD] + [(examples, "pages/model_notebooks")]:
        page = pages.page()
        page.set_viewport_size(_NARROW if look == "narrow" else _WIDE)
        page.emulate_media(color_scheme="dark" if look == "dark" else "light")
        page.goto(pages.server.url + place)
        settled(page)
        assert (place, serious(page, _RULES[look])) == (place, [])
        width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert (place, width) == (place, 0)
        page.close()


def test_a_page_is_used_by_keyboard_alone(odd: ServedPages) -> None:
    page = odd.open("pages/noted?n=60")
    wait_value(page, "noted", "120")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page, '[data-part="range"]')
    page.keyboard.press("ArrowRight")
    wait_value(page, "noted", "122")
    tab_to(page, ".nb-menu summary")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="JSON", exact=True)).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="JSON", exact=True)).to_be_hidden()
    expect(page.locator(".nb-menu summary")).to_be_focused()


def test_what_has_the_focus_is_seen(odd: ServedPages) -> None:
    page = odd.open("pages/rich")
    wait_state(page, "rich", "fresh")
    for _ in range(16):
        page.keyboard.press("Tab")
        width = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert width != "none", page.evaluate("document.activeElement.outerHTML")


def test_a_chosen_theme_holds_on_every_page(odd: ServedPages) -> None:
    page = odd.open("pages/rich")
    page.emulate_media(color_scheme="light")
    theme = page.locator("#nb-scheme")
    while theme.inner_text() != "Theme: dark":
        theme.click()
    expect(page.locator("body")).to_have_css("background-color", "rgb(20, 23, 27)")
    other = odd.open("docs")
    expect(other.locator("body")).to_have_css("background-color", "rgb(20, 23, 27)")
    expect(other.locator("#nb-scheme")).to_have_text("Theme: dark")


def test_nothing_moves_where_people_want_little_motion(odd: ServedPages, oddities: Path) -> None:
    page = odd.open("pages/gated?n=21")
    wait_state(page, "gated", "running")
    page.emulate_media(reduced_motion="reduce")
    expect(card(page, "gated").get_by_role("progressbar")).to_be_visible()
    assert page.evaluate(_MOVES) == 0
    let_go(oddities, 21)
    wait_value(page, "gated", "42")
    assert page.evaluate(_MOVES) == 0


def test_paper_shows_all_tabs_and_no_buttons(odd: ServedPages) -> None:
    page = odd.open("pages/rich")
    wait_state(page, "rich", "fresh")
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator(".nb-top")).to_be_hidden()
    expect(page.get_by_role("button", name="Run again")).to_be_hidden()
    expect(page.locator(".nb-tree").first).to_be_visible()
    expect(body(page, "rich").locator("mfrac")).to_be_visible()
    expect(field(page, "ratio")).to_have_value("0.5")
    expect(page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
    assert page.pdf().startswith(b"%PDF")


def test_forced_colours_leave_nothing_unseen(odd: ServedPages) -> None:
    page = odd.open("pages/rich")
    wait_state(page, "rich", "fresh")
    page.emulate_media(forced_colors="active", color_scheme="dark")
    chosen, other = page.get_by_role("tab", name="Text"), page.get_by_role("tab", name="Tree")
    expect(chosen).to_have_css("outline-style", "solid")
    expect(other).to_have_css("outline-style", "none")
    expect(card(page, "rich").locator('[data-part="state"]')).to_have_text("fresh")
    assert not serious(page)


def test_on_a_phone_many_controls_begin_folded(odd: ServedPages) -> None:
    page = odd.page()
    page.set_viewport_size(_NARROW)
    page.goto(f"{odd.server.url}pages/rich")
    expect(page.locator("#nb-form")).to_be_hidden()
    page.get_by_role("heading", name="Parameters").click()
    page.get_by_label("green").check()
    wait_query(page, "colour=green")
    wait_state(page, "rich", "fresh")


def tab_to(page: Page, what: str) -> None:
    """Press Tab until a part of the page has the focus."""
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.locator(what).first.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"Tab does not lead to {what}")
