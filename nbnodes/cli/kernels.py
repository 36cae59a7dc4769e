"""`nbnodes kernels`: what is running, and its end."""

from __future__ import annotations

import datetime
import json
from typing import Any

import click

from nbnodes.engines.kernels import record
from nbnodes.engines.kernels.record import KernelRecord, running_kernels
from nbnodes.errors import UsageError


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.pass_context
def kernels(context: click.Context, *, as_json: bool) -> None:
    """List the kernels that run for you on this machine, whoever started them.

    A kernel is `starting`, `ready` for a run, `running` one, or `warm` between two. An `orphan` has
    outlived the process that it ran for; what other such kernels left behind is removed.
    """
    if context.invoked_subcommand:
        return
    for kernel in running_kernels():
        click.echo(json.dumps(_plain(kernel), ensure_ascii=False) if as_json else _line(kernel))
    count = record.remove_leftovers()
    if count:
        click.echo(f"nbnodes: folders of ended kernels, removed: {count}", err=True)


@kernels.command()
@click.argument("pids", nargs=-1, type=int, metavar="[PID]...")
@click.option("--all", "is_all", is_flag=True, help="Stop all of them.")
def stop(pids: tuple[int, ...], *, is_all: bool) -> None:
    """Kill the kernels of these PIDs, and whatever they have started.

    A notebook that runs in one fails with an error; one that was ready is replaced.
    """
    if is_all == bool(pids):
        raise UsageError("say which kernels to stop: their PIDs, or --all")
    found = {kernel.pid: kernel for kernel in running_kernels()}
    strangers = [str(pid) for pid in pids if pid not in found]
    if strangers:
        raise UsageError(
            f"{', '.join(strangers)}: no kernel of yours has such a pid, and nothing was stopped; "
            "see `nbnodes kernels`"
        )
    chosen = list(found) if is_all else list(dict.fromkeys(pids))
    for pid in chosen:
        record.stop(found[pid])
    click.echo(f"kernels stopped: {len(chosen)}")


def _line(kernel: KernelRecord) -> str:
    state = f"{kernel.state} {kernel.notebook}".rstrip()
    since = _moment(kernel.since).astimezone()
    return (
        f"{kernel.pid:>8}  {kernel.kernel:<12} {state:<32} since {since:%Y-%m-%d %H:%M:%S}"
        f"  for {kernel.caller}"
    )


def _plain(kernel: KernelRecord) -> dict[str, Any]:
    return {
        "pid": kernel.pid,
        "kernel": kernel.kernel,
        "state": kernel.state,
        "notebook": kernel.notebook or None,
        "caller": kernel.caller,
        "started_at": _moment(kernel.started_at).isoformat(timespec="seconds"),
        "since": _moment(kernel.since).isoformat(timespec="seconds"),
    }


def _moment(seconds: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC)
