"""What is answered in Jupyter is what the OpenAPI document there tells."""

from __future__ import annotations

import pytest
from jupyters import TOKEN, Jupyter
from schemata import undocumented
from schemathesis import GenerationMode


@pytest.mark.parametrize("mode", GenerationMode)
def test_nothing_is_answered_in_jupyter_that_the_document_does_not_tell(
    server: Jupyter, mode: GenerationMode
) -> None:
    url = f"{server.url}nbnodes/"
    assert undocumented(url, {"Authorization": f"token {TOKEN}"}, mode, examples=3) == {}
