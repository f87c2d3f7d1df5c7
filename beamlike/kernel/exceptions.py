"""Exceptions as exit reasons, and exit reasons as exceptions again."""

from __future__ import annotations

import traceback
from pathlib import Path
from types import TracebackType

from beamlike.kernel.errors import ProcessExit, RemoteError, RemoteTraceback
from beamlike.kernel.terms import ExceptionInfo, Pid, Reason, text_of

_OURS = str(Path(__file__).parent.parent)


def describe_exception(error: BaseException, pid: Pid) -> ExceptionInfo:
    """What `error` was and where it was raised, in `pid`, without the frames of this package that called the code."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return ExceptionInfo(
        type=name,
        message=text_of(error),
        traceback=_traceback(error),
        node=pid.node,
        pid=pid,
        exception=error,
    )


def exit_reason(error: BaseException, pid: Pid) -> Reason:
    """The reason for which a process ends whose code raised `error`."""
    return error.reason if isinstance(error, ProcessExit) else describe_exception(error, pid)


def forget_frames(error: BaseException) -> None:
    """Lets go of the frames that `error` came through, after it was described.

    They hold all that the code held, and the process, which holds the error: nothing of it would be freed before the
    garbage collector comes by.
    """
    waiting, met = [error], set[int]()
    while waiting:
        error = waiting.pop()
        if id(error) not in met:
            met.add(id(error))
            error.__traceback__ = None
            waiting += [other for other in (error.__cause__, error.__context__) if other is not None]
            if isinstance(error, BaseExceptionGroup):
                waiting += error.exceptions


def reraisable(info: ExceptionInfo) -> BaseException:
    """The exception that `info` describes, as its own type where it could travel.

    Its cause shows the traceback from where it was raised. Raise it with `raise reraisable(info)`.
    """
    error = info.exception if info.exception is not None else _stand_in(info)
    cause = RemoteTraceback(f"{info.traceback.rstrip()}\n\n(in {info.pid} on {info.node})")
    error = error.with_traceback(None)
    error.__cause__ = cause
    return error


def is_told_by_its_text(error: BaseException | None) -> bool:
    """Whether `error` came up in this package or in an import: then the frames say nothing to those whose code it
    was not."""
    tb = error.__traceback__ if error is not None else None
    return all(frame.f_code.co_filename.startswith((_OURS, "<frozen ")) for frame, _ in traceback.walk_tb(tb))


def _stand_in(info: ExceptionInfo) -> RemoteError:
    return RemoteError(
        f"{info} (raised on {info.node}; it cannot be pickled there, or its class is not to be had here)"
    )


def _traceback(error: BaseException) -> str:
    try:
        return "".join(traceback.format_exception(error.with_traceback(_without_our_frames(error.__traceback__))))
    except BaseException as broken:  # of a property of it; the reason must reach the links whatever that does
        return f"<no traceback: to print this {type(error).__name__} raised {type(broken).__name__}>\n"


def _without_our_frames(tb: TracebackType | None) -> TracebackType | None:
    while tb is not None and tb.tb_frame.f_code.co_filename.startswith(_OURS):
        tb = tb.tb_next
    return tb
