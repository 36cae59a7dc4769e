"""Expressions are walked in the order of their evaluation; a Record notes what each does to names.

A name in a comprehension is noted with a mark of its own, since it is no name of the cell.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable
from dataclasses import replace

from nbnodes.graph.analysis import vocabulary as known
from nbnodes.graph.analysis.expressions import (
    called_first,
    copied,
    held_functions,
    innermost,
    kept,
    names_in,
    names_of_parts,
    read_lazily,
    root,
    roots_of_target,
    shared,
    sources,
    without_accessor,
)
from nbnodes.graph.analysis.record import Body, Record, linked
from nbnodes.graph.analysis.scopes import BUILTINS, Context, Scope, State, meet


class Walker:
    """Walks one scope."""

    def __init__(self, context: Context, scope: Scope) -> None:
        self.context = context
        self.scope = scope
        self.state = State()
        self.record = Record()
        self.shadows: list[dict[str, str]] = []
        self.replaying = False  # within a statement that every part repeats
        self._marks = itertools.count(1)

    # ------------------------------------------------------------ names

    def is_global(self, name: str) -> bool:
        """Whether a name that is looked up here may be the notebook's."""
        if self.shadow(name):
            return False
        if self.scope.kind == "class" and not self.shadows and name in self.state.certain:
            return False
        if name in self.scope.declared:
            return True
        return name not in self.scope.local and name not in self.scope.hidden

    def shadow(self, name: str) -> str:
        """Return the mark of a comprehension's own name; "" for any other."""
        return next((names[name] for names in reversed(self.shadows) if name in names), "")

    def mangled(self, name: str) -> str:
        """Return a name as Python looks it up within a class."""
        if self.scope.class_name and name.startswith("__") and not name.endswith("__"):
            return f"_{self.scope.class_name.lstrip('_')}{name}"
        return name

    def builtins(self) -> frozenset[str]:
        """Name what is Python's own here."""
        return BUILTINS - self.context.defined

    def certain(self) -> frozenset[str]:
        """Name what is certainly defined here of the notebook's names."""
        here = frozenset(self.state.certain) if self.scope.kind == "cell" else frozenset()
        return self.scope.base | here

    def use(self, name: str, line: int) -> None:
        """Note that a name is looked up."""
        name = self.mangled(name)
        if not self.is_global(name):
            return
        certain = self.certain()
        if name not in certain and name not in self.context.defined:
            if known.HISTORY.match(name):
                self.record.opaque.append((line, f"`{name}` is the result of another cell"))
                return
            if name in BUILTINS or name in known.IPYTHON_NAMES:
                return
        self.record.use(name, certain)

    def store(self, name: str, *, fresh: bool) -> None:
        """Note that a name is bound; `fresh` to an object that nothing else has."""
        name = self.mangled(name)
        if self.shadow(name):
            return
        if self.scope.kind == "cell" or name in self.scope.declared:
            self.record.stores.add(name)
        self.state.certain.add(name)
        self.state.renewed.discard(name)
        if fresh:
            self.state.own.add(name)
        else:
            self.state.own.discard(name)

    def touch(self, name: str, line: int, *, is_deep: bool = True) -> None:
        """Note that the object a name stands for is changed in place.

        Args:
            name: The name.
            line: Where.
            is_deep: Whether what the object holds may be changed too.
        """
        name = self.shadow(name) or self.mangled(name)
        if not name or name in self.state.own or name in self.builtins():
            return
        is_new = not is_deep and name in self.state.renewed
        if is_new or (self.replaying and name in self.context.imports):
            return
        pairs = self.record.aliases
        if is_deep or not any(name in pair for pair in self.record.copies):
            pairs = pairs | self.record.copies
        self.record.deep |= {name} if is_deep else set()
        for other in linked([name], pairs):
            self.record.touches.setdefault(other, line)
            self.record.deep |= {other} - {name}

    def touch_value(self, node: ast.expr, line: int, *, is_deep: bool = True) -> None:
        """Note that the object that an expression gives is changed in place."""
        name = root(node, through_calls=True)
        for each in {name, *shared(node, self.context.imports)} - {""}:
            self.touch(each, line, is_deep=is_deep or each != name)
        call = called_first(node)
        if call is not None:
            self.touch_result(call)

    def touch_result(self, node: ast.Call) -> None:
        """Note that what a function gives is changed at once."""
        raise NotImplementedError

    def share(self, name: str, others: Iterable[str]) -> None:
        """Note that a name's object may be, or hold, those of others."""
        place = self.shadow(name) or self.mangled(name)
        for each in others:
            other = self.shadow(each) or self.mangled(each)
            if each in self.builtins():
                continue
            self.record.aliases.add((place, other))
            self.state.own -= {place, other}
            self.state.renewed -= {place, other}

    def copy(self, name: str, others: Iterable[str]) -> None:
        """Note that a name's object is a new one that may hold what those of others hold."""
        place = self.shadow(name) or self.mangled(name)
        for each in set(others) - self.builtins() - self.context.imports.keys():
            other = self.shadow(each) or self.mangled(each)
            self.record.copies.add((place, other))
            self.state.own -= {place, other}

    # ------------------------------------------------------------ expressions

    def visit(self, node: ast.AST | None) -> None:  # noqa: C901, PLR0912, PLR0915  # one case a kind
        """Walk an expression, or whatever is part of one."""
        match node:
            case None:
                return
            case ast.Name():
                if isinstance(node.ctx, ast.Load):
                    self.use(node.id, node.lineno)
            case ast.NamedExpr(target=ast.Name(id=name), value=value):
                self.visit(value)
                self._assign_walrus(name, value)
            case ast.Lambda():
                self.visit_arguments(node.args)
                self.run(self.lambda_body(node), node.lineno)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                self._visit_comprehension(node)
            case ast.IfExp():
                self._visit_choices(node.test, [node.body], [node.orelse])
            case ast.BoolOp(values=[first, *others]):
                self._visit_choices(first, others, [])
            case ast.Compare():
                self._visit_comparison(node)
            case ast.Call():
                self.visit_call(node)
            case ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython"))):
                why = "`get_ipython()` may reach every name"
                self.record.opaque.append((node.lineno, why))
            case ast.Attribute(value=value, attr=method) if method in known.BINDABLE_METHODS:
                self.visit(value)
                if root(value) not in self.context.imports:  # whoever has the method may call it
                    self.touch_value(value, node.lineno)
            case ast.Yield() | ast.YieldFrom():
                self.record.yields = True
                self.visit(node.value)
                if node.value is not None:
                    self.note_result(node.value)
            case _:
                for child in ast.iter_child_nodes(node):
                    self.visit(child)

    def visit_call(self, node: ast.Call) -> None:
        """Walk a call."""
        inside = node.func
        if isinstance(inside, ast.Attribute) and inside.attr in known.BINDABLE_METHODS:
            inside = inside.value  # the method is called here, and by nobody else
        for child in [inside, *node.args, *node.keywords]:
            self.visit(child)

    def visit_arguments(self, arguments: ast.arguments) -> None:
        """Walk what is evaluated where a function is defined."""
        for default in [*arguments.defaults, *arguments.kw_defaults]:
            self.visit(default)

    def lambda_body(self, node: ast.Lambda) -> Body:
        """Return what a lambda's body does."""
        raise NotImplementedError

    def note_result(self, value: ast.expr) -> None:
        """Note what a function hands out."""
        raise NotImplementedError

    def run(self, body: Body, line: int) -> None:
        """Note what a function without a name does: it may be called from here on."""
        certain = self.certain()
        for name in body.reads:
            if self.is_global(name):
                self.record.use(name, certain)
        for name in body.mutates:
            self.touch(name, line)
        for name in body.assigns:
            self.record.stores.add(name)
        self.record.passes |= body.passes
        self.record.take(body.effects)

    def _assign_walrus(self, name: str, value: ast.expr) -> None:
        before = self.state.copy()
        self.assign_name(name, value)
        if self.shadows:  # a comprehension may have no turn at all
            self.state = before
            self.state.own.discard(name)

    def _visit_choices(self, test: ast.expr, body: list[ast.expr], orelse: list[ast.expr]) -> None:
        """Walk what is always evaluated, and then what may not be."""
        self.visit(test)
        before = self.state.copy()
        ends = []
        for side in (body, orelse):
            self.state = before.copy()
            for part in side:
                self.visit(part)
            ends.append(self.state)
        certain = ends[0].certain & ends[1].certain
        self.state = meet(ends)
        self.state.certain, self.state.is_dead = certain, before.is_dead

    def _visit_comparison(self, node: ast.Compare) -> None:
        sides = [node.left, *node.comparators]
        for side in sides:
            self.visit(side)
        if any(isinstance(each, ast.Is | ast.IsNot) for each in node.ops):
            names = [root(side) for side in sides]
            plain = self.builtins() | self.context.imports.keys()
            if all(names) and not plain & set(names):
                for name in names:  # identity is lost where objects are copied
                    self.touch(name, node.lineno)

    def _visit_comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    ) -> None:
        self.visit(node.generators[0].iter)
        names = {
            each.id: f"{each.id}@{next(self._marks)}"
            for loop in node.generators
            for each in ast.walk(loop.target)
            if isinstance(each, ast.Name)
        }
        self.shadows.append(names)
        for i, loop in enumerate(node.generators):
            if i:
                self.visit(loop.iter)
            self.loop_over(loop.target, loop.iter)
            for test in loop.ifs:
                self.visit(test)
        elements = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        for element in elements:
            self.visit(element)
        self.shadows.pop()

    # ------------------------------------------------------------ binding

    def loop_over(self, target: ast.expr, iterated: ast.expr) -> None:
        """Bind a loop's target: to parts of all that is named in what is iterated."""
        names = names_in(iterated) - self.context.imports.keys() - self.builtins()
        self.bind(target, names, fresh=not names)
        for each in ast.walk(target):
            if isinstance(each, ast.Name):
                self._carry(each.id, iterated)

    def assign(self, targets: list[ast.expr], value: ast.expr) -> None:
        """Bind targets to a value that has been walked."""
        for target in targets:
            if isinstance(target, ast.Name):
                self.assign_name(target.id, value)
            elif (
                isinstance(target, ast.Tuple | ast.List)
                and isinstance(value, ast.Tuple | ast.List)
                and len(target.elts) == len(value.elts)
                and not any(isinstance(e, ast.Starred) for e in [*target.elts, *value.elts])
            ):
                for part, part_value in zip(target.elts, value.elts, strict=True):
                    self.assign([part], part_value)
            else:
                self._assign_parts(target, value)
        names = [root(target) for target in targets if not isinstance(target, ast.Tuple | ast.List)]
        if len(names) > 1 and not isinstance(value, ast.Constant):
            self.share(names[0], filter(None, names[1:]))

    def assign_name(self, name: str, value: ast.expr) -> None:
        """Bind a name to a value that has been walked."""
        names = shared(value, self.context.imports)
        self.store(name, fresh=not names and not self.may_be_given(value))
        self.share(name, names)
        others = copied(value, self.context.imports) - names
        self.copy(name, others)
        if name in others and not names and not self.shadow(name):
            self.state.renewed.add(self.mangled(name))
        self._carry(name, value)

    def _assign_parts(self, target: ast.expr, value: ast.expr) -> None:
        names = names_of_parts(value, self.context.imports)
        self.bind(target, names, fresh=False)
        for each in roots_of_target(target):
            self._carry(each, value)

    def bind(self, target: ast.expr, names: set[str], *, fresh: bool) -> None:  # noqa: C901, PLR0912  # one case a kind
        """Bind a target of any form to something that shares the objects of `names`."""
        match target:
            case ast.Name(id=name):
                self.store(name, fresh=fresh)
                self.share(name, names)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for part in parts:
                    self.bind(part, names, fresh=fresh)
                if not fresh and not names:
                    roots = roots_of_target(target)
                    self.share(roots[0], roots[1:]) if roots else None
            case ast.Starred(value=inner):
                self.bind(inner, names, fresh=fresh)
            case ast.Attribute(value=inner) | ast.Subscript(value=inner):
                self.visit(inner)
                if isinstance(target, ast.Subscript):
                    self.visit(target.slice)
                name = root(inner, through_calls=True)
                if innermost(inner) in self.context.imports:  # `getcontext().prec = 3`
                    self.touch(innermost(inner), target.lineno)
                if name and isinstance(inner, ast.Name) and name == self.scope.receiver:
                    self.record.touches.setdefault(name, target.lineno)  # but not what it holds
                else:
                    is_deep = not isinstance(without_accessor(inner), ast.Name)
                    self.touch_value(inner, target.lineno, is_deep=is_deep)
                self.share(name, names if name else ())
            case _:
                pass

    def may_be_given(self, value: ast.expr) -> bool:
        """Whether a function of the notebook may have handed out an object that others have."""
        return any(
            isinstance(each, ast.Call)
            and isinstance(each.func, ast.Name)
            and each.func.id not in self.context.imports
            and (each.func.id not in BUILTINS or each.func.id in self.context.defined)
            for each in ast.walk(value)
        )

    def _carry(self, name: str, value: ast.expr) -> None:
        """Note what a name's value is made from."""
        place = self.shadow(name) or self.mangled(name)
        if not place or (self.scope.kind != "cell" and self.is_global(name)):
            return
        if why := kept(value, self.context.imports):
            self.record.keeps[place] = why
        for source, held in sources(value, self.context.imports):
            other = self.shadow(source) or self.mangled(source)
            if other != place and other not in self.context.imports:
                self.record.carries.add((place, other, held))
        for each in held_functions(value, self.context.imports):
            body = (
                self.lambda_body(each)
                if isinstance(each, ast.Lambda)
                else Body(reads=frozenset(read_lazily(each) - BUILTINS))
            )
            self.record.bodies.setdefault(place, []).append(body)
        self._note_results(place, value)

    def _note_results(self, name: str, value: ast.expr) -> None:
        """Note which functions may have given a value."""
        for passed in list(self.record.passes):
            calls = (c for c in ast.walk(value) if isinstance(c, ast.Call))
            if any(innermost(call.func) == passed.callee for call in calls):
                self.record.passes.discard(passed)
                self.record.passes.add(replace(passed, targets=passed.targets | {name}))
