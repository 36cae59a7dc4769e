"""Text becomes one harmless line, measured in terminal columns or pixels, and cut to a width."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from itertools import accumulate
from typing import TypeAlias

Measure: TypeAlias = Callable[[str], float]
"""The width of one character."""

_JOINERS = "\u200c\u200d"  # within words and emoji; every other invisible character is shown
_WIDE_VARIANT = "\ufe0f"  # makes the character before it an emoji, which is wider
_NARROW, _BROAD = frozenset("!'(),.:;I[]`fijlrt{|}\" "), frozenset("%@MWmw—…→←")


def one_line(text: str) -> str:
    """Return the text on one line, without characters that steer a terminal or a text's direction.

    What cannot be shown, or is no XML character, becomes U+FFFD.
    """
    return "".join(map(_shown, " ".join(text.split())))


def columns(char: str) -> int:
    """Return how many columns of a terminal a character takes, at the most."""
    if char == _WIDE_VARIANT:
        return 1
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def pixels(size: float) -> Measure:
    """Return how wide a character is at a font size, on the safe side for any sans serif."""
    return lambda char: size * _ems(char)


def width(text: str, measure: Measure) -> float:
    """Return how wide a text is."""
    return sum(map(measure, text))


def cut(text: str, limit: float, measure: Measure, ellipsis: str = "…") -> str:
    """Return the text, or as much of its beginning as fits with an ellipsis behind it."""
    if width(text, measure) <= limit:
        return text
    room = limit - width(ellipsis, measure)
    if room < 0:
        return ""
    fitting = sum(total <= room for total in accumulate(map(measure, text)))
    return text[:fitting].rstrip() + ellipsis


def _shown(char: str) -> str:
    if char.isprintable() or char in _JOINERS:
        return char
    is_steering = unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    is_no_character = ord(char) & 0xFFFE == 0xFFFE  # noqa: PLR2004  # two at the end of each plane
    return "\ufffd" if is_steering or is_no_character else char


def _ems(char: str) -> float:
    if char in _NARROW:
        return 0.42
    if char in _BROAD:
        return 1.02
    if char.isascii():
        return 0.76 if char.isupper() else 0.66
    return float(0.8 * columns(char)) if columns(char) < 2 else 1.1  # noqa: PLR2004  # W and F
