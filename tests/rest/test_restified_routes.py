"""`/restified/{path}` answers as notebook_restified's did, but for what was wrong there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from notebooks import SEED_FIBONACCI, write_notebook
from serving import PROBLEM, Served, served

from nbnodes.errors import NotebookWarning

NUMBERS = {1: 1, 2: 1, 3: 2, 4: 3, 5: 5, 6: 8, 10: 55, 15: 610}


@pytest.fixture(scope="module")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The seed's demo."""
    folder = tmp_path_factory.mktemp("seed")
    write_notebook(folder / "model.ipynb", *SEED_FIBONACCI)
    write_notebook(folder / "raises.ipynb", ("n = 1", "parameters"), ("n / 0", "return"))
    write_notebook(folder / "takes.ipynb", ("token = 1", "parameters"), ("token", "return"))
    write_notebook(folder / "says_none.ipynb", "1")
    write_notebook(folder / "opaque.ipynb", ("object()", "return"))
    with served(folder) as made:
        yield made


@pytest.mark.parametrize(("n", "answer"), NUMBERS.items())
def test_the_demo_counts_as_its_table_says(seed: Served, n: int, answer: int) -> None:
    got = seed.client.get("restified/model.ipynb", params={"n": n})
    assert (got.status_code, got.json()) == (200, answer)
    posted = seed.client.post("restified/model.ipynb", json={"n": n})
    assert (posted.status_code, posted.json()) == (200, answer)


def test_without_parameters_it_has_its_own(seed: Served) -> None:
    got = seed.client.get("restified/model.ipynb")
    assert (got.text, got.headers["Content-Type"]) == ("610", "application/json")
    assert seed.client.post("restified/model.ipynb").json() == 610


def test_of_repeated_parameters_the_last_counts(seed: Served) -> None:
    assert seed.client.get("restified/model.ipynb?n=5&n=10").json() == 55


def test_a_token_is_never_a_parameter_of_a_query(seed: Served) -> None:
    assert seed.client.get("restified/model.ipynb?n=5&token=abc&_xsrf=abc").json() == 5
    assert seed.client.get("restified/takes.ipynb?token=7").json() == 1
    assert seed.client.post("restified/takes.ipynb", json={"token": 7}).json() == 7


def test_format_is_a_parameter_here_as_any_other(seed: Served) -> None:
    assert seed.client.get("restified/model?format=csv").status_code == 422


def test_the_index_is_there_with_and_without_a_slash(seed: Served) -> None:
    for path in ("restified", "restified/"):
        got = seed.client.get(path)
        assert got.status_code == 200
        assert "/restified/model" in got.json()["notebooks"]
        assert seed.client.post(path, json={}).status_code == 405


def test_errors_are_errors(seed: Served) -> None:
    asked: list[tuple[int, Any]] = [
        (404, seed.client.get("restified/nobody.ipynb")),
        (400, seed.client.post("restified/model.ipynb", content=b"{", headers=JSON)),
        (422, seed.client.get("restified/model.ipynb?m=1")),
        (424, seed.client.get("restified/raises.ipynb")),
        (422, seed.client.get("restified/model.ipynb?n=abc")),
        (406, seed.client.get("restified/opaque.ipynb")),
    ]
    assert [got.status_code for _, got in asked] == [status for status, _ in asked]
    assert {got.headers["Content-Type"] for _, got in asked} == {PROBLEM}


def test_a_notebook_without_a_value_gives_null(seed: Served) -> None:
    assert seed.client.get("restified/says_none.ipynb").text == "null"


def test_an_unknown_kernel_is_told_of_and_pythons_runs_instead(tmp_path: Path) -> None:
    write_notebook(tmp_path / "old.ipynb", *SEED_FIBONACCI, kernel="py36")
    with pytest.warns(NotebookWarning, match="py36"), served(tmp_path) as server:
        assert server.client.get("restified/old.ipynb?n=6").json() == 8


JSON = {"Content-Type": "application/json"}
