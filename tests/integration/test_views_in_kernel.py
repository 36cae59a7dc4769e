"""Views in a real kernel: what is shown, where printed text goes, what a second run closes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

_BEGIN = """
import threading
import nbnodes as nb
from IPython.display import HTML, display
session = nb.Session(cache=":memory:")
session.__enter__()

def content(node):
    # wait for what a node's view shows
    is_fresh = threading.Event()
    node.header.observe(lambda change: change.new == "fresh" and is_fresh.set(), "state")
    assert node.header.state == "fresh" or is_fresh.wait(20), node.header.state
    return [(out.get("text") or sorted(out["data"])) for out in node.body.outputs]

def shown(view, name):
    return content(view.nodes[name])
"""


@pytest.fixture
def executed(tmp_path: Path) -> Any:
    def run(*cells: str) -> Any:
        """Run cells after the beginning; return them."""
        document = nbformat.v4.new_notebook()
        document.cells = [nbformat.v4.new_code_cell(source) for source in (_BEGIN, *cells)]
        NotebookClient(document, resources={"metadata": {"path": tmp_path}}, timeout=60).execute()
        return document.cells[1:]

    return run


@pytest.fixture
def printed(executed: Any) -> Any:
    """Run cells after the beginning; return what each of them printed."""
    return lambda *cells: [_printed(cell) for cell in executed(*cells)]


def _printed(cell: Any) -> str:
    return "".join(out["text"] for out in cell.outputs if out["output_type"] == "stream")


def test_what_a_function_prints_and_displays_is_shown_in_its_node(printed: Any) -> None:
    making, asking = printed(
        """
        def speak(n=1):
            print("hello", n)
            display(HTML("<b>bold</b>"))
            return {"n": n}
        view = nb.interact(speak)
        """.replace("\n        ", "\n"),
        "print(shown(view, 'speak'))",
    )
    assert making == ""
    assert asking == "['hello 1\\n', ['text/html', 'text/plain'], ['text/plain']]\n"


def test_a_matplotlib_figure_is_a_picture(printed: Any) -> None:
    _, asking = printed(
        "import matplotlib.figure\n"
        "view = nb.interact(lambda n=1: matplotlib.figure.Figure())\n(name,) = view.nodes",
        "print('image/png' in shown(view, name)[0])",
    )
    assert asking == "True\n"


def test_a_node_at_a_cells_end_is_a_widget(executed: Any) -> None:
    making, asking = executed(
        "node = nb.Node(lambda n=2: n * n, name='square')\nnode",
        "from ipywidgets.widgets.widget import _instances\n"
        "(view,) = [one for one in _instances.values() if isinstance(one, nb.NodeView)]\n"
        "print(view.model_id, content(view))",
    )
    (output,) = making.outputs
    shown = output["data"]["application/vnd.jupyter.widget-view+json"]["model_id"]
    assert output["output_type"] == "execute_result"
    assert _printed(asking) == f"{shown} [['text/plain']]\n"


def test_a_graph_at_a_cells_end_is_a_widget(executed: Any) -> None:
    (making,) = executed("nb.Graph(nb.Node(lambda n=2: n * n, name='square'))")
    (output,) = making.outputs
    assert "application/vnd.jupyter.widget-view+json" in output["data"]


def test_the_kernel_is_free_while_nodes_run(printed: Any) -> None:
    _, during, after = printed(
        "gate = threading.Event()\n"
        "view = nb.interact(lambda n=1: gate.wait() and n)\n(name,) = view.nodes",
        "print(view.nodes[name].body.outputs)",
        "gate.set()\nprint(shown(view, name))",
    )
    assert during == "()\n"
    assert after == "[['text/plain']]\n"


def test_a_cell_whose_output_is_captured_takes_nothing_of_a_function(printed: Any) -> None:
    _, _, asking = printed(
        "is_running, gate = threading.Event(), threading.Event()\n"
        "def speak(n=1):\n    is_running.set()\n    gate.wait()\n    print('hello')\n    return n\n"
        "graph = nb.Graph(nb.Node(speak))",
        "%%capture captured\ngraph.watch('speak')\nis_running.wait()",
        "gate.set()\nprint(repr(graph.get('speak').stdout), repr(captured.stdout))",
    )
    assert asking == "'hello\\n' ''\n"
