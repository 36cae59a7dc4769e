"""What type checkers make of the public API. mypy reads this file; nothing runs it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from typing import Any, Literal, assert_never, assert_type

import nbnodes as nb


def making() -> nb.Model:
    model = nb.Model("n.ipynb")
    assert_type(model.name, str)
    assert_type(model.parameters, Mapping[str, nb.Parameter])
    assert_type(model.session, nb.Session)
    assert_type(model.parameters["n"].default, Any)
    assert_type(model.parameters["n"].annotation, str)
    return model


def calling(model: nb.Model) -> None:
    assert_type(model(n=15), Any)
    assert_type(model.run(), nb.Success | nb.Failure)
    assert_type(model.run({"n": 15}, check=False, engine="kernel", timeout_s=3.0), nb.Result)
    assert_type(model.map([{"n": 1}, {"n": 2}]), Iterator[nb.Success | nb.Failure])


def waiting(model: nb.Model) -> None:
    future = model.submit(n=15)
    assert_type(future.result(), nb.Success | nb.Failure)
    assert_type(future.cancel(), bool)
    as_future: Future[nb.Result] = future
    assert_type(as_future.done(), bool)


async def awaiting(model: nb.Model) -> None:
    assert_type(await model.arun(n=15), nb.Success | nb.Failure)


def telling(result: nb.Result) -> str:
    """Tell a Success from a Failure: by its class, and no third kind is left."""
    assert_type(result.unwrap(), Any)
    assert_type(result.stdout, str)
    assert_type(result.cached, bool)
    assert_type(result.duration_s, float)
    assert_type(result.notebook, Any)
    match result:
        case nb.Success():
            assert_type(result.ok, Literal[True])
            assert_type(result.value, Any)
            return "done"
        case nb.Failure():
            assert_type(result.ok, Literal[False])
            assert_type(result.error.ename, str)
            assert_type(result.error.cell_index, int)
            assert_type(result.error.traceback, tuple[str, ...])
            return "failed"
        case _:
            assert_never(result)


def telling_by_flag(result: nb.Result) -> str:
    if result.ok:
        assert_type(result, nb.Success)
        return "done"
    assert_type(result, nb.Failure)
    return result.error.evalue


def sharing() -> None:
    with nb.Session(engine="kernel", workers=4, cache="folder") as session:
        assert_type(session, nb.Session)
        assert_type(session.model("n.ipynb"), nb.Model)
        assert_type(session.settings, nb.Settings)
        assert_type(session.settings.timeout_s, float)
    assert_type(nb.current_session(), nb.Session)
    project = nb.Project.at("folder", engine="inprocess")
    assert_type(project, nb.Project)
    assert_type(project.models(project.session()), dict[str, nb.Model])


def restified() -> None:
    assert_type(nb.PythonModel("n.ipynb").execute({"n": 15}), Any)
    assert_type(nb.KernelModel("n.ipynb", out_stream=None).execute(), Any)
    assert_type(nb.execute_notebook("n.ipynb", {"n": 15}), Any)


def mistaken(model: nb.Model) -> None:
    """Each line is an error to a type checker; an ignore that is not needed would be one too."""
    model.run({1: 2})  # type: ignore[dict-item]
    model.run(check="no")  # type: ignore[arg-type]
    nb.Session(workers="many")  # type: ignore[arg-type]
    nb.Session("kernel")  # type: ignore[call-arg]
    nb.Model()  # type: ignore[call-arg]


def catching(model: nb.Model) -> None:
    try:
        model()
    except nb.ParameterError as error:
        assert_type(error.problems, tuple[str, ...])
    except (nb.KernelDiedError, nb.RunTimeoutError, nb.RunCancelledError) as error:
        machine: nb.EngineError = error
        assert_type(str(machine), str)
    except nb.RunFailedError as error:
        assert_type(error.failure, object)
    except nb.NbnodesError as error:
        assert_type(str(error), str)
