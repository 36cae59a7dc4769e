"""Of any program cut into cells: its reads are foreseen, and its parts compute what it computes."""

from __future__ import annotations

import ast
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from notebooks import notebook
from splits import Values, comparable, final, run_parts, run_whole

from nbnodes.graph.split import Split, names_read, split
from nbnodes.notebook.document import PARAMETERS, Notebook

PATIENT = settings(
    deadline=None,
    max_examples=300,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

NUMBERS = ("a", "b", "c")
LISTS = ("xs", "ys", "zs")
GIVEN = ("p", "q")


class Draft:
    """What is bound so far, so that programs run without error."""

    def __init__(self) -> None:
        self.numbers: list[str] = list(GIVEN)
        self.lists: list[str] = []
        self.functions: list[str] = []
        self.appenders: list[str] = []
        self.classes: list[str] = []
        self.objects: list[str] = []
        self.count = 0

    def new(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    def bind(self, kind: list[str], name: str) -> str:
        if name not in kind:
            kind.append(name)
        return name


def number(draw: st.DrawFn, draft: Draft) -> str:  # noqa: PLR0911  # one case a kind
    """An expression that gives a number."""
    kinds = ["literal", "name", "sum"]
    kinds += ["len", "comprehension", "item"] * bool(draft.lists)
    kinds += ["call"] * bool(draft.functions)
    kinds += ["attribute"] * bool(draft.objects)
    name = draw(st.sampled_from(draft.numbers))
    match draw(st.sampled_from(kinds)):
        case "literal":
            return str(draw(st.integers(0, 9)))
        case "name":
            return name
        case "sum":
            other = draw(st.sampled_from(draft.numbers))
            return f"{name} + {other}"
        case "len":
            return f"len({draw(st.sampled_from(draft.lists))})"
        case "comprehension":
            return f"sum(v * {name} for v in {draw(st.sampled_from(draft.lists))})"
        case "item":
            return f"{draw(st.sampled_from(draft.lists))}[0]"
        case "call":
            return f"{draw(st.sampled_from(draft.functions))}({name})"
        case _:
            return f"{draw(st.sampled_from(draft.objects))}.value"


def simple(  # noqa: C901, PLR0911, PLR0912, PLR0915  # one case a kind
    draw: st.DrawFn, draft: Draft
) -> str:
    """A statement of one line or a definition that is used at once."""
    kinds = ["number", "number", "list", "function", "lambda", "class", "appender", "global"]
    if draft.lists:
        kinds += ["alias", "copy", "append", "item", "augment list", "slice", "sorted", "holder"]
    if draft.lists and draft.appenders:
        kinds += ["call appender"]
    if draft.objects:
        kinds += ["set attribute", "method", "alias object"]
    if draft.classes:
        kinds += ["object"]
    value = number(draw, draft)
    a_list = draw(st.sampled_from(draft.lists)) if draft.lists else ""
    match draw(st.sampled_from(kinds)):
        case "number":
            name = draw(st.sampled_from(NUMBERS))
            if name in draft.numbers and draw(st.booleans()):
                return f"{name} += {value}"
            return f"{draft.bind(draft.numbers, name)} = {value}"
        case "list":
            return f"{draft.bind(draft.lists, draw(st.sampled_from(LISTS)))} = [{value}, 1]"
        case "alias":
            return f"{draft.bind(draft.lists, draw(st.sampled_from(LISTS)))} = {a_list}"
        case "holder":
            return f"{draft.bind(draft.lists, draw(st.sampled_from(LISTS)))} = [[{a_list}][0]][0]"
        case "slice":
            return f"{draft.bind(draft.lists, draw(st.sampled_from(LISTS)))} = {a_list}[:]"
        case "copy":
            return f"{draft.bind(draft.lists, draw(st.sampled_from(LISTS)))} = list({a_list})"
        case "sorted":
            name = draw(st.sampled_from(draft.numbers))
            target = draft.bind(draft.lists, draw(st.sampled_from(LISTS)))
            return f"{target} = sorted({a_list}, key=lambda v: v * {name})"
        case "append":
            return f"{a_list}.append({value})"
        case "item":
            return f"{a_list}[0] = {value}"
        case "augment list":
            return f"{a_list} += [{value}]"
        case "function":
            body = number(draw, draft)
            name = draft.bind(draft.functions, draw(st.sampled_from(("f", "g", "h"))))
            if f"{name}(" in body or any(f"{f}(" in body for f in ("f", "g", "h")):
                body = draw(st.sampled_from(draft.numbers))  # nothing calls itself
            return f"def {name}(v):\n    return v + {body}\n{name}(1)"
        case "lambda":
            name = draft.bind(draft.functions, draw(st.sampled_from(("k", "m"))))
            return f"{name} = lambda v: v + {draw(st.sampled_from(draft.numbers))}\n{name}(1)"
        case "appender":
            name = draft.bind(draft.appenders, draft.new("push"))
            return f"def {name}(target):\n    target.append(1)\n    return target"
        case "call appender":
            function = draw(st.sampled_from(draft.appenders))
            if draw(st.booleans()):
                return f"{function}({a_list})"
            target = draft.bind(draft.lists, draw(st.sampled_from(LISTS)))
            return f"{target} = {function}({a_list})"
        case "global":
            name = draw(st.sampled_from(draft.numbers))
            if name in GIVEN:
                return f"{draft.bind(draft.numbers, 'c')} = {name}"
            function = draft.new("bump")
            return f"def {function}():\n    global {name}\n    {name} = {name} + 1\n{function}()"
        case "class":
            name = draft.bind(draft.classes, draft.new("C"))
            made = draft.bind(draft.objects, draft.new("o"))
            read = draw(st.sampled_from(draft.numbers))
            return (
                f"class {name}:\n    value = {value}\n    def grow(self):\n"
                f"        self.value += {read}\n{made} = {name}()\n{made}.grow()"
            )
        case "object":
            made = draw(st.sampled_from(draft.classes))
            return f"{draft.bind(draft.objects, draft.new('o'))} = {made}()"
        case "set attribute":
            return f"{draw(st.sampled_from(draft.objects))}.value = {value}"
        case "alias object":
            other = draw(st.sampled_from(draft.objects))
            return f"{draft.bind(draft.objects, draft.new('o'))} = {other}"
        case _:
            return f"{draw(st.sampled_from(draft.objects))}.grow()"


def compound(draw: st.DrawFn, draft: Draft) -> str:  # noqa: PLR0911  # one case a kind
    """A statement with ways through it."""
    test = f"{draw(st.sampled_from(draft.numbers))} % 2"
    target = draw(st.sampled_from(draft.numbers + list(NUMBERS)))
    target = "c" if target in GIVEN else target
    value = number(draw, draft)
    start = f"{draft.bind(draft.numbers, target)} = {value}"
    inner = f"{target} = {number(draw, draft)}"
    grow = f"{draw(st.sampled_from(draft.lists))}.append(2)" if draft.lists else inner
    match draw(st.sampled_from(["if", "for", "while", "try", "del", "match", "with"])):
        case "if" if target in draft.numbers:
            return f"{start}\nif {test}:\n    {inner}\nelse:\n    {grow}"
        case "for":
            return f"{start}\nfor i in range({test}):\n    {inner}\n    {grow}"
        case "while":
            return f"{start}\nn = 0\nwhile n < 2:\n    n += 1\n    {grow}\nelse:\n    {inner}"
        case "try":
            handler = f"except ZeroDivisionError as e:\n    {inner}"
            return f"{start}\ntry:\n    1 / ({test})\n    {grow}\n{handler}"
        case "del":
            return f"{start}\nt = {number(draw, draft)}\ndel t"
        case "match":
            return (
                f"{start}\nmatch {test}:\n    case 0:\n        {inner}\n    case _:\n        {grow}"
            )
        case _:
            return f"{start}\nif {test}:\n    extra = 1\n    {inner}\n    del extra"


@st.composite
def programs(draw: st.DrawFn, *, branches: bool) -> list[str]:
    """The cells of a program; its first gives two numbers."""
    draft = Draft()
    cells = ["p = 2\nq = 3"]
    for _ in range(draw(st.integers(1, 7))):
        count = draw(st.integers(1, 3))
        kinds = st.sampled_from([simple, simple, compound]) if branches else st.just(simple)
        cells.append("\n".join(draw(kinds)(draw, draft) for _ in range(count)))
    return cells


class Traced(dict[str, Any]):
    """A namespace that notes which names are looked up before the cell has bound them."""

    def __init__(self) -> None:
        super().__init__()
        self.start()

    def start(self) -> None:
        self.read: set[str] = set()
        self.bound: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        value = super().__getitem__(name)
        if name not in self.bound:
            self.read.add(name)
        return value

    def __setitem__(self, name: str, value: Any) -> None:
        self.bound.add(name)
        super().__setitem__(name, value)

    def __delitem__(self, name: str) -> None:
        if name not in self.bound:
            self.read.add(name)
        super().__delitem__(name)


def run(cell: str, names: dict[str, Any]) -> None:
    exec(compile(cell, "<cell>", "exec", dont_inherit=True), names)


def traced_reads(cells: list[str]) -> list[set[str]]:
    names, found = Traced(), []
    for cell in cells:
        names.start()
        for statement in ast.parse(cell).body:  # one by one: `global` in one changes others' code
            run(ast.unparse(statement), names)
        found.append({n for n in names.read if not n.startswith("__")})
    return found


def tagged(cells: list[str]) -> Notebook:
    return notebook((cells[0], PARAMETERS), *cells[1:])


def _defines_twice(cell: str) -> bool:
    return any(cell.count(f"def {n}(") + cell.count(f"{n} = lambda") > 1 for n in "fghkm")


def foreseen_reads(cells: list[str]) -> list[frozenset[str]]:
    return list(names_read(tagged(cells)).values())


@PATIENT
@given(programs(branches=False))
def test_what_straight_programs_read_is_foreseen(cells: list[str]) -> None:
    traced = traced_reads(cells)[1:]
    foreseen = foreseen_reads(cells)[1:]
    assert all(read <= names for read, names in zip(traced, foreseen, strict=True))
    # an object's methods may all be called; of two functions of one name in a cell, both
    if not any("class" in cell or _defines_twice(cell) for cell in cells):
        assert foreseen == traced


@PATIENT
@given(programs(branches=True))
def test_no_read_is_missed(cells: list[str]) -> None:
    pairs = zip(traced_reads(cells), foreseen_reads(cells), strict=True)
    assert [read - names for read, names in pairs if read - names] == []


# ---------------------------------------------------------------- parts


def assert_agrees(made: Notebook, values: Values, given: dict[str, Any], found: Split) -> None:
    whole = run_whole(made, given).names
    got = {n: v for n, v in final(found, values).items() if n in whole}
    assert comparable(got) == comparable({name: whole[name] for name in got})


@PATIENT
@given(programs(branches=True))
def test_parts_compute_what_the_notebook_computes(cells: list[str]) -> None:
    made = tagged(cells)
    found = split(made)
    assert_agrees(made, run_parts(made, found, {})[0], {}, found)


@PATIENT
@given(programs(branches=True), st.sampled_from(GIVEN), st.integers(4, 9))
def test_a_change_runs_only_what_it_reaches_and_all_of_it(
    cells: list[str], name: str, value: int
) -> None:
    made, given_values = tagged(cells), {name: value}
    found = split(made)
    before, _ = run_parts(made, found, {})
    after, _ = run_parts(made, found, given_values, before, name)
    afresh, _ = run_parts(made, found, given_values)
    assert {n: comparable(v) for n, v in after.items()} == {
        n: comparable(v) for n, v in afresh.items()
    }
    assert_agrees(made, after, given_values, found)
