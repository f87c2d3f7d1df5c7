"""What code of a call logs on a child is logged at its caller; all else that is logged there is in the child's log.

In a script the caller's own loggers, levels, filters and handlers get the record, which says by `flame_node` and
`flame_call` where it comes from; in a notebook, and where nobody handles records, it is text on stderr.
"""

from __future__ import annotations

import logging
import sys

from beamlike.kernel.group_leader import install_router
from flame.output import CallOutput, current, is_in_call

_OURS = frozenset({"beamlike", "nodes", "flame", "asyncio"})


def install(log_level: int | str = logging.WARNING) -> None:
    """Makes this interpreter one whose calls are heard; for a child, once it is up.

    `log_level` is the root logger's: what is below is not logged anywhere, unless a logger has a level of its own.
    Since the root logger has a handler from now on, `logging.basicConfig` does nothing here (but with `force=True`).
    """
    install_router()
    root = logging.getLogger()
    root.setLevel(log_level)
    if not any(isinstance(handler, CallHandler) for handler in root.handlers):
        root.addHandler(CallHandler())


class CallHandler(logging.Handler):
    """Hands each record to the output of the call that logged it, or to the child's log."""

    def __init__(self) -> None:
        super().__init__()
        self._log = logging.StreamHandler(sys.__stderr__)
        self._log.setFormatter(logging.Formatter(logging.BASIC_FORMAT))

    def createLock(self) -> None:
        """None: whoever holds what an output is guarded by may be logging."""
        self.lock = None

    def handle(self, record: logging.LogRecord) -> bool:
        kept = self.filter(record)
        if kept:
            self.emit(kept if isinstance(kept, logging.LogRecord) else record)
        return bool(kept)

    def emit(self, record: logging.LogRecord) -> None:
        output = _call_of(record)
        if output is None:
            self._log.handle(record)
            return
        try:
            output.log(record)
        except Exception:  # of an argument that cannot be formatted
            self.handleError(record)


def _call_of(record: logging.LogRecord) -> CallOutput | None:
    """The call that `record` belongs to. What has no context may be a thread of the only call, or the house itself."""
    if not is_in_call() and record.name.partition(".")[0] in _OURS:
        return None
    return current()
