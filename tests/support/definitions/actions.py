"""What must work with every kind of definition, between this node and one that has nothing of ours."""

from __future__ import annotations

import enum
import inspect
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NewType, ParamSpec, TypeVar, TypeVarTuple

import pytest

import beamlike as bl
from tests.support.definitions.case import Case

ACTIONS = ("call", "instance", "raise", "there and back", "redefine")
PATIENCE = 30.0


@dataclass
class Trial:
    """One row of the table, tried on a node. What fails is kept, by action."""

    case: Case
    node: str
    names: Mapping[str, Any]
    """Those of the notebook or script."""
    where: str
    """What a traceback calls the cell or script, up to the digest of its text."""
    failures: dict[str, str] = field(default_factory=dict)
    _before: dict[str, Any] = field(default_factory=dict)
    _old: list[Any] = field(default_factory=list)

    async def defined(self) -> None:
        """The cell has run: the first four actions."""
        await self._try("call", self._call)
        await self._try("instance", self._instance)
        await self._try("raise", self._raise)
        await self._try("there and back", self._there_and_back)
        await self._try("redefine", self._keep)

    async def redefined(self) -> None:
        """The cell has run again, with another text."""
        if "redefine" not in self.failures:
            await self._try("redefine", self._redefine)

    async def _try(self, action: str, trying: Callable[[], Awaitable[None]]) -> None:
        try:
            await trying()
        except BaseExceptionGroup as group:
            self.failures[action] = "".join(traceback.format_exception(group))
        except Exception as error:
            self.failures[action] = "".join(traceback.format_exception(error))

    async def there(self, function: Callable[..., Any], *args: Any) -> Any:
        return await bl.rpc.call(self.node, function, *args, timeout=PATIENCE)

    async def shown(self, it: Any) -> Any:
        return await done(self.names["_shown"](it))

    async def _call(self) -> None:
        """More than once: what has been sent before is sent otherwise, and what is changed there is not seen again."""
        for _ in range(3):
            equal(await self.there(self.names["_called"]), self.case.gives, "what it gives there")

    async def _instance(self) -> None:
        made = await self.there(self.names["_made"])
        same_kind(made, await done(self.names["_made"]()))
        equal(await self.shown(made), self.case.gives, "what it gives that was made there")

    async def _raise(self) -> None:
        kind = self.names[self.case.error]
        with pytest.raises(kind) as caught:
            await self.there(self.names["_failed"])
        assert type(caught.value) is kind, f"expected the very class, got {type(caught.value)}"
        check_traceback(str(caught.value.__cause__), self.where, self.case.failing_line)

    async def _there_and_back(self) -> None:
        thing, made = self.names[self.case.thing], await done(self.names["_made"]())
        attributes = dict(vars(thing)) if isinstance(thing, type) else {}
        there_and_back = await self.there(list, [thing])
        if has_identity(thing):
            assert there_and_back[0] is thing, f"expected {thing!r} itself, got another one"
        here_later, there_later = self.case.later or (self.case.gives, self.case.gives)
        shown, back = await self.there(self.names["_shown_and_it"], made)
        equal(shown, self.case.gives, "what it gives there that went there")
        same_kind(back, made)
        touched = [name for name, value in attributes.items() if vars(thing)[name] is not value]
        assert not touched, f"expected {thing} as it was, got other attributes {touched}"
        equal(await self.shown(back), here_later, "what it gives here that came back")
        equal(await self.there(self.names["_shown"], back), there_later, "what it gives there that went there again")

    async def _keep(self) -> None:
        """What is to work still when the cell has been redefined."""
        self._before = {name: self.names[name] for name in ("_shown", "_called", "_made", self.case.thing)}
        self._old = [await done(self.names["_made"]()) for _ in range(3)]
        await self.there(list, [self._old])

    async def _redefine(self) -> None:
        first, second, third = self._old
        old = await outcome(self._before["_shown"], second)
        for _ in range(3):
            equal(await self.there(self.names["_called"]), self.case.then, "what the new one gives there")
        if "_called_from_another_cell" in self.names:
            through = await self.there(self.names["_called_from_another_cell"])
            equal(through, self.case.then, "what another cell gives there that calls it")
        thing, made = self._before[self.case.thing], await self.there(self.names["_made"])
        same_kind(made, await done(self.names["_made"]()))
        assert type(made) is not thing, "expected an instance of the new class, got one of the old"
        equal(await outcome(self.there, self._before["_shown"], third), old, "what the old one gives there")
        equal(await outcome(self._before["_shown"], first), old, "what the old one still gives here")
        (back,) = await self.there(list, [first])
        same_kind(back, first)


async def done(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


async def outcome(function: Callable[..., Any], *args: Any) -> object:
    """What it gives, or of what kind the error is: an object of an old class may not work with the new one."""
    try:
        return await done(function(*args))
    except Exception as error:
        return type(error)


def equal(got: object, expected: object, what: str) -> None:
    assert got == expected, f"{what}: expected {expected!r}, got {got!r}"


def same_kind(got: object, like: object) -> None:
    """Of the very class, and the thing itself where there is only one of it."""
    assert type(got) is type(like), f"expected one of {type(like)}, got {type(got)}: {got!r}"
    if has_identity(like):
        assert got is like, f"expected {like!r} itself, got another one"


def has_identity(value: object) -> bool:
    return isinstance(value, type | enum.Enum | TypeVar | ParamSpec | TypeVarTuple | NewType)


def check_traceback(text: str, where: str, line: str) -> None:
    """Names the cell, and shows the line that raised."""
    lines = [shown.strip(" |") for shown in text.splitlines()]  # those of an exception group stand in a frame
    number = next((index for index, shown in enumerate(lines) if shown == line), None)
    assert number is not None, f"expected the line {line!r} in\n{text}"
    assert lines[number - 1].startswith(f'File "<{where} #'), f"expected the line {line!r} below its cell in\n{text}"
