"""A call tells which objects it changes, which files, clocks and random states it uses."""

from __future__ import annotations

import ast

from nbnodes.graph.analysis import vocabulary as known
from nbnodes.graph.analysis.expressions import innermost, names_of_parts, qualified, root, shared
from nbnodes.graph.analysis.paths import file_uses
from nbnodes.graph.analysis.record import FileUse, Pass
from nbnodes.graph.analysis.scopes import BUILTINS
from nbnodes.graph.analysis.walker import Walker
from nbnodes.notebook.python import parse_source


class CallWalker(Walker):
    """Walks expressions, their calls' effects noted."""

    def visit_call(self, node: ast.Call) -> None:
        """Walk a call, first what it is given."""
        super().visit_call(node)
        name = qualified(node.func, self.context.imports)
        if isinstance(node.func, ast.Name) and self._is_own(node.func.id):
            name = ""
        self._note_scope_reading(node, name)
        self._note_surroundings(node, name)
        self._note_random(node, name)
        self._note_changes(node, name)
        self._note_passes(node)

    def thrown(self, node: ast.expr) -> None:
        """Note what a call does whose result nobody takes: it must be doing something."""
        if isinstance(node, ast.Await):
            node = node.value
        if not isinstance(node, ast.Call):
            return
        name = qualified(node.func, self.context.imports)
        receiver = root(node.func, through_calls=True)
        if receiver and receiver in self.context.imports:
            self._thrown_library_call(node, name)
        elif isinstance(node.func, ast.Attribute):
            if not _is_changing(node, node.func.attr) and not self._is_harmless(node, node.func):
                self._touch_receiver(node, node.func)
        elif (callee := innermost(node.func)) and self._is_own(callee):
            self.pass_on(callee, self.given(node), thrown=True)

    def _touch_receiver(self, node: ast.Call, function: ast.Attribute) -> None:
        is_plain = isinstance(function.value, ast.Name)
        is_shallow = function.attr in known.SHALLOW_METHODS or _inplace(node)
        self.touch_value(function.value, node.lineno, is_deep=not (is_plain and is_shallow))

    def _is_own(self, name: str) -> bool:
        """Whether a name is neither imported nor Python's."""
        return name not in self.context.imports and not self._is_builtin(name)

    def _is_builtin(self, name: str) -> bool:
        return name in BUILTINS | known.IPYTHON_NAMES and name not in self.context.defined

    def given(self, node: ast.Call) -> set[str]:
        """Name the variables whose objects a call is given."""
        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        roots = {root(argument, through_calls=True) for argument in arguments}
        imports = self.context.imports
        roots |= {n for argument in arguments for n in names_of_parts(argument, imports)}
        return {n for n in roots if n and not self._is_builtin(n)} - self.context.imports.keys()

    def given_to_manager(self, node: ast.expr) -> set[str]:
        """Name what a context manager of the notebook's own may hand out."""
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            return set()
        name = node.func.id
        is_own = name not in self.context.imports and name not in BUILTINS
        return self.given(node) if is_own else set()

    # ------------------------------------------------------------ what is thrown away

    def _thrown_library_call(self, node: ast.Call, name: str) -> None:
        module, _, last = name.partition(".")[0], "", name.rpartition(".")[2]
        if not self.replaying and known.SETTERS.match(last) and not known.PYPLOT_DRAWS.match(name):
            self.touch(root(node.func, through_calls=True), node.lineno)
        famous = known.QUIET_LIBRARIES | {"matplotlib", "seaborn", "sklearn", "scipy", "networkx"}
        if module not in famous | known.SYSTEM_MODULES:
            for given in self.given(node):
                self.touch(given, node.lineno)

    def _is_harmless(self, node: ast.Call, function: ast.Attribute) -> bool:
        if isinstance(function.value, ast.Attribute) and function.value.attr in known.ACCESSORS:
            return True
        return function.attr in known.HARMLESS_METHODS and not _draws(node, function.attr)

    # ------------------------------------------------------------ scopes

    def _note_scope_reading(self, node: ast.Call, name: str) -> None:
        if name in known.SCOPE_READERS:
            inside = self.scope.kind == "function" and name != "globals"
            if not node.args and not inside:
                self.record.opaque.append((node.lineno, f"`{name}()` reaches every name"))
        elif name in ("exec", "eval"):
            self._note_execution(node, name)
        elif name.startswith(("runpy.", "ctypes.pythonapi", "sys._getframe", "inspect.stack")):
            self.record.opaque.append((node.lineno, f"`{name}` may reach every name"))

    def _note_execution(self, node: ast.Call, name: str) -> None:
        """Walk literal text that is executed; any other may do anything."""
        text = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
        tree = parse_source(text) if isinstance(text, str | bytes) and len(node.args) == 1 else None
        if tree is None or self.scope.kind != "cell":
            self.record.opaque.append((node.lineno, f"`{name}` runs code that is not known"))
            return
        self.record.doubts.append((node.lineno, f"`{name}` runs code from text"))
        for statement in tree.body:
            self.visit_statement(ast.fix_missing_locations(_placed(statement, node.lineno)))

    def visit_statement(self, statement: ast.stmt) -> None:
        """Walk a statement."""
        raise NotImplementedError

    # ------------------------------------------------------------ the world outside

    def _note_surroundings(self, node: ast.Call, name: str) -> None:
        line = node.lineno
        uses = list(file_uses(node, self.context.imports, self.context.constants))
        self.record.files.update(uses)
        self.record.doubts += [(line, _about_file(use)) for use in uses]
        if known.SHELL.match(name):
            self.record.doubts.append((line, f"`{name}` runs another program"))
        if known.CLOCK.match(name):
            self.record.doubts.append((line, f"`{name}` gives another value at every run"))
        is_address = any(
            isinstance(a, ast.Constant) and isinstance(a.value, str) and "://" in a.value
            for a in node.args
        )
        if known.NETWORK.match(name) or (is_address and name.startswith("pandas.read_")):
            self.record.doubts.append((line, f"`{name}` reads from the network"))
        if name in ("input", "getpass.getpass"):
            self.record.doubts.append((line, f"`{name}()` asks a person"))

    def _note_random(self, node: ast.Call, name: str) -> None:
        module, _, last = name.rpartition(".")
        top = name.partition(".")[0]
        if known.SEEDING.search(name) and root(node.func) in self.context.imports:
            state = known.RANDOM_STATES.get(module, "" if module in ("", "numpy") else top)
            self.record.seeds.add(state or "random")
            return
        if module in known.RANDOM_STATES and last not in known.RANDOM_STATELESS:
            self._draw(known.RANDOM_STATES[module], node, certain=True)
        elif self._may_draw(node, top):
            self._draw("numpy.random", node, certain=False)

    def _may_draw(self, node: ast.Call, top: str) -> bool:
        if any(keyword.arg in ("random_state", "seed", "rng") for keyword in node.keywords):
            return False
        if isinstance(node.func, ast.Attribute) and node.func.attr in known.RANDOM_METHODS:
            return root(node.func) not in self.context.imports or top not in known.QUIET_LIBRARIES
        is_imported = root(node.func) in self.context.imports
        return is_imported and top not in known.QUIET_LIBRARIES | {"matplotlib", "random"}

    def _draw(self, state: str, node: ast.Call, *, certain: bool) -> None:
        self.record.draws.add(state)
        if certain:
            self.record.doubts.append((node.lineno, f"random numbers from `{state}`"))

    # ------------------------------------------------------------ objects

    def _note_changes(self, node: ast.Call, name: str) -> None:
        changed = [k.value for k in node.keywords if k.arg in known.DRAWN_ON]
        if name in known.CHANGING_CALLS:
            changed += node.args[known.CHANGING_CALLS[name] :][:1]
        for each in changed:
            self.touch_value(each, node.lineno)
        if isinstance(node.func, ast.Attribute):
            self._note_method(node, node.func, name)

    def _note_method(self, node: ast.Call, function: ast.Attribute, name: str) -> None:
        receiver = root(function.value, through_calls=True)
        if receiver in self.context.imports:
            self._note_class_method(node, name)
            return
        if function.attr in known.LOGGING_METHODS:  # loggers are everybody's
            self.record.seeds.add("logging")
        if function.attr in ("__enter__", "enter_context"):
            self.record.seeds.add("a context")
        if _is_changing(node, function.attr):
            self._touch_receiver(node, function)
        if not receiver:
            return
        if function.attr in known.KEEPING_METHODS:
            given = [n for a in node.args for n in shared(a, self.context.imports)]
            self.share(receiver, given)
            for argument in [*node.args, *(k.value for k in node.keywords)]:
                self._carry(receiver, argument)

    def _note_class_method(self, node: ast.Call, name: str) -> None:
        """Note `heapq.heappush(heap, item)`: the first argument then holds the others."""
        last = name.rpartition(".")[2]
        if not self.replaying and (
            self._changes_module(node, last) or known.SET_AND_TOLD.match(last)
        ):
            self.touch(root(node.func), node.lineno)
        if name.startswith(known.CHANGING_MODULES) and node.args:
            first = root(node.args[0])
            self.touch(first, node.lineno)
            if first:
                self.share(first, self.given(node) - {first})

    def _changes_module(self, node: ast.Call, method: str) -> bool:
        """Whether a call changes an object in a module: `rcParams.update(…)`."""
        if method not in known.SHALLOW_METHODS or not isinstance(node.func, ast.Attribute):
            return False
        inner = node.func.value
        is_object = isinstance(inner, ast.Name) and "." in self.context.imports.get(inner.id, "")
        return is_object or isinstance(inner, ast.Attribute)

    def touch_result(self, node: ast.Call) -> None:
        """Note that what a function gives is changed at once: `get().append(1)`."""
        callee = node.func.id if isinstance(node.func, ast.Name) else ""
        if callee and self._is_own(callee) and self.is_global(callee):
            names = {self.shadow(name) or self.mangled(name) for name in self.given(node)}
            passed = Pass(callee=callee, names=frozenset(names), is_changed=True)
            self.record.passes.add(passed)

    def _note_passes(self, node: ast.Call) -> None:
        """Note which functions of the notebook are given which objects."""
        given = self.given(node)
        callee = innermost(node.func)
        if callee and self._is_own(callee):
            self.pass_on(callee, given)
        others = set(given)
        if isinstance(node.func, ast.Attribute):
            receiver = root(node.func.value, through_calls=True)
            others |= {receiver} - {""} - self.context.imports.keys()
        for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
            if isinstance(argument, ast.Name) and argument.id in given:
                self.pass_on(argument.id, others - {argument.id})
            elif isinstance(argument, ast.Lambda) and self.lambda_body(argument).changes_arguments:
                for name in others:
                    self.touch(name, node.lineno)

    def pass_on(self, callee: str, given: set[str], *, thrown: bool = False) -> None:
        """Note that a function is given the objects of these names."""
        places = {self.shadow(name) or self.mangled(name) for name in given} - self.state.own
        if self.is_global(callee):
            self.record.passes.add(Pass(callee=callee, names=frozenset(places), thrown=thrown))
        elif thrown:  # an argument that is called, say: it may change what it is given
            for name in {callee, *given}:
                self.touch(name, 0)


def _is_changing(node: ast.Call, method: str) -> bool:
    if _inplace(node):
        return True
    if method in known.DRAWING_METHODS:
        return _draws(node, method)
    if method in known.HARMLESS_METHODS and method not in known.CHANGING_METHODS:
        return False
    return method in known.CHANGING_METHODS or method.startswith(known.CHANGING_PREFIXES)


def _inplace(node: ast.Call) -> bool:
    return any(k.arg == "inplace" and not _is_false(k.value) for k in node.keywords)


def _draws(node: ast.Call, method: str) -> bool:
    """Whether a drawing method is that of axes, which it changes: they are given data."""
    return method in known.DRAWING_METHODS and any(
        not isinstance(argument, ast.Constant) for argument in node.args
    )


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and not node.value


def _about_file(use: FileUse) -> str:
    verb = "writes" if use.writes else "reads"
    if "*" in use.path:
        return f"{verb} a file whose name is not literal"
    return f"{verb} the file {use.path}"


def _placed(statement: ast.stmt, line: int) -> ast.stmt:
    for node in ast.walk(statement):
        if isinstance(node, ast.stmt | ast.expr):
            node.lineno = node.end_lineno = line
    return statement
