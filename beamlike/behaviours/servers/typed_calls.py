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
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Concatenate, Final, Generic, Never, ParamSpec, Protocol, Self, TypeVar, overload

from beamlike.behaviours.handed_function import value_of
from beamlike.behaviours.servers.callbacks import Callbacks
from beamlike.behaviours.servers.server_messages import Invocation, TypedCall, TypedCast
from beamlike.kernel import functions as kernel
from beamlike.kernel.call import call as kernel_call
from beamlike.kernel.call_errors import CallFailed
from beamlike.kernel.callers import calls_users
from beamlike.kernel.exceptions import describe_exception
from beamlike.kernel.failed import Failed
from beamlike.kernel.server_names import Server, address_of

logger = logging.getLogger("beamlike.gen_server")

P = ParamSpec("P")
R = TypeVar("R")
Shape = int | tuple[int | str, ...]
"""Of arguments: how many go by their place, and the names of the others, if there are any."""

SHAPES_KEPT = 64

ExceptionTypes = type[Exception] | tuple[type[Exception], ...]


class TypedMethod(Generic[P, R]):
    """A method of a server that may be called from elsewhere; what a class shows under its name."""

    def __init__(self, function: Callable[..., Any], raises: ExceptionTypes = ()) -> None:
        self.function: Final = function
        self.name: Final = function.__name__
        self.raises: Final = raises
        self._signature = inspect.signature(function)
        self.fitting: Final[set[Shape]] = set()
        functools.update_wrapper(self, function)  # type: ignore[arg-type]  # it asks for a __call__

    def check(self, args: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        """TypeError if these arguments do not fit. Those of the same shape need not be checked again, which is slow."""
        try:
            self._signature.bind(None, *args, **keywords)
        except TypeError as error:
            raise TypeError(f"{self.function.__qualname__}{self._signature}: {error}") from None
        if len(self.fitting) < SHAPES_KEPT:
            self.fitting.add((len(args), *keywords) if keywords else len(args))

    def at_a_distance(self) -> Callable[..., Any]:
        """The method as proxies have it."""
        raise NotImplementedError


class CallMethod(TypedMethod[P, R]):
    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: Callbacks, owner: type) -> Callable[P, Coroutine[Any, Any, R]]: ...
    def __get__(self, instance: Callbacks | None, owner: type) -> Self | Callable[P, Coroutine[Any, Any, R]]:
        return self if instance is None else functools.partial(self._in_place, instance)

    @calls_users
    async def _in_place(self, server: Callbacks, *args: P.args, **keywords: P.kwargs) -> R:
        result: R = await value_of(self.function(server, *args, **keywords))
        return result

    def at_a_distance(self) -> Callable[..., Coroutine[Any, Any, R]]:
        name, fitting, check, raises = self.name, self.fitting, self.check, self.raises
        asks = functools.partial(_ask, raises=raises) if raises else kernel_call

        def ask(proxy: Any, *args: Any, **keywords: Any) -> Coroutine[Any, Any, R]:
            if ((len(args), *keywords) if keywords else len(args)) not in fitting:
                check(args, keywords)
            return asks(proxy._server, Invocation(name, args, keywords), proxy._timeout, TypedCall)

        return ask


class CastMethod(TypedMethod[P, None]):
    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: Callbacks, owner: type) -> Callable[P, None]: ...
    def __get__(self, instance: Callbacks | None, owner: type) -> Self | Callable[P, None]:
        return self if instance is None else functools.partial(self._tell, kernel.self())

    def _tell(self, server: Server, *args: Any, **keywords: Any) -> None:
        if ((len(args), *keywords) if keywords else len(args)) not in self.fitting:
            self.check(args, keywords)
        kernel.send(address_of(server), TypedCast(Invocation(self.name, args, keywords)))

    def at_a_distance(self) -> Callable[..., None]:
        tell = self._tell
        return lambda proxy, *args, **keywords: tell(proxy._server, *args, **keywords)


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
def call(method: Any = None, /, *rest: Any, raises: ExceptionTypes = ()) -> Any:
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
    _check_exceptions(raises)
    if method is None and not rest:
        return functools.partial(CallMethod, raises=raises)
    return CallMethod(_only(method, rest), raises)


def cast(method: Callable[Concatenate[Any, P], Any], /, *rest: Never) -> CastMethod[P]:
    """Makes a method, plain or async, a typed cast: it is sent, and nobody waits for it.

    >>> import asyncio, beamlike as bl
    >>> class Lamp(bl.GenServer):
    ...     @cast
    ...     def switch(self, on):
    ...         self.on = on
    ...     @call
    ...     def is_on(self):
    ...         return self.on
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         lamp = Lamp.at(await Lamp.start_link())
    ...         lamp.switch(True)
    ...         return await lamp.is_on()
    >>> asyncio.run(main())
    True
    """
    return CastMethod(_only(method, rest))


def _only(method: object, rest: tuple[object, ...]) -> Callable[..., Any]:
    """The method that is to be decorated. Who wants to ask a server instead is told how."""
    if rest or not inspect.isfunction(method):
        got = ", ".join(map(repr, (method, *rest)))
        raise TypeError(
            f"expected a method of a GenServer to decorate, got {got}; to ask a server without a typed method use "
            "bl.GenServer.call(server, request) or bl.GenServer.cast(server, request)"
        )
    return method


def _check_exceptions(raises: object) -> None:
    kinds = raises if isinstance(raises, tuple) else (raises,)
    if not all(isinstance(kind, type) and issubclass(kind, Exception) for kind in kinds):
        raise TypeError(f"expected raises as an exception class or a tuple of them, got {raises!r}")


async def _ask(
    server: Server, request: Invocation, timeout: float | None, kind: type[TypedCall], raises: ExceptionTypes
) -> Any:
    try:
        return await kernel_call(server, request, timeout, kind)
    except CallFailed as failed:
        error = failed.__cause__
        if failed.server_lives and isinstance(error, raises):
            raise error from error.__cause__
        raise


# In the server.


@calls_users
def perform(server: Callbacks, request: Invocation) -> Any:
    """Runs a typed call or cast. What it returns may have to be awaited."""
    method = server._interface.methods.get(request.method)
    if method is None:
        # The mistake of one client, or its newer class, is not the end of the server.
        logger.warning("%s has no typed call or cast %s", type(server).__name__, request)
        return Failed(f"{type(server).__name__} has no typed call {request.method!r}")
    try:
        value = method.function(server, *request.args, **request.keywords)
    except method.raises as error:
        return _refusal(error)
    return _refusing(value, method.raises) if method.raises and hasattr(value, "__await__") else value


async def _refusing(value: Awaitable[Any], raises: ExceptionTypes) -> Any:
    try:
        return await value
    except raises as error:
        return _refusal(error)


def _refusal(error: Exception) -> Failed:
    """The server goes on, and the caller gets the error."""
    return Failed(describe_exception(error, kernel.self()))
