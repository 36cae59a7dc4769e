"""`nbnodes dashboard` as a browser sees it."""

from __future__ import annotations

import psutil
from hands import wait_text
from screens import PATIENCE_MS, Voila
from servers import Server

PLAIN = "notebooks/plain.ipynb"


def test_what_the_address_says_reaches_the_notebook(voila: Voila) -> None:
    wait_text(voila.open(PLAIN, "n=7"), "answer", "7 + 2 = 9")


def test_a_page_that_is_left_ends_its_kernel(voila: Voila, voila_server: Server) -> None:
    server = psutil.Process(voila_server.process.pid)
    others = server.children()
    page = voila.open(PLAIN)
    kernels = [process for process in server.children() if process not in others]
    assert kernels
    page.goto("about:blank")
    assert psutil.wait_procs(kernels, timeout=PATIENCE_MS / 1000)[1] == []
