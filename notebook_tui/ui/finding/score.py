"""How well some words that were typed fit a title; pure, and quick enough for a thousand titles at every key."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_WORD: Final = re.compile(r"\w+")


def score(typed: str, title: str) -> float | None:
    """None where it does not fit; every typed word must. Beginnings of words count most, then parts, then letters that
    only come in this order.

    >>> score("run sec", "Run the section") > score("un", "Run the section") > score("rtn", "Run the section")
    True
    >>> score("xyz", "Run the section") is None
    True
    """
    text = title.casefold()
    total = 0.0
    for word in typed.casefold().split():
        found = _of_word(word, text)
        if found is None:
            return None
        total += found
    return total - len(text) / 1000


def _of_word(word: str, text: str) -> float | None:
    place = text.find(word)
    if place >= 0:
        if _starts_word(word, text):
            return 3.0 + (place == 0) * 0.5
        return 2.0
    return 1.0 if _in_order(word).search(text) else None


def _starts_word(word: str, text: str) -> bool:
    return any(found.group().startswith(word) for found in _WORD.finditer(text)) or text.startswith(word)


@lru_cache(maxsize=64)
def _in_order(word: str) -> re.Pattern[str]:
    return re.compile(".*?".join(map(re.escape, word)))
