"""A widget's script and style sheet become a page, with a model that only this page knows."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page

_PAGE = """<!doctype html><meta charset="utf-8"><style>%(css)s</style>
<body data-jp-theme-light="true"><div id="place"></div>"""
_START = """async ({esm, state, classes}) => {
    const hears = {}
    const tell = (name, ...more) => (hears[name] ?? []).forEach(hear => hear(...more))
    window.model = {
        sent: [],
        get: key => state[key],
        set(key, value) { state[key] = value; tell(`change:${key}`) },
        change(changes) {
            Object.assign(state, changes)
            Object.keys(changes).forEach(key => tell(`change:${key}`))
        },
        on: (name, hear) => (hears[name] ??= []).push(hear),
        off: (name, hear) => { hears[name] = hears[name].filter(one => one !== hear) },
        send: content => model.sent.push(content),
        say: (content, text) => tell('msg:custom', content,
            text === null ? [] : [new DataView(new TextEncoder().encode(text).buffer)]),
        save_changes() {},
        hearing: () => Object.values(hears).flat().length,
    }
    const el = document.createElement('div')
    el.className = classes
    document.getElementById('place').append(el)
    const address = URL.createObjectURL(new Blob([esm], {type: 'text/javascript'}))
    window.leave = (await import(address)).default.render({model, el})
}"""


class Front:
    """One widget on a page.

    Args:
        page: An empty page.
        widget: The widget, whose script, style sheet and state are taken.
        width: Of the page.
    """

    def __init__(self, page: Page, widget: Any, *, width: int = 1000) -> None:
        self.page = page
        page.set_viewport_size({"width": width, "height": 700})
        page.set_content(_PAGE % {"css": widget._css})
        state = {key: widget.get_state(key)[key] for key in widget.keys if key != "layout"}
        classes = " ".join(widget._dom_classes)
        state = json.loads(json.dumps(state))
        page.evaluate(_START, {"esm": widget._esm, "state": state, "classes": classes})

    @property
    def sent(self) -> list[dict[str, Any]]:
        """What it sent to the kernel."""
        found: list[dict[str, Any]] = self.page.evaluate("model.sent")
        return found

    def change(self, **state: Any) -> None:
        """Change the widget's traits, as the kernel does."""
        self.page.evaluate("state => model.change(state)", state)

    def say(self, content: dict[str, Any], text: str | None = None) -> None:
        """Send it a message, with a text as its buffer."""
        self.page.evaluate("([content, text]) => model.say(content, text)", [content, text])
