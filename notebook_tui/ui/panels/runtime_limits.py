"""The form in which a user says how long the runtime may be there, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from notebook_tui.runtime.limits import Lifetime
from notebook_tui.session.durations import seconds_of, told, written
from notebook_tui.session.runtime_kinds import NONE

LIMIT_WORDS: Final = f"a time such as 90s, 30m or 2h; {NONE}: no limit"


def limit_text(seconds: float | None) -> str:
    """
    >>> limit_text(None), limit_text(1800.0)
    ('none', '30m')
    """
    return NONE if seconds is None else written(seconds)


def limit_of(text: str) -> float | None:
    """
    >>> limit_of("2h"), limit_of(" none "), limit_of("")
    (7200.0, None, None)
    """
    return None if text.strip() in ("", NONE) else seconds_of(text)


def limit_troubles(lifetime: Lifetime, values: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with the form, by the names of its fields.

    >>> limit_troubles(Lifetime(1800.0, 0.0, 7200.0, 60.0), {"idle": "soon", "lifetime": "2h"})
    {'idle': 'expected a time such as 90s, 30m or 1h30m; got soon'}
    >>> limit_troubles(Lifetime(1800.0, 0.0, 7200.0, 60.0), {"idle": "1h", "lifetime": "4h"})["lifetime"]
    'its machine was booted with this (2h) and keeps to it: another one is for a new runtime, in its description'
    """
    troubles: dict[str, str] = {}
    asked: dict[str, float | None] = {}
    for name in ("idle", "lifetime"):
        try:
            asked[name] = limit_of(values[name])
        except ValueError as error:
            troubles[name] = str(error)
    if "lifetime" in asked and asked["lifetime"] != lifetime.limit:
        troubles["lifetime"] = (
            f"its machine was booted with this ({limit_text(lifetime.limit)}) and keeps to it: another one is for a "
            "new runtime, in its description"
        )
    return troubles


def limit_said(lifetime: Lifetime | None) -> str:
    """
    >>> limit_said(Lifetime(7200.0))
    'The runtime ends when nobody has needed it for 2 h.'
    """
    if lifetime is None:
        return "There is no runtime any more."
    if lifetime.idle_limit is None:
        return "The runtime stays, also if nobody needs it."
    return f"The runtime ends when nobody has needed it for {told(lifetime.idle_limit)}."
