"""What a user writes down of one step: what it computes, from what, and how it is to be run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Trigger: TypeAlias = Literal["auto", "manual", "lazy"]
_MOST = 1e9  # milliseconds, seconds or attempts
TRIGGERS: tuple[Trigger, ...] = ("auto", "manual", "lazy")


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeOptions:
    """How one node is run.

    Attributes:
        engine: Name of its engine; "" for the Session's, and for a function "thread".
        timeout_s: Seconds one run may take; 0 for no limit, None for the Session's.
        retries: How often a run that failed is tried again.
        cache: Whether values are kept; False for a node that may give another value each time.
        eq: When a new value counts as the one shown: a `Tolerance`, or a function of the old and
            the new value; None: when their digests are equal.
        subset: The `Interval` whose parts may be cut out of values computed before.
        trigger: "auto": runs when it must; "manual": only when told to; "lazy": only when its
            value is asked for.
        debounce_ms: How long changes are gathered before it runs; None: by its measured run time.
        priority: Of several that could run, those with the highest go first.
    """

    engine: str = ""
    timeout_s: float | None = None
    retries: int = 0
    cache: bool = True
    eq: Any = None
    subset: Any = None
    trigger: Trigger = "auto"
    debounce_ms: float | None = None
    priority: int = 0

    def problems(self) -> list[str]:
        """Say what is wrong with them, one line each."""
        found = []
        if self.trigger not in TRIGGERS:
            found.append(f"trigger={self.trigger!r}: expected one of {', '.join(TRIGGERS)}")
        for name in ("timeout_s", "debounce_ms", "retries"):
            value = getattr(self, name)
            if value is not None and not (_is_number(value) and 0 <= value < _MOST):
                found.append(f"{name}={value!r}: expected 0 or more")
        found += [
            f"{name}={getattr(self, name)!r}: expected a whole number"
            for name in ("retries", "priority")
            if not isinstance(getattr(self, name), int)
        ]
        engine: object = self.engine
        if not isinstance(engine, str):
            found.append(f"engine={self.engine!r}: expected a name")
        return found


class Node:
    """One step of a graph. It does nothing by itself: a `Graph` runs it.

    Nodes are compared by identity. What is wrong with one is told by the Graph that takes it, all
    mistakes of all nodes at once.

    Args:
        f: A notebook's path, a Model, a `NotebookNode`, another Node (whose `f` is taken), or any
            callable.
        input: What feeds its parameters: a list by position or a dict by name, of nodes, widgets
            (what their `value` says, or another trait: `(widget, "index")`) and constants.
        name: Its name; default: the notebook's or function's, made unique in its Graph.
        args: The same as `input`, as ipywidgets-runner spells it.
        out: The `Output` widget that shows it, or a container (a `Box`) for a whole node view.
        display_widget: The same as `out`, as ipywidgets-runner spells it.
        **options: The fields of `NodeOptions`.

    Attributes:
        f: What it computes.
        input: What feeds its parameters, as given.
        name: Its name as given; "" for none.
        out: The widget that shows it; it remembers the node as its `nbnodes_node`.
        options: How it is run.
        graph: The Graph that was made of it last, if any.
        shown_in: The Graph by which it is shown live, once it is; kept by the views.
        unknown_options: Names given that are none of `NodeOptions`.
    """

    def __init__(
        self,
        f: Any = None,
        input: Any = None,  # noqa: A002  # the word of the public API, and of ipywidgets-runner
        *,
        name: str = "",
        args: Any = None,
        out: Any = None,
        display_widget: Any = None,
        **options: Any,
    ) -> None:
        self.f: Any = f.f if isinstance(f, Node) else f
        self.input: Any = args if input is None else input
        self.name = str(name)
        self.out = display_widget if out is None else out
        if is_observable(self.out):  # so that who shows the widget can have it filled
            self.out.nbnodes_node = self
        known = {key: options.pop(key) for key in NodeOptions.__slots__ if key in options}
        self.options = NodeOptions(**known)
        self.graph: Any = None
        self.shown_in: Any = None
        self.unknown_options = tuple(options)
        self.is_fed_twice = args is not None and input is not None

    @property
    def inputs(self) -> Mapping[int | str, Any]:
        """What feeds it, by position or name; empty where `input` is neither list nor dict."""
        if isinstance(self.input, Mapping):
            return self.input
        return dict(enumerate(self.input)) if isinstance(self.input, list | tuple) else {}

    @property
    def upstream(self) -> tuple[Node, ...]:
        """The nodes that feed it."""
        fed = (one.node if isinstance(one, Pick) else one for one in self.inputs.values())
        return tuple(one for one in fed if isinstance(one, Node))

    __iter__ = None  # that it has entries makes it no sequence of them
    __contains__ = None

    def __getitem__(self, part: str) -> Pick:
        """Name one entry of its value, where that is a dict, as an input of another node."""
        return Pick(node=self, part=part)

    def __repr__(self) -> str:
        return f"Node({self.name or self.f!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """One entry of a node's value.

    Attributes:
        node: The node.
        part: The entry's name.
    """

    node: Node
    part: str


@dataclass(frozen=True, slots=True)
class WidgetTrait:
    """What a widget says: one of its traits.

    Attributes:
        widget: The widget; anything that has traits (traitlets) will do.
        trait: The trait's name.
        meaning: Turns what it says into the value that is meant.
    """

    widget: Any
    trait: str = "value"
    meaning: Callable[[Any], Any] | None = field(default=None, compare=False)

    def said(self) -> Any:
        """Return what it says now."""
        return getattr(self.widget, self.trait)

    def meant(self, said: Any) -> Any:
        """Return what is meant by what it said."""
        return said if self.meaning is None else self.meaning(said)


class OutNode(Node):
    """A Node that is there to be shown (ipywidgets-runner's name)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a function may return to show something else than the value it passes on.

    Attributes:
        value: What nodes downstream get.
        display: What is shown.
    """

    value: Any = None
    display: Any = None


def widget_trait(given: object) -> WidgetTrait | None:
    """Return the trait of a widget that an input names; None if it is something else."""
    match given:
        case (widget, str(trait)) if isinstance(given, tuple) and is_observable(widget):
            return WidgetTrait(widget, trait)
        case _ if is_observable(given) and (hasattr(given, "value") or hasattr(given, "traits")):
            return WidgetTrait(given)
    return None


def is_observable(given: object) -> bool:
    """Whether something can be observed as widgets can (traitlets)."""
    return callable(getattr(given, "observe", None)) and not isinstance(given, type)


def with_upstream(nodes: Iterable[Node]) -> tuple[Node, ...]:
    """Return the nodes and all that feeds them, what feeds first, each once."""
    found: dict[int, Node] = {}
    waiting: list[tuple[Node, bool]] = [(node, False) for node in reversed(list(nodes))]
    begun: set[int] = set()
    while waiting:
        node, is_done = waiting.pop()
        if is_done:
            found.setdefault(id(node), node)
        elif id(node) not in begun:
            begun.add(id(node))
            waiting.append((node, True))
            waiting += [(one, False) for one in reversed(node.upstream)]
    return tuple(found.values())


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
