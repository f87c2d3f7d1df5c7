"""How a call ended, as it travels from the runner to the caller."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, TypeAlias

import beamlike as bl
from beamlike.kernel.exceptions import describe_exception
from beamlike.kernel.record import record
from beamlike.kernel.terms import ExceptionInfo, Pid, Reason

_OURS = (str(Path(__file__).parent), str(Path(bl.__file__).parent))


@record
class Returned:
    value: Any


@record
class Raised:
    info: ExceptionInfo


@record
class Ended:
    """There is neither a value nor an exception: the process was killed, or the function wanted to exit."""

    reason: Reason


Outcome: TypeAlias = Returned | Raised | Ended


def outcome_of(error: BaseException, pid: Pid) -> Raised | Ended:
    """What `error`, raised by a function in the process `pid`, is for its caller, who must not exit by it."""
    if isinstance(error, Exception):
        return Raised(describe_exception(error.with_traceback(_without_our_frames(error.__traceback__)), pid))
    return Ended(f"{type(error).__name__}({', '.join(map(_shown, error.args))})")


def _shown(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # it is the user's object
        return f"<{type(value).__name__}>"


def _without_our_frames(tb: TracebackType | None) -> TracebackType | None:
    while tb is not None and tb.tb_frame.f_code.co_filename.startswith(_OURS):
        tb = tb.tb_next
    return tb
