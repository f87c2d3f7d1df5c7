"""What comes with a request, checked: it is from whoever may look, so nothing is taken for what it ought to be."""

from __future__ import annotations

import logging
from typing import Any, Final

from beamlike.kernel.record import frozen
from beamlike.kernel.terms import Pid

NAME: Final = "inspect"
"""Under which the process that answers is registered."""
OFF: Final = "trace off"
LONGEST_WORD: Final = 200
MOST_PER_SECOND: Final = 1000

_KINDS: Final[dict[str, type]] = {
    "sort": str,
    "only": str,
    "limit": int,
    "stacks": bool,
    "rates": bool,
}


@frozen
class LogOptions:
    level: int = logging.INFO
    logger: str = ""
    per_second: int = 200
    wait: float = 1.0


def part_options(parts: dict[Any, Any]) -> dict[str, dict[str, Any]]:
    """By part, what it is told. ValueError for what cannot be meant."""
    return {_word(name, "a part"): _told(name, given) for name, given in parts.items()}


def _told(part: Any, given: Any) -> dict[str, Any]:
    if type(given) is not dict:
        raise ValueError(f"expected the options of {part} as a dict, got a {type(given).__name__}")
    return {_word(name, "an option"): _value(name, value) for name, value in given.items()}


def _value(name: str, value: Any) -> Any:
    if name == "pids":
        if type(value) not in (list, tuple) or not all(type(it) is Pid for it in value):
            raise ValueError("expected pids as a list of pids")
        return tuple(value)
    kind = _KINDS.get(name)
    if kind is None or type(value) is not kind or (type(value) is str and len(value) > LONGEST_WORD):
        known = ", ".join((*_KINDS, "pids"))
        raise ValueError(f"expected options of {known}, each of its kind, got {name} as a {type(value).__name__}")
    return value


def log_options(given: dict[Any, Any]) -> LogOptions:
    level, name = given.get("level", logging.INFO), given.get("logger", "")
    if type(level) is str:
        level = logging.getLevelNamesMapping().get(level.upper())
    if type(level) is not int or not 0 <= level <= logging.CRITICAL:
        raise ValueError(f"expected a level such as INFO or 20 to follow a log from, got {given.get('level')!r}")
    per_second, wait = given.get("per_second", 200), given.get("wait", 1.0)
    if type(per_second) is not int or not 1 <= per_second <= MOST_PER_SECOND:
        raise ValueError(f"expected from 1 to {MOST_PER_SECOND} lines a second, got {per_second!r}")
    if type(wait) not in (int, float) or wait < 0:
        raise ValueError(f"expected how long to wait for lines in seconds, got {wait!r}")
    return LogOptions(level, _word(name, "the name of a logger"), per_second, wait)


def _word(text: Any, what: str) -> str:
    if type(text) is not str or len(text) > LONGEST_WORD:
        raise ValueError(f"expected {what} as a text of at most {LONGEST_WORD} characters, got {type(text).__name__}")
    return text
