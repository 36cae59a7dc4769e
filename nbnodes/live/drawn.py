"""An object becomes what Jupyter shows of it: MIME types and their content, as messages have it."""

from __future__ import annotations

import base64
import io
from typing import Any

from nbnodes.engines.own_shell import own_shell


def drawn(value: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what Jupyter shows of an object, by MIME type, and what it says of that.

    The shell's own formatter draws, where there is a shell: it knows the libraries in use. A
    Matplotlib figure is a picture in any case.

    Raises:
        ValueError: If nothing can be shown of it.
    """
    data, metadata = _formatter().format(value)
    if not data:  # the formatter has told why, where errors of the shell are told
        raise ValueError(f"a {type(value).__name__} has no text")
    if "image/png" not in data and hasattr(value, "savefig"):  # Matplotlib, not set up to show
        file = io.BytesIO()
        value.savefig(file, format="png")
        data = {**data, "image/png": file.getvalue()}
    return {mime: _textual(content) for mime, content in data.items()}, dict(metadata)


def _formatter() -> Any:
    from IPython.core.formatters import DisplayFormatter

    shell = own_shell()
    return DisplayFormatter() if shell is None else shell.display_formatter


def _textual(content: Any) -> Any:
    """Write bytes in base64, as Jupyter's messages do."""
    return base64.b64encode(content).decode("ascii") if isinstance(content, bytes) else content
