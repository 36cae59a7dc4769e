"""Pages as browsers ask for them: a wrong address has a page too, downloads have names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import PROBLEM, Served, served

from nbnodes.rest.describing import summary

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture(scope="module")
def server(models: Path) -> Iterator[Served]:
    with served(models / "square.ipynb") as found:
        yield found


@pytest.mark.parametrize(
    ("address", "status", "told"),
    [
        ("pages/nosuch", 404, "there is no page &#x27;nosuch&#x27;"),
        ("pages/", 404, "ends with a model&#x27;s name"),
        ("pages", 404, "ends with a model&#x27;s name"),
        ("pages/square?n=%ff", 400, "the query cannot be read"),
        ("pages/%3Cb%3E", 404, "&lt;b&gt;"),
    ],
)
def test_a_wrong_address_of_a_page_is_a_page_to_browsers(
    server: Served, address: str, status: int, told: str
) -> None:
    answer = server.client.get(address, headers=BROWSER)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "frame-ancestors" in answer.headers["Content-Security-Policy"]
    assert told in answer.text
    assert '<a href="/">All models</a>' in answer.text


def test_a_wrong_address_of_a_page_is_a_problem_to_programs(server: Served) -> None:
    answer = server.client.get("pages/nosuch")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, PROBLEM)


def test_an_address_that_says_more_than_there_is_has_the_page_say_so(server: Served) -> None:
    text = server.client.get("pages/square?n=7&foo=1&square.n=9", headers=BROWSER).text
    assert "In the address: foo: there is no such parameter" in text
    assert 'value="9"' in text


@pytest.mark.parametrize(
    ("form", "disposition"),
    [
        ("json", 'inline; filename="square.json"'),
        ("text", 'inline; filename="square.txt"'),
        ("html", 'inline; filename="square.html"'),
        ("ipynb", 'attachment; filename="square.ipynb"'),
    ],
)
def test_what_is_downloaded_is_named_by_its_model(
    server: Served, form: str, disposition: str
) -> None:
    answer = server.run("square", n=3, format=form)
    assert answer.headers["Content-Disposition"].startswith(disposition)


@pytest.mark.parametrize(
    ("description", "words"),
    [
        ("One <b>two</b> a&lt;b <script>window.x = 1</script> three", "One two a<b three"),
        ("Energy $E=mc^2$ and $$\\int_0^\\infty x$$ so", "Energy E=mc^2 and … so"),
        ("<style>p { color: red }</style>\n\n# Big & *small*", "Big & small"),
    ],
)
def test_a_summary_has_words_and_no_scripts_or_squashed_formulas(
    description: str, words: str
) -> None:
    assert summary(description) == words
