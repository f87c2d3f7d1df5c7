"""Keeps the lines of several writers apart where they are shown together. Pure.

Texts of writers that say who they are, by an `Origin`, start on a line of their own: the open line of another is ended
before, and who goes on with a line that was ended so does that on a new one, marked as all of its lines are. Texts
without an origin may continue each other.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from beamlike.kernel.group_leader import Output

REMEMBERED = 1000
"""So many lines may be ended for another's sake that nobody has gone on with: who died meanwhile never will."""

_Writer: TypeAlias = tuple[Any, str] | None


class OpenLine:
    """Knows whose line is open.

    >>> from beamlike.kernel.group_leader import Origin
    >>> line, one, two = OpenLine(), Origin(1, "[one] "), Origin(2, "[two] ")
    >>> line.apart(Output("stdout", "[one] wor", one))
    [('stdout', '[one] wor')]
    >>> line.apart(Output("stdout", "[two] hello\\n", two))
    [('stdout', '\\n'), ('stdout', '[two] hello\\n')]
    >>> line.apart(Output("stdout", "ld\\n", one))
    [('stdout', '[one] ld\\n')]
    """

    def __init__(self) -> None:
        self._is_open = False
        self._writer: _Writer = None
        self._stream = ""
        self._ended: dict[_Writer, None] = {}

    def apart(self, output: Output) -> list[tuple[str, str]]:
        """What is to be shown for `output`, as pairs of stream and text."""
        origin, text = output.origin, output.text
        if origin is None and self._writer is None:
            self._show(None, output.stream, text)
            return [(output.stream, text)]
        writer = None if origin is None else (origin.writer, output.stream)
        shown = self._end_line_of_another(writer)
        if writer in self._ended:
            del self._ended[writer]
            text = _on_a_new_line(text, "" if origin is None else origin.tag)
        self._show(writer, output.stream, text)
        return [*shown, (output.stream, text)] if text else shown

    def _end_line_of_another(self, writer: _Writer) -> list[tuple[str, str]]:
        if not self._is_open or self._writer == writer:
            return []
        self._ended[self._writer] = None
        if len(self._ended) > REMEMBERED:
            del self._ended[next(iter(self._ended))]
        self._is_open = False
        return [(self._stream, "\n")]

    def _show(self, writer: _Writer, stream: str, text: str) -> None:
        if text:
            self._is_open = text[-1] != "\n"
            self._writer, self._stream = writer, stream


def _on_a_new_line(text: str, tag: str) -> str:
    """`text`, that was to go on with a line which has ended already."""
    for end in ("\n", "\r\n"):
        if text.startswith(end):
            return text[len(end) :]
    return text if text.startswith("\r") else tag + text
