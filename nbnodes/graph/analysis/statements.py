"""Statements are walked along every way that control may take through them."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace

from nbnodes.graph.analysis.calls import CallWalker
from nbnodes.graph.analysis.definitions import has_state
from nbnodes.graph.analysis.expressions import (
    displayed,
    held_functions,
    innermost,
    is_irrefutable,
    is_true,
    kept,
    names_of_parts,
    qualified,
    root,
    shared,
)
from nbnodes.graph.analysis.record import Body, linked
from nbnodes.graph.analysis.scopes import (
    BUILTINS,
    Scope,
    State,
    bound_in,
    deleted_in,
    function_scope,
    meet,
)
from nbnodes.graph.analysis.text import Magic

_Function = ast.FunctionDef | ast.AsyncFunctionDef


class StatementWalker(CallWalker):
    """Walks a scope's statements."""

    magics: Mapping[int, Magic] = {}
    _breaks: list[State] | None = None

    def visit_block(self, statements: Sequence[ast.stmt]) -> None:
        """Walk statements one after the other."""
        for statement in statements:
            self.visit_statement(statement)

    def visit_statement(self, statement: ast.stmt) -> None:  # noqa: C901, PLR0912  # one case a kind
        """Walk a statement."""
        match statement:
            case ast.Assign(targets=targets, value=value):
                self.visit(value)
                self.assign(targets, value)
            case ast.AnnAssign():
                self._annotated(statement)
            case ast.AugAssign():
                self._augmented(statement)
            case ast.Expr(value=value):
                self.visit(value)
                self.thrown(value)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._define_function(statement)
            case ast.ClassDef():
                self._define_class(statement)
            case ast.Import() | ast.ImportFrom():
                self._import(statement)
            case ast.Delete(targets=targets):
                self._delete(targets)
            case _:
                self._visit_control(statement)

    def _visit_control(self, statement: ast.stmt) -> None:  # noqa: C901, PLR0912  # as above
        match statement:
            case ast.If(test=test, body=body, orelse=orelse):
                self.visit(test)
                self._branches([body, orelse])
            case ast.While() | ast.For() | ast.AsyncFor():
                self._loop(statement)
            case ast.Try() | ast.TryStar():
                self._try(statement)
            case ast.With() | ast.AsyncWith():
                self._with(statement)
            case ast.Match():
                self._match(statement)
            case ast.Return(value=value):
                self._return(value)
            case ast.Break() | ast.Continue():
                self._leave_loop()
            case ast.Pass() if statement.lineno in self.magics:
                self.record.words |= self.magics[statement.lineno].words
            case ast.Raise() | ast.Assert() | ast.Pass() | ast.Global() | ast.Nonlocal():
                for child in ast.iter_child_nodes(statement):
                    self.visit(child)
                self.state.is_dead |= isinstance(statement, ast.Raise)
            case _:  # a kind that is newer than this
                self.record.opaque.append((statement.lineno, "a statement of an unknown kind"))

    # ------------------------------------------------------------ binding

    def _annotated(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)
        if self.scope.kind != "function":
            self.visit(node.annotation)
        if node.value is not None:
            self.assign([node.target], node.value)

    def _augmented(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            name = node.target.id
            self.use(name, node.lineno)
            self.visit(node.value)
            self.touch(name, node.lineno, is_deep=False)
            self.store(name, fresh=self.mangled(name) in self.state.own)
            self.copy(name, names_of_parts(node.value, self.context.imports))
            self._carry(name, node.value)
            return
        for child in ast.iter_child_nodes(node.target):
            self.visit(child)
        self.visit(node.value)
        self.bind(node.target, shared(node.value, self.context.imports), fresh=False)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name == "*":
                module = "." * getattr(node, "level", 0) + (getattr(node, "module", "") or "")
                self.record.stars.append(module)
                self.record.doubts.append((node.lineno, f"`import *` from {module}: which names?"))
            else:
                name = alias.asname or alias.name.split(".")[0]
                self.store(name, fresh=True)
                if self.scope.kind == "cell":
                    self.record.keeps[name] = "a module, or a part of one"

    def _delete(self, targets: list[ast.expr]) -> None:
        for target in targets:
            match target:
                case ast.Name(id=name):
                    self.use(name, target.lineno)
                    if self.is_global(name) and self.scope.kind != "class":
                        self.record.deletes.add(name)
                    self.state = self.state.without([name])
                case ast.Tuple(elts=parts) | ast.List(elts=parts):
                    self._delete(parts)
                case _:
                    for child in ast.iter_child_nodes(target):
                        self.visit(child)
                    if isinstance(target, ast.Attribute | ast.Subscript):
                        is_deep = not isinstance(target.value, ast.Name)
                        self.touch_value(target.value, target.lineno, is_deep=is_deep)

    # ------------------------------------------------------------ control

    def _branches(self, blocks: Sequence[Sequence[ast.stmt]]) -> None:
        """Walk blocks of which one runs."""
        before, ends = self.state, []
        for block in blocks:
            self.state = before.copy()
            self.visit_block(block)
            ends.append(self.state)
        self.state = meet(ends)

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While) -> None:
        outer, self._breaks = self._breaks, []
        if not isinstance(node, ast.While):
            self.visit(node.iter)
        entry = self.state.without(deleted_in(node.body))
        entry.own -= bound_in(node.body)  # a later turn may find them shared
        self.state = entry.copy()
        for _ in range(2):  # what the first turn shares, the second may change
            if isinstance(node, ast.While):
                self.visit(node.test)
                entry = self.state.copy()
            else:
                self.loop_over(node.target, node.iter)
            self.visit_block(node.body)
            entry.own &= entry.own if self.state.is_dead else self.state.own
            self.state = entry.copy()
        self.state.is_dead |= isinstance(node, ast.While) and is_true(node.test)
        self.visit_block(node.orelse)
        self.state = meet([self.state, *self._breaks])
        self._breaks = outer

    def _leave_loop(self) -> None:
        if self._breaks is not None:
            self._breaks.append(self.state.copy())
        self.state.is_dead = True

    def _try(self, node: ast.Try | ast.TryStar) -> None:
        before = self.state.copy()
        anywhere = before.without(deleted_in(node.body))
        self.visit_block(node.body)
        anywhere.own &= self.state.own | bound_in(node.body)
        anywhere.own -= bound_in(node.body)
        self.visit_block(node.orelse)
        ends = [self.state]
        for handler in node.handlers:
            self.state = anywhere.copy()
            self._handler(handler)
            ends.append(self.state)
        after = meet(ends)
        if node.finalbody:
            inner = [*node.body, *node.orelse, *(s for h in node.handlers for s in h.body)]
            self.state = before.without(deleted_in(inner) | bound_in(inner) & before.own)
            self.state.certain = before.certain - deleted_in(inner)
            self.visit_block(node.finalbody)
            gone = deleted_in(node.finalbody)
            after.certain = (after.certain - gone) | self.state.certain
            after.own = (after.own - bound_in(node.finalbody) - gone) | (
                self.state.own & bound_in(node.finalbody)
            )
            after.is_dead |= self.state.is_dead
        self.state = after

    def _handler(self, handler: ast.ExceptHandler) -> None:
        self.visit(handler.type)
        if handler.name:
            self.store(handler.name, fresh=True)
        self.visit_block(handler.body)
        if handler.name:  # Python deletes it
            self.state = self.state.without([handler.name])
            if self.is_global(handler.name) and self.scope.kind != "class":
                self.record.deletes.add(handler.name)

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        before = self.state.copy()
        swallows = False
        for item in node.items:
            self.visit(item.context_expr)
            swallows |= self._may_swallow(item.context_expr)
            self._enter(item)
        entered = self.state.copy()
        self.visit_block(node.body)
        if swallows:  # an exception that goes no further: the body may have ended anywhere
            ended = entered if len(node.items) == 1 else before
            self.state = meet([self.state, ended.without(deleted_in(node.body))])

    def _enter(self, item: ast.withitem) -> None:
        name = root(item.context_expr)
        if name and name not in self.context.imports:
            self.touch(name, item.context_expr.lineno)  # entering and leaving change it
        if item.optional_vars is not None:
            names = shared(item.context_expr, self.context.imports)
            names |= self.given_to_manager(item.context_expr)
            is_given = self.may_be_given(item.context_expr)
            self.bind(item.optional_vars, names, fresh=not names and not is_given)
            for each in ast.walk(item.optional_vars):
                if isinstance(each, ast.Name):
                    self._carry(each.id, item.context_expr)

    def _may_swallow(self, node: ast.expr) -> bool:
        if not isinstance(node, ast.Call):
            return isinstance(node, ast.Name)
        name = qualified(node.func, self.context.imports)
        if "suppress" in name or "raises" in name or "ignor" in name:
            return True
        is_bare = isinstance(node.func, ast.Name) and node.func.id not in self.context.imports
        return is_bare and (name not in BUILTINS or name in self.context.defined)

    def _match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        names = shared(node.subject, self.context.imports)
        before, ends, is_complete = self.state, [], False
        for case in node.cases:
            self.state = before.copy()
            for pattern in ast.walk(case.pattern):
                if isinstance(pattern, ast.expr):
                    self.visit(pattern)
                name = getattr(pattern, "name", None) or getattr(pattern, "rest", None)
                if isinstance(name, str):
                    self.store(name, fresh=not names)
                    self.share(name, names)
            bound = self.state.own - before.own
            before.own -= self.state.certain - before.certain - bound
            self.visit(case.guard)
            self.visit_block(case.body)
            ends.append(self.state)
            is_complete |= case.guard is None and is_irrefutable(case.pattern)
        self.state = meet(ends if is_complete else [*ends, before])

    # ------------------------------------------------------------ functions

    def lambda_body(self, node: ast.Lambda) -> Body:
        """Return what a lambda's body does."""
        shadowed = {name for names in self.shadows for name in names}
        inner = StatementWalker(self.context, function_scope(node, self.scope, shadowed))
        inner.visit(node.body)
        inner.thrown(node.body)
        inner.note_result(node.body)
        return self._body(inner)

    def _define_function(self, node: _Function) -> None:
        self._evaluate_head(node)
        shadowed = {name for names in self.shadows for name in names}
        inner = StatementWalker(self.context, function_scope(node, self.scope, shadowed))
        inner.visit_block(node.body)
        body = self._body(inner)
        if isinstance(node, ast.AsyncFunctionDef):
            body = replace(body, keeps=body.keeps or "a coroutine")
        self.store(node.name, fresh=True)
        if self.scope.kind != "function":
            self.record.bodies.setdefault(node.name, []).append(body)
            if has_state(node.args):
                self.record.keeps[node.name] = "a function with a state of its own"
            for decorator in node.decorator_list:
                self._carry(node.name, decorator)
            for default in [*node.args.defaults, *filter(None, node.args.kw_defaults)]:
                self.share(node.name, shared(default, self.context.imports))
        else:  # it may be called by whoever calls what is around it, or is given it
            self.run(body, node.lineno)
            self.record.closes = True
            self.record.changes_given |= body.changes_arguments

    def _evaluate_head(self, node: _Function) -> None:
        """Walk what is evaluated where a function is defined."""
        for decorator in node.decorator_list:
            self.visit(decorator)
            self.thrown(decorator)
            if innermost(decorator) not in self.context.imports:
                self.pass_on(innermost(decorator), {node.name})
        self.visit_arguments(node.args)
        every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        for argument in [*every, node.args.vararg, node.args.kwarg]:
            self.visit(argument.annotation if argument else None)
        self.visit(node.returns)

    def _define_class(self, node: ast.ClassDef) -> None:
        for part in [*node.decorator_list, *node.bases, *node.keywords]:
            self.visit(part)
        base = self.certain()
        scope = Scope(
            kind="class",
            hidden=self.scope.hidden
            | (self.scope.local if self.scope.kind == "function" else set()),
            declared=frozenset(n for s in node.body if isinstance(s, ast.Global) for n in s.names),
            class_name=node.name,
            base=base,
        )
        inner = StatementWalker(self.context, scope)
        inner.visit_block(node.body)
        self.run(self._body(inner), node.lineno)
        methods = [body for bodies in inner.record.bodies.values() for body in bodies]
        self.store(node.name, fresh=True)
        if self.scope.kind != "function":
            self.record.keeps[node.name] = "a class"
            self.record.bodies.setdefault(node.name, []).extend(methods)
            for part in [*node.bases, *node.decorator_list]:
                self._carry(node.name, part)
        else:
            for body in methods:
                self.run(body, node.lineno)
            self.record.closes = True

    def _return(self, value: ast.expr | None) -> None:
        self.visit(value)
        if value is not None:
            self.note_result(value)
        self.state.is_dead = True

    def note_result(self, value: ast.expr) -> None:
        """Note what a function hands out."""
        record = self.record
        names = shared(value, self.context.imports) - self.state.own
        record.returned |= linked(sorted(names), record.aliases)
        keeping = [record.keeps[name] for name in displayed(value) if name in record.keeps]
        record.keeps_returned = record.keeps_returned or kept(value, self.context.imports)
        record.keeps_returned = record.keeps_returned or next(iter(keeping), "")
        record.closes |= any(True for _ in held_functions(value, self.context.imports))

    def _body(self, inner: StatementWalker) -> Body:
        """Return what was noted of a function, by whose names they are."""
        record, scope = inner.record, inner.scope
        ours = {n for n in record.uses if "@" not in n}
        mutated = {n for n in record.touches if n in ours}
        free = {n for n in record.touches if n in scope.hidden or n in self.scope.local}
        if free - scope.local or record.is_stateful:
            self.record.is_stateful = True
        for name in free - scope.local:
            self.touch(name, record.touches[name])
        given = scope.parameters - {scope.receiver}
        keeps = record.keeps_returned or ("a generator" if record.yields else "")
        if record.closes and record.is_stateful:
            keeps = keeps or "a function with a state of its own"
        return Body(
            reads=frozenset(ours),
            mutates=frozenset(mutated - scope.local),
            assigns=frozenset((record.stores | record.deletes) & scope.declared),
            changes_arguments=bool(given & record.touches.keys()) or record.changes_given,
            passes=frozenset(record.passes),
            passes_arguments=frozenset(p.callee for p in record.passes if p.names & given),
            gives=frozenset(record.returned & ours),
            gives_arguments=bool(record.returned & given),
            keeps=keeps,
            closes=record.closes or record.yields,
            effects=record.effects,
        )
