"""A part is a notebook of its own: any engine runs it, and its cells show what they showed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from notebooks import CellText, document, notebook

import nbnodes as nb
from nbnodes.errors import NbnodesError
from nbnodes.graph.parts import VALUE, origins, part_notebook
from nbnodes.graph.split import Part, Split, split
from nbnodes.notebook.document import Notebook


def sources(part: Part, found: Split, made: Notebook) -> list[str]:
    return [cell.source for cell in part_notebook(part, found, made).cells]


def test_a_part_declares_what_it_is_given_and_gives_what_it_defines() -> None:
    made = notebook(
        "import math",
        ("n: int = 3  # how many\nm = 2", "parameters"),
        "xs = list(range(n))",
        "def area(r):\n    return math.pi * r ** m",
        "total = sum(area(x) for x in xs)",
    )
    found = split(made)
    first, second = found.parts
    assert sources(first, found, made) == [
        "n: int = 3  # how many",
        "xs = list(range(n))",
        '{"xs": xs};',
    ]
    assert sources(second, found, made) == [
        "import math\ndef area(r):\n    return math.pi * r ** m",
        "m = 2\nxs = None",
        "total = sum(area(x) for x in xs)",
        '{"total": total};',
    ]
    tags = [cell.tags for cell in part_notebook(second, found, made).cells]
    assert tags == [(), ("parameters",), (), ("return",)]
    assert origins(second, found) == {2: 4}


def test_its_name_folder_kernel_and_files_are_the_notebooks() -> None:
    given = document("t = open('a.txt').read()", metadata={"nbnodes": {"extras": {"files": ["b"]}}})
    made = notebook("t = open('a.txt').read()", metadata=given["metadata"])
    found = split(made)
    part = part_notebook(found.parts[0], found, made)
    assert part.name == f"{made.name}:t"
    assert (part.folder, part.kernel_name, part.language) == (made.folder, "python3", "python")
    assert part.options == {"extras": {"files": ["b", "a.txt"]}}


def test_only_wanted_names_are_given() -> None:
    made = notebook("x = len('a')\ny = len('b')", "x")
    found = split(made)
    first = found.parts[0]
    assert (first.gives, first.defines) == (("x",), ("x", "y"))
    assert part_notebook(first, found, made, first.gives).cells[-1].source == '{"x": x};'


def test_what_sets_modules_up_shows_nothing() -> None:
    made = notebook("x = len('a')", "%precision 3", "x / 3")
    found = split(made)
    assert sources(found.parts[1], found, made)[0] == "%precision 3\npass"


RETURNS: dict[str, tuple[str, str]] = {
    "an expression": ("x + 1", "(__nbnodes_value__ := (x + 1))"),
    "a quiet one": ("x;  # no", "(__nbnodes_value__ := (x));  # no"),
    "a tuple": ("x, 1", "(__nbnodes_value__ := (x, 1))"),
    "after others": ("y = x\ny", "y = x\n(__nbnodes_value__ := (y))"),
    "over lines": ("max(\n    x, 1\n)", "(__nbnodes_value__ := (max(\n    x, 1\n)))"),
    "letters beyond ASCII": ("'é' * x", "(__nbnodes_value__ := ('é' * x))"),
    "no expression": ("y = x", "y = x"),
}


@pytest.mark.parametrize("name", RETURNS)
def test_the_return_cells_value_is_kept(name: str) -> None:
    source, kept = RETURNS[name]
    made = notebook("x = len('a')", (source, "return"))
    found = split(made)
    texts = sources(found.parts[-1], found, made)
    assert texts[1] == kept
    value = "None" if name == "no expression" else "__nbnodes_value__"
    assert f'"return": {value}' in texts[2]


def test_what_may_be_unbound_may_lack() -> None:
    made = notebook(("p = 1", "parameters"), "if p:\n    x = 1", "x")
    found = split(made, joins=[])
    (part,) = found.parts
    assert part.reasons == ("cell 3 uses `x`, which cell 2 may not define",)
    made = notebook(("p = 1", "parameters"), "if p:\n    p = 2", "p")
    found = split(made)
    assert [part.defines for part in found.parts] == [("p",), ()]


ORDINARY: list[CellText] = [
    "import math\nimport statistics as st",
    ("n: int = 4  # how many\nscale = 2.0", "parameters"),
    "def wave(i):\n    return scale * math.sin(i)",
    "values = [wave(i) for i in range(n)]\nprint(len(values))",
    "values.append(100)\nvalues",
    "%config InteractiveShell.ast_node_interactivity = 'last_expr'",
    "middle = st.median(values)\nmiddle",
    "from collections import Counter\ncounts = Counter(int(v) for v in values)\ncounts[100]",
    "if middle > 0:\n    label = 'up'\nelse:\n    label = 'down'",
    "print(label)\n'quiet';",
    ("{'label': label, 'middle': round(middle, 6)}", "return"),
]


def run_whole(session: nb.Session, values: dict[str, Any]) -> tuple[Any, list[Any]]:
    result = session.model(document(*ORDINARY)).run(values)
    return result.value, outputs(result.notebook)


def run_parts(session: nb.Session, values: dict[str, Any]) -> tuple[Any, list[Any]]:
    made = notebook(*ORDINARY)
    found = split(made)
    given: dict[str, dict[str, Any]] = {}
    shown: dict[int, Any] = {}
    for part in found.parts:
        own = part_notebook(part, found, made)
        wanted = {name: given[giver][name] for name, giver in part.reads.items()}
        wanted |= {name: value for name, value in values.items() if name in part.parameters}
        result = session.model(own.document).run(wanted)
        given[part.name] = result.value
        places = origins(part, found)
        for i, each in enumerate(outputs(result.notebook)[-len(own.cells) :]):
            if i in places:
                shown[places[i]] = each
            else:
                assert each == []
    last = next(part for part in found.parts if part.returns)
    return given[last.name][VALUE], [shown.get(i, []) for i in range(len(ORDINARY))]


def outputs(executed: Any) -> list[Any]:
    """Return what each cell showed; the cell with injected parameters is not the user's."""
    cells = [c for c in executed.cells if "injected-parameters" not in c.metadata.get("tags", [])]
    plain = json.loads(json.dumps([cell.get("outputs", []) for cell in cells]))
    for each in (output for shown in plain for output in shown):
        each.pop("execution_count", None)
    return list(plain)


@pytest.mark.parametrize("values", [{}, {"n": 6}, {"scale": 0.5}])
def test_parts_run_by_an_engine_agree_with_the_whole(values: dict[str, Any]) -> None:
    with nb.Session(engine="inprocess", cache=False) as session:
        assert run_parts(session, values) == run_whole(session, values)


def test_an_error_can_be_told_by_its_original_cell() -> None:
    made = notebook("import math", "x = len('a')", "y = math.sqrt(-x)")
    found = split(made)
    part = found.part_of(2)
    assert part is not None
    with nb.Session(engine="inprocess", cache=False) as session:
        model = session.model(part_notebook(part, found, made).document)
        with pytest.raises(NbnodesError) as caught:
            model(x=1)
    index = caught.value.failure.error.cell_index  # type: ignore[attr-defined]
    assert origins(part, found)[index] == 2
