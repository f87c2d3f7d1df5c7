"""Calls watched by exchanging the code of a function, for Python 3.11, which has no `sys.monitoring`.

The function object stays, so whoever has imported it calls the new code: that tells of the call, and goes on to a
second function with the old code, the same globals, defaults and closure. The new code takes the very same
arguments and is of the same kind (plain, coroutine, generator), so `inspect` sees no difference. It is put back as the
same object. What can be seen meanwhile: two frames more in tracebacks and to `sys._getframe`, and the other
`__code__`. Frames that run the old code when it is exchanged go on with it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator
from types import CodeType, FunctionType
from typing import Any, Final

from beamlike.inspect.tracing.calls import CallLog
from beamlike.inspect.tracing.functions import NoFunction

_HOOK: Final = "_beamlike_traced"
_MARK: Final = "beamlike: in the place of the function that tells"


class ExchangedCode:
    def __init__(self, functions: dict[str, FunctionType], log: CallLog) -> None:
        self._exchanged = [
            (function, function.__code__, _telling(name, function, log)) for name, function in functions.items()
        ]

    def take_up(self) -> None:
        for function, old, new in self._exchanged:
            if function.__code__ is old:
                function.__code__ = new

    def let_go(self) -> None:
        for function, old, new in self._exchanged:
            if function.__code__ is new:  # else somebody has given it another one meanwhile, which is theirs
                function.__code__ = old


def _telling(name: str, function: FunctionType, log: CallLog) -> CodeType:
    code = function.__code__
    if _MARK in code.co_consts:
        raise NoFunction(f"expected a function that nobody traces, got {name}: another node of this process traces it")
    if inspect.isasyncgenfunction(function):
        raise NoFunction(f"{name} is an async generator, whose calls only Python 3.12 and later can trace")
    original = FunctionType(code, function.__globals__, code.co_name, function.__defaults__, function.__closure__)
    original.__kwdefaults__ = function.__kwdefaults__
    return _like(code, _hook(name, original, log))


def _hook(name: str, original: FunctionType, log: CallLog) -> Callable[..., Any]:
    """What the new code calls with its arguments."""
    if inspect.iscoroutinefunction(original):
        return _coroutine_hook(name, original, log)
    if inspect.isgeneratorfunction(original):
        return _generator_hook(name, original, log)

    def tell(*args: Any, **kwargs: Any) -> Any:
        call = log.called(name, args, kwargs)
        if call is None:
            return original(*args, **kwargs)
        try:
            value = original(*args, **kwargs)
        except BaseException as error:
            log.raised(name, call, error)
            raise
        log.returned(name, call, value)
        return value

    return tell


def _coroutine_hook(name: str, original: FunctionType, log: CallLog) -> Callable[..., Any]:
    async def tell(*args: Any, **kwargs: Any) -> Any:
        call = log.called(name, args, kwargs)
        if call is None:
            return await original(*args, **kwargs)
        try:
            value = await original(*args, **kwargs)
        except BaseException as error:
            log.raised(name, call, error)
            raise
        log.returned(name, call, value)
        return value

    return tell


def _generator_hook(name: str, original: FunctionType, log: CallLog) -> Callable[..., Any]:
    def tell(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        call = log.called(name, args, kwargs)
        if call is None:
            return (yield from original(*args, **kwargs))
        try:
            value = yield from original(*args, **kwargs)
        except BaseException as error:
            log.raised(name, call, error)
            raise
        log.returned(name, call, value)
        return value

    return tell


def _like(code: CodeType, hook: Callable[..., Any]) -> CodeType:
    """Code of the same arguments, kind and free variables, that calls `hook`, which is one of its constants."""
    names: dict[str, Any] = {}
    exec(compile(_source(code), code.co_filename, "exec"), names)
    made: CodeType = names["outer"]().__code__
    assert made.co_freevars == code.co_freevars, "the closure would not fit"
    consts = tuple(hook if each == _MARK else each for each in made.co_consts)
    return made.replace(
        co_consts=(*consts, _MARK),
        co_name=code.co_name,
        co_qualname=code.co_qualname,
        co_filename=code.co_filename,
        co_firstlineno=code.co_firstlineno,
    )


def _source(code: CodeType) -> str:
    flags = code.co_flags
    count, only, keywords = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount
    names = code.co_varnames
    positional, keyword_only = names[:count], names[count : count + keywords]
    rest = list(names[count + keywords :])
    star = rest.pop(0) if flags & inspect.CO_VARARGS else ""
    stars = rest.pop(0) if flags & inspect.CO_VARKEYWORDS else ""
    takes = [*positional[:only], *(["/"] if only else []), *positional[only:]]
    takes += [f"*{star}"] if star else ["*"] if keyword_only else []
    takes += [*keyword_only, *([f"**{stars}"] if stars else [])]
    gives = [*positional, *([f"*{star}"] if star else [])]
    gives += [*(f"{each}={each}" for each in keyword_only), *([f"**{stars}"] if stars else [])]
    call = f"{_HOOK}({', '.join(gives)})"
    if flags & inspect.CO_COROUTINE:
        head, body = "async def", f"return await {call}"
    elif flags & inspect.CO_GENERATOR:
        head, body = "def", f"return (yield from {call})"
    else:
        head, body = "def", f"return {call}"
    lines = ["def outer():", *(f"  {each} = None" for each in code.co_freevars)]
    lines += [f"  {head} telling({', '.join(takes)}):"]
    if code.co_freevars:
        # Never run, but the compiler sees that they come from outside.
        lines += [f"    if 0: {', '.join(code.co_freevars)}"]
    return "\n".join([*lines, f"    {_HOOK} = {_MARK!r}", f"    {body}", "  return telling", ""])
