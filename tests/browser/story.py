"""What a test reads of a node's view beside its value: states that it passed, and its reason."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

PATIENCE_MS = 30_000
_RECORD = """name => {
    const head = document.querySelector(`.nbnodes-header[data-node="${name}"]`)
    const states = ((window.nbnodesStates ??= {})[name] = [])
    new MutationObserver(() => states.push(head.dataset.state)).observe(
        head, {attributes: true, attributeFilter: ['data-state']})
}"""


def header(page: Page, name: str) -> Locator:
    """Find the header of a node's view."""
    return page.locator(f'.nbnodes-header[data-node="{name}"]')


def states_from_now(page: Page, name: str) -> Callable[[], list[str]]:
    """Note each state of a node's view, however short; return what tells them."""
    expect(header(page, name)).to_be_attached(timeout=PATIENCE_MS)
    page.evaluate(_RECORD, name)
    return lambda: list(page.evaluate("name => window.nbnodesStates[name]", name))


def wait_reason(page: Page, name: str, reason: str) -> None:
    """Wait until a node's view gives a reason, such as "remembered"."""
    told = header(page, name).locator(".nbnodes-reason")
    expect(told).to_contain_text(reason, timeout=PATIENCE_MS)


def wait_shown(shown: Locator, text: str) -> None:
    """Wait until a part of the page shows a text, among others."""
    expect(shown).to_contain_text(text, timeout=PATIENCE_MS)
