"""Text with a terminal's colours as HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from notebook_tui.format.plain_text import without_escapes

_SGR = re.compile(r"\x1b\[([0-9;]*)m")
_STYLES = {1: "bold", 2: "faint", 3: "italic", 4: "underlined", 9: "struck"}
_ENDS = {22: ("bold", "faint"), 23: ("italic",), 24: ("underlined",), 29: ("struck",)}


def coloured(text: str) -> str:
    """The text with a span for each stretch of a colour; what else a terminal is told is left out.

    >>> coloured("a < \\x1b[31mb\\x1b[0m")
    'a &lt; <span class="fg1">b</span>'
    """
    return "".join(_spans(text))


def _spans(text: str) -> Iterator[str]:
    classes: dict[str, None] = {}
    at = 0
    for order in _SGR.finditer(text):
        yield _span(text[at : order.start()], classes)
        classes = _changed(classes, order[1])
        at = order.end()
    yield _span(text[at:], classes)


def _span(text: str, classes: dict[str, None]) -> str:
    shown = escape(without_escapes(text), quote=False)
    return f'<span class="{" ".join(classes)}">{shown}</span>' if shown and classes else shown


def _changed(classes: dict[str, None], codes: str) -> dict[str, None]:
    changed = dict(classes)
    numbers = iter([int(code) if code and len(code) < 4 else 0 for code in codes.split(";")])
    for number in numbers:
        if number == 0:
            changed = {}
        elif number in _STYLES:
            changed[_STYLES[number]] = None
        elif number in _ENDS:
            changed = {name: None for name in changed if name not in _ENDS[number]}
        elif 30 <= number <= 49 or 90 <= number <= 107:
            kind, colour = _colour(number, numbers)
            changed = {name: None for name in changed if not name.startswith(kind)}
            if colour is not None:
                changed[f"{kind}{colour}"] = None
    return changed


def _colour(number: int, rest: Iterator[int]) -> tuple[str, int | None]:
    kind = "fg" if number < 40 or 90 <= number < 98 else "bg"
    if number % 10 == 8 and number < 50:
        # One of 256 colours, of which those with names are shown, or a mixed one, which is not.
        mode = next(rest, 0)
        said = [next(rest, 0) for _ in range(1 if mode == 5 else 3)]
        return kind, said[0] if mode == 5 and said[0] < 16 else None
    if number % 10 == 9:
        return kind, None
    return kind, number % 10 + (8 if number >= 90 else 0)
