"""Runs that are under way, stopped, superseded, failed and refused, as their page shows them."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import httpx
from notebooks import write_notebook
from playwright.sync_api import Browser, expect
from screens import PATIENCE_MS
from served_screens import (
    ServedPages,
    body,
    card,
    field,
    let_go,
    noted,
    wait_query,
    wait_state,
    wait_value,
)
from serving import served

_DRAG_STEPS = 30
_START = "(5, 12345678901234567890, '2020-01-01', '2020-01-01', [1, 2], 123456)"


def test_a_run_under_way_says_how_far_it_is(odd: ServedPages, oddities: Path) -> None:
    page = odd.open("pages/gated?n=11")
    wait_state(page, "gated", "running")
    shown = card(page, "gated")
    expect(shown.locator('[data-part="progress"]')).to_contain_text("2 of 4 cells")
    expect(shown.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "50")
    expect(shown).to_have_attribute("aria-busy", "true")
    let_go(oddities, 11)
    wait_value(page, "gated", "22")
    expect(shown).to_have_attribute("aria-busy", "false")
    expect(shown.get_by_role("progressbar")).to_be_hidden()


def test_old_content_stays_dimmed_until_there_is_new(odd: ServedPages, oddities: Path) -> None:
    let_go(oddities, 12)
    page = odd.open("pages/gated?n=12")
    wait_value(page, "gated", "24")
    field(page, "n").fill("13")
    wait_state(page, "gated", "running")
    expect(body(page, "gated")).to_have_text("24")
    expect(body(page, "gated")).to_have_css("opacity", "0.6")
    let_go(oddities, 13)
    wait_value(page, "gated", "26")
    expect(body(page, "gated")).to_have_css("opacity", "1")


def test_a_run_is_stopped_and_run_again(odd: ServedPages, oddities: Path) -> None:
    page = odd.open("pages/gated?n=14")
    wait_state(page, "gated", "running")
    page.get_by_role("button", name="Stop").click()
    wait_state(page, "gated", "cancelled")
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()
    let_go(oddities, 14)
    page.get_by_role("button", name="Run again").click()
    wait_value(page, "gated", "28")


def test_the_latest_value_wins_over_a_run_that_never_ends(odd: ServedPages, oddities: Path) -> None:
    let_go(oddities, 16)
    page = odd.open("pages/gated?n=15")
    wait_state(page, "gated", "running")
    field(page, "n").fill("16")
    wait_value(page, "gated", "32")


def test_a_drag_over_a_slow_model_runs_little_and_ends_where_it_was_let_go(
    odd: ServedPages, oddities: Path
) -> None:
    page = odd.open("pages/slow?n=1")
    wait_value(page, "slow", "2")
    before = len(noted(oddities))
    place = field(page, "n", "range").bounding_box()
    assert place is not None
    middle = place["y"] + place["height"] / 2
    page.mouse.move(place["x"] + 10, middle)
    page.mouse.down()
    page.mouse.move(place["x"] + place["width"] + 5, middle, steps=_DRAG_STEPS)
    page.mouse.up()
    wait_value(page, "slow", "200")
    wait_query(page, "n=100")
    assert len(noted(oddities)) - before < _DRAG_STEPS / 3


def test_the_last_of_many_keys_is_never_lost(odd: ServedPages) -> None:
    page = odd.open("pages/noted?n=0")
    wait_value(page, "noted", "0")
    line = field(page, "n", "range")
    for _ in range(40):
        line.press("ArrowRight", no_wait_after=True)
    wait_value(page, "noted", "80")
    expect(field(page, "n")).to_have_value("40")


def test_a_second_page_with_the_same_question_runs_nothing(
    odd: ServedPages, oddities: Path
) -> None:
    first, second = odd.open("pages/noted?n=50"), odd.open("pages/noted?n=51")
    wait_value(first, "noted", "100")
    wait_value(second, "noted", "102")
    field(second, "n").fill("50")
    wait_value(second, "noted", "100")
    assert noted(oddities).count("50") == 1


def test_a_failure_names_its_cell_and_line_and_is_over_with_the_next_value(
    odd: ServedPages,
) -> None:
    page = odd.open("pages/broken")
    wait_state(page, "broken", "failed")
    told = body(page, "broken")
    expect(told).to_contain_text("broken, cell 3")
    expect(told.locator("mark")).to_contain_text("y = x / n")
    expect(told).to_contain_text("ZeroDivisionError: division by zero")
    expect(page.locator("#nb-aloud")).to_have_text("broken failed")
    expect(page.locator(".nb-menu")).to_be_hidden()
    field(page, "n").fill("2")
    wait_value(page, "broken", "0.5")


def test_a_process_that_dies_is_a_failure_that_says_so(odd: ServedPages) -> None:
    page = odd.open("pages/dying")
    wait_state(page, "dying", "failed")
    expect(body(page, "dying")).to_contain_text("cell 3: the process ended with exit code 3")
    field(page, "n").fill("4")
    wait_value(page, "dying", "8")


def test_a_wrong_value_is_told_at_its_input_and_the_rest_goes_on(odd: ServedPages) -> None:
    page = odd.open("pages/picky")
    wait_value(page, "picky", "abc3")
    word = field(page, "word", "text")
    word.fill("bcd")
    problem = page.locator('[data-address="word"] .nb-problem')
    expect(problem).to_contain_text("^a", timeout=PATIENCE_MS)
    expect(word).to_have_attribute("aria-invalid", "true")
    field(page, "n").fill("4")
    wait_value(page, "picky", "abc4")
    word.fill("add")
    wait_value(page, "picky", "add4")
    expect(problem).to_be_hidden()
    expect(word).not_to_have_attribute("aria-invalid", "true")


def test_what_an_address_says_wrong_is_told_at_the_input(odd: ServedPages) -> None:
    page = odd.open("pages/picky?n=many&word=axe")
    expect(page.locator('[data-address="n"] .nb-problem')).to_contain_text("n")
    wait_value(page, "picky", "axe3")


def test_every_kind_of_control_tells_its_value_and_the_address_keeps_it(odd: ServedPages) -> None:
    page = odd.open("pages/rich")
    shown = body(page, "rich")
    start = "('red', '2024-01-02', ['a', 'b'], 0.5, None, True)"
    expect(shown).to_contain_text(start, timeout=PATIENCE_MS)
    page.get_by_label("green").check()
    field(page, "day", "moment").fill("2025-12-31")
    page.get_by_role("button", name="Remove a from names").click()
    field(page, "names", "add").fill("c d")
    field(page, "names", "add").press("Enter")
    field(page, "ratio", "range").press("End")
    field(page, "count", "none").uncheck()
    field(page, "count", "range").press("End")
    field(page, "flag", "check").uncheck()
    end = "('green', '2025-12-31', ['b', 'c d'], 1.0, 9, False)"
    expect(shown).to_contain_text(end, timeout=PATIENCE_MS)
    wait_state(page, "rich", "fresh")
    page.wait_for_url("**flag=False")
    again = odd.open(page.url.removeprefix(odd.server.url))
    expect(body(again, "rich")).to_contain_text(end, timeout=PATIENCE_MS)
    expect(field(again, "count", "none")).not_to_be_checked()
    field(again, "count", "none").check()
    expect(body(again, "rich")).to_contain_text("None, False)", timeout=PATIENCE_MS)


def test_a_node_that_is_run_by_hand_waits_for_its_button(browser: Browser, tmp_path: Path) -> None:
    whole = ("n: int = 2  # 0..9", "parameters")
    write_notebook(tmp_path / "first.ipynb", whole, ("10 * n", "return"))
    write_notebook(tmp_path / "last.ipynb", ("first = 0", "parameters"), ("first + 1", "return"))
    (tmp_path / "graph.toml").write_text('[nodes.last]\ntrigger = "manual"\n')
    with served(tmp_path) as server:
        pages = ServedPages(browser, server)
        page = pages.open(f"pages/{tmp_path.name}")
        wait_state(page, "first", "fresh")
        wait_state(page, "last", "stale")
        run = card(page, "last").get_by_role("button", name="Run", exact=True)
        run.click()
        wait_value(page, "last", "21")
        field(page, "n").fill("3")
        wait_state(page, "last", "stale")
        expect(body(page, "last")).to_have_text("21")
        run.click()
        wait_value(page, "last", "31")
        pages.close()


def test_an_integer_that_javascript_would_round_stays_as_it_was_typed(odd: ServedPages) -> None:
    page = odd.open("pages/edges")
    expect(body(page, "edges")).to_contain_text(_START, timeout=PATIENCE_MS)
    for typed in ("9007199254740993", "-99999999999999999999"):
        field(page, "n").fill(typed)
        expect(body(page, "edges")).to_contain_text(f"({typed},", timeout=PATIENCE_MS)
        field(page, "n").blur()
        expect(field(page, "n")).to_have_value(typed)
        wait_query(page, f"n={typed}")
    page.reload()
    expect(field(page, "n")).to_have_value("-99999999999999999999")
    wait_state(page, "edges", "fresh")
    expect(body(page, "edges")).to_contain_text("(-99999999999999999999,")


def test_a_copied_curl_line_has_all_digits_of_integers(odd: ServedPages) -> None:
    page = odd.open("pages/edges?n=9007199254740993")
    expect(body(page, "edges")).to_contain_text("(9007199254740993,", timeout=PATIENCE_MS)
    page.get_by_role("button", name="Copy as curl").click()
    words = shlex.split(page.evaluate("navigator.clipboard.readText()"))
    kind = {"Content-Type": "application/json"}
    answer = httpx.post(words[3], headers=kind, content=words[words.index("-d") + 1])
    assert answer.json()["value"][:2] == [9007199254740993, 12345678901234567890]


def test_half_a_date_is_not_run_and_one_out_of_bounds_gives_way(odd: ServedPages) -> None:
    page = odd.page()
    sent: list[str] = []
    page.on("websocket", lambda one: one.on("framesent", lambda told: sent.append(str(told))))
    page.goto(f"{odd.server.url}pages/edges")
    expect(body(page, "edges")).to_contain_text(_START, timeout=PATIENCE_MS)
    field(page, "other", "moment").focus()
    page.keyboard.type("03042015")
    expect(body(page, "edges")).to_contain_text("'2015-03-04'", timeout=PATIENCE_MS)
    field(page, "day", "moment").focus()
    page.keyboard.type("05052035")
    expect(field(page, "day", "moment")).to_have_value("2035-05-05")
    field(page, "other", "moment").focus()
    expect(field(page, "day", "moment")).to_have_value("2030-12-31")
    expect(body(page, "edges")).to_contain_text("'2030-12-31', '2015-03-04'", timeout=PATIENCE_MS)
    wait_query(page, "day=2030-12-31&other=2015-03-04")
    days = [str(day) for one in sent for day in json.loads(one).get("values", {}).values()]
    assert not [day for day in days if day.startswith(("0", "2035"))]


def test_a_needed_date_that_is_cleared_comes_back(odd: ServedPages) -> None:
    page = odd.open("pages/edges")
    day = field(page, "day", "moment")
    day.focus()
    page.keyboard.press("Backspace")
    expect(day).to_have_value("")
    day.blur()
    expect(day).to_have_value("2020-01-01")


def test_a_moment_is_not_changed_by_being_looked_at(odd: ServedPages) -> None:
    page = odd.open("pages/edges")
    field(page, "fine", "moment").focus()
    field(page, "marks", "add").focus()
    field(page, "n").fill("6")
    expect(body(page, "edges")).to_contain_text("123456)", timeout=PATIENCE_MS)
    wait_query(page, "n=6")


def test_what_is_left_in_a_field_of_tags_is_added_or_told_of(odd: ServedPages) -> None:
    page = odd.open("pages/edges")
    marks = field(page, "marks", "add")
    marks.fill("7")
    marks.press("Tab")
    expect(body(page, "edges")).to_contain_text("[1, 2, 7]", timeout=PATIENCE_MS)
    expect(marks).to_have_value("")
    marks.fill("many")
    marks.press("Tab")
    expect(page.locator('[data-address="marks"] .nb-problem')).to_have_text("many is no number")
    marks.fill("8")
    marks.press("Enter")
    expect(body(page, "edges")).to_contain_text("[1, 2, 7, 8]", timeout=PATIENCE_MS)
    expect(page.locator('[data-address="marks"] .nb-problem')).to_be_hidden()


def test_a_folded_step_that_fails_is_shown(browser: Browser, tmp_path: Path) -> None:
    whole = ("n: int = 2  # 0..9", "parameters")
    write_notebook(tmp_path / "first.ipynb", whole, ("6 // n", "return"))
    write_notebook(tmp_path / "last.ipynb", ("first = 0", "parameters"), ("first + 1", "return"))
    with served(tmp_path) as server:
        pages = ServedPages(browser, server)
        page = pages.open(f"pages/{tmp_path.name}")
        wait_value(page, "last", "4")
        expect(card(page, "first")).to_be_hidden()
        field(page, "n").fill("0")
        expect(body(page, "first")).to_contain_text("ZeroDivisionError", timeout=PATIENCE_MS)
        expect(card(page, "first")).to_be_visible()
        pages.close()


def test_stop_on_a_card_that_waits_stops_what_it_waits_for(
    browser: Browser, tmp_path: Path
) -> None:
    asleep = "import time\nif n == 3:\n    time.sleep(3600)"
    write_notebook(
        tmp_path / "first.ipynb", ("n: int = 2  # 0..9", "parameters"), asleep, ("n", "return")
    )
    write_notebook(tmp_path / "last.ipynb", ("first = 0", "parameters"), ("first + 1", "return"))
    with served(tmp_path) as server:
        pages = ServedPages(browser, server)
        page = pages.open(f"pages/{tmp_path.name}")
        wait_value(page, "last", "3")
        field(page, "n").fill("3")
        wait_state(page, "first", "running")
        card(page, "last").get_by_role("button", name="Stop").click()
        wait_state(page, "first", "cancelled")
        expect(card(page, "last").get_by_role("button", name="Stop")).to_be_hidden()
        field(page, "n").fill("4")
        wait_value(page, "last", "5")
        pages.close()
