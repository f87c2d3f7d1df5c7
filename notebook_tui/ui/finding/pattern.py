"""What is looked for, and where it is found. However odd an expression is, looking ends in time.

`regex` instead of `re`: it stops at a deadline, and a search of Python's own can neither be stopped nor run beside.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from beamlike.kernel.record import frozen

Span: TypeAlias = tuple[int, int]
PATIENCE: Final = 0.25
"""Seconds that a search may take in all."""
_TOO_LONG: Final = "This expression takes too long."
_MOST: Final = 10_000
"""More matches are counted and marked nowhere: nobody looks at them one by one."""


class BadPattern(ValueError):
    """The expression is none; the message says why."""


class TooLong(Exception):
    """The search was given up."""


@frozen
class Query:
    text: str
    case: bool = False
    """Whether large and small letters differ."""
    words: bool = False
    regex: bool = False


class Pattern:
    """
    >>> pattern = Pattern(Query("b."))
    >>> pattern.spans("ab.b.")
    [(1, 3), (3, 5)]
    >>> Pattern(Query("(b)", regex=True)).replaced("abc", "[\\\\1]")
    ('a[b]c', 1)
    """

    def __init__(self, query: Query, clock: Callable[[], float] = time.monotonic) -> None:
        """`BadPattern` if the expression is none."""
        import regex

        flags = regex.MULTILINE | (0 if query.case else regex.IGNORECASE)
        said = query.text if query.regex else regex.escape(query.text)
        try:
            self._compiled: Any = regex.compile(rf"\b(?:{said})\b" if query.words else said, flags)
        except regex.error as error:
            raise BadPattern(f"no expression: {error}") from error
        except (OverflowError, RecursionError) as error:
            raise BadPattern("no expression: it is too large") from error
        self._is_regex = query.regex
        self._clock = clock
        self._given_up = False

    def spans(self, text: str, until: float | None = None) -> list[Span]:
        """Where it is found, in order; places without a width are none. `TooLong` past the deadline."""
        return [match.span() for match in self._matches(text, until)]

    def replaced(self, text: str, replacement: str, until: float | None = None) -> tuple[str, int]:
        """The text with all of them replaced, and how many there were."""
        done, at, count = "", 0, 0
        for match in self._matches(text, until):
            done += text[at : match.start()] + self._expanded(match, replacement)
            at = match.end()
            count += 1
        return done + text[at:], count

    def replacement_at(self, text: str, span: Span, replacement: str) -> str | None:
        """What stands in the place of the match of that span; None if it is none."""
        match = next((each for each in self._matches(text, None) if each.span() == span), None)
        return None if match is None else self._expanded(match, replacement)

    def _matches(self, text: str, until: float | None) -> list[Any]:
        end = self._clock() + PATIENCE if until is None else until
        found: list[Any] = []
        if self._given_up:
            # Once is enough: every row on the screen would wait as long again.
            raise TooLong(_TOO_LONG)
        try:
            for match in self._compiled.finditer(text, timeout=max(0.001, end - self._clock())):
                if match.start() < match.end():
                    found.append(match)
                    if len(found) >= _MOST:
                        break
        except TimeoutError as error:
            self._given_up = True
            raise TooLong(_TOO_LONG) from error
        return found

    def _expanded(self, match: Any, replacement: str) -> str:
        if not self._is_regex:
            return replacement
        import regex

        try:
            expanded: str = match.expand(replacement)
        except (regex.error, IndexError) as error:
            raise BadPattern(f"no replacement: {error}") from error
        return expanded
