"""How far something is."""

from __future__ import annotations

import time
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Sized
from types import TracebackType
from typing import Generic, Literal, Self, TypeVar

from notebook_tui.widgets import views
from notebook_tui.widgets.changes import Became
from notebook_tui.widgets.widget import Widget, new_ref

T = TypeVar("T")
SECONDS = 0.05
"""Between two looks of it that are shown; the end always is."""


class Progress(Widget[views.Progress], Generic[T]):
    """A bar: over the items of an iterable, or one that is moved by hand.

        for row in nb.progress(rows, note="rows"):
            ...
        with nb.progress(total=size, note="bytes") as bar:
            bar.advance(len(chunk))

    `total` is how many there are in all, by default as many as the iterable has, if it knows. It may be moved from any
    node: `set` says how far things are.
    """

    def __init__(
        self, items: Iterable[T] | AsyncIterable[T] | None = None, *, total: float | None = None, note: str = ""
    ) -> None:
        if total is not None and total < 0:
            raise ValueError(f"expected a total of 0 or more, got {total}")
        if total is None and isinstance(items, Sized):
            total = len(items)
        super().__init__(views.Progress(new_ref(), 0, total, note))
        self._items = items
        self._now = self._view
        self._began = time.time()
        self._shown_at = 0.0

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_items": None}  # whoever moves it elsewhere iterates over something of his own

    def advance(self, by: float = 1) -> None:
        self.set(self._now.done + by)

    def set(self, done: float, *, total: float | None = None, note: str | None = None) -> None:
        """So much is done."""
        self._move(done, self._now.total if total is None else total, self._now.note if note is None else note)

    def finish(self) -> None:
        """It is over: also where it fell short of its total."""
        self._move(self._now.done, self._now.total, self._now.note, "done")

    def fail(self) -> None:
        self._move(self._now.done, self._now.total, self._now.note, "failed")

    def _move(
        self, done: float, total: float | None, note: str, state: Literal["going", "done", "failed"] = "going"
    ) -> None:
        now = time.time()
        self._now = views.Progress(self.ref, done, total, note, now - self._began, state)
        if state != "going" or done == total or now - self._shown_at >= SECONDS:
            self._shown_at = now
            self._change(Became(self._now))

    def __iter__(self) -> Iterator[T]:
        if not isinstance(self._items, Iterable):
            raise TypeError(f"expected items to iterate over, as in nb.progress(rows), got {self._items!r}")
        with self:
            for item in self._items:
                yield item
                self.advance()

    async def __aiter__(self) -> AsyncIterator[T]:
        if not isinstance(self._items, AsyncIterable):
            raise TypeError(f"expected async items to iterate over, got {self._items!r}")
        with self:
            async for item in self._items:
                yield item
                self.advance()

    def __enter__(self) -> Self:
        if not self._is_shown:
            self.show()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None or kind is GeneratorExit:  # a `break` ends the loop, and nothing has failed
            self.finish()
        else:
            self.fail()
