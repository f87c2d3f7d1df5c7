"""What of a cell's outputs can be taken along: all as text, and each picture or page in its own form."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator, Sequence
from typing import Final

from beamlike.kernel.record import frozen
from notebook_tui.document.outputs import Display, Error, Output
from notebook_tui.ui.outputs.output_strips import output_lines
from notebook_tui.ui.outputs.terminal_text import plain
from notebook_tui.ui.outputs.traceback_lines import headline

# What the table of types of this machine may lack, or calls otherwise.
_SUFFIXES: Final = {"text/markdown": ".md", "text/latex": ".tex", "text/html": ".html", "image/jpeg": ".jpg"}


@frozen
class Keepsake:
    name: str
    """What a file with it may be called."""
    words: str
    """What it is."""
    data: bytes


def text_of(outputs: Sequence[Output]) -> str:
    """The outputs as plain text, as a terminal shows them.

    >>> from notebook_tui.document.outputs import Result, Text
    >>> text_of([Text("stdout", "10 %\\r\\x1b[1m20 %\\x1b[0m\\n"), Result("42")])
    '20 %\\n42\\n'
    """
    return "".join(f"{line}\n" for output in outputs for line in _plain_lines(output))


def keepsakes(outputs: Sequence[Output]) -> list[Keepsake]:
    """Pictures and pages, the newest first, and then all as text.

    >>> both = keepsakes([Display((("image/png", b"..."), ("text/plain", "a cat")))])
    >>> [(each.name, each.words) for each in both]
    [('output.png', 'image/png, 3 bytes'), ('output.txt', 'the text, 1 line')]
    """
    found = [each for output in reversed(outputs) if isinstance(output, Display) for each in _forms(output)]
    text = text_of(outputs)
    count = text.count("\n")
    noun = "line" if count == 1 else "lines"
    return [*found, Keepsake("output.txt", f"the text, {count:,} {noun}", text.encode("utf-8", "replace"))]


def _forms(display: Display) -> Iterator[Keepsake]:
    for media_type, form in display.forms:
        if media_type != "text/plain":
            data = form if isinstance(form, bytes) else form.encode("utf-8", "replace")
            yield Keepsake(f"output{_suffix(media_type)}", f"{media_type}, {len(data):,} bytes", data)


def _suffix(media_type: str) -> str:
    if media_type.endswith("json"):
        return ".json"
    return _SUFFIXES.get(media_type) or mimetypes.guess_extension(media_type) or ".bin"


def _plain_lines(output: Output) -> Iterator[str]:
    if isinstance(output, Error):
        # As Python writes it, ready to be sent to somebody.
        yield from map(plain, (output.traceback.rstrip() or headline(output)).split("\n"))
    else:
        yield from map(plain, output_lines(output))
