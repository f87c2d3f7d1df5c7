"""Refuses keywords that a function does not know, in the words of who may have learned others: those of Elixir, say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def refuse_unknown(function: str, unknown: Iterable[str], known: Iterable[str], renamed: Mapping[str, str]) -> None:
    """TypeError if there is an unknown keyword: it names those that are known, and what the unknown one is called here.

    >>> refuse_unknown("start_link", ["max_restarts"], ["intensity", "period"], {"max_restarts": "intensity"})
    Traceback (most recent call last):
        ...
    TypeError: start_link does not know max_restarts, which is intensity here; known are intensity and period
    """
    names, known = list(unknown), list(known)
    if names:
        wrong = ", ".join(_in_words(name, known, renamed) for name in names)
        raise TypeError(f"{function} does not know {wrong}; known are {', '.join(known[:-1])} and {known[-1]}")


def _in_words(name: str, known: list[str], renamed: Mapping[str, str]) -> str:
    if name in renamed:
        return f"{name}, which is {renamed[name]} here"
    from difflib import get_close_matches  # which only a mistake is to pay for

    close = [other for other in known if name in other] or get_close_matches(name, known, n=1)
    return f"{name} (perhaps {close[0]}?)" if close else name
