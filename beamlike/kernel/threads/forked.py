"""The end of a process that was forked by code which we have called.

`os.fork` in a function returns twice, and so does the function; but who called it is there once, and what comes next is
for the process that was there before. So the other one ends where the function does, as a script ends.
"""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import suppress


def end_if_forked(caller: int) -> None:
    """Ends this process unless its number is `caller`. To be called when the function is over, with what it raises, if
    it does, being handled: the exit code is 0, that of a SystemExit, or 1 after the exception has been printed."""
    if os.getpid() == caller:
        return
    code = 1
    with suppress(BaseException):  # nobody is there to see it
        code = _exit_code(sys.exception())
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    os._exit(code)


def _exit_code(error: BaseException | None) -> int:
    match error:
        case None | SystemExit(code=None):
            return 0
        case SystemExit(code=int() as code):
            return code & 0xFF
        case SystemExit(code=words):
            print(words, file=sys.stderr)
        case _:
            traceback.print_exception(error)
    return 1
