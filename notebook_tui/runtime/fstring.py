"""Where the expressions stand in an f-string (or t-string) that may still be typed.

Since Python 3.12 an expression may hold any string, also one with the quotes of the whole: only a walk over the braces
tells where such a literal ends.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from beamlike.kernel.record import frozen

_PREFIX = re.compile(r"[rRbBuUfFtT]{0,2}(?P<quote>\"{3}|'{3}|\"|')")
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_DEEPEST = 20
"""Strings within strings: nobody writes more, and each is a call of the one around."""


@frozen
class Literal:
    end: int
    """Where it ends in the source, or where the source, or the line, ends without it."""
    is_open: bool
    expressions: tuple[tuple[int, int], ...]
    """Where in the source they begin and end; one within another's format stands after it."""
    open_expression: int | None
    """Where the expression begins that was not ended either, and does not stand in a string of its own."""


def is_formatted(literal: str) -> bool:
    """Whether this begins such a literal."""
    found = _PREFIX.match(literal)
    return found is not None and not set("fFtT").isdisjoint(found.group())


def scan(source: str, start: int, depth: int = 0) -> Literal:
    """The literal that begins at `start`.

    >>> scan('f"{a:{b}} {{c}} {d', 0)
    Literal(end=18, is_open=True, expressions=((3, 4), (6, 7), (17, 18)), open_expression=17)
    """
    prefix = _PREFIX.match(source, start)
    assert prefix is not None, "expected the begin of a string"
    return _Walk(source, prefix["quote"], "r" in prefix.group().lower(), depth).run(prefix.end())


@dataclass(slots=True)
class _Expression:
    start: int
    place: int
    """Among the expressions found."""
    brackets: str = ""
    in_format: bool = False


class _Walk:
    def __init__(self, source: str, quote: str, raw: bool, depth: int) -> None:
        self._source = source
        self._quote = quote
        self._raw = raw
        self._depth = depth
        self._open: list[_Expression] = []
        self._found: list[tuple[int, int]] = []

    def run(self, at: int) -> Literal:
        source, quote = self._source, self._quote
        while at < len(source):
            around = self._open[-1] if self._open else None
            in_text = around is None or around.in_format
            if in_text and source.startswith(quote, at):
                return self._ended(at + len(quote), is_open=False)
            # Since 3.12 an expression may go on in the next line; far more often its end has not been typed yet.
            if source[at] in "\r\n" and len(quote) == 1:
                return self._ended(at, is_open=True)
            if around is None or in_text:
                at = self._text(at, around)
            else:
                at = self._code(at, around)
                if at < 0:
                    return self._ended(-at, is_open=True)
        return self._ended(at, is_open=True)

    def _ended(self, end: int, is_open: bool) -> Literal:
        end = min(end, len(self._source))
        inner = self._open[-1] if self._open and not self._open[-1].in_format else None
        for expression in self._open:
            if not expression.in_format:
                self._found[expression.place] = (expression.start, end)
        return Literal(end, is_open, tuple(self._found), inner.start if inner is not None and is_open else None)

    def _text(self, at: int, around: _Expression | None) -> int:
        source = self._source
        if source[at] == "\\":
            return self._escape(at)
        if source[at] == "{":
            if around is None and source.startswith("{{", at):
                return at + 2
            self._open.append(_Expression(at + 1, len(self._found)))
            self._found.append((at + 1, at + 1))
        elif source[at] == "}" and around is not None:
            self._open.pop()
        return at + 1

    def _escape(self, at: int) -> int:
        if self._source.startswith("\\N{", at) and not self._raw:
            return self._source.find("}", at) + 1 or len(self._source)
        return at + 1 if self._source[at + 1 : at + 2] in ("{", "}") else at + 2

    def _code(self, at: int, around: _Expression) -> int:
        """Where to go on; negative where the source ends within a string of the expression."""
        source, sign = self._source, self._source[at]
        if sign in "\"'":
            if self._depth == _DEEPEST:
                return -len(source)
            inner = scan(source, self._prefix_before(at), self._depth + 1)
            return -inner.end if inner.is_open else inner.end
        if sign in _CLOSING:
            around.brackets += _CLOSING[sign]
        elif around.brackets:
            if sign == around.brackets[-1]:
                around.brackets = around.brackets[:-1]
        elif sign == "}" or sign == ":" or (sign == "!" and source[at + 1 : at + 2] != "="):
            self._found[around.place] = (around.start, at)
            if sign == "}":
                self._open.pop()
            around.in_format = True
        return at + 1

    def _prefix_before(self, quote: int) -> int:
        start = quote
        while start > quote - 2 and self._source[start - 1] in "rRbBuUfFtT":
            start -= 1
        return start if not self._source[start - 1].isidentifier() else quote
