"""The commands as click knows them: help, completion, and all that is not a plain `run`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click

from nbnodes.cli.arguments import OPTIONS, Option, RunArguments
from nbnodes.cli.cache import cache
from nbnodes.cli.dashboard import dashboard
from nbnodes.cli.describe import describe_notebook, show_description
from nbnodes.cli.graph import graph
from nbnodes.cli.kernels import kernels
from nbnodes.cli.run import run_notebook
from nbnodes.cli.serve import serve


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nbnodes")
def cli() -> None:
    """Run Jupyter notebooks as functions.

    Exit codes: 0 done, 1 the notebook failed, 2 wrong usage or parameters, 3 no kernel or out of
    time, 130 interrupted.
    """


def run_click(words: Sequence[str]) -> int:
    """Run a command through click; return its exit code."""
    try:
        code = cli.main(args=list(words), prog_name="nbnodes", standalone_mode=False)
    except click.Abort:
        raise KeyboardInterrupt from None
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.exceptions.Exit as error:
        return error.exit_code
    return code if isinstance(code, int) else 0


def _click_option(option: Option) -> click.Option:
    kind: Any = click.Choice(option.choices) if option.choices else option.kind
    is_switch = option.nargs == 0
    return click.Option(
        [*option.names, option.field],
        help=option.help,
        is_flag=is_switch or None,  # for False, click lets the option's words be left out
        nargs=None if is_switch else option.nargs,
        type=None if is_switch else kind,
        multiple=option.multiple,
        metavar=option.metavar,
    )


def _run(**given: Any) -> int:
    return run_notebook(_arguments(**given))


def _arguments(notebook: str, standard_input: str | None, **given: Any) -> RunArguments:
    known = {name: value for name, value in given.items() if value not in (None, ())}
    arguments = RunArguments(notebook=notebook)
    for name, value in known.items():
        setattr(arguments, name, list(value) if isinstance(value, tuple) else value)
    if standard_input:
        arguments.parameters_file.append(standard_input)
    return arguments


cli.add_command(
    click.Command(
        "run",
        callback=_run,
        params=[
            click.Argument(["notebook"]),
            click.Argument(
                ["standard_input"], required=False, type=click.Choice(["-"]), metavar="[-]"
            ),
            *(_click_option(option) for option in OPTIONS),
        ],
        help="Run NOTEBOOK and print its value.\n\n"
        "The value goes to standard output and nothing else does. A lone - after the notebook "
        "reads parameters (YAML or JSON) from standard input.\n\n"
        "NOTEBOOK may be a folder, or its graph.toml: then a node of its graph is computed, with "
        "all that it needs, and parameters are named NAME or NODE.NAME.",
    )
)
cli.add_command(cache)
cli.add_command(dashboard)
cli.add_command(graph)
cli.add_command(kernels)
cli.add_command(serve)


@cli.command()
@click.argument("notebook")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def inspect(notebook: str, as_json: bool) -> None:
    """Show what NOTEBOOK takes and gives: parameters, tags, kernel, value, warnings."""
    description = describe_notebook(notebook)
    if as_json:
        click.echo(json.dumps(description, ensure_ascii=False))
    else:
        show_description(description)
