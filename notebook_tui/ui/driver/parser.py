"""Textual's parser of what a terminal sends, made to be forgotten with its terminal.

Stands on names of Textual that it does not promise to keep (`XTermParser`, `_parse_extended_key`): tests drive it
through a real client, and look whether a view that has ended is gone.
"""

from __future__ import annotations

from typing import Any, Final, cast

from textual import events
from textual._xterm_parser import XTermParser

_UNCACHED: Final = cast(Any, XTermParser._parse_extended_key).__wrapped__


class Parser(XTermParser):
    def _parse_extended_key(self, sequence: str) -> list[events.Key] | None:  # type: ignore[override]
        # Textual's own cache is the class's, not the parser's, and holds each parser that ever saw a key, the event
        # it gave last, and with that the app, its client and the notebook: in a program of many views, all of them.
        found: list[events.Key] | None = _UNCACHED(self, sequence)
        return found
