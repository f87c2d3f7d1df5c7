"""The environment of the terminal that is drawn on: this program's own, or that of whoever has come over a network.

Several terminals in one program have one each; it stands in a context variable, which all that a view starts inherits.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Final

_environment: Final[ContextVar[Mapping[str, str] | None]] = ContextVar("beamlike_terminal_environment", default=None)


def terminal_environment() -> Mapping[str, str]:
    """Of the terminal that the code that asks draws on."""
    environment = _environment.get()
    return os.environ if environment is None else environment


def use_terminal_environment(environment: Mapping[str, str]) -> None:
    """From now on, in the current context."""
    _environment.set(environment)
