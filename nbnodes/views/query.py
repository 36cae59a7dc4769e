"""The address of the page that shows this kernel becomes values: `?n=7` is {"n": "7"}."""

from __future__ import annotations

import os
import threading
from urllib.parse import parse_qs

_OWN = frozenset({"token", "theme", "template", "classic-tree"})  # words that Voila reads itself
_ATTEMPTS = 3  # Voila's waiting gives up when its server is busy for five seconds
_waiting = threading.Lock()


def url_values() -> dict[str, str | list[str]]:
    """Return what the page's address says after its `?`.

    A name given once has a text, one given several times the list of its texts, in order. Where no
    Voila shows this kernel there is nothing. In a kernel that was started before anyone opened a
    page this waits for the page.
    """
    _await_page()
    if not os.environ.get("SERVER_SOFTWARE", "").startswith("voila/"):
        return {}
    found = parse_qs(os.environ.get("QUERY_STRING", ""), keep_blank_values=True)
    return {
        name: texts[0] if len(texts) == 1 else texts
        for name, texts in found.items()
        if name not in _OWN
    }


def _await_page() -> None:
    """Wait, where the kernel was preheated, until Voila has told which page it is for.

    Voila tells it once: who asked again would wait for ever. The variables that it then sets are
    how one sees that it was told, here or in the notebook itself.
    """
    with _waiting:
        for _ in range(_ATTEMPTS):
            if os.environ.get("VOILA_PREHEAT") != "True" or "SERVER_SOFTWARE" in os.environ:
                return
            from voila.utils import wait_for_request

            wait_for_request()
