"""What notebooks display, as a page lays it out: tabs, columns, formulas, pictures, scripts."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from screens import PATIENCE_MS
from served_screens import ServedPages, body, card, field, wait_query, wait_state


def rich(pages: ServedPages) -> Page:
    """Open the page that shows a bit of everything."""
    page = pages.open("pages/rich")
    wait_state(page, "rich", "fresh")
    return page


def test_cells_with_tabs_are_in_tabs_and_the_keyboard_moves_between_them(
    odd: ServedPages,
) -> None:
    page = rich(odd)
    first = page.get_by_role("tab", name="Text")
    expect(first).to_have_attribute("aria-selected", "true")
    first.focus()
    first.press("End")
    expect(page.get_by_role("tab", name="Tree")).to_be_focused()
    expect(page.get_by_role("tabpanel", name="Tree")).to_be_visible()
    expect(page.get_by_role("tabpanel", name="Text")).to_be_hidden()


def test_a_chosen_tab_stays_when_content_changes(odd: ServedPages) -> None:
    page = rich(odd)
    page.get_by_role("tab", name="Tree").click()
    page.get_by_label("green").check()
    expect(body(page, "rich")).to_contain_text("('green'", timeout=PATIENCE_MS)
    wait_query(page, "colour=green")
    expect(page.get_by_role("tabpanel", name="Tree")).to_be_visible()


def test_two_halves_stand_side_by_side_and_below_each_other_on_a_phone(odd: ServedPages) -> None:
    page = rich(odd)
    circle, dot = page.locator(".nb-block svg"), page.get_by_alt_text("a dot")
    left, right = circle.bounding_box(), dot.bounding_box()
    assert left is not None
    assert right is not None
    assert right["x"] > left["x"] + left["width"]
    page.set_viewport_size({"width": 400, "height": 800})
    left, right = circle.bounding_box(), dot.bounding_box()
    assert left is not None
    assert right is not None
    assert right["y"] >= left["y"] + left["height"]


def test_what_is_hidden_is_not_on_the_page(odd: ServedPages) -> None:
    assert "hidden" not in body(rich(odd), "rich").inner_text()


def test_prose_formulas_pictures_and_trees_are_drawn(odd: ServedPages) -> None:
    page = rich(odd)
    shown = body(page, "rich")
    expect(shown.locator("strong")).to_have_text("bold")
    expect(shown.locator("mfrac")).to_be_visible()
    expect(shown.locator("#dot")).to_have_attribute("fill", "red")
    dot = page.get_by_alt_text("a dot")
    assert dot.evaluate("image => image.complete && image.naturalWidth === 1")
    page.get_by_role("tab", name="Tree").click()
    tree = shown.locator(".nb-tree").first
    expect(tree).to_contain_text("a")
    tree.locator("summary").nth(1).click()
    expect(tree).to_contain_text("2")


def test_a_script_runs_in_a_frame_that_fits_it(odd: ServedPages) -> None:
    page = rich(odd)
    page.get_by_role("tab", name="Script").click()
    frame = page.frame_locator(".nb-frame")
    expect(frame.locator("#x")).to_have_text("script ran")
    frame.get_by_role("button", name="more").click()
    expect(frame.locator("#x")).to_have_text("script ran, again")
    inside = frame.locator("html").evaluate("root => root.scrollHeight > innerHeight + 1")
    assert not inside


def test_a_script_reaches_neither_the_page_nor_any_host(odd: ServedPages) -> None:
    page = odd.open("pages/curious")
    told = page.frame_locator(".nb-frame").locator("#x")
    expect(told).to_contain_text("fetched nothing", timeout=PATIENCE_MS)
    expect(told).to_contain_text("alone")
    assert odd.problems
    assert all("/frames/" in one or "Security Policy" in one for one in odd.problems)
    odd.problems.clear()  # the browser says that it has refused


def test_a_table_scrolls_within_its_card(odd: ServedPages) -> None:
    page = odd.open("pages/tabular?rows=400")
    wait_state(page, "tabular", "fresh")
    height = body(page, "tabular").evaluate("body => body.offsetHeight / innerHeight")
    assert height < 1


def test_a_notebook_without_tags_has_a_page(odd: ServedPages) -> None:
    page = odd.open("pages/plain")
    wait_state(page, "plain", "fresh")
    expect(body(page, "plain")).to_contain_text("a is 3")
    expect(body(page, "plain")).to_contain_text("6")
    expect(page.locator(".nb-panel")).to_have_count(0)


def test_focus_in_an_output_stays_where_it_was_when_content_changes(odd: ServedPages) -> None:
    page = rich(odd)
    tab = page.get_by_role("tab", name="Text")
    tab.focus()
    key = card(page, "rich").get_attribute("data-key") or ""
    page.evaluate("document.querySelector('[data-address=flag] [data-part=check]').click()")
    expect(card(page, "rich")).not_to_have_attribute("data-key", key, timeout=PATIENCE_MS)
    expect(field(page, "flag", "check")).not_to_be_checked()
    expect(page.get_by_role("tab", name="Text")).to_be_focused()
