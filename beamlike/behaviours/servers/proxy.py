"""Proxies: objects that stand for a server, wherever it runs, and have its typed calls and casts as methods."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, TypeVar

from beamlike.behaviours.servers.callbacks import Callbacks
from beamlike.behaviours.servers.typed_calls import TypedMethod
from beamlike.kernel.server_names import Server

S = TypeVar("S", bound=Callbacks)


class Proxy:
    """Stands for a server of class `cls`, at `server`. It may be sent to other processes."""

    __slots__ = ("_cls", "_server", "_timeout")

    def __init__(self, cls: type[Callbacks], server: Server, timeout: float | None) -> None:
        self._cls = cls
        self._server = server
        self._timeout = timeout

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"{self!r} stands for a server elsewhere: it has those methods of {self._cls.__name__} that are "
            f"decorated with @call or @cast, and {name!r} is none"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return proxy_of, (self._cls, self._server, self._timeout)

    def __repr__(self) -> str:
        return f"<{self._cls.__name__} at {self._server}>"


class Interface:
    """The typed methods of one class of servers, by their names."""

    def __init__(self, methods: Mapping[str, TypedMethod[Any, Any]]) -> None:
        self.methods = methods

    @classmethod
    def of(cls, server: type[Callbacks]) -> Interface:
        members = {name: value for base in reversed(server.__mro__) for name, value in vars(base).items()}
        return cls({name: value for name, value in members.items() if isinstance(value, TypedMethod)})

    @cached_property
    def proxy(self) -> type[Proxy]:
        """The class of the proxies, which has the methods, so that a call of one looks nothing up."""
        body = {name: method.at_a_distance() for name, method in self.methods.items()}
        return type("Proxy", (Proxy,), {"__slots__": (), **body})

    def __reduce__(self) -> tuple[Any, ...]:
        return Interface, (self.methods,)


def proxy_of(cls: type[Callbacks], server: Server, timeout: float | None) -> Proxy:
    return cls._interface.proxy(cls, server, timeout)


def within(proxy: S, seconds: float | None) -> S:
    """The same proxy with another time limit for its calls, in seconds; None for none.

    >>> import asyncio, beamlike as bl
    >>> class Sleeper(bl.GenServer):
    ...     @bl.call
    ...     async def nap(self):
    ...         await asyncio.sleep(60)
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         sleeper = Sleeper.at(await Sleeper.start_link(name="sleeper"))
    ...         try:
    ...             await within(sleeper, 0.01).nap()
    ...         except bl.CallTimeout as error:
    ...             print(error.timeout, error.request)
    >>> asyncio.run(main())
    0.01 nap()
    """
    if not isinstance(proxy, Proxy):
        raise TypeError(f"expected a proxy, as `at` makes it, got {proxy!r}")
    return _as_server(proxy_of(proxy._cls, proxy._server, seconds))


def _as_server(proxy: Any) -> Any:
    return proxy
