"""Which of the two ways to watch calls this Python has."""

from __future__ import annotations

import sys
from types import FunctionType

from beamlike.inspect.tracing.calls import CallLog, CallWatch


def watch_calls(functions: dict[str, FunctionType], log: CallLog) -> CallWatch:
    """By whichever way this Python has. NoFunction for one that cannot be traced so."""
    if sys.version_info >= (3, 12):
        from beamlike.inspect.tracing.monitored_calls import MonitoredCalls

        return MonitoredCalls(functions, log)
    from beamlike.inspect.tracing.exchanged_code import ExchangedCode

    return ExchangedCode(functions, log)
