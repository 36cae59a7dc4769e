"""The address of a page becomes values."""

from __future__ import annotations

import pytest

from nbnodes.views.query import url_values


@pytest.fixture(autouse=True)
def _no_voila(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VOILA_PREHEAT", "SERVER_SOFTWARE", "QUERY_STRING"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {}),
        ("n=7", {"n": "7"}),
        ("n=7&n=8", {"n": ["7", "8"]}),
        ("n=", {"n": ""}),
        ("n", {"n": ""}),
        ("text=a+b%26c%C3%A9", {"text": "a b&cé"}),
        ("token=secret&theme=dark&template=lab&classic-tree=true&n=7", {"n": "7"}),
    ],
)
@pytest.mark.parametrize("preheated", ["False", "True"])  # and told already: it asks only once
def test_what_a_page_of_voila_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
    query: str,
    expected: dict[str, str | list[str]],
    preheated: str,
) -> None:
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5.13")
    monkeypatch.setenv("VOILA_PREHEAT", preheated)
    monkeypatch.setenv("QUERY_STRING", query)
    assert url_values() == expected


@pytest.mark.parametrize("software", [None, "Apache/2.4"])
def test_without_voila_there_is_no_address(
    monkeypatch: pytest.MonkeyPatch, software: str | None
) -> None:
    monkeypatch.setenv("QUERY_STRING", "n=7")
    if software:
        monkeypatch.setenv("SERVER_SOFTWARE", software)
    assert url_values() == {}
