"""The scripts of the widgets alone: what a person sees, and what each key and button does."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest
from fronts import Front
from playwright.sync_api import Browser, Page, expect
from screens import Watched

from nbnodes import Graph, Node
from nbnodes.graph.drawing.picture import KINDS, STATES
from nbnodes.graph.drawing.style import DARK, LIGHT
from nbnodes.views.event_log import _Lines
from nbnodes.views.graph_view import GraphView
from nbnodes.views.node_header import NodeHeader

NASTY = '<img src="x" onerror="alert(1)"> & <b>bold</b>'
LONG = "a reason that is far too long for any header " * 5


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    watched = Watched(browser)
    yield watched.page()
    watched.close()


def header(page: Page, width: int = 1000, **state: object) -> Front:
    offers = {"formats": ["json", "csv", "ipynb"], "has_code": True, "is_runnable": True}
    return Front(page, NodeHeader(**{"name": "trend", **offers, **state}), width=width)


# ---------------------------------------------------------------- the header of a node


@pytest.mark.parametrize("state", STATES)
def test_a_state_is_told_in_a_word_by_an_icon_and_to_who_listens(page: Page, state: str) -> None:
    header(page, state=state, reason="window changed")
    status = page.get_by_role("status")
    expect(status).to_have_text(f"{state} window changed")
    expect(status.locator("svg path")).to_have_count(1)
    group = page.get_by_role("group", name="trend (notebook)")
    expect(group).to_have_attribute("data-node", "trend")
    expect(group).to_have_attribute("data-state", state)
    busy = str(state in ("stale", "queued", "running")).lower()
    expect(group).to_have_attribute("aria-busy", busy)


@pytest.mark.parametrize("width", [1000, 420])
def test_nothing_moves_whatever_is_told(page: Page, width: int) -> None:
    front = header(page, width=width)
    root = page.locator(".nbnodes-header")
    places = set()
    for state, (reason, fraction, name) in product(
        STATES, [("", None, "x"), (LONG, 0.4, "trend"), ("why", None, LONG)]
    ):
        words = {"progress_text": LONG, "eta_s": 3.0}
        front.change(state=state, reason=reason, fraction=fraction, name=name, **words)
        places.add((root.bounding_box() or {})["height"])
        places.add(page.evaluate("document.documentElement.scrollWidth"))
    assert len(places) == 2


@pytest.mark.parametrize(("theme", "palette"), [("true", LIGHT), ("false", DARK)])
def test_colours_are_those_of_the_drawings(page: Page, theme: str, palette: object) -> None:
    page.emulate_media(color_scheme="dark" if theme == "true" else "light")
    front = header(page)
    page.evaluate("theme => { document.body.dataset.jpThemeLight = theme }", theme)
    read = "one => getComputedStyle(one).getPropertyValue('--nb-word')"
    for state in STATES:
        front.change(state=state)
        expect(page.locator(f"[data-state={state}]")).to_have_count(1)
        assert page.locator(".nbnodes-chip").evaluate(read) == palette.tones[state].word


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_told_by_its_word_and_an_icon(page: Page, kind: str) -> None:
    header(page, kind=kind)
    expect(page.get_by_role("img", name=kind, exact=True).locator("path")).to_have_count(1)


def test_text_is_text(page: Page) -> None:
    front = header(page, name=NASTY, reason=NASTY, problem=NASTY, state="running")
    front.change(progress_text=NASTY)
    front.say({"show": "code", "text": NASTY, "language": "python"})
    for place in (".nbnodes-name", ".nbnodes-reason", ".nbnodes-meter", "pre code"):
        expect(page.locator(place)).to_have_text(NASTY)
    assert page.locator("#place img, #place b").count() == 0


def test_who_runs_can_cancel_and_who_rests_can_run(page: Page) -> None:
    front = header(page, state="stale")
    page.get_by_role("button", name="Run", exact=True).dblclick()
    front.change(state="running")
    focused = page.get_by_role("button", name="Cancel")
    expect(focused).to_be_focused()
    focused.press("Enter")
    front.change(state="cancelled")
    expect(page.get_by_role("button", name="Run again")).to_be_focused()
    assert front.sent == [{"do": "run"}, {"do": "cancel"}]


def test_what_is_not_offered_has_no_button(page: Page) -> None:
    header(page, state="fresh", formats=[], has_code=False, is_runnable=False)
    expect(page.get_by_role("button")).to_have_count(0)


def test_how_far_a_run_is_is_told(page: Page) -> None:
    front = header(page, state="running", fraction=0.43, progress_text="3 of 7 cells", eta_s=5000.0)
    bar = page.get_by_role("progressbar")
    expect(bar).to_have_attribute("aria-valuenow", "43")
    expect(page.locator(".nbnodes-meter")).to_have_text("3 of 7 cells · about 83 min left")
    front.change(fraction=None, eta_s=None)
    expect(page.locator(".nbnodes-meter")).to_have_text("3 of 7 cells")
    assert bar.get_attribute("aria-valuenow") is None
    front.change(state="fresh")
    expect(bar).to_be_hidden()
    expect(page.locator(".nbnodes-meter")).to_be_empty()


def test_the_menu_of_formats_is_used_with_keys(page: Page) -> None:
    front = header(page)
    opener = page.get_by_role("button", name="Download")
    opener.focus()
    opener.press("ArrowDown")
    items = page.get_by_role("menuitem")
    expect(items).to_have_text(["JSON", "CSV", "Notebook (.ipynb)"])
    expect(opener).to_have_attribute("aria-expanded", "true")
    expect(items.nth(0)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(items.nth(2)).to_be_focused()
    page.keyboard.press("Escape")
    expect(items).to_have_count(0)
    expect(opener).to_be_focused()
    expect(opener).to_have_attribute("aria-expanded", "false")
    opener.press("Enter")
    expect(items.nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(opener).to_be_focused()
    assert front.sent == [{"do": "download", "format": "csv"}]


def test_a_file_is_saved_where_it_was_asked_for_and_nowhere_else(page: Page) -> None:
    saved: list[str] = []
    page.on("download", lambda file: saved.append(file.suggested_filename))
    front = header(page)
    file = {"show": "file", "name": "trend.csv", "mime": "text/csv"}
    front.say(file, "another window asked")
    page.get_by_role("button", name="Download").click()
    with page.expect_download() as found:
        page.get_by_role("menuitem", name="CSV").click()
        front.say(file, "a,b\n1,ü\n")
    assert found.value.path().read_text(encoding="utf-8") == "a,b\n1,ü\n"
    assert saved == ["trend.csv"]


def test_code_is_shown_copied_and_hidden(page: Page) -> None:
    front = header(page)
    page.get_by_role("button", name="Show code").click()
    front.say({"show": "code", "text": "n = 1 < 2\n", "language": "python"})
    region = page.get_by_role("region", name="Code of trend")
    expect(region.locator("pre")).to_have_text("n = 1 < 2")
    region.get_by_role("button", name="Copy code").click()
    expect(region.get_by_role("button")).to_have_text("Copied")
    page.get_by_role("button", name="Hide code").click()
    expect(region).to_be_hidden()
    assert front.sent == [{"do": "code"}]


def test_a_problem_is_told_until_it_is_dismissed(page: Page) -> None:
    front = header(page)
    alert = page.get_by_role("alert")
    expect(alert).to_be_hidden()
    front.change(problem="a figure is no table")
    expect(alert).to_have_text("a figure is no table")
    alert.get_by_role("button", name="Dismiss").click()
    expect(alert).to_be_hidden()
    assert page.evaluate("model.get('problem')") == ""


@pytest.mark.parametrize("state", STATES)
def test_the_body_of_a_card_is_dimmed_while_it_is_old(page: Page, state: str) -> None:
    header(page, state=state)
    opacity = page.evaluate(
        """state => {
            const body = document.createElement('div')
            body.textContent = 'old'
            const card = document.getElementById('place')
            card.className = `nbnodes-node nbnodes-is-${state}`
            card.append(body)
            return getComputedStyle(body).opacity
        }""",
        state,
    )
    assert (float(opacity) < 1) == (state not in ("fresh", "failed"))


def test_who_wants_no_motion_gets_none(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    header(page, state="running")
    assert page.evaluate("document.getAnimations().length") == 0


UNGUARDED = """() => [...document.querySelectorAll('#place button, #place [tabindex]')]
    .filter(one => !one.hasAttribute('data-lm-suppress-shortcuts')).length"""


def test_the_keys_of_jupyterlab_do_not_act_on_cells_while_something_of_ours_has_the_focus(
    page: Page,
) -> None:
    header(page, problem="no")
    assert page.locator("#place button").count() > 5
    assert page.evaluate(UNGUARDED) == 0
    drawing(page)
    assert page.locator("#place [tabindex]").count() == 3
    assert page.evaluate(UNGUARDED) == 0
    Front(page, _Lines(label="Events of graph"))
    assert page.evaluate(UNGUARDED) == 0


def test_every_control_has_a_name(page: Page) -> None:
    header(page, state="failed", problem="no")
    for button in page.get_by_role("button").all():
        assert button.get_attribute("aria-label")
        assert button.get_attribute("title")


def test_who_leaves_hears_no_more(page: Page) -> None:
    header(page, state="running", eta_s=9.0)
    assert page.evaluate("model.hearing()") > 0
    assert page.evaluate("leave(), model.hearing()") == 0


# ---------------------------------------------------------------- the drawing of a graph


def drawing(page: Page) -> Front:
    load = Node(lambda n=3: n, name=NASTY)
    with Graph([Node(lambda x: x, [load], name="double"), Node(lambda: 1, name="one")]) as graph:
        view = GraphView(graph)
        view.close()
        return Front(page, view)


def test_nodes_are_picked_with_keys(page: Page) -> None:
    front = drawing(page)
    nodes = page.get_by_role("group", name="Graph of graph").get_by_role("button")
    expect(nodes).to_have_count(3)
    page.keyboard.press("Tab")
    for key in ("End", "ArrowUp", "Home", "ArrowRight", "Enter", "End", " "):
        page.keyboard.press(key)
    expect(nodes.nth(2)).to_be_focused()
    assert front.sent == [{"at": 1}, {"at": 2}]
    front.change(_picked=2)
    pressed = [node.get_attribute("aria-pressed") for node in nodes.all()]
    assert pressed == ["false", "false", "true"]


def test_a_node_is_picked_with_the_mouse(page: Page) -> None:
    front = drawing(page)
    page.get_by_role("button", name="double (function): stale").click()
    assert front.sent == [{"at": 1}]


def test_states_change_and_nothing_else_does(page: Page) -> None:
    front = drawing(page)
    node = page.locator("[data-node=double]")
    frame = "one => JSON.stringify(['x', 'y', 'width'].map(key => one.getBBox()[key]))"
    place = node.evaluate(frame)
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    full = f"double (function): failed · {LONG}"
    stale = ["stale", "stale · x", "one"]
    front.change(standings=[stale, ["failed", "failed · a reason…", full], stale])
    expect(node).to_be_focused()
    expect(node).to_have_class("nb-failed")
    expect(node.locator("text").nth(1)).to_have_text("failed · a reason…")
    expect(node.locator(".nb-word")).to_have_text("failed")
    expect(node.locator("title")).to_have_text(full)
    assert node.evaluate(frame) == place


def test_names_in_a_drawing_are_text(page: Page) -> None:
    drawing(page)
    assert page.locator("#place img, #place b, #place script").count() == 0
    expect(page.get_by_role("button", name=NASTY)).to_have_count(1)


# ---------------------------------------------------------------- the log of events


def lines(first: int, last: int) -> list[object]:
    return [first, [f"12:00:00.000  trend  running  step {n}" for n in range(first, last)]]


def at_end(page: Page) -> bool:
    found: bool = page.get_by_role("log").evaluate(
        "one => one.scrollHeight - one.scrollTop - one.clientHeight < 2"
    )
    return found


def test_who_reads_the_end_of_a_log_stays_there_and_who_reads_elsewhere_too(page: Page) -> None:
    front = Front(page, _Lines(label="Events of graph", lines=lines(0, 100)))
    log = page.get_by_role("log", name="Events of graph")
    page.wait_for_function("document.querySelector('[role=log]').scrollTop > 0")
    front.change(lines=lines(40, 160))
    assert at_end(page)
    expect(log.locator("div")).to_have_text(lines(40, 160)[1])
    log.evaluate("one => { one.scrollTop = 100 }")
    front.change(lines=lines(40, 200))
    assert log.evaluate("one => one.scrollTop") == 100
    front.change(lines=lines(200, 200))
    expect(log.locator("div")).to_have_count(0)
    front.change(lines=lines(900, 903))
    expect(log.locator("div")).to_have_text(lines(900, 903)[1])
