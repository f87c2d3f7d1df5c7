"""Text that comes piece by piece, as from a language model or a log."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable
from typing import Self

from notebook_tui.widgets import views
from notebook_tui.widgets.changes import Became, TextAppended
from notebook_tui.widgets.widget import Widget, new_ref


class TextStream(Widget[views.TextStream]):
    """
    >>> from notebook_tui.widgets.text_stream import TextStream
    >>> stream = TextStream("Once\\n").show()
    Once
    >>> stream.write("upon a time\\n")
    upon a time
    """

    def __init__(self, text: str = "") -> None:
        super().__init__(views.TextStream(new_ref(), text))

    def write(self, text: str) -> None:
        """The text goes on; `\\r` writes over its last line. It keeps its end when it is long."""
        if not isinstance(text, str):
            raise TypeError(f"expected text to go on with, got {type(text).__name__}: {text!r}")
        self._change(TextAppended(text))

    def clear(self) -> None:
        self._change(Became(views.TextStream(self.ref)))

    async def follow(self, pieces: AsyncIterable[str] | Iterable[str]) -> Self:
        """Writes each of the pieces, as they come."""
        if isinstance(pieces, AsyncIterable):
            async for piece in pieces:
                self.write(piece)
        else:
            for piece in pieces:
                self.write(piece)
        return self
