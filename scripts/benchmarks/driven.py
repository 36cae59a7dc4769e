"""A function becomes notebooks in which a slider drives it: by nbnodes, and by `interact`."""

from __future__ import annotations

import os
from dataclasses import dataclass

from benchmarks import notebooks
from benchmarks.notebooks import Cells

MODEL_S = 0.3
"""How long the slow model takes."""

MARKER = "shown"
"""What marks the number in an output: `data-marker`."""

LABEL = "n"
"""The slider's."""

MIDDLE, MOST = 50_000, 100_000
"""Where the slider stands, and where it ends."""

_SAY = f"HTML(f'<span data-marker=\"{MARKER}\">{{n}}</span>')"
_IMPORTS = "import time\nfrom IPython.display import HTML"
_SLIDER = (
    f'import ipywidgets\nslider = ipywidgets.IntSlider({MIDDLE}, 0, {MOST}, description="{LABEL}")'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Driven:
    """A notebook in which a slider drives a model.

    Attributes:
        path: The notebook.
        log: A file to which a slow model adds a line at the beginning of each run.
    """

    path: str
    log: str

    def runs(self) -> int:
        """Count the runs of a slow model that have begun."""
        if not os.path.exists(self.log):
            return 0
        with open(self.log, encoding="utf-8") as file:
            return len(file.readlines())


def by_interact(folder: str, *, is_slow: bool) -> Driven:
    """Write `interact` over a function."""
    name = f"interact_{is_slow}"
    cells = (*_function(folder, name, is_slow), ("", "ipywidgets.interact(model, n=slider);"))
    return _written(folder, name, cells)


def by_nbnodes(folder: str, *, is_slow: bool) -> Driven:
    """Write a view of a node over the same function."""
    name = f"nbnodes_{is_slow}"
    cells = (*_function(folder, name, is_slow), ("", _view("model")))
    return _written(folder, name, cells)


def by_nbnodes_from_notebook(folder: str) -> Driven:
    """Write a view of a node over a slow model notebook."""
    name = "nbnodes_notebook"
    model = (
        ("", _IMPORTS),
        ("parameters", f"{LABEL} = 0"),
        ("", "\n".join(_work(folder, name))),
        ("return", _SAY),
    )
    path = notebooks.write(folder, f"{name}_model", model)
    cells = (("", _SLIDER), ("", _view(repr(path))))
    return _written(folder, name, cells)


def _view(body: str) -> str:
    node = f'nb.Node({body}, name="model", input={{"{LABEL}": slider}})'
    return f"import nbnodes as nb\nview = nb.view({node})\nview"


def _function(folder: str, name: str, is_slow: bool) -> Cells:
    body = [*(_work(folder, name) if is_slow else ()), f"return {_SAY}"]
    text = f"def model({LABEL}):\n" + "\n".join(f"    {line}" for line in body)
    return (("", _IMPORTS), ("", text), ("", _SLIDER))


def _work(folder: str, name: str) -> tuple[str, ...]:
    return (
        f'with open({_log(folder, name)!r}, "a") as log:',
        "    print(n, file=log)",
        f"time.sleep({MODEL_S})",
    )


def _log(folder: str, name: str) -> str:
    return os.path.join(folder, f"{name}.log")


def _written(folder: str, name: str, cells: Cells) -> Driven:
    return Driven(path=notebooks.write(folder, name, cells), log=_log(folder, name))
