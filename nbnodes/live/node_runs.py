"""A graph's nodes are named, found, run and remembered, in a Session: what the Driver asks for."""

from __future__ import annotations

import itertools
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Literal, TypeAlias

from nbnodes.cache.code import FunctionCode, function_code
from nbnodes.cache.key import KeyParts, function_parts
from nbnodes.engines.call import THREAD
from nbnodes.engines.copies import own
from nbnodes.engines.engine import CancelToken, Progress
from nbnodes.engines.raised import text_of
from nbnodes.errors import (
    EngineError,
    NbnodesError,
    ParameterError,
    RunCancelledError,
    RunTimeoutError,
)
from nbnodes.graph.assembly import Assembly, Member
from nbnodes.graph.function import Function
from nbnodes.live.debounce import Debounce
from nbnodes.live.function_runs import FunctionRuns, Keyed
from nbnodes.live.named_values import FromNode, LocatedInputs, NamedValues
from nbnodes.notebook.document import Notebook
from nbnodes.result import Failure, Result, Success
from nbnodes.scheduler import protocol as p
from nbnodes.scheduler.board import recallable
from nbnodes.scheduler.options import RunOptions
from nbnodes.scheduler.protocol import WHOLE, Answer, Traits
from nbnodes.session import Session

_HERE = ("", THREAD, "inprocess")  # engines that for a function mean a thread of this process
_INPUTS = 50_000  # of located keys, whose runs have not begun
_NUMBERS = itertools.count(1)  # of runs whose key is theirs alone, in all graphs


Upkeep: TypeAlias = Literal["once", "live", "by hand"]
"""Whether nodes run once, whenever their inputs change, or then only when told to."""


class NodeRuns:
    """Does what a Driver asks for. See `nbnodes.scheduler.driver.Performer`.

    Args:
        assembly: The graph.
        session: Where its nodes run.
        on_moved: Hears which nodes stand elsewhere.
        on_publish: Hears of a revision that is settled; returns what was lost instead.
        on_progress: Hears how far a notebook is.
        upkeep: Whether values go on changing, so that manual nodes and debouncing mean something.
        lends: Whether Results are given out as they are kept, for those who only look at them.
    """

    def __init__(  # noqa: PLR0913  # what it is told of, each by a name
        self,
        assembly: Assembly,
        session: Session,
        *,
        on_moved: Callable[[list[str]], None] = lambda _: None,
        on_publish: Callable[[int], p.Lost | None] = lambda _: None,
        on_progress: Callable[[str, Progress], None] = lambda _name, _progress: None,
        upkeep: Upkeep = "once",
        lends: bool = False,
    ) -> None:
        self._members = assembly.members
        self._session = session
        self._remembered = session.remembered
        self._on_moved, self._on_publish = on_moved, on_publish
        self._on_progress = on_progress
        self._upkeep, self._lends = upkeep, lends
        self._debounce = Debounce()
        comparers, is_echoed = self._remembered.comparers, upkeep == "once"
        self._functions = FunctionRuns(session, comparers, is_echoed=is_echoed)
        self._recallable = recallable(assembly.dag, {n: self.traits(n) for n in assembly.members})
        self._own: dict[str, NamedValues] = {}
        self._refused: dict[str, ParameterError] = {}
        self._codes: dict[str, FunctionCode] = {}
        self._wanted_parts = _wanted_parts(assembly)
        self._inputs: OrderedDict[str, LocatedInputs] = OrderedDict()
        self._computed: set[str] = set()
        self._held: dict[str, Success] = {}  # values of nodes that no store keeps
        self._shown: dict[str, Answer] = {}
        self.failures: dict[str, Failure | NbnodesError] = {}
        self.durations_s: dict[str, float] = {}

    def traits(self, name: str) -> Traits:
        """Return what the scheduler must know of a node."""
        options = self._members[name].options
        return Traits(
            is_manual=self._upkeep == "by hand"
            or (self._upkeep == "live" and options.trigger == "manual"),
            is_volatile=self._is_volatile(self._members[name]),
            is_tolerant=options.eq is not None,
            retries=options.retries,
            priority=options.priority,
        )

    def token(self, name: str, values: Mapping[str, Any]) -> str:
        """Take a node's own values; name them with all that it depends on but its ancestors."""
        member = self._members[name]
        if isinstance(member.body, Function):
            values = {**member.body.plain_defaults, **values}
        digests: dict[str, str] = {}
        is_lasting = True
        comparers, identities = self._remembered.comparers, self._remembered.identities
        for parameter, value in values.items():
            try:
                digests[parameter] = comparers.digest(value)
            except BaseException:  # noqa: BLE001  # no digest, or a class fails in making one
                digests[parameter] = identities.name(value)
                is_lasting = False
        if isinstance(member.body, Function):
            self._codes[name] = function_code(member.body.call, identities)
            is_lasting = is_lasting and self._codes[name].is_lasting
        self._own[name] = NamedValues(values=dict(values), digests=digests, is_lasting=is_lasting)
        self._refused.pop(name, None)
        return self._parts(member, {}).key

    def refuse(self, name: str, error: ParameterError) -> str:
        """Take it that a node cannot run with its own values; name that."""
        self._refused[name] = error
        return f"refused: {error}"

    def refusal(self, name: str) -> ParameterError | None:
        """Return why a node cannot run with its own values, if it cannot."""
        return self._refused.get(name)

    def is_recallable(self, name: str) -> bool:
        """Whether a node's deep key says all that its value depends on."""
        return name in self._recallable

    def recall(self, name: str, deep: str) -> Answer | None:
        """See `Performer.recall`."""
        answer = self._remembered.recall(deep, parts=self._wanted_parts[name])
        return self._as_shown(name, answer)

    def locate(self, name: str, deep: str, parents: Mapping[str, Answer]) -> p.Located | p.Refused:
        """See `Performer.locate`."""
        if name in self._refused:
            return p.Refused(name, deep, str(self._refused[name]))
        member = self._members[name]
        fed = {
            parameter: (feed.source, parents[feed.source].key, feed.part or WHOLE)
            for parameter, feed in member.feeds.items()
        }
        digests = {
            parameter: parents[source].digests[part] for parameter, (source, _, part) in fed.items()
        }
        parts = self._parts(member, digests)
        if self._is_volatile(member):
            key, answer = f"{parts.key}#{next(_NUMBERS)}", None
        else:
            key = str(parts.key)
            answer = self._remembered.find(key, parts=self._wanted_parts[name])
        if answer is None:
            own_values = self._own[name]
            self._inputs[key] = LocatedInputs(
                parts=parts,
                own=own_values.values,
                fed=fed,
                is_lasting=own_values.is_lasting,
                deep=deep if name in self._recallable else "",
            )
            while len(self._inputs) > max(_INPUTS, 2 * len(self._members)):
                self._inputs.popitem(last=False)
        elif name in self._recallable:
            self._remembered.link(answer, deep)
        return p.Located(name, deep, key, self._as_shown(name, answer))

    def delay_s(self, name: str) -> float:
        """See `Performer.delay_s`; nothing runs while its inputs keep changing."""
        given_ms = self._members[name].options.debounce_ms
        given_s = None if given_ms is None else given_ms / 1000
        run_s = self.durations_s.get(name, 0.0)
        return self._debounce.left_s(name, given_s=given_s, run_s=run_s)

    def expected_s(self, name: str) -> float:
        """Return the seconds that a run is expected to take, by earlier ones; 0 if unknown."""
        if name not in self.durations_s:
            family = _family(self._members[name])
            self.durations_s[name] = self._remembered.cost_s(family)
        return self.durations_s[name]

    def note_change(self, names: Iterable[str]) -> None:
        """Note that the inputs of nodes change now."""
        self._debounce.note_change(names)

    def run(
        self, name: str, key: str, cancel: CancelToken
    ) -> p.Ran | p.RanBadly | p.Stopped | p.Lost:
        """See `Performer.run`."""
        try:
            return self._run(self._members[name], key, cancel)
        except RunCancelledError:
            return p.Stopped(key)
        except NbnodesError as error:
            self.failures[key] = error
            return p.RanBadly(key, str(error))
        except BaseException as error:  # noqa: BLE001  # whatever a class does that is copied or named
            text = f"{name}: {type(error).__name__}: {text_of(error)}"
            self.failures[key] = EngineError(text)
            return p.RanBadly(key, text)

    def moved(self, names: list[str]) -> None:
        """See `Performer.moved`."""
        self._on_moved(names)

    def publish(self, revision: int) -> p.Lost | None:
        """See `Performer.publish`."""
        return self._on_publish(revision)

    def limit_s(self, name: str) -> float:
        """See `Performer.limit_s`: functions on threads; engines keep their limits themselves."""
        member = self._members[name]
        if isinstance(member.body, Notebook) or _engine(member) is not None:
            return 0.0
        given_s = member.options.timeout_s
        limit_s = self._session.settings.timeout_s if given_s is None else given_s
        return limit_s if math.isfinite(limit_s) else 0.0

    def expired(self, name: str, key: str) -> p.RanBadly:
        """See `Performer.expired`."""
        limit_s = self.limit_s(name)
        text = f"{name}: not done after {limit_s:g} s, stopped; allow more with timeout_s"
        self.failures[key] = RunTimeoutError(text)
        return p.RanBadly(key, text)

    def result(self, name: str, answer: Answer) -> Success | None:
        """Return what a node gave, as the caller's own or lent; None if it is not kept any more."""
        held = self._held.get(name)
        is_held = held is not None and held.key == answer.key
        found = held if is_held else self._remembered.result(answer.key)
        if found is None:
            return None
        is_cached = found.cached or answer.key not in self._computed
        title = name if isinstance(self._members[name].body, Function) else found.name
        value = found.value if self._lends else own(found.value)
        return replace(found, name=title, value=value, cached=is_cached)

    def _run(self, member: Member, key: str, cancel: CancelToken) -> p.Ran | p.RanBadly | p.Lost:
        inputs = self._inputs[key]
        found, lost = self._fed(inputs.fed)
        if lost:
            return p.Lost(tuple(lost), key)
        fed = member.signature.check(found, fed=member.signature.parameters)
        began_at = time.monotonic()
        result = self._made(member, {**inputs.own, **fed}, inputs, cancel)
        if isinstance(result, Failure):
            self.failures[key] = replace(result, name=member.name)
            return p.RanBadly(key, str(result.error))
        if isinstance(result.value, Iterator):
            reason = f"its value, a {type(result.value).__name__}, can be read only once"
            raise ParameterError(member.name, [f"{reason}: give a list"])
        self.durations_s[member.name] = result.duration_s
        try:
            parts = self._wanted_parts[member.name]
            if result.key is None and not result.cached:  # what it depends on changed meanwhile
                key_kept, deep = f"{key}#{next(_NUMBERS)}", ""
            else:
                key_kept, deep = key, inputs.deep
            answer = self._remembered.keep(result, key_kept, parts, deep=deep)
        except LookupError as error:
            raise ParameterError(member.name, [str(error)]) from error
        how = "from the cache" if result.cached else f"in {time.monotonic() - began_at:.3g} s"
        self._inputs.pop(key, None)
        if not result.cached:
            self._computed.add(key)
        shown = self._as_shown(member.name, answer) or answer
        return p.Ran(key, shown, f"computed {how}" if not result.cached else how)

    def _fed(self, fed: Mapping[str, tuple[str, str, str]]) -> tuple[dict[str, Any], list[str]]:
        """Return the values that nodes feed, and the nodes whose values are not kept any more."""
        values: dict[str, Any] = {}
        lost = []
        for parameter, (source, key, part) in fed.items():
            held = self._held.get(source)
            result = held if held and held.key == key else self._remembered.result(key)
            if result is None:
                lost.append(source)
            else:
                values[parameter] = result.value if part == WHOLE else result.value[part]
        return values, lost

    def _made(
        self, member: Member, values: Mapping[str, Any], inputs: LocatedInputs, cancel: CancelToken
    ) -> Result:
        held = None if self._is_volatile(member) else self._remembered.held(inputs.parts.key)
        if held is not None:  # another graph has made it since this node was located
            return replace(held, cached=True)
        options = RunOptions(
            engine=_engine(member),
            cache=not self._is_volatile(member) and inputs.is_lasting,
            subset=member.options.subset,
            timeout_s=member.options.timeout_s,
            on_progress=partial(self._on_progress, member.name),
            cancel=cancel,
        )
        if isinstance(member.body, Notebook):
            request = replace(self._session.request(member.body, values, options), is_lent=True)
            return self._session.run_request(request, options, inputs.parts)
        keyed = None
        if not self._is_volatile(member):
            store = self._remembered.store_for(is_lasting=inputs.is_lasting)
            keyed = Keyed(
                parts=inputs.parts,
                store=store,
                family=_family(member),
                is_as_before=partial(self._is_as_before, member.body, inputs.parts),
            )
        return self._functions.result(member.name, member.body, values, options, keyed)

    def _is_as_before(self, function: Function, parts: KeyParts) -> bool:
        """Whether a function and all that it refers to are what they were when its key was made."""
        now = function_code(function.call, self._remembered.identities)
        modules = self._session.runner.modules(now.module_paths)
        return (now.digest, modules) == (parts.cells[0][1], parts.modules)

    def _parts(self, member: Member, fed: Mapping[str, str]) -> KeyParts:
        """Take apart what a node's value depends on; `fed`: the digests of what nodes feed."""
        known = self._own[member.name]
        sources = {name: FromNode(feed.source) for name, feed in member.feeds.items()}
        values = {**known.values, **sources}
        unknown = dict.fromkeys(sources, "from a node")
        digests = {**known.digests, **unknown, **fed}
        if isinstance(member.body, Function):
            code = self._codes[member.name]
            modules = self._session.runner.modules(code.module_paths)
            return function_parts(code.digest, values, modules, digests=digests)
        request = self._session.request(member.body, values, RunOptions())
        engine = member.options.engine or self._session.settings.engine
        return self._session.runner.parts(request, engine, digests)

    def _as_shown(self, name: str, answer: Answer | None) -> Answer | None:
        """Have the value last shown stand for one that the node's `eq` finds equal to it."""
        if answer is None:
            return None
        answer = self._tolerated(name, answer)
        unstored = self._remembered.unstored(answer.key)
        if unstored is not None:
            self._held[name] = unstored
        return answer

    def _tolerated(self, name: str, answer: Answer) -> Answer:
        eq = self._members[name].options.eq
        if eq is None:
            return answer
        shown = self._shown.get(name)
        if shown is not None and shown.key != answer.key:
            old, new = self._remembered.result(shown.key), self._remembered.result(answer.key)
            if old and new and self._remembered.comparers.equal(old.value, new.value, eq):
                return shown
        self._shown[name] = answer
        return answer

    def _is_volatile(self, member: Member) -> bool:
        if isinstance(member.body, Notebook) and not member.body.options.get("cache", True):
            return True
        return not member.options.cache


def _wanted_parts(assembly: Assembly) -> dict[str, tuple[str, ...]]:
    """Return for each node the parts of its value that others are fed with."""
    wanted: dict[str, set[str]] = {name: set() for name in assembly.members}
    for member in assembly.members.values():
        for feed in member.feeds.values():
            wanted[feed.source].add(feed.part or WHOLE)
    return {name: tuple(sorted(parts)) for name, parts in wanted.items()}


def _engine(member: Member) -> str | None:
    """Return the engine that a node names; None for the Session's, and for a function's thread."""
    name = member.options.engine
    is_here = name in _HERE if isinstance(member.body, Function) else not name
    return None if is_here else name


def _family(member: Member) -> str:
    """Name what the runs of a node have in common, as the store lists them."""
    if isinstance(member.body, Function):
        return f"function {member.name}"
    return member.body.path or member.body.name
