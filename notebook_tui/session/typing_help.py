"""A typist's questions of a notebook, asked of the runtime; without one, of the text alone.

A runtime that does not answer, because it is just going away, has nothing to propose: that is no news to a typist.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import beamlike as bl
from beamlike.kernel.record import frozen
from notebook_tui.document.completion import Completion
from notebook_tui.document.lineage import above
from notebook_tui.document.state import State
from notebook_tui.runtime.answers import Location, SignatureHelp
from notebook_tui.runtime.caret import word_at
from notebook_tui.runtime.formatting import Formatting, NotFormatted, formatted
from notebook_tui.runtime.own_thread import in_bare_thread, in_thread
from notebook_tui.runtime.text_names import text_names
from notebook_tui.runtime.typing_questions import (
    FORMAT_SECONDS,
    Complete,
    Define,
    Describe,
    Format,
    Question,
    SignaturesOf,
    nothing,
)
from notebook_tui.session.hover import Hover, hover
from notebook_tui.session.surroundings import Surroundings, surroundings

SECONDS = 2.0


@frozen
class Definition:
    """Line `line`, from 1, of a cell, or of a file of the node that knows it."""

    line: int
    cell_id: str = ""
    path: str = ""
    text: str = ""
    """Of that file; of a cell that is gone."""


class TypingHelp:
    """`server_of` tells the pid of the runtime's server, or None while there is none."""

    def __init__(self, state: Callable[[], State], server_of: Callable[[], Awaitable[bl.Pid | None]]) -> None:
        self._state = state
        self._server_of = server_of

    async def complete(self, cell_id: str, source: str, offset: int) -> list[Completion]:
        """Proposals for the caret at `offset` of `source`, the text of that cell as it is being typed."""
        around = surroundings(self._state(), cell_id)
        items = await self._ask(Complete(around.place(source, offset), around.node))
        return [Completion(item.label, item.kind, item.insert, item.detail) for item in items]

    async def describe(self, cell_id: str, source: str, offset: int) -> Hover | None:
        """What the name under the caret stands for."""
        around = surroundings(self._state(), cell_id)
        described = await self._ask(Describe(around.place(source, offset), around.node))
        return hover(described, self._state().notebook) if described is not None else None

    async def describe_completion(self, cell_id: str, source: str, offset: int, chosen: Completion) -> Hover | None:
        """What a proposal stands for, as if it had been taken; its range is that of the name then."""
        begin = offset
        while begin and (source[begin - 1].isalnum() or source[begin - 1] == "_"):
            begin -= 1
        if not chosen.insert.isidentifier():
            return None
        taken = source[:begin] + chosen.insert + source[offset:]
        return await self.describe(cell_id, taken, begin + len(chosen.insert))

    async def signatures(self, cell_id: str, source: str, offset: int) -> tuple[SignatureHelp, ...]:
        """The ways to call the function around the caret that its argument fits; none if there is no such call."""
        around = surroundings(self._state(), cell_id)
        found: tuple[SignatureHelp, ...] = await self._ask(SignaturesOf(around.place(source, offset), around.node))
        return found

    async def definition(self, cell_id: str, source: str, offset: int) -> Definition | None:
        """Where the name under the caret is defined."""
        around = surroundings(self._state(), cell_id)
        location = await self._ask(Define(around.place(source, offset), around.node))
        state = self._state()
        if location is None:
            return _in_cell_above(state, cell_id, source, offset)
        return _of_location(location, state, cell_id, around)

    async def format(self, source: str) -> Formatting:
        """By the runtime's formatter, else by that of this program."""
        found: Formatting = await self._ask(Format(source))
        if isinstance(found, NotFormatted) and found.no_formatter:
            found = await in_thread(lambda: formatted(source))
        return found

    async def _ask(self, question: Question) -> Any:
        seconds = FORMAT_SECONDS + 1 if isinstance(question, Format) else SECONDS
        try:
            async with asyncio.timeout(seconds):
                server = await self._server_of()
                if server is None:
                    return await in_bare_thread(lambda: _of_text_alone(question))
                return await bl.GenServer.call(server, question, timeout=seconds)
        except (bl.CallFailed, TimeoutError):  # a CallTimeout is one
            return nothing(question)


def _of_text_alone(question: Question) -> Any:
    # What answers is large, and a notebook that is only read needs none of it.
    from notebook_tui.runtime.intellisense import answer

    return answer(question, {}, {})


def _of_location(location: Location, state: State, cell_id: str, around: Surroundings) -> Definition | None:
    match location.where:
        case "here":
            return Definition(location.line, cell_id)
        case "above":
            found = around.cell_at(location.line)
            return Definition(found[1], found[0]) if found is not None else None
        case "cell":
            now = next((cell.source for cell in state.notebook.cells() if cell.id == location.path), None)
            if now is None:
                return Definition(location.line, text=location.text)
            return Definition(same_line(location.text, now, location.line), location.path)
        case "file":
            return Definition(location.line, path=location.path, text=location.text)


def _in_cell_above(state: State, cell_id: str, source: str, offset: int) -> Definition | None:
    """Of a variable: the nearest cell above whose text binds it."""
    word = word_at(source, offset)
    if word is None or "." in word.expression:
        return None
    for cell in reversed(above(state.notebook, {cell_id})):
        bound = text_names(cell.source, len(cell.source)).shared.get(word.expression) if cell.runnable else None
        if bound is not None:
            return Definition(cell.source.count("\n", 0, bound.start) + 1, cell.id)
    return None


def same_line(then: str, now: str, line: int) -> int:
    """Where in the text of now the line stands that was `line` then: that very place, or the nearest one that reads
    the same; if none does, as near as there is a line.

    >>> same_line("def f(): ...", "x = 1\\n\\ndef f(): ...", 1)
    3
    """
    before, after = then.splitlines(), now.splitlines()
    if line <= len(before):
        wanted = before[line - 1]
        same = [number for number, text in enumerate(after, 1) if text == wanted]
        if same:
            return min(same, key=lambda number: abs(number - line))
    return max(1, min(line, len(after)))
