"""Why a runtime has ended, or did not start, in words for the user."""

from __future__ import annotations

import beamlike as bl
from beamlike.kernel.terms import SHUTDOWN, Reason
from notebook_tui.runtime.limits import LimitOver
from notebook_tui.session.limit_words import at_its_end


def reason_words(reason: Reason) -> str:
    """
    >>> reason_words(("shutdown", "there is no image"))
    'there is no image'
    """
    if isinstance(reason, tuple) and len(reason) == 2 and isinstance(reason[1], LimitOver):
        return at_its_end(reason[1])
    if isinstance(reason, bl.ExceptionInfo):
        return f"{reason.type.rpartition('.')[2]}: {reason.message}"
    if isinstance(reason, tuple) and len(reason) == 2 and reason[0] == SHUTDOWN and isinstance(reason[1], str):
        return reason[1]
    return str(reason)
