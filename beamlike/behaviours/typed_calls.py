"""Typed calls: methods of a server that others call by name, with their own signatures, wherever the server runs.

    class Counter(bl.GenServer):
        def init(self, start: int) -> None:
            self.value = start

        @call
        def add(self, amount: int) -> int:
            self.value += amount
            return self.value

    counter = Counter.at(await Counter.start_link(0))      # or a name, or (name, node)
    await counter.add(5)                                   # -> int, checked by mypy as the method is declared

Arguments that do not fit fail at the sender. An exception ends the server, as in any callback, and the caller gets
CallFailed; only what the method is declared to raise, `@call(raises=Overdrawn)`, is raised in the caller instead, as
its own type, and the server goes on. To the type checker a proxy is a Counter, since no type can say "its decorated
methods"; it has those methods and nothing else, and asking it for anything else says so.

Inside the server, `await self.add(5)` runs the method in place; a cast to oneself is queued, as any cast.
"""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Concatenate, Final, Generic, ParamSpec, Protocol, Self, TypeVar, overload

from beamlike.behaviours.server_messages import (
    Failed,
    Invocation,
    Refused,
    Server,
    TypedCall,
    TypedCast,
    address_of,
)
from beamlike.kernel import functions as kernel
from beamlike.kernel.call import call as kernel_call
from beamlike.kernel.exceptions import describe_exception, reraisable

if TYPE_CHECKING:
    from beamlike.behaviours.gen_server import GenServer

logger = logging.getLogger("beamlike.gen_server")

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S", bound="GenServer")
ExceptionTypes = type[Exception] | tuple[type[Exception], ...]


class _Method(Generic[P, R]):
    """A method of a server that may be called from elsewhere; what a class shows under its name."""

    def __init__(self, function: Callable[..., Any], raises: ExceptionTypes = ()) -> None:
        if not inspect.isfunction(function):
            raise TypeError(
                f"expected a method of a GenServer to decorate, got {function!r}; to call a server without a typed "
                "method use GenServer.call or GenServer.cast"
            )
        self.function: Final = function
        self.raises: Final = raises
        self._signature = inspect.signature(function)
        self._takes = _positional(self._signature)
        functools.update_wrapper(self, function)  # type: ignore[arg-type]  # it asks for a __call__

    def invocation(self, args: tuple[Any, ...], keywords: dict[str, Any]) -> Invocation:
        """The request with these arguments; TypeError if they do not fit."""
        if keywords or len(args) not in self._takes:
            try:
                self._signature.bind(None, *args, **keywords)
            except TypeError as error:
                raise TypeError(f"{self.function.__qualname__}{self._signature}: {error}") from None
        return Invocation(self.function.__name__, args, keywords)

    def towards(self, server: Server, timeout: float | None) -> Callable[P, Any]:
        """The method as a proxy of `server` has it."""
        raise NotImplementedError


def _positional(signature: inspect.Signature) -> range:
    """How many arguments after `self` surely fit if none is given by keyword: a short cut for `bind`, which is slow."""
    parameters = [*signature.parameters.values()][1:]
    plain = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    if any(one.kind is one.KEYWORD_ONLY and one.default is one.empty for one in parameters):
        return range(0)
    return range(sum(one.default is one.empty for one in plain), len(plain) + 1)


class CallMethod(_Method[P, R]):
    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: GenServer, owner: type) -> Callable[P, Coroutine[Any, Any, R]]: ...
    def __get__(self, instance: GenServer | None, owner: type) -> Self | Callable[P, Coroutine[Any, Any, R]]:
        return self if instance is None else functools.partial(self._in_place, instance)

    async def _in_place(self, server: GenServer, *args: P.args, **keywords: P.kwargs) -> R:
        value = self.function(server, *args, **keywords)
        result: R = await value if inspect.isawaitable(value) else value
        return result

    def towards(self, server: Server, timeout: float | None) -> Callable[P, Coroutine[Any, Any, R]]:
        def ask(*args: P.args, **keywords: P.kwargs) -> Coroutine[Any, Any, R]:
            return _answer(server, self.invocation(args, keywords), timeout)

        return ask


class CastMethod(_Method[P, None]):
    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: GenServer, owner: type) -> Callable[P, None]: ...
    def __get__(self, instance: GenServer | None, owner: type) -> Self | Callable[P, None]:
        return self if instance is None else self.towards(kernel.self(), None)

    def towards(self, server: Server, timeout: float | None) -> Callable[P, None]:
        def tell(*args: P.args, **keywords: P.kwargs) -> None:
            kernel.send(address_of(server), TypedCast(self.invocation(args, keywords)))

        return tell


# Decorators.


class CallDecorator(Protocol):
    @overload
    def __call__(self, method: Callable[Concatenate[Any, P], Coroutine[Any, Any, R]], /) -> CallMethod[P, R]: ...
    @overload
    def __call__(self, method: Callable[Concatenate[Any, P], R], /) -> CallMethod[P, R]: ...


@overload
def call(method: Callable[Concatenate[Any, P], Coroutine[Any, Any, R]], /) -> CallMethod[P, R]: ...
@overload
def call(method: Callable[Concatenate[Any, P], R], /) -> CallMethod[P, R]: ...
@overload
def call(*, raises: ExceptionTypes) -> CallDecorator: ...
def call(method: Any = None, /, *, raises: ExceptionTypes = ()) -> Any:
    """Makes a method, plain or async, a typed call. `raises`: the exceptions that the caller gets instead of the
    server its end.

    >>> import asyncio, beamlike as bl
    >>> class Account(bl.GenServer):
    ...     def init(self, balance):
    ...         self.balance = balance
    ...     @call(raises=ValueError)
    ...     def withdraw(self, amount, *, fee=0):
    ...         if amount + fee > self.balance:
    ...             raise ValueError(f"only {self.balance} left")
    ...         self.balance -= amount + fee
    ...         return self.balance
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         account = Account.at(await Account.start_link(100))
    ...         print(await account.withdraw(30, fee=1))
    ...         try:
    ...             await account.withdraw(70)
    ...         except ValueError as error:
    ...             print(error)
    >>> asyncio.run(main())
    69
    only 69 left
    """
    return CallMethod(method, raises) if method is not None else functools.partial(CallMethod, raises=raises)


def cast(method: Callable[Concatenate[Any, P], Any], /) -> CastMethod[P]:
    """Makes a method, plain or async, a typed cast: it is sent, and nobody waits for it."""
    return CastMethod(method)


# Proxies.


class Proxy:
    """The typed calls and casts of a server of class `cls`, at `server`. It may be sent to other processes."""

    __slots__ = ("_cls", "_server", "_timeout")

    def __init__(self, cls: type[GenServer], server: Server, timeout: float | None) -> None:
        self._cls = cls
        self._server = server
        self._timeout = timeout

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._cls, name, None)
        if not isinstance(method, _Method):
            raise AttributeError(
                f"{self!r} stands for a server elsewhere: it has those methods of {self._cls.__name__} that are "
                f"decorated with @call or @cast, and {name!r} is none"
            )
        return method.towards(self._server, self._timeout)

    def __reduce__(self) -> tuple[type[Proxy], tuple[type[GenServer], Server, float | None]]:
        return Proxy, (self._cls, self._server, self._timeout)

    def __repr__(self) -> str:
        return f"<{self._cls.__name__} at {self._server}>"


def within(proxy: S, seconds: float | None) -> S:
    """The same proxy with another time limit for its calls: `await within(counter, 2).add(5)`; None for none."""
    if not isinstance(proxy, Proxy):
        raise TypeError(f"expected a proxy, as `at` makes it, got {proxy!r}")
    return _as_server(Proxy(proxy._cls, proxy._server, seconds))


def _as_server(proxy: Any) -> Any:
    return proxy


async def _answer(server: Server, request: Invocation, timeout: float | None) -> Any:
    value = await kernel_call(server, request, timeout, TypedCall)
    if isinstance(value, Refused):
        raise reraisable(value.info)
    return value


# In the server.


async def perform(server: GenServer, request: Invocation) -> Any:
    """Runs a typed call or cast."""
    method = getattr(type(server), request.method, None)
    if not isinstance(method, _Method):
        # The mistake of one client, or its newer class, is not the end of the server.
        logger.warning("%s has no typed call or cast %s", type(server).__name__, request)
        return Failed(f"{type(server).__name__} has no typed call {request.method!r}")
    try:
        value = method.function(server, *request.args, **request.keywords)
        return await value if inspect.isawaitable(value) else value
    except method.raises as error:
        return Refused(describe_exception(error, kernel.self()))
