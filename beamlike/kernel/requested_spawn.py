"""A spawn that a process has asked for by `spawn_request` and that was not answered yet."""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

from beamlike.kernel.record import record
from beamlike.kernel.terms import Pid, Ref

ReplyOption: TypeAlias = Literal["yes", "no", "error_only", "success_only"]

ABANDONED: Final = "abandoned"
"""The reason for which a process ends that was to be linked to one that asked no more for it."""


@record
class RequestedSpawn:
    """`ref` is of the request and, if `monitor` is wanted, of the monitor."""

    ref: Ref
    pid: Pid
    tag: Any
    link: bool
    monitor: bool
    reply: ReplyOption

    def wants(self, ok: bool) -> bool:
        """Whether an answer of this kind is to be a message.

        >>> RequestedSpawn(Ref("a@h", 1), Pid("a@h", 2), "tag", False, False, "error_only").wants(True)
        False
        """
        return self.reply == "yes" or self.reply == ("success_only" if ok else "error_only")
