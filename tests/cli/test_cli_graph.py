"""`nbnodes graph` draws; `nbnodes run FOLDER --node NAME` computes a node with what it needs."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from commandline import NBNODES, Command, nbnodes, processes_naming, run_on_terminal, run_process
from notebooks import markdown, write_notebook
from test_cli_exit_codes import ENDLESS, interruptible, private_tmp, until

import nbnodes as nb

__all__ = ["interruptible", "private_tmp"]
MODELS = Path(__file__).parents[2] / "model_notebooks"


@pytest.fixture
def analysis() -> Path:
    """Write three notebooks, of which each but the first is fed by the one before."""
    folder = Path("analysis")
    folder.mkdir()
    write_notebook(
        folder / "prices.ipynb",
        ("start: int = 1  # the first\nend: int = 4", "parameters"),
        "print('reading')",
        ("list(range(start, end))", "return"),
    )
    write_notebook(
        folder / "trend.ipynb",
        ("prices = None\nwindow: int = 2  # how many", "parameters"),
        "1",
        ("[sum(prices[i : i + window]) for i in range(len(prices) - window + 1)]", "return"),
    )
    write_notebook(
        folder / "report.ipynb",
        ("trend = None\ntitle: str = 'Sums'", "parameters"),
        "print('writing')",
        ("f'{title}: {trend}'", "return"),
    )
    return folder


def kept(command: Command) -> list[str]:
    """Return the notebooks whose runs are kept, each as often as it ran."""
    lines = command("cache", "ls", "--json").out.splitlines()
    return sorted(json.loads(line)["notebook"] for line in lines)


# ---------------------------------------------------------------- run


RUNS = {
    "a_node": (["--node", "trend"], "[3, 5]"),
    "the_last_node_is_the_default": ([], "Sums: [3, 5]"),
    "a_parameter_of_the_node": (["--node", "trend", "-p", "window", "3"], "[6]"),
    "a_parameter_above_it": (["--node", "trend", "-p", "end", "5"], "[3, 5, 7]"),
    "a_parameter_by_its_node": (["-p", "trend.window", "3"], "Sums: [6]"),
    "as_text": (["-r", "title", "1"], "1: [3, 5]"),
    "yaml": (["-y", "{report.title: T, window: 3}"], "T: [6]"),
    "json": (["--node", "prices", "--format", "json"], "[1, 2, 3]"),
    "csv": (["--node", "prices", "-p", "end", "2", "--format", "csv", "-q"], "1"),
    "no_cache": (["--no-cache", "--node", "prices"], "[1, 2, 3]"),
}


@pytest.mark.parametrize(("words", "printed"), RUNS.values(), ids=RUNS)
def test_the_value_of_a_node_is_printed(
    command: Command, analysis: Path, words: list[str], printed: str
) -> None:
    ended = command("run", analysis, *words)
    assert (ended.code, ended.out, ended.err) == (0, f"{printed}\n", "")


@pytest.mark.usefixtures("analysis")
def test_parameters_come_from_standard_input_and_files() -> None:
    Path("given.yaml").write_text("window: 3")
    assert nbnodes("run", "analysis", "-f", "given.yaml").out == "Sums: [6]\n"
    assert nbnodes("run", "analysis", "-", stdin="start: 2").out == "Sums: [5]\n"


def test_a_graph_toml_is_run_too(command: Command, analysis: Path) -> None:
    (analysis / "graph.toml").write_text(
        '[graph]\nname = "sums"\n[nodes.trend.input]\nwindow = 3\n'
        '[nodes.wide]\nnotebook = "prices.ipynb"\n[nodes.wide.input]\nend = 9\n'
    )
    assert (
        command("run", analysis / "graph.toml", "--node", "trend").out == "[6, 9, 12, 15, 18, 21]\n"
    )
    assert command("run", analysis, "--node", "trend", "-p", "wide.end", "5").out == "[6, 9]\n"


def test_what_ran_is_not_run_again_and_a_change_runs_what_it_reaches(
    command: Command, analysis: Path
) -> None:
    everything = ["prices.ipynb", "report.ipynb", "trend.ipynb"]
    command("run", analysis)
    assert kept(command) == everything
    again = json.loads(command("run", analysis, "--json").out)
    assert (again["cached"], again["node"], again["notebook"]) == (True, "report", "report.ipynb")
    command("run", analysis, "-p", "window", "3")
    assert kept(command) == sorted([*everything, "report.ipynb", "trend.ipynb"])
    command("run", analysis, "-p", "title", "T")
    assert kept(command) == sorted([*everything, *["report.ipynb"] * 2, "trend.ipynb"])


def test_the_example_analysis_runs_only_what_a_change_reaches(tmp_path: Path) -> None:
    folder = tmp_path / "model_notebooks"
    shutil.copytree(MODELS, folder)
    ran: list[set[str]] = []

    def listen(progress: nb.GraphProgress) -> None:
        ran[-1] |= {name for name, (_, cells) in progress.running.items() if cells}

    with nb.Session(engine="inprocess") as session:
        graph = nb.Graph.from_folder(folder, session=session)
        for values in ({}, {"window": 6}, {"window": 12}, {"trend.window": 6, "title": "T"}):
            ran.append(set())
            graph.run("figure", values, on_progress=listen)
    assert ran == [{"prices", "trend", "figure"}, {"trend", "figure"}, set(), {"figure"}]


def test_the_example_figure_is_printed_as_a_picture(tmp_path: Path) -> None:
    folder = tmp_path / "model_notebooks"
    shutil.copytree(MODELS, folder)
    words = ["run", str(folder), "--node", "figure", "--format", "png", "-p", "window", "6"]
    done = subprocess.run([*NBNODES, *words], capture_output=True, check=True)
    assert done.stdout.startswith(b"\x89PNG")


def test_verbose_shows_what_the_node_prints(command: Command, analysis: Path) -> None:
    assert command("run", analysis, "-v").err == "writing\n"


def test_the_executed_notebook_of_the_node_is_written(command: Command, analysis: Path) -> None:
    command("run", analysis, "--node", "trend", "-o", "out.ipynb")
    outputs = json.loads(Path("out.ipynb").read_text())["cells"][-1]["outputs"]
    assert outputs[0]["data"]["text/plain"] == "[3, 5]"


def test_a_node_without_a_return_cell_prints_nothing(command: Command) -> None:
    write_notebook("n.ipynb", "1")
    assert command("run", ".").outcome == (0, "")


REFUSED: dict[str, tuple[list[str], str]] = {
    "unknown_node": (["--node", "tend"], "analysis has no node tend; did you mean trend?"),
    "unknown_parameter": (["-p", "widow", "3"], "widow: no node has such a parameter; did you"),
    "wrong_value": (["-p", "window", "x"], "trend: window: 'x' is no int"),
    "fed_by_a_node": (["-p", "prices", "3"], "prices: trend gets it from prices"),
    "cwd": (["--cwd", "."], "--cwd is not for a graph: each notebook runs in its own folder"),
    "refresh": (["--refresh"], "--refresh is not for a graph: use --no-cache"),
    "both": (["--refresh", "--no-cache"], "--no-cache and --refresh exclude each other"),
    "json_as_png": (["--json", "--format", "png"], "--json and --format png exclude each other"),
    "timeout": (["--timeout", "-1"], "--timeout -1: expected 0 (no limit) or more seconds"),
    "no_png": (["--format", "png"], "it can be written as: text, json, html"),
    "engine": (["--engine", "frok"], "there is no engine 'frok'"),
}


@pytest.mark.parametrize(("words", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused_with_words(
    command: Command, analysis: Path, words: list[str], said: str
) -> None:
    ended = command("run", analysis, *words)
    assert ended.outcome == (2, "")
    assert said in ended.err


def test_of_several_last_nodes_one_must_be_named(command: Command, analysis: Path) -> None:
    write_notebook(analysis / "alone.ipynb", "1")
    ended = command("run", analysis)
    assert ended.outcome == (2, "")
    assert ended.err == (
        "nbnodes: analysis: say which node with --node: alone or report; "
        "there are also prices, trend\n"
    )


def test_a_wrong_graph_ends_with_two_and_every_mistake(command: Command, analysis: Path) -> None:
    (analysis / "graph.toml").write_text("[nodes.trend.input]\nwindo = 3\nprices = 'pries'")
    for words in (["run"], ["graph"]):
        ended = command(*words, analysis)
        assert ended.outcome == (2, "")
        assert ended.err.splitlines()[0] == "nbnodes: the graph 'analysis' cannot be built:"
        assert "nodes.trend.input.windo: there is no such parameter" in ended.err
        assert "there is no node pries; did you mean prices?" in ended.err


def test_a_failing_node_ends_with_one_and_its_traceback(command: Command, analysis: Path) -> None:
    write_notebook(
        analysis / "trend.ipynb", ("prices = None", "parameters"), markdown("#"), "1\n1 / 0"
    )
    ended = command("run", analysis)
    assert ended.outcome == (1, "")
    assert "----> 2 1 / 0" in ended.err
    assert ended.err.endswith(
        "nbnodes: trend failed in cell 3: ZeroDivisionError: division by zero\n"
    )


def test_time_that_is_over_ends_with_three(command: Command, analysis: Path) -> None:
    write_notebook(analysis / "trend.ipynb", ("prices = None", "parameters"), ENDLESS)
    (analysis / "graph.toml").write_text("[nodes.trend]\ntimeout_s = 600")
    ended = command("run", analysis, "--timeout", "1.5", "--engine", "fork")
    assert ended.outcome == (3, "")
    assert "trend.ipynb" in ended.err
    assert "not done after 1.5 s" in ended.err


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("engine", ["fork", "kernel", "inprocess"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl_c", "terminated"])
def test_an_interrupted_graph_ends_with_130_and_leaves_nothing(
    private_tmp: Path, analysis: Path, engine: str, number: signal.Signals
) -> None:
    write_notebook(analysis / "trend.ipynb", ("prices = None", "parameters"), ENDLESS)
    process = subprocess.Popen(
        [*NBNODES, "run", "analysis", "--engine", engine],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    until(lambda: (analysis / "started").exists() or process.poll() is not None)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "nbnodes: interrupted\n")
    assert processes_naming(str(private_tmp)) == []


@pytest.mark.usefixtures("analysis")
def test_a_terminal_shows_nodes_and_their_cells() -> None:
    ended, shown = run_on_terminal(["run", "analysis", "--engine", "inprocess"])
    assert ended.outcome == (0, "Sums: [3, 5]\n")
    assert all(f"analysis: {done}/3 nodes" in shown for done in range(4))
    assert "trend 1/3" in shown
    assert "report 2/3" in shown
    again, shown = run_on_terminal(["run", "analysis", "--engine", "inprocess"])
    assert (again.outcome, shown) == (ended.outcome, "")


@pytest.mark.usefixtures("analysis")
def test_quiet_shows_no_bar() -> None:
    ended, shown = run_on_terminal(["run", "analysis", "-q"])
    assert (ended.code, shown) == (0, "")


def test_a_notebook_of_a_folder_is_still_run_alone(command: Command, analysis: Path) -> None:
    assert command("run", analysis / "prices.ipynb").out == "[1, 2, 3]\n"


# ---------------------------------------------------------------- graph


DRAWN = """\
analysis: 3 nodes, 2 edges
•  prices  notebook
•  trend   notebook  window=3  ← prices
•  report  notebook  ← trend

parameters
  prices.start: int = 1  # the first
  prices.end: int = 4
  trend.window: int = 3  # how many
  report.title: str = 'Sums'
"""


def test_a_folder_is_drawn_with_what_a_caller_may_set(command: Command, analysis: Path) -> None:
    (analysis / "graph.toml").write_text("[nodes.trend.input]\nwindow = 3")
    assert command("graph", analysis).outcome == (0, DRAWN)


def test_a_drawing_runs_and_keeps_nothing(command: Command, analysis: Path) -> None:
    write_notebook(analysis / "prices.ipynb", "open('ran', 'w')")
    for words in ([], ["--states"], ["--format", "svg"]):
        assert command("graph", analysis, *words).code == 0
    assert not (analysis / "ran").exists()
    assert kept(command) == []


def test_the_json_has_everything(command: Command, analysis: Path) -> None:
    toml = "[nodes.trend]\nretries = 1\n[nodes.trend.input]\nwindow = 3"
    (analysis / "graph.toml").write_text(toml)
    told = json.loads(command("graph", analysis, "--format", "json").out)
    trend: dict[str, Any] = told["nodes"][1]
    assert (told["graph"], [node["name"] for node in told["nodes"]]) == (
        "analysis",
        ["prices", "trend", "report"],
    )
    assert (trend["kind"], trend["notebook"]) == (
        "notebook",
        str((analysis / "trend.ipynb").resolve()),
    )
    assert trend["inputs"] == {"prices": {"node": "prices", "part": None}, "window": {"value": 3}}
    assert trend["options"]["retries"] == 1
    window = trend["parameters"][1]
    assert {key: window[key] for key in ("name", "type", "default", "help")} == {
        "name": "window",
        "type": "int",
        "default": 2,
        "help": "how many",
    }
    assert told["edges"] == [
        {"source": "prices", "target": "trend", "parameter": "prices", "part": None},
        {"source": "trend", "target": "report", "parameter": "trend", "part": None},
    ]


def test_a_drawing_is_written_in_the_format_of_the_suffix(command: Command, analysis: Path) -> None:
    for name in ("g.svg", "g.json", "g.mmd", "g.txt"):
        assert command("graph", analysis, "-o", name).outcome == (0, "")
    assert ElementTree.parse("g.svg").getroot().tag.endswith("svg")
    assert json.loads(Path("g.json").read_text())["graph"] == "analysis"
    assert Path("g.mmd").read_text().startswith("flowchart")
    assert Path("g.txt").read_text().startswith("analysis: 3 nodes")
    ended = command("graph", analysis, "-o", "missing/g.svg")
    assert ended.outcome == (2, "")
    assert "-o missing/g.svg: No such file or directory" in ended.err


def states(command: Command, *words: str) -> list[tuple[str, str]]:
    told = json.loads(command("graph", "analysis", "--states", "--format", "json", *words).out)
    return [(node["state"], node["reason"]) for node in told["nodes"]]


@pytest.mark.usefixtures("analysis")
def test_states_tell_what_the_cache_answers(command: Command) -> None:
    new, below = ("stale", "its value is not kept"), ("stale", "waits for {}")
    assert states(command) == [new, ("stale", "waits for prices"), ("stale", "waits for trend")]
    command("run", "analysis", "--node", "trend")
    assert states(command) == [("fresh", "kept"), ("fresh", "kept"), new]
    assert states(command, "-p", "window", "3") == [
        ("fresh", "kept"),
        new,
        ("stale", below[1].format("trend")),
    ]
    drawn = command("graph", "analysis", "--states").out
    assert "2 fresh, 1 stale" in drawn


SPLIT = (
    ("n: int = 3\nk: int = 2", "parameters"),
    "table = list(range(n))",
    "table.append(k)",
    markdown("# The sum"),
    "total = sum(table)",
    "print(total, unknown)",
)


def test_a_notebook_is_shown_as_parts_with_its_doubts(command: Command) -> None:
    write_notebook("a.ipynb", *SPLIT)
    code, out = command("graph", "a.ipynb").outcome
    assert code == 0
    assert out.startswith("a.ipynb: 3 parts, 2 parameters, 1 doubt\n\ntable  (cells 2-3)\n")
    assert "  parameters  n, k\n" in out
    assert "  together    cell 3 changes `table` of cell 2\n" in out
    assert "  reads       table from table\n" in out
    assert out.endswith(
        "\ndoubts\n  cell 6, line 1: free name `unknown`: nothing defines it; a typo?\n"
    )


def test_the_parts_of_a_notebook_as_json_and_drawn(command: Command) -> None:
    write_notebook("a.ipynb", *SPLIT)
    told = json.loads(command("graph", "a.ipynb", "--format", "json").out)
    assert [part["cells"] for part in told["parts"]] == [[2, 3], [5], [6]]
    assert told["parts"][1]["reads"] == {"table": "table"}
    assert told["doubts"][0]["cell"] == 6
    assert [parameter["name"] for parameter in told["parameters"]] == ["n", "k"]
    assert command("graph", "a.ipynb", "--format", "mermaid").out.startswith("flowchart")
    assert command("graph", "a.ipynb", "-o", "a.svg").code == 0
    assert ElementTree.parse("a.svg").getroot().tag.endswith("svg")


@pytest.mark.parametrize(
    ("words", "printed"),
    [(["--node", "total"], "5"), (["--node", "total", "-p", "k", "7"], "10")],
    ids=["defaults", "given"],
)
def test_a_part_of_a_notebook_is_run(command: Command, words: list[str], printed: str) -> None:
    path = write_notebook("a.ipynb", *SPLIT)
    assert command("run", path, *words).outcome == (0, f"{printed}\n")
    assert command("run", path, "--node", "totl").outcome == (2, "")


def test_a_part_may_be_named_as_a_parameter_is(command: Command) -> None:
    write_notebook("a.ipynb", ("t = None", "parameters"), "if t is None:\n    t = 1", "print(t)")
    assert "t (parameter)" in command("graph", "a.ipynb", "--format", "svg").out


WRONG_TARGETS = {
    "missing": (["nowhere"], "nowhere cannot be read as a notebook: there is no such file"),
    "missing_toml": (["no.toml"], "no.toml: there is no such file or folder"),
    "empty_folder": (["."], "there is no notebook (*.ipynb) in "),
    "values_without_states": ([".", "-p", "n", "3"], "-p is for --states"),
}


@pytest.mark.parametrize(("words", "said"), WRONG_TARGETS.values(), ids=WRONG_TARGETS)
def test_what_cannot_be_drawn_ends_with_two(command: Command, words: list[str], said: str) -> None:
    ended = command("graph", *words)
    assert ended.outcome == (2, "")
    assert said in ended.err


def test_an_ascii_terminal_gets_ascii(analysis: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    out = run_process(*NBNODES, "graph", str(analysis)).out
    assert "*  trend   notebook  <- prices\n" in out


def test_the_width_of_the_terminal_is_kept(
    command: Command, analysis: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "32")
    drawn = command("graph", analysis).out.partition("\n\n")[0]
    assert max(map(len, drawn.splitlines())) <= 32
