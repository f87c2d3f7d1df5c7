"""Watches the calls of a few chosen functions, all code that calls them, in every thread.

From Python 3.12 on `sys.monitoring` tells of them (`monitored_calls`); before, the function's code is exchanged for one
that tells and goes on to the old (`exchanged_code`). Both hand what happened to the same `CallLog`, cost nothing
for any other function, and nothing at all once they have let go. `sys.settrace` would slow every line of a thread.
"""

from __future__ import annotations

import itertools
import time
from types import FunctionType
from typing import Any, Protocol

from beamlike.inspect.tracing.messages import pid_text
from beamlike.inspect.tracing.recorder import Recorder
from beamlike.inspect.tracing.shown import hidden, hidden_arguments, shown, shown_arguments, shown_error
from beamlike.kernel import current


class CallWatch(Protocol):
    """What both ways are to the tracer. Any thread may call them; to do it twice changes nothing."""

    def take_up(self) -> None: ...

    def let_go(self) -> None:
        """Leaves each function as it was, exactly."""


class CallLog:
    """Without `values` no argument and no result is shown, but of which types they are."""

    def __init__(
        self, recorder: Recorder, home: str, functions: dict[str, FunctionType], *, values: bool = True
    ) -> None:
        self._recorder = recorder
        self._values = values
        self._functions = functions
        self._home = home
        self._numbers = itertools.count(1)

    def called(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[int, float] | None:
        """The number of the call and when it began; None if it is not to be told of, and neither is its end."""
        if not self._recorder.is_open:
            return None
        number, at = next(self._numbers), time.perf_counter()

        def row() -> tuple[Any, ...]:
            return (
                "called",
                time.time(),
                self._who(),
                name,
                (shown_arguments if self._values else hidden_arguments)(*self._given(name, args, kwargs)),
                number,
                None,
            )

        return (number, at) if self._recorder.add(row) else None

    def _given(
        self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Without those at the end that are their defaults: nobody has given them, or might as well not have."""
        function = self._functions[name]
        defaults, by_name = function.__defaults__ or (), function.__kwdefaults__ or {}
        missing = object()
        kwargs = {key: value for key, value in kwargs.items() if by_name.get(key, missing) is not value}
        if len(args) == function.__code__.co_argcount:  # no more than that came by *args
            while args and defaults and args[-1] is defaults[-1]:
                args, defaults = args[:-1], defaults[:-1]
        return args, kwargs

    def returned(self, name: str, call: tuple[int, float], value: Any) -> None:
        self._end("returned", name, call, lambda: shown(value) if self._values else hidden(value))

    def raised(self, name: str, call: tuple[int, float], error: BaseException) -> None:
        self._end("raised", name, call, lambda: shown_error(error) if self._values else hidden(error))

    def _end(self, kind: str, name: str, call: tuple[int, float], text: Any) -> None:
        number, began = call
        took = time.perf_counter() - began
        self._recorder.add(lambda: (kind, time.time(), self._who(), name, text(), number, took))

    def _who(self) -> str:
        """The process that calls, if it is one."""
        process = current.process_here()
        if process is current.NOBODY:
            return ""
        return process.name or pid_text(process.pid, self._home)
