"""A notebook of plain ipywidgets: what JupyterLab and Voila do by themselves."""

from __future__ import annotations

from hands import drag, enter, pick, press, readout, wait_text
from playwright.sync_api import expect
from screens import Screen

PLAIN = "notebooks/plain.ipynb"


def test_a_slider_a_dropdown_and_a_text_reach_the_kernel(screen: Screen) -> None:
    page = screen.open(PLAIN)
    wait_text(page, "answer", "3 + 2 = 5")
    press(page, "n", times=2)
    wait_text(page, "answer", "5 + 2 = 7")
    drag(page, "n", to=1)
    wait_text(page, "answer", "10 + 2 = 12")
    pick(page, "kind", "times")
    wait_text(page, "answer", "10 * 2 = 20")
    enter(page, "by", "3")
    wait_text(page, "answer", "10 * 3 = 30")
    expect(readout(page, "n")).to_have_text("10")
