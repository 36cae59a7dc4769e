"""Which cells are together, what parts read, and what they are told by."""

from __future__ import annotations

import pytest
from notebooks import CellText, document, markdown, notebook

from nbnodes.graph.split import Part, Split, split


def groups(found: Split) -> str:
    """Write the parts' cells, counted from 1: "1 3+4"."""
    parts = ("+".join(str(cell.index + 1) for cell in part.cells) for part in found.parts)
    return " ".join(parts)


GROUPS: dict[str, tuple[list[CellText], str]] = {
    "cells that share nothing": (["a = len('a')", "b = len('b')"], "1 2"),
    "a chain": (["a = len('a')", "b = a + 1", "b"], "1 2 3"),
    "imports and functions are no part": (["import os\ndef f(): pass", "x = f()", ""], "2"),
    "settings are no part": (["import numpy as np\nnp.set_printoptions(3)", "x = f(1)"], "2"),
    "comments are no part": (["# only words", "x = len('a')"], "2"),
    "literals are no part": (["n = 1\nm = 'a'", "x = n * m"], "2"),
    "a literal that is bound again is": (["n = 1", "n = n + 1"], "1 2"),
    "skip and what follows return are no part": (
        ["x = len('a')", ("y = 1", "skip"), ("x", "return"), "z = 1"],
        "1 3",
    ),
    "injected parameters are no part": ([("n = 2", "injected-parameters"), "x = len('a')"], "2"),
    "a change joins": (["x = [len('a')]", "y = len('b')", "x.append(1)", "x"], "1+3 2 4"),
    "a reader before the change joins": (["x = [len('a')]", "y = len(x)", "x.append(1)"], "1+2+3"),
    "a reader after the change does not": (
        ["x = [len('a')]", "x.append(1)", "y = len(x)", "z = sum(x)"],
        "1+2 3 4",
    ),
    "a new value does not join": (["x = [len('a')]", "y = len(x)", "x = [*x, 1]"], "1 2 3"),
    "what stands between goes along": (
        ["x = [len('a')]", "y = x[0] + 1", "x.append(y)", "x"],
        "1+2+3 4",
    ),
    "a cycle is joined": (
        ["x = [len('a')]", "y = len('b')", "z = [y]", "x.append(len(z))", "w = z, x"],
        "2 3 1+4 5",
    ),
    "a class and its objects": (["class C: pass", "c = C()", "d = len('a')", "c.x = d"], "3 1+2+4"),
    "an alias": (["x = [len('a')]", "y = x", "y.append(1)", "x"], "1+2+3 4"),
    "a random state": (
        [
            "import random",
            "random.seed(1)",
            "a = random.random()",
            "b = len('b')",
            "random.random()",
        ],
        "2+3+5 4",
    ),
    "random numbers without a seed": (
        ["import random", "a = random.random()", "random.random()"],
        "2 3",
    ),
    "a generator": (["g = (i for i in 'abc')", "next(g)", "len('a')"], "1+2 3"),
    "one file": (["open('a', 'w').write('x')", "y = len('a')", "open('a').read()"], "1+3 2"),
    "two files": (["open('a', 'w').write('x')", "open('b').read()"], "1 2"),
    "files that nobody writes": (["p = f()", "open('b').read()", "open(p).read()"], "1 2 3"),
    "an unknown file": (["p = f()", "open(p, 'w').write('')", "open('b').read()"], "1 2+3"),
    "a table and a picture": (
        [
            "import pandas as pd\np = 'a.csv'",
            "df = pd.read_csv(p)",
            "df.plot().figure.savefig('f.png')",
        ],
        "1 2 3",
    ),
    "exec": (["a = len('a')", "exec(a)", "b = len('b')"], "1+2+3"),
    "%run": (["a = len('a')", "%run x.py", "b = len('b')"], "1+2+3"),
    "no Python": (["a = len('a')", "b = = 1", "c = len('c')"], "1+2+3"),
    "bash touches no names": (["a = len('a')", "%%bash\nls", "b = len('b')"], "1 2 3"),
    "bash may touch files": (["open('a').read()", "%%bash\nls", "b = len('b')"], "1+2 3"),
    "html": (["a = len('a')", "%%html\n<b>", "b = a"], "1 2 3"),
    "a name that may be unbound": (["if f():\n    x = 1", "x"], "1+2"),
    "a name that may be bound again": (["x = len('a')", "if f():\n    x = 1", "x"], "1 2 3"),
    "a module's state that is not literal": (
        ["import config", "v = len('a')", "config.level = v", "f(1)"],
        "2 3+4",
    ),
    "a setting between": (
        ["import numpy as np", "a = np.zeros(2)\nb = []", "np.set_printoptions(3)", "b.append(a)"],
        "2+3+4",
    ),
    "a function that changes what it is given": (
        ["def put(v): v.append(1)", "x = [len('a')]", "put(x)"],
        "2+3",
    ),
    "a function that returns what is new": (
        ["def put(v):\n    v = v.copy()\n    v['a'] = 1\n    return v", "x = f()", "y = put(x)"],
        "2 3",
    ),
    "a function redefined": (
        ["def f(): return 1", "a = f()", "def f(): return 2", "b = f()"],
        "1 2 3 4",
    ),
    "a model and its data": (
        ["m = make()", "X = load()", "m.fit(X)", "p = m.predict(X)"],
        "2 1+3 4",
    ),
    "axes": (
        ["import matplotlib.pyplot as plt", "fig, ax = plt.subplots()", "ax.plot(f())", "fig"],
        "2+3 4",
    ),
    "a timed cell": (["%%time\nx = f()", "y = x"], "1 2"),
    "a captured cell": (["%%capture out\nx = f()", "out.show()"], "1 2"),
    "a shell": (["files = !ls", "n = len(files)"], "1 2"),
    "history": (["x = f()", "x + 1", "_ + 1"], "1+2+3"),
    "import * before all": (["from math import *", "x = sqrt(f())", "y = x"], "2 3"),
    "import * in between": (["e = f()", "from math import *", "e"], "1+2+3"),
}


@pytest.mark.parametrize("name", GROUPS)
def test_groups(name: str) -> None:
    cells, expected = GROUPS[name]
    assert groups(split(notebook(*cells))) == expected


def part(found: Split, name: str) -> Part:
    return next(each for each in found.parts if each.name == name)


def test_a_part_is_named_by_what_others_read_of_it() -> None:
    found = split(notebook("a = f(); b = f()", "c = a; d = 1 + f()", "print(1)", "a = f()"))
    assert [(each.name, each.defines) for each in found.parts] == [
        ("a", ("a", "b")),
        ("d", ("c", "d")),
        ("cell_3", ()),
        ("a_2", ("a",)),
    ]


def test_readers_get_the_version_that_reaches_them() -> None:
    found = split(notebook("x = f()", "y = x", "x = f(y)", "z = x, y"))
    assert [dict(each.reads) for each in found.parts] == [
        {},
        {"x": "x"},
        {"y": "y"},
        {"x": "x_2", "y": "y"},
    ]


def test_reasons_name_cells_and_names() -> None:
    found = split(notebook("x = [f()]", "class C: pass", "x.append(C())"))
    assert found.parts[0].reasons == (
        "cell 3 uses `C` of cell 2, which cannot leave its part: it is a class",
        "cell 3 changes `x` of cell 1",
    )


def test_cells_that_a_run_found_to_belong_together_are() -> None:
    made = notebook("x = f()", "y = f()", "z = x, y")
    assert groups(split(made)) == "1 2 3"
    found = split(made, joins=[(0, 1)])
    assert groups(found) == "1+2 3"
    assert found.parts[0].reasons == ("a run found that cells 1 and 2 share more",)


def test_parameters_are_found_by_their_tag_or_as_literals() -> None:
    tagged = split(
        notebook(
            "import datetime as dt",
            (
                "n: int = 3  # how many\nday = dt.date(2000, 1, 1)\nend = n + 5\na, b = 1, 2",
                "parameters",
            ),
            "end, day, a",
            "k = 1",
        )
    )
    assert {name: each.source for name, each in tagged.parameters.items()} == {
        "n": "n: int = 3  # how many",
        "day": "day = dt.date(2000, 1, 1)",
        "a": "a = 1",
        "b": "b = 2",
    }
    assert [(p.name, p.parameters, [c.source for c in p.cells]) for p in tagged.parts] == [
        ("end", ("n",), ["end = n + 5"]),
        ("cell_3", ("day", "a"), ["end, day, a"]),
        ("k", (), ["k = 1"]),
    ]
    plain = split(notebook("n = 3\nxs = [1]\n'text'", "m = 1; print(m)", "xs.append(n)"))
    assert set(plain.parameters) == {"n"}


def test_a_parameter_is_used_through_functions() -> None:
    found = split(notebook(("k = 2", "parameters"), "def f(): return k", "def g(): f()", "x = g()"))
    assert found.parts[0].parameters == ("k",)
    assert found.parts[0].prelude == "def f(): return k\ndef g(): f()"


def test_a_prelude_has_what_is_needed_and_in_order() -> None:
    found = split(
        notebook(
            "%matplotlib inline\nimport functools\nimport json, re\nimport pandas as pd",
            "pd.set_option('display.width', 99)",
            "@functools.cache\ndef f():\n    return re",
            "x = f()",
            "y = len('a')",
            "import warnings\nwarnings.filterwarnings('ignore')",
            "z = json.dumps(1)",
        )
    )
    preludes = {each.name: each.prelude for each in found.parts}
    assert preludes["x"] == (
        "%matplotlib inline\nimport functools\nimport json, re\n"
        "@functools.cache\ndef f():\n    return re"
    )
    assert preludes["y"] == "%matplotlib inline"
    assert preludes["z"] == (
        "%matplotlib inline\nimport json, re\nimport warnings\nwarnings.filterwarnings('ignore')"
    )


def test_a_setting_is_repeated_where_its_library_may_be_seen() -> None:
    found = split(
        notebook(
            "import pandas as pd, seaborn as sns\nsns.set_theme()",
            "df = pd.DataFrame()",
            "df.plot()",
            "n = len('a')",
        )
    )
    has = [each.prelude.count("sns.set_theme()") for each in found.parts]
    assert has == [1, 1, 0]


def test_files_that_nobody_writes_are_declared() -> None:
    found = split(
        notebook("a = open('a').read()", "open('b', 'w').write(open('c').read())\nopen('b')")
    )
    assert [each.files for each in found.parts] == [("a",), ("c",)]


def test_markdown_stays_with_the_cell_behind_it() -> None:
    made = notebook(markdown("# One"), markdown("two"), "x = f()", markdown("three"), "y = x")
    texts = [[cell.source for cell in each.markdown] for each in split(made).parts]
    assert texts == [["# One", "two"], ["three"]]


def test_the_return_cell_is_known() -> None:
    found = split(notebook("x = f()", ("x", "return")))
    assert [each.returns for each in found.parts] == [False, True]


def test_free_names_are_doubted() -> None:
    found = split(notebook("x = foo", "y = z", "z = len('a')", "def g(): return bar", "g()"))
    assert [str(doubt) for doubt in found.doubts] == [
        "cell 1, line 1: free name `foo`: nothing defines it; a typo?",
        "cell 2, line 1: free name `z`: only cell 3 defines it, which comes later",
        "cell 5, line 1: free name `bar`: nothing defines it; a typo?",
    ]


def test_random_numbers_are_doubted_unless_there_is_a_seed() -> None:
    cells = ["import random", "x = random.random()"]
    assert [doubt.text for doubt in split(notebook(*cells)).doubts] == [
        "random numbers from `random`, without a seed"
    ]
    assert split(notebook("import random\nrandom.seed(1)", *cells[1:])).doubts == ()


def test_a_check_is_doubted_since_others_do_not_wait_for_it() -> None:
    found = split(notebook("x = len('a')", "if x > 3:\n    raise ValueError", "y = x"))
    assert groups(found) == "1 2 3"
    assert [doubt.text for doubt in found.doubts] == [
        "may stop the notebook; parts that read nothing from it run all the same"
    ]


def test_another_language_is_one_part() -> None:
    made = notebook("x <- 1", ("x", "return"), kernel="ir", language="R")
    (whole,) = split(made).parts
    assert whole.reasons == ("the notebook is in r: only Python is taken apart",)
    assert whole.returns


def test_an_empty_notebook_has_no_parts() -> None:
    assert split(notebook()).parts == ()
    assert document()["cells"] == []
