"""Files, URLs and objects of every format become Notebooks; what is none is refused."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import nbformat
import pytest
from notebooks import document, markdown, write_notebook

from nbnodes.errors import NotebookError
from nbnodes.notebook.document import Notebook
from nbnodes.notebook.reader import read

FIB = document(markdown("# Fibonacci"), ("n = 15  # é", "parameters"), ("n", "return"))


def told(source) -> str:
    """Return the one problem with a source."""
    with pytest.raises(NotebookError) as caught:
        read(source)
    (problem,) = caught.value.problems
    return problem


def written(folder: Path, content: str | bytes, name: str = "f.ipynb") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def outline(notebook: Notebook) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(cell.kind, cell.source, cell.tags) for cell in notebook.cells]


FIB_OUTLINE = [
    ("markdown", "# Fibonacci", ()),
    ("code", "n = 15  # é", ("parameters",)),
    ("code", "n", ("return",)),
]

# ---------------------------------------------------------------- nbformat 4


def test_a_file_is_read(tmp_path):
    path = written(tmp_path, json.dumps(FIB))
    made = read(path)
    assert outline(made) == FIB_OUTLINE
    assert ("f.ipynb", str(path), str(tmp_path)) == (made.name, made.path, made.folder)


def test_a_path_may_be_text_and_relative(tmp_path, monkeypatch):
    path = written(tmp_path, json.dumps(FIB))
    monkeypatch.chdir(tmp_path)
    assert str(path) == read("f.ipynb").path


def test_a_path_may_start_at_home(tmp_path, monkeypatch):
    written(tmp_path, json.dumps(FIB))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert outline(read("~/f.ipynb")) == FIB_OUTLINE


def test_lines_are_joined(tmp_path):
    lines = document()
    lines["cells"] = [
        {"cell_type": "code", "metadata": {}, "source": ["n = 1\n", "m = 2"], "outputs": []}
    ]
    assert outline(read(written(tmp_path, json.dumps(lines)))) == [("code", "n = 1\nm = 2", ())]


def test_a_file_of_nbformat_itself_is_read(tmp_path):
    node = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("n = 1\nm = 2")])
    nbformat.write(node, tmp_path / "f.ipynb")
    assert outline(read(tmp_path / "f.ipynb")) == [("code", "n = 1\nm = 2", ())]


def test_a_byte_order_mark_is_passed_over(tmp_path):
    content = b"\xef\xbb\xbf" + json.dumps(FIB, ensure_ascii=False).encode()
    assert outline(read(written(tmp_path, content))) == FIB_OUTLINE


@pytest.mark.parametrize("name", ["F.IPYNB", "f.json", "f"])
def test_other_names_of_the_same_format_are_read(tmp_path, name):
    assert outline(read(written(tmp_path, json.dumps(FIB), name))) == FIB_OUTLINE


def test_a_link_leads_to_the_file_and_its_folder(tmp_path):
    (tmp_path / "real").mkdir()
    path = written(tmp_path / "real", json.dumps(FIB))
    (tmp_path / "link.ipynb").symlink_to(path)
    made = read(tmp_path / "link.ipynb")
    assert ("link.ipynb", str(path.parent)) == (made.name, made.folder)


OBJECTS = {"node": nbformat.from_dict(FIB), "json": FIB}


@pytest.mark.parametrize("source", OBJECTS.values(), ids=OBJECTS)
def test_an_object_is_read_and_left_alone(source):
    before = json.dumps(source)
    made = read(source)
    assert outline(made) == FIB_OUTLINE
    assert (made.name, made.path) == ("notebook", None)
    assert before == json.dumps(source)


# ---------------------------------------------------------------- other formats


def test_nbformat_3_is_upgraded_with_its_tags():
    cells = [
        {"cell_type": "heading", "level": 1, "metadata": {}, "source": "Fibonacci"},
        {
            "cell_type": "code",
            "input": "n = 15  # é",
            "language": "python",
            "metadata": {"tags": ["parameters"]},
            "outputs": [],
        },
        {"cell_type": "code", "input": "n", "metadata": {"tags": ["return"]}, "outputs": []},
    ]
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}
    made = read(old)
    assert outline(made) == FIB_OUTLINE
    assert made.document["nbformat"] == 4


PERCENT = """\
# %% [markdown]
# # Fibonacci

# %% tags=["parameters"]
n = 15  # é

# %% tags=["return"]
n
"""
MARKDOWN = """\
# Fibonacci

```python tags=["parameters"]
n = 15  # é
```

```python tags=["return"]
n
```
"""


@pytest.mark.parametrize(("name", "text"), [("f.py", PERCENT), ("f.md", MARKDOWN)])
def test_a_text_notebook_is_read_through_jupytext(tmp_path, name, text):
    made = read(written(tmp_path, text, name))
    assert outline(made) == FIB_OUTLINE
    assert (made.language, made.folder) == ("python", str(tmp_path))


def test_without_jupytext_a_text_notebook_is_refused(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "jupytext", None)
    problem = "reading *.md needs jupytext: pip install 'nbnodes[jupytext]'"
    assert problem == told(written(tmp_path, MARKDOWN, "f.md"))


TEXT_LANGUAGES = {"f.R": "r", "f.jl": "julia", "f.sh": "bash", "f.py": "python"}


@pytest.mark.parametrize(("name", "language"), TEXT_LANGUAGES.items())
def test_a_text_notebook_without_kernel_has_its_files_language(tmp_path, name, language):
    assert language == read(written(tmp_path, "# %%\nn = 1\n", name)).language


# ---------------------------------------------------------------- URLs


_FILES = {
    "/fib.ipynb": json.dumps(FIB).encode(),
    "/marked.ipynb": b"\xef\xbb\xbf" + json.dumps(FIB).encode(),
}


class _Files(BaseHTTPRequestHandler):
    def do_GET(self) -> None:  # http.server's name
        content = _FILES.get(self.path.partition("?")[0])
        self.send_response(404 if content is None else 200)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.end_headers()
        self.wfile.write(content or b"not found")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Files)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "127.0.0.1")
        yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("name", ["fib.ipynb", "marked.ipynb"])
def test_a_url_is_read_through_papermill(host, name):
    made = read(f"{host}/{name}")
    assert outline(made) == FIB_OUTLINE
    assert (made.name, made.path) == (name, f"{host}/{name}")


def test_a_page_that_is_no_notebook_is_refused(host):
    assert told(f"{host}/other.ipynb").startswith("it is not JSON (line 1, column 1")


@pytest.mark.usefixtures("host")
def test_a_host_that_does_not_answer_is_refused():
    assert told("http://127.0.0.1:1/f.ipynb").startswith("papermill: ")


# ---------------------------------------------------------------- what is no notebook

MISSING = {
    "misspelt": ("fibonaci.ipynb", "there is no such file; did you mean fibonacci.ipynb?"),
    "without_suffix": ("fibonacci", "there is no such file; did you mean fibonacci.ipynb?"),
    "nothing_like_it": ("zzz.ipynb", "there is no such file"),
    "no_such_folder": ("nowhere/f.ipynb", "there is no such file"),
}


@pytest.mark.parametrize(("name", "problem"), MISSING.values(), ids=MISSING)
def test_a_missing_file_is_told_with_the_nearest_name(tmp_path, name, problem):
    write_notebook(tmp_path / "fibonacci.ipynb")
    assert problem == told(tmp_path / name)


DEEP = "[" * 100_000
REFUSED = {
    "no_json": ('{\n "cells": [,]', "it is not JSON (line 2, column 12: Expecting value)"),
    "empty": ("", "it is not JSON (line 1, column 1: Expecting value)"),
    "list": ("[]", "expected a JSON object, found list"),
    "no_number_no_cells": ("{}", "it has no `nbformat` number"),
    "number_is_text": ('{"nbformat": "4"}', "'4' is no `nbformat` number"),
    "newer": (
        '{"nbformat": 5, "cells": []}',
        "nbformat 5 is newer than what this version reads (4)",
    ),
    "no_cells": ('{"nbformat": 4}', "it has no list named `cells`"),
    "deep": (DEEP, "its JSON is nested too deeply"),
    "deep_inside": (f'{{"cells": {DEEP}', "its JSON is nested too deeply"),
    "not_utf_8": (b'{"cells": "\xff"}', "it is not UTF-8 text (byte 11)"),
}


@pytest.mark.parametrize(("content", "problem"), REFUSED.values(), ids=REFUSED)
def test_a_file_that_is_no_notebook_is_refused(tmp_path, content, problem):
    assert problem == told(written(tmp_path, content))


PREFIXES = {
    "number_of_too_many_digits": ('{"cells": ' + "1" * 5000 + "}", "it is not a notebook's JSON ("),
    "broken_nbformat_3": ('{"nbformat": 3, "worksheets": 5}', "nbformat 3: "),
    "before_nbformat_1": ('{"nbformat": 0}', "nbformat 0: "),
}


@pytest.mark.parametrize(("content", "start"), PREFIXES.values(), ids=PREFIXES)
def test_what_python_or_nbformat_say_is_passed_on(tmp_path, content, start):
    assert told(written(tmp_path, content)).startswith(start)


def test_text_in_no_known_format_is_refused(tmp_path):
    assert told(written(tmp_path, "hello", "f.txt")).startswith("jupytext: ")


def test_a_folder_is_refused(tmp_path):
    assert told(tmp_path) == "Is a directory"


def test_every_wrong_place_is_told_at_once(tmp_path):
    path = written(tmp_path, '{"cells": [1, {"cell_type": "code"}], "metadata": []}')
    with pytest.raises(NotebookError) as caught:
        read(path)
    assert str(caught.value) == (
        f"{path} cannot be read as a notebook:\n"
        "  - cells[0]: expected an object, found int\n"
        "  - cells[1].source: expected text or a list of lines\n"
        "  - metadata: expected an object, found list"
    )


# ---------------------------------------------------------------- cost


def test_reading_an_ordinary_file_imports_nothing_heavy(tmp_path):
    path = write_notebook(tmp_path / "f.ipynb", ("n: int = 15", "parameters"), ("n", "return"))
    code = (
        "import sys; import nbnodes.notebook.reader as reader\n"
        "from nbnodes.notebook.inference import infer_parameters\n"
        "assert infer_parameters(reader.read(sys.argv[1]))['n'].default == 15\n"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=True
    )
    heavy = {"IPython", "jsonschema", "jupytext", "nbformat", "numpy", "papermill", "pydantic"}
    assert set() == heavy & set(ran.stdout.split())
