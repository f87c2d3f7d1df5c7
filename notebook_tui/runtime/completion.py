"""Proposals for the word at the caret, from what is alive in the runtime and from the text of the cell.

Nothing of the user's runs for it: live objects are looked at statically, modules are listed and not imported. What
the cell defines above the caret and has not run yet comes from jedi, within a time budget and where it is installed.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from keyword import kwlist

from notebook_tui.runtime import module_names
from notebook_tui.runtime.caret import AttributeAt, KeyAt, MemberAt, ModuleAt, NameAt, caret
from notebook_tui.runtime.live import GETTERS, Kind, Member, kind_of, members, resolve, text_items, type_name
from notebook_tui.runtime.signature import keywords, signature_of, signature_of_call, signature_text
from notebook_tui.runtime.static_analysis import StaticNames, within_budget

KEYWORDS = (*kwlist, "match", "case")


@dataclass(frozen=True, slots=True)
class Item:
    """One proposal. `insert` takes the place of the identifier characters right before the caret."""

    label: str
    kind: Kind
    insert: str
    detail: str = ""
    """A signature, or the name of a type; may be empty."""


def complete(
    source: str, offset: int, namespace: Mapping[str, object], static_names: StaticNames = within_budget
) -> list[Item]:
    """All proposals for the caret at `offset`: same letter case first, `_private` names late, `__special__` last.

    None in comments, in strings (other than keys of live dictionaries), and where a new name is given.

    >>> [item.label for item in complete("pri", 3, {"price": 2}, lambda source, offset: {})]
    ['price', 'print']
    >>> complete("d['pr", 5, {"d": {"price": 2}})
    [Item(label='price', kind='attribute', insert="price']", detail='int')]
    """
    at = caret(source, offset)
    if at is None:
        return []
    if isinstance(at, KeyAt):
        return list(_keys(at, source[offset : offset + 1], namespace))
    fitting = _Fitting(at.prefix)
    match at:
        case NameAt():
            _add_names(fitting, at, namespace)
            fitting.add_kinds(static_names(source, offset))
        case AttributeAt(base):
            owner = resolve(base, namespace)
            if owner is not None:
                fitting.add_members(members(owner.value), "attribute")
            else:
                fitting.add_kinds(static_names(source, offset))
        case MemberAt(module):
            loaded = module_names.loaded_members(module)
            if loaded is not None:
                fitting.add_members(loaded, "variable")
            else:
                fitting.add_kinds(static_names(source, offset))
            fitting.add_kinds(dict.fromkeys(module_names.in_package(module), "module"))
        case ModuleAt(package):
            found = module_names.in_package(package) if package else module_names.top_level()
            fitting.add_kinds(dict.fromkeys(found, "module"))
    return fitting.ranked()


def _add_names(fitting: _Fitting, at: NameAt, namespace: Mapping[str, object]) -> None:
    called = signature_of_call(at.call, namespace) if at.call is not None else None
    if at.call is not None and called is not None:
        fitting.add_kinds({f"{name}=": "variable" for name in keywords(called, at.call)})
    for names in (namespace, vars(builtins)):
        fitting.add_members({name: Member(value) for name, value in text_items(dict(names)).items()}, "variable")
    fitting.add_kinds(dict.fromkeys(KEYWORDS, "keyword"))


class _Fitting:
    """The proposals that begin with what was typed, in either letter case; of two with one label, the first."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._folded = prefix.lower()
        self._items: dict[str, Item] = {}

    def add_members(self, found: Mapping[str, Member], otherwise: Kind) -> None:
        """`otherwise` is the kind of what is no function, class or module."""
        for name, member in found.items():
            if self._is_new(name):
                kind = kind_of(member.value, otherwise)
                self._items[name] = Item(name, kind, name, _detail(member, kind))

    def add_kinds(self, found: Mapping[str, Kind]) -> None:
        for name, kind in found.items():
            if self._is_new(name):
                self._items[name] = Item(name, kind, name)

    def _is_new(self, name: str) -> bool:
        return name not in self._items and name.lower().startswith(self._folded)

    def ranked(self) -> list[Item]:
        return sorted(self._items.values(), key=lambda item: self._rank(item.label))

    def _rank(self, label: str) -> tuple[bool, bool, bool, bool, str, str]:
        other_case = not label.startswith(self._prefix)
        return label.startswith("__"), label.startswith("_"), other_case, not label.endswith("="), label.lower(), label


def _detail(member: Member, kind: Kind) -> str:
    if kind in ("function", "class"):
        found = signature_of(member)
        return signature_text(found) if found is not None else ""
    # What a slot or a getter of the interpreter stands for would have to be asked for.
    return "" if kind == "module" or type(member.value) in GETTERS else type_name(member.value)


def _keys(at: KeyAt, following: str, namespace: Mapping[str, object]) -> Iterator[Item]:
    """The keys of a live dictionary, in its own order, closed with quote and bracket unless a quote follows."""
    owner = resolve(at.base, namespace)
    closing = "" if following == at.quote else at.quote if following == "]" else at.quote + "]"
    replaced = _IDENTIFIER_END.search(at.typed)
    assert replaced is not None
    for key, value in text_items(owner.value).items() if owner is not None else ():
        written = _in_quotes(key, at.quote)
        if written.startswith(at.typed):
            insert = written[replaced.start() :] + closing
            yield Item(key, "attribute", insert, type_name(value))


_IDENTIFIER_END = re.compile(r"\w*\Z")


def _in_quotes(key: str, quote: str) -> str:
    """What stands between such quotes in a source that means `key`."""
    text = repr(key)
    inner = text[1:-1].replace("\\'", "'") if text[0] == "'" else text[1:-1]
    return inner.replace(quote, "\\" + quote)
