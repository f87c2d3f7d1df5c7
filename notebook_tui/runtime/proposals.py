"""The list of proposals: what fits the word that is being typed, each label once, in the order in which it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, Literal, TypeAlias

from beamlike.kernel.record import frozen
from notebook_tui.runtime.live import GETTERS, Kind, Member, is_exactly, kind_of, type_name
from notebook_tui.runtime.signature import signature_of, signature_text

MOST: Final = 10_000
"""Proposals of one list."""
MOST_DETAILS: Final = 200
"""Of a longer list only so many, the first, have a detail: a signature takes as long as a hundred names."""

_ORDER: Final[tuple[Kind, ...]] = ("variable", "attribute", "function", "class", "module", "keyword")

Group: TypeAlias = Literal["argument", "local", "shared", "builtin", "keyword"]
_GROUPS: Final[tuple[Group, ...]] = ("argument", "local", "shared", "builtin", "keyword")
"""In this order."""


@frozen
class Item:
    """One proposal. `insert` takes the place of the identifier characters right before the caret."""

    label: str
    kind: Kind
    insert: str
    detail: str = ""
    """A signature, or the name of a type; may be empty."""


@frozen
class _Found:
    item: Item
    group: int
    member: Member | None


class Proposals:
    """Those that begin with what was typed, in either letter case. Of two with one label, the first that came.

    >>> found = Proposals("pr")
    >>> found.add_kinds({"print": "function", "price": "variable", "Product": "class", "other": "variable"})
    >>> [item.label for item in found.ranked()]
    ['price', 'print', 'Product']
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._folded = prefix.lower()
        self._found: dict[str, _Found] = {}

    def add_members(self, found: Mapping[str, Member], otherwise: Kind, group: Group = "shared") -> None:
        """`otherwise` is the kind of what is no function, class or module."""
        for name, member in found.items():
            if self._is_new(name):
                self._add(Item(name, kind_of(member.value, otherwise), name), group, member)

    def add_kinds(self, found: Mapping[str, Kind], group: Group = "shared") -> None:
        for name, kind in found.items():
            if self._is_new(name):
                self._add(Item(name, kind, name), group)

    def _add(self, item: Item, group: Group, member: Member | None = None) -> None:
        self._found[item.label] = _Found(item, _GROUPS.index(group), member)

    def _is_new(self, name: str) -> bool:
        return name not in self._found and name.lower().startswith(self._folded)

    def __len__(self) -> int:
        return len(self._found)

    def ranked(self) -> list[Item]:
        """The same letter case first, `_private` names late, `__special__` last; then by group, kind and name."""
        found = sorted(self._found.values(), key=self._rank)[:MOST]
        return [_with_detail(it) for it in found[:MOST_DETAILS]] + [it.item for it in found[MOST_DETAILS:]]

    def _rank(self, found: _Found) -> tuple[bool, bool, bool, int, int, str, str]:
        label = found.item.label
        other_case = not label.startswith(self._prefix)
        kind = _ORDER.index(found.item.kind)
        return label[:2] == "__", label[:1] == "_", other_case, found.group, kind, label.lower(), label


def _with_detail(found: _Found) -> Item:
    return replace(found.item, detail=_detail(found.member, found.item.kind)) if found.member else found.item


def _detail(member: Member, kind: Kind) -> str:
    if kind in ("function", "class"):
        found = signature_of(member)
        return signature_text(found) if found is not None else ""
    # What a slot or a getter of the interpreter stands for would have to be asked for.
    return "" if kind == "module" or is_exactly(member.value, GETTERS) else type_name(member.value)
