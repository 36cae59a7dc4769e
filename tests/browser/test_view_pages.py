"""The view notebooks that ship, each in JupyterLab and in Voila: what a person does, and sees."""

from __future__ import annotations

import re

from hands import click, control, drag, enter, node, pick, press, readout, wait_state
from playwright.sync_api import Page, expect
from screens import Screen, Voila
from story import header, states_from_now, wait_reason, wait_shown

ENGINES = ("fork", "kernel", "inprocess")


# ---------------------------------------------------------------- oil.ipynb


def opened_oil(screen: Screen, query: str = "") -> Page:
    page = screen.open("view_notebooks/oil.ipynb", query)
    for name in ("prices", "at a glance", "figure", "months"):
        wait_state(page, name, "fresh")
    return page


def test_the_price_of_oil_follows_its_window_and_knows_what_it_has_computed(
    screen: Screen,
) -> None:
    page = opened_oil(screen)
    glance = node(page, "at a glance")
    wait_shown(glance, "+38 %")
    expect(node(page, "figure").locator("img")).to_be_visible()

    states = states_from_now(page, "figure")
    press(page, "window")
    wait_shown(glance, "+41 %")
    wait_state(page, "figure", "fresh")
    assert "stale" in states()

    states = states_from_now(page, "figure")
    press(page, "window", "ArrowLeft")
    wait_shown(glance, "+38 %")
    wait_reason(page, "figure", "remembered")
    assert "running" not in states()

    drag(page, "window", to=1)
    expect(readout(page, "window")).to_have_text("60")
    wait_shown(glance, "+118 %")

    pick(page, "rank", "cheapest")
    first = node(page, "months").locator("tbody tr").first
    wait_shown(first, "December 2001")
    expect(first).to_contain_text("19.39")


def test_a_period_that_ends_before_it_starts_is_told_and_mended(screen: Screen) -> None:
    page = opened_oil(screen)
    enter(page, "start", "2015-01-01")
    wait_state(page, "prices", "failed")
    told = node(page, "prices").get_by_role("alert").first
    wait_shown(told, "start (2015-01-01) is later than end (2010-12-31): swap the two days.")
    wait_state(page, "figure", "blocked")
    expect(node(page, "figure").locator("img")).to_be_visible()  # the old one, dimmed

    enter(page, "start", "2005-01-01")
    wait_state(page, "figure", "fresh")
    wait_shown(node(page, "at a glance"), "$39.09")
    expect(node(page, "prices").get_by_role("alert").filter(visible=True)).to_have_count(0)


def test_the_address_of_a_page_sets_its_controls(voila: Voila) -> None:
    page = opened_oil(voila, "window=60&rank=dearest&start=2001-01-01")
    expect(readout(page, "window")).to_have_text("60")
    wait_shown(node(page, "months").locator("tbody tr").first, "June 2008")
    expect(control(page, "start").locator("input")).to_have_value("2001-01-01")


# ---------------------------------------------------------------- fibonacci.ipynb


def wait_numbers(page: Page, number: int) -> None:
    for name in (*ENGINES, "remembered"):
        wait_shown(node(page, name), str(number))
        wait_state(page, name, "fresh")


def test_three_engines_give_the_same_number_and_one_node_remembers_it(screen: Screen) -> None:
    page = screen.open("view_notebooks/fibonacci.ipynb")
    wait_numbers(page, 610)

    states = states_from_now(page, "kernel")
    press(page, "n")
    wait_numbers(page, 987)
    assert {"stale", "queued", "running"} & {*states()}

    press(page, "n", "ArrowLeft")
    wait_numbers(page, 610)
    wait_reason(page, "remembered", "remembered")
    for engine in ENGINES:
        wait_reason(page, engine, "computed in")

    pick(page, "famous", "the first of 10 digits")
    wait_numbers(page, 1134903170)
    expect(readout(page, "n")).to_have_text("45")

    drag(page, "n", to=0)
    for name in ENGINES:
        wait_state(page, name, "failed")
        wait_shown(node(page, name), "ValueError: n must be 0 or larger")
    pick(page, "famous", "the 30th")
    wait_numbers(page, 832040)


# ---------------------------------------------------------------- restified.ipynb


def wait_results(page: Page, result: str, count: int = 4) -> None:
    found = page.locator(".widget-gridbox .widget-label").get_by_text(result, exact=True)
    expect(found).to_have_count(count, timeout=30_000)


def test_four_ways_to_call_a_notebook_are_compared(screen: Screen) -> None:
    page = screen.open("view_notebooks/restified.ipynb")
    enter(page, "n", "15")
    wait_results(page, "610")
    press(page, "slider")
    wait_results(page, "987")
    drag(page, "slider", to=1)
    wait_results(page, "354224848179261915075")
    press(page, "slider", "Home")
    refused = page.locator(".widget-gridbox").get_by_text("n must be 0 or larger")
    expect(refused).to_have_count(3, timeout=30_000)
    enter(page, "n", "15")
    wait_results(page, "610")
    pick(page, "calls", "10")
    took = page.locator(".widget-gridbox").get_by_text(re.compile(r"^took \d+\.\d{4} seconds$"))
    expect(took).to_have_count(4, timeout=30_000)


# ---------------------------------------------------------------- asynchronous.ipynb


def lines(page: Page, kind: str) -> list[str]:
    """Return what a task or a generator has told."""
    told = page.locator(".widget-output").filter(has_text=f"{kind} function")
    return told.first.inner_text().split("\n")


def test_code_waits_for_a_person_and_nothing_waits_for_it(screen: Screen) -> None:
    page = screen.open("view_notebooks/asynchronous.ipynb")
    for label, kind in (("await", "async"), ("yield", "generator")):
        press(page, label, times=2)
        told = page.get_by_text(f"{kind} function continued with value 2")
        expect(told).to_be_attached(timeout=30_000)
        expected = [
            "did work 0",
            f"{kind} function continued with value 1",
            "did work 1",
            f"{kind} function continued with value 2",
            "did work 2",
        ]
        assert [line for line in lines(page, kind) if line] == expected

    pick(page, "drink", "coffee")
    click(page, "Continue")
    wait_shown(page.locator(".widget-label").filter(has_text="please:"), "coffee, please: 1 so far")


def test_work_in_the_background_tells_how_far_it_is_and_stops_when_unwanted(
    screen: Screen,
) -> None:
    page = screen.open("view_notebooks/asynchronous.ipynb")
    work = node(page, "patience")
    wait_shown(work, "30 steps at a brisk pace")

    pick(page, "pace", "leisurely")
    drag(page, "steps", to=1)
    bar = header(page, "patience").get_by_role("progressbar")
    expect(bar).to_have_attribute("aria-valuenow", re.compile(r"\d+"), timeout=30_000)
    pick(page, "drink", "water")
    click(page, "Continue")  # while it works
    wait_shown(page.locator(".widget-label").filter(has_text="please:"), "water, please: 1 so far")
    expect(header(page, "patience")).to_have_attribute("data-state", "running")

    press(page, "steps", "Home")
    wait_state(page, "patience", "failed")
    wait_shown(work, "no steps: there is nothing to wait for")
    # from here on: the next line begins a run of no steps, which may be under way at the one after
    states = states_from_now(page, "patience")
    pick(page, "pace", "brisk")
    press(page, "steps", "End")
    expect(header(page, "patience")).to_contain_text(re.compile(r"\d/200"))
    wait_shown(work, "200 steps at a brisk pace")
    wait_state(page, "patience", "fresh")
    assert "running" in states()
    press(page, "steps", "Home")
    wait_state(page, "patience", "failed")
    press(page, "steps", "End")
    wait_reason(page, "patience", "remembered")


# ---------------------------------------------------------------- runner.ipynb

_FRAMES = """joined => {
    const frames = (window.nbnodesFrames = [])
    const note = () => frames.push(joined.style.borderTop)
    new MutationObserver(note).observe(joined, {attributes: true, attributeFilter: ['style']})
}"""


def test_a_graph_in_the_runners_words_frames_its_output_by_state(screen: Screen) -> None:
    page = screen.open("view_notebooks/runner.ipynb")
    outputs = page.locator(".widget-output")
    expect(outputs).to_have_count(2)
    joined, length = outputs.first, outputs.last
    wait_shown(joined, "ababyzyz")

    joined.evaluate(_FRAMES)
    enter(page, "first", "cd")
    wait_shown(joined, "cdcdyzyz")
    wait_shown(length, "8")
    page.wait_for_function("nbnodesFrames.at(-1) === ''")
    frames = page.evaluate("nbnodesFrames")
    assert {"3px dashed gray", "3px dashed green"} <= {*frames}

    log = page.get_by_role("log")
    wait_shown(log, "is settled")
    click(page, "clear debug")
    expect(log).not_to_contain_text("settled")
    enter(page, "first", "ab")
    wait_shown(joined, "ababyzyz")
    wait_shown(log, "remembered")
    assert "running" not in log.inner_text()

    pick(page, "between", "a dash")
    wait_shown(joined, "abab-yzyz")
    press(page, "times")
    wait_shown(joined, "ababab-yzyzyz")
    drag(page, "times", to=1)
    wait_shown(joined, "37 letters are too many")
    expect(joined).to_have_css("border-top", "3px solid rgb(255, 0, 0)")
    press(page, "times", "Home")
    wait_shown(joined, "ab-yz")
