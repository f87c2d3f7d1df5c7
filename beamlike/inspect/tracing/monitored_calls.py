"""Calls watched by `sys.monitoring`, which Python has from 3.12 on: the code stays as it is.

Only the code of the chosen functions tells of its starts and returns. That a call ended by an exception Python tells
only for all code at once, so while calls are watched each frame that an exception leaves is looked at: some 0.1 µs.
An ended trace, or one that has to wait for the next second, asks for no event at all.
"""

from __future__ import annotations

import sys
import threading
from types import CodeType, FunctionType
from typing import Any, Final

from beamlike.inspect.tracing.calls import CallLog
from beamlike.inspect.tracing.functions import NoFunction

# Python 3.11 has none, and there this module is not used.
_monitoring: Final[Any] = getattr(sys, "monitoring", None)

_NAME: Final = "beamlike trace"
_IDS: Final = (4, 3)
"""Those that Python promises to no kind of tool."""
_OPEN_CALLS: Final = 10_000
"""Calls that have begun and not ended; of more the oldest are told no end."""


class MonitoredCalls:
    def __init__(self, functions: dict[str, FunctionType], log: CallLog) -> None:
        self._names: dict[CodeType, str] = {function.__code__: name for name, function in functions.items()}
        self._log = log
        self._tool: int | None = None
        self._lock = threading.Lock()
        # By the frame, which stays the same where a coroutine is suspended.
        self._calls: dict[int, tuple[int, float]] = {}
        events = _monitoring.events
        self._local = events.PY_START | events.PY_RETURN

    def take_up(self) -> None:
        with self._lock:
            if self._tool is not None:
                return
            self._tool = tool = _free_tool()
            events = _monitoring.events
            _monitoring.register_callback(tool, events.PY_START, self._started)
            _monitoring.register_callback(tool, events.PY_RETURN, self._returned)
            _monitoring.register_callback(tool, events.PY_UNWIND, self._unwound)
            for code in self._names:
                _monitoring.set_local_events(tool, code, self._local)
            _monitoring.set_events(tool, events.PY_UNWIND)

    def let_go(self) -> None:
        # Not waited for: it may be called from within one of the callbacks.
        if not self._lock.acquire(blocking=False):
            return
        try:
            tool, self._tool = self._tool, None
            if tool is None:
                return
            events = _monitoring.events
            _monitoring.set_events(tool, 0)
            for code in self._names:
                _monitoring.set_local_events(tool, code, 0)
            for event in (events.PY_START, events.PY_RETURN, events.PY_UNWIND):
                _monitoring.register_callback(tool, event, None)
            _monitoring.free_tool_id(tool)
            self._calls.clear()
        finally:
            self._lock.release()

    def _started(self, code: CodeType, _offset: int) -> None:
        name = self._names.get(code)
        if name is None:
            return
        frame = sys._getframe(1)
        call = self._log.called(name, *_arguments(code, frame.f_locals))
        if call is not None:
            if len(self._calls) >= _OPEN_CALLS:
                self._calls.pop(next(iter(self._calls)), None)
            self._calls[id(frame)] = call

    def _returned(self, code: CodeType, _offset: int, value: Any) -> None:
        call = self._calls.pop(id(sys._getframe(1)), None)
        if call is not None and code in self._names:
            self._log.returned(self._names[code], call, value)

    def _unwound(self, code: CodeType, _offset: int, error: BaseException) -> None:
        name = self._names.get(code)
        if name is None:
            return
        call = self._calls.pop(id(sys._getframe(1)), None)
        if call is not None:
            self._log.raised(name, call, error)


def _free_tool() -> int:
    for number in _IDS:
        try:
            _monitoring.use_tool_id(number, _NAME)
        except ValueError:
            continue
        return number
    tools = ", ".join(str(_monitoring.get_tool(number)) for number in _IDS)
    raise NoFunction(f"expected sys.monitoring to have room for one tool more; there are {tools} already")


def _arguments(code: CodeType, local: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """As they were given: those by position first, then those by keyword only."""
    count, keywords = code.co_argcount, code.co_kwonlyargcount
    names = code.co_varnames
    missing = "<cell>"
    args = [local.get(name, missing) for name in names[:count]]
    kwargs = {name: local.get(name, missing) for name in names[count : count + keywords]}
    place = count + keywords
    if code.co_flags & 0x04:
        args.extend(local.get(names[place], ()))
        place += 1
    if code.co_flags & 0x08:
        kwargs |= local.get(names[place], {})
    return tuple(args), kwargs
