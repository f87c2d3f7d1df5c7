"""What goes on beside the cells: callbacks of widgets, and frames that move."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from typing import Any

import beamlike as bl
from notebook_tui.widgets.cell_run import RUN
from notebook_tui.widgets.frame import Frame
from notebook_tui.widgets.messages import Event
from notebook_tui.widgets.views import View
from notebook_tui.widgets.widget import Listened

logger = logging.getLogger("notebook_tui.widgets")


def listen(widget: Listened[Any], callback: Callable[[Event], Any]) -> bl.Pid:
    """Calls `callback(event)` for each event of the widget, one after the other, until the cell runs again or the
    process that this returns is ended. An exception is logged, and the next event comes.

    A callback that is a plain function keeps the cells' thread while it runs; an async one does not while it waits.
    """
    if not isinstance(widget, Listened):
        raise TypeError(f"expected a button, form, keyboard or input to listen to, got {type(widget).__name__}")
    listener = bl.spawn(_listen, widget, callback)
    widget.subscribe(listener)  # here, so that nothing is missed before it begins to run
    return listener


async def _listen(widget: Listened[View], callback: Callable[[Event], Any]) -> None:
    _beside_the_cells()
    async for event in widget:
        await _called(callback, event)


def _beside_the_cells() -> None:
    run = RUN.get()
    if run is not None:
        RUN.set(run.beside())


async def _called(function: Callable[..., Any], *args: Any) -> Any:
    try:
        value = function(*args)
        return await value if inspect.isawaitable(value) else value
    except Exception:
        logger.exception("%s failed", getattr(function, "__qualname__", function))
        return None


def animate(ticks: float | Iterable[Any] | AsyncIterable[Any], draw: Callable[[Any], Any]) -> Frame:
    """A frame that shows `draw(item)` for each item, in the background, until the cell runs again.

    `ticks` is a number of seconds between two looks, which are counted from 0, or what yields the items.

        nb.animate(1.0, lambda n: f"{n} seconds")
    """
    if isinstance(ticks, bool) or not isinstance(ticks, int | float | Iterable | AsyncIterable):
        raise TypeError(f"expected seconds or something to iterate over, got {ticks!r}")
    if isinstance(ticks, int | float) and ticks <= 0:
        raise ValueError(f"expected more than 0 seconds between two looks, got {ticks}")
    frame = Frame()
    bl.spawn(_animate, frame, ticks, draw)
    return frame


async def _animate(frame: Frame, ticks: float | Iterable[Any] | AsyncIterable[Any], draw: Callable[[Any], Any]) -> None:
    _beside_the_cells()
    async for item in _each(ticks):
        value = await _called(draw, item)
        if value is not None:
            frame.render(value)


async def _each(ticks: float | Iterable[Any] | AsyncIterable[Any]) -> AsyncIterator[Any]:
    if isinstance(ticks, AsyncIterable):
        async for item in ticks:
            yield item
    elif isinstance(ticks, Iterable):
        for item in ticks:
            yield item
            await asyncio.sleep(0)  # others are to have their turn
    else:
        count = 0
        while True:
            yield count
            count += 1
            await asyncio.sleep(ticks)
