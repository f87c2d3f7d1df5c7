"""The text of a program, with its escape sequences, to a page: what a terminal would show of it; in linear time.

Text comes in pieces that may end anywhere: a sequence that has begun waits for its end. Titles, clipboards, pictures,
queries and whatever else would reach beyond the page are dropped. As in kitty, control characters above 0x80 open no
sequences: text in the wrong encoding is full of them, and one would swallow the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from notebook_tui.widgets.terminal.ink import ending_of, inked, sequence_of
from notebook_tui.widgets.terminal.page import LINES, Cursor, Page
from notebook_tui.widgets.terminal.row import Row

_LONGEST: Final = 256
"""A sequence that goes on for longer is none."""
_LONGEST_LINK: Final = 2048
_TOKEN: Final = re.compile(
    rf"(?P<text>[^\x00-\x1f\x7f-\x9f]+)|(?P<line>\r?\n)"
    rf"|\x1b\[(?P<parameters>[0-?]{{0,{_LONGEST}}})(?P<between>[ -/]{{0,4}})(?P<final>[@-~])"
    rf"|\x1b(?P<string>[]PX^_])|\x1b(?P<marks>[ -/]{{1,4}})(?P<last>[0-~])|\x1b(?P<escape>[0-OQ-WYZ\\`-~])"
    rf"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f-\x9f])"
)
# What may still become one of them.
_BEGUN: Final = re.compile(rf"\x1b(?:\[[0-?]{{0,{_LONGEST}}}[ -/]{{0,4}}|[ -/]{{0,4}})")
_STRING_END: Final = re.compile(r"[\x07\x18\x1a\x1b]")
_LINK: Final = re.compile(r"8;[^;]*;(.*)", re.DOTALL)
_SAFE_LINK: Final = re.compile(r"(?:https?|mailto|ftp):[!-~]+|")


class Screen:
    """
    >>> screen = Screen()
    >>> screen.feed("one\\ntwo\\n\\x1b[A\\x1b[2Kthree")
    >>> [row.text for row in screen.rows]
    ['one', 'three']
    """

    def __init__(self) -> None:
        self._page = Page()
        self._behind: Page | None = None
        """The page that an alternate one hides."""
        self._waiting = ""
        self._string: str | None = None
        """What is known of a string sequence that has not ended."""

    @property
    def rows(self) -> list[Row]:
        """What there is to be seen."""
        page = self._page
        return [page.row_at(index) for index in range(page.height)]

    def feed(self, text: str) -> None:
        """More of what the program writes."""
        if self._waiting:
            text, self._waiting = self._waiting + text, ""
        place = 0
        while place < len(text):
            place = self._feed_string(text, place) if self._string is not None else self._feed_tokens(text, place)

    def settled(self) -> str:
        """A text without detours that leaves a fresh screen as this one is, whatever may follow."""
        parts = [_settled(page) for page in (self._behind, self._page) if page is not None]
        string = "" if self._string is None else f"\x1b{self._string}"
        return "\x1b[?1049h".join(parts) + string + self._waiting

    def _feed_tokens(self, text: str, place: int) -> int:
        """Up to the end, or to the inside of a string sequence."""
        page, match = self._page, _TOKEN.match
        while place < len(text):
            token = match(text, place)
            if token is None:
                place = self._begun(text, place)
                continue
            place = token.end()
            kind = token.lastgroup
            if kind == "text":
                page.print(token[0])
            elif kind == "line":
                page.new_line()
            elif kind == "final":
                if not token["between"]:
                    self._command(token["final"], token["parameters"])
                    page = self._page
            elif kind == "control":
                self._control(token[0])
            elif kind == "string":
                self._string = token["string"]
                return place
            elif kind == "last":
                if token["marks"] in ("(", ")"):
                    page.draws = token["last"] == "0"
            elif kind == "escape":
                self._escape(token["escape"])
                page = self._page
        return place

    def _begun(self, text: str, place: int) -> int:
        """Past what began as a sequence and is none, or to the end where it may yet become one."""
        begun = _BEGUN.match(text, place)
        assert begun is not None, f"expected a text, a control or an escape, got {text[place]!r}"
        if begun.end() == len(text):
            self._waiting = begun[0]
        return begun.end()

    def _feed_string(self, text: str, place: int) -> int:
        assert self._string is not None
        end = _STRING_END.search(text, place)
        if end is None:
            self._string += text[place : place + _LONGEST_LINK - len(self._string)]
            return len(text)
        known = self._string + text[place : end.start()][:_LONGEST_LINK]
        self._string = None
        if end[0] != "\x1b":
            if end[0] == "\x07":
                self._string_came(known)
            return end.end()
        if end.end() == len(text):  # its next character decides
            self._string, self._waiting = known, "\x1b"
            return len(text)
        if text[end.end()] == "\\":
            self._string_came(known)
            return end.end() + 1
        return end.start()

    def _string_came(self, string: str) -> None:
        if string[0] == "]" and (link := _LINK.fullmatch(string, 1)):
            safe = _SAFE_LINK.fullmatch(link[1]) and len(string) < _LONGEST_LINK
            self._page.ink = replace(self._page.ink, link=link[1] if safe else "")

    def _control(self, control: str) -> None:
        page = self._page
        match control:
            case "\r":
                page.go_back()
            case "\b":
                page.column = max(0, page.column - 1)
            case "\t":
                page.tab(1)
            case "\v" | "\f":
                page.new_line()
            case _:
                pass

    def _escape(self, letter: str) -> None:
        page = self._page
        match letter:
            case "7":
                page.save()
            case "8":
                page.restore()
            case "D":
                column = page.column
                page.new_line()
                page.column = column
            case "E":
                page.new_line()
            case "M":
                page.up_a_line()
            case "c":
                self._page, self._behind = Page(), None
            case _:
                pass

    def _command(self, final: str, parameters: str) -> None:
        if final == "m":
            if parameters[:1] not in ("<", "=", ">", "?"):
                self._page.ink = inked(self._page.ink, parameters)
        elif parameters[:1] == "?":
            if final in "hl" and _ALTERNATE.search(parameters):
                self._turn_page(alternate=final == "h")
        elif (command := _COMMANDS.get(final)) and parameters[:1] not in ("<", "=", ">"):
            command(self._page, [_parameter(each) for each in parameters.split(";")])

    def _turn_page(self, *, alternate: bool) -> None:
        if alternate and self._behind is None:
            self._behind, self._page = self._page, Page()
        elif not alternate and self._behind is not None:
            self._page, self._behind = self._behind, None


_ALTERNATE: Final = re.compile(r"(?:^\?|;)(?:47|1047|1049)(?:;|$)")


def _parameter(text: str) -> int:
    """A number, as far as it makes a difference; 0 where none is given."""
    text = text.partition(":")[0]
    return min(int(text), 100_000) if text.isdecimal() else 0


def _count(parameters: list[int]) -> int:
    return parameters[0] or 1


def _go(page: Page, parameters: list[int]) -> None:
    row, column = (*parameters, 1)[:2]
    page.go_to((row or 1) - 1, (column or 1) - 1)


def _insert_mode(page: Page, parameters: list[int], *, on: bool) -> None:
    if 4 in parameters:
        page.inserts = on


_COMMANDS: Final[dict[str, Callable[[Page, list[int]], object]]] = {
    "A": lambda page, given: page.move(-_count(given), 0),
    "B": lambda page, given: page.move(_count(given), 0),
    "C": lambda page, given: page.move(0, _count(given)),
    "D": lambda page, given: page.move(0, -_count(given)),
    "E": lambda page, given: page.go_to(page.row + _count(given), 0),
    "F": lambda page, given: page.go_to(page.row - _count(given), 0),
    "G": lambda page, given: page.go_to(page.row, _count(given) - 1),
    "`": lambda page, given: page.go_to(page.row, _count(given) - 1),
    "H": _go,
    "f": _go,
    "I": lambda page, given: page.tab(_count(given)),
    "Z": lambda page, given: page.tab_back(_count(given)),
    "J": lambda page, given: page.erase_on_page(given[0]),
    "K": lambda page, given: page.erase_in_row(given[0]),
    "L": lambda page, given: page.insert_rows(_count(given)),
    "M": lambda page, given: page.delete_rows(_count(given)),
    "@": lambda page, given: page.insert_columns(_count(given)),
    "P": lambda page, given: page.delete_columns(_count(given)),
    "X": lambda page, given: page.erase_columns(_count(given)),
    "a": lambda page, given: page.move(0, _count(given)),
    "b": lambda page, given: page.repeat(_count(given)),
    "d": lambda page, given: page.go_to(_count(given) - 1, page.column),
    "e": lambda page, given: page.move(_count(given), 0),
    "h": lambda page, given: _insert_mode(page, given, on=True),
    "l": lambda page, given: _insert_mode(page, given, on=False),
    "s": lambda page, given: page.save(),
    "u": lambda page, given: page.restore(),
}


def _settled(page: Page) -> str:
    return "".join(_steps(page))


def _steps(page: Page) -> Iterator[str]:
    """The rows, the place that is saved, and the place of the cursor; the commonest, the end of the text, last."""
    yield "\n".join(row.sequences() for row in page.rows)
    at, saved = max(0, len(page.rows) - 1), page.saved
    moved = saved != Cursor()
    if moved:
        yield _journey(page, at, saved.row, saved.column)
        yield sequence_of(saved.ink) + ("\x1b(0" if saved.draws else "") + "\x1b7"
        yield ending_of(saved.ink) + ("\x1b(B" if saved.draws else "")
        at = saved.row
    if moved or (page.row, page.column) != (at, page.row_at(at).width):
        yield _journey(page, at, page.row, page.column)
    yield sequence_of(page.ink) + ("\x1b(0" if page.draws else "") + ("\x1b[4h" if page.inserts else "")


def _journey(page: Page, start: int, row: int, column: int) -> str:
    """From a row to a place."""
    if row == len(page.rows) == start + 1 and column == 0:
        return "\n"
    if row > start:
        step = "\n" * (row - start) if row >= max(LINES, len(page.rows)) else f"\x1b[{row - start}B"
    else:
        step = f"\x1b[{start - row}A" if row < start else ""
    return f"{step}\x1b[{column + 1}G"
