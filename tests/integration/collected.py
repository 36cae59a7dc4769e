"""Documentation of installed packages becomes notebooks: each example is a cell.

Read from the packages themselves, so that nothing is downloaded: docstrings, the README that a
distribution carries, and notebook files.
"""

from __future__ import annotations

import doctest
import importlib
import importlib.metadata
import inspect
import json
import re
import textwrap
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from notebooks import CellText, document, markdown

EXPECTED = "raises-exception"
README = "README of "


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """A notebook that is made of documentation.

    Attributes:
        reason: What it brings that the others lack.
        pages: What is documented: an object's dotted name; a module's with `.*` behind it for all
            that is public in it, and is imported then; or `README of` a distribution.
        form: How its examples are written: a key of `FORMS`.
        start: Cells of ours before those: what the examples take for granted.
        tags: What every example is tagged with.
        left_out: Examples in which this is found (a regular expression) are left out.
        most: How many cells are taken at most.
    """

    reason: str
    pages: tuple[str, ...]
    form: str = "doctest"
    start: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    left_out: str = r"(?!)"
    most: int = 40

    def document(self) -> dict[str, Any]:
        """Make the notebook, a heading for each page."""
        cells: list[CellText] = list(self.start)
        modules = [page.removesuffix(".*") for page in self.pages if page.endswith(".*")]
        cells += [f"from {module} import *" for module in modules]
        for name, text in (pair for page in self.pages for pair in _texts(page)):
            examples = [e for e in FORMS[self.form](text) if not re.search(self.left_out, e[0])]
            cells += [markdown(f"## {name}"), *(example + self.tags for example in examples)]
        return document(*cells[: self.most])


def _doctests(text: str, *, skipped: bool = False) -> Iterator[tuple[str, ...]]:
    """Yield each `>>>` example; what shows nothing is in one cell with what comes after it."""
    waiting = ""
    for example in doctest.DocTestParser().get_examples(text):
        if example.options.get(doctest.SKIP) and not skipped:
            continue
        waiting += example.source
        if example.exc_msg is not None:
            yield waiting.rstrip(), EXPECTED
        elif example.want:
            yield (waiting.rstrip(),)
        else:
            continue
        waiting = ""
    if waiting:
        yield (waiting.rstrip(),)


def _fenced(text: str) -> Iterator[tuple[str, ...]]:
    """Yield each Markdown block of Python."""
    for block in re.findall(r"^ *```py(?:thon)?\b.*\n((?:.*\n)*?) *```", text, re.MULTILINE):
        yield (textwrap.dedent(block).rstrip(),)


def _directives(text: str) -> Iterator[tuple[str, ...]]:
    """Yield each reStructuredText block of Python, as it stands in a notebook.

    There a loop runs already, and one writes `await` where a program says `asyncio.run`.
    """
    directive = r"^\.\. (?:testcode|code-block|code)::.*\n(?: +:.*\n)*\n((?: +.*\n|\n)+)"
    for block in re.findall(directive, text + "\n", re.MULTILINE):
        source = textwrap.dedent(block).rstrip()
        yield (re.sub(r"asyncio\.run\((\w+\(\))\)", r"await \1", source),)


def _prompts(text: str) -> Iterator[tuple[str, ...]]:
    """Yield what IPython's documentation shows behind `In [1]:`, with the lines that go on."""
    for block in re.findall(
        r"^ *In \[\d+\]: (.*\n(?: *\.\.\.: ?.*\n)*)", text + "\n", re.MULTILINE
    ):
        yield (re.sub(r"^ *\.\.\.: ?", "", block, flags=re.MULTILINE).rstrip(),)


FORMS: dict[str, Callable[[str], Iterator[tuple[str, ...]]]] = {
    "doctest": _doctests,
    "doctest, all": partial(_doctests, skipped=True),
    "fenced": _fenced,
    "directive": _directives,
    "prompt": _prompts,
}


def _texts(page: str) -> Iterator[tuple[str, str]]:
    """Yield names and documentation."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a module says while it is imported
        if page.startswith(README):
            about = importlib.metadata.metadata(page.removeprefix(README))
            yield page, str(about.get_payload() or about["Description"])
        elif page.endswith(".*"):
            found = doctest.DocTestFinder().find(_named(page.removesuffix(".*")))
            for test in sorted(found, key=lambda test: (test.lineno or 0, test.name)):
                if test.examples and "._" not in test.name:
                    yield test.name, test.docstring
        else:
            yield page, inspect.getdoc(_named(page)) or ""


def _named(name: str) -> Any:
    """Return the module, or what is in one."""
    module, found = name, None
    while found is None:
        try:
            found = importlib.import_module(module)
        except ModuleNotFoundError:
            module = module.rpartition(".")[0]
    for part in name.removeprefix(module).split(".")[1:]:
        found = getattr(found, part)
    return found


def shipped(path: str) -> dict[str, Any]:
    """Read a notebook that lies in an installed package."""
    package, _, rest = path.partition("/")
    folder = Path(str(importlib.import_module(package).__file__)).parent
    read: dict[str, Any] = json.loads((folder / rest).read_text(encoding="utf-8"))
    return read


PANDAS = "import datetime\nimport numpy as np\nimport pandas as pd"
NUMPY = "import numpy as np"
FIGURES = "import matplotlib.pyplot as plt\nimport numpy as np"
SEEDED = "\nnp.random.seed(0)"


def _each(prefix: str, names: str) -> tuple[str, ...]:
    return tuple(f"{prefix}.{name}" for name in names.split())


COLLECTED: dict[str, Collected] = {
    "pandas_frames": Collected(
        reason="tables as HTML beside text",
        pages=_each("pandas.DataFrame", "describe sort_values assign fillna query pivot_table"),
        start=(PANDAS,),
        left_out="natsort",
    ),
    "pandas_printed": Collected(
        reason="tables that are printed",
        pages=_each("pandas.DataFrame", "info to_string to_json to_csv memory_usage iterrows"),
        start=(PANDAS,),
    ),
    "pandas_indexing": Collected(
        reason="many tables of one frame that is changed",
        pages=_each("pandas.DataFrame", "loc iloc at"),
        start=(PANDAS,),
        most=80,
    ),
    "pandas_grouping": Collected(
        reason="tables with many levels",
        pages=_each("pandas", "DataFrame.groupby DataFrame.resample merge concat cut"),
        start=(PANDAS,),
    ),
    "pandas_times": Collected(
        reason="dates and zones",
        pages=_each("pandas", "to_datetime date_range Timestamp Timedelta"),
        start=(PANDAS,),
    ),
    "pandas_styles": Collected(
        reason="HTML with style sheets",
        pages=_each("pandas.io.formats.style.Styler", "format highlight_max bar set_caption hide"),
        form="doctest, all",
        start=(PANDAS + SEEDED,),
        left_out="excel",
    ),
    "pandas_plotting": Collected(
        reason="many axes in a figure",
        pages=_each("pandas.plotting", "andrews_curves lag_plot scatter_matrix table"),
        start=(PANDAS + SEEDED,),
    ),
    "pandas_errors": Collected(
        reason="errors and warnings out of the depth of a library",
        pages=("pandas.errors.*",),
        form="doctest, all",
        start=(PANDAS,),
        tags=(EXPECTED,),
        left_out="00000",  # rows, which take seconds
        most=16,
    ),
    "numpy_windows": Collected(
        reason="figures that are shown before the end of their cell",
        pages=_each("numpy", "blackman kaiser sinc"),
        start=(FIGURES,),
    ),
    "numpy_histograms": Collected(
        reason="a figure that several cells draw",
        pages=_each("numpy", "histogram histogram2d meshgrid"),
        start=(FIGURES + SEEDED,),
    ),
    "numpy_errors": Collected(
        reason="warnings, and a setting for the cells that follow",
        pages=_each("numpy", "seterr errstate geterr seterrcall divide log"),
        start=(NUMPY,),
        tags=(EXPECTED,),
        left_out="print|int16",  # what C prints comes at any time, in a kernel as well
    ),
    "numpy_printing": Collected(
        reason="a setting for what the following cells show",
        pages=_each("numpy", "set_printoptions printoptions array2string array_repr"),
        start=(NUMPY,),
    ),
    "numpy_testing": Collected(
        reason="errors of many lines",
        pages=_each("numpy.testing", "assert_allclose assert_array_equal assert_almost_equal"),
        start=(NUMPY,),
    ),
    "numpy_polynomials": Collected(
        reason="LaTeX beside text",
        pages=_each("numpy.polynomial.polynomial", "polyroots polyval polymul polydiv"),
        start=(NUMPY, "np.polynomial.Polynomial([1, 2, 3])"),
    ),
    "matplotlib_objects": Collected(
        reason="callbacks that print",
        pages=_each("matplotlib.cbook", "CallbackRegistry Grouper flatten"),
    ),
    "statistics": Collected(
        reason="floats and fractions",
        pages=("statistics.*",),
        start=(
            "from collections import Counter",
            "from decimal import Decimal as D\nfrom fractions import Fraction as F",
        ),
        left_out="samples",
    ),
    "difflib": Collected(reason="long printed texts", pages=("difflib.*",)),
    "collections": Collected(
        reason="representations of containers", pages=("collections.*",), left_out="ChainMap"
    ),
    "decimal": Collected(
        reason="a context for the cells that follow",
        pages=("_pydecimal", "decimal.Decimal.from_float"),
        start=("from decimal import *",),
    ),
    "json": Collected(reason="printed and shown in turn", pages=("json.*",)),
    "enum": Collected(reason="classes that the notebook defines", pages=("enum.*",)),
    "cookies": Collected(reason="an error that is expected", pages=("http.cookies.*",)),
    "zipfile": Collected(
        reason="files that the notebook writes",
        pages=("zipfile.*",),
        start=("import io, posixpath",),
    ),
    "babel_numbers": Collected(reason="errors of classes of its own", pages=("babel.numbers.*",)),
    "sortedcontainers": Collected(
        reason="errors of the interpreter itself", pages=("sortedcontainers.sortedlist.*",)
    ),
    "wcwidth": Collected(
        reason="wide and combining characters, escape sequences",
        pages=(README + "wcwidth",),
        start=("import wcwidth",),
        left_out="blessed|term|conftest|^width",
    ),
    "sqlitedict": Collected(reason="a database file", pages=(README + "sqlitedict",)),
    "attrs": Collected(reason="generated classes", pages=(README + "attrs",)),
    "packaging": Collected(
        reason="values that compare",
        pages=("packaging.specifiers.*",),
        start=("from packaging.version import Version",),
    ),
    "jinja2": Collected(
        reason="errors that tell how they came about",
        pages=_each("jinja2", "Undefined DebugUndefined StrictUndefined ChainableUndefined"),
        start=("from jinja2 import *",),
    ),
    "pydantic_types": Collected(
        reason="cells of many lines, errors printed as JSON",
        pages=_each("pydantic.types", "ByteSize Discriminator Json SecretStr Strict Tag conint"),
        form="fenced",
    ),
    "pydantic_validators": Collected(
        reason="functions of the notebook that a library calls",
        pages=_each(
            "pydantic", "AfterValidator BeforeValidator PlainValidator field_validator TypeAdapter"
        ),
        form="fenced",
        left_out=r"\ba import|import a\b|'now'",
    ),
    "tornado": Collected(
        reason="await",
        pages=_each(
            "tornado",
            "queues.Queue queues.PriorityQueue queues.LifoQueue locks.Condition locks.Event",
        ),
        form="directive",
    ),
    "rich": Collected(
        reason="a library that asks where it runs",
        pages=(README + "rich",),
        form="fenced",
        left_out="listdir|locals|sleep|open|log|>>>|do_step",
    ),
    "ipython_display": Collected(
        reason="one object shown in several ways",
        pages=_each("IPython.display", "display Audio"),
        start=(
            "from IPython.display import Audio\nimport numpy as np",
            "framerate = 8000\nt = np.linspace(0, 1, framerate)",
        ),
        left_out='Audio\\("|44100|autoplay|url|/path',
    ),
    "ipython_magics": Collected(
        reason="magics, and a line that is no Python",
        pages=_each(
            "IPython.core.magics",
            "namespace.NamespaceMagics.who_ls namespace.NamespaceMagics.who"
            " namespace.NamespaceMagics.whos basic.BasicMagics.precision"
            " osm.OSMagics.sc namespace.NamespaceMagics.reset",
        ),
        form="prompt",
        start=("import pandas as pd",),
        tags=(EXPECTED,),
        left_out="wc",  # given no file, it waits to be told
    ),
    "ipython_aliases": Collected(
        reason="commands of the shell, and a question mark",
        pages=("IPython.core.magics.osm.OSMagics.alias",),
        form="prompt",
        tags=(EXPECTED,),
        left_out="PATH",
    ),
}
