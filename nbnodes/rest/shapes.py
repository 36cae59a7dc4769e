"""A JSON Schema becomes a check of a value that was read from JSON: its shape, quickly. Pure.

It knows what `json_types` writes. What types check as strictly as the schema says it (what is a
multiple of what, an author's own pattern, which days a month has) is left to them; what they take
more lightly is refused here: "7" or true for a number, 1 for true, a number for a date. An own
check, as jsonschema's takes 5 µs for each element: minutes for what a body may hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from nbnodes.rest.json_types import PATTERNS

Check: TypeAlias = Callable[[Any], str]
"""Says of a value what is wrong with it; "" for nothing."""


def shape_check(schema: Mapping[str, Any]) -> Check:
    """Compile a schema."""
    makers = dict.fromkeys(make for key, make in _MAKERS.items() if key in schema)
    checks = [make(schema) for make in makers]
    if not checks:
        return _anything
    if len(checks) == 1:
        return checks[0]

    def check(value: Any) -> str:
        for one in checks:
            problem = one(value)
            if problem:
                return problem
        return ""

    return check


def _anything(_value: Any) -> str:
    return ""


def _type(schema: Mapping[str, Any]) -> Check:
    names = [schema["type"]] if isinstance(schema["type"], str) else list(schema["type"])
    exact = frozenset(kind for name in names for kind in _TYPES[name])
    takes_whole = "integer" in names
    wanted = " or ".join(_WORDS[name] for name in names)

    def check(value: Any) -> str:
        kind = type(value)
        if kind in exact or (takes_whole and kind is float and value.is_integer()):
            return ""
        return f"it must be {wanted}, not {_word(value)}"

    return check


def _enum(schema: Mapping[str, Any]) -> Check:
    allowed = schema["enum"] if "enum" in schema else [schema["const"]]
    known = {_identity(one) for one in allowed}
    text = f"it must be {' or '.join(repr(one) for one in allowed)}"
    return lambda value: "" if type(value) in _SCALARS and _identity(value) in known else text


def _any_of(schema: Mapping[str, Any]) -> Check:
    checks = [shape_check(one) for one in schema.get("anyOf") or schema["oneOf"]]

    def check(value: Any) -> str:
        problems = []
        for one in checks:
            problem = one(value)
            if not problem:
                return ""
            problems.append(problem)
        return "; or ".join(dict.fromkeys(problems))

    return check


def _all_of(schema: Mapping[str, Any]) -> Check:
    checks = [shape_check(one) for one in schema["allOf"]]
    return lambda value: next(filter(None, (one(value) for one in checks)), "")


def _not(_schema: Mapping[str, Any]) -> Check:
    return lambda _value: "no JSON can stand for it; leave it out"


def _pattern(schema: Mapping[str, Any]) -> Check:
    # an author's own is left to pydantic, whose search is linear in the text
    if schema["pattern"] not in PATTERNS.values():
        return _anything
    matched = re.compile(schema["pattern"].removesuffix("$") + r"\Z").match
    text = f"it must be text like {_LIKE.get(schema.get('format', ''), schema['pattern'])}"
    return lambda value: text if type(value) is str and not matched(value) else ""


def _bounds(schema: Mapping[str, Any]) -> Check:
    tests = [(name, schema[name]) for name in _BOUNDS if name in schema]

    def check(value: Any) -> str:
        for name, bound in tests:
            kinds, is_right, words = _BOUNDS[name]
            if type(value) in kinds and not is_right(value, bound):
                return f"{words} {bound}"
        return ""

    return check


def _items(schema: Mapping[str, Any]) -> Check:
    first = [shape_check(one) for one in schema.get("prefixItems", ())]
    rest = shape_check(schema.get("items") or {})

    def check(value: Any) -> str:
        if type(value) is not list:
            return ""
        for i, element in enumerate(value):
            problem = (first[i] if i < len(first) else rest)(element)
            if problem:
                return f"[{i}] {problem}"
        return ""

    return _anything if rest is _anything and not first else check


def _unique(schema: Mapping[str, Any]) -> Check:
    def check(value: Any) -> str:
        if type(value) is not list or not schema["uniqueItems"]:
            return ""
        try:
            is_unique = len({_identity(one) for one in value}) == len(value)
        except RecursionError:
            return "its elements are nested too deep"
        return "" if is_unique else "its elements must differ from each other"

    return check


def _members(schema: Mapping[str, Any]) -> Check:
    inner = schema.get("additionalProperties", {})
    of_value = shape_check(inner if isinstance(inner, Mapping) else {})
    of_name = shape_check(schema.get("propertyNames", {}))
    known = schema.get("properties", {})

    def check(value: Any) -> str:
        for name, one in value.items() if type(value) is dict else ():
            problem = of_name(name) or (of_value(one) if name not in known else "")
            if problem:
                return f"[{name!r}] {problem}"
        return ""

    return check


def _identity(value: Any) -> Any:
    """Return what is equal for values that are equal in JSON: 1 and 1.0, but not true."""
    if type(value) is list:
        return ("list", *map(_identity, value))
    if type(value) is dict:
        return ("dict", frozenset((name, _identity(one)) for name, one in value.items()))
    return (type(value) is bool, value)


def _word(value: Any) -> str:
    return next((_WORDS[name] for name, kinds in _TYPES.items() if type(value) in kinds), "that")


_TYPES: Mapping[str, Sequence[type]] = {
    "null": (type(None),),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
    "array": (list,),
    "object": (dict,),
}
_WORDS = {
    "null": "null",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "array": "a list",
    "object": "an object",
}
_LIKE = {
    "date": "2001-02-03",
    "date-time": "2001-02-03T04:05:06",
    "time": "04:05:06",
    "duration": "PT1H30M",
    "uuid": "12345678-1234-1234-1234-123456789abc",
    "fraction": "2/3",
}
_SCALARS = frozenset({type(None), bool, int, float, str})
_NUMBERS, _TEXT, _LIST = (int, float), (str,), (list,)
_Bound: TypeAlias = tuple[Iterable[type], Callable[[Any, Any], bool], str]
_BOUNDS: Mapping[str, _Bound] = {
    "minimum": (_NUMBERS, lambda value, bound: value >= bound, "it must be at least"),
    "maximum": (_NUMBERS, lambda value, bound: value <= bound, "it must be at most"),
    "exclusiveMinimum": (_NUMBERS, lambda value, bound: value > bound, "it must be more than"),
    "exclusiveMaximum": (_NUMBERS, lambda value, bound: value < bound, "it must be less than"),
    "minLength": (_TEXT, lambda value, bound: len(value) >= bound, "its length is at least"),
    "maxLength": (_TEXT, lambda value, bound: len(value) <= bound, "its length is at most"),
    "minItems": (_LIST, lambda value, bound: len(value) >= bound, "its length is at least"),
    "maxItems": (_LIST, lambda value, bound: len(value) <= bound, "its length is at most"),
}
_MAKERS: Mapping[str, Callable[[Mapping[str, Any]], Check]] = {
    "type": _type,
    "not": _not,
    "enum": _enum,
    "const": _enum,
    "anyOf": _any_of,
    "oneOf": _any_of,
    "allOf": _all_of,
    "pattern": _pattern,
    **dict.fromkeys(_BOUNDS, _bounds),
    "items": _items,
    "prefixItems": _items,
    "uniqueItems": _unique,
    "additionalProperties": _members,
    "propertyNames": _members,
}
