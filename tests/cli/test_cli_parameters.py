"""Parameters on the command line: papermill's flags, their order, and every mistake in them."""

from __future__ import annotations

import base64
import io
import itertools
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from commandline import Command, nbnodes
from notebooks import write_notebook
from papermill.cli import papermill as papermill_command

from nbnodes.cli.arguments import RunArguments

DECLARED = """\
import datetime
n: int = 15
ratio: float = 0.5
name: str = "oil"
tags: list[str] = []
day: datetime.date = datetime.date(2000, 1, 1)
spot = None  # of no known type
flag: bool = False"""
REPORT = "repr((n, ratio, name, tags, str(day), spot, flag))"
DEFAULTS = (15, 0.5, "oil", [], "2000-01-01", None, False)


@pytest.fixture
def reporting(tmp_path: Path) -> str:
    """Make a notebook whose value shows all its parameters."""
    cells = ((DECLARED, "parameters"), (REPORT, "return"))
    return str(write_notebook(tmp_path / "work" / "report.ipynb", *cells))


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def with_defaults(**given: Any) -> str:
    names = ("n", "ratio", "name", "tags", "day", "spot", "flag")
    values = dict(zip(names, DEFAULTS, strict=True)) | given
    return f"{tuple(values.values())!r}\n"


GIVEN = {
    "nothing": ([], {}),
    "p_takes_the_declared_type": (["-p", "n", "3"], {"n": 3}),
    "p_takes_the_declared_type_text": (["-p", "name", "3"], {"name": "3"}),
    "p_reads_a_date": (["-p", "day", "2001-02-03"], {"day": "2001-02-03"}),
    "p_reads_json": (["-p", "tags", '["a", "b"]'], {"tags": ["a", "b"]}),
    "p_reads_a_flag": (["-p", "flag", "true"], {"flag": True}),
    "p_guesses_as_papermill_does": (["-p", "spot", "3"], {"spot": 3}),
    "p_guesses_none": (["-p", "spot", "None"], {"spot": None}),
    "p_takes_a_negative": (["-p", "n", "-3"], {"n": -3}),
    "p_of_one_name_twice": (["-p", "n", "3", "-p", "n", "4"], {"n": 4}),
    "r_is_text": (["-r", "spot", "3"], {"spot": "3"}),
    "r_of_a_declared_type": (["-r", "n", "3"], {"n": 3}),
    "y": (["-y", "{n: 3, tags: [a]}"], {"n": 3, "tags": ["a"]}),
    "y_leaves_dates_text": (["-y", "spot: 2001-02-03"], {"spot": "2001-02-03"}),
    "y_reads_declared_dates": (["-y", "day: 2001-02-03"], {"day": "2001-02-03"}),
    "y_takes_a_date_for_text": (["-y", "name: 2001-02-03"], {"name": "2001-02-03"}),
    "y_of_nothing": (["-y", "# nothing"], {}),
    "y_twice": (["-y", "n: 3", "-y", "{n: 4, spot: 1}"], {"n": 4, "spot": 1}),
    "b": (["-b", encoded("{n: 3, name: ß}")], {"n": 3, "name": "ß"}),
    "b_broken_into_lines": (["-b", "\n".join(encoded("n: 3"))], {"n": 3}),
    "f": (["-f", "given.yaml"], {"n": 7, "spot": [1]}),
    "f_in_json": (["-f", "given.json"], {"n": 8}),
    "f_twice": (["-f", "given.yaml", "-f", "given.json"], {"n": 8, "spot": [1]}),
    "long_names": (
        ["--parameters", "n", "3", "--parameters_raw", "spot", "3", "--parameters_yaml=name: 4x"],
        {"n": 3, "name": "4x", "spot": "3"},
    ),
}
FLAGS = {  # in the order in which they hold, the last most
    "-b": ["-b", encoded("spot: from b")],
    "-f": ["-f", "spot.yaml"],
    "-y": ["-y", "spot: from y"],
    "-p": ["-p", "spot", "from p"],
    "-r": ["-r", "spot", "from r"],
}


@pytest.fixture(autouse=True)
def files() -> None:
    Path("given.yaml").write_text("n: 7\nspot: [1]\n")
    Path("given.json").write_text(json.dumps({"n": 8}))
    Path("spot.yaml").write_text("spot: from f\n")


@pytest.mark.parametrize(("words", "given"), GIVEN.values(), ids=GIVEN)
def test_parameters_arrive(
    command: Command, reporting: str, words: list[str], given: dict[str, Any]
) -> None:
    ended = command("run", reporting, *words)
    assert ((0, with_defaults(**given)), "") == (ended.outcome, ended.err)


@pytest.mark.parametrize(("weaker", "stronger"), [*itertools.combinations(FLAGS, 2)])
def test_one_kind_of_flag_holds_over_another_wherever_it_stands(
    command: Command, reporting: str, weaker: str, stronger: str
) -> None:
    expected = (0, with_defaults(spot=f"from {stronger[1]}"))
    assert expected == command("run", reporting, *FLAGS[weaker], *FLAGS[stronger]).outcome
    assert expected == command("run", reporting, *FLAGS[stronger], *FLAGS[weaker]).outcome


@pytest.mark.parametrize("flag", FLAGS)
def test_papermill_knows_the_same_flags(flag: str) -> None:
    assert flag in [name for option in papermill_command.params for name in option.opts]


@pytest.mark.parametrize("words", [["-"], ["-f", "-"]], ids=["dash", "f_dash"])
def test_standard_input_gives_parameters(reporting: str, words: list[str]) -> None:
    ended = nbnodes("run", reporting, *words, "--engine", "inprocess", stdin="n: 3\nname: ß\n")
    assert (0, with_defaults(n=3, name="ß")) == ended.outcome


@pytest.mark.parametrize(
    "order", [["-", "-f", "spot.yaml"], ["-f", "spot.yaml", "-"]], ids=["first", "last"]
)
def test_standard_input_holds_over_files_wherever_it_stands(
    command: Command, reporting: str, order: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("spot: from standard input"))
    expected = (0, with_defaults(spot="from standard input"))
    assert expected == command("run", reporting, *order).outcome


def test_the_value_of_a_file_may_come_through_a_pipe(reporting: str) -> None:
    ended = nbnodes("run", reporting, "-f", "/dev/stdin", "--engine", "inprocess", stdin="n: 3")
    assert (0, with_defaults(n=3)) == ended.outcome


MISTAKES = {  # what is given, what the error says of it
    "wrong_type": (["-p", "n", "abc"], ["n: 'abc' is no int"]),
    "wrong_date": (["-p", "day", "soon"], ["day: 'soon' is no datetime.date"]),
    "unknown_name": (["-p", "rato", "1"], ["rato: there is no such parameter", "mean ratio?"]),
    "several": (
        ["-p", "n", "abc", "-y", "{ratio: x, nmae: y}", "-r", "m", "1"],
        ["n: 'abc' is no int", "ratio: 'x' is no float", "nmae: there is no", "m: there is no"],
    ),
    "no_yaml": (["-y", "{n: 3"], ["parameters: it is not YAML: ", "line 1, column 6"]),
    "yaml_of_a_list": (["-y", "[1, 2]"], ["YAML must map names to values, as in `n: 10`"]),
    "yaml_of_a_number": (["-y", "3"], ["YAML must map names to values"]),
    "yaml_of_numbered_names": (["-y", "{1: 2}"], ["YAML must map names to values"]),
    "yaml_of_no_such_day": (["-y", "day: !!timestamp 2001-99-99"], ["it is not YAML"]),
    "yaml_of_no_number": (["-y", "n: !!int abc"], ["it is not YAML"]),
    "yaml_without_end": (["-y", "[" * 5000], ["it is not YAML"]),
    "yaml_that_would_run_code": (
        ["-y", "spot: !!python/object/apply:os.getcwd []"],
        ["it is not YAML", "python/object/apply"],
    ),
    "no_base64": (["-b", "n: 3"], ["-b n: 3: it is not base64 of UTF-8 text"]),
    "base64_of_no_text": (
        ["-b", base64.b64encode(b"\xff\xfe").decode()],
        ["it is not base64 of UTF-8 text"],
    ),
    "base64_of_no_yaml": (["-b", encoded("{n: 3")], ["it is not YAML"]),
    "no_file": (["-f", "nowhere.yaml"], ["-f nowhere.yaml: ", "No such file"]),
    "a_folder": (["-f", "."], ["-f .: ", "Is a directory"]),
    "no_text_file": (["-f", "binary"], ["-f binary: ", "can't decode"]),
    "no_yaml_file": (["-f", "unfinished.yaml"], ["it is not YAML"]),
    "half_a_pair": (["-p", "n"], ["requires 2 arguments"]),
}


@pytest.mark.parametrize(("words", "said"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_told_and_nothing_runs(
    command: Command, reporting: str, words: list[str], said: list[str]
) -> None:
    Path("binary").write_bytes(b"\xff\xfe\x00")
    Path("unfinished.yaml").write_text("{n: 3")
    ended = command("run", reporting, *words)
    assert ended.outcome == (2, "")
    assert [part for part in said if part not in ended.err] == []
    assert "Traceback" not in ended.err
    assert json.loads(command("cache", "stats", "--json").out)["runs"] == 0


def test_standard_input_that_is_no_text_is_a_mistake(
    command: Command, reporting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe"), encoding="utf-8"))
    ended = command("run", reporting, "-")
    assert ended.outcome == (2, "")
    assert "-f -: " in ended.err


def test_a_required_parameter_must_be_given(command: Command, tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "r.ipynb", ("n: int\nm: int", "parameters"), ("n", "return"))
    ended = command("run", path)
    assert ended.outcome == (2, "")
    assert "n: it has no default, so give it a value" in ended.err
    assert "m: it has no default, so give it a value" in ended.err
    assert command("run", path, "-y", "{n: 1, m: 2}").outcome == (0, "1\n")


@pytest.mark.parametrize("text", ["n: 3", "2001-02-03", "{a: [1, 2.5, null, yes]}", "x: 1:30"])
def test_yaml_is_read_as_papermill_reads_it(text: str) -> None:
    from papermill.iorw import NoDatesSafeLoader

    expected = {"top": yaml.load(text, NoDatesSafeLoader)}
    given = f"top:\n  {text}"
    assert expected == RunArguments(notebook="x.ipynb", parameters_yaml=[given]).values()


def test_a_parameters_cell_that_is_no_python_is_told_of(command: Command) -> None:
    write_notebook("n.ipynb", ("n = = 3", "parameters"), ("n", "return"))
    ended = command("run", "n.ipynb", "-p", "n", "4")
    assert ended.code == 2
    assert "cell 1, tagged `parameters`, cannot be read: invalid syntax (line 1)" in ended.err


def test_a_list_is_asked_for_in_json(command: Command) -> None:
    write_notebook("n.ipynb", ("xs: list[int] = []", "parameters"), ("xs", "return"))
    ended = command("run", "n.ipynb", "-p", "xs", "1,2")
    assert ended.code == 2
    assert "write it as JSON, such as [1, 2]" in ended.err
