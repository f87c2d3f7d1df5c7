"""Answers to the questions of a typist, apart from the server and from the cells.

Each question is a process of its own, and the work is done in a thread: the server takes an interrupt meanwhile, no
cell is waited for, and what takes too long is answered with nothing. What concerns a cell that runs on another node is
asked there and here at once; if that node has not answered in time, the answer from here has to do.

    server ── serve ──► process ── thread: answer ──► reply
                             └──── rpc: answer_there ──┘
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any, TypeVar, assert_never

import beamlike as bl
from beamlike.kernel.current import current_node
from beamlike.kernel.question import Client
from notebook_tui.runtime.caret import call_at
from notebook_tui.runtime.completion import complete
from notebook_tui.runtime.definition import definition
from notebook_tui.runtime.description import describe
from notebook_tui.runtime.formatting import formatted
from notebook_tui.runtime.hurry import hurry
from notebook_tui.runtime.own_thread import in_thread
from notebook_tui.runtime.signature import helps_for, signatures
from notebook_tui.runtime.static_analysis import signatures_within_budget, warm
from notebook_tui.runtime.text_names import text_names
from notebook_tui.runtime.typing_questions import (
    FORMAT_SECONDS,
    AtPlace,
    Complete,
    Define,
    Describe,
    Format,
    Place,
    Question,
    SignaturesOf,
    nothing,
)
from notebook_tui.runtime.visible import visible
from notebook_tui.runtime.written import written

SECONDS = 1.5
"""For an answer, formatting aside; the session waits a little longer."""
THERE_SECONDS = 0.7
"""For another node."""

IDLE_SECONDS = 1.0
IDLE_LOOKS = 600

T = TypeVar("T")

logger = logging.getLogger("notebook_tui.runtime")


def answer(question: Question, namespace: Mapping[str, object], cells: Mapping[str, str]) -> Any:
    """In whatever thread this is; `cells` is as for `definition`.

    >>> answer(Describe(Place("x", 0)), {"x": 1}, {}).value
    '1'
    """
    match question:
        case Complete(at):
            return complete(at.source, at.offset, namespace, above=at.above, hidden=at.hidden)
        case Describe(at):
            return describe(at.source, at.offset, namespace, above=at.above, hidden=at.hidden, cells=cells)
        case SignaturesOf(at):
            return _signatures(at, namespace)
        case Define(at):
            return definition(at.source, at.offset, namespace, above=at.above, hidden=at.hidden, cells=cells)
        case Format(source):
            return formatted(source)
        case _:
            assert_never(question)


def _signatures(at: Place, namespace: Mapping[str, object]) -> Any:
    text = f"{at.above}\n{at.source}" if at.above else at.source
    offset = len(text) - len(at.source) + at.offset
    from_text = text_names(text, offset)
    found = signatures(at.source, at.offset, visible(namespace, at.hidden, from_text))
    call = call_at(at.source, at.offset)
    if found or call is None:
        return found
    not_run = written(text, from_text.find(call.function))
    if not_run is not None and not_run.signature is not None:
        return helps_for(call, [not_run.signature])
    return signatures_within_budget(text, offset)


def serve(
    client: Client, question: Question, module: str, cells: Mapping[str, str], bound: Mapping[str, object] | None = None
) -> None:
    """Has `client` answered, soon. `module` is the notebook's, and its names are those that live; over them stand those
    that the cells above have `bound`, for that module is as the cell saw it that ran last."""
    bl.spawn(_serve, client, question, module, dict(cells), bound or {})


async def warm_when_idle(is_idle: Callable[[], bool]) -> None:
    """Has the analysis of texts get ready while no cell runs; not in a runtime that runs a notebook and ends."""
    for _ in range(IDLE_LOOKS):
        await asyncio.sleep(IDLE_SECONDS)
        if is_idle():
            warm()
            return


async def _serve(
    client: Client, question: Question, module: str, cells: Mapping[str, str], bound: Mapping[str, object]
) -> None:
    with nullcontext() if isinstance(question, Format) else hurry():
        bl.GenServer.reply(client, await _answered(question, module, cells, bound))


async def _answered(question: Question, module: str, cells: Mapping[str, str], bound: Mapping[str, object]) -> Any:
    seconds = FORMAT_SECONDS if isinstance(question, Format) else SECONDS
    here = asyncio.ensure_future(_in_thread(question, module, cells, seconds, bound))
    node = "" if isinstance(question, Format) else question.node
    own = current_node().name
    if isinstance(question, Format) or node in ("", own):
        return await here
    there = await _from(node, question, module)
    local = await here
    return local if not there else _merged(question, there, local)


async def _in_thread(
    question: Question, module: str, cells: Mapping[str, str], seconds: float, bound: Mapping[str, object]
) -> Any:
    try:
        async with asyncio.timeout(seconds):
            return await in_thread(lambda: answer(question, {**_names_of(module), **bound}, cells))
    except TimeoutError:
        logger.info("%s took longer than %s s and is answered with nothing", type(question).__name__, seconds)
    except Exception:
        logger.exception("there is no answer to %r", question)
    return nothing(question)


def _names_of(module: str) -> Mapping[str, object]:
    loaded = sys.modules.get(module)
    return loaded.__dict__ if loaded is not None else {}


async def _from(node: str, question: AtPlace, module: str) -> Any:
    """What another node says of it; None if it says nothing in time."""
    try:
        return await bl.rpc.call(node, answer_there, question, module, timeout=THERE_SECONDS)
    except Exception as error:  # whatever that node is short of
        logger.info("%s has no answer to %s: %r", node, type(question).__name__, error)
        return None


async def answer_there(question: AtPlace, module: str) -> Any:
    """On that node: of its modules, and of what it has of the notebook."""
    return await _in_thread(question, module, {}, THERE_SECONDS, {})


def _merged(question: AtPlace, there: Any, here: Any) -> Any:
    if not isinstance(question, Complete):
        return there
    known = {item.label for item in there}
    return [*there, *(item for item in here if item.label not in known)]
