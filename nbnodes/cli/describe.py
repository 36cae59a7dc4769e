"""What `nbnodes inspect` says of a notebook: plain data first, then as text."""

from __future__ import annotations

from collections import Counter
from typing import Any

import click

from nbnodes.errors import FormatError
from nbnodes.formats import jsonable
from nbnodes.notebook.document import OVERRIDE, PARAMETERS, RETURN, SKIP, Notebook
from nbnodes.notebook.inference import infer_parameters
from nbnodes.notebook.parameters import Code, Parameter, unreadable_cells
from nbnodes.notebook.python import parse_cell
from nbnodes.notebook.reader import read


def describe_notebook(source: str) -> dict[str, Any]:
    """Describe a notebook without running it, as data that JSON has.

    Raises:
        NotebookError: If it cannot be read.
    """
    notebook = read(source)
    parameters = infer_parameters(notebook)
    returns = notebook.return_cell
    return {
        "notebook": notebook.name,
        "path": notebook.path,
        "kernel": notebook.kernel_name or None,
        "language": notebook.language,
        "parameters": [described_parameter(parameter) for parameter in parameters.values()],
        "tags": dict(Counter(tag for cell in notebook.cells for tag in cell.tags)),
        "returns": None
        if returns is None
        else {"cell": returns.index + 1, "source": returns.source},
        "cells": {"all": len(notebook.cells), "run": len(notebook.steps(parameterized=False))},
        "options": dict(notebook.options),
        "warnings": _warnings(notebook),
    }


def show_description(description: dict[str, Any]) -> None:
    """Write a description for people."""
    click.secho(description["notebook"], bold=True)
    cells = description["cells"]
    click.echo(f"  language    {description['language']} (kernel {description['kernel'] or 'any'})")
    click.echo(f"  cells       {cells['all']}, of which {cells['run']} run")
    tags = ", ".join(f"{name} x{count}" for name, count in description["tags"].items())
    click.echo(f"  tags        {tags or 'none'}")
    returns = description["returns"]
    value = f"cell {returns['cell']}: {returns['source'].strip()}" if returns else "nothing"
    click.echo(f"  returns     {value}")
    click.echo("  parameters" + ("" if description["parameters"] else "  none"))
    for parameter in description["parameters"]:
        click.echo(f"    {parameter_line(parameter)}")
    for warning in description["warnings"]:
        click.secho(f"  warning: {warning}", fg="yellow")


def parameter_line(parameter: dict[str, Any]) -> str:
    """Write a described parameter as the cell does that declares it."""
    annotation = f": {parameter['type']}" if parameter["type"] else ""
    default = "  (required)" if parameter["required"] else f" = {parameter['default_code']}"
    help_text = f"  # {parameter['help']}" if parameter["help"] else ""
    return f"{parameter['name']}{annotation}{default}{help_text}"


def described_parameter(parameter: Parameter) -> dict[str, Any]:
    """Describe a parameter as data that JSON has."""
    is_code = isinstance(parameter.default, Code)
    try:
        default = None if is_code else jsonable(parameter.default)
    except FormatError:
        default = None
    return {
        "name": parameter.name,
        "type": parameter.type_name or None,
        "default": default,
        "default_code": None if parameter.required else repr(parameter.default),
        "is_expression": is_code,
        "required": parameter.required,
        "help": parameter.help or None,
    }


def _warnings(notebook: Notebook) -> list[str]:
    found = []
    if not notebook.parameters_cells:
        found.append("it has no cell tagged `parameters`: values are set before the first cell")
    elif not notebook.is_python and not infer_parameters(notebook):
        found.append(f"the parameters of {notebook.language} cannot be read: any name is accepted")
    found += unreadable_cells(notebook)
    if notebook.return_cell is None:
        found.append("it has no cell tagged `return`: its value is None")
    elif notebook.is_python and not _has_value(notebook.return_cell.source):
        where = notebook.return_cell.index + 1
        found.append(f"cell {where} is tagged `return` but does not end in an expression")
    known = {PARAMETERS, SKIP, RETURN, OVERRIDE}
    for cell in notebook.cells:
        wrong = [tag for tag in cell.tags if tag.lower() in known and tag not in known]
        found += [
            f"cell {cell.index + 1}: the tag {tag!r} is written in lower case" for tag in wrong
        ]
    return found


def _has_value(source: str) -> bool:
    import ast

    parsed = parse_cell(source)
    return parsed is None or bool(parsed.tree.body and isinstance(parsed.tree.body[-1], ast.Expr))
