"""Signatures of live callables, found and shown without running anything of theirs.

`inspect.signature` asks objects for `__signature__`, `__wrapped__` and more, and shows defaults and annotations by
their `repr`, all of which may be the user's code. So it is given plain functions only, and of defaults only simple
ones are shown.
"""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import partial
from inspect import Parameter, Signature
from types import BuiltinFunctionType, FunctionType, MethodDescriptorType, MethodType, WrapperDescriptorType
from typing import get_overloads

from notebook_tui.runtime.answers import SignatureHelp
from notebook_tui.runtime.caret import CallAt, call_at
from notebook_tui.runtime.live import Member, is_exactly, members, resolve

DEFAULT_WIDTH = 30

_IN_C = (BuiltinFunctionType, MethodDescriptorType, WrapperDescriptorType)
_SIMPLE = (bool, int, float, complex, str, bytes, type(None), type(...))
_HEAP_TYPE = 1 << 9
_POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
_BY_NAME = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)


def signatures(source: str, offset: int, namespace: Mapping[str, object]) -> tuple[SignatureHelp, ...]:
    """The ways to call the live function whose brackets the caret stands in, those that its argument fits.

    More than one where it has overloads. None if it is unknown, or if no way takes that argument.

    >>> def greet(name, *, loud=False): ...
    >>> signatures("greet('you', loud=", 18, {"greet": greet})
    (SignatureHelp(function='greet', parameters=('name', '*', 'loud=False'), active=2),)
    >>> signatures("greet('you', 'him', ", 20, {"greet": greet})
    ()
    """
    call = call_at(source, offset)
    callee = resolve(call.function, namespace) if call is not None else None
    if call is None or callee is None:
        return ()
    ways = [way for way in (signature_of(it) for it in _ways(callee)) if way is not None]
    return helps_for(call, ways)


def helps_for(call: CallAt, ways: Iterable[Signature]) -> tuple[SignatureHelp, ...]:
    """Those of the ways to call that the argument at the caret fits."""
    helps = (help_for(call, way.parameters.values(), _texts(way)) for way in ways)
    return tuple(it for it in helps if it is not None)


def _ways(callee: Member) -> list[Member]:
    """Of a function with overloads each of them, else itself."""
    function = callee.value
    bound = callee.bound
    if type(function) is MethodType:
        function, bound = function.__func__, True
    overloads = get_overloads(function) if type(function) is FunctionType else ()
    return [Member(it, bound) for it in overloads if type(it) is FunctionType] or [callee]


def help_for(call: CallAt, parameters: Collection[Parameter], texts: Collection[str]) -> SignatureHelp | None:
    """How this way to call is shown, each parameter as its text; None if the argument at the caret may not stand
    there. A bracket that was just opened needs none.

    >>> help_for(CallAt("f", 1, None, frozenset()), [Parameter("a", Parameter.POSITIONAL_ONLY)], ["a"]) is None
    True
    """
    active = _active(parameters, call)
    is_first = call.position == 0 and call.keyword is None
    if active is None and not is_first and not call.unpacked:
        return None
    shown = list(_with_marks(parameters, texts))
    place = next((place for place, (_, name) in enumerate(shown) if name == active), None) if active else None
    return SignatureHelp(call.function, tuple(text for text, _ in shown), place)


def signature_of_call(call: CallAt, namespace: Mapping[str, object]) -> Signature | None:
    callee = resolve(call.function, namespace)
    return signature_of(callee) if callee is not None else None


def keywords(found: Signature, call: CallAt) -> list[str]:
    """The names that the next argument of `call` may bear."""
    filled = [name for name, p in found.parameters.items() if p.kind in _POSITIONAL][: call.position - len(call.named)]
    taken = call.named.union(filled)
    return [name for name, p in found.parameters.items() if p.kind in _BY_NAME and name not in taken]


def signature_text(found: Signature) -> str:
    return f"({', '.join(text for text, _ in _with_marks(found.parameters.values(), _texts(found)))})"


def signature_of(callee: Member) -> Signature | None:
    """The signature as a caller sees it, or None if only running something would tell."""
    value = callee.value
    if issubclass(type(value), type):
        return _of_class(value)
    if type(value) is partial:
        return inspect.signature(value) if type(value.func) is FunctionType else None
    if type(value) is staticmethod:
        return _of_function(value.__func__)
    if type(value) is classmethod or type(value) is MethodType:
        return _without_first(_of_function(value.__func__))
    found = _of_function(value)
    if found is None:
        method = members(value).get("__call__", Member(None)).value
        return _without_first(_of_function(method)) if type(method) is FunctionType else None
    return _without_first(found) if callee.bound else found


def _of_class(kind: object) -> Signature | None:
    attributes = members(kind)
    for constructor in ("__init__", "__new__"):
        function = attributes[constructor].value
        if type(function) is staticmethod:
            function = function.__func__
        if type(function) is FunctionType:
            return _without_first(_of_function(function))
    is_builtin = not type.__dict__["__flags__"].__get__(kind) & _HEAP_TYPE
    return _by_inspect(kind) if is_builtin else None


def _of_function(value: object) -> Signature | None:
    seen = set()
    while type(value) is FunctionType and id(value) not in seen:
        seen.add(id(value))
        wrapped = value.__dict__.get("__wrapped__")
        if type(wrapped) is not FunctionType:
            return _by_inspect(value)
        value = wrapped
    return _by_inspect(value) if type(value) is FunctionType or is_exactly(value, _IN_C) else None


def _by_inspect(value: object) -> Signature | None:
    try:
        return inspect.signature(value, follow_wrapped=False)  # type: ignore[arg-type]
    except (ValueError, TypeError):  # C code that does not tell, or a `__signature__` that is none
        return None


def _without_first(found: Signature | None) -> Signature | None:
    if found is None:
        return None
    parameters = list(found.parameters.values())
    if parameters and parameters[0].kind in _POSITIONAL:
        del parameters[0]
    return found.replace(parameters=parameters)


def _active(parameters: Collection[Parameter], call: CallAt) -> str | None:
    """The name of the parameter that the argument at the caret fills."""
    if call.keyword is not None:
        named = [p.name for p in parameters if p.kind in _BY_NAME and p.name == call.keyword]
        return (named + [p.name for p in parameters if p.kind is Parameter.VAR_KEYWORD] + [None])[0]
    if call.unpacked:
        return None
    places = [p.name for p in parameters if p.kind in _POSITIONAL]
    if call.position < len(places):
        return places[call.position]
    return next((p.name for p in parameters if p.kind is Parameter.VAR_POSITIONAL), None)


def _with_marks(parameters: Collection[Parameter], texts: Collection[str]) -> Iterator[tuple[str, str | None]]:
    """The parameters as texts with their names, and the marks `/` and `*` without."""
    before = None
    for p, text in zip(parameters, texts, strict=True):
        if before is Parameter.POSITIONAL_ONLY and p.kind is not Parameter.POSITIONAL_ONLY:
            yield "/", None
        if p.kind is Parameter.KEYWORD_ONLY and before not in (Parameter.KEYWORD_ONLY, Parameter.VAR_POSITIONAL):
            yield "*", None
        yield text, p.name
        before = p.kind
    if before is Parameter.POSITIONAL_ONLY:
        yield "/", None


def _texts(found: Signature) -> list[str]:
    return [_shown_parameter(p) for p in found.parameters.values()]


def _shown_parameter(p: Parameter) -> str:
    if p.kind is Parameter.VAR_POSITIONAL:
        return f"*{p.name}"
    if p.kind is Parameter.VAR_KEYWORD:
        return f"**{p.name}"
    if p.default is Parameter.empty:
        return p.name
    text = repr(p.default) if is_exactly(p.default, _SIMPLE) else "…"
    return f"{p.name}={text if len(text) <= DEFAULT_WIDTH else '…'}"
