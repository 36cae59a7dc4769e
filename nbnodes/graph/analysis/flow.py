"""A code cell's text becomes its CellFlow: what it reads, defines, changes and leaves in doubt."""

from __future__ import annotations

from nbnodes.graph.analysis.definitions import Replayed, replayed_in
from nbnodes.graph.analysis.record import CellFlow, Record, frozen
from nbnodes.graph.analysis.scopes import BUILTINS, Context, Scope
from nbnodes.graph.analysis.statements import StatementWalker
from nbnodes.graph.analysis.text import CellText, cell_text


def cell_flow(source: str, context: Context | None = None, *, may_fail: bool = False) -> CellFlow:
    """Analyse one cell.

    Args:
        source: Its text.
        context: What is known of the rest of its notebook.
        may_fail: Whether the notebook goes on if the cell raises, wherever it does.
    """
    text = cell_text(source)
    context = context or Context(imports=own_imports(text))
    return flow_of(text, replayed_in(text, context), context, may_fail=may_fail)


def flow_of(
    text: CellText, replayed: tuple[Replayed, ...], context: Context, *, may_fail: bool = False
) -> CellFlow:
    """Analyse a cell whose text was taken apart."""
    walker = StatementWalker(context, Scope(kind="cell"))
    walker.magics = text.magics
    repeated = {each.line for each in replayed if each.is_setting}
    for statement in text.tree.body:
        walker.replaying = statement.lineno in repeated
        walker.visit_statement(statement)
    record = walker.record
    record.opaque += text.opaque
    record.doubts += text.doubts
    record.files.update(text.files)
    record.words |= text.words
    certain = frozenset(walker.state.certain)
    if walker.state.is_dead or may_fail or not text.binds:
        certain = frozenset() if not walker.state.is_dead else frozenset(record.stores)
        certain = frozenset() if may_fail or not text.binds else certain
    stores = frozenset(record.stores | text.stores) if text.binds else frozenset()
    return _frozen(record, stores, certain | (text.stores if not may_fail else frozenset()))


def own_imports(text: CellText) -> dict[str, str]:
    """Map the names that a cell imports to what they stand for."""
    from nbnodes.graph.analysis.definitions import imported_names

    return imported_names([text.tree])


def _frozen(record: Record, stores: frozenset[str], certain: frozenset[str]) -> CellFlow:
    known_names = record.uses.keys() | stores
    touched = {name: line for name, line in record.touches.items() if name in known_names}
    return CellFlow(
        reads=frozenset(record.reads),
        defines=stores & certain,
        may_define=stores - certain,
        deletes=frozenset(record.deletes) - certain,
        mutates=frozen({n: line for n, line in touched.items() if n in record.reads}),
        touches=frozen(touched),
        uses=frozen(record.uses),
        words=frozenset(record.words) - BUILTINS,
        shallow=frozenset(touched) - record.deep,
        aliases=_unmarked(record.aliases),
        copies=_unmarked(record.copies | record.aliases) - _unmarked(record.aliases),
        carries=frozenset(record.carries),
        keeps=frozen(record.keeps),
        bodies=frozen({name: tuple(found) for name, found in record.bodies.items()}),
        passes=frozenset(record.passes),
        stars=tuple(record.stars),
        effects=record.effects,
    )


def _unmarked(pairs: set[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Leave marked names out: what two names share with a marked one, they share."""
    marked = {name for pair in pairs for name in pair if "@" in name}
    found = {pair for pair in pairs if not marked & set(pair)}
    for name in marked:
        others = sorted({n for pair in pairs if name in pair for n in pair} - marked)
        found |= {(others[0], other) for other in others[1:]}
    return frozenset(found)
