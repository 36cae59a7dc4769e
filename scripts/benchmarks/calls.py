"""Calls from a program, in a fresh namespace each: every engine beside papermill's API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import peers
from benchmarks.contest import Group, Timed, at_most_times

_EXAMPLES = Path(__file__).resolve().parents[2] / "model_notebooks"


def call_groups(folder: str) -> Iterator[Group]:
    """Yield a group for an example without and one with pandas."""
    import nbnodes as nb

    del folder
    for title, name, values in (
        ("trivial", "fibonacci", {"n": 10}),
        ("pandas", "trend", {"window": 6}),
    ):
        path = str(_EXAMPLES / f"{name}.ipynb")
        with nb.Session() as session:
            yield _group(title, session.model(path), path, values)


def _group(title: str, model: Any, path: str, values: Mapping[str, Any]) -> Group:
    def engine(name: str) -> partial[object]:
        return partial(model.run, values, engine=name, cache=False)

    return Group(
        name=f"call, {title}",
        goals=(at_most_times("kernel (isolated)", "papermill.execute_notebook", 1),),
        contenders=(
            Timed(name="kernel (isolated)", run=engine("kernel")),
            Timed(name="papermill.execute_notebook", run=peers.papermill_call(path, values)),
            Timed(name="fork (isolated)", run=engine("fork"), repeat=5),
            Timed(name="inprocess", run=engine("inprocess")),
            Timed(name="papermill engine", run=engine("papermill")),
            Timed(name="answered from the cache", run=partial(model.run, values), repeat=20),
        ),
    )
