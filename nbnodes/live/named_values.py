"""What a node is given: its own values with their names, and what its located key was made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nbnodes.cache.key import KeyParts


@dataclass(frozen=True, slots=True)
class FromNode:
    """Stands for the value of a node where only its digest counts."""

    name: str

    def __repr__(self) -> str:
        return f"from {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocatedInputs:
    """What a located key was made of.

    Attributes:
        parts: The key's parts.
        own: The node's own values.
        fed: For each parameter that a node feeds: that node, the key of its Result, the part.
        is_lasting: Whether the key holds in other processes.
        deep: The deep key that answers the same; "" where there is none.
    """

    parts: KeyParts
    own: Mapping[str, Any]
    fed: Mapping[str, tuple[str, str, str]]
    is_lasting: bool
    deep: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedValues:
    """A node's own values, named.

    Attributes:
        values: By parameter.
        digests: The same.
        is_lasting: Whether other processes would name them so.
    """

    values: Mapping[str, Any]
    digests: Mapping[str, str]
    is_lasting: bool
