"""Five hundred changes from four threads: the last of each is on the screen, and nothing stays."""

from __future__ import annotations

from hands import press, readout, wait_state, wait_text
from playwright.sync_api import expect
from screens import Screen


def test_the_last_values_win_on_the_screen_and_no_thread_is_left(screen: Screen) -> None:
    page = screen.open("notebooks/many_changes.ipynb")
    wait_text(page, "left", "[] 1")
    wait_state(page, "sum", "fresh")
    body = page.locator(".nbnodes-node").get_by_text("sum 500", exact=True)
    expect(body).to_be_visible()
    for label in "abcd":
        expect(readout(page, label)).to_have_text("125")
    press(page, "a")
    expect(page.locator(".nbnodes-node").get_by_text("sum 501", exact=True)).to_be_visible()
