"""An object looks the same whoever shows it: as a node's value, and as what it displays."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import matplotlib.figure
import pytest
from IPython.display import HTML, Image

import nbnodes as nb
from nbnodes.live.drawn import drawn
from nbnodes.views.shown import shown

DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class Bytes:
    """Draws itself as bytes, as libraries may."""

    def _repr_png_(self) -> bytes:
        return DOT


OBJECTS: dict[str, tuple[Callable[[], Any], str]] = {
    "a number": (lambda: 5, "text/plain"),
    "markup": (lambda: HTML("<b>bold</b>"), "text/html"),
    "a picture": (lambda: Image(data=DOT), "image/png"),
    "something that draws itself": (Bytes, "image/png"),
    "a Matplotlib figure": (matplotlib.figure.Figure, "image/png"),
}


pytestmark = pytest.mark.usefixtures("session")


@pytest.mark.parametrize("name", OBJECTS)
def test_one_look_has(name: str) -> None:
    make, mime = OBJECTS[name]
    data, _ = drawn(make())
    assert mime in data
    assert json.loads(json.dumps(data)) == data


@pytest.mark.parametrize("name", OBJECTS)
def test_a_display_beside_a_value_is_shown_as_if_it_was_the_value(name: str) -> None:
    make, mime = OBJECTS[name]

    def beside(n: int = 1) -> nb.Output:
        return nb.Output(value=n, display=make())

    result = nb.Graph(nb.Node(beside)).run("beside")
    (output,) = shown(result)
    assert result.value == 1
    assert mime in output["data"]


def test_pictures_are_sent_as_text() -> None:
    data, _ = drawn(Bytes())
    assert base64.b64decode(data["image/png"]) == DOT


def test_text_displayed_is_itself() -> None:
    result = nb.Graph(nb.Node(lambda: nb.Output(value=1, display="said"), name="it")).run("it")
    (output,) = shown(result)
    assert output["data"] == {"text/plain": "said"}
