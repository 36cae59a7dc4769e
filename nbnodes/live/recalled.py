"""A node and values become its Result if it is remembered: nothing runs, no thread begins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nbnodes.graph.assembly import Assembly
from nbnodes.live.node_runs import NodeRuns
from nbnodes.result import Success
from nbnodes.scheduler.board import deep_key
from nbnodes.scheduler.protocol import WHOLE, Answer, Refused
from nbnodes.session import Session


def recalled(
    assembly: Assembly, session: Session, name: str, own: Mapping[str, Mapping[str, Any]]
) -> Success | None:
    """Return what a node gave for values before; None if that is not known or kept.

    Known is what a graph computed, by the node's deep key; else what anything computed, such as a
    lone run of its notebook, as long as its ancestors' values are known one after another.

    Args:
        assembly: The graph.
        session: Where its nodes run.
        name: The node.
        own: The own values of the node and of all its ancestors.
    """
    part = assembly.restricted(own)
    runs = NodeRuns(part, session)
    order = [one for one in part.members if one in own]
    deep: dict[str, str] = {}
    for one in order:
        token = runs.token(one, own[one])
        feeds = part.members[one].feeds.items()
        deep[one] = deep_key(token, ((word, deep[f.source], f.part or WHOLE) for word, f in feeds))
    answer = _answer(runs, part, name, deep)
    return None if answer is None else runs.result(name, answer)


def _answer(runs: NodeRuns, part: Assembly, name: str, deep: Mapping[str, str]) -> Answer | None:
    if runs.is_recallable(name):
        answer = runs.recall(name, deep[name])
        if answer is not None:
            return answer
    answers: dict[str, Answer] = {}
    for one in part.members:
        parents = {source: answers[source] for source in part.dag.parents[one]}
        located = runs.locate(one, deep[one], parents)
        if isinstance(located, Refused) or located.answer is None:
            return None
        answers[one] = located.answer
    return answers[name]
