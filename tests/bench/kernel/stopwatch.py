"""Wall-clock seconds of a block."""

from __future__ import annotations

import time


class Stopwatch:
    def __enter__(self) -> Stopwatch:
        self.began = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self.began
