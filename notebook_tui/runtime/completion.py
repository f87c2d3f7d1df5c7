"""Proposals for the word at the caret, from what is alive in the runtime and from the text of the cell.

Nothing of the user's runs for it: live objects are looked at statically, modules are listed and not imported. What
the text defines above the caret and has not run yet is read from its tokens, at once, and found by jedi, where that is
installed and within a budget: what is alive never waits long for it.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Collection, Iterator, Mapping
from inspect import Signature
from keyword import kwlist

from notebook_tui.runtime import module_names
from notebook_tui.runtime.assigned import class_of_assigned, is_builtin
from notebook_tui.runtime.budget import WithinBudget
from notebook_tui.runtime.caret import AttributeAt, CallAt, KeyAt, MemberAt, ModuleAt, NameAt, TextAt, caret
from notebook_tui.runtime.columns import columns, has_columns_as_attributes, text_keys
from notebook_tui.runtime.live import Kind, Member, ancestry, kind_of, members, members_of_instance, resolve, type_name
from notebook_tui.runtime.paths import entries, is_path
from notebook_tui.runtime.proposals import MOST, Item, Proposals
from notebook_tui.runtime.signature import keywords, signature_of_call
from notebook_tui.runtime.static_analysis import StaticNames, within_budget
from notebook_tui.runtime.text_names import TextNames, text_names
from notebook_tui.runtime.visible import visible
from notebook_tui.runtime.written import written

__all__ = ["KEYWORDS", "Item", "complete"]

KEYWORDS = (*kwlist, "match", "case", "type")


def complete(
    source: str,
    offset: int,
    namespace: Mapping[str, object],
    static_names: StaticNames = within_budget,
    *,
    above: str = "",
    hidden: Collection[str] = (),
) -> list[Item]:
    """All proposals for the caret at `offset`, in the order of `Proposals`.

    `above` is the text of cells above that has not run as it stands, `hidden` are names that the cell does not see.
    None in comments, in strings (other than keys of live objects, and paths), and where a new name is given.

    >>> [item.label for item in complete("pri", 3, {"price": 2}, lambda source, offset: {})]
    ['price', 'print']
    >>> complete("d['pr", 5, {"d": {"price": 2}})
    [Item(label='price', kind='attribute', insert="price']", detail='int')]
    """
    at = caret(source, offset)
    match at:
        case None:
            return []
        case TextAt():
            return _paths(at, source[offset : offset + 1])
        case ModuleAt(package, prefix):
            fitting = Proposals(prefix)
            found = module_names.in_package(package) if package else module_names.top_level()
            fitting.add_kinds(dict.fromkeys(found, "module"))
            return fitting.ranked()
    text = f"{above}\n{source}" if above else source
    shift = len(text) - len(source)
    from_text = text_names(text, shift + offset)
    names = visible(namespace, hidden, from_text)
    if isinstance(at, KeyAt):
        return list(_keys(at, source[offset : offset + 1], names))
    fitting = Proposals(at.prefix)
    ask = _Static(text, shift + offset, at.prefix, static_names)
    match at:
        case NameAt():
            _add_names(fitting, at, names, from_text, ask)
        case AttributeAt(base):
            _add_attributes(fitting, base, names, from_text, ask)
        case MemberAt(module):
            loaded = module_names.loaded_members(module)
            fitting.add_members(loaded or {}, "variable")
            fitting.add_kinds(dict.fromkeys(module_names.in_package(module), "module"))
            if loaded is None:
                fitting.add_kinds(ask.patiently())
    return fitting.ranked()


_HIDES_NAMES = re.compile(r"\blambda\b|[(\[{,][^\n]*\bfor\b|\bimport\s*\*")
"""A text of which the tokens do not tell all names: it may have comprehensions, lambdas, or import all of a module."""


class _Static:
    """The question to jedi: what could stand there, whatever has been typed of it. So its answer lasts for the word."""

    def __init__(self, text: str, offset: int, prefix: str, names: StaticNames) -> None:
        begin = offset - len(prefix)
        self.text = text
        self._question = text[:begin] + text[offset:], begin
        self._names = names

    def patiently(self) -> Mapping[str, Kind]:
        return self._names(*self._question)

    def briefly(self) -> Mapping[str, Kind]:
        """Where there are answers without it."""
        names = self._names.briefly if isinstance(self._names, WithinBudget) else self._names
        return names(*self._question)


def _add_names(fitting: Proposals, at: NameAt, names: Mapping[str, object], from_text: TextNames, ask: _Static) -> None:
    called = _called(at.call, names, from_text, ask.text) if at.call is not None else None
    if at.call is not None and called is not None:
        fitting.add_kinds({f"{name}=": "variable" for name in keywords(called, at.call)}, "argument")
    if at.role:
        _add_fit_for(at.role, fitting, names, from_text)
        return
    fitting.add_kinds({name: bound.kind for name, bound in from_text.local.items()}, "local")
    fitting.add_members({name: Member(value) for name, value in names.items()}, "variable")
    fitting.add_kinds({name: bound.kind for name, bound in from_text.shared.items()})
    known = vars(builtins)
    hides_names = called is None and (at.call is not None or _HIDES_NAMES.search(ask.text) is not None)
    for name, kind in ask.briefly().items() if hides_names else ():
        if name.endswith("="):
            fitting.add_kinds({name: kind}, "argument")
        elif name not in known and kind != "keyword":
            fitting.add_kinds({name: kind})
    fitting.add_members({name: Member(value) for name, value in known.items()}, "variable", "builtin")
    fitting.add_kinds(dict.fromkeys(KEYWORDS, "keyword"), "keyword")


def _called(call: CallAt, names: Mapping[str, object], from_text: TextNames, text: str) -> Signature | None:
    live = signature_of_call(call, names)
    not_run = written(text, from_text.find(call.function)) if live is None else None
    return not_run.signature if not_run is not None else live


def _add_fit_for(role: str, fitting: Proposals, names: Mapping[str, object], from_text: TextNames) -> None:
    """What may be raised or caught, or be a decorator: no other names, and no keywords."""
    bound = {**from_text.shared, **from_text.local}
    unfit = "function" if role == "exception" else "variable"
    fitting.add_kinds({name: it.kind for name, it in bound.items() if name not in names and it.kind != unfit})
    fitting.add_members({name: Member(value) for name, value in names.items() if _is_fit(role, value)}, "variable")
    known = {name: Member(value) for name, value in vars(builtins).items() if _is_fit(role, value)}
    fitting.add_members(known, "variable", "builtin")


def _is_fit(role: str, value: object) -> bool:
    kind = kind_of(value, "variable")
    if kind == "module" or role == "decorator":
        return kind != "variable"
    of = value if kind == "class" else type(value)
    return any(one is BaseException for one in ancestry(of))


def _add_attributes(
    fitting: Proposals, base: str, names: Mapping[str, object], from_text: TextNames, ask: _Static
) -> None:
    owner = resolve(base, names)
    if owner is not None:
        fitting.add_members(members(owner.value), "attribute")
        if has_columns_as_attributes(owner.value):
            fitting.add_kinds({name: "attribute" for name in columns(owner.value) if name.isidentifier()})
    bound = from_text.find(base.partition(".")[0].strip())
    # The text may bind the name anew, and that has not run.
    anew = bound is not None and not bound.module
    kind = None
    if bound is not None and anew and from_text.find(base) is bound:
        kind = class_of_assigned(ask.text, bound.start, names)
    if kind is not None:
        fitting.add_members(members_of_instance(kind), "attribute")
    if owner is None and kind is None:
        fitting.add_kinds(ask.patiently())
    elif anew and (kind is None or not is_builtin(kind)):
        fitting.add_kinds(ask.briefly())


def _keys(at: KeyAt, following: str, names: Mapping[str, object]) -> Iterator[Item]:
    """The keys of a live object, in its own order, closed with quote and bracket unless a quote follows."""
    owner = resolve(at.base, names)
    closing = "" if following == at.quote else at.quote if following == "]" else at.quote + "]"
    count = 0
    for key, value in text_keys(owner.value).items() if owner is not None else ():
        written = _in_quotes(key, at.quote)
        if written.startswith(at.typed):
            yield Item(key, "attribute", written[_identifier_end(at.typed) :] + closing, type_name(value))
            count += 1
            if count == MOST:
                return


def _paths(at: TextAt, following: str) -> list[Item]:
    if not is_path(at.typed, at.function):
        return []
    begin = at.typed.rpartition("/")[0]
    begin = f"{begin}/" if "/" in at.typed else ""
    items = []
    for name, is_folder in entries(at.typed):
        written = _in_quotes(begin + name, at.quote)
        if written.startswith(at.typed):
            closing = "/" if is_folder else "" if following == at.quote else at.quote
            label = f"{name}/" if is_folder else name
            items.append(Item(label, "attribute", written[_identifier_end(at.typed) :] + closing))
    return items


def _identifier_end(typed: str) -> int:
    """Where the identifier characters begin that stand at its end: what is inserted takes their place."""
    found = re.search(r"\w*\Z", typed)
    assert found is not None
    return found.start()


def _in_quotes(key: str, quote: str) -> str:
    """What stands between such quotes in a source that means `key`."""
    text = repr(key)
    inner = text[1:-1].replace("\\'", "'") if text[0] == "'" else text[1:-1]
    return inner.replace(quote, "\\" + quote)
