"""A notebook's name becomes its page in JupyterLab or Voila, run, and watched while it is open."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    WebError,
    WebSocket,
)
from playwright.sync_api import TimeoutError as PageTimeoutError
from servers import TOKEN, Server

CHROMIUM = "/usr/bin/chromium"
WORDS = [  # what a container needs; and no name of another host is ever looked up
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
PATIENCE_MS = 60_000  # machines that test are busy
LOADS_MS = (12_000, 24_000, 48_000)  # Voila now and then never ends a page's run (voila#920)

# What JupyterLab and Voila write by themselves, whatever the notebook: nothing of ours.
TOLERATED: tuple[str, ...] = ()

_IS_READY = """path => {
    const panel = window.jupyterapp?.shell?.currentWidget
    const session = panel?.sessionContext
    const kernel = session?.session?.kernel
    return panel?.context?.path === path && panel.context.isReady && session.isReady
        && kernel?.connectionStatus === 'connected' && kernel.status === 'idle'
}"""
_RUN = "() => jupyterapp.commands.execute('notebook:run-all-cells')"
_HAS_RUN = """() => {
    const panel = jupyterapp.shell.currentWidget
    const cells = [...panel.content.model.cells].filter(
        cell => cell.type === 'code' && cell.sharedModel.source.trim())
    return panel.sessionContext.session.kernel.status === 'idle'
        && cells.some(cell => cell.executionCount)
        && !cells.some(cell => cell.executionState === 'running')
}"""
_IS_DRAWN = """() => ![...document.querySelectorAll('.jp-OutputArea-output')].some(
    output => output.textContent.trim() === 'Loading widget...')"""
_FAILED = """() => [...jupyterapp.shell.currentWidget.content.model.cells]
    .filter(cell => cell.type === 'code')
    .flatMap(cell => cell.outputs.toJSON())
    .filter(output => output.output_type === 'error')
    .map(output => output.traceback.join('\\n'))
"""
_IS_SHOWN = """() => {
    const cells = document.getElementById('rendered_cells')
    return cells && cells.style.display !== 'none' && !document.getElementById('loading')
        && !cells.querySelector('script[type="application/vnd.voila.cell-output+json"]')
}"""
_FAILED_IN_VOILA = """() => [...document.querySelectorAll('#rendered_cells pre')]
    .map(pre => pre.textContent).filter(text => text.includes('Traceback (most recent call last)'))
"""


class Watched:
    """Pages of one test, and all that went wrong on them.

    Attributes:
        problems: Errors of pages and consoles, and requests to other hosts, in order.
    """

    def __init__(self, browser: Browser) -> None:
        self.problems: list[str] = []
        self._context = _watched(browser, self.problems)

    def page(self) -> Page:
        """Open an empty page."""
        return self._context.new_page()

    def close(self) -> None:
        """Close the pages and end their kernels.

        Raises:
            AssertionError: If anything went wrong on a page.
        """
        self._context.close()
        if self.problems:
            raise AssertionError("\n".join(self.problems))


class Screen(Watched):
    """What shows notebooks."""

    def __init__(self, browser: Browser, server: Server) -> None:
        super().__init__(browser)
        self.server = server

    def open(self, notebook: str, query: str = "") -> Page:
        """Open a notebook, such as `view_notebooks/prices.ipynb`, and run it.

        Each time it is a new kernel, and the notebook as it is in the repository.

        Args:
            notebook: Its path.
            query: What follows the address's `?`, such as `n=7`; to JupyterLab it means nothing.

        Raises:
            AssertionError: If a cell has failed.
        """
        raise NotImplementedError


class Lab(Screen):
    """JupyterLab."""

    def open(self, notebook: str, query: str = "") -> Page:
        self.server.restore(notebook)
        page = self.page()
        address = f"{self.server.url}/lab/tree/{notebook}?token={TOKEN}&reset&{query}"
        page.goto(address, wait_until="commit")
        page.wait_for_function(_IS_READY, arg=notebook)
        page.evaluate(_RUN)
        page.wait_for_function(_HAS_RUN)
        page.wait_for_function(_IS_DRAWN)
        _require_none(notebook, page.evaluate(_FAILED))
        return page

    def close(self) -> None:
        sessions = f"{self.server.url}/api/sessions"
        asked = {"Authorization": f"token {TOKEN}"}
        for session in self._context.request.get(sessions, headers=asked).json():
            self._context.request.delete(f"{sessions}/{session['id']}", headers=asked)
        super().close()


class Voila(Screen):
    """Voila, as `nbnodes dashboard` runs it."""

    def open(self, notebook: str, query: str = "") -> Page:
        page = self.page()
        address = f"{self.server.url}/voila/render/{notebook}?token={TOKEN}&{query}"
        for patience in LOADS_MS:
            page.goto(address, wait_until="commit")
            try:
                page.wait_for_function(_IS_SHOWN, timeout=patience)
            except PageTimeoutError:
                continue
            page.wait_for_function(_IS_DRAWN)
            _require_none(notebook, page.evaluate(_FAILED_IN_VOILA))
            return page
        raise AssertionError(f"Voila did not show {notebook}, {len(LOADS_MS)} times")

    def close(self) -> None:
        for page in self._context.pages:
            page.goto("about:blank")  # a page that is left ends its kernel
        super().close()


def is_local(url: str) -> bool:
    """Whether a request leaves this machine alone."""
    parts = urlsplit(url)
    return parts.scheme in ("data", "blob", "about") or parts.hostname in ("127.0.0.1", "localhost")


def _require_none(notebook: str, tracebacks: list[str]) -> None:
    if tracebacks:
        raise AssertionError("\n".join([f"{notebook}: a cell has failed", *tracebacks]))


def _watched(browser: Browser, problems: list[str]) -> BrowserContext:
    """Open a context that notes what must not happen."""

    def note(problem: str) -> None:
        if not any(re.search(pattern, problem) for pattern in TOLERATED):
            problems.append(problem)

    def on_request(request: Request | WebSocket) -> None:
        if not is_local(request.url):
            note(f"request to another host: {request.url}")

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            note(f"console error: {message.text} ({message.location.get('url', '')})")

    def on_error(error: WebError) -> None:
        note(f"page error: {error.error.message}\n{error.error.stack}")

    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    context.set_default_timeout(PATIENCE_MS)
    context.on("request", on_request)
    context.on("console", on_console)
    context.on("weberror", on_error)
    context.on("page", lambda page: page.on("websocket", on_request))
    return context
