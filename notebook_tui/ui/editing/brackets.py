"""Brackets and quotes come in pairs: the second is there when the first is typed, is typed over, and goes with it.

A pair is made only where nobody would have to take the second one away again: a quote behind a word is an apostrophe,
and a bracket before a word is being put around what is there.
"""

from __future__ import annotations

import re
from typing import Final

from notebook_tui.ui.editing.passage import Passage

PAIRS: Final = {"(": ")", "[": "]", "{": "}"}
_QUOTES: Final = {"python": "\"'", "markdown": "`"}
"""What is a quote in a language; in Markdown ' is an apostrophe."""
_SURROUNDS: Final = {**PAIRS, '"': '"', "'": "'", "`": "`", "*": "*", "_": "_"}
_PREFIX: Final = re.compile(r"(?<!\w)([rbfut]|[rbft]{2})$", re.IGNORECASE)
"""What may stand before a quote in Python."""
_FAR: Final = 20_000
"""Characters; a bracket that is farther away from its partner stands alone."""


def typed(passage: Passage, character: str, language: str) -> Passage | None:
    """What is more to be done for a character that is typed than to put it in; None: nothing.

    >>> typed(Passage.at("f", 1), "(", "python")
    Passage(text='f()', anchor=2, caret=2)
    >>> typed(Passage.at("f()", 2), ")", "python")
    Passage(text='f()', anchor=3, caret=3)
    """
    if passage.selected:
        return _surrounded(passage, character, language)
    if character in PAIRS:
        return _opened(passage, character)
    if passage.text[passage.caret : passage.caret + 1] == character:
        if character in PAIRS.values():
            return passage.to(passage.caret + 1)
        if character in _quotes(language) and _is_within(passage, character):
            return passage.to(passage.caret + 1)
    return _quoted(passage, character) if character in _quotes(language) else None


def backspaced(passage: Passage, language: str) -> Passage | None:
    """With both of an empty pair gone; None if the caret stands in none.

    >>> backspaced(Passage.at("f()", 2), "python")
    Passage(text='f', anchor=1, caret=1)
    """
    caret = passage.caret
    if passage.selected or not caret:
        return None
    first, second = passage.text[caret - 1], passage.text[caret : caret + 1]
    is_pair = PAIRS.get(first) == second or (first == second and first in _quotes(language))
    return passage.select(caret - 1, caret + 1).put("") if is_pair else None


def partner(text: str, place: int) -> int | None:
    """Where the bracket at that place is closed or opened; None if there is none there, or it stands alone.

    Brackets are counted, not read: one in a string counts like any other.

    >>> partner("f(a[0])", 1), partner("f(a[0])", 6), partner("f(", 1)
    (6, 1, None)
    """
    bracket = text[place : place + 1]
    if bracket in PAIRS:
        return _matched(text, place, min(len(text), place + _FAR), 1, bracket, PAIRS[bracket])
    opening = next((first for first, second in PAIRS.items() if second == bracket), None)
    if opening is None or not bracket:
        return None
    return _matched(text, place, max(-1, place - _FAR), -1, bracket, opening)


def bracket_beside(passage: Passage) -> tuple[int, int] | None:
    """The bracket that the caret stands behind or before, and its partner.

    >>> bracket_beside(Passage.at("f()", 3))
    (2, 1)
    """
    for place in (passage.caret - 1, passage.caret):
        if place >= 0 and (other := partner(passage.text, place)) is not None:
            return place, other
    return None


def _matched(text: str, place: int, end: int, step: int, same: str, other: str) -> int | None:
    depth = 0
    for index in range(place, end, step):
        if text[index] == same:
            depth += 1
        elif text[index] == other:
            depth -= 1
            if not depth:
                return index
    return None


def _surrounded(passage: Passage, character: str, language: str) -> Passage | None:
    if character not in _SURROUNDS or (character in "*_`" and language != "markdown"):
        return None
    around = character + passage.selected + _SURROUNDS[character]
    return passage.put(around).select(passage.anchor + 1, passage.caret + 1)


def _opened(passage: Passage, character: str) -> Passage | None:
    if passage.after and not _may_be_followed(passage.after[0]):
        return None
    opened = passage.put(character + PAIRS[character])
    return opened.to(opened.caret - 1)


def _quoted(passage: Passage, quote: str) -> Passage | None:
    before = passage.before
    if before.endswith(quote * 2) and not before.endswith(quote * 3):
        closed = passage.put(quote * 4)
        return closed.to(closed.caret - 3)
    follows_word = before[-1:].isalnum() or before[-1:] in ("_", quote)
    if (follows_word and not _PREFIX.search(before)) or _is_within(passage, quote):
        return None
    if passage.after and not _may_be_followed(passage.after[0]):
        return None
    quoted = passage.put(quote * 2)
    return quoted.to(quoted.caret - 1)


def _may_be_followed(character: str) -> bool:
    return character.isspace() or character in ")]},:;.=+-*/%"


def _is_within(passage: Passage, quote: str) -> bool:
    """Whether the caret stands in a quoted text of its line, as far as quotes tell."""
    return passage.before.replace(f"\\{quote}", "").count(quote) % 2 == 1


def _quotes(language: str) -> str:
    return _QUOTES.get(language, '"')
