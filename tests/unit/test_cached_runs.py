"""Runs through the cache: what is a hit, that it is the run over again, and what is never kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from notebooks import CellText, write_notebook

from nbnodes.errors import CacheWarning, RunFailedError
from nbnodes.result import Result, Success
from nbnodes.scheduler.options import RunOptions
from nbnodes.session import Model, Session

N: CellText = ("n: int = 15", "parameters")
COUNT = "with open('count', 'a') as file:\n    file.write('x')"
RICH: tuple[CellText, ...] = (
    "import sys\nprint('out é')\nprint('err', file=sys.stderr)\nprint('more')",
    "import pandas as pd\ntable = pd.DataFrame({'a': [1, 2], 'b': ['x', None]})\ntable",
    "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, n])\nplt.show()",
    ("{'table': table, 'pair': (n, 1.5), 'kinds': [True, None]}", "return"),
)
HELPER = "def double(n):\n    return 2 * n\n"
USES_HELPER: tuple[CellText, ...] = ("import helper", ("helper.double(n)", "return"))


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "NBNODES_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.chdir(tmp_path)


def opened(cache: Any = "cache", **options: Any) -> Session:
    return Session(engine="inprocess", cache=cache, **options)


@pytest.fixture(params=[":memory:", "cache"], ids=["memory", "folder"])
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    with opened(request.param, workers=2) as made:
        yield made


def counting(session: Session, *cells: CellText, metadata: Any = None) -> Model:
    """Make a Model that notes each of its runs."""
    return session.model(write_notebook("n.ipynb", N, COUNT, *cells, metadata=metadata))


def runs() -> int:
    """Count the runs so far."""
    return len(Path("count").read_text()) if Path("count").exists() else 0


def kept(session: Session) -> int:
    assert session.store
    return len(session.store.facts())


def shown(result: Result) -> list[Any]:
    """Everything of a Result except its value and how it came about."""
    said = [result.stdout, result.stderr, result.outputs, result.cells, result.key]
    return [*said, result.name, result.engine, result.duration_s, result.notebook]


# ---------------------------------------------------------------- a hit


def test_a_hit_gives_all_that_the_run_gave(session: Session) -> None:
    model = counting(session, *RICH)
    run, hit = model.run(n=3), model.run(n=3)
    assert (run.cached, hit.cached, runs(), bool(run.key)) == (False, True, 1, True)
    assert shown(hit) == shown(run)
    assert (hit.stdout, hit.stderr) == ("out é\nmore\n", "err\n")
    kinds = {kind for output in hit.outputs for kind in output.get("data", {})}
    assert {"image/png", "text/html", "text/plain"} <= kinds
    one, other = run.unwrap(), hit.unwrap()
    assert one.pop("table").equals(table := other.pop("table"))
    assert (table["b"].tolist()[0], repr(other)) == ("x", repr(one))


VALUES: dict[str, str] = {
    "tuple": "(1, [2.0], None)",
    "long_int": "10**4200",
    "set": "{1, 'a'}",
    "bytes": "b'x'",
    "array": "__import__('numpy').arange(3)",
    "large": "'x' * 100_000",
    "none": "None",
}


@pytest.mark.parametrize("text", VALUES.values(), ids=VALUES)
def test_a_value_is_the_same_after_a_restart(text: str) -> None:
    made = []
    for _ in range(2):
        with opened() as session:
            made.append(counting(session, (text, "return")).run())
    assert [result.cached for result in made] == [False, True]
    assert repr(made[0].unwrap()) == repr(made[1].unwrap()) == repr(eval(text))


def test_two_sessions_share_a_folder() -> None:
    with opened() as one, opened() as other:
        assert [counting(one, ("n", "return")).run(n=n).cached for n in (3, 4)] == [False, False]
        assert [counting(other, ("n", "return")).run(n=n).cached for n in (3, 4)] == [True, True]


def test_changing_a_value_does_not_change_the_next(session: Session) -> None:
    model = counting(session, ("{'rows': [n]}", "return"))
    for _ in range(3):
        value = model(n=3)
        assert value == {"rows": [3]}
        value["rows"].append("mine")
    assert runs() == 1


def test_changing_an_output_does_not_change_the_next(session: Session) -> None:
    model = counting(session, ("n", "return"))
    for _ in range(3):
        result: Any = model.run(n=3)
        assert result.outputs[-1]["data"] == {"text/plain": "3"}
        result.outputs[-1]["data"]["text/plain"] = "mine"
        result.notebook["cells"].clear()


def test_a_hit_shows_what_the_run_showed_whatever_was_displayed(session: Session) -> None:
    model = counting(session, "display({'application/json': {1: (2, 3)}}, raw=True)")
    assert model.run().outputs == model.run().outputs


def test_a_table_can_be_changed_after_a_hit_as_after_the_run(session: Session) -> None:
    cell = "import pandas as pd\npd.DataFrame({'a': pd.Categorical(['x', 'y'])})"
    model = counting(session, (cell, "return"))
    for _ in range(2):
        table = model()
        table.loc[0, "a"] = "y"
        assert table["a"].tolist() == ["y", "y"]


def test_a_default_spelled_out_is_the_same_run(session: Session) -> None:
    model = counting(session, ("n", "return"))
    run, hit = model.run(), model.run(n="15")
    assert (hit.cached, hit.key, hit.outputs) == (True, run.key, run.outputs)
    assert len(hit.notebook["cells"]) == len(run.notebook["cells"]) + 1, "its parameters are shown"


def test_an_engine_finds_what_another_has_made(session: Session) -> None:
    model = counting(session, ("(n, [1.5])", "return"))
    made = [model.run(n=3, engine=engine) for engine in ("kernel", "inprocess", "kernel")]
    ways = [(result.engine, result.cached) for result in made]
    assert ways == [("kernel", False), ("kernel", True), ("kernel", True)]
    assert [result.unwrap() for result in made] == 3 * [(3, [1.5])]
    model.run(n=4)
    assert model.run(n=4, engine="kernel").engine == "inprocess"


def test_only_papermill_has_a_document_of_its_own(session: Session) -> None:
    model = counting(session, ("n", "return"))
    options = [RunOptions(engine=name) for name in (None, "kernel", "papermill")]
    keys = [session.key_parts(model, {"n": 3}, option).key for option in options]
    assert keys[0] == keys[1] == model.run(n=3).key != keys[2]


# ---------------------------------------------------------------- a miss


def test_a_changed_cell_is_a_miss_and_changed_back_a_hit(session: Session) -> None:
    bodies = ("n", "n + 1", "n  # as before", "n + 1", "n")
    made = [counting(session, (body, "return")).run(n=3) for body in bodies]
    assert [result.unwrap() for result in made] == [3, 4, 3, 4, 3]
    assert [result.cached for result in made] == [False, False, True, True, True]


def test_a_changed_module_is_a_miss_and_changed_back_a_hit(session: Session) -> None:
    seen = []
    for text in (HELPER, HELPER.replace("2", "30"), f"# said\n{HELPER}", HELPER):
        Path("helper.py").write_text(text)
        result = counting(session, *USES_HELPER).run(n=3)
        seen.append((result.unwrap(), result.cached))
    assert seen == [(6, False), (90, False), (6, True), (6, True)]


@pytest.mark.parametrize("change", [{"n": 4}, {"cwd": "elsewhere"}, {"n": 16, "cwd": "elsewhere"}])
def test_another_value_or_folder_is_a_miss(session: Session, change: dict[str, Any]) -> None:
    Path("elsewhere").mkdir()
    model = counting(session, ("n", "return"))
    assert [model.run(n=3).cached, model.run(**({"n": 3} | change)).cached] == [False, False]


def test_refresh_runs_again_and_replaces(session: Session) -> None:
    model = counting(session, ("open('count').read()", "return"))
    uses: list[Any] = [True, True, "refresh", True, False, True]
    made = [model.run(cache=use) for use in uses]
    assert [result.unwrap() for result in made] == ["x", "x", "xx", "xx", "xxx", "xx"]
    assert [result.cached for result in made] == [False, True, False, True, False, True]
    assert (kept(session), made[2].key) == (1, made[0].key)


# ---------------------------------------------------------------- never kept


def test_a_run_that_may_not_use_the_cache_neither_reads_nor_writes(session: Session) -> None:
    model = counting(session, ("n", "return"))
    refused = counting(session, ("n", "return"), metadata={"nbnodes": {"cache": False}})
    for made in (model.run(cache=False), refused.run(), refused.run(cache="refresh")):
        assert (made.unwrap(), made.cached, made.key, kept(session)) == (15, False, None, 0)
    assert not model.run().cached
    assert not refused.run().cached
    assert (runs(), kept(session)) == (5, 1)


def test_a_failure_is_not_kept(session: Session) -> None:
    model = counting(session, ("1 / n", "return"))
    made = [model.run(n=0, check=False) for _ in range(2)]
    assert [(result.ok, result.cached) for result in made] == [(False, False)] * 2
    with pytest.raises(RunFailedError):
        model(n=0)
    assert (runs(), kept(session)) == (3, 0)


def test_a_run_with_names_of_the_caller_is_not_kept(session: Session) -> None:
    model = counting(session, ("n * rate", "return"))
    made = [model.run(n=3, globals={"rate": rate}) for rate in (5, 7, 7)]
    assert [result.unwrap() for result in made] == [15, 21, 21]
    assert (runs(), kept(session)) == (3, 0)


@pytest.mark.parametrize("body", ["(i for i in range(n))", "__import__('threading').Lock()"])
def test_a_value_that_cannot_be_stored_is_given_with_one_warning(
    session: Session, body: str
) -> None:
    model = counting(session, (body, "return"))
    with pytest.warns(CacheWarning, match="cannot be stored .*but it was not kept") as caught:
        made = [model.run() for _ in range(3)]
    assert len(caught) == 1
    assert all(isinstance(result, Success) and not result.cached for result in made)
    assert (runs(), kept(session)) == (3, 0)


def test_a_parameter_without_a_key_runs_without_the_cache(session: Session) -> None:
    path = write_notebook("n.ipynb", ("f = None", "parameters"), COUNT, ("f(2)", "return"))
    model = session.model(path)
    for _ in range(2):
        with pytest.warns(CacheWarning, match="n.ipynb runs without the cache: f: a .*function"):
            made = model.run(f=lambda n: n + 1)
        assert (made.unwrap(), made.cached, made.key) == (3, False, None)
    assert (runs(), kept(session)) == (2, 0)
