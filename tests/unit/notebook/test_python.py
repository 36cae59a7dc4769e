"""A cell becomes a tree that binds the names its Python and its IPython lines bind."""

from __future__ import annotations

import ast

import pytest

from nbnodes.notebook.python import parse_cell

PARSED = {
    "python": ("n = 1", "n = 1", ()),
    "nothing": ("", "", ()),
    "await": ("n = await f()", "n = await f()", ()),
    "line_magic": ("%matplotlib inline\nn = 1", "pass\nn = 1", ("%matplotlib inline",)),
    "cell_magic_of_python": ("%%time\nn = 1", "n = 1", ("%%time",)),
    "capture": ("%%capture out --no-stderr\nn = 1", "n = 1", ("%%capture out --no-stderr",)),
    "shell": ("!ls -l", "pass", ("!ls -l",)),
    "shell_after_blank": ("! ls", "pass", ("! ls",)),
    "shell_assigned": ("files = !ls", "files = get_ipython()", ("files = !ls",)),
    "magic_assigned": ("here = %pwd", "here = get_ipython()", ("here = %pwd",)),
    "unpacked": ("a, *b = !ls", "a, *b = get_ipython()", ("a, *b = !ls",)),
    "annotated": ("f: list[str] = !ls", "f: list[str] = get_ipython()", ("f: list[str] = !ls",)),
    "item": ("d['k'] = !ls", "d['k'] = get_ipython()", ("d['k'] = !ls",)),
    "in_a_block": ("if x:\n    !ls\n", "if x:\n    pass", ("!ls",)),
    "question": ("len?\nn = 1", "pass\nn = 1", ("len?",)),
    "question_of_source": ("a.b??", "pass", ("a.b??",)),
    "question_before": ("?len", "pass", ("?len",)),
    "modulo_goes_on": ("!ls\nn = (7\n  % 3)", "pass\nn = 7 % 3", ("!ls",)),
    "unequal_goes_on": ("!ls\nn = (7\n  != 3)", "pass\nn = 7 != 3", ("!ls",)),
    "indented_cell": ("  n = 1\n  m = 2", "n = 1\nm = 2", ()),
    "indented_blocks": ("  if x:\n    n = 1", "if x:\n  n = 1", ()),
}


@pytest.mark.parametrize(("source", "python", "escapes"), PARSED.values(), ids=PARSED)
def test_ipython_lines_are_put_aside(source, python, escapes):
    cell = parse_cell(source)
    assert cell is not None
    assert (ast.unparse(ast.parse(python)), escapes) == (ast.unparse(cell.tree), cell.escapes)


NOT_PYTHON = {
    "bash": "%%bash\nls",
    "bash_after_blank_lines": "\n\n%%bash\nls",
    "other_magic": "%%html\n<b>",
    "syntax_error": "n = = 1",
    "null": "n = '\0'",
    "too_deep": "(" * 1000 + ")" * 1000,
}


@pytest.mark.parametrize("source", NOT_PYTHON.values(), ids=NOT_PYTHON)
def test_what_is_not_python_has_no_tree(source):
    assert parse_cell(source) is None


def test_lines_keep_their_numbers():
    cell = parse_cell("%%time\n!ls\n\nn = 1")
    assert cell is not None
    assert {ast.unparse(s): s.lineno for s in cell.tree.body if isinstance(s, ast.Assign)} == {
        "n = 1": 4
    }
