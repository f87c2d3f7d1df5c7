"""What the code of a process is doing, and what then stands in its `slot`.

NEW ──► READY ──► RUNNING ──► ANY      waits for any message, which is handed to it past the mailbox
         ▲                ├─► WAIT     waits for a message of its choice, or for some time only
         │                ├─► REPLY    waits for the reply to the request `awaited`, and for nothing else
         └── woken ───────┼─► FUTURE   awaits something of asyncio's
                          └─► OVER

UNBORN, CAREFUL_READY, CAREFUL,  as NEW, READY, RUNNING and REPLY, for what must not take the fast path: it is to be
CAREFUL_REPLY                    cancelled, is dead and being unwound, is traced or suspended
GUEST                            a task whose steps are asyncio's business

slot    NEW, UNBORN: the arguments of its function    READY, CAREFUL_READY: what it is to be resumed with
        FUTURE: the awaited future                    OVER: its result                   else None
"""

from __future__ import annotations

from typing import Final

NEW: Final = "new"
READY: Final = "ready"
RUNNING: Final = "running"
ANY: Final = "waiting for any message"
WAIT: Final = "waiting for a message"
REPLY: Final = "waiting for a reply"
FUTURE: Final = "awaiting"
UNBORN: Final = "new, with care"
CAREFUL_READY: Final = "ready, with care"
CAREFUL: Final = "running, with care"
CAREFUL_REPLY: Final = "waiting for a reply, with care"
GUEST: Final = "guest"
OVER: Final = "over"

PARKED: Final = frozenset((ANY, WAIT, REPLY, CAREFUL_REPLY))
