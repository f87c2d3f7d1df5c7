"""From how many bytes on a result stays where it was made, unless it is asked for otherwise."""

from __future__ import annotations

from typing import Final

TRAVEL_LIMIT: Final = 16 << 20
