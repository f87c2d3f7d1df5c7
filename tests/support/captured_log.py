"""What a logger was told inside a `with` block: for tests that run outside pytest's own capture, or count records."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@contextmanager
def captured_log(name: str) -> Iterator[list[logging.LogRecord]]:
    """The records that logger `name` gets meanwhile; the list grows."""
    logger, collector = logging.getLogger(name), _Collector()
    logger.addHandler(collector)
    try:
        yield collector.records
    finally:
        logger.removeHandler(collector)
