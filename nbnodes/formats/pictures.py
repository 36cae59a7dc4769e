"""A Success becomes a picture: the last one that it showed, or the figure that its value is."""

from __future__ import annotations

import base64
import binascii
import io
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from nbnodes.errors import FormatError
from nbnodes.formats.documents import joined
from nbnodes.result import Success

_PNG, _SVG = "image/png", "image/svg+xml"
_drawing = threading.Lock()  # Matplotlib draws one figure at a time


def png(result: Success) -> bytes:
    """Return the picture in PNG.

    Raises:
        FormatError: If there is none.
    """
    shown = _last_shown(result, _PNG)
    if not shown:
        return _drawn(result, "png")
    try:
        return base64.b64decode(shown)
    except binascii.Error as error:
        raise FormatError(f"{result.name} shows a picture that is no base64: {error}") from None


def svg(result: Success) -> str:
    """Return the picture in SVG.

    Raises:
        FormatError: If there is none.
    """
    return _last_shown(result, _SVG) or _drawn(result, "svg").decode()


def has_png(result: Success) -> bool:
    """Tell whether there is a picture, or a figure to draw."""
    return _is_figure(result.value) or bool(_last_shown(result, _PNG))


def has_svg(result: Success) -> bool:
    """Tell whether there is a picture in SVG, or a figure to draw."""
    return _is_figure(result.value) or bool(_last_shown(result, _SVG))


def _is_figure(value: object) -> bool:
    return not isinstance(value, type) and hasattr(value, "savefig")


def _last_shown(result: Success, media_type: str) -> str:
    for output in reversed(result.outputs):
        picture = output.get("data", {}).get(media_type)
        if picture:
            return joined(picture)
    return ""


def _drawn(result: Success, kind: str) -> bytes:
    if not _is_figure(result.value):
        raise FormatError(f"{result.name} shows no {'' if kind == 'png' else 'SVG '}picture")
    file = io.BytesIO()
    with _drawing, _same_names(result):
        if kind == "svg" and _is_matplotlib(result):  # the same picture at any time
            result.value.savefig(file, format=kind, metadata={"Date": None})
        else:
            result.value.savefig(file, format=kind)
    return file.getvalue()


def _is_matplotlib(result: Success) -> bool:
    return type(result.value).__module__.partition(".")[0] == "matplotlib"


@contextmanager
def _same_names(result: Success) -> Iterator[None]:
    """Let Matplotlib name an SVG's parts alike each time, unless its user has a say in it."""
    matplotlib = sys.modules.get("matplotlib")
    if matplotlib is None or matplotlib.rcParams["svg.hashsalt"] is not None:
        yield
        return
    matplotlib.rcParams["svg.hashsalt"] = result.key or result.name
    try:
        yield
    finally:
        matplotlib.rcParams["svg.hashsalt"] = None
