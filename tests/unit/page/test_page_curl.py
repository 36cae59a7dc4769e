"""A call of curl that is copied from a page asks for what the page shows."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnodes.errors import FormatError
from nbnodes.page.curl import curl_line

VALUES = st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text())


@given(VALUES)
def test_a_shell_reads_the_values_as_they_are(values: dict[str, Any]) -> None:
    words = shlex.split(curl_line("http://localhost/api/models/a%20b/run", values))
    assert words[:4] == ["curl", "-X", "POST", "http://localhost/api/models/a%20b/run"]
    assert json.loads(words[-1]) == values


def test_a_url_of_many_words_is_one_word() -> None:
    assert "'http://h/a?b=$(c)'" in curl_line("http://h/a?b=$(c)", {})


def test_the_token_is_read_from_the_environment() -> None:
    line = curl_line("http://h/", {}, is_guarded=True)
    assert '-H "Authorization: Bearer $NBNODES_TOKEN"' in line


def test_a_value_that_json_has_nothing_for_is_refused() -> None:
    with pytest.raises(FormatError):
        curl_line("http://h/", {"x": object()})


def test_half_a_character_is_escaped() -> None:
    line = curl_line("http://h/", {"word": "\ud800"})
    assert r"\ud800" in line
    assert line.encode()
