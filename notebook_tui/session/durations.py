"""Lengths of time as people write and read them."""

from __future__ import annotations

import re
from typing import Final

_UNITS: Final = {"d": 86400, "h": 3600, "min": 60, "m": 60, "s": 1}
_PART: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(d|h|min|m|s)(?![a-z])\s*")
WORDS: Final = "a time such as 90s, 30m or 1h30m"


def seconds_of(text: str) -> float:
    """ValueError says what is expected.

    >>> seconds_of("30m"), seconds_of("1h 30 min"), seconds_of("90s")
    (1800.0, 5400.0, 90.0)
    >>> seconds_of("30")
    Traceback (most recent call last):
    ValueError: expected a time such as 90s, 30m or 1h30m; got 30
    """
    seconds, at = 0.0, 0
    for part in _PART.finditer(text.strip()):
        if part.start() != at:
            break
        seconds += float(part[1]) * _UNITS[part[2]]
        at = part.end()
    if at != len(text.strip()) or seconds <= 0:
        raise ValueError(f"expected {WORDS}; got {text}")
    return seconds


def written(seconds: float) -> str:
    """What `seconds_of` reads, to the second.

    >>> written(5400), written(90), written(1800), written(90000)
    ('1h30m', '1m30s', '30m', '1d1h')
    """
    parts: list[str] = []
    rest = round(seconds)
    for unit in ("d", "h", "m", "s"):
        count, rest = divmod(rest, _UNITS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def told(seconds: float) -> str:
    """For people, of the two largest units.

    >>> told(12_000), told(1800), told(59.6), told(45), told(93_600), told(7200)
    ('3 h 20 min', '30 min', '1 min', '45 s', '1 d 2 h', '2 h')
    """
    rest = round(seconds)
    if rest < 60:
        return f"{rest} s"
    if rest >= 600:
        rest = round(rest / 60) * 60
    names = {"d": 86400, "h": 3600, "min": 60, "s": 1}
    parts: list[tuple[int, str]] = []
    for unit, length in names.items():
        count, rest = divmod(rest, length)
        if count or parts:
            parts.append((count, unit))
    return " ".join(f"{count} {unit}" for count, unit in parts[:2] if count)
