"""The pools that come with Python, at the same work: 4 processes, each task by itself."""

from __future__ import annotations

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor

from tests.bench.flame.tasks import SHORT, double
from tests.bench.lines import emit

WORKERS = 4


def main() -> None:
    with multiprocessing.Pool(WORKERS) as pool:
        pool.map(double, range(400), chunksize=1)
        began = time.perf_counter()
        pool.map(double, range(SHORT), chunksize=1)
        told("multiprocessing.Pool", began)
    with ProcessPoolExecutor(WORKERS) as executor:
        list(executor.map(double, range(400)))
        began = time.perf_counter()
        for future in [executor.submit(double, item) for item in range(SHORT)]:
            future.result()
        told("ProcessPoolExecutor", began)


def told(system: str, began: float) -> None:
    emit(system, "W12", "pool_tasks", "task/s", SHORT / (time.perf_counter() - began), n=SHORT, workers=WORKERS)
