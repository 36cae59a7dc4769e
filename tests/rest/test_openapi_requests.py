"""What our own server answers is what its OpenAPI document tells."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from schemata import undocumented
from schemathesis import GenerationMode
from serving import Served, served

from nbnodes.rest.application import Guard

TOKEN = "let-me-in"


@pytest.fixture(scope="module")
def guarded(models: Path) -> Iterator[Served]:
    """A guarded server of notebooks of all kinds."""
    kinds = ("echo", "square", "table", "fails", "says", "odd")
    paths = [models / f"{name}.ipynb" for name in kinds]
    with served(*paths, guard=Guard(token=TOKEN)) as made:
        yield made


@pytest.mark.parametrize("mode", GenerationMode)
def test_nothing_is_answered_that_the_document_does_not_tell(
    guarded: Served, mode: GenerationMode
) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert undocumented(guarded.url, headers, mode, examples=4) == {}
