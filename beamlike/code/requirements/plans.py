"""What requirements once came to, kept on disk beside the environments.

It holds as long as the environment is there that was made of it. So who starts again asks no index, and gets what was
there before.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from typing import Final

from beamlike.code.requirements.lock import Pin, environment_key
from beamlike.code.requirements.ones_own import make_ones_own

PREFIX: Final = ".plan-"


def plan_key(
    dependencies: Iterable[str], constraints: Iterable[Pin], here: Iterable[str], platform: str, settings: str
) -> str:
    """The name of a plan: what was asked for, of installers with these settings, where all that is `here` was there
    already."""
    bounds = sorted(pin.line(hashed=True) for pin in constraints)
    asked = [sorted(dependencies), bounds, sorted(here), platform, settings]
    return blake2b(json.dumps(asked).encode(), digest_size=16).hexdigest()


class Plans:
    """Those of the environments in `root`. They are a convenience: one that cannot be written or read is none."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def recall(self, key: str, platform: str) -> list[Pin] | None:
        """What is to be installed by that plan; None if it is not known, or its environment is gone."""
        try:
            entries = json.loads(self._path(key).read_text(encoding="utf-8"))
            pins = [Pin(**{**entry, "hashes": tuple(entry["hashes"])}) for entry in entries]
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return pins if (self._root / environment_key(pins, platform)).is_dir() else None

    def note(self, key: str, pins: Iterable[Pin]) -> None:
        draft = self._path(f"{key}.{secrets.token_hex(4)}")
        with suppress(OSError):
            make_ones_own(self._root)
            draft.write_text(json.dumps([asdict(pin) for pin in pins]), encoding="utf-8")
            draft.replace(self._path(key))

    def _path(self, key: str) -> Path:
        return self._root / f"{PREFIX}{key}"
