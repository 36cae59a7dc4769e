"""The format of an answer is the one that the request wants most, as RFC 9110 reads it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbnodes.formats.formats import FORMATS
from nbnodes.rest.accepting import wanted_format

ALL = tuple(FORMATS)
BROWSER = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,"
    "image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7"
)
PICTURE = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
JAVA = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"
RFC = "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed;q=0.1, */*;q=0.5"

ACCEPTED: dict[str, tuple[str | None, str | None]] = {
    "nothing said": (None, "json"),
    "an empty header": ("", "json"),
    "anything": ("*/*", "json"),
    "a star alone": ("*", "json"),
    "a browser": (BROWSER, "html"),
    "a browser's picture": (PICTURE, "svg"),
    "an old client of Java": (JAVA, "html"),
    "a table": ("text/csv", "csv"),
    "another case": ("Text/CSV", "csv"),
    "parquet": ("application/vnd.apache.parquet", "parquet"),
    "arrow": ("application/vnd.apache.arrow.stream", "arrow"),
    "a notebook": ("application/x-ipynb+json", "ipynb"),
    "any text": ("text/*", "html"),
    "any picture": ("image/*", "png"),
    "any application": ("application/*", "json"),
    "the first of equals": ("text/csv, application/json", "csv"),
    "the heaviest": ("text/csv;q=0.5, application/json;q=0.6", "json"),
    "the heaviest, blanks": ("text/csv ; q=0.5 , application/json ; q = 0.4", "csv"),
    "the specific before the general": ("*/*, text/*, text/csv", "csv"),
    "the kind before anything": ("*/*, image/*", "png"),
    "the specific weight holds": ("text/csv;q=0.1, text/*;q=0.9", "html"),
    "the RFC's example": (RFC, "text"),
    "json is not wanted": ("application/json;q=0, */*", "html"),
    "of text all but html": ("text/*, text/html;q=0", "csv"),
    "our own parameter": ("application/json; charset=utf-8", "json"),
    "a parameter that we lack": ("application/json;version=2", "json"),
    "a parameter in quotes": ('text/csv;header="a,b;q=0", application/json;q=0.5', "csv"),
    "a kind that there is none of": ("application/pdf", None),
    "nothing at all": ("*/*;q=0", None),
    "zero in three digits": ("text/csv;q=0.000", None),
    "malformed": ("what is this", "json"),
    "only commas": (",,,", "json"),
    "a weight that is none": ("text/csv;q=much, application/json;q=0.1", "json"),
    "a weight over one": ("text/csv;q=1.5, application/json;q=0.1", "json"),
    "a weight that is no number": ("text/csv;q=nan, text/html;q=0.1", "html"),
    "a quote that does not end": ('text/csv;a="b, application/json', "csv"),
    "half a range": ("text/, /csv, */csv, text/html;q=0.1", "html"),
}


@pytest.mark.parametrize(("accept", "name"), ACCEPTED.values(), ids=ACCEPTED)
def test_the_header_says_the_format(accept: str | None, name: str | None) -> None:
    assert wanted_format(accept, None, ALL) == name


def test_what_is_asked_for_goes_before_the_header() -> None:
    assert wanted_format("text/html", "csv", ALL) == "csv"
    assert wanted_format("*/*", "csv", ("text", "json")) is None


def test_a_value_without_json_is_shown_to_who_takes_anything() -> None:
    assert wanted_format("*/*", None, ("text", "html", "png")) == "html"
    assert wanted_format(None, None, ("text", "ipynb")) == "text"
    assert wanted_format("application/json", None, ("text", "html", "png")) is None
    assert wanted_format(None, None, ()) is None


@settings(deadline=None)
@given(st.text() | st.text(alphabet='text/csv*;q=.0159,"\\ ='), st.sets(st.sampled_from(ALL)))
def test_any_header_has_an_answer(accept: str, there: set[str]) -> None:
    found = wanted_format(accept, None, sorted(there))
    assert found is None or found in there


def test_a_header_of_many_ranges_is_read_in_time() -> None:
    assert wanted_format('text/csv;a="' * 20_000, None, ALL) is not None
    assert wanted_format("a/b," * 20_000 + "text/csv", None, ALL) == "csv"
