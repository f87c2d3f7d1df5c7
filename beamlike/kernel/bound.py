"""Kernel functions as methods of a node: the same function, at that node instead of the current one."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

from beamlike.kernel import current

if TYPE_CHECKING:
    from beamlike.kernel.node import LocalNode

P = ParamSpec("P")
R = TypeVar("R")


class bound(Generic[P, R]):
    """A class attribute that turns `function(...)` into `node.function(...)`."""

    def __init__(self, function: Callable[P, R]) -> None:
        self.function = function

    def __get__(self, node: LocalNode | None, owner: type[LocalNode]) -> Callable[P, R]:
        if node is None:
            return self.function
        return (
            _async_at(node, self.function) if inspect.iscoroutinefunction(self.function) else _at(node, self.function)
        )


def _at(node: LocalNode, function: Callable[P, R]) -> Callable[P, R]:
    @functools.wraps(function)
    def call(*args: P.args, **keywords: P.kwargs) -> R:
        with current.at(node):
            return function(*args, **keywords)

    return call


def _async_at(node: LocalNode, function: Callable[P, Any]) -> Callable[P, Any]:
    @functools.wraps(function)
    async def call(*args: P.args, **keywords: P.kwargs) -> Any:
        with current.at(node):
            return await function(*args, **keywords)

    return call
