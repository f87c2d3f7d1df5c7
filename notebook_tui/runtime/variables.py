"""The variables of a notebook, for people: answers to `ListVariables` and `ShowVariable`.

Nothing of the values runs for it, so a property that raises, a `__repr__` that never ends and a frame of gigabytes cost
nothing. Work is done in a thread beside the cells, as for completion.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from types import ModuleType
from typing import Any, Final, TypeAlias

import beamlike as bl
from beamlike.kernel.question import Client
from notebook_tui.runtime.frame_rows import frame_of
from notebook_tui.runtime.live import Member, kind_of, type_name
from notebook_tui.runtime.measured import measured, module_name
from notebook_tui.runtime.own_thread import in_thread
from notebook_tui.runtime.preview import preview
from notebook_tui.runtime.signature import signature_of, signature_text
from notebook_tui.runtime.variable_questions import (
    ListVariables,
    ShowVariable,
    Variable,
    VariableDetail,
    Variables,
)

MOST: Final = 1_000
"""Variables that are told of."""
SECONDS: Final = 3.0
_DETAIL: Final = 4_000
"""Characters of one that is looked at."""

Owners: TypeAlias = Mapping[str, tuple[str, object]]
"""Values by name, each with the id of the cell that bound it."""
Question: TypeAlias = ListVariables | ShowVariable

logger = logging.getLogger("notebook_tui.runtime")


def serve(client: Client, question: Question, owners: Owners) -> None:
    """Has `client` answered, soon."""
    bl.spawn(_serve, client, question, owners)


async def _serve(client: Client, question: Question, owners: Owners) -> None:
    try:
        async with asyncio.timeout(SECONDS):
            answer: Any = await in_thread(lambda: answered(question, owners))
    except TimeoutError:
        logger.warning("%s took longer than %s s and is answered with nothing", type(question).__name__, SECONDS)
        answer = Variables() if isinstance(question, ListVariables) else None
    bl.GenServer.reply(client, answer)


def answered(question: Question, owners: Owners) -> Variables | VariableDetail | None:
    """
    >>> found = answered(ListVariables(()), {"x": ("c1", [1, 2]), "_x": ("c1", 3)})
    >>> [(each.name, each.type, each.size, each.cell_id, each.preview) for each in found.shown]
    [('x', 'list', '2 items', 'c1', '[1, 2]')]
    """
    if isinstance(question, ListVariables):
        names = sorted(name for name, (_, value) in owners.items() if _is_told(name, value))
        return Variables(tuple(_variable(name, *owners[name]) for name in names[:MOST]), max(0, len(names) - MOST))
    if question.name not in owners:
        return None
    cell_id, value = owners[question.name]
    columns, rows = frame_of(value)
    text = preview(value, _DETAIL, entries=100, depth=5)
    return VariableDetail(_variable(question.name, cell_id, value), module_name(value), text, columns, rows)


def _is_told(name: str, value: object) -> bool:
    return not name.startswith("_") and not issubclass(type(value), ModuleType)


def _variable(name: str, cell_id: str, value: object) -> Variable:
    kind = kind_of(value, otherwise="variable")
    if kind != "variable":
        known = signature_of(Member(value))
        text = signature_text(known) if known is not None else ""
        return Variable(name, kind, kind, cell_id=cell_id, preview=text[:80])
    size, bytes_ = measured(value)
    return Variable(name, kind, type_name(value), size, bytes_, cell_id, preview(value))
