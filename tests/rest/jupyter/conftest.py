"""Fixtures of the tests in Jupyter: one folder, three servers with contents managers of theirs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from jupyters import Jupyter, jupyter
from notebooks import SEED_FIBONACCI, markdown, write_notebook

_FILES = "jupyter_server.services.contents.largefilemanager"
MANAGERS = {
    "async-files": f"{_FILES}.AsyncLargeFileManager",
    "files": f"{_FILES}.LargeFileManager",
    "memory": "memory_contents.MemoryContents",
}


def write_root(root: Path) -> Path:
    """Write what a user of Jupyter may have."""
    for name in ("demo", "oil", ".hidden", "demo/.ipynb_checkpoints", "odd 100%"):
        (root / name).mkdir(parents=True)
    write_notebook(root / "demo/model.ipynb", *SEED_FIBONACCI, kernel="py36")
    square = markdown("# The square\n\nOf a number."), ("n: int = 3", "parameters")
    for path in ("square", ".hidden/secret", "demo/.ipynb_checkpoints/model-checkpoint", ".dotted"):
        write_notebook(root / f"{path}.ipynb", *square, ("n * n", "return"))
    write_notebook(root / "odd 100%/a%20b é.ipynb", *square, ("n + 1", "return"))
    write_notebook(root / "demo/where.ipynb", "import os", ("os.getcwd()", "return"))
    write_notebook(root / "demo/fails.ipynb", ("n = 1", "parameters"), ("1 // (n - 1)", "return"))
    write_notebook(root / "demo/odd.ipynb", ("object()", "return"))
    write_notebook(
        root / "oil/prices.ipynb", ("start = 1", "parameters"), ("[start, start + 1]", "return")
    )
    write_notebook(
        root / "oil/trend.ipynb",
        ("prices = None\nfactor = 10", "parameters"),
        ("[one * factor for one in prices]", "return"),
    )
    (root / "notes.txt").write_text("no notebook")
    (root / "damaged.ipynb").write_text("{")
    return root


@pytest.fixture(scope="session", params=MANAGERS)
def any_jupyter(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Jupyter]:
    """A Jupyter server: its contents manager keeps files, with coroutines or without, or none."""
    root = write_root(tmp_path_factory.mktemp("root"))
    word = f"--ServerApp.contents_manager_class={MANAGERS[request.param]}"
    if request.param == "memory":
        os.unlink(root / "damaged.ipynb")
    with jupyter(root, tmp_path_factory.mktemp("jupyter"), word) as server:
        yield server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    """A Jupyter server as it is by default, under a path, whose authorizer does as it is told."""
    root = write_root(tmp_path_factory.mktemp("root"))
    authorizer = "--ServerApp.authorizer_class=memory_contents.AskedAuthorizer"
    folder = tmp_path_factory.mktemp("jupyter")
    with jupyter(root, folder, authorizer, base_url="/user/ann.b/") as made:
        yield made
