"""What a person does to widgets, and what they read of outputs: by the label, whatever the page."""

from __future__ import annotations

from typing import Literal, TypeAlias

from playwright.sync_api import Locator, Page, expect
from screens import PATIENCE_MS

State: TypeAlias = Literal["fresh", "stale", "queued", "running", "failed", "blocked", "cancelled"]
_STEPS = 20  # of a drag


def control(page: Page, label: str) -> Locator:
    """Find the row of a widget by its label."""
    name = page.get_by_text(label, exact=True)
    return page.locator(".widget-inline-hbox").filter(has=name).first


def press(page: Page, label: str, key: str = "ArrowRight", times: int = 1) -> None:
    """Move a slider by keyboard."""
    handle = control(page, label).locator(".noUi-handle").first
    handle.focus()
    for _ in range(times):
        handle.press(key)


def drag(page: Page, label: str, *, to: float, steps: int = _STEPS) -> None:
    """Pull a slider's handle to a share of its way: 0 is the left end, 1 the right one."""
    row = control(page, label)
    row.scroll_into_view_if_needed()
    handle = row.locator(".noUi-handle").first.bounding_box()
    base = row.locator(".noUi-base").bounding_box()
    assert handle is not None
    assert base is not None
    middle = base["y"] + base["height"] / 2
    page.mouse.move(handle["x"] + handle["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(base["x"] + base["width"] * to, middle, steps=steps)
    page.mouse.up()


def readout(page: Page, label: str) -> Locator:
    """Find the number beside a slider."""
    return control(page, label).locator(".widget-readout")


def pick(page: Page, label: str, option: str) -> None:
    """Pick from a dropdown."""
    control(page, label).locator("select").select_option(label=option)


def enter(page: Page, label: str, text: str) -> None:
    """Type a text or a number in the place of the one that stands there, and press Enter."""
    field = control(page, label).locator("input, textarea").first
    field.fill(text)
    field.press("Enter")


def click(page: Page, text: str) -> None:
    """Press a button."""
    page.get_by_role("button", name=text, exact=True).click()


def marked(page: Page, marker: str) -> Locator:
    """Find what an output has marked: `<span data-marker="total">`, or `id="total"`."""
    return page.locator(f'[data-marker="{marker}"], [id="{marker}"]').first


def wait_text(page: Page, marker: str, text: str) -> None:
    """Wait until a marked output reads so."""
    expect(marked(page, marker)).to_have_text(text, timeout=PATIENCE_MS)


def node(page: Page, name: str) -> Locator:
    """Find a node's view."""
    return page.locator(".nbnodes-node").filter(has=_head(page, name)).first


def node_state(page: Page, name: str) -> str:
    """Read what state a node's view shows."""
    return _head(page, name).first.get_attribute("data-state") or ""


def wait_state(page: Page, name: str, state: State) -> None:
    """Wait until a node's view shows a state."""
    expect(_head(page, name).first).to_have_attribute("data-state", state, timeout=PATIENCE_MS)


def _head(page: Page, name: str) -> Locator:
    """Find the heads of a node's views; its place in a drawing has the name, but no state."""
    return page.locator(f'[data-node="{name}"][data-state]')
