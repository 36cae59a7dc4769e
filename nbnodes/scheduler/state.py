"""The scheduler: an Event goes in, Instructions come out. No clock, no threads, no store. Pure.

A node is asked for when somebody looks at it, or when a node that was asked for needs it. It is
then answered in the cheapest way there is: by its *deep key* (code, parameters and all ancestors:
one look-up, no ancestor is asked), else by its *content key* (code, parameters and the digests of
its parents' values, which stop a change that changes nothing), else by a run. A run goes on while
somebody wants its key, or may still turn out to; what nobody wants is interrupted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nbnodes.graph.dag import Dag
from nbnodes.scheduler import protocol as p
from nbnodes.scheduler.board import Board, Feeds, NodeRecord
from nbnodes.scheduler.protocol import Answer, Event, Instruction, Standing, State, Traits
from nbnodes.scheduler.runs import Runs


class Scheduler:
    """Decides what runs. Not safe from several threads: its driver alone tells it of events.

    Args:
        dag: The graph.
        feeds: What feeds each node.
        traits: What is particular about nodes; see `Traits`.
        workers: How many runs may be under way at once.

    Attributes:
        revision: Grows with each batch of changes.
        board: Where each node stands.
    """

    def __init__(
        self, dag: Dag, feeds: Feeds, *, workers: int, traits: Mapping[str, Traits] | None = None
    ) -> None:
        self.revision = 0
        self.board = Board(dag, feeds, traits or {})
        self._runs = Runs(workers)
        self._open = 0  # questions that are not answered yet
        self._is_swept = True
        self._instructions: list[Instruction] = []
        self._handlers: dict[type, Callable[[Any], None]] = {
            p.Changed: self._on_changed,
            p.Wanted: self._on_wanted,
            p.Unwanted: self._on_unwanted,
            p.Recalled: self._on_recalled,
            p.Located: self._on_located,
            p.Refused: self._on_refused,
            p.Ran: self._on_ran,
            p.RanBadly: self._on_ran_badly,
            p.Stopped: self._on_stopped,
            p.Lost: self._on_lost,
            p.Cancelled: self._on_cancelled,
            p.Retried: self._on_retried,
        }

    def handle(self, event: Event) -> list[Instruction]:
        """Take an event; return what is to be done, in this order."""
        self._instructions = []
        self._handlers[type(event)](event)
        if not self._open:
            self._sweep()
            for key, name in self._runs.begin():
                for one in self._runs.wanting(key):
                    self._move(one, "running", "computing")
                self._instructions.append(p.Run(name, key))
            self._instructions += [p.Interrupt(key) for key in self._runs.unwanted()]
            if not self.board.unsettled and self.board.has_news:
                self.board.has_news = False
                self._instructions.append(p.Publish(self.revision))
        return self._instructions

    def standing(self, name: str) -> Standing:
        """Return where a node stands."""
        return self.board.nodes[name].standing

    def answer(self, name: str) -> Answer | None:
        """Return what a node gave at this revision; None if it is not fresh."""
        return self.board.nodes[name].answer

    def failed_key(self, name: str) -> str:
        """Return the key of the run by which a node failed; "" if none did."""
        return self.board.nodes[name].failed

    def is_asked(self, name: str) -> bool:
        """Whether somebody wants a node's value at this revision."""
        return self.board.nodes[name].is_asked

    @property
    def is_settled(self) -> bool:
        """Whether all that is looked at is up to date, or cannot be."""
        return not self.board.unsettled and not self._open

    def problems(self) -> list[str]:
        """Say which of its own rules it breaks; for tests, after each event."""
        found = [*self._runs.problems(self.board.needed()), *self.board.problems()]
        for name, node in self.board.nodes.items():
            is_waiting = node.standing.state in ("queued", "running")
            if is_waiting and name not in self._runs.wanting(node.run):
                found.append(f"{name} is {node.standing.state}, but waits for nothing")
        if not self._open and self._runs.is_idle and self.board.unsettled:
            found.append(f"nothing will settle {sorted(self.board.unsettled)}")
        return found

    # ------------------------------------------------------------ events

    def _on_changed(self, event: p.Changed) -> None:
        nodes = self.board.nodes
        changed = {n for n, token in event.tokens.items() if token != nodes[n].token}
        if not changed:
            return
        self.revision += 1
        self._is_swept = False
        for name in changed:
            nodes[name].token = event.tokens[name]
        below = self.board.dag.descendants(changed)
        for name in self.board.in_order(below):
            if name in changed:
                reason = event.reasons.get(name, "its inputs changed")
            else:
                parent = next(one for one in self.board.parents[name] if one in below)
                reason = f"{parent} is not up to date"
            self._invalidate(name, reason, perhaps=name not in changed)
            nodes[name].is_released = False
        self._ask(*self.board.wanted)

    def _on_wanted(self, event: p.Wanted) -> None:
        for name in event.names:
            self.board.want(name)
        self._ask(*event.names)

    def _on_unwanted(self, event: p.Unwanted) -> None:
        for name in event.names:
            self.board.unwant(name)
        self._is_swept = False

    def _on_recalled(self, event: p.Recalled) -> None:
        node = self._asking(event)
        if node is None or node.is_expanded:
            return
        if event.answer:
            self._settle(event.name, event.answer, "remembered")
        else:
            self._ask(*self._expanded(event.name))

    def _on_located(self, event: p.Located) -> None:
        if self._asking(event) is None:
            return
        if event.answer:
            self._settle(event.name, event.answer, "remembered")
        else:
            self._join(event.name, event.key)

    def _on_refused(self, event: p.Refused) -> None:
        if self._asking(event) is not None:
            self._fail(event.name, event.reason)

    def _on_ran(self, event: p.Ran) -> None:
        for name in sorted(self._runs.end(event.key, is_known=True)):
            self._settle(name, event.answer, event.reason)

    def _on_ran_badly(self, event: p.RanBadly) -> None:
        for name in sorted(self._runs.end(event.key, is_known=False)):
            node = self.board.nodes[name]
            node.attempts += 1
            if node.attempts > node.traits.retries:
                self._fail(name, event.reason)
            else:
                times = f"{node.attempts + 1} of {node.traits.retries + 1}"
                self._move(name, "queued", f"tried again ({times}): {event.reason}")
                self._runs.want(event.key, name, node.rank)

    def _on_stopped(self, event: p.Stopped) -> None:
        for name in sorted(self._runs.end(event.key, is_known=False)):
            self._fail(name, "it was interrupted")

    def _on_lost(self, event: p.Lost) -> None:
        if event.key is not None:
            self._runs.end(event.key, is_known=False)
        for name in self.board.in_order(self.board.dag.descendants(event.names)):
            if name in event.names or self.board.nodes[name].answer is None:
                self._invalidate(name, "a value that it needs is not kept any more", perhaps=True)
        self._is_swept = False
        self._ask(*self.board.wanted)

    def _on_cancelled(self, event: p.Cancelled) -> None:
        for name in self.board.dag.order if event.names is None else event.names:
            node = self.board.nodes[name]
            if node.is_asked and not node.is_settled:
                self._stop_waiting(name, perhaps=False)
                node.is_expanded = False
                self._move(name, "cancelled", "you stopped it")
                self._block_below(name)
        self._is_swept = False

    def _on_retried(self, event: p.Retried) -> None:
        nodes = self.board.nodes
        for name in event.names:
            nodes[name].is_released = True
        again = [
            name
            for name in self.board.dag.ancestors(event.names)
            if nodes[name].standing.state in ("failed", "cancelled", "blocked")
            or (nodes[name].is_held and nodes[name].is_released)
        ]
        for name in self.board.in_order(self.board.dag.descendants(again)):
            if nodes[name].answer is None:
                self._invalidate(name, "asked for again", perhaps=True)
        self._is_swept = False
        self._ask(*self.board.wanted)

    # ------------------------------------------------------------ one node

    def _asking(self, event: p.Recalled | p.Located | p.Refused) -> NodeRecord | None:
        """Return the node that an answer is for; None if it has been asked otherwise since."""
        self._open -= 1
        node = self.board.nodes[event.name]
        is_current = event.deep == node.deep and node.is_asked and not node.is_settled
        return node if is_current else None

    def _ask(self, *names: str) -> None:
        """Begin to answer nodes, in the order given."""
        waiting = list(reversed(names))
        while waiting:
            name = waiting.pop()
            node = self.board.nodes[name]
            if node.is_asked or node.is_settled:
                continue
            node.is_asked = True
            if node.is_recallable:
                self._open += 1
                self._instructions.append(p.Recall(name, node.deep))
            else:
                waiting += reversed(self._expanded(name))

    def _expanded(self, name: str) -> list[str]:
        """Have a node wait for its parents; return those to be asked."""
        nodes, node = self.board.nodes, self.board.nodes[name]
        if node.traits.is_manual and not node.is_released:
            node.is_held = True
            self._move(name, "stale", "it is run by hand")
            self._block_below(name)
            return []
        node.is_expanded = True
        parents = self.board.parents[name]
        missing = [parent for parent in parents if nodes[parent].answer is None]
        node.waits = len(missing)
        unfit = next((parent for parent in missing if nodes[parent].is_settled), None)
        if unfit:
            self._move(name, "blocked", self.board.blocking(unfit))
            self._block_below(name)
        elif missing:
            self._move(name, "stale", f"waits for {missing[0]}")
        else:
            self._locate(name)
        return [parent for parent in missing if not nodes[parent].is_settled]

    def _locate(self, name: str) -> None:
        answers = {one: self.board.nodes[one].answer for one in self.board.parents[name]}
        known = {parent: answer for parent, answer in answers.items() if answer is not None}
        self._open += 1
        self._instructions.append(p.Locate(name, self.board.nodes[name].deep, known))

    def _join(self, name: str, key: str) -> None:
        node = self.board.nodes[name]
        node.run = key
        self._runs.forget(name, but=key)
        if self._runs.want(key, name, node.rank):
            self._move(name, "running", "computing")
        else:
            self._move(name, "queued", "waits for a worker")

    def _settle(self, name: str, answer: Answer, reason: str) -> None:
        nodes, node = self.board.nodes, self.board.nodes[name]
        node.answer, node.run = answer, ""
        self._move(name, "fresh", reason)
        for child in self.board.dag.children[name]:
            below = nodes[child]
            if below.is_expanded and below.answer is None:
                below.waits -= 1
                if not below.waits and not below.is_settled:
                    self._locate(child)

    def _fail(self, name: str, reason: str) -> None:
        node = self.board.nodes[name]
        node.failed, node.run = node.run, ""
        self._move(name, "failed", reason)
        self._block_below(name)

    def _block_below(self, name: str) -> None:
        """Have nothing wait for a node that will give no value at this revision."""
        children = self.board.dag.children
        waiting = [(name, child) for child in children[name]]
        while waiting:
            parent, child = waiting.pop()
            node = self.board.nodes[child]
            if node.is_expanded and not node.is_settled:
                self._move(child, "blocked", self.board.blocking(parent))
                waiting += [(child, one) for one in children[child]]

    def _invalidate(self, name: str, reason: str, *, perhaps: bool) -> None:
        """Have a node be asked anew; `perhaps`: the run that it waits for may still be right."""
        node = self.board.nodes[name]
        self._stop_waiting(name, perhaps=perhaps)
        if not perhaps:
            self._runs.forget(name)
        node.answer = None
        node.is_asked = node.is_expanded = node.is_held = False
        node.attempts = 0
        node.deep = self.board.deep_key(name)
        self._move(name, "stale", reason)

    def _stop_waiting(self, name: str, *, perhaps: bool) -> None:
        node = self.board.nodes[name]
        if node.run:
            self._runs.leave(node.run, name, perhaps=perhaps)
            node.run = ""

    def _move(self, name: str, state: State, reason: str) -> None:
        self.board.move(name, state, reason, revision=self.revision)
        if self.board.nodes[name].is_settled:
            self._runs.forget(name)

    def _sweep(self) -> None:
        """After a change: let go of what nobody needs any more."""
        if self._is_swept:
            return
        self._is_swept = True
        needed, nodes = self.board.needed(), self.board.nodes
        for name, node in nodes.items():
            if node.is_asked and name not in needed and not node.is_settled:
                self._stop_waiting(name, perhaps=False)
                node.is_asked = node.is_expanded = False
                self._move(name, "stale", "nobody looks at it")
        self._runs.keep_perhaps(lambda name: name in needed and not nodes[name].run)
