"""Who came, who was turned away and why, and who left: one line of JSON each, in a file for its user alone.

A flood of the same refusal is one line with a count, so that nobody fills the disk from outside; a file that has grown
is moved aside, and the one before it is dropped.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from pathlib import Path
from time import time
from typing import Final

_log = logging.getLogger("beamlike.ssh")
_LARGEST: Final = 16_000_000
_PAUSE: Final = 10.0
"""Seconds in which the same refusal of the same address is told of once."""
_MOST: Final = 1_000
"""Kinds of refusals that are remembered for that."""


class Audit:
    def __init__(self, file: Path, clock: Callable[[], float] = time) -> None:
        self._file = file
        self._clock = clock
        self._told: dict[tuple[str, str], tuple[float, int]] = {}
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)

    def note(self, event: str, **facts: str | int | float) -> None:
        """Something that happened."""
        self._write({"at": round(self._clock(), 3), "event": event, **facts})
        said = " ".join(f"{name}={value}" for name, value in facts.items())
        _log.log(logging.WARNING if event == "refused" else logging.INFO, "%s %s", event, said)

    def refused(self, address: str, why: str, **facts: str | int) -> None:
        """Somebody was turned away; the same soon after is only counted."""
        now, key = self._clock(), (address, why)
        last, more = self._told.pop(key, (0.0, 0))
        if now - last < _PAUSE:
            self._told[key] = (last, more + 1)
            return
        self._told[key] = (now, 0)
        while len(self._told) > _MOST:
            self._tell_of(next(iter(self._told)))
        self.note("refused", address=address, why=why, **({"again": more} if more else {}), **facts)

    def flush(self) -> None:
        """Tell of what was only counted."""
        for key in list(self._told):
            self._tell_of(key)

    def _tell_of(self, key: tuple[str, str]) -> None:
        _, more = self._told.pop(key)
        if more:
            self.note("refused", address=key[0], why=key[1], again=more)

    def _write(self, facts: dict[str, str | int | float]) -> None:
        line = json.dumps(facts, ensure_ascii=True) + "\n"
        try:
            descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.write(descriptor, line.encode())
                grown = os.fstat(descriptor).st_size > _LARGEST
            finally:
                os.close(descriptor)
            if grown:
                os.replace(self._file, self._file.with_name(f"{self._file.name}.1"))
        except OSError as error:
            _log.error("the log of logins %s cannot be written: %s", self._file, error)
