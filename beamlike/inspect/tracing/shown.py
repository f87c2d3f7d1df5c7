"""Values as short texts, without a line of the user's code being run: what is shown of a message or an argument.

The `repr` of a class may be slow, wrong or hostile, and a trace calls it in the middle of what the service does. So
only what Python itself makes is looked into, by its exact type; of anything else the class is named.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from types import BuiltinFunctionType, FunctionType, MemberDescriptorType, ModuleType
from typing import Any, Final

from beamlike.kernel.question import Question
from beamlike.kernel.terms import Alias, Pid, Ref

LONGEST: Final = 120
_ITEMS: Final = 6
_DEPTH: Final = 3
_BITS: Final = 256
_OURS: Final = ("beamlike.", "nodes.", "flame.")
_BRACKETS: Final[dict[type, tuple[str, str]]] = {
    tuple: ("(", ")"),
    list: ("[", "]"),
    set: ("{", "}"),
    frozenset: ("{", "}"),
}


def shown(value: Any, longest: int = LONGEST) -> str:
    """At most `longest` characters.

    >>> shown(("order", 7, {"items": [1, 2]}))
    "('order', 7, {'items': [1, 2]})"
    >>> class Hostile:
    ...     def __repr__(self): raise SystemExit
    >>> shown([Hostile(), "x" * 300], 60)
    "[<beamlike.inspect.tracing.shown.Hostile>, 'xxxxxxxxxxxxxxx…"
    """
    text = _shown(value, longest, _DEPTH)
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def shown_arguments(args: tuple[Any, ...], kwargs: dict[str, Any], longest: int = LONGEST) -> str:
    """
    >>> shown_arguments((1, "a"), {"key": None})
    "1, 'a', key=None"
    """
    parts = [shown(each, longest) for each in args[:_ITEMS]]
    parts += [f"{name}={shown(each, longest)}" for name, each in islice(kwargs.items(), _ITEMS)]
    text = ", ".join(parts) + (", …" if len(args) > _ITEMS or len(kwargs) > _ITEMS else "")
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def hidden_arguments(args: tuple[Any, ...], kwargs: dict[str, Any], longest: int = LONGEST) -> str:
    """The same for who is not to see the values: of which types they are.

    >>> hidden_arguments((1, "a"), {"key": None})
    '<int>, <str>, key=<NoneType>'
    """
    parts = [hidden(each) for each in args[:_ITEMS]]
    parts += [f"{name}={hidden(each)}" for name, each in islice(kwargs.items(), _ITEMS)]
    text = ", ".join(parts) + (", …" if len(args) > _ITEMS or len(kwargs) > _ITEMS else "")
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def hidden(value: Any) -> str:
    return f"<{_name(type(value))}>"


def shown_error(error: BaseException, longest: int = LONGEST) -> str:
    """
    >>> shown_error(ValueError("no such order", 7))
    "ValueError('no such order', 7)"
    """
    text = f"{_name(type(error))}({shown_arguments(_arguments_of(error), {}, longest)})"
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


_arguments_of: Final[Any] = BaseException.__dict__["args"].__get__


def _shown(value: Any, longest: int, depth: int) -> str:
    kind = type(value)
    if kind is str or kind is bytes or kind is bytearray:
        return repr(value[:longest]) if len(value) > longest else repr(value)
    if kind is int:
        return repr(value) if value.bit_length() <= _BITS else f"<int of {value.bit_length()} bits>"
    if value is None or value is ... or kind in (bool, float, complex, Pid, Ref) or kind is Alias:
        return repr(value)
    if issubclass(kind, Question):
        return f"{_name(kind).rpartition('.')[2]}({_shown(value.request, longest, depth - 1)})"
    if kind in _BRACKETS:
        return _sequence(value, longest, depth)
    if kind is dict:
        return _dictionary(value, longest, depth)
    if kind is FunctionType or kind is BuiltinFunctionType:
        return f"<function {value.__qualname__}>"
    if kind is ModuleType:
        return "<module>"
    if issubclass(kind, type):
        return f"<class {_name(value)}>"
    return _record(value, kind, longest, depth) or f"<{_name(kind)}>"


def _sequence(value: Any, longest: int, depth: int) -> str:
    opening, closing = _BRACKETS[type(value)]
    if depth <= 0 and value:
        return f"{opening}… {len(value)}{closing}"
    parts = [_shown(each, longest, depth - 1) for each in islice(value, _ITEMS)]
    more = f", … {len(value)}" if len(value) > _ITEMS else "," if len(value) == 1 and type(value) is tuple else ""
    return f"{opening}{', '.join(parts)}{more}{closing}"


def _dictionary(value: dict[Any, Any], longest: int, depth: int) -> str:
    if depth <= 0 and value:
        return f"{{… {len(value)}}}"
    # Copied in one step: another thread may be changing it.
    items: Iterable[tuple[Any, Any]] = islice(value.copy().items(), _ITEMS)
    parts = [f"{_shown(key, longest, depth - 1)}: {_shown(each, longest, depth - 1)}" for key, each in items]
    more = f", … {len(value)}" if len(value) > _ITEMS else ""
    return f"{{{', '.join(parts)}{more}}}"


def _record(value: Any, kind: type, longest: int, depth: int) -> str:
    """Our own frozen records, such as Down, by their slots; empty for any other. What their own `repr` keeps to itself,
    such as a secret, is not shown here either.

    >>> from beamlike.distribution.secret import Secret
    >>> shown(Secret(b"swordfish"))
    "Secret('give the other the one that this node was given by its program, as `secret=`', 'evaluate')"
    """
    names = _of(kind, "__slots__")
    if not _module(kind).startswith(_OURS) or type(names) is not tuple or depth <= 0:
        return ""
    parts: list[str] = []
    for name in names:
        if len(parts) == _ITEMS or not _may_show(kind, name):
            continue
        slot = _of(kind, name)
        if type(slot) is not MemberDescriptorType:
            return ""
        try:
            parts.append(_shown(slot.__get__(value, kind), longest, depth - 1))
        except AttributeError:  # nothing was put there
            parts.append("-")
    return f"{_name(kind).rpartition('.')[2]}({', '.join(parts)})"


def _may_show(kind: type, name: str) -> bool:
    if name.startswith("_"):
        return False
    declared = (_of(kind, "__dataclass_fields__") or {}).get(name)
    return declared is None or bool(declared.repr)


def _name(kind: type) -> str:
    """Past whatever a metaclass says: `type` keeps them in slots of its own."""
    module = _module(kind)
    name = str.__str__(type.__dict__["__qualname__"].__get__(kind))
    short = name.rpartition("<locals>.")[2]
    short = f"...{short}" if short != name else short
    return short if module in ("builtins", "__main__") or short != name else f"{module}.{short}"


def _module(kind: type) -> str:
    module = type.__dict__["__module__"].__get__(kind)
    return module if type(module) is str else ""


def _of(kind: type, name: str) -> Any:
    names: Any = type.__dict__["__dict__"].__get__(kind)
    return names.get(name)
