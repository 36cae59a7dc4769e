"""The rooms themselves: what goes wrong on a page fails its test."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser
from screens import Watched, is_local


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("setTimeout(() => { throw new Error('thrown') })", "page error: thrown"),
        ("console.error('written')", "console error: written"),
        ("await fetch('https://example.org/x').catch(() => {})", "another host: https://example"),
        (
            "await new Promise(end => { new WebSocket('ws://example.org/x').onerror = end })",
            "another host: ws://example.org/x",
        ),
    ],
    ids=["exception", "console", "request", "socket"],
)
def test_what_goes_wrong_on_a_page_is_told(browser: Browser, script: str, told: str) -> None:
    watched = Watched(browser)
    page = watched.page()
    page.evaluate(f"async () => {{ {script} }}")
    page.evaluate("() => new Promise(end => setTimeout(end))")  # what was thrown comes before
    with pytest.raises(AssertionError, match=told):
        watched.close()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8888/lab", True),
        ("ws://localhost/api", True),
        ("data:,x", True),
        ("blob:http://127.0.0.1/1", True),
        ("https://cdn.jsdelivr.net/x.css", False),
        ("http://127.0.0.1.example.org/", False),
    ],
)
def test_what_leaves_this_machine_is_known(url: str, expected: bool) -> None:
    assert is_local(url) == expected
