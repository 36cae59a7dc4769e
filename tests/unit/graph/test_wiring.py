"""A folder's notebooks feed each other by names, and as its graph.toml says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from notebooks import write_notebook

import nbnodes as nb
from nbnodes.cache.intervals import Interval
from nbnodes.graph.assembly import Assembly
from nbnodes.graph.wiring import Wired, wired_folder

Made: TypeAlias = Callable[..., Path]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """Write notebooks: their `parameters` cells by stem, what each returns, and a graph.toml."""
    folder = tmp_path / "analysis"
    folder.mkdir()

    def make(cells: dict[str, str], toml: str = "", returns: dict[str, Any] | None = None) -> Path:
        for stem, declared in cells.items():
            names = (returns or {}).get(stem)
            metadata = {} if names is None else {"nbnodes": {"returns": names}}
            write_notebook(
                folder / f"{stem}.ipynb",
                (declared or "pass", "parameters"),
                ("1", "return"),
                metadata=metadata,
            )
        if toml:
            (folder / "graph.toml").write_text(toml, encoding="utf-8")
        return folder

    return make


def wired(folder: Path) -> Wired:
    return wired_folder(folder, interval=Interval)


def feeds(folder: Path) -> dict[str, str]:
    """Return what feeds what: "trend.prices": "prices"."""
    found = assembly(folder)
    return {
        f"{name}.{parameter}": feed.source + (f"[{feed.part}]" if feed.part else "")
        for name, member in found.members.items()
        for parameter, feed in member.feeds.items()
    }


def assembly(folder: Path) -> Assembly:
    session = nb.Session(engine="inprocess", cache=False)
    return nb.Graph.from_folder(folder, session=session).assembly


def problems(folder: Path) -> tuple[str, ...]:
    with pytest.raises(nb.GraphError) as caught:
        wired(folder)
    return caught.value.problems


ANALYSIS = {"prices": "start = 1", "trend": "prices = None\nwindow: int = 12", "alone": "n = 1"}


# ---------------------------------------------------------------- by names


def test_a_parameter_takes_the_value_of_the_notebook_of_its_name(made: Made) -> None:
    folder = made(ANALYSIS)
    assert feeds(folder) == {"trend.prices": "prices"}
    assert wired(folder).name == "analysis"
    assert [node.name for node in wired(folder).nodes] == ["alone", "prices", "trend"]


WIRED: dict[str, tuple[dict[str, str], dict[str, Any], dict[str, str]]] = {
    "one_returned_name_is_the_value_itself": (
        {"load": "", "trend": "prices = None"},
        {"load": ["prices"]},
        {"trend.prices": "load"},
    ),
    "of_several_returned_names_each_is_an_entry": (
        {"load": "", "trend": "prices = None\ngaps = None"},
        {"load": ["prices", "gaps"]},
        {"trend.prices": "load[prices]", "trend.gaps": "load[gaps]"},
    ),
    "the_notebooks_own_name_is_all_that_it_returns": (
        {"load": "", "trend": "load = None"},
        {"load": ["prices", "gaps"]},
        {"trend.load": "load"},
    ),
    "of_several_names_its_own_is_that_entry": (
        {"prices": "", "trend": "prices = None"},
        {"prices": ["prices", "gaps"]},
        {"trend.prices": "prices[prices]"},
    ),
    "no_notebook_feeds_itself": ({"trend": "trend = None"}, {}, {}),
    "nor_by_what_it_returns": ({"a": "x = None"}, {"a": ["x"]}, {}),
    "a_name_that_python_lacks": (
        {"my-data": "", "use": "my_data = None"},
        {},
        {"use.my_data": "my-data"},
    ),
    "a_name_that_begins_with_a_number": (
        {"01 load": "", "use": "_01_load = None"},
        {},
        {"use._01_load": "01 load"},
    ),
    "letters_composed_otherwise": (
        {"cafe\u0301": "", "use": "caf\u00e9 = None"},
        {},
        {"use.caf\u00e9": "cafe\u0301"},
    ),
    "a_chain": (
        {"c": "b = 0", "b": "a = 0", "a": ""},
        {},
        {"b.a": "a", "c.b": "b"},
    ),
    "a_dot_in_a_name": ({"v1.0": "", "use": "v1_0 = 0"}, {}, {"use.v1_0": "v1.0"}),
}


@pytest.mark.parametrize(("cells", "returns", "expected"), WIRED.values(), ids=WIRED)
def test_names_wire(
    made: Made, cells: dict[str, str], returns: dict[str, Any], expected: dict[str, str]
) -> None:
    assert feeds(made(cells, returns=returns)) == expected


def test_hidden_files_checkpoints_and_folders_are_no_nodes(made: Made) -> None:
    folder = made({"a": "b = 0", ".b": ""})
    (folder / "c.ipynb").mkdir()
    (folder / ".ipynb_checkpoints").mkdir()
    write_notebook(folder / ".ipynb_checkpoints" / "b.ipynb", "1")
    assert [node.name for node in wired(folder).nodes] == ["a"]


def test_a_folder_without_notebooks_is_told_of(tmp_path: Path) -> None:
    assert problems(tmp_path) == (f"there is no notebook (*.ipynb) in {tmp_path}",)


def test_a_folder_of_which_everything_is_left_out_is_told_of(made: Made) -> None:
    folder = made({"a": ""}, '[graph]\nexclude = ["*"]')
    assert problems(folder)[0].endswith(", but for those left out by graph.exclude")


@pytest.mark.parametrize("name", ["missing", "a.ipynb"])
def test_what_is_no_folder_is_told_of(made: Made, name: str) -> None:
    folder = made({"a": ""})
    with pytest.raises(nb.NbnodesError, match=name):
        wired(folder / name)


def test_several_candidates_are_shown_with_how_to_settle_it(made: Made) -> None:
    folder = made(
        {"prices": "", "cleaned": "", "trend": "prices = 0"}, returns={"cleaned": ["prices"]}
    )
    told = problems(folder)[0]
    assert told == (
        "trend.prices: it could come from cleaned or prices; say which in graph.toml, as in "
        '[nodes.trend.input] prices = "cleaned", or = false for none'
    )
    made({}, '[nodes.trend.input]\nprices = "cleaned"')
    assert feeds(folder) == {"trend.prices": "cleaned"}
    made({}, "[nodes.trend.input]\nprices = false")
    assert feeds(folder) == {}


def test_each_cycle_is_shown_with_how_to_open_it(made: Made) -> None:
    folder = made(
        {"a": "c = 0", "b": "a = 0", "c": "b = 0", "x": "y = 0", "y": "x = 0", "z": "x = 0"}
    )
    assert problems(folder) == (
        "a -> b -> c -> a: a cycle; open it in graph.toml, as in [nodes.b.input] a = false",
        "x -> y -> x: a cycle; open it in graph.toml, as in [nodes.y.input] x = false",
    )
    made({}, "[nodes.b.input]\na = false\n[nodes.y.input]\nx = false")
    assert feeds(folder) == {"a.c": "c", "c.b": "b", "x.y": "y", "z.x": "x"}


def test_what_cannot_be_read_is_told_of_all_at_once(made: Made) -> None:
    folder = made({"good": "broken = 0", "odd": "x = = 1"}, returns={"good": "prices"})
    (folder / "broken.ipynb").write_text("{")
    broken, good, odd = problems(folder)
    assert broken.startswith("broken.ipynb cannot be read as a notebook: it is not JSON")
    assert broken.endswith(
        'to leave it out, write exclude = ["broken.ipynb"] under [graph] in graph.toml'
    )
    assert "good.ipynb: metadata.nbnodes.returns: expected a list of names" in good
    assert "odd.ipynb: cell 1, tagged `parameters`, cannot be read" in odd


# ---------------------------------------------------------------- graph.toml

FULL = """
[graph]
name = "oil"
workers = 3
exclude = ["scratch*.ipynb"]

[nodes.short]
notebook = "trend.ipynb"
engine = "inprocess"
timeout_s = 60
retries = 2
cache = false
trigger = "lazy"
debounce_ms = 20.5
priority = -1

[nodes.short.input]
prices = "load.cleaned"
window = 6

[nodes.long]
notebook = "trend.ipynb"
[nodes.long.input]
window = {value = 24}

[nodes.figure.input]
trend = "long"
title = {value = "Oil"}
"""
CELLS = {
    "load": "start = 1\nend = 2",
    "trend": "prices = None\nwindow: int = 12",
    "figure": 'trend = None\ntitle: str = ""\nprices = 0',
    "scratch_1": "prices = 0",
}
RETURNS = {"load": ["prices", "cleaned"]}


def test_a_graph_toml_names_nodes_feeds_them_and_says_how_they_run(made: Made) -> None:
    folder = made(CELLS, FULL, RETURNS)
    found = wired(folder)
    assert (found.name, found.workers) == ("oil", 3)
    assert feeds(folder) == {
        "short.prices": "load[cleaned]",
        "long.prices": "load[prices]",
        "figure.trend": "long",
        "figure.prices": "load[prices]",
    }
    members = assembly(folder).members
    assert set(members) == {"load", "short", "long", "figure"}
    assert [dict(members[n].constants) for n in ("short", "long", "figure")] == [
        {"window": 6},
        {"window": 24},
        {"title": "Oil"},
    ]
    options = members["short"].options
    assert (options.engine, options.timeout_s, options.retries) == ("inprocess", 60, 2)
    assert (options.cache, options.trigger, options.debounce_ms) == (False, "lazy", 20.5)
    assert (options.priority, options.subset) == (-1, None)


def test_arguments_go_before_the_graph_toml(made: Made) -> None:
    session = nb.Session(engine="inprocess", cache=False)
    folder = made(CELLS, FULL, RETURNS)
    graph = nb.Graph.from_folder(folder, name="mine", workers=1, session=session)
    assert (graph.name, graph.workers) == ("mine", 1)
    assert nb.Graph.from_folder(folder / "graph.toml", session=session).workers == 3


def test_a_node_is_known_by_its_name_before_its_notebooks(made: Made) -> None:
    toml = '[nodes.trend]\n[nodes.other]\nnotebook = "trend.ipynb"'
    folder = made({"trend": "trend = 0", "figure": "trend = 0"}, toml)
    assert feeds(folder) == {"figure.trend": "trend"}  # and neither of the two feeds the other
    made({}, '[nodes.other]\nnotebook = "trend.ipynb"')
    assert feeds(folder) == {"figure.trend": "other"}


def test_two_nodes_of_one_notebook_may_feed_each_other_where_that_is_said(made: Made) -> None:
    toml = '[nodes.first]\nnotebook="a.ipynb"\n[nodes.second]\nnotebook="a.ipynb"\n'
    folder = made({"a": "a = 0"}, toml + '[nodes.second.input]\na = "first"')
    assert feeds(folder) == {"second.a": "first"}


def test_a_notebook_may_lie_elsewhere_and_be_called_otherwise(made: Made, tmp_path: Path) -> None:
    write_notebook(tmp_path / "shared.ipynb", ("n = 1", "parameters"))
    folder = made({"use": "base = 0"}, '[nodes."the base"]\nnotebook = "../shared.ipynb"')
    made({}, '[nodes.base]\nnotebook = "../shared.ipynb"')
    assert feeds(folder) == {"use.base": "base"}


def test_a_graph_toml_of_another_name_is_one_too(made: Made) -> None:
    folder = made({"a": "", "b": "a = 0"})
    (folder / "apart.toml").write_text("[nodes.b.input]\na = false")
    assert feeds(folder / "apart.toml") == {}
    assert feeds(folder) == {"b.a": "a"}


def test_a_subset_becomes_an_interval(made: Made) -> None:
    toml = (
        '[nodes.p.subset]\nstart = "start"\nend = "end"\non = "date"\nclosed = "both"\n'
        "concat = true\naudit = 0.5\nhalo = [{days = 30}, 2]"
    )
    (node,) = wired(made({"p": "start = 1\nend = 2"}, toml)).nodes
    interval = node.options.subset
    assert (interval.start, interval.on, interval.closed) == ("start", "date", "both")
    assert (interval.halo[0].days, interval.halo[1], interval.concat) == (30, 2, True)


def test_dates_of_toml_are_constants(made: Made) -> None:
    declared = "import datetime\nday: datetime.date = datetime.date(2000, 1, 1)"
    folder = made({"a": declared}, "[nodes.a.input]\nday = 2001-02-03")
    (member,) = assembly(folder).members.values()
    assert str(member.constants["day"]) == "2001-02-03"


WRONG = {
    "no_toml": ("[graph", "graph.toml: it is not TOML: "),
    "unknown_table": ("[node.a]", "graph.toml: node: there is no such key; did you mean nodes?"),
    "unknown_key": (
        "[graph]\nworker = 2",
        "graph.worker: there is no such key; did you mean workers?",
    ),
    "graph_no_table": ("graph = 1", "graph: expected a table, found 1"),
    "nodes_no_table": ('nodes = "a"', 'nodes: expected a table, found "a"'),
    "node_no_table": ('nodes.use = "a.ipynb"', 'nodes.use: expected a table, found "a.ipynb"'),
    "name": ("[graph]\nname = 3", "graph.name: expected text, found 3"),
    "workers": ("[graph]\nworkers = 0", "graph.workers: expected a whole number, 1 or more"),
    "workers_true": ("[graph]\nworkers = true", "graph.workers: expected a whole number"),
    "exclude": ('[graph]\nexclude = "a"', "graph.exclude: expected a list of file names"),
    "notebook_no_text": ("[nodes.use]\nnotebook = 3", "nodes.use.notebook: expected a notebook's"),
    "no_such_notebook": (
        '[nodes.x]\nnotebook = "us.ipynb"',
        "nodes.x.notebook: us.ipynb cannot be read as a notebook: there is no such file; did you",
    ),
    "no_notebook_of_that_name": ("[nodes.lod]", "nodes.lod.notebook: lod.ipynb cannot be read"),
    "quoted_name": ('[nodes."the one"]', 'nodes."the one".notebook: the one.ipynb cannot'),
    "unknown_option": (
        "[nodes.use]\ntimeout = 3",
        "nodes.use.timeout: there is no such key; did you mean timeout_s?",
    ),
    "engine": ("[nodes.use]\nengine = 1", "nodes.use.engine: expected an engine's name, found 1"),
    "timeout_s": (
        '[nodes.use]\ntimeout_s = "1"',
        'expected a number of seconds, 0 for no limit, found "1"',
    ),
    "timeout_nan": ("[nodes.use]\ntimeout_s = nan", "nodes.use.timeout_s: expected a number"),
    "retries": ("[nodes.use]\nretries = 1.5", "retries: expected a whole number, 0 or more"),
    "cache": ("[nodes.use]\ncache = 1", "nodes.use.cache: expected true or false, found 1"),
    "trigger": ('[nodes.use]\ntrigger = "on"', "trigger: expected one of auto, manual, lazy"),
    "trigger_list": ("[nodes.use]\ntrigger = []", "trigger: expected one of auto, manual, lazy"),
    "debounce_ms": ("[nodes.use]\ndebounce_ms = -1", "debounce_ms: expected a number of milli"),
    "priority": ("[nodes.use]\npriority = true", "priority: expected a whole number, found true"),
    "input_no_table": ("[nodes.use]\ninput = []", "nodes.use.input: expected a table, found []"),
    "no_such_node": (
        '[nodes.use.input]\nload = "lod"',
        "nodes.use.input.load: there is no node lod; did you mean load? (there are: use, load)",
    ),
    "a_text_as_it_is": (
        '[nodes.use.input]\ntitle = "Oil"',
        "there is no node Oil (there are: use, load); as a constant it is written {value = …}",
    ),
    "no_such_entry": (
        '[nodes.use.input]\nload = "load.price"',
        "nodes.use.input.load: load returns no price; did you mean prices?",
    ),
    "no_such_parameter": (
        "[nodes.use.input]\nlod = 3",
        "nodes.use.input.lod: there is no such parameter; did you mean load?",
    ),
    "constant": ('[nodes.use.input]\nn = {value = "x"}', "nodes.use.input.n: 'x' is no int"),
    "plain_constant": ("[nodes.use.input]\nn = 1.5", "nodes.use.input.n: 1.5 is no int"),
    "not_value": ("[nodes.use.input]\nn = {valu = 1}", "n: expected {value = …} for a constant"),
    "false_for_nothing": (
        "[nodes.use.input]\nflag = false",
        "flag: false means that nothing feeds it, and nothing would; the value is written {value =",
    ),
    "itself": ('[nodes.use.input]\nload = "use"', "use -> use: a cycle"),
    "subset_no_table": ("[nodes.use]\nsubset = 3", "nodes.use.subset: expected a table, found 3"),
    "subset_lacks": ("[nodes.use.subset]\nstart = 'n'", "nodes.use.subset: it needs end"),
    "subset_key": (
        "[nodes.use.subset]\nstart = 'n'\nend = 'n'\nbegin = 1",
        "nodes.use.subset.begin: there is no such key",
    ),
    "subset_of_no_parameter": (
        "[nodes.use.subset]\nstart = 'n'\nend = 'm'",
        "nodes.use.subset.end: m: there is no such parameter",
    ),
    "subset_closed": (
        "[nodes.use.subset]\nstart = 'n'\nend = 'flag'\nclosed = 'no'",
        "nodes.use.subset: this is no Interval: ",
    ),
    "subset_halo": (
        "[nodes.use.subset]\nstart = 'n'\nend = 'flag'\nhalo = {day = 1}",
        "nodes.use.subset: 'day' is an invalid keyword argument",
    ),
    "name_of_another": (
        '[nodes.load]\nnotebook = "use.ipynb"',
        "nodes.load: load.ipynb has this name, and the table is about another notebook",
    ),
}


@pytest.mark.parametrize(("toml", "said"), WRONG.values(), ids=WRONG)
def test_a_wrong_graph_toml_is_told_of(made: Made, toml: str, said: str) -> None:
    use = 'load = 0\nn: int = 1\nflag: bool = True\ntitle: str = ""'
    folder = made({"load": "", "use": use}, toml, {"load": ["prices", "gaps"]})
    assert any(said in problem for problem in problems(folder)), problems(folder)


def test_all_mistakes_are_told_at_once_and_each_once(made: Made) -> None:
    toml = "[nodes.a]\nretires = 1\n[nodes.a.input]\nb = 'c'\nn = {value = 'x'}\n[nodes.gone]"
    folder = made({"a": "b = 0\nn: int = 1", "x": "y = 0", "y": "x = 0"}, toml)
    starts = [problem.partition(": ")[2][:14] for problem in problems(folder)]
    assert starts == [
        "nodes.a.retire",
        "nodes.gone.not",
        "nodes.a.input.",
        "nodes.a.input.",
        "a cycle; open ",
    ]


def test_what_feeds_from_a_broken_notebook_is_no_mistake_of_its_own(made: Made) -> None:
    folder = made({"a": "b = 0"}, "[nodes.a.input]\nb = 'broken'")
    (folder / "broken.ipynb").write_text("{")
    assert len(problems(folder)) == 1


def test_a_graph_toml_that_is_no_text_is_told_of(made: Made) -> None:
    folder = made({"a": ""})
    (folder / "graph.toml").write_bytes(b"\xff")
    assert problems(folder) == ("graph.toml: it is not UTF-8 text (byte 0)",)


# ---------------------------------------------------------------- run


def test_a_folder_runs(tmp_path: Path) -> None:
    returns = {"nbnodes": {"returns": ["low", "high"]}}
    write_notebook(
        tmp_path / "bounds.ipynb",
        ("n: int = 3", "parameters"),
        ("{'low': -n, 'high': n}", "return"),
        metadata=returns,
    )
    cells = (("low = 0\nhigh = 0\nstep: int = 1", "parameters"), ("high - low + step", "return"))
    write_notebook(tmp_path / "width.ipynb", *cells)
    with nb.Session(engine="inprocess", cache=":memory:"), nb.Graph.from_folder(tmp_path) as graph:
        assert graph.run("width").value == 7
        assert graph.run("width", {"bounds.n": 5, "width.step": 2}).value == 12
