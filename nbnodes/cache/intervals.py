"""Which runs of ranges answer a range that is asked for, and which part of it still has to run.

A notebook `f` whose parameters `a` and `b` bound what it returns may be declared an `Interval` if
its value is a table, or a list, of rows that each belong to a place between `a` and `b`, and

    f(a, b)[c:d] == f(c, d)        for all c and d within a and b

Then a stored run answers every range within its own. It does not hold for running sums, ranks,
means over all rows, fits: whatever one row says of others. Where it fails near the ends only (a
rolling mean), `halo` says how near, and what is answered is

    g(c, d) := f(c - before, d + after)[c:d]

which is the same whatever happens to be stored, if f(a, b)[c:d] == g(c, d) for all a <= c - before
and b >= d + after. A bound of None is no bound, and is not moved. Pure.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, Generic, Literal, NamedTuple, TypeAlias, TypeVar, get_args

from nbnodes.cache.bounds import Rank, ranked, shifted, written_like
from nbnodes.errors import UsageError

Closed: TypeAlias = Literal["left", "right", "both", "neither"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Interval:
    """Declares that a run of a wider range answers a narrower one. See this module for the law.

    Args:
        start: Name of the parameter that is the lower bound.
        end: Name of the parameter that is the upper bound.
        on: By what a row has its place: a column's name (or an index level's, a field's, a key's,
            a position); None for the index, and for a list whose rows are their own places; or a
            function from the whole table, or from one row of a list, to that.
        closed: Which bounds belong to the range.
        halo: How far from a bound rows depend on what is beyond it: a number or a timedelta for
            the start, or a pair for start and end.
        concat: True if rows of adjoining ranges, put together, are those of the whole, so that
            only what is missing has to run; or a function from a list of parts to the whole.
        audit: The share of such answers, 0 to 1, that is computed as well and compared.

    Raises:
        UsageError: With every mistake.
    """

    start: str
    end: str
    _: KW_ONLY
    on: str | int | Callable[[Any], Any] | None = None
    closed: Closed = "left"
    halo: Any = None
    concat: bool | Callable[[list[Any]], Any] | None = None
    audit: float = 0.0

    def __post_init__(self) -> None:
        problems = list(_problems(self))
        if problems:
            raise UsageError(f"this is no Interval: {'; '.join(problems)}")

    @property
    def halos(self) -> tuple[Any, Any]:
        """How much wider a run is than its answer, at the start and at the end; None for not."""
        before, after = self.halo if isinstance(self.halo, tuple | list) else (self.halo, None)
        return before or None, after or None


class Cut(NamedTuple):
    """A place between values, before or after a rank. They have an order.

    Attributes:
        beyond: -1 before everything, 1 after everything, 0 at the rank.
        rank: The rank; 0 where it is beyond all.
        after: Whether the rank itself lies before the cut.
    """

    beyond: int
    rank: Rank
    after: bool


@dataclass(frozen=True, slots=True)
class Range:
    """What lies between two cuts; nothing if `low` is not below `high`."""

    low: Cut
    high: Cut


@dataclass(frozen=True, slots=True)
class Piece(Generic[T]):
    """A part of an answer: a slice of what `source` names, or to be run where that is None."""

    range: Range
    source: T | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The range that one answer is about.

    Attributes:
        interval: The declaration.
        kind: Of what kind the bounds are; "" if there are none.
        start: The lower bound as it was given.
        end: The upper bound as it was given.
    """

    interval: Interval
    kind: str
    start: Any
    end: Any

    @property
    def range(self) -> Range:
        """What the answer consists of."""
        return self._between(_rank(self.start), _rank(self.end))

    @property
    def is_forward(self) -> bool:
        """Whether the start is not behind the end."""
        low, high = self.ranks(self.start, self.end)
        return low is None or high is None or low <= high  # type: ignore[operator]  # of one kind

    def ranks(self, start: Any, end: Any) -> tuple[Rank | None, Rank | None]:
        """Rank the bounds of a run."""
        return _rank(start), _rank(end)

    def widened(self, wanted: Range) -> tuple[Any, Any]:
        """Return the bounds of the smallest run whose `settled` range holds what is wanted.

        Raises:
            UsageError: If a bound cannot be moved by the halo.
        """
        before, after = self.interval.halos
        start = self._written(wanted.low, self.start, self.end)
        end = self._written(wanted.high, self.end, self.start)
        return (
            start if start is None or before is None else shifted(start, -before),
            end if end is None or after is None else shifted(end, after),
        )

    def settled(self, low: Rank | None, high: Rank | None) -> Range:
        """Return what is right in the value of a run with these bounds.

        Raises:
            UsageError: As `widened`.
        """
        before, after = self.interval.halos
        if low is not None and before is not None:
            low = _rank(shifted(self._like(low, self.start, self.end), before))
        if high is not None and after is not None:
            high = _rank(shifted(self._like(high, self.end, self.start), -after))
        return self._between(low, high)

    def _written(self, cut: Cut, *likes: Any) -> Any:
        return None if cut.beyond else self._like(cut.rank, *likes)

    def _like(self, rank: Rank, *likes: Any) -> Any:
        for like in likes:
            if like is not None and _rank(like) == rank:
                return like
        return written_like(rank, self.kind, next(like for like in likes if like is not None))

    def _between(self, low: Rank | None, high: Rank | None) -> Range:
        closed = self.interval.closed
        return Range(
            Cut(-1, 0, False) if low is None else Cut(0, low, closed in ("right", "neither")),
            Cut(1, 0, False) if high is None else Cut(0, high, closed in ("right", "both")),
        )


def asked(interval: Interval, start: Any, end: Any) -> Asked:
    """Take the bounds that a caller gave for what is asked.

    Raises:
        UsageError: If one is no bound, or they are of different kinds, such as with and without a
            time zone.
    """
    kinds: dict[str, str] = {}
    problems = []
    for name, bound in ((interval.start, start), (interval.end, end)):
        try:
            if bound is not None:
                kinds[name] = ranked(bound).kind
        except UsageError as error:
            problems.append(f"{name}={error}")
    if len(set(kinds.values())) > 1:
        pair = " and ".join(f"{name} is a {_WORDS[kind]}" for name, kind in kinds.items())
        problems.append(f"{pair}: they cannot be compared")
    if problems:
        raise UsageError("; ".join(problems))
    return Asked(interval=interval, kind=next(iter(kinds.values()), ""), start=start, end=end)


def covers(cached: Range, wanted: Range) -> bool:
    """Whether everything wanted lies within what is cached."""
    return cached.low <= wanted.low and wanted.high <= cached.high


def gaps(wanted: Range, cached: Iterable[Range]) -> list[Range]:
    """Return what is wanted and not cached: the fewest ranges, in order."""
    found = []
    reached = wanted.low
    for one in sorted(cached, key=lambda r: r.low):
        if one.low >= one.high or one.high <= reached:
            continue
        if one.low >= wanted.high:
            break
        if one.low > reached:
            found.append(Range(reached, one.low))
        reached = one.high
    if reached < wanted.high:
        found.append(Range(reached, wanted.high))
    return found


def plan(wanted: Range, cached: Sequence[tuple[Range, T]]) -> tuple[Piece[T], ...]:
    """Make up what is wanted of pieces that adjoin, in order.

    Nothing cached is run again, each gap is one run, and of what is cached the fewest are used: at
    each place the one that reaches farthest; of those, the first in the order given.
    """
    whole = next((source for range_, source in cached if covers(range_, wanted)), None)
    if whole is not None or not wanted.low < wanted.high:
        return (Piece(wanted, whole),)
    pieces: list[Piece[T]] = []
    missing = gaps(wanted, (range_ for range_, _ in cached))
    reached = wanted.low
    for gap in [*missing, Range(wanted.high, wanted.high)]:
        pieces += _fewest(Range(reached, gap.low), cached)
        if gap.low < gap.high:
            pieces.append(Piece(gap, None))
        reached = gap.high
    return tuple(pieces)


def _fewest(wanted: Range, cached: Sequence[tuple[Range, T]]) -> Iterator[Piece[T]]:
    """Cover without gaps what has none."""
    ordered = sorted(cached, key=lambda pair: pair[0].low)
    reached, at = wanted.low, 0
    while reached < wanted.high:
        best = None
        while at < len(ordered) and ordered[at][0].low <= reached:
            if best is None or ordered[at][0].high > best[0].high:
                best = ordered[at]
            at += 1
        assert best is not None  # noqa: S101  # there is no gap here
        high = min(best[0].high, wanted.high)
        yield Piece(Range(reached, high), best[1])
        reached = high


_WORDS = {
    "number": "number",
    "text": "text",
    "date": "date",
    "time": "time without a zone",
    "instant": "time with a zone",
}


def _rank(bound: Any) -> Rank | None:
    return None if bound is None else ranked(bound).rank


def _problems(interval: Interval) -> Iterator[str]:
    names: dict[str, Any] = {"start": interval.start, "end": interval.end}
    share: Any = interval.audit
    concat: Any = interval.concat
    for name, value in names.items():
        if not isinstance(value, str) or not value.isidentifier():
            yield f"{name}={value!r}: expected a parameter's name"
    if interval.start == interval.end:
        yield f"start and end are both {interval.start!r}"
    if interval.closed not in get_args(Closed):
        yield f"closed={interval.closed!r}: expected one of {', '.join(get_args(Closed))}"
    yield from _halo_problems(interval.halo)
    if not (concat is None or isinstance(concat, bool) or callable(concat)):
        yield f"concat={concat!r}: expected True or a function"
    if concat and interval.closed == "neither":
        yield 'concat with closed="neither": no two ranges adjoin, the place between is in neither'
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        yield f"audit={share!r}: expected a share from 0 to 1"


def _halo_problems(halo: Any) -> Iterator[str]:
    is_pair = isinstance(halo, tuple | list)
    if is_pair and len(halo) != 2:  # noqa: PLR2004
        yield f"halo={halo!r}: expected one for the start and one for the end"
        return
    for one in halo if is_pair else (halo,):
        if one is None:
            continue
        is_number = isinstance(one, int | float) and not isinstance(one, bool)
        if not is_number and not isinstance(one, datetime.timedelta):
            yield f"halo={one!r}: expected a number or a timedelta"
        elif not one >= one * 0:  # NaN too
            yield f"halo={one!r}: expected 0 or more"
