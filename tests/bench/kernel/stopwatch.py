"""Wall-clock seconds of a block, and those of CPU that this interpreter used in it."""

from __future__ import annotations

import time


class Stopwatch:
    def __enter__(self) -> Stopwatch:
        self.began, self.cpu_before = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self.began
        self.cpu_seconds = time.process_time() - self.cpu_before
