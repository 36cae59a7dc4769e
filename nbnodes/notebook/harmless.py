"""What cells may use and leave no trace in their process: syntax, builtins, modules, methods.

What is not listed is not known to be harmless. None of it can make a class, reach a frame, or get
an attribute that a text names; nothing that lives on in the process can be changed by it.
"""

from __future__ import annotations

import ast
import builtins
import datetime as dt
import re
from collections import ChainMap, Counter, OrderedDict, defaultdict, deque
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

SYNTAX = (
    *(ast.Module, ast.FunctionDef, ast.Lambda, ast.arguments, ast.arg, ast.Return, ast.Delete),
    *(ast.Assign, ast.AugAssign, ast.AnnAssign, ast.For, ast.While, ast.If, ast.Raise, ast.Try),
    *(ast.ExceptHandler, ast.Assert, ast.Import, ast.ImportFrom, ast.alias, ast.Global),
    *(ast.Nonlocal, ast.Expr, ast.Pass, ast.Break, ast.Continue, ast.Match, ast.match_case),
    *(ast.MatchValue, ast.MatchSingleton, ast.MatchSequence, ast.MatchMapping, ast.MatchStar),
    *(ast.MatchAs, ast.MatchOr, ast.BoolOp, ast.NamedExpr, ast.BinOp, ast.UnaryOp, ast.IfExp),
    *(ast.Dict, ast.Set, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Yield),
    *(ast.YieldFrom, ast.Compare, ast.Call, ast.FormattedValue, ast.JoinedStr, ast.Constant),
    *(ast.Attribute, ast.Subscript, ast.Starred, ast.Name, ast.List, ast.Tuple, ast.Slice),
    *(ast.comprehension, ast.keyword, ast.expr_context, ast.boolop, ast.operator, ast.unaryop),
    ast.cmpop,
)
_ERRORS = frozenset(  # no warnings, and nothing that ends more than a cell
    name
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, Exception) and not issubclass(kind, Warning)
)
BUILTINS: AbstractSet[str] = _ERRORS | {
    *("abs", "all", "any", "ascii", "bin", "bool", "bytearray", "bytes", "callable", "chr"),
    *("complex", "dict", "divmod", "enumerate", "filter", "float", "format", "frozenset", "hash"),
    *("hex", "int", "isinstance", "issubclass", "iter", "len", "list", "map", "max", "min", "next"),
    *("object", "oct", "ord", "pow", "print", "range", "repr", "reversed", "round", "set", "slice"),
    *("sorted", "str", "sum", "tuple", "zip", "Ellipsis", "NotImplemented"),
}
_TYPING = {  # in annotations only, and of constants: what `typing` caches is then always the same
    *("Annotated", "Any", "Callable", "Dict", "FrozenSet", "Iterable", "Iterator", "List"),
    *("Literal", "Mapping", "Optional", "Sequence", "Set", "Tuple", "Union"),
}
IN_ANNOTATIONS = (
    *(ast.Name, ast.Load, ast.Constant, ast.Subscript, ast.Tuple, ast.List, ast.Attribute),
    *(ast.BinOp, ast.BitOr),
)
_ALL = None
MODULES: Mapping[str, AbstractSet[str] | None] = {
    "bisect": {"bisect", "bisect_left", "bisect_right", "insort", "insort_left", "insort_right"},
    "cmath": _ALL,
    "collections": {"ChainMap", "Counter", "OrderedDict", "defaultdict", "deque"},
    "copy": {"copy", "deepcopy"},
    "datetime": {"MAXYEAR", "MINYEAR", "UTC", "date", "datetime", "time", "timedelta", "timezone"},
    "fractions": {"Fraction"},
    "functools": {"cache", "cmp_to_key", "lru_cache", "partial", "reduce"},  # `wraps` changes what
    "heapq": {"heapify", "heappop", "heappush", "heappushpop", "merge", "nlargest", "nsmallest"},
    "itertools": _ALL,
    "json": {"JSONDecodeError", "dumps", "loads"},
    "math": _ALL,
    "operator": {
        *("abs", "add", "and_", "concat", "contains", "countOf", "eq", "floordiv", "ge", "getitem"),
        *("gt", "indexOf", "inv", "invert", "is_", "is_not", "itemgetter", "le", "lshift", "lt"),
        *("matmul", "mod", "mul", "ne", "neg", "not_", "or_", "pos", "pow", "rshift", "sub"),
        *("truediv", "truth", "xor"),  # `attrgetter` and `methodcaller` reach what text names
    },
    "re": {
        *("A", "ASCII", "I", "IGNORECASE", "M", "MULTILINE", "S", "DOTALL", "X", "VERBOSE"),
        *("compile", "error", "escape", "findall", "finditer", "fullmatch", "match", "search"),
        *("split", "sub", "subn"),
    },
    "statistics": {
        *("StatisticsError", "correlation", "covariance", "fmean", "geometric_mean"),
        *("harmonic_mean", "linear_regression", "mean", "median", "median_grouped", "median_high"),
        *("median_low", "mode", "multimode", "pstdev", "pvariance", "quantiles", "stdev"),
        "variance",
    },
    "string": {
        *("ascii_letters", "ascii_lowercase", "ascii_uppercase", "capwords", "digits"),
        *("hexdigits", "octdigits", "printable", "punctuation", "whitespace"),
    },
    "time": {"monotonic", "perf_counter", "sleep", "time"},
    "typing": _TYPING,
}
_KINDS: tuple[Any, ...] = (
    *(str, bytes, bytearray, int, float, complex, list, tuple, dict, set, frozenset, range, slice),
    *(ChainMap, Counter, OrderedDict, defaultdict, deque, re.Pattern, re.Match),
    *(dt.date, dt.datetime, dt.time, dt.timedelta, dt.timezone),
)
_PUBLIC = frozenset(name for kind in _KINDS for name in dir(kind) if not name.startswith("_"))
METHODS: AbstractSet[str] = _PUBLIC - {"format", "format_map"} | {
    *("args", "value", "send", "close", "throw"),  # of errors and generators, but not their frames
    *("cache_clear", "cache_info", "slope", "intercept", "limit_denominator"),
    *("msg", "pos", "lineno", "colno", "doc"),  # of errors of json
}
