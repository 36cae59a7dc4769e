"""Views in a real kernel: what is shown, where printed text goes, what a second run closes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

_BEGIN = """
import nbnodes as nb
from IPython.display import HTML, display
session = nb.Session(cache=":memory:")
session.__enter__()

def shown(view, name):
    view.graph.settle(20)
    import time
    deadline = time.monotonic() + 20
    while view.nodes[name].header.state != "fresh" and time.monotonic() < deadline:
        time.sleep(0.001)
    return [(out.get("text") or sorted(out["data"])) for out in view.nodes[name].body.outputs]
"""


@pytest.fixture
def printed(tmp_path: Path) -> Any:
    def run(*cells: str) -> list[str]:
        """Run cells after the beginning; return what each of them printed."""
        document = nbformat.v4.new_notebook()
        document.cells = [nbformat.v4.new_code_cell(source) for source in (_BEGIN, *cells)]
        NotebookClient(document, resources={"metadata": {"path": tmp_path}}, timeout=60).execute()
        return [_printed(cell) for cell in document.cells[1:]]

    return run


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


def test_a_node_at_a_cells_end_is_a_widget(printed: Any) -> None:
    _, asking = printed(
        "node = nb.Node(lambda n=2: n * n, name='square')\nnode",
        "from nbnodes.views.showing import live_view\n"
        "print(shown(type('V', (), dict(graph=node.graph, nodes={'square': live_view(node)})), 'square'))",
    )
    assert asking == "[['text/plain']]\n"


def test_the_kernel_is_free_while_nodes_run(printed: Any) -> None:
    _, during, after = printed(
        "import threading\ngate = threading.Event()\n"
        "view = nb.interact(lambda n=1: gate.wait() and n)\n(name,) = view.nodes",
        "print(view.nodes[name].body.outputs)",
        "gate.set()\nprint(shown(view, name))",
    )
    assert during == "()\n"
    assert after == "[['text/plain']]\n"
